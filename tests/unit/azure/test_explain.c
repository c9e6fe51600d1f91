/* SPDX-License-Identifier: Apache-2.0 */
/* Errors in whatever Azure and its tools print, and the table that explains them. */
#include "check.h"

#include "azure/client.h"
#include "azure/explain.h"

/* The codes that are found, innermost first, "?" behind an unknown one and "-" for none. */
static struct rd_str codes_in(struct rd_arena *arena, struct rd_str text)
{
    struct rd_error_list list;
    struct rd_explanation explanation;
    struct rd_str codes = RD_STR("");
    rd_error_find(arena, text, &list);
    for (size_t i = 0; i < list.count; i++)
        codes = rd_arena_printf(arena, "%.*s%s%.*s%s", RD_FMT(codes), i > 0 ? " " : "",
                                RD_FMT(list.items[i].code.n > 0 ? list.items[i].code : RD_STR("-")),
                                rd_explanation_of(&list.items[i], &explanation) ? "" : "?");
    return codes;
}

struct example {
    const char *text, *codes;
};

static void expect(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_str codes = codes_in(arena, rd_str_from(examples[i].text));
        if (!rd_str_is(codes, examples[i].codes))
            fail_msg("%s\n  gives '%.*s', not '%s'", examples[i].text, RD_FMT(codes),
                     examples[i].codes);
    }
}

#define EXPECT(...)                                                                                \
    static const struct example examples_[] = {__VA_ARGS__};                                       \
    expect(examples_, sizeof(examples_) / sizeof(examples_[0]))

static void errors_of_arm_are_found_innermost_first(void **state)
{
    (void)state;
    EXPECT({"{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"m\"}}", "ResourceNotFound"},
           {"{\"code\":\"Conflict\",\"message\":\"m\"}", "Conflict"},
           {"[{\"error\":{\"code\":\"ScopeLocked\"}},{\"error\":{\"code\":\"NicInUse\"}}]",
            "ScopeLocked NicInUse"},
           {"{\"status\":\"Failed\",\"error\":{\"code\":\"DeploymentFailed\",\"message\":\"m\","
            "\"details\":[{\"code\":\"ResourceDeploymentFailure\",\"message\":\"m\",\"details\":[{"
            "\"code\":\"SkuNotAvailable\",\"message\":\"none\"}]}]}}",
            "SkuNotAvailable ResourceDeploymentFailure DeploymentFailed"},
           {"{\"error\":{\"code\":\"Conflict\",\"message\":\"m\",\"details\":[{\"code\":\"A1x\","
            "\"message\":\"m\"},{\"code\":\"QuotaExceeded\",\"message\":\"m\"}]}}",
            "A1x? QuotaExceeded Conflict"},
           {"{\"error\":{\"code\":\"Forbidden\",\"message\":\"m\",\"innererror\":{\"code\":"
            "\"ForbiddenByRbac\"}}}",
            "ForbiddenByRbac Forbidden"},
           {"{\"properties\":{\"statusMessage\":{\"error\":{\"code\":\"AllocationFailed\"}}}}",
            "AllocationFailed"},
           {"{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"m\",\"innererror\":{"
            "\"internalErrorCode\":\"TooManyRequestsReceived\"}}}",
            "TooManyRequestsReceived OperationNotAllowed"});
}

static void errors_in_escaped_json_are_found(void **state)
{
    (void)state;
    EXPECT({"{\"error\":{\"code\":\"Conflict\",\"message\":\"{\\\"status\\\":\\\"Failed\\\","
            "\\\"error\\\":{\\\"code\\\":\\\"ResourceDeploymentFailure\\\",\\\"message\\\":\\\"{"
            "\\\\\\\"error\\\\\\\":{\\\\\\\"code\\\\\\\":\\\\\\\"NicInUse\\\\\\\"}}\\\"}}\"}}",
            "NicInUse ResourceDeploymentFailure Conflict"},
           {"{\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"ScopeLocked\\\"}}\"}", "ScopeLocked"},
           /* Cut off, so that it is no JSON any more. */
           {"log: {\"error\":{\"code\":\"ScopeLocked\",\"mess", "ScopeLocked"},
           {"log: {\\\"error\\\":{\\\"code\\\":\\\"NeverSeen\\\",\\\"mess", "NeverSeen?"});
}

static void errors_of_other_services_are_found(void **state)
{
    (void)state;
    EXPECT(
        {"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client "
         "secret\",\"error_codes\":[7000215]}",
         "AADSTS7000215 invalid_client"},
        {"{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS99999999: new\"}",
         "AADSTS99999999? invalid_grant"},
        {"{\"odata.error\":{\"code\":\"Request_ResourceNotFound\",\"message\":{\"lang\":\"en\","
         "\"value\":\"Resource '1' does not exist\"}}}",
         "Request_ResourceNotFound"},
        {"{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"m\",\"innerError\":"
         "{\"date\":\"2026-01-01\",\"request-id\":\"1\"}}}",
         "Authorization_RequestDenied"},
        {"{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10000: Request is missing a "
         "Bearer or PoP token.\"}}",
         "AKV10000 Unauthorized"},
        {"{\"error\":{\"code\":\"BadParameter\",\"message\":\"AKV.SKR.1004: Exportable keys must "
         "have release policy.\"}}",
         "AKV.SKR.1004 BadParameter"},
        {"{\"error\":{\"code\":\"BadArgumentError\",\"innererror\":{\"code\":\"SemanticError\","
         "\"innererror\":{\"code\":\"SEM0100\",\"message\":\"m\"}}}}",
         "SEM0100 SemanticError BadArgumentError"},
        {"{\"properties\":{\"errorDetails\":[{\"errorCode\":\"UserErrorRpTimeout\","
         "\"errorString\":\"s\"}]}}",
         "UserErrorRpTimeout"},
        {"{\"properties\":{\"provisioningError\":{\"provisioningErrorCode\":\"BadSourceType\"}}}",
         "BadSourceType"},
        {"{\"properties\":{\"lastRunStatus\":{\"runState\":\"PartiallySucceeded\"}}}",
         "PartiallySucceeded"});
}

static void states_of_machines_and_hosts_are_found(void **state)
{
    (void)state;
    EXPECT({"{\"statuses\":[{\"code\":\"ProvisioningState/failed/ZonalAllocationFailed\"},{"
            "\"code\":\"PowerState/stopped\"}]}",
            "ZonalAllocationFailed PowerState/stopped"},
           {"{\"statuses\":[{\"code\":\"ProvisioningState/succeeded\",\"message\":\"m\"},{\"code\":"
            "\"PowerState/running\",\"message\":\"m\"}]}",
            ""},
           {"{\"properties\":{\"status\":\"NeedsAssistance\",\"sessionHostHealthCheckResults\":[{"
            "\"healthCheckName\":\"UrlsAccessibleCheck\",\"healthCheckResult\":"
            "\"HealthCheckFailed\"},{\"healthCheckName\":\"DomainJoinedCheck\","
            "\"healthCheckResult\":\"HealthCheckSucceeded\"}]}}",
            "UrlsAccessibleCheck NeedsAssistance"},
           {"{\"name\":\"Unavailable\",\"properties\":{\"status\":\"Available\"}}", ""});
}

static void errors_that_tools_print_are_found(void **state)
{
    (void)state;
    EXPECT(
        {"ERROR: (AuthorizationFailed) The client 'x' ...\nCode: AuthorizationFailed\nMessage: "
         "The client 'x' ...",
         "AuthorizationFailed"},
        {"(DeploymentFailed) m\nCode: DeploymentFailed\nException Details:\t(NeverSeen) m\n\t"
         "Code: NeverSeen\n\tException Details:\t(NicInUse) m\n\t\tCode: NicInUse",
         "NicInUse NeverSeen? DeploymentFailed"},
        {"ERROR: {\"status\":\"Failed\",\"error\":{\"code\":\"SkuNotAvailable\"}}",
         "SkuNotAvailable"},
        {"New-AzVM : m\r\nErrorCode: SkuNotAvailable\r\nStatusCode: 409\r\nReasonPhrase: "
         "Conflict\r\n",
         "SkuNotAvailable"},
        {"Code=\"ZonalAllocationFailed\" Message=\"Allocation failed.\"", "ZonalAllocationFailed"},
        {"unexpected status 409 (409 Conflict) with error: NeverSeen: text", "NeverSeen?"},
        {"{'additionalProperties': {}, 'code': 'QuotaExceeded', 'message': 'm'}", "QuotaExceeded"},
        {"AADSTS50126: Error validating credentials", "AADSTS50126"},
        {"error code -2145648509 from the extension", "0x801c0083"},
        {"failed with 0x801C0083.", "0x801c0083"},
        {"it ended with exit code 1 (see the log) in zone (Conflict)", ""},
        {"HTTP/1.1 429 Too Many Requests", "429"},
        {"<html><title>502 Bad Gateway</title></html>", "502"}, {"", ""},
        {"port 443, 500 machines", ""});
}

static void an_error_is_known_by_its_text_when_it_has_no_code(void **state)
{
    (void)state;
    EXPECT({"The target key has no key release policy", "-"},
           {"Operation could not be completed as it results in exceeding approved Total Regional "
            "Cores quota.",
            "OperationNotAllowed"},
           {"Failed while waiting for packerizer: Packer build command has failed: exit status 1.",
            "-"});
}

static void text_with_a_byte_order_mark_is_read(void **state)
{
    (void)state;
    static const char ascii[] = "ErrorCode: NicInUse";
    char wide[2 * sizeof(ascii)] = {'\xff', '\xfe'};
    for (size_t i = 0; i + 1 < sizeof(ascii); i++) {
        wide[2 + 2 * i] = ascii[i];
        wide[3 + 2 * i] = '\0';
    }
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    assert_true(rd_str_is(codes_in(arena, (struct rd_str){wide, sizeof(wide)}), "NicInUse"));
    assert_true(
        rd_str_is(codes_in(arena, RD_STR("\xef\xbb\xbf{\"code\":\"NicInUse\",\"message\":\"\"}")),
                  "NicInUse"));
}

static void one_code_with_two_meanings_is_explained_by_its_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rd_rc rc;
    } rows[] = {
        {"(OperationNotAllowed) it results in exceeding approved standardDCASv5Family Cores quota",
         RD_RC_QUOTA},
        {"{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"Disk X is attached to VM "
         "Y.\"}}",
         RD_RC_CONFLICT},
        {"ErrorCode: OperationNotAllowed\nErrorMessage: because too many requests have been "
         "received",
         RD_RC_TRANSIENT},
        {"(OperationNotAllowed) no", RD_RC_CONFIGURATION},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_error_list list;
        struct rd_explanation explanation;
        rd_error_find(arena, rd_str_from(rows[i].text), &list);
        assert_int_equal(list.count, 1);
        assert_true(rd_explanation_of(&list.items[0], &explanation));
        assert_int_equal(explanation.rc, rows[i].rc);
    }
}

static void hostile_text_is_searched_in_bounded_time(void **state)
{
    (void)state;
    static char text[1 << 18];
    static const char *const parts[] = {
        "{", "[", "{\"", "[[1],", "{\"code\":\"X", "AADSTS1 ", "\\\"code\\\":\\\"Abc\\\","};
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new((size_t)512 << 20);
        size_t n = strlen(parts[p]);
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = parts[p][i % n];
        struct rd_error_list list;
        rd_error_find(arena, (struct rd_str){text, sizeof(text)}, &list);
        assert_true(list.count <= 1000);
    }
}

static void every_row_of_the_table_can_be_met(void **state)
{
    (void)state;
    size_t states = 0;
    size_t plain = 0;
    for (size_t i = 0; i < rd_explanation_count(); i++) {
        struct rd_explanation row = rd_explanation_at(i);
        struct rd_str remedy = rd_error_hint(row.code, row.text);
        if (!rd_str_eq(remedy, row.remedy))
            fail_msg("'%.*s' with '%.*s' gets another row's remedy", RD_FMT(row.code),
                     RD_FMT(row.text));
        states += row.is_state;
        plain += row.text.n == 0 && !row.is_state;
        assert_true(row.group.n > 0 && row.meaning.n > 0 && row.remedy.n > 0 && row.who.n > 0);
        assert_true(row.source.n > 0);
        assert_int_equal(row.date.n, 10);
        assert_true(row.rc != RD_RC_OK);
        if (row.text.n == 0)
            assert_int_equal(rd_error_classify(row.status, row.code, RD_STR("")),
                             rd_str_is(row.code, "429") ? RD_RC_TRANSIENT : row.rc);
    }
    assert_true(plain >= 250); /* the issue asks for eighty */
    assert_true(states >= 10);
}

static void near_codes_are_named(void **state)
{
    (void)state;
    struct rd_str near[RD_EXPLAIN_NEAR_MAX];
    assert_int_equal(rd_explain_nearest(RD_STR("SkuNotAvailabel"), near), 1);
    assert_true(rd_str_is(near[0], "SkuNotAvailable"));
    assert_true(rd_explain_nearest(RD_STR("allocation"), near) >= 3);
    assert_int_equal(rd_explain_nearest(RD_STR("Zyxwvuts"), near), 0);
    assert_int_equal(rd_explain_nearest(RD_STR(""), near), 0);
}

static void what_is_passed_on_is_explained_by_the_same_row(void **state)
{
    (void)state;
    struct rd_err err = {0};
    struct rd_explanation row = {0};
    for (size_t i = 0; i < rd_explanation_count() && !rd_str_is(row.code, "SkuNotAvailable"); i++)
        row = rd_explanation_at(i);
    enum rd_rc rc = RD_FAIL(&err, RD_RC_CAPACITY, "creating 'vm' failed");
    rc = rd_error_explain(rc, RD_STR("SKUNOTAVAILABLE"), RD_STR(""), RD_STR(""), &err);
    assert_int_equal(rc, RD_RC_CAPACITY);
    assert_true(rd_str_is(row.remedy, err.hint));
    assert_int_equal(err.frame_count, 3);
    assert_true(row.meaning.n > 0);
    assert_true(rd_str_has_suffix(rd_str_from(err.frame[0]), row.meaning));
    assert_non_null(strstr(err.frame[2], "azure-compute reference 5.7, 2026-11-21"));
}

TESTS(TEST(errors_of_arm_are_found_innermost_first), TEST(errors_in_escaped_json_are_found),
      TEST(errors_of_other_services_are_found), TEST(states_of_machines_and_hosts_are_found),
      TEST(errors_that_tools_print_are_found),
      TEST(an_error_is_known_by_its_text_when_it_has_no_code),
      TEST(text_with_a_byte_order_mark_is_read),
      TEST(one_code_with_two_meanings_is_explained_by_its_text),
      TEST(hostile_text_is_searched_in_bounded_time), TEST(every_row_of_the_table_can_be_met),
      TEST(near_codes_are_named), TEST(what_is_passed_on_is_explained_by_the_same_row))
