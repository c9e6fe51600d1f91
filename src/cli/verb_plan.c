/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"
#include "behind.h"

#include "base/file.h"
#include "base/limits.h"
#include "plan/plan.h"
#include "resource/unseen.h"

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

/* What the spec takes for there and a rehearsal has nobody to make. */
static const char made_by_az[] =
    "on the embedded cloud it is made with az, as on Azure: 'redoubt cloud serve' and 'redoubt "
    "cloud env' say how; or check its id in the spec";

/* What people have to put below something that this plan makes, such as a password into a vault, is
 * missed only when it is needed: better told before. Returns whether anything else is missing. */
static bool tell_missing(const struct session *session, const struct rd_set *live)
{
    const struct rd_set *desired = session->desired;
    bool is_missing = false;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[i];
        if (!resource->is_existing || rd_set_index(live, resource->id) != RD_NONE)
            continue;
        int64_t above = rd_set_ancestor(desired, resource->id);
        bool comes_later = above != RD_NONE && !desired->resources[above].is_existing &&
                           rd_set_index(live, desired->resources[above].id) == RD_NONE;
        is_missing = is_missing || !comes_later;
        if (comes_later)
            output_warning(rd_arena_printf(session->arena,
                                           "%.*s '%.*s' has to be put into '%.*s' by somebody who "
                                           "knows it: what needs it fails until then",
                                           RD_FMT(resource->type->label), RD_FMT(resource->name),
                                           RD_FMT(desired->resources[above].name)),
                           session_is_live(session)
                               ? "put it there ('az keyvault secret set') when the vault stands, "
                                 "and run the same command again"
                               : made_by_az);
    }
    return is_missing;
}

enum rd_rc plan_check_seen(const struct session *session, const struct rd_json *unseen,
                           struct rd_err *err)
{
    size_t count = rd_json_count(unseen);
    if (count == 0)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_PERMISSION,
                               "nothing was changed: the cloud does not show you whether %s there: "
                               "%.*s",
                               count == 1 ? "this is" : "these are",
                               RD_FMT(rd_unseen_text(session->arena, unseen))),
                       err,
                       "have that role given to you, or let somebody plan who has it; one that was "
                       "given a moment ago takes some minutes to count");
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
    bool is_missing = tell_missing(session, live);
    enum rd_rc rc = rd_plan_make(session->arena, session->desired, live, ret_plan, err);
    return rc == RD_RC_INVALID && is_missing && !session_is_live(session)
               ? rd_err_hint(rc, err, "%s", made_by_az)
               : rc;
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
            output_printf(rd_json_count(plan->unseen) > 0
                              ? "\nsaved to %s; 'redoubt apply %s' refuses it: not all was seen\n"
                              : "\nsaved to %s; run it with 'redoubt apply %s'\n",
                          args->value[OPTION_SAVE], args->value[OPTION_SAVE]);
    }
    /* 0 says that nothing has to change, which nobody knows of what was not seen. */
    bool may_change = plan->step_count > 0 || rd_json_count(plan->unseen) > 0;
    return args->is_given[OPTION_DETAILED_EXITCODE] && may_change ? RD_RC_CHANGES : RD_RC_OK;
}
