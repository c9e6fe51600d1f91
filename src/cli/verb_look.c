/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that look at what is live and change nothing: status, audit, report. */
#include <stdlib.h>

#include "base/limits.h"
#include "look.h"
#include "resource/unseen.h"

#include "base/file.h"

enum { RUN_COUNT_SHOWN = 5, KIND_COUNT_MAX = 128, TEXT_SIZE_MAX = 64 << 20 };

/* A verdict needs a subject: what is not there has passed nothing. */
RD_NODISCARD static enum rd_rc expect_something(const struct session *session,
                                                const struct rd_set *live, struct rd_err *err)
{
    const struct rd_set *desired = session->desired;
    for (size_t i = 0; i < desired->count; i++)
        if (!desired->resources[i].is_existing &&
            !rd_json_is_true(rd_json_get(desired->resources[i].type->row, RD_STR("keep"))) &&
            rd_set_find(live, desired->resources[i].id) != NULL)
            return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_NOT_FOUND, "nothing of the enclave '%.*s' is there",
                               RD_FMT(desired->name)),
                       err,
                       "build it with 'redoubt up %s'; 'redoubt check' looks at the spec alone",
                       session_spec_path(session->args));
}

/* What every verb begins with that looks and changes nothing. */
RD_NODISCARD static enum rd_rc open_and_read(struct session *session, struct rd_set **ret_live,
                                             struct rd_err *err)
{
    RD_TRY(session_read_spec(session, err));
    RD_TRY(session_open_cloud(session, false, err));
    return session_read_live(session, ret_live, err);
}

enum rd_rc look_check(struct session *session, struct rd_findings **ret_findings,
                      struct rd_err *err)
{
    const struct rd_rule *rules = NULL;
    size_t count = 0;
    int64_t day_ms = 0;
    RD_TRY(session_day(session->args, &day_ms, err));
    RD_TRY(session_rules(session, &rules, &count, err));
    return rd_rules_run(session->arena, rules, count, session->desired, day_ms, ret_findings, err);
}

enum rd_rc look_audit(struct session *session, const struct rd_set *live,
                      struct rd_audit **ret_audit, struct rd_err *err)
{
    const struct rd_rule *rules = NULL;
    size_t count = 0;
    int64_t day_ms = 0;
    RD_TRY(session_day(session->args, &day_ms, err));
    RD_TRY(session_rules(session, &rules, &count, err));
    return rd_audit_run(session->arena, rules, count, live, session->desired, day_ms, ret_audit,
                        err);
}

enum rd_rc verb_audit(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    struct rd_set *live = NULL;
    struct rd_audit *audit = NULL;
    RD_TRY(open_and_read(&session, &live, err));
    RD_TRY(expect_something(&session, live, err));
    RD_TRY(look_audit(&session, live, &audit, err));
    if (args_is_json(args)) {
        struct rd_json json = rd_audit_to_json(arena, audit);
        output_json(&json);
    } else {
        RD_CLEANUP(rd_buf_done) struct rd_buf out;
        rd_buf_init(&out, TEXT_SIZE_MAX);
        rd_audit_print(&out, audit, session.terminal.has_colors, args->is_given[OPTION_ALL]);
        output_text(rd_buf_str(&out));
    }
    return audit->findings->error_count > 0 ? RD_RC_FINDINGS : RD_RC_OK;
}

/* Status ------------------------------------------------------------------------------------- */

struct kind_row {
    const struct rd_type *type;
    size_t desired;
    size_t standing;
    size_t failed; /* there, but their last write ended badly */
    size_t unseen; /* there or not: the cloud did not say */
};

static size_t count_kinds(const struct rd_set *desired, const struct rd_set *live,
                          struct kind_row rows[KIND_COUNT_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[i];
        size_t k = 0;
        while (k < count && rows[k].type != resource->type)
            k++;
        if (k == KIND_COUNT_MAX)
            continue;
        if (k == count)
            rows[count++] = (struct kind_row){.type = resource->type};
        rows[k].desired++;
        const struct rd_resource *found = rd_set_find(live, resource->id);
        bool is_broken = found != NULL && rd_resource_has_failed(&found->body);
        rows[k].standing += found != NULL && !is_broken;
        rows[k].failed += is_broken;
        rows[k].unseen += found == NULL && rd_set_is_unseen(live, resource->id);
    }
    return count;
}

size_t look_count(const struct session *session, const struct rd_set *live, size_t *ret_desired)
{
    struct kind_row rows[KIND_COUNT_MAX];
    size_t count = count_kinds(session->desired, live, rows);
    size_t standing = 0;
    *ret_desired = 0;
    for (size_t i = 0; i < count; i++) {
        *ret_desired += rows[i].desired;
        standing += rows[i].standing;
    }
    return standing;
}

static int by_name(const void *a, const void *b)
{
    const struct rd_resource *const *first = a;
    const struct rd_resource *const *second = b;
    return rd_str_cmp((*first)->name, (*second)->name);
}

/* By name. */
static const struct rd_resource **find_hosts(struct rd_arena *arena, const struct rd_set *live,
                                             size_t *ret_count)
{
    const struct rd_resource **hosts = rd_arena_array(arena, live->count, sizeof(*hosts));
    size_t count = 0;
    for (size_t i = 0; i < live->count; i++)
        if (rd_type_is_session_host(live->resources[i].type))
            hosts[count++] = &live->resources[i];
    if (count > 1)
        qsort(hosts, count, sizeof(struct rd_resource *), by_name);
    *ret_count = count;
    return hosts;
}

static struct rd_json host_to_json(struct rd_arena *arena, const struct rd_resource *host)
{
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "name", rd_json_string(host->name));
    (void)rd_json_set_c(arena, &json, "status", *rd_json_at(&host->body, "properties.status"));
    struct rd_str user = rd_json_str(rd_json_at(&host->body, "properties.assignedUser"));
    if (user.n > 0)
        (void)rd_json_set_c(arena, &json, "user", rd_json_string(user));
    (void)rd_json_set_c(arena, &json, "sessions", *rd_json_at(&host->body, "properties.sessions"));
    return json;
}

static const char *run_state_name(const struct rd_run_record *run)
{
    static const char *const names[] = {
        [RD_RUN_RUNNING] = "killed",
        [RD_RUN_SUCCEEDED] = "succeeded",
        [RD_RUN_FAILED] = "failed",
        [RD_RUN_INTERRUPTED] = "interrupted",
    };
    return names[run->state];
}

static struct rd_json status_to_json(struct session *session, const struct rd_set *live,
                                     const struct rd_run_record *runs, size_t run_count)
{
    struct rd_arena *arena = session->arena;
    struct rd_json json = rd_json_object();
    (void)rd_json_set_c(arena, &json, "enclave", rd_json_string(session->desired->name));
    (void)rd_json_set_c(arena, &json, "cloud", rd_json_string(session->desired->cloud));
    struct rd_json kinds_json = rd_json_array();
    struct kind_row rows[KIND_COUNT_MAX];
    size_t count = count_kinds(session->desired, live, rows);
    for (size_t i = 0; i < count; i++) {
        struct rd_json row = rd_json_object();
        (void)rd_json_set_c(arena, &row, "type", rd_json_string(rows[i].type->name));
        (void)rd_json_set_c(arena, &row, "desired", rd_json_integer((int64_t)rows[i].desired));
        (void)rd_json_set_c(arena, &row, "standing", rd_json_integer((int64_t)rows[i].standing));
        (void)rd_json_set_c(arena, &row, "failed", rd_json_integer((int64_t)rows[i].failed));
        if (rows[i].unseen > 0)
            (void)rd_json_set_c(arena, &row, "unseen", rd_json_integer((int64_t)rows[i].unseen));
        (void)rd_json_append(arena, &kinds_json, row);
    }
    (void)rd_json_set_c(arena, &json, "resources", kinds_json);
    struct rd_json hosts = rd_json_array();
    size_t host_count = 0;
    const struct rd_resource **found = find_hosts(arena, live, &host_count);
    for (size_t i = 0; i < host_count; i++)
        (void)rd_json_append(arena, &hosts, host_to_json(arena, found[i]));
    (void)rd_json_set_c(arena, &json, "sessionHosts", hosts);
    struct rd_json runs_json = rd_json_array();
    for (size_t i = 0; i < run_count; i++) {
        char text[RD_TIME_TEXT_MAX];
        struct rd_json row = rd_json_object();
        (void)rd_json_set_c(arena, &row, "run", rd_json_integer(runs[i].run));
        (void)rd_json_set_c(arena, &row, "verb", rd_json_string(runs[i].verb));
        (void)rd_json_set_c(arena, &row, "state", rd_json_string_c(run_state_name(&runs[i])));
        (void)rd_json_set_c(
            arena, &row, "start",
            rd_json_string(
                rd_arena_str(arena, rd_str_from(rd_time_format(runs[i].start_ms, false, text)))));
        (void)rd_json_append(arena, &runs_json, row);
    }
    (void)rd_json_set_c(arena, &json, "runs", runs_json);
    return json;
}

static void status_print(struct session *session, const struct rd_set *live,
                         const struct rd_run_record *runs, size_t run_count)
{
    struct kind_row rows[KIND_COUNT_MAX];
    size_t count = count_kinds(session->desired, live, rows);
    size_t desired = 0;
    size_t standing = look_count(session, live, &desired);
    output_printf("%.*s on %.*s: %zu of %zu resources stand\n\n", RD_FMT(session->desired->name),
                  RD_FMT(session->desired->cloud), standing, desired);
    for (size_t i = 0; i < count; i++)
        output_printf("  %5zu/%-5zu %.*s%s\n", rows[i].standing, rows[i].desired,
                      RD_FMT(rows[i].type->label),
                      rows[i].failed > 0                                    ? "   <- failed"
                      : rows[i].standing + rows[i].unseen < rows[i].desired ? "   <- missing"
                      : rows[i].unseen > 0                                  ? "   <- not seen"
                                                                            : "");
    const struct rd_json *unseen = rd_set_unseen(live);
    if (rd_json_count(unseen) > 0)
        output_printf("\n  not seen: %.*s\n", RD_FMT(rd_unseen_text(session->arena, unseen)));
    size_t host_count = 0;
    const struct rd_resource **hosts = find_hosts(session->arena, live, &host_count);
    if (host_count > 0)
        output_printf("\n  session host     status            user\n");
    for (size_t i = 0; i < host_count; i++) {
        const struct rd_resource *host = hosts[i];
        output_printf("  %-16.*s %-17.*s %.*s\n", RD_FMT(host->name),
                      RD_FMT(rd_json_str(rd_json_at(&host->body, "properties.status"))),
                      RD_FMT(rd_json_str(rd_json_at(&host->body, "properties.assignedUser"))));
    }
    if (run_count > 0)
        output_printf("\n  run  command   began                 ended as\n");
    for (size_t i = 0; i < run_count; i++) {
        char text[RD_TIME_TEXT_MAX];
        output_printf("  %3lld  %-9.*s %-21s %s\n", (long long)runs[i].run, RD_FMT(runs[i].verb),
                      rd_time_format(runs[i].start_ms, false, text), run_state_name(&runs[i]));
    }
}

enum rd_rc verb_status(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    struct rd_set *live = NULL;
    RD_TRY(open_and_read(&session, &live, err));
    struct rd_run_record *runs = NULL;
    size_t run_count = 0;
    if (session.journal != NULL)
        RD_TRY(rd_journal_runs(session.journal, arena, RUN_COUNT_SHOWN, &runs, &run_count, err));
    if (args_is_json(args)) {
        struct rd_json json = status_to_json(&session, live, runs, run_count);
        output_json(&json);
    } else {
        status_print(&session, live, runs, run_count);
    }
    return RD_RC_OK;
}

/* Report ------------------------------------------------------------------------------------- */

enum rd_rc look_report(struct session *session, const struct rd_set *live,
                       const struct rd_audit *audit, const struct rd_price *price, const char *path,
                       struct rd_err *err)
{
    struct rd_arena *arena = session->arena;
    struct rd_report_input input = {
        .version = RD_VERSION,
        .now_ms = rd_clock_now_ms(&session->clock),
        .file = session_spec_path(session->args),
        .desired = session->desired,
        .live = live,
        .audit = audit,
        .price = price,
    };
    struct rd_scenario *scenarios = NULL;
    size_t scenario_count = 0;
    enum rd_rc rc = RD_RC_OK;
    if (price != NULL)
        rc = rd_cost_scenarios(arena, session->desired,
                               rd_str_from(session->args->value[OPTION_SHEET]), &scenarios,
                               &scenario_count, err);
    /* What one of them would buy may have no price; the report is not about them. */
    if (rc != RD_RC_OK && rc != RD_RC_NOT_FOUND)
        return rc;
    input.scenario_count = rc == RD_RC_OK ? scenario_count : 0;
    input.scenarios = scenarios;
    struct rd_run_record *runs = NULL;
    struct rd_journal_entry *entries = NULL;
    size_t run_count = 0;
    if (session->journal != NULL)
        RD_TRY(rd_journal_runs(session->journal, arena, RUN_COUNT_SHOWN, &runs, &run_count, err));
    if (run_count > 0) {
        input.run = &runs[0];
        RD_TRY(rd_journal_entries(session->journal, arena, runs[0].run, &entries,
                                  &input.entry_count, err));
        input.entries = entries;
    }
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, TEXT_SIZE_MAX);
    rd_report_html(arena, &out, &input);
    return rd_file_write(path, rd_buf_str(&out), 0644, err);
}

enum rd_rc look_report_path(struct session *session, const char **ret_path, struct rd_err *err)
{
    const char *path =
        session->args->is_given[OPTION_OUT]
            ? session->args->value[OPTION_OUT]
            : rd_arena_printf(session->arena, "%.*s-report.html", RD_FMT(session->desired->name)).p;
    RD_TRY(output_check_file(path, RD_STR("<!doctype html>"), "page", err));
    *ret_path = path;
    return RD_RC_OK;
}

enum rd_rc verb_report(struct rd_arena *arena, const struct args *args, struct rd_err *err)
{
    RD_CLEANUP(session_close) struct session session;
    session_init(&session, arena, args);
    struct rd_set *live = NULL;
    struct rd_audit *audit = NULL;
    struct rd_price *price = NULL;
    const char *path = NULL;
    RD_TRY(open_and_read(&session, &live, err));
    RD_TRY(look_report_path(&session, &path, err));
    RD_TRY(look_audit(&session, live, &audit, err));
    RD_TRY(session_price(&session, &price, err));
    if (price == NULL)
        output_warning(rd_str_from(session.unpriced.msg), session.unpriced.hint);
    RD_TRY(look_report(&session, live, audit, price, path, err));
    if (args_is_json(args)) {
        struct rd_json json = rd_json_object();
        (void)rd_json_set_c(arena, &json, "report", rd_json_string_c(path));
        output_json(&json);
    } else {
        output_printf("wrote %s\n", path);
    }
    return RD_RC_OK;
}
