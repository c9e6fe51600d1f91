/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the shapes of recorded answers of Azure's, the ugly ones first. Transcribed
 * from recordings 01 to 04 and 08 and from the threads that the reference names; names are ours. */
#include "bench.h"

#define IMAGE_URL                                                                                  \
    ARM SUB "/resourceGroups/g/providers/Microsoft.VirtualMachineImages/imageTemplates/t"
#define VAULT_URL ARM SUB "/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v?api-version=1"
#define DES_URL                                                                                    \
    ARM SUB "/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/d?api-version=1"
#define DES_ID "/subscriptions/x/resourceGroups/G/providers/Microsoft.Compute/diskEncryptionSets/d"

/* A signed URL of an operation as DiskOperations gives it: t, c (a certificate), s and h. */
static const char *signed_url(char *out, size_t size, char filler, const char *more)
{
    static char certificate[2701];
    static char signature[343];
    memset(certificate, filler, sizeof(certificate) - 1);
    memset(signature, filler, sizeof(signature) - 1);
    (void)snprintf(out, size,
                   ARM SUB "/providers/Microsoft.Compute/locations/westus/DiskOperations/"
                           "7272ba8e-39e9-489b-b229-f335774c4657?p=42128af7-4c72-4222-9761-"
                           "fb0d8e6cebdc%s&api-version=2023-04-02&t=638761527828471505&c=%s&s=%s"
                           "&h=%.43s",
                   more, certificate, signature, signature);
    return out;
}

/* Recording 01: 202 with both headers, a body without id in CRLF, and an operation whose output is
 * the whole resource. */
static void a_disk_encryption_set_is_followed_by_its_signed_url(void **state)
{
    (void)state;
    static char operation[4096];
    static char location[4096];
    struct fake_line lines[] = {
        {.status = 202,
         .body = "{\r\n  \"location\": \"westus\",\r\n  \"properties\": {\r\n    "
                 "\"provisioningState\": \"Updating\"\r\n  }\r\n}",
         .headers = {"azure-asyncoperation", signed_url(operation, sizeof(operation), 'M', ""),
                     "location", signed_url(location, sizeof(location), 'N', "&monitor=true")}},
        {.status = 200,
         .body = "{\r\n  \"startTime\": \"2025-02-26T07:46:22.6813515+00:00\",\r\n  \"endTime\": "
                 "\"2025-02-26T07:46:22.7282679+00:00\",\r\n  \"status\": \"Succeeded\",\r\n  "
                 "\"properties\": {\r\n    \"output\": {\"id\":\"" DES_ID "\"}\r\n  }\r\n}"}};
    struct bench b;
    bench_init(&b, lines, 2);
    struct rd_call call = call_of(&b, RD_HTTP_PUT, DES_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_true(strlen(operation) > 3000);
    assert_true(rd_str_is(b.net.fake.log[1].url, operation)); /* verbatim, and not the Location */
    assert_true(
        rd_str_is(rd_json_str(rd_json_at(&b.outcome.body, "properties.output.id")), DES_ID));
    bench_done(&b);
}

/* Recording 01: no header at all, RegisteringDns, vaultUri with and without its slash. */
static void a_vault_is_polled_itself(void **state)
{
    (void)state;
    BENCH(b,
          {.status = 200,
           .body = "{\"properties\":{\"vaultUri\":\"https://v.vault.azure.net\","
                   "\"provisioningState\":\"RegisteringDns\"}}"},
          {.status = 200,
           .body = "{\"properties\":{\"vaultUri\":\"https://v.vault.azure.net/\","
                   "\"provisioningState\":\"RegisteringDns\"}}"},
          {.status = 200,
           .body = "{\"properties\":{\"vaultUri\":\"https://v.vault.azure.net/\","
                   "\"provisioningState\":\"Succeeded\"}}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VAULT_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.outcome.polls, 2);
    assert_true(rd_str_is(b.net.fake.log[2].url, VAULT_URL));
    bench_done(&b);
}

/* Recordings 03, 04; real-clients 7.2: each provider has a body of its own. */
static void operations_of_each_provider_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *running, *done;
    } rows[] = {
        {"{\"status\":\"Running\"}", "{\"status\":\"Succeeded\"}"}, /* deployments, network */
        {"{\n \"name\": \"B4E3BBAE-BCB6-4A57-A382-61C9A29DD0EA\",\n \"status\": \"InProgress\"\n}",
         "{\n \"name\": \"B4E3BBAE-BCB6-4A57-A382-61C9A29DD0EA\",\n \"status\": \"Succeeded\"\n}"},
        {"{\"id\":\"1\",\"status\":\"InProgress\",\"endTime\":\"0001-01-01T00:00:00Z\"}",
         "{\"id\":\"1\",\"status\":\"Succeeded\",\"endTime\":\"0001-01-01T00:00:00Z\","
         "\"properties\":{\"objectType\":\"OperationStatusJobExtendedInfo\",\"jobId\":\"2\"}}"},
        {"{\"status\":\"Creating\"}", ""}, /* an empty 200 is an end */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake_line lines[] = {
            {.status = 201, .body = "{}", .headers = {"Azure-AsyncOperation", OP_URL}},
            {.status = 200, .body = rows[i].running},
            {.status = 200, .body = rows[i].done}};
        struct bench b;
        bench_init(&b, lines, 3);
        struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
        run(&b, &call);
        assert_int_equal(b.outcome.rc, RD_RC_OK);
        assert_int_equal(b.outcome.polls, 2);
        bench_done(&b);
    }
}

/* azure-compute 4.3, 11.8: a client that waits for Succeeded or Failed waits for ever. */
static void an_operation_that_half_succeeded_has_ended(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200, .body = "{\"status\":\"PartiallySucceeded\"}"});
    struct rd_call call = call_of(&b, RD_HTTP_POST, IMAGE_URL "/run?api-version=1");
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_TRANSIENT);
    assert_true(rd_str_is(b.outcome.code, "PartiallySucceeded"));
    assert_int_equal(b.outcome.polls, 1);
    bench_done(&b);
}

/* Some providers write it with two l (azure-compute 1.3). */
static void a_cancelled_operation_is_told_as_one(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200, .body = "{\"status\":\"Cancelled\"}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_CONFLICT);
    assert_true(rd_str_is(b.outcome.code, "Canceled"));
    bench_done(&b);
}

/* azurerm#19146: HTTP 429 with the code of quota, no Retry-After, and JSON in a detail's message.
 */
static void compute_throttling_is_no_quota(void **state)
{
    (void)state;
    BENCH(b,
          {.status = 429,
           .body = "{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"The server rejected "
                   "the request because too many requests have been received for this "
                   "subscription.\",\"details\":[{\"code\":\"TooManyRequests\",\"target\":"
                   "\"PutVM3Min\",\"message\":\"{\\\"operationGroup\\\":\\\"PutVM3Min\\\","
                   "\\\"allowedRequestCount\\\":162}\"}],\"innererror\":{\"internalErrorCode\":"
                   "\"TooManyRequestsReceived\"}}}"},
          {.status = 200, .body = "{}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(b.outcome.attempts, 2);
    assert_int_equal(rd_client_stats(b.net.client)->throttled, 1);
    assert_true(b.done_ms > START_MS); /* it waited although nobody said how long */
    bench_done(&b);
}

struct refusal {
    int status;
    const char *body, *code, *part;
    enum rd_rc rc;
};

static void expect_refusal(enum rd_http_method method, const char *url,
                           const struct refusal *refusal)
{
    struct fake_line lines[] = {{.status = refusal->status, .body = refusal->body}};
    struct bench b;
    bench_init(&b, lines, 1);
    struct rd_call call = call_of(&b, method, url);
    run(&b, &call);
    if (b.outcome.rc != refusal->rc || !rd_str_is(b.outcome.code, refusal->code) ||
        rd_str_find(b.outcome.message, rd_str_from(refusal->part), 0) == RD_STR_NONE)
        fail_msg("%s: %s, '%.*s', '%.*s'", refusal->body, rd_rc_name(b.outcome.rc),
                 RD_FMT(b.outcome.code), RD_FMT(b.outcome.message));
    bench_done(&b);
}

static void refusals_are_understood_in_every_envelope(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        /* Recording 01. */
        {404,
         "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"The Resource "
         "'Microsoft.KeyVault/vaults/v' under resource group 'g' was not found. For more details "
         "please go to https://aka.ms/ARMResourceNotFoundFix\"}}",
         "ResourceNotFound", "was not found", RD_RC_NOT_FOUND},
        /* Without the wrapper (azure-compute 1.2). */
        {409, "{\"code\":\"Conflict\",\"message\":\"Update/Upgrade of image templates is not\"}",
         "Conflict", "Update/Upgrade", RD_RC_CONFIGURATION},
        /* Virtual desktop: the status instead of a code (azure-avd-ops 1.10). */
        {400,
         "{\"error\":{\"code\":\"400\",\"message\":\"ActivityId: 1 Error: ExpirationTime value "
         "must be between one hour and 30 days from now\"}}",
         "400", "ActivityId", RD_RC_CONFIGURATION},
        /* Escaped JSON, three deep, in a message. */
        {409,
         "{\"error\":{\"code\":\"Conflict\",\"message\":\"{\\\"status\\\":\\\"Failed\\\","
         "\\\"error\\\":{\\\"code\\\":\\\"ResourceDeploymentFailure\\\",\\\"message\\\":\\\"The "
         "resource operation completed\\\",\\\"details\\\":[{\\\"code\\\":"
         "\\\"ZonalAllocationFailed\\\",\\\"message\\\":\\\"Allocation failed.\\\"}]}}\"}}",
         "ZonalAllocationFailed", "Allocation failed.", RD_RC_CAPACITY},
        /* A preflight: the leaf says what it is (azure-compute 1.10). */
        {400,
         "{\"error\":{\"code\":\"InvalidTemplateDeployment\",\"message\":\"not valid\",\"details\":"
         "[{\"code\":\"QuotaExceeded\",\"message\":\"Total Regional Cores quota\"}]}}",
         "QuotaExceeded", "Total Regional", RD_RC_QUOTA},
        {403,
         "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"Resource 'v' was "
         "disallowed by policy.\",\"additionalInfo\":[{\"type\":\"PolicyViolation\",\"info\":{"
         "\"policyDefinitionName\":\"x\"}}]}}",
         "RequestDisallowedByPolicy", "disallowed by policy", RD_RC_POLICY},
        {403, "<html><body>blocked by the proxy</body></html>", "", "Forbidden", RD_RC_PERMISSION},
        {404, "", "", "Not Found", RD_RC_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_refusal(RD_HTTP_PUT, VM_URL, &rows[i]);
}

/* Recordings 01, 02: a vault's challenge has JSON, a managed HSM's nothing. */
static void a_challenge_is_a_permission_with_and_without_a_body(void **state)
{
    (void)state;
    static const struct refusal vault = {
        401,
        "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10000: Request is missing a Bearer "
        "or PoP token.\"}}",
        "Unauthorized", "AKV10000", RD_RC_PERMISSION};
    static const struct refusal hsm = {401, "", "", "Unauthorized", RD_RC_PERMISSION};
    expect_refusal(RD_HTTP_GET, "https://v.vault.azure.net/keys/k?api-version=7.5", &vault);
    expect_refusal(RD_HTTP_GET, "https://h.managedhsm.azure.net/keys/k?api-version=7.5", &hsm);
}

/* Recording 03: the versions of an image are a bare array, with ids in other letters. */
static void a_bare_array_is_a_body(void **state)
{
    (void)state;
    BENCH(b, {.status = 200,
              .body = "[\r\n  {\r\n    \"name\": \"20348.3328.250306\",\r\n    \"id\": "
                      "\"/Subscriptions/1/Providers/Microsoft.Compute/Locations/northeurope/"
                      "Publishers/MicrosoftWindowsServer\"\r\n  }\r\n]"});
    struct rd_call call = call_of(&b, RD_HTTP_GET, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_true(rd_json_is(&b.outcome.body, RD_JSON_ARRAY));
    assert_true(rd_str_is(rd_json_str(rd_json_at(&b.outcome.body, "0.name")), "20348.3328.250306"));
    bench_done(&b);
}

/* Recording 02 (purge: 204), and a firewall's PUT that changes nothing (azure-avd-ops 2.1). */
static void empty_bodies_are_successes(void **state)
{
    (void)state;
    static const struct {
        enum rd_http_method method;
        int status;
        const char *body;
    } rows[] = {{RD_HTTP_DELETE, 204, ""},
                {RD_HTTP_DELETE, 200, ""},
                {RD_HTTP_PUT, 200, "null"},
                {RD_HTTP_PUT, 200, " \r\n"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake_line lines[] = {{.status = rows[i].status, .body = rows[i].body}};
        struct bench b;
        bench_init(&b, lines, 1);
        struct rd_call call = call_of(&b, rows[i].method, VM_URL);
        run(&b, &call);
        assert_int_equal(b.outcome.rc, RD_RC_OK);
        assert_int_equal(b.net.fake.count, 1);
        bench_done(&b);
    }
}

/* A gateway's page: as an error it passes, as a success it is a lie. */
static void a_page_of_html_is_no_answer(void **state)
{
    (void)state;
    BENCH(b, {.status = 502, .body = "<html><title>502 Bad Gateway</title></html>"},
          {.status = 200, .body = "<html>sign in to the hotel's network</html>"});
    struct rd_call call = call_of(&b, RD_HTTP_GET, VM_URL);
    run(&b, &call);
    assert_int_equal(b.net.fake.count, 2); /* the first was tried again */
    assert_int_equal(b.outcome.rc, RD_RC_CLOUD);
    assert_true(rd_str_is(b.outcome.message, "the cloud's reply is not JSON"));
    assert_true(rd_str_has_prefix(b.outcome.resource_message, RD_STR("<html>sign in")));
    bench_done(&b);
}

/* azurerm#20867. Whoever signs requests asks for a new token and repeats the poll beneath us; when
 * that has not helped, the operation still runs: nothing is sent twice, and it can be taken up. */
static void a_token_that_ends_in_a_poll_costs_no_operation(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200, .body = "{\"status\":\"InProgress\"}"},
          {.status = 401,
           .body = "{\"error\":{\"code\":\"ExpiredAuthenticationToken\",\"message\":\"The access "
                   "token expiry UTC time '3/19/2023 8:55:46 AM' is earlier than current UTC time "
                   "'3/19/2023 8:55:57 AM'.\"}}",
           .headers = {"WWW-Authenticate", "Bearer error=\"invalid_token\""}},
          {.status = 200, .body = "{\"status\":\"Succeeded\"}"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_PERMISSION);
    assert_true(rd_str_is(b.outcome.code, "ExpiredAuthenticationToken"));
    assert_true(rd_str_has_prefix(rd_error_hint(b.outcome.code, b.outcome.message),
                                  RD_STR("sign in again")));
    assert_string_equal(b.accepted, OP_URL); /* what the journal has */
    b.done_count = 0;
    call.resume_url = RD_STR(OP_URL);
    run(&b, &call);
    assert_int_equal(b.outcome.rc, RD_RC_OK);
    assert_int_equal(rd_client_stats(b.net.client)->requests[RD_HTTP_PUT], 1);
    assert_true(rd_str_is(b.net.fake.log[3].url, OP_URL));
    bench_done(&b);
}

/* The 404 of a deleted thing's operation comes as plain text from some gateways. */
static void a_poll_that_answers_html_is_told_not_followed(void **state)
{
    (void)state;
    BENCH(b, {.status = 202, .body = "", .headers = {"Azure-AsyncOperation", OP_URL}},
          {.status = 200, .body = "<html></html>"});
    struct rd_call call = call_of(&b, RD_HTTP_PUT, VM_URL);
    run(&b, &call);
    assert_true(b.outcome.rc != RD_RC_OK);
    assert_int_equal(b.outcome.polls, 1);
    bench_done(&b);
}

TESTS(TEST(a_disk_encryption_set_is_followed_by_its_signed_url), TEST(a_vault_is_polled_itself),
      TEST(operations_of_each_provider_are_understood),
      TEST(an_operation_that_half_succeeded_has_ended), TEST(a_cancelled_operation_is_told_as_one),
      TEST(compute_throttling_is_no_quota), TEST(refusals_are_understood_in_every_envelope),
      TEST(a_challenge_is_a_permission_with_and_without_a_body), TEST(a_bare_array_is_a_body),
      TEST(empty_bodies_are_successes), TEST(a_page_of_html_is_no_answer),
      TEST(a_token_that_ends_in_a_poll_costs_no_operation),
      TEST(a_poll_that_answers_html_is_told_not_followed))
