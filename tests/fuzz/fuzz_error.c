/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an error that somebody wants explained: whatever is found lies in order, is told
 * once, and reading it again finds the same. */
#include <assert.h>
#include <stdint.h>

#include "azure/client.h"
#include "azure/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new((size_t)1 << 30);
    struct rd_str text = rd_arena_str(arena, (struct rd_str){(const char *)data, size});
    struct rd_error_list list;
    struct rd_error_list again;
    rd_error_find(arena, text, &list);
    rd_error_find(arena, text, &again);
    assert(list.count == again.count);
    for (size_t i = 0; i < list.count; i++) {
        assert(i == 0 || list.items[i].depth <= list.items[i - 1].depth);
        assert(rd_str_eq(list.items[i].code, again.items[i].code));
        struct rd_explanation explanation;
        if (rd_explanation_of(&list.items[i], &explanation))
            assert(explanation.code.n == 0 || rd_str_eq_case(explanation.code, list.items[i].code));
    }
    struct rd_json body;
    struct rd_err err;
    struct rd_str code;
    struct rd_str message;
    if (rd_json_parse(arena, "f", text, 0, &body, &err) == RD_RC_OK) {
        rd_error_parse(arena, &body, &code, &message);
        (void)rd_error_classify(400, code, message);
    }
    rd_arena_free(arena);
    return 0;
}
