/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Requests that no client of good will sends: each has an answer, and the cloud goes on. */

#define NETWORK FIXTURE_GROUP "/providers/Microsoft.Network"
#define SUBNET NETWORK "/virtualNetworks/vnet/subnets/hosts"
#define KEYS "https://kv-one.vault.azure.net"

static const struct sample {
    const char *path;
    const char *body;
} samples[] = {
    {NETWORK "/virtualNetworks/vnet",
     "{\"location\":\"westeurope\",\"tags\":{\"a\":\"b\"},\"properties\":{\"addressSpace\":{"
     "\"addressPrefixes\":[\"10.0.0.0/16\"]},\"subnets\":[{\"name\":\"hosts\",\"properties\":{"
     "\"addressPrefix\":\"10.0.0.0/19\",\"delegations\":[{\"name\":\"d\",\"properties\":{"
     "\"serviceName\":\"x\"}}]}}]}}"},
    {NETWORK "/networkSecurityGroups/nsg",
     "{\"location\":\"westeurope\",\"properties\":{\"securityRules\":[{\"name\":\"r\","
     "\"properties\":{\"priority\":100,\"direction\":\"Inbound\",\"access\":\"Deny\",\"protocol\":"
     "\"*\",\"sourceAddressPrefix\":\"*\",\"sourcePortRange\":\"*\",\"destinationAddressPrefix\":"
     "\"*\",\"destinationPortRange\":\"*\"}}]}}"},
    {FIXTURE_GROUP "/providers/Microsoft.OperationalInsights/workspaces/log1",
     "{\"location\":\"westeurope\",\"properties\":{\"retentionInDays\":30,\"sku\":{\"name\":"
     "\"PerGB2018\"}}}"},
    {FIXTURE_GROUP "/providers/Microsoft.Insights/dataCollectionRules/dcr",
     "{\"location\":\"westeurope\",\"kind\":\"Windows\",\"properties\":{\"dataSources\":{"
     "\"windowsEventLogs\":[{\"name\":\"w\",\"streams\":[\"Microsoft-Event\"],\"xPathQueries\":["
     "\"System!*\"]}]},\"destinations\":{\"logAnalytics\":[{\"name\":\"law\","
     "\"workspaceResourceId\":\"" FIXTURE_GROUP
     "/providers/Microsoft.OperationalInsights/workspaces/log1\"}]},\"dataFlows\":[{\"streams\":["
     "\"Microsoft-Event\"],\"destinations\":[\"law\"]}]}}"},
    {FIXTURE_GROUP "/providers/Microsoft.KeyVault/vaults/kv-one",
     "{\"location\":\"westeurope\",\"properties\":{\"tenantId\":"
     "\"22222222-2222-4222-8222-222222222222\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
     "\"enableRbacAuthorization\":true,\"softDeleteRetentionInDays\":7}}"},
    {FIXTURE_GROUP "/providers/Microsoft.Compute/galleries/gal",
     "{\"location\":\"westeurope\",\"properties\":{\"description\":\"d\"}}"},
    {FIXTURE_GROUP "/providers/Microsoft.Compute/disks/disk",
     "{\"location\":\"westeurope\",\"sku\":{\"name\":\"Premium_LRS\"},\"properties\":{"
     "\"creationData\":{\"createOption\":\"Empty\"},\"diskSizeGB\":32}}"},
    {FIXTURE_GROUP "/providers/Microsoft.DesktopVirtualization/hostPools/pool",
     "{\"location\":\"westeurope\",\"properties\":{\"hostPoolType\":\"Pooled\","
     "\"loadBalancerType\":\"BreadthFirst\",\"preferredAppGroupType\":\"Desktop\","
     "\"maxSessionLimit\":5}}"},
};

static int put(struct fixture *f, const char *path, const char *body)
{
    return fixture_send(f, "PUT", path, body);
}

static void open_world(struct fixture *f)
{
    fixture_open(f, NULL);
    assert_int_equal(put(f, FIXTURE_GROUP, "{\"location\":\"westeurope\"}"), 201);
    for (size_t i = 0; i < EM_COUNT(samples); i++) {
        int status = put(f, samples[i].path, samples[i].body);
        if (status < 200 || status > 202)
            fail_msg("%s: %d %.*s", samples[i].path, status, RD_FMT(f->reply.body));
        f->now_ms += 3600000;
    }
    /* The built-in deployer may use vaults when any person may. */
    assert_int_equal(put(f,
                         "/subscriptions/" FIXTURE_SUBSCRIPTION
                         "/providers/Microsoft.Authorization/roleAssignments/"
                         "99999999-0000-4000-8000-000000000001",
                         "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/x/providers/"
                         "Microsoft.Authorization/roleDefinitions/"
                         "00482a5a-887f-4fb3-b363-3b7fe8e74483\",\"principalId\":"
                         "\"99999999-9999-4999-8999-999999999999\"}}"),
                     201);
    f->now_ms += 1200000;
}

/* Every value of the tree in turn, the root first; false behind the last. */
static struct rd_json *nth(struct rd_json *value, size_t *left)
{
    if ((*left)-- == 0)
        return value;
    struct rd_json *found = NULL;
    for (size_t i = 0; found == NULL && i < rd_json_count(value); i++)
        found = nth(value->type == RD_JSON_OBJECT ? &value->u.members[i].value : &value->u.items[i],
                    left);
    return found;
}

static struct rd_json kind_of(size_t which)
{
    switch (which) {
    case 0:
        return rd_json_bool(true);
    case 1:
        return rd_json_integer(INT64_MIN);
    case 2:
        return rd_json_string_c("\"\\\n");
    case 3:
        return rd_json_array();
    default:
        return rd_json_object();
    }
}

static void try_kind(struct fixture *f, const struct sample *sample, size_t index, size_t which,
                     bool *ret_is_done)
{
    struct rd_err err;
    struct rd_json body = rd_json_absent, kind = kind_of(which);
    size_t left = index;
    assert_int_equal(rd_json_parse(f->arena, "sample", rd_str_from(sample->body), 0, &body, &err),
                     RD_RC_OK);
    struct rd_json *place = nth(&body, &left);
    *ret_is_done = place == NULL;
    if (place == NULL || place->type == kind.type)
        return;
    *place = kind;
    const char *text = rd_json_text(f->arena, &body, RD_JSON_COMPACT).p;
    int status = fixture_send(f, "PUT", sample->path, text);
    /* An empty array or object says nothing wrong where arrays or objects may stand. */
    if (status < 400 ? which < 3 : status >= 500)
        fail_msg("%s %s: %d %.*s", sample->path, text, status, RD_FMT(f->reply.body));
    f->now_ms += 3600000;
    (void)fixture_send(f, "PATCH", sample->path, text);
    assert_true(f->reply.status < 500);
    f->now_ms += 3600000;
    assert_int_equal(fixture_send(f, "GET", sample->path, NULL), 200);
}

static void a_member_of_the_wrong_kind_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    open_world(&f);
    size_t tried = 0;
    for (size_t i = 0; i < EM_COUNT(samples); i++)
        for (size_t which = 0; which < 5; which++) {
            bool is_done = false;
            for (size_t index = 0; !is_done; index++, tried++)
                try_kind(&f, &samples[i], index, which, &is_done);
        }
    assert_true(tried > 300);
    fixture_close(&f);
}

static void an_id_that_nothing_may_have_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"a%00b", "a%0ab", "%ff%fe", "a%22b", "a%5cb", "%7f"};
    struct fixture f;
    open_world(&f);
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        char path[400];
        (void)snprintf(path, sizeof(path),
                       FIXTURE_GROUP "/providers/Microsoft.DesktopVirtualization/hostPools/%s",
                       names[i]);
        assert_int_equal(put(&f, path, samples[7].body), 400);
        assert_string_equal(fixture_code(&f), "InvalidRequestUri");
        (void)snprintf(path, sizeof(path), KEYS "/secrets/%s?api-version=7.4", names[i]);
        f.header_name = "Authorization";
        f.header_value = "Bearer embedded";
        assert_int_equal(put(&f, path, "{\"value\":\"x\"}"), 400);
    }
    f.header_name = "Authorization";
    f.header_value = "Bearer embedded";
    assert_int_equal(put(&f, KEYS "/secrets/a%2fb?api-version=7.4", "{\"value\":\"x\"}"), 400);
    fixture_close(&f);
}

static void a_body_nested_too_deep_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = 50 };
    struct fixture f;
    char body[1000] = "{\"location\":\"westeurope\",\"properties\":";
    open_world(&f);
    for (int i = 0; i < DEPTH; i++)
        (void)strncat(body, "{\"a\":", sizeof(body) - strlen(body) - 1);
    (void)strncat(body, "1", sizeof(body) - strlen(body) - 1);
    for (int i = 0; i <= DEPTH; i++)
        (void)strncat(body, "}", sizeof(body) - strlen(body) - 1);
    assert_int_equal(put(&f, samples[5].path, body), 400);
    assert_non_null(strstr(fixture_text(&f, "error.message"), "levels deep"));
    fixture_close(&f);
}

/* As many as a large pool has: its subnet's view is larger than any one body that was sent. */
static void a_network_of_thousands_of_hosts_is_shown_whole(void **state)
{
    (void)state;
    enum { HOSTS = 5000 };
    static const char nic[] =
        "{\"location\":\"westeurope\",\"properties\":{\"ipConfigurations\":[{\"name\":\"ipconfig-"
        "with-a-long-name-as-some-templates-draw-them\",\"properties\":{\"subnet\":{\"id\":"
        "\"" SUBNET "\"}}}]}}";
    struct fixture f;
    open_world(&f);
    for (int i = 0; i < HOSTS; i++) {
        char path[400];
        (void)snprintf(path, sizeof(path),
                       NETWORK "/networkInterfaces/a-rather-long-name-of-a-network-interface-%d",
                       i);
        f.now_ms += 500;
        assert_int_equal(put(&f, path, nic), 201);
        rd_arena_clear(f.arena);
    }
    f.now_ms += 3600000;
    assert_int_equal(fixture_send(&f, "GET", NETWORK "/virtualNetworks/vnet", NULL), 200);
    assert_true(f.reply.body.n > 1 << 20);
    assert_int_equal(
        rd_json_count(rd_json_at(&f.body, "properties.subnets.0.properties.ipConfigurations")),
        HOSTS);
    fixture_close(&f);
}

static int on_vault(struct fixture *f, const char *method, const char *path, const char *body)
{
    f->header_name = "Authorization";
    f->header_value = "Bearer embedded";
    return fixture_send(f, method, path, body);
}

static void what_is_deleted_softly_goes_when_its_days_are_over(void **state)
{
    (void)state;
    struct fixture f;
    open_world(&f);
    assert_int_equal(on_vault(&f, "PUT", KEYS "/secrets/s?api-version=7.4", "{\"value\":\"hush\"}"),
                     200);
    assert_int_equal(on_vault(&f, "DELETE", KEYS "/secrets/s?api-version=7.4", NULL), 200);
    f.now_ms += 6 * 86400000LL;
    assert_int_equal(on_vault(&f, "PUT", KEYS "/secrets/s?api-version=7.4", "{\"value\":\"new\"}"),
                     409);
    assert_int_equal(on_vault(&f, "GET", KEYS "/deletedsecrets?api-version=7.4", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&f.body, "value")), 1);
    f.now_ms += 2 * 86400000LL;
    assert_int_equal(on_vault(&f, "GET", KEYS "/deletedsecrets?api-version=7.4", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&f.body, "value")), 0);
    assert_int_equal(on_vault(&f, "PUT", KEYS "/secrets/s?api-version=7.4", "{\"value\":\"new\"}"),
                     200);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_of_the_wrong_kind_is_refused),
        cmocka_unit_test(an_id_that_nothing_may_have_is_refused),
        cmocka_unit_test(a_body_nested_too_deep_is_refused),
        cmocka_unit_test(a_network_of_thousands_of_hosts_is_shown_whole),
        cmocka_unit_test(what_is_deleted_softly_goes_when_its_days_are_over),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
