/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "world.h"

enum { TEXT_MAX = 8 << 20, DEPTH_MAX = 64, SIZE_20_MAX = 400 << 10, SIZE_1000_MAX = 2 << 20 };

static const char *render(struct rd_buf *out, struct rd_arena *arena,
                          const struct rd_report_input *input)
{
    rd_buf_init(out, TEXT_MAX);
    rd_report_html(arena, out, input);
    assert_false(out->is_full);
    return rd_buf_c(out);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        found++;
    return found;
}

/* Tags ----------------------------------------------------------------------------------------- */

static bool is_void(struct rd_str name)
{
    return rd_str_is(name, "meta") || rd_str_is(name, "br") || rd_str_is(name, "!doctype");
}

struct tag {
    struct rd_str name;
    bool is_end, closes_itself;
};

/* The tag at `*at`, which stands on '<'; quotes may hold '>'. Moves behind it. */
static struct tag read_tag(const char **at)
{
    const char *p = *at + 1;
    struct tag tag = {.is_end = *p == '/'};
    p += tag.is_end ? 1 : 0;
    tag.name.p = p;
    while (*p != '\0' && strchr(" >/\n", *p) == NULL)
        p++;
    tag.name.n = (size_t)(p - tag.name.p);
    bool is_quoted = false;
    for (; *p != '\0' && (*p != '>' || is_quoted); p++) {
        is_quoted = *p == '"' ? !is_quoted : is_quoted;
        if (!is_quoted && *p == '<')
            fail_msg("'<' within the tag '%.*s'", RD_FMT(tag.name));
    }
    assert_int_equal(*p, '>');
    tag.closes_itself = p[-1] == '/';
    *at = p + 1;
    return tag;
}

static const char *skip_raw(const char *at, struct rd_str name)
{
    const char *end = strstr(at, rd_str_is(name, "style") ? "</style>" : "</script>");
    assert_non_null(end);
    return end == NULL ? at : end;
}

/* Every element is closed in order, and '&' begins a known entity. */
static void assert_well_formed(const char *html)
{
    struct rd_str open[DEPTH_MAX];
    size_t depth = 0;
    for (const char *at = html; *at != '\0';) {
        if (*at == '&' && strncmp(at, "&amp;", 5) != 0 && strncmp(at, "&lt;", 4) != 0 &&
            strncmp(at, "&gt;", 4) != 0 && strncmp(at, "&quot;", 6) != 0 &&
            strncmp(at, "&#39;", 5) != 0)
            fail_msg("a bare '&' at '%.30s'", at);
        if (*at != '<') {
            at++;
            continue;
        }
        struct tag tag = read_tag(&at);
        if (is_void(tag.name) || tag.closes_itself)
            continue;
        if (!tag.is_end) {
            assert_true(depth < DEPTH_MAX);
            open[depth++] = tag.name;
            if (rd_str_is(tag.name, "style") || rd_str_is(tag.name, "script"))
                at = skip_raw(at, tag.name);
            continue;
        }
        assert_true(depth > 0);
        depth--;
        if (!rd_str_eq(open[depth], tag.name))
            fail_msg("'%.*s' is closed by '%.*s'", RD_FMT(open[depth]), RD_FMT(tag.name));
    }
    assert_int_equal(depth, 0);
}

static void assert_sound(const char *html)
{
    assert_well_formed(html);
    assert_int_equal(count(html, "<h1>"), 1);
    assert_int_equal(count(html, "<script>"), 1);
    assert_int_equal(count(html, "href="), count(html, "href=\"#"));
    assert_int_equal(count(html, "@import"), 0);
    assert_int_equal(count(html, " style="), 0);
    assert_int_equal(count(html, "src="), 0);
    assert_int_equal(count(html, "url("), 0);
    ASSERT_CONTAINS(html, "default-src 'none'");
}

/* Tests ---------------------------------------------------------------------------------------- */

static void a_whole_report_is_well_formed_and_asks_for_nothing(void **state)
{
    static const char *const names[] = {"sovereign", "confidential-pmk", "confidential-cmk"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct world world = world_make(arena, names[i], 0, NULL);
        RD_CLEANUP(rd_buf_done) struct rd_buf out;
        const char *html = render(&out, arena, &world.input);
        assert_sound(html);
        assert_int_equal(count(html, "(not there)</title>"), 0);
        world_done(&world);
    }
}

static void the_picture_names_what_the_set_has(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "confidential-cmk", 0, NULL);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    ASSERT_CONTAINS(html, ">managed HSM</text>");
    ASSERT_CONTAINS(html, ">cmk-desktops</text>");
    ASSERT_CONTAINS(html, ">4 OS disks</text>");
    ASSERT_CONTAINS(html, ">3 regions: ");
    ASSERT_CONTAINS(html, ">0.0.0.0/0</text>");
    ASSERT_CONTAINS(html, ">peering</text>");
    ASSERT_CONTAINS(html, ">cmk-04</text>");
    ASSERT_CONTAINS(html, ">AVD gateway</text>");
    world_done(&world);
}

static void many_hosts_are_collapsed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 20, NULL);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    ASSERT_CONTAINS(html, ">cui-11</text>");
    assert_null(strstr(html, ">cui-12</text>"));
    ASSERT_CONTAINS(html, ">+9</text>");
    assert_true(out.n < SIZE_20_MAX);
    world_done(&world);
}

static void a_thousand_hosts_stay_small(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 1000, "cui-0");
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    assert_sound(html);
    assert_true(out.n < SIZE_1000_MAX);
    ASSERT_CONTAINS(html, ">+989</text>");
    world_done(&world);
}

static void what_is_missing_is_dashed_and_said_so(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 3, "azureFirewalls");
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    assert_sound(html);
    ASSERT_CONTAINS(html, "<g class=\"card wall gone\"><title>Azure Firewall ");
    ASSERT_CONTAINS(html, "afw-contoso-cui (not there)</title>");
    assert_int_equal(count(html, "<g class=\"cell  gone\">"), 0);
    ASSERT_CONTAINS(html, "<b>incomplete</b>");
    world_done(&world);
}

static void a_host_that_lacks_parts_does_not_look_whole(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 3, "cui-02/extensions/");
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    assert_sound(html);
    assert_int_equal(count(html, "<g class=\"cell partial\"><title>cui-02, "), 2);
    assert_int_equal(count(html, "<g class=\"cell partial\">"), 2);
    ASSERT_CONTAINS(html, "1 incomplete of 3 ");
    ASSERT_CONTAINS(html, "; not there: 6 parts of it</title>");
    world_done(&world);
}

static void nothing_that_stands_is_no_error(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 3, NULL);
    struct rd_report_input input = {
        .version = "0.1.0", .file = "enclave.yaml", .desired = world.desired};
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &input);
    assert_sound(html);
    ASSERT_CONTAINS(html, "<b>not built</b>");
    ASSERT_CONTAINS(html, "Nothing has been run yet.");
    ASSERT_CONTAINS(html, "No audit was made.");
    ASSERT_CONTAINS(html, "No price was worked out.");
    assert_int_equal(count(html, "<g class=\"cell  gone\">"), 2 * 3);
    world_done(&world);
}

static void directory_objects_alone_are_no_enclave(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 1, "/subscriptions/");
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    assert_true(world.live->count > 0);
    ASSERT_CONTAINS(html, "<b>not built</b><span>1 of ");
    world_done(&world);
}

static void a_subnet_of_others_is_named(void **state)
{
    static const char text[] =
        "enclave: test-one\n"
        "tenant: 11111111-2222-3333-4444-555555555555\n"
        "subscription: 22222222-3333-4444-5555-666666666666\n"
        "region: westeurope\n"
        "hosts: {count: 2, size: Standard_D8as_v6, security: trusted-launch}\n"
        "network: {existing_subnet: /subscriptions/22222222-3333-4444-5555-666666666666/"
        "resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v1/subnets/s1}\n"
        "access: {users_group: 33333333-4444-5555-6666-777777777777}\n";
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_err err = {.rc = RD_RC_OK};
    struct rd_spec *spec = NULL;
    struct rd_set *set = NULL;
    ASSERT_OK(rd_spec_parse(arena, "test.yaml", rd_str_from(text), &spec, &err), &err);
    ASSERT_OK(rd_enclave_compile(arena, spec, &set, &err), &err);
    struct rd_report_input input = {.desired = set};
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &input);
    assert_sound(html);
    ASSERT_CONTAINS(html, ">subnet (existing)</text>");
    ASSERT_CONTAINS(html, ">s1 of v1</text>");
    ASSERT_CONTAINS(html, ">test-one-02</text>");
    rd_set_done(set);
}

static void what_is_only_referred_to_is_never_missed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 1, "virtualNetworks/vnet-contoso-cui-hub");
    for (size_t i = 0; i < world.desired->count; i++)
        if (rd_set_find(world.live, world.desired->resources[i].id) == NULL)
            world.desired->resources[i].is_existing = true;
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    assert_sound(html);
    ASSERT_CONTAINS(html, "<b>stands</b>");
    assert_null(strstr(html, "(not there)</title>"));
    assert_null(strstr(html, "<summary>Not there"));
    world_done(&world);
}

static void an_empty_input_makes_a_page(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_report_input input = {0};
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &input);
    assert_sound(html);
    ASSERT_CONTAINS(html, "<b>empty</b>");
}

static void text_from_outside_is_escaped_everywhere(void **state)
{
    static const char hostile[] = "<script>alert(\"1\" & '2')</script>";
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 2, "virtualMachines/cui-02");
    struct rd_str bad = rd_str_from(hostile);
    world.desired->name = bad;
    world.desired->cloud = bad;
    world.input.file = hostile;
    world.input.version = hostile;
    struct rd_journal_entry *entries =
        rd_arena_array(arena, world.input.entry_count, sizeof(*entries));
    for (size_t i = 0; i < world.input.entry_count; i++) {
        entries[i] = world.input.entries[i];
        entries[i].step = bad;
        entries[i].code = bad;
        entries[i].message = bad;
        entries[i].id = rd_arena_printf(arena, "%s%zu", hostile, i);
    }
    world.input.entries = entries;
    for (size_t i = 0; i < world.desired->count; i++)
        world.desired->resources[i].name = bad;
    for (size_t i = 0; i < world.input.audit->findings->count; i++) {
        struct rd_finding *finding = &world.input.audit->findings->items[i];
        for (size_t k = 0; k < finding->violation_count; k++)
            finding->violations[k] = (struct rd_violation){.id = bad, .path = bad, .message = bad};
    }
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    assert_sound(html);
    assert_int_equal(count(html, "alert(\""), 0);
    assert_true(count(html, "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)") > 10);
    world_done(&world);
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_report_input input = {.file = "a\x01"
                                            "b\xff"
                                            "c\xc3"};
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &input);
    ASSERT_CONTAINS(html, "a\xEF\xBF\xBD"
                          "b\xEF\xBF\xBD"
                          "c\xEF\xBF\xBD</dd>");
    assert_true(rd_str_is_utf8(rd_buf_str(&out)));
}

static void a_rule_without_a_subject_is_never_among_the_passed(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 2, NULL);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    const char *passed = strstr(html, "<summary>Passed"),
               *silent = strstr(html, "<summary>Nothing to look at");
    assert_non_null(passed);
    assert_non_null(silent);
    size_t seen = 0;
    const struct rd_findings *findings = world.input.audit->findings;
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].verdict != RD_VERDICT_NO_SUBJECT)
            continue;
        struct rd_str mark =
            rd_arena_printf(arena, "\"id\">%.*s<", RD_FMT(findings->items[i].rule->id));
        const char *at = strstr(html, mark.p);
        assert_non_null(at);
        assert_true(at > silent);
        seen++;
    }
    assert_true(seen > 0);
    world_done(&world);
}

static void the_critical_path_leads_through_the_longest_needs(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "confidential-cmk", 1, NULL);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    const char *path = strstr(html, "Critical path: "), *rest = strstr(html, "Everything else");
    assert_non_null(path);
    assert_non_null(rest);
    struct rd_str part = {path, (size_t)(rest - path)};
    assert_true(rd_str_find(part, RD_STR("managed HSM"), 0) != RD_STR_NONE);
    assert_true(rd_str_find(part, RD_STR("virtual machine"), 0) != RD_STR_NONE);
    assert_true(rd_str_find(part, RD_STR("budget"), 0) == RD_STR_NONE);
    world_done(&world);
}

static void a_failed_step_bears_the_cloud_s_code(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 1, "virtualMachines/cui-01");
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    ASSERT_CONTAINS(html, "<code>AllocationFailed</code> allocation failed");
    ASSERT_CONTAINS(html, "<rect class=\"failed\"");
    ASSERT_CONTAINS(html, "<dt>steps failed</dt>");
    world_done(&world);
}

static void a_step_that_has_not_ended_is_said_to_be_open(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_run_record run = {.run = 1, .verb = RD_STR("apply"), .start_ms = WORLD_START_MS};
    struct rd_journal_entry entry = {.run = 1,
                                     .sequence = 1,
                                     .time_ms = WORLD_START_MS + 1000,
                                     .phase = RD_JOURNAL_INTENT,
                                     .step = RD_STR("delete"),
                                     .id = RD_STR("/subscriptions/x")};
    struct rd_report_input input = {.run = &run, .entries = &entry, .entry_count = 1};
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &input);
    assert_sound(html);
    ASSERT_CONTAINS(html, "not ended</div>");
    ASSERT_CONTAINS(html, "<dt>steps not ended</dt><dd>1</dd>");
}

static void a_long_message_is_not_cut_within_a_character(void **state)
{
    char message[1000];
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    for (size_t at = 0; at < sizeof(message); at += 2)
        (void)memcpy(&message[at], "\xC3\xA4", 2);
    for (size_t shift = 0; shift < 2; shift++) {
        struct rd_run_record run = {.run = 1, .verb = RD_STR("apply"), .state = RD_RUN_FAILED};
        struct rd_journal_entry entry = {.run = 1,
                                         .phase = RD_JOURNAL_FAILED,
                                         .step = RD_STR("put"),
                                         .code = RD_STR("BadRequest"),
                                         .message = {message, sizeof(message)}};
        message[0] = shift == 0 ? '\xC3' : 'x';
        message[1] = shift == 0 ? '\xA4' : 'y';
        entry.message.p += shift;
        entry.message.n -= shift;
        struct rd_report_input input = {.run = &run, .entries = &entry, .entry_count = 1};
        RD_CLEANUP(rd_buf_done) struct rd_buf out;
        const char *html = render(&out, arena, &input);
        assert_sound(html);
        assert_null(strstr(html, "\xEF\xBF\xBD"));
        ASSERT_CONTAINS(html, "\xC3\xA4\xE2\x80\xA6</div>");
    }
}

static void the_price_is_the_sheet_s(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct world world = world_make(arena, "sovereign", 20, NULL);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    const char *html = render(&out, arena, &world.input);
    ASSERT_CONTAINS(html, "<b>$3,077 a month</b><span>$36,924 a year</span>");
    ASSERT_CONTAINS(html, "$2,837<small> (saves $240)</small>");
    world_done(&world);
}

TESTS(TEST(a_whole_report_is_well_formed_and_asks_for_nothing),
      TEST(the_picture_names_what_the_set_has), TEST(many_hosts_are_collapsed),
      TEST(a_thousand_hosts_stay_small), TEST(what_is_missing_is_dashed_and_said_so),
      TEST(a_host_that_lacks_parts_does_not_look_whole), TEST(nothing_that_stands_is_no_error),
      TEST(directory_objects_alone_are_no_enclave), TEST(a_subnet_of_others_is_named),
      TEST(what_is_only_referred_to_is_never_missed), TEST(an_empty_input_makes_a_page),
      TEST(text_from_outside_is_escaped_everywhere), TEST(bytes_that_are_no_text_are_replaced),
      TEST(a_rule_without_a_subject_is_never_among_the_passed),
      TEST(the_critical_path_leads_through_the_longest_needs),
      TEST(a_failed_step_bears_the_cloud_s_code),
      TEST(a_step_that_has_not_ended_is_said_to_be_open),
      TEST(a_long_message_is_not_cut_within_a_character), TEST(the_price_is_the_sheet_s))
