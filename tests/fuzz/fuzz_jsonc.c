/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lenient reading of a deployment's body: what is taken can be written as JSON and read again
 * as the same, and what is JSON reads the same either way.
 */
#include <assert.h>
#include <stdint.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_json lenient, strict, again;
    struct rd_err err;
    enum rd_rc rc = rd_json_parse(arena, "f", text, RD_JSON_LENIENT, &lenient, &err);
    if (rd_json_parse(arena, "f", text, 0, &strict, &err) == RD_RC_OK) {
        assert(rc == RD_RC_OK);
        assert(rd_json_eq(&strict, &lenient));
    }
    if (rc == RD_RC_OK) {
        struct rd_str out = rd_json_text(arena, &lenient, RD_JSON_COMPACT);
        assert(rd_json_parse(arena, "f", out, 0, &again, &err) == RD_RC_OK);
        assert(rd_json_eq(&again, &lenient));
    }
    rd_arena_free(arena);
    return 0;
}
