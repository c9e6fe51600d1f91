/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "running.h"

enum { PASSWORD_LENGTH = 24 };

/* $ref of an ARM resource's own id needs no look: ids are computed. */
static bool is_known_id(struct job *job, const struct rd_json *reference)
{
    struct rd_str ref = rd_json_str(rd_json_get(reference, RD_STR("$ref")));
    struct target target;
    return ref.n > 0 && rd_str_is(rd_json_str(rd_json_get(reference, RD_STR("$path"))), "id") &&
           target_find(job->arena, job->running->plan->desired, job->running->plan->live, ref,
                       &target) &&
           target.type->plane == RD_PLANE_ARM;
}

static bool is_generated(const struct rd_json *reference)
{
    return rd_json_exists(rd_json_get(reference, RD_STR("$generate")));
}

/* rd_is_reference knows the forms of other modules; $time and $generate are filled in here. */
static bool is_time(const struct rd_json *value)
{
    return rd_json_is(value, RD_JSON_OBJECT) && rd_json_count(value) == 1 &&
           rd_str_is(value->u.members[0].key, "$time");
}

static struct lookup *lookup_of(struct job *job, const struct rd_json *reference)
{
    /* A password is made when its secret is; later the secret's own value is sent again. */
    if (is_generated(reference))
        return lookup_secret(job->running, job->target.id);
    return lookup_reference(job->running, reference);
}

static bool needs_look(struct job *job, const struct rd_json *reference)
{
    return !is_known_id(job, reference) && !(is_generated(reference) && job->is_create);
}

static bool find_missing(struct job *job, const struct rd_json *value, struct lookup **ret_lookup,
                         struct rd_str *ret_id)
{
    if (is_time(value))
        return true;
    if (rd_is_reference(value)) {
        if (!needs_look(job, value))
            return true;
        struct lookup *lookup = lookup_of(job, value);
        if (lookup == NULL) {
            *ret_id = rd_reference_id(value);
            return false;
        }
        if (lookup->state == LOOKUP_DONE)
            return true;
        *ret_lookup = lookup; /* go on: the others start asking meanwhile */
        return lookup->state != LOOKUP_FAILED;
    }
    for (size_t i = 0; i < rd_json_count(value); i++) {
        const struct rd_json *child =
            rd_json_is(value, RD_JSON_OBJECT) ? &value->u.members[i].value : rd_json_item(value, i);
        struct lookup *missing = NULL;
        bool is_fine = find_missing(job, child, &missing, ret_id);
        if (missing != NULL)
            *ret_lookup = missing;
        if (!is_fine)
            return false;
    }
    return true;
}

bool body_missing(struct job *job, struct lookup **ret_lookup, struct rd_str *ret_id)
{
    *ret_lookup = NULL;
    *ret_id = RD_STR("");
    return find_missing(job, job->target.body, ret_lookup, ret_id);
}

/* "+24h": a number and one of s, m, h, d from now. */
static bool time_value(struct job *job, struct rd_str text, struct rd_json *ret_value)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    int64_t count = 0;
    if (text.n < 3 || text.p[0] != '+' ||
        !rd_str_to_int(rd_str_sub(text, 1, text.n - 1), 0, 100000, &count))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].unit != text.p[text.n - 1])
            continue;
        char out[RD_TIME_TEXT_MAX];
        int64_t at_ms = rd_loop_now_ms(job->running->world->loop) + count * units[i].ms;
        *ret_value = rd_json_string(
            rd_arena_str(job->arena, rd_str_from(rd_time_format(at_ms, false, out))));
        return true;
    }
    return false;
}

static struct rd_json generated(struct job *job)
{
    struct rd_secret secret;
    rd_secret_init(&secret);
    rd_secret_generate(&secret, job->running->world->random, PASSWORD_LENGTH);
    struct rd_str copy = rd_arena_str(job->call_arena, rd_secret_reveal(&secret));
    rd_secret_done(&secret);
    job->made_secret = copy;
    return rd_json_string(copy);
}

static bool reference_value(struct job *job, const struct rd_json *reference,
                            struct rd_json *ret_value, struct rd_str *ret_message)
{
    if (is_known_id(job, reference)) {
        *ret_value = rd_json_string(rd_json_str(rd_json_get(reference, RD_STR("$ref"))));
        return true;
    }
    bool is_made = is_generated(reference) && job->is_create;
    struct lookup *lookup = is_made ? NULL : lookup_of(job, reference);
    if (rd_is_secret_reference(reference) || (lookup != NULL && lookup_is_secret(lookup)))
        job->is_secret = job->has_secrets = true;
    if (is_made) {
        *ret_value = generated(job);
        return true;
    }
    struct rd_str path = rd_json_str(rd_json_get(reference, RD_STR("$path")));
    if (path.n == 0)
        path = RD_STR("value"); /* of a secret */
    const struct rd_json *value = lookup != NULL && lookup->state == LOOKUP_DONE
                                      ? rd_json_at_str(&lookup->body, path)
                                      : &rd_json_absent;
    if (!rd_json_exists(value)) {
        *ret_message = rd_arena_printf(job->arena, "'%.*s' has no '%.*s'",
                                       RD_FMT(rd_reference_id(reference)), RD_FMT(path));
        return false;
    }
    *ret_value = *value; /* shared, and not changed here */
    return true;
}

/* Writes `value` with references in place and without what only the service fills. */
static bool fill(struct job *job, const struct rd_json *value, const struct rd_field *field,
                 struct rd_json *ret_value, struct rd_str *ret_message)
{
    if (is_time(value)) {
        struct rd_str text = rd_json_str(&value->u.members[0].value);
        *ret_message = rd_arena_printf(job->arena, "'%.*s' is no time such as +24h", RD_FMT(text));
        return time_value(job, text, ret_value);
    }
    if (rd_is_reference(value))
        return reference_value(job, value, ret_value, ret_message);
    if (rd_json_is(value, RD_JSON_ARRAY)) {
        *ret_value = rd_json_array();
        for (size_t i = 0; i < rd_json_count(value); i++) {
            struct rd_json item;
            if (!fill(job, rd_json_item(value, i), field, &item, ret_message))
                return false;
            (void)rd_json_append(job->call_arena, ret_value, item);
        }
        return true;
    }
    if (!rd_json_is(value, RD_JSON_OBJECT)) {
        *ret_value = *value;
        return true;
    }
    *ret_value = rd_json_object();
    for (size_t i = 0; i < rd_json_count(value); i++) {
        const struct rd_json_member *member = &value->u.members[i];
        const struct rd_field *child = rd_field_child(field, member->key);
        if (child != NULL && (child->flags & RD_FIELD_READ_ONLY) != 0)
            continue;
        struct rd_json item;
        if (!fill(job, &member->value, child, &item, ret_message))
            return false;
        (void)rd_json_add(job->call_arena, ret_value, member->key, item);
    }
    return true;
}

/* The member that a change's path begins with: "a" of "a.b" and of "a[key].b". */
static struct rd_str first_segment(struct rd_str path)
{
    size_t end = 0;
    while (end < path.n && path.p[end] != '.' && path.p[end] != '[')
        end++;
    return rd_str_sub(path, 0, end);
}

/* A PATCH carries what changes, by whole members of the body or of its properties: services refuse
 * the others even when they say the same. */
static struct rd_json changed_part(struct job *job, const struct rd_json *whole)
{
    const struct rd_str properties = RD_STR("properties");
    struct rd_json part = rd_json_object();
    for (size_t i = 0; i < job->change->field_count; i++) {
        struct rd_str path = job->change->fields[i].path;
        struct rd_str top = first_segment(path);
        const struct rd_json *value = rd_json_get(whole, top);
        if (rd_str_eq(top, properties) && path.n > top.n) {
            struct rd_str name = first_segment(rd_str_sub(path, top.n + 1, path.n));
            struct rd_json *inner = rd_json_make(job->call_arena, &part, "properties");
            if (!rd_json_is(inner, RD_JSON_OBJECT))
                *inner = rd_json_object();
            value = rd_json_get(value, name);
            if (value->type != RD_JSON_ABSENT)
                (void)rd_json_set(job->call_arena, inner, name, *value);
        } else if (value->type != RD_JSON_ABSENT) {
            (void)rd_json_set(job->call_arena, &part, top, *value);
        }
    }
    return rd_json_count(&part) > 0 ? part : *whole;
}

/* What the service wants to see again of what it showed, as proof that nothing came between. */
static void echo_live(struct job *job, struct rd_json *body)
{
    const struct rd_json *names = rd_json_get(job->type->row, RD_STR("echo"));
    if (job->is_create || job->change == NULL || job->change->live == NULL)
        return;
    for (size_t i = 0; i < rd_json_count(names); i++) {
        struct rd_str name = rd_json_str(rd_json_item(names, i));
        const struct rd_json *value = rd_json_get(&job->change->live->body, name);
        if (rd_json_exists(value))
            (void)rd_json_set(job->call_arena, body, name, *value);
    }
}

struct rd_str body_hash(struct job *job)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf text;
    rd_buf_init(&text, RD_HTTP_REQUEST_BODY_SIZE_MAX);
    rd_json_write(&text, job->target.body, RD_JSON_COMPACT);
    return rd_arena_printf(job->arena, "%016llx",
                           (unsigned long long)rd_str_hash(rd_buf_str(&text)));
}

bool body_write(struct job *job, struct rd_str *ret_message)
{
    *ret_message = RD_STR("");
    job->is_secret = false;
    struct rd_json body;
    if (!fill(job, job->target.body, job->type->fields, &body, ret_message))
        return false;
    if (job->call.method == RD_HTTP_PATCH && !job->is_create)
        body = changed_part(job, &body);
    echo_live(job, &body);
    if (job->has_recovered) {
        const struct rd_json *recover = rd_json_get(job->type->row, RD_STR("recover"));
        rd_json_merge(job->call_arena, &body, rd_json_get(recover, RD_STR("set")));
    }
    job->body.is_secret = job->is_secret;
    rd_json_write(&job->body, &body, RD_JSON_COMPACT);
    lookup_wipe(job->made_secret);
    job->made_secret = RD_STR("");
    *ret_message = RD_STR("its body is larger than ARM takes");
    return !job->body.is_full;
}
