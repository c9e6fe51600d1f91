/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a spec: one that is accepted compiles to a set or to one message, always the same,
 * and every refusal names the file first. */
#include <assert.h>
#include <stdint.h>

#include "enclave/compile.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rd_str compiled(struct rd_arena *arena, const struct rd_spec *spec)
{
    struct rd_err err = {0};
    struct rd_set *set = NULL;
    if (rd_enclave_compile(arena, spec, &set, &err) != RD_RC_OK) {
        assert(err.msg[0] != '\0');
        return rd_arena_str(arena, rd_str_from(err.msg));
    }
    assert(set->count > 0 && set->is_resolved);
    struct rd_json json = rd_set_to_json(arena, set);
    struct rd_str text = rd_json_text(arena, &json, RD_JSON_COMPACT);
    rd_set_done(set);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_spec *spec = NULL;
    struct rd_err err = {0};
    enum rd_rc rc = rd_spec_parse(arena, "f", text, &spec, &err);
    if (rc == RD_RC_OK && spec->hosts.count <= 64) {
        struct rd_json json = rd_spec_to_json(arena, spec);
        assert(rd_json_is(&json, RD_JSON_OBJECT));
        assert(rd_str_eq(compiled(arena, spec), compiled(arena, spec)));
    } else if (rc != RD_RC_OK) {
        assert(err.msg[0] == 'f' && (rc == RD_RC_INVALID || rc == RD_RC_LIMIT));
    }
    rd_arena_free(arena);
    return 0;
}
