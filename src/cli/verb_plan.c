/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"
#include "behind.h"

#include "base/file.h"
#include "base/limits.h"
#include "plan/plan.h"

enum { WIDTH_SHOWN_MAX = 100 }; /* an eye that goes further loses its line */

RD_NODISCARD static enum rd_rc save(struct rd_arena *arena, const char *path,
                                    const struct rd_plan *plan, struct rd_err *err)
{
    struct rd_json json = rd_plan_to_json(arena, plan);
    return rd_file_write(path, rd_json_text(arena, &json, RD_JSON_PRETTY), 0600, err);
}

void plan_show(const struct session *session, const struct rd_plan *plan)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, RD_PLAN_SIZE_MAX);
    int width = session->terminal.width;
    struct rd_plan_text_options text_options = {
        .colors = session->terminal.has_colors,
        .width = width > WIDTH_SHOWN_MAX ? WIDTH_SHOWN_MAX : width,
        .shows_unchanged = session->args->is_given[OPTION_ALL],
    };
    rd_plan_print(&out, plan, &text_options);
    output_text(rd_buf_str(&out));
}

enum rd_rc plan_of_spec(struct session *session, bool writes, struct rd_set **ret_live,
                        struct rd_plan **ret_plan, struct rd_err *err)
{
    RD_TRY(session_open_cloud(session, writes, err));
    struct rd_set *live = NULL;
    RD_TRY(session_read_live(session, &live, err));
    *ret_live = live;
    RD_TRY(behind_tell(session, writes, err));
    RD_TRY(session_settle_budget(session, live, err));
    return rd_plan_make(session->arena, session->desired, live, ret_plan, err);
}

enum rd_rc verb_plan(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    RD_TRY(session_read_spec(&session, err));
    if (args->is_given[OPTION_SAVE])
        RD_TRY(output_check_file(args->value[OPTION_SAVE],
                                 RD_STR("{\n  \"version\": \"redoubt/plan-"), "saved plan", err));
    struct rd_set *live = NULL;
    struct rd_plan *plan = NULL;
    RD_TRY(plan_of_spec(&session, false, &live, &plan, err));
    if (args->is_given[OPTION_SAVE])
        RD_TRY(save(arena, args->value[OPTION_SAVE], plan, err));
    if (args_is_json(args)) {
        struct rd_json json = rd_plan_to_json(arena, plan);
        output_json(&json);
    } else {
        plan_show(&session, plan);
        if (args->is_given[OPTION_SAVE])
            output_printf("\nsaved to %s; run it with 'redoubt apply %s'\n",
                          args->value[OPTION_SAVE], args->value[OPTION_SAVE]);
    }
    return args->is_given[OPTION_DETAILED_EXITCODE] && plan->step_count > 0 ? RD_RC_CHANGES
                                                                            : RD_RC_OK;
}
