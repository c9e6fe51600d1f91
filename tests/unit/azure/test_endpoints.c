/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "azure/endpoints.h"

static struct rd_endpoints public_cloud(void)
{
    struct rd_endpoints endpoints;
    struct rd_err err;
    ASSERT_OK(rd_endpoints_find(RD_STR("AzureUSGovernment"), &endpoints, &err), &err);
    return endpoints;
}

static enum rd_rc read_metadata(struct rd_arena *arena, const char *text, const char *name,
                                struct rd_endpoints *ret_endpoints, struct rd_err *err)
{
    struct rd_json document;
    ASSERT_OK(rd_json_parse(arena, "test", rd_str_from(text), 0, &document, err), err);
    return rd_endpoints_from_metadata(
        arena, RD_STR("https://localhost:8443/metadata/endpoints?api-version=2022-09-01"),
        rd_str_from(name), &document, ret_endpoints, err);
}

#define SERVED                                                                                     \
    "[{\"name\":\"AzureUSGovernment\",\"resourceManager\":\"https://localhost:8443/\","            \
    "\"authentication\":{\"loginEndpoint\":\"https://localhost:8443\","                            \
    "\"audiences\":[\"https://management.core.usgovcloudapi.net\",\"https://other\"]},"            \
    "\"microsoftGraphResourceId\":\"https://localhost:8443/msgraph/\","                            \
    "\"logAnalyticsResourceId\":\"https://localhost:8443/la\","                                    \
    "\"suffixes\":{\"keyVaultDns\":\"vault.localhost:8443\","                                      \
    "\"mhsmDns\":\".managedhsm.localhost:8443\",\"storage\":\"localhost:8443\"},"                  \
    "\"redoubt\":{\"clock\":\"virtual\",\"now\":1234}}]"

static void an_unknown_cloud_names_the_nearest(void **state)
{
    (void)state;
    struct rd_endpoints endpoints;
    struct rd_err err;
    assert_int_equal(rd_endpoints_find(RD_STR("AzureUSGoverment"), &endpoints, &err),
                     RD_RC_INVALID);
    assert_non_null(strstr(err.hint, "AzureUSGovernment"));
    assert_int_equal(rd_endpoints_find(RD_STR("azureusgovernment"), &endpoints, &err), RD_RC_OK);
    assert_true(
        rd_endpoints_allow(&endpoints, RD_STR("https://hsm1.managedhsm.usgovcloudapi.net/keys/k")));
}

static void each_plane_has_its_hosts_and_its_audience(void **state)
{
    (void)state;
    struct rd_endpoints endpoints = public_cloud();
    static const struct {
        const char *url;
        enum rd_endpoint endpoint;
        const char *audience;
    } rows[] = {
        {"https://management.usgovcloudapi.net/subscriptions/1", RD_ENDPOINT_ARM,
         "https://management.usgovcloudapi.net"},
        {"https://MANAGEMENT.usgovcloudapi.net:443", RD_ENDPOINT_ARM,
         "https://management.usgovcloudapi.net"},
        {"https://graph.microsoft.us/v1.0/x", RD_ENDPOINT_GRAPH, "https://graph.microsoft.us"},
        {"https://a-1.vault.usgovcloudapi.net/keys", RD_ENDPOINT_VAULT,
         "https://vault.usgovcloudapi.net"},
        {"https://a.managedhsm.usgovcloudapi.net/", RD_ENDPOINT_HSM,
         "https://managedhsm.usgovcloudapi.net"},
        {"https://api.loganalytics.us/v1/workspaces/1/query", RD_ENDPOINT_LOGS,
         "https://api.loganalytics.us"},
        {"https://dce-1.usgovvirginia.ingest.monitor.azure.us/x", RD_ENDPOINT_INGESTION,
         "https://monitor.azure.us"},
        {"https://logs.blob.core.usgovcloudapi.net/c", RD_ENDPOINT_BLOB,
         "https://storage.azure.com"},
        {"https://login.microsoftonline.us/t/oauth2/v2.0/token", RD_ENDPOINT_NONE, ""},
        {"https://management.azure.com/", RD_ENDPOINT_NONE, ""},
        {"https://management.usgovcloudapi.net:8443/", RD_ENDPOINT_NONE, ""},
        {"http://management.usgovcloudapi.net/", RD_ENDPOINT_NONE, ""},
        {"https://management.usgovcloudapi.net.evil.example/", RD_ENDPOINT_NONE, ""},
        {"https://vault.usgovcloudapi.net/", RD_ENDPOINT_NONE, ""},
        {"https://.vault.usgovcloudapi.net/", RD_ENDPOINT_NONE, ""},
        {"https://a.b.vault.usgovcloudapi.net/", RD_ENDPOINT_NONE, ""},
        {"https://a..ingest.monitor.azure.us/", RD_ENDPOINT_NONE, ""},
        {"https://evilvault.usgovcloudapi.net/", RD_ENDPOINT_NONE, ""},
        {"https://a.vault.usgovcloudapi.net\\@evil.example/", RD_ENDPOINT_NONE, ""},
        {"https://a.vault.usgovcloudapi.net/\r\nHost: x", RD_ENDPOINT_NONE, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum rd_endpoint endpoint = rd_endpoints_which(&endpoints, rd_str_from(rows[i].url));
        if (endpoint != rows[i].endpoint)
            fail_msg("'%s' is of %d, not %d", rows[i].url, (int)endpoint, (int)rows[i].endpoint);
        ASSERT_STR(rd_endpoints_audience(&endpoints, endpoint), rows[i].audience);
    }
}

static void a_served_cloud_has_ports_and_paths(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_endpoints endpoints;
    struct rd_err err;
    ASSERT_OK(read_metadata(arena, SERVED, "AzureUSGovernment", &endpoints, &err), &err);
    ASSERT_STR(endpoints.arm, "https://localhost:8443");
    ASSERT_STR(endpoints.arm_audience, "https://management.core.usgovcloudapi.net");
    ASSERT_STR(endpoints.vault_audience, "https://vault.localhost:8443");
    ASSERT_STR(endpoints.federation_audience, "api://AzureADTokenExchangeUSGov");
    assert_true(endpoints.is_custom && endpoints.has_our_clock && endpoints.cloud_ms == 1234);
    static const struct {
        const char *url;
        enum rd_endpoint endpoint;
    } rows[] = {
        {"https://localhost:8443/subscriptions/1", RD_ENDPOINT_ARM},
        {"https://localhost:8443/msgraph/v1.0/x", RD_ENDPOINT_GRAPH},
        {"https://localhost:8443/msgraphic", RD_ENDPOINT_ARM},
        {"https://localhost:8443/la/v1/workspaces", RD_ENDPOINT_LOGS},
        {"https://kv.vault.localhost:8443/keys", RD_ENDPOINT_VAULT},
        {"https://h.managedhsm.localhost:8443/keys", RD_ENDPOINT_HSM},
        {"https://s.blob.localhost:8443/x", RD_ENDPOINT_BLOB},
        {"https://localhost/subscriptions/1", RD_ENDPOINT_NONE},
        {"https://localhost:8444/subscriptions/1", RD_ENDPOINT_NONE},
        {"https://kv.vault.localhost/keys", RD_ENDPOINT_NONE},
        {"https://management.usgovcloudapi.net/", RD_ENDPOINT_NONE},
        {"https://kv.vault.usgovcloudapi.net/", RD_ENDPOINT_NONE},
        {"https://x.ingest.localhost:8443/", RD_ENDPOINT_NONE}, /* its metadata names none */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rd_endpoints_which(&endpoints, rd_str_from(rows[i].url)) != rows[i].endpoint)
            fail_msg("'%s' is not of %d", rows[i].url, (int)rows[i].endpoint);
}

static void the_first_version_of_metadata_names_login_and_where_it_was_asked(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_endpoints endpoints;
    struct rd_err err;
    const char *text = "{\"galleryEndpoint\":\"https://g/\",\"authentication\":{\"loginEndpoint\":"
                       "\"https://localhost:8443/adfs\",\"audiences\":[\"https://a/\"]}}";
    ASSERT_OK(read_metadata(arena, text, "", &endpoints, &err), &err);
    ASSERT_STR(endpoints.arm, "https://localhost:8443");
    ASSERT_STR(endpoints.login, "https://localhost:8443/adfs");
    ASSERT_STR(endpoints.arm_audience, "https://a/");
    assert_int_equal(endpoints.vault_suffix.n, 0);
    assert_false(rd_endpoints_allow(&endpoints, RD_STR("https://a.vault.azure.net/")));
}

static void of_several_clouds_the_named_one_counts(void **state)
{
    (void)state;
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_endpoints endpoints;
    struct rd_err err;
#define CLOUD(name)                                                                                \
    "{\"name\":\"" name "\",\"resourceManager\":\"https://arm." name                               \
    ".example\",\"authentication\":{\"loginEndpoint\":\"https://login.example\",\"audiences\":["   \
    "\"https://a\"]}}"
    const char *two = "[" CLOUD("AzureCloud") "," CLOUD("AzureUSGovernment") "]";
    ASSERT_OK(read_metadata(arena, two, "azureusgovernment", &endpoints, &err), &err);
    ASSERT_STR(endpoints.arm, "https://arm.AzureUSGovernment.example");
    assert_int_equal(read_metadata(arena, two, "AzureChinaCloud", &endpoints, &err), RD_RC_INVALID);
    ASSERT_OK(read_metadata(arena, "[" CLOUD("AzureStack-7") "]", "AzureCloud", &endpoints, &err),
              &err);
    ASSERT_STR(endpoints.name, "AzureStack-7");
    assert_int_equal(
        read_metadata(arena, "[" CLOUD("AzureCloud") "]", "AzureUSGovernment", &endpoints, &err),
        RD_RC_INVALID);
    ASSERT_CONTAINS(err.msg, "AzureCloud");
}

static void bad_metadata_is_told_and_leads_nowhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[]",
        "{}",
        "7",
        "[7]",
        "[{\"resourceManager\":\"http://arm.example\"}]",
        "[{\"resourceManager\":\"https://a@b.example\"}]",
        "[{\"resourceManager\":\"https://arm.example\"}]",
        "[{\"resourceManager\":\"https://arm.example\",\"authentication\":{\"loginEndpoint\":"
        "\"https://l.example\",\"audiences\":[]}}]",
        "[{\"resourceManager\":\"https://arm.example\",\"authentication\":{\"loginEndpoint\":"
        "\"https://l.example\",\"audiences\":[\"https://a\"]},\"suffixes\":{\"keyVaultDns\":"
        "\"evil.example/..\"}}]",
        "{\"authentication\":{\"loginEndpoint\":\"ftp://x\",\"audiences\":[\"https://a\"]}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
        struct rd_endpoints endpoints;
        struct rd_err err;
        if (read_metadata(arena, texts[i], "", &endpoints, &err) != RD_RC_INVALID)
            fail_msg("'%s' is taken for metadata", texts[i]);
    }
}

TESTS(TEST(an_unknown_cloud_names_the_nearest), TEST(each_plane_has_its_hosts_and_its_audience),
      TEST(a_served_cloud_has_ports_and_paths),
      TEST(the_first_version_of_metadata_names_login_and_where_it_was_asked),
      TEST(of_several_clouds_the_named_one_counts), TEST(bad_metadata_is_told_and_leads_nowhere))
