/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our JSON against jansson's: the same texts are JSON, and mean the same. Known differences, each
 * left out below: depth (ours 64), integers beyond 64 bits and doubles out of range (jansson
 * refuses, we keep the text), NUL in a member's name (jansson refuses), a raw NUL byte (jansson
 * takes it for the end).
 */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_known_difference(const json_error_t *error)
{
    return strstr(error->text, "too big") != NULL || strstr(error->text, "overflow") != NULL ||
           strstr(error->text, "NUL byte in object key") != NULL ||
           strstr(error->text, "maximum parsing depth") != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_json value;
    struct rd_err err;
    enum rd_rc rc = rd_json_parse(arena, "f", text, 0, &value, &err);
    json_error_t error = {0};
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    bool has_nul = size > 0 && memchr(data, '\0', size) != NULL;
    json_t *oracle = has_nul ? NULL : json_loadb((const char *)data, size, flags, &error);
    if (has_nul)
        assert(rc != RD_RC_OK);
    else if (oracle == NULL && !is_known_difference(&error))
        assert(rc != RD_RC_OK);
    if (oracle != NULL)
        assert(rc == RD_RC_OK || rc == RD_RC_LIMIT);
    if (oracle != NULL && rc == RD_RC_OK) {
        for (int style = RD_JSON_COMPACT; style <= RD_JSON_CANONICAL; style++) {
            struct rd_str again = rd_json_text(arena, &value, (enum rd_json_style)style);
            json_t *back = json_loadb(again.p, again.n, flags, &error);
            assert(back != NULL);
            /* Sorting is stable, so a name given twice keeps its last value in every style. */
            if (style != RD_JSON_CANONICAL)
                assert(json_equal(back, oracle));
            json_decref(back);
        }
        struct rd_json copy = rd_json_copy(arena, &value);
        assert(rd_json_eq(&copy, &copy));
    }
    json_decref(oracle);
    rd_arena_free(arena);
    return 0;
}
