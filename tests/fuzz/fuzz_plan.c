/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a saved plan. The hash at its end would refuse whatever a fuzzer makes, so the plan
 * is sealed anew first, as a skilled editor would. One that is accepted can be printed, and is
 * saved and read again as the same. */
#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The reader's own seal (src/plan/json_internal.h). */
struct rd_str rd_plan_json_hash(struct rd_arena *arena, const struct rd_json *value);

static struct rd_str sealed(struct rd_arena *arena, struct rd_str text)
{
    struct rd_json value;
    struct rd_err err;
    if (rd_json_parse(arena, "f", text, RD_JSON_UNIQUE_KEYS, &value, &err) != RD_RC_OK ||
        !rd_json_is(&value, RD_JSON_OBJECT))
        return text;
    (void)rd_json_set_c(arena, &value, "hash", rd_json_string(rd_plan_json_hash(arena, &value)));
    return rd_json_text(arena, &value, RD_JSON_COMPACT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_str text =
        sealed(arena, rd_arena_str(arena, (struct rd_str){(const char *)data, size}));
    struct rd_plan *plan = NULL;
    struct rd_err err = {0};
    if (rd_plan_from_json(arena, "f", text, &plan, &err) == RD_RC_OK) {
        struct rd_json json = rd_plan_to_json(arena, plan);
        struct rd_str again = rd_json_text(arena, &json, RD_JSON_COMPACT);
        struct rd_plan *copy = NULL;
        assert(rd_plan_from_json(arena, "again", again, &copy, &err) == RD_RC_OK);
        assert(rd_str_eq(rd_plan_hash(arena, plan), rd_plan_hash(arena, copy)));
        struct rd_buf out;
        rd_buf_init(&out, RD_PLAN_SIZE_MAX);
        const struct rd_plan_text_options options = {.width = 80, .shows_unchanged = true};
        rd_plan_print(&out, plan, &options);
        assert(out.n > 0);
        rd_buf_done(&out);
        rd_plan_done(copy);
        rd_plan_done(plan);
    } else {
        assert(err.msg[0] != '\0');
    }
    rd_arena_free(arena);
    return 0;
}
