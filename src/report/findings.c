/* SPDX-License-Identifier: Apache-2.0 */

/* Findings and controls of the audit. A rule that found nothing to look at has not passed, and a
 * control is never called met: both are said as they are. */

#include "sections.h"

enum { VIOLATIONS_OPEN_MAX = 4, VIOLATIONS_MAX = 40 };

static void badge(struct page *page, const char *class_name, const char *text)
{
    html_format(page, "<span class=\"badge %s\">", class_name);
    html_text_c(page, text);
    html_raw(page, "</span>");
}

static void write_violation(struct page *page, const struct rd_violation *violation)
{
    struct rd_str name = rd_str_after_last(violation->id, '/');
    name = rd_str_after_last(name, ';'); /* of a backup item's host */
    html_raw(page, "<li><span class=\"resource\" title=\"");
    html_text(page, violation->id);
    html_raw(page, "\">");
    html_text(page, name);
    html_raw(page, "</span>");
    if (violation->path.n > 0) {
        html_raw(page, " ");
        html_element(page, "code", NULL, violation->path);
    }
    html_raw(page, "<div class=\"muted\">");
    html_text(page, violation->message);
    html_raw(page, "</div></li>\n");
}

static void write_violations(struct page *page, const struct rd_finding *finding)
{
    size_t count = finding->violation_count, shown = count;
    if (count == 0) {
        html_raw(page, "not known of ");
        html_text(page, html_count(page->arena, finding->subject_count, "resource", "resources"));
        return;
    }
    if (count > VIOLATIONS_OPEN_MAX + 1)
        shown = VIOLATIONS_OPEN_MAX;
    html_raw(page, "<ul class=\"plain\">");
    for (size_t i = 0; i < shown; i++)
        write_violation(page, &finding->violations[i]);
    html_raw(page, "</ul>");
    if (shown == count)
        return;
    html_format(page, "<details><summary>and %zu more</summary><ul class=\"plain\">",
                count - shown);
    size_t i = shown;
    for (; i < count && i < VIOLATIONS_MAX; i++)
        write_violation(page, &finding->violations[i]);
    if (i < count)
        html_format(page, "<li>and %zu more, which <code>redoubt audit -o json</code> lists</li>",
                    count - i);
    html_raw(page, "</ul></details>");
}

static void write_controls(struct page *page, const struct rd_rule *rule)
{
    for (size_t i = 0; i < rule->control_count; i++) {
        html_raw(page, i > 0 ? " " : "");
        html_element(page, "span", "control", rule->controls[i]);
    }
}

static void write_finding(struct page *page, const struct rd_finding *finding)
{
    const struct rd_rule *rule = finding->rule;
    bool is_unknown = finding->verdict == RD_VERDICT_UNKNOWN;
    const char *kind = is_unknown ? "unknown" : rd_severity_name(rule->severity);
    html_format(page, "<tr data-kind=\"%s\"><td>", kind);
    badge(page, kind, kind);
    html_raw(page, "</td><th scope=\"row\">");
    html_element(page, "span", "id", rule->id);
    html_raw(page, "<div class=\"title\">");
    html_text(page, rule->title);
    html_raw(page, "</div>");
    if (rule->why.n > 0)
        html_element(page, "div", "muted", rule->why);
    if (rule->note.n > 0)
        html_element(page, "div", "muted", rule->note);
    html_raw(page, "</th><td>");
    write_violations(page, finding);
    if (finding->unseen.n > 0)
        html_text(page, rd_arena_printf(page->arena, "not seen: %.*s", RD_FMT(finding->unseen)));
    html_raw(page, "</td><td>");
    html_text(page, rule->fix);
    html_element(page, "div", "muted", rule->source);
    html_raw(page, "</td><td class=\"controls\">");
    write_controls(page, rule);
    html_raw(page, "</td></tr>\n");
}

/* Failed rules from the worst, then those that could not be answered. */
static void write_open_findings(struct page *page, const struct rd_findings *findings)
{
    html_raw(page, "<div class=\"scroll\"><table class=\"findings\"><thead><tr>"
                   "<th scope=\"col\">Severity</th><th scope=\"col\">Rule</th>"
                   "<th scope=\"col\">Where</th><th scope=\"col\">Remedy and source</th>"
                   "<th scope=\"col\">Controls</th></tr></thead>\n<tbody>\n");
    for (int severity = RD_SEVERITY_ERROR; severity >= RD_SEVERITY_INFO; severity--)
        for (size_t i = 0; i < findings->count; i++)
            if (findings->items[i].verdict == RD_VERDICT_FAIL &&
                findings->items[i].rule->severity == (enum rd_severity)severity)
                write_finding(page, &findings->items[i]);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].verdict == RD_VERDICT_UNKNOWN)
            write_finding(page, &findings->items[i]);
    html_raw(page, "</tbody></table></div>\n");
}

static void write_folded(struct page *page, const struct rd_findings *findings,
                         enum rd_verdict verdict, const char *title, const char *remark)
{
    size_t count = findings->by_verdict[verdict];
    if (count == 0)
        return;
    html_format(page,
                "<details class=\"fold\"><summary>%s <span class=\"count\">%zu</span></summary>\n",
                title, count);
    html_format(page, "<p class=\"muted\">%s</p>", remark);
    html_raw(page, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Rule</th>"
                   "<th scope=\"col\">Title</th><th scope=\"col\" class=\"num\">Looked at</th>"
                   "<th scope=\"col\">Controls</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < findings->count; i++) {
        const struct rd_finding *finding = &findings->items[i];
        if (finding->verdict != verdict)
            continue;
        html_raw(page, "<tr><th scope=\"row\">");
        html_element(page, "span", "id", finding->rule->id);
        html_raw(page, "</th><td>");
        html_text(page, finding->rule->title);
        html_format(page, "</td><td class=\"num\">%zu</td><td class=\"controls\">",
                    finding->subject_count);
        write_controls(page, finding->rule);
        html_raw(page, "</td></tr>\n");
    }
    html_raw(page, "</tbody></table></div></details>\n");
}

static void write_filter(struct page *page, const struct rd_findings *findings)
{
    static const struct {
        const char *kind, *label;
    } buttons[] = {{"", "all"},
                   {"error", "errors"},
                   {"warning", "warnings"},
                   {"info", "info"},
                   {"unknown", "unknown"}};
    size_t counts[5] = {0};
    for (size_t i = 0; i < findings->count; i++) {
        const struct rd_finding *finding = &findings->items[i];
        size_t k = finding->verdict == RD_VERDICT_UNKNOWN ? 4
                   : finding->verdict != RD_VERDICT_FAIL  ? 0
                                                          : 3 - (size_t)finding->rule->severity;
        counts[k] += 1;
    }
    counts[0] = findings->by_verdict[RD_VERDICT_FAIL] + findings->by_verdict[RD_VERDICT_UNKNOWN];
    html_raw(page, "<div class=\"filter\" hidden role=\"group\" aria-label=\"Show\">");
    for (size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++)
        if (counts[i] > 0)
            html_format(page,
                        "<button type=\"button\" data-show=\"%s\" aria-pressed=\"%s\">%s "
                        "<span class=\"count\">%zu</span></button>",
                        buttons[i].kind, i == 0 ? "true" : "false", buttons[i].label, counts[i]);
    html_raw(page, "</div>\n");
}

void section_findings(struct page *page)
{
    html_raw(page, "<section id=\"findings\"><h2>Findings</h2>\n");
    const struct rd_audit *audit = page->input->audit;
    if (audit == NULL) {
        html_raw(page, "<p class=\"lead\">No audit was made.</p></section>\n");
        return;
    }
    const struct rd_findings *findings = audit->findings;
    size_t failed = findings->by_verdict[RD_VERDICT_FAIL];
    size_t unknown = findings->by_verdict[RD_VERDICT_UNKNOWN];
    html_format(page,
                "<p class=\"lead\">Of %zu rules %zu passed, %zu failed, %zu could not be answered "
                "and %zu found nothing to look at.</p>\n",
                findings->count, findings->by_verdict[RD_VERDICT_PASS], failed, unknown,
                findings->by_verdict[RD_VERDICT_NO_SUBJECT]);
    if (failed + unknown > 0) {
        write_filter(page, findings);
        write_open_findings(page, findings);
    }
    write_folded(page, findings, RD_VERDICT_PASS, "Passed", "Each looked at one resource or more.");
    write_folded(page, findings, RD_VERDICT_NO_SUBJECT, "Nothing to look at",
                 "These rules apply to nothing that stands. They have not passed.");
    write_folded(page, findings, RD_VERDICT_NOT_VALID, "Not in force",
                 "These rules begin later or have ended.");
    html_raw(page, "</section>\n");
}

/* Controls ------------------------------------------------------------------------------------- */

static const char *const state_classes[] = {
    [RD_CONTROL_PASSING] = "pass",
    [RD_CONTROL_PARTIAL] = "unknown",
    [RD_CONTROL_FAILING] = "error",
    [RD_CONTROL_NO_EVIDENCE] = "none",
};

static const char *const state_words[] = {
    [RD_CONTROL_PASSING] = "passing",
    [RD_CONTROL_PARTIAL] = "partial",
    [RD_CONTROL_FAILING] = "failing",
    [RD_CONTROL_NO_EVIDENCE] = "without evidence",
};

/* Those that failed first; those that found nothing to look at are only counted. */
static void write_rules(struct page *page, const struct rd_control *control)
{
    static const struct {
        enum rd_verdict verdict;
        const char *class_name;
    } shown[] = {
        {RD_VERDICT_FAIL, "error"}, {RD_VERDICT_UNKNOWN, "unknown"}, {RD_VERDICT_PASS, "pass"}};
    size_t count = 0;
    for (size_t k = 0; k < sizeof(shown) / sizeof(shown[0]); k++)
        for (size_t i = 0; i < control->finding_count; i++) {
            const struct rd_finding *finding = control->findings[i];
            if (finding->verdict != shown[k].verdict)
                continue;
            count++;
            bool is_remark =
                finding->verdict == RD_VERDICT_FAIL && finding->rule->severity == RD_SEVERITY_INFO;
            html_format(page, "<span class=\"rule %s\" title=\"",
                        is_remark ? "info" : shown[k].class_name);
            html_text_c(page, rd_verdict_name(finding->verdict));
            html_raw(page, ": ");
            html_text(page, finding->rule->title);
            html_raw(page, "\">");
            html_text(page, finding->rule->id);
            html_raw(page, "</span> ");
        }
    size_t silent = control->finding_count - count;
    if (control->finding_count == 0)
        html_raw(page, "<span class=\"muted\">no rule serves it</span>");
    else if (silent > 0)
        html_format(page, "<div class=\"muted\">%zu %s without a subject or not in force</div>",
                    silent, silent == 1 ? "rule" : "rules");
}

static void write_control(struct page *page, const struct rd_control *control)
{
    html_raw(page, "<tr><th scope=\"row\"><span class=\"id\">");
    html_text(page, control->id);
    html_raw(page, "</span></th><td>");
    badge(page, state_classes[control->state], state_words[control->state]);
    html_raw(page, "</td><td>");
    html_text(page, control->text);
    if (control->note.n > 0)
        html_element(page, "div", "muted", control->note);
    html_raw(page, "</td><td>");
    html_text(page, control->evidence);
    html_raw(page, "</td><td class=\"rules\">");
    write_rules(page, control);
    html_raw(page, "</td></tr>\n");
}

void section_controls(struct page *page)
{
    const struct rd_audit *audit = page->input->audit;
    if (audit == NULL || audit->control_count == 0)
        return;
    html_raw(page, "<section id=\"controls\"><h2>Controls</h2>\n<p class=\"lead\">");
    for (int state = RD_CONTROL_PASSING; state <= RD_CONTROL_NO_EVIDENCE; state++) {
        html_format(page, "%s%zu ", state > 0 ? ", " : "", audit->by_state[state]);
        html_text_c(page, state_words[state]);
    }
    html_raw(page, ". A control is judged by the rules that serve it; whether it is met is for the "
                   "assessor to say.</p>\n");
    html_raw(page, "<div class=\"scroll\"><table class=\"control-table\"><thead><tr>"
                   "<th scope=\"col\">Control</th><th scope=\"col\">State</th>"
                   "<th scope=\"col\">Practice</th><th scope=\"col\">Evidence</th>"
                   "<th scope=\"col\">Rules</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < audit->control_count; i++)
        write_control(page, &audit->controls[i]);
    html_raw(page, "</tbody></table></div></section>\n");
}
