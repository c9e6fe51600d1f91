/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"
#include "look.h"

enum { SHOWN_FINDINGS_MAX = 5, PART_COLUMN = 13, WIDTH_MAX = 80 };

/* What `up` found out on its way. */
struct outcome {
    struct rd_findings *check;
    struct rd_plan *plan;
    struct rd_run *run; /* NULL when nothing had to change */
    struct rd_audit *audit;
    struct rd_price *price;
    const char *report;
};

/* The spec against the rules, before anything is asked or done. Errors stop here. */
RD_NODISCARD static enum rd_rc check(struct session *session, struct outcome *outcome,
                                     struct rd_err *err)
{
    RD_TRY(look_check(session, &outcome->check, err));
    if (outcome->check->error_count == 0)
        return RD_RC_OK;
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, (size_t)64 << 20);
    rd_findings_print(&out, outcome->check, session->terminal.has_colors, false);
    if (!args_is_json(session->args))
        output_text(rd_buf_str(&out));
    return rd_err_hint(RD_FAIL(err, RD_RC_FINDINGS, "the spec breaks %zu rule%s: nothing was done",
                               outcome->check->error_count,
                               outcome->check->error_count == 1 ? "" : "s"),
                       err, "mend what 'redoubt check %s' tells; 'redoubt apply' asks no rules",
                       session_spec_path(session->args));
}

RD_NODISCARD static enum rd_rc deploy(struct session *session, struct outcome *outcome,
                                      struct rd_err *err)
{
    struct rd_set *live = NULL;
    RD_TRY(plan_of_spec(session, true, &live, &outcome->plan, err));
    RD_TRY(look_report_path(session, &outcome->report, err));
    if (!args_is_json(session->args))
        plan_show(session, outcome->plan);
    RD_TRY(plan_check_seen(session, outcome->plan->unseen, err));
    enum rd_rc rc = RD_RC_OK;
    if (outcome->plan->step_count > 0)
        rc = plan_run(session, "up", outcome->plan,
                      session_is_live(session) ? "\nBuild this?"
                                               : "\nBuild this on the embedded cloud?",
                      RD_STR("yes"), &outcome->run, err);
    if (rc != RD_RC_OK)
        rc = run_show(session, outcome->run, rc);
    return rc;
}

static size_t count_hosts(const struct rd_set *live)
{
    size_t count = 0;
    for (size_t i = 0; i < live->count; i++)
        count += rd_type_is_session_host(live->resources[i].type);
    return count;
}

static void print_part(struct session *session, const char *name, struct rd_str text)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, (size_t)1 << 16);
    rd_buf_printf(&out, "  %-10s ", name);
    rd_buf_add_wrapped(
        &out, text, PART_COLUMN, PART_COLUMN,
        (size_t)(session->terminal.width < WIDTH_MAX ? session->terminal.width : WIDTH_MAX));
    output_text(rd_buf_str(&out));
}

static void print_failed_rules(struct session *session, const struct rd_findings *findings)
{
    size_t shown = 0;
    for (size_t i = 0; i < findings->count && shown < SHOWN_FINDINGS_MAX; i++) {
        const struct rd_finding *finding = &findings->items[i];
        if (finding->verdict != RD_VERDICT_FAIL)
            continue;
        print_part(session, "",
                   rd_arena_printf(session->arena, "%-7s %.*s %.*s",
                                   rd_severity_name(finding->rule->severity),
                                   RD_FMT(finding->rule->id), RD_FMT(finding->rule->title)));
        shown++;
    }
}

static void print_price(struct session *session, const struct rd_price *price)
{
    struct rd_arena *arena = session->arena;
    if (price == NULL) {
        print_part(session, "price",
                   rd_arena_printf(arena, "unknown: %s (%s)", session->unpriced.msg,
                                   session->unpriced.hint));
        return;
    }
    struct rd_str month = rd_money(arena, price->month_micro, price->currency);
    struct rd_str year = rd_money(arena, price->year_micro, price->currency);
    output_printf("  price      %.*s a month, %.*s a year (%.*s)\n", RD_FMT(month), RD_FMT(year),
                  RD_FMT(price->sheet));
}

/* Fits a screen. */
static void print_summary(struct session *session, const struct rd_set *live,
                          const struct outcome *outcome)
{
    char took[RD_TIME_TEXT_MAX] = "nothing had to change";
    if (outcome->run != NULL)
        (void)rd_duration_format(outcome->run->end_ms - outcome->run->start_ms, took);
    const struct rd_findings *findings = outcome->audit->findings;
    output_printf("\n%.*s stands on %s%.*s\n\n", RD_FMT(session->desired->name),
                  session_is_live(session) ? "" : "the embedded ", RD_FMT(session->desired->cloud));
    size_t hosts = count_hosts(live);
    size_t desired = 0;
    size_t standing = look_count(session, live, &desired);
    output_printf("  resources  %zu of %zu stand, %zu session host%s\n", standing, desired, hosts,
                  hosts == 1 ? "" : "s");
    if (outcome->run != NULL)
        output_printf("  run        %zu steps in %s (its critical path: ", outcome->run->done_count,
                      took);
    if (outcome->run != NULL)
        output_printf("%s)\n", rd_duration_format(outcome->plan->critical_path_ms, took));
    else
        output_printf("  run        nothing had to change\n");
    print_part(session, "audit",
               rd_arena_printf(
                   session->arena,
                   "%zu passed, %zu failed (%zu error%s, %zu warning%s), %zu had no subject",
                   findings->by_verdict[RD_VERDICT_PASS], findings->by_verdict[RD_VERDICT_FAIL],
                   findings->error_count, findings->error_count == 1 ? "" : "s",
                   findings->warning_count, findings->warning_count == 1 ? "" : "s",
                   findings->by_verdict[RD_VERDICT_NO_SUBJECT]));
    print_failed_rules(session, findings);
    print_price(session, outcome->price);
    output_printf("  report     %s\n\nnext: redoubt status %s\n", outcome->report,
                  session_spec_path(session->args));
}

static void print_json(struct session *session, const struct outcome *outcome)
{
    struct rd_arena *arena = session->arena;
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "enclave", rd_json_string(session->desired->name));
    (void)rd_json_set_c(arena, &json, "changes",
                        rd_json_integer((int64_t)outcome->plan->change_count));
    if (outcome->run != NULL)
        (void)rd_json_set_c(arena, &json, "run", run_to_json(session, outcome->run));
    (void)rd_json_set_c(arena, &json, "audit", rd_audit_to_json(arena, outcome->audit));
    if (outcome->price != NULL)
        (void)rd_json_set_c(arena, &json, "price", rd_price_to_json(arena, outcome->price));
    else
        (void)rd_json_set_c(arena, &json, "unpriced", rd_json_string_c(session->unpriced.msg));
    (void)rd_json_set_c(arena, &json, "report", rd_json_string_c(outcome->report));
    output_json(&json);
}

enum rd_rc verb_up(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    struct outcome outcome = {0};
    session_init(&session, arena, args);
    RD_TRY(session_read_spec(&session, err));
    RD_TRY(check(&session, &outcome, err));
    RD_TRY(session_price(&session, &outcome.price, err));
    RD_TRY(deploy(&session, &outcome, err));
    struct rd_set *live = NULL;
    RD_TRY(session_read_live(&session, &live, err));
    RD_TRY(look_audit(&session, live, &outcome.audit, err));
    RD_TRY(look_report(&session, live, outcome.audit, outcome.price, outcome.report, err));
    if (args_is_json(args))
        print_json(&session, &outcome);
    else
        print_summary(&session, live, &outcome);
    return outcome.audit->findings->error_count > 0 ? RD_RC_FINDINGS : RD_RC_OK;
}
