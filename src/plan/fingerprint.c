/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "plan/plan.h"

/*
 * The hash of the sorted hashes of all resources, each of its id in lower case and its body in
 * canonical form without what changes by itself: read-only and write-only fields, etags,
 * provisioning states, system data, times and where the directory's reply came from. What the row
 * names as the resource's identity counts: a machine that was deleted and made anew looks the same
 * and has another disk.
 */

static const struct rd_str volatile_names[] = {
    {"etag", 4}, {"systemData", 10}, {"provisioningState", 17}, {"@odata.context", 14}};

static bool is_volatile(struct rd_str name, const struct rd_json *value)
{
    for (size_t i = 0; i < sizeof(volatile_names) / sizeof(volatile_names[0]); i++)
        if (rd_str_eq_case(name, volatile_names[i]))
            return true;
    enum { DATE_AND_TIME_SIZE = 19 };
    struct rd_str text = rd_json_str(value);
    int64_t time_ms = 0;
    return text.n >= DATE_AND_TIME_SIZE && rd_char_is_digit(text.p[0]) &&
           rd_time_parse(text, &time_ms);
}

/* A copy that shares strings with the original. */
static struct rd_json lasting(struct rd_arena *scratch, const struct rd_json *value,
                              const struct rd_field *field, int depth)
{
    if (depth == 0 || (value->type != RD_JSON_OBJECT && value->type != RD_JSON_ARRAY))
        return *value;
    bool is_object = value->type == RD_JSON_OBJECT;
    struct rd_json copy = is_object ? rd_json_object() : rd_json_array();
    for (size_t i = 0; i < value->count; i++) {
        if (!is_object) {
            rd_json_append(scratch, &copy, lasting(scratch, &value->u.items[i], field, depth - 1));
            continue;
        }
        const struct rd_json_member *member = &value->u.members[i];
        const struct rd_field *below = rd_field_child(field, member->key);
        uint32_t skipped = RD_FIELD_READ_ONLY | RD_FIELD_WRITE_ONLY;
        if (is_volatile(member->key, &member->value) ||
            (below != NULL && (below->flags & skipped) != 0))
            continue;
        rd_json_add(scratch, &copy, member->key,
                    lasting(scratch, &member->value, below, depth - 1));
    }
    return copy;
}

struct digest {
    unsigned char bytes[RD_SHA256_SIZE];
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

static void digest_of(struct rd_arena *scratch, const struct rd_resource *resource,
                      struct digest *ret_digest)
{
    struct rd_json body =
        lasting(scratch, &resource->body, resource->type->fields, 2 * RD_JSON_DEPTH_MAX);
    struct rd_sha256_stream *stream = rd_sha256_stream_new();
    rd_sha256_stream_add(stream, rd_arena_lower(scratch, resource->id));
    rd_sha256_stream_add(stream, RD_STR("\n"));
    rd_sha256_stream_add(stream, rd_json_text(scratch, &body, RD_JSON_CANONICAL));
    const struct rd_json *paths = rd_json_at(resource->type->row, "identity");
    for (size_t i = 0; i < rd_json_count(paths); i++) {
        rd_sha256_stream_add(stream, RD_STR("\n"));
        rd_sha256_stream_add(
            stream, rd_json_str(rd_json_at_str(&resource->body, rd_json_str(&paths->u.items[i]))));
    }
    rd_sha256_stream_finish(stream, ret_digest->bytes);
}

struct rd_str rd_set_fingerprint(struct rd_arena *arena, const struct rd_set *live)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *kept = rd_arena_new(0);
    RD_CLEANUP(rd_arena_freep) struct rd_arena *scratch = rd_arena_new(0);
    struct digest *digests = rd_arena_array(kept, live->count, sizeof(*digests));
    for (size_t i = 0; i < live->count; i++) {
        digest_of(scratch, &live->resources[i], &digests[i]);
        rd_arena_clear(scratch);
    }
    if (live->count > 0)
        qsort(digests, live->count, sizeof(*digests), compare);
    char hex[RD_SHA256_HEX_SIZE];
    struct rd_str all = {(const char *)digests, live->count * sizeof(*digests)};
    return rd_arena_str(arena, rd_str_from(rd_sha256_hex(all, hex)));
}
