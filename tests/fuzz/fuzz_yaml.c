/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes give a tree or one message; a tree survives the way through JSON. */
#include <assert.h>
#include <stdint.h>

#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_json value;
    struct rd_err err = {0};
    enum rd_rc rc = rd_yaml_parse(arena, "f", text, &value, &err);
    if (rc == RD_RC_OK) {
        struct rd_str again = rd_json_text(arena, &value, RD_JSON_COMPACT);
        struct rd_json back;
        assert(rd_json_parse(arena, "again", again, 0, &back, &err) == RD_RC_OK);
        assert(rd_json_eq(&value, &back));
    } else {
        assert(err.msg[0] == 'f');
    }
    rd_arena_free(arena);
    return 0;
}
