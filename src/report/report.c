/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "crypto/hash.h"
#include "sections.h"

/* The hash of an inline element, as a source of a Content-Security-Policy: nothing else may style
 * or run in the page, not even when something from outside had slipped through unescaped. */
static struct rd_str hash_source(struct rd_arena *arena, struct rd_str text)
{
    unsigned char digest[RD_SHA256_SIZE];
    rd_sha256(text, digest);
    struct rd_str bytes = {(const char *)digest, sizeof(digest)};
    return rd_arena_printf(arena, "'sha256-%.*s'", RD_FMT(rd_base64(arena, bytes)));
}

static struct rd_str enclave_name(const struct rd_report_input *input)
{
    if (input->desired != NULL && input->desired->name.n > 0)
        return input->desired->name;
    if (input->live != NULL && input->live->name.n > 0)
        return input->live->name;
    return RD_STR("enclave");
}

static void write_head(struct page *page)
{
    struct rd_str style = style_text(page->arena);
    html_raw(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html_format(page,
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src %.*s; script-src %.*s; base-uri 'none'; form-action 'none'\">\n",
                RD_FMT(hash_source(page->arena, style)),
                RD_FMT(hash_source(page->arena, rd_str_from(script_text))));
    html_raw(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_text(page, enclave_name(page->input));
    html_raw(page, " \xE2\x80\x93 redoubt report</title>\n<style>");
    rd_buf_add(page->out, style);
    html_raw(page, "</style>\n</head>\n");
}

/* How many resources are the enclave's own, and how many of them stand. Directory objects are
 * shared by a tenant and outlive enclaves: alone they do not make one. */
static void count_resources(const struct page *page, size_t *ret_wanted, size_t *ret_there,
                            bool *ret_is_begun)
{
    const struct rd_set *desired = page->input->desired;
    *ret_wanted = *ret_there = 0;
    *ret_is_begun = false;
    for (size_t i = 0; desired != NULL && i < desired->count; i++) {
        const struct rd_resource *resource = &desired->resources[i];
        if (resource->is_existing)
            continue;
        *ret_wanted += 1;
        if (html_is_missing(page, resource))
            continue;
        *ret_there += 1;
        if (resource->type->plane != RD_PLANE_GRAPH)
            *ret_is_begun = true;
    }
}

static void tile(struct page *page, const char *class_name, const char *name, struct rd_str value,
                 struct rd_str detail)
{
    html_format(page, "<div class=\"tile %s\"><dt>%s</dt><dd><b>", class_name, name);
    html_text(page, value);
    html_raw(page, "</b><span>");
    html_text(page, detail);
    html_raw(page, "</span></dd></div>\n");
}

static void tile_stands(struct page *page)
{
    size_t wanted, there;
    bool is_begun;
    count_resources(page, &wanted, &there, &is_begun);
    struct rd_str detail = rd_arena_printf(page->arena, "%zu of %zu resources", there, wanted);
    if (wanted == 0)
        tile(page, "none", "State", RD_STR("empty"), RD_STR("the spec wants nothing"));
    else if (there == wanted)
        tile(page, "pass", "State", RD_STR("stands"), detail);
    else if (!is_begun)
        tile(page, "none", "State", RD_STR("not built"), detail);
    else
        tile(page, "warning", "State", RD_STR("incomplete"), detail);
}

static void tile_findings(struct page *page)
{
    const struct rd_audit *audit = page->input->audit;
    if (audit == NULL) {
        tile(page, "none", "Findings", RD_STR("no audit"), RD_STR("nothing was checked"));
        return;
    }
    const struct rd_findings *findings = audit->findings;
    struct rd_arena *arena = page->arena;
    size_t failed = findings->by_verdict[RD_VERDICT_FAIL];
    struct rd_str detail = rd_arena_printf(
        arena, "%.*s, %zu passed, %zu unknown",
        RD_FMT(html_count(arena, findings->warning_count, "warning", "warnings")),
        findings->by_verdict[RD_VERDICT_PASS], findings->by_verdict[RD_VERDICT_UNKNOWN]);
    const char *kind = findings->error_count > 0 ? "error" : failed > 0 ? "warning" : "pass";
    if (failed == 0 && findings->by_verdict[RD_VERDICT_PASS] == 0)
        kind = "none"; /* nothing was seen: that is no good news */
    tile(page, kind, "Findings", html_count(arena, findings->error_count, "error", "errors"),
         detail);
}

static void tile_price(struct page *page)
{
    const struct rd_price *price = page->input->price;
    if (price == NULL) {
        tile(page, "none", "Price", RD_STR("unknown"), RD_STR("none was worked out"));
        return;
    }
    struct rd_str month = rd_money(page->arena, price->month_micro, price->currency);
    struct rd_str year = rd_money(page->arena, price->year_micro, price->currency);
    tile(page, "money", "Price", rd_arena_printf(page->arena, "%.*s a month", RD_FMT(month)),
         rd_arena_printf(page->arena, "%.*s a year", RD_FMT(year)));
}

static void tile_run(struct page *page)
{
    static const struct {
        const char *class_name, *name;
    } states[] = {
        [RD_RUN_RUNNING] = {"warning", "not ended"},
        [RD_RUN_SUCCEEDED] = {"pass", "succeeded"},
        [RD_RUN_FAILED] = {"error", "failed"},
        [RD_RUN_INTERRUPTED] = {"warning", "interrupted"},
    };
    const struct rd_run_record *run = page->input->run;
    if (run == NULL) {
        tile(page, "none", "Last run", RD_STR("none"), RD_STR("nothing has been run yet"));
        return;
    }
    struct rd_str detail = html_time(page->arena, run->start_ms);
    if (run->end_ms >= run->start_ms)
        detail = rd_arena_printf(page->arena, "%.*s in %.*s", RD_FMT(run->verb),
                                 RD_FMT(html_duration(page->arena, run->end_ms - run->start_ms)));
    tile(page, states[run->state].class_name, "Last run", rd_str_from(states[run->state].name),
         detail);
}

static void write_fact(struct page *page, const char *name, struct rd_str value)
{
    if (value.n == 0)
        return;
    html_format(page, "<div><dt>%s</dt><dd>", name);
    html_text(page, value);
    html_raw(page, "</dd></div>");
}

static void write_links(struct page *page)
{
    const struct rd_report_input *input = page->input;
    bool has_desired = input->desired != NULL && input->desired->count > 0;
    const struct {
        const char *id, *name;
        bool is_there;
    } links[] = {
        {"picture", "Enclave", has_desired},
        {"run", "Run", true},
        {"findings", "Findings", true},
        {"controls", "Controls", input->audit != NULL && input->audit->control_count > 0},
        {"price", "Price", true},
        {"inventory", "Inventory", has_desired || (input->live != NULL && input->live->count > 0)},
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (links[i].is_there)
            html_format(page, "<a href=\"#%s\">%s</a> ", links[i].id, links[i].name);
}

static void write_header(struct page *page)
{
    const struct rd_report_input *input = page->input;
    const struct rd_set *set = input->desired != NULL ? input->desired : input->live;
    html_raw(page, "<header><p class=\"brand\">redoubt report</p>\n");
    html_element(page, "h1", NULL, enclave_name(input));
    html_raw(page, "\n<dl class=\"facts\">");
    if (set != NULL) {
        write_fact(page, "cloud", set->cloud);
        write_fact(page, "region", rd_json_str(rd_json_get(&set->facts, RD_STR("region"))));
    }
    write_fact(page, "made", html_time(page->arena, input->now_ms));
    write_fact(page, "spec", rd_str_from(input->file));
    write_fact(page, "redoubt", rd_str_from(input->version));
    html_raw(page, "</dl>\n<dl class=\"tiles\">\n");
    tile_stands(page);
    tile_findings(page);
    tile_price(page);
    tile_run(page);
    html_raw(page, "</dl>\n<nav aria-label=\"Sections\">");
    write_links(page);
    html_raw(page, "</nav></header>\n");
}

static void write_footer(struct page *page)
{
    const struct rd_report_input *input = page->input;
    html_raw(page, "<footer><p>To make this report again: <code>redoubt report ");
    html_text_c(page, input->file != NULL ? input->file : "FILE");
    html_raw(page, "</code>. The enclave is built with <code>redoubt up</code>, the same findings "
                   "come as JSON from <code>redoubt audit -o json</code>, the price from "
                   "<code>redoubt cost</code>.</p>\n<p>");
    if (input->run != NULL && input->run->plan_hash.n > 0) {
        html_raw(page, "Plan of the last run: <code class=\"hash\">");
        html_text(page, input->run->plan_hash);
        html_raw(page, "</code>. ");
    }
    html_raw(page, "This file is whole: it asks the network for nothing.</p></footer>\n");
}

void rd_report_html(struct rd_arena *arena, struct rd_buf *out, const struct rd_report_input *input)
{
    struct page page = {.arena = arena, .out = out, .input = input};
    write_head(&page);
    html_raw(&page, "<body>\n");
    write_header(&page);
    html_raw(&page, "<main>\n");
    section_picture(&page);
    section_timeline(&page);
    section_findings(&page);
    section_controls(&page);
    section_price(&page);
    section_inventory(&page);
    html_raw(&page, "</main>\n");
    write_footer(&page);
    html_raw(&page, "<script>");
    html_raw(&page, script_text);
    html_raw(&page, "</script>\n</body>\n</html>\n");
}
