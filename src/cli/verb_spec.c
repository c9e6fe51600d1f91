/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that need no cloud: init, check, cost. */
#include <stdio.h>

#include "base/file.h"
#include "cost/cost.h"
#include "look.h"
#include "session.h"

enum { TEXT_SIZE_MAX = 64 << 20 };

enum rd_rc verb_init(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    const char *path = args->operands[0] == NULL ? "redoubt.yaml" : args->operands[0];
    struct rd_str name = args->is_given[OPTION_TEMPLATE] ? rd_str_from(args->value[OPTION_TEMPLATE])
                                                         : RD_STR("sovereign");
    struct rd_str text;
    RD_TRY(rd_spec_template(arena, name, &text, err));
    if (rd_file_exists(path) && !args->is_given[OPTION_FORCE])
        return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "'%s' is there already", path), err,
                           "name another file, or overwrite it with --force");
    RD_TRY(rd_file_write(path, text, 0644, err));
    if (args_is_json(args)) {
        struct rd_json result = rd_json_object();
        (void)rd_json_set_c(arena, &result, "file", rd_json_string_c(path));
        (void)rd_json_set_c(arena, &result, "template", rd_json_string(name));
        output_json(&result);
        return RD_RC_OK;
    }
    output_printf("wrote %s (%.*s)\nnext: edit it, then 'redoubt up %s'\n", path, RD_FMT(name),
                  path);
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc read_input(struct session *session, struct rd_err *err)
{
    if (session->args->is_given[OPTION_SET])
        return session_read_set(session, session->args->value[OPTION_SET], err);
    return session_read_spec(session, err);
}

enum rd_rc verb_check(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    RD_TRY(read_input(&session, err));
    struct rd_findings *findings;
    session_warn_budget(&session, "no budget can be made");
    RD_TRY(look_check(&session, &findings, err));
    if (args_is_json(args)) {
        struct rd_json json = rd_findings_to_json(arena, findings);
        output_json(&json);
    } else {
        RD_CLEANUP(rd_buf_done) struct rd_buf out;
        rd_buf_init(&out, TEXT_SIZE_MAX);
        rd_findings_print(&out, findings, session.terminal.has_colors, args->is_given[OPTION_ALL]);
        output_text(rd_buf_str(&out));
    }
    return findings->error_count > 0 ? RD_RC_FINDINGS : RD_RC_OK;
}

enum rd_rc verb_cost(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    RD_TRY(read_input(&session, err));
    struct rd_str sheet = rd_str_from(args->value[OPTION_SHEET]);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, TEXT_SIZE_MAX);
    struct rd_json json;
    if (args->is_given[OPTION_SCENARIOS]) {
        struct rd_scenario *scenarios;
        size_t count;
        RD_TRY(rd_cost_scenarios(arena, session.desired, sheet, &scenarios, &count, err));
        json = rd_scenarios_to_json(arena, scenarios, count);
        rd_scenarios_print(&out, scenarios, count);
    } else {
        struct rd_price *price;
        RD_TRY(rd_cost_price(arena, session.desired, sheet, &price, err));
        json = rd_price_to_json(arena, price);
        rd_price_print(&out, price, session.terminal.has_colors);
    }
    if (args_is_json(args))
        output_json(&json);
    else
        output_text(rd_buf_str(&out));
    return RD_RC_OK;
}
