/* SPDX-License-Identifier: Apache-2.0 */
/* Azure's errors: where they stand in a body, and what class they are of. */
#include "check.h"

#include "azure/client.h"

static void errors_are_found_in_every_envelope(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *message;
    } rows[] = {
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\"}}", "A", "m"},
        {"{\"code\":\"A\",\"message\":\"m\"}", "A", "m"},
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\",\"details\":[{\"code\":\"B\",\"message\":"
         "\"n\"}]}}",
         "B", "n"},
        {"{\"error\":{\"code\":\"Forbidden\",\"message\":\"m\",\"innererror\":{\"code\":\"C\"}}}",
         "C", "m"},
        {"{\"error\":{\"code\":\"Conflict\",\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"D\\\","
         "\\\"message\\\":\\\"deep\\\"}}\"}}",
         "D", "deep"},
        /* Of several details the one that can be explained, wherever it stands. */
        {"{\"error\":{\"code\":\"DeploymentFailed\",\"message\":\"m\",\"details\":[{\"code\":"
         "\"Unheard\",\"message\":\"first\"},{\"code\":\"Conflict\",\"message\":\"w\",\"details\":["
         "{"
         "\"code\":\"SkuNotAvailable\",\"message\":\"why\"}]}]}}",
         "SkuNotAvailable", "why"},
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\",\"details\":[{\"message\":\"no code\"},{"
         "\"code\":\"B\",\"message\":\"first\"},{\"code\":\"C\",\"message\":\"second\"}]}}",
         "B", "first"},
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\",\"details\":[{\"code\":\"B\",\"message\":"
         "\"first\"},{\"code\":\"Z\",\"message\":\"{\\\"error\\\":{\\\"code\\\":"
         "\\\"ScopeLocked\\\",\\\"message\\\":\\\"deep\\\"}}\"}]}}",
         "ScopeLocked", "deep"},
        {"[]", "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_json body;
        struct rd_err err;
        struct rd_str code;
        struct rd_str message;
        assert_int_equal(rd_json_parse(arena, "t", rd_str_from(rows[i].body), 0, &body, &err),
                         RD_RC_OK);
        rd_error_parse(arena, &body, &code, &message);
        assert_true(rd_str_is(code, rows[i].code));
        assert_true(rd_str_is(message, rows[i].message));
    }
}

static void errors_are_classified_as_the_table_says(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *code, *message;
        enum rd_rc rc;
    } rows[] = {
        {409, "OperationNotAllowed", "results in exceeding approved cores", RD_RC_QUOTA},
        {429, "OperationNotAllowed", "exceeding approved", RD_RC_TRANSIENT},
        {409, "OperationNotAllowed", "Disk X is attached to VM Y.", RD_RC_CONFLICT},
        {200, "zonalallocationfailed", "", RD_RC_CAPACITY},
        {400, "InvalidParameter", "", RD_RC_CONFIGURATION},
        {403, "AuthorizationFailed", "", RD_RC_PERMISSION},
        {403, "RequestDisallowedByPolicy", "", RD_RC_POLICY},
        {409, "ScopeLocked", "", RD_RC_POLICY},
        {400, "NicReservedForAnotherVm", "", RD_RC_CONFLICT},
        {400, "ReferencedResourceNotProvisioned", "", RD_RC_CONFLICT},
        {200, "InternalDiskManagementError", "", RD_RC_TRANSIENT},
        {200, "", "The target key has no key release policy", RD_RC_CONFIGURATION},
        {404, "Whatever", "", RD_RC_NOT_FOUND},
        {418, "Whatever", "", RD_RC_CONFIGURATION},
        {599, "Whatever", "", RD_RC_TRANSIENT},
        {200, "NeverSeen", "", RD_RC_CONFIGURATION},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(rd_error_classify(rows[i].status, rd_str_from(rows[i].code),
                                           rd_str_from(rows[i].message)),
                         rows[i].rc);
    assert_true(rd_error_propagates(RD_STR("KeyVaultAccessForbidden"), RD_STR("")));
    assert_false(rd_error_propagates(RD_STR("SkuNotAvailable"), RD_STR("")));
    assert_true(rd_error_hint(RD_STR("skunotavailable"), RD_STR("")).n > 0);
}

TESTS(TEST(errors_are_found_in_every_envelope), TEST(errors_are_classified_as_the_table_says))
