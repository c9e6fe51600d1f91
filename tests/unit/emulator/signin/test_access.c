/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "world.h"

/* Who may do what: refusals of Resource Manager, of vaults and HSMs, and of the directory. */

#define SUB "/subscriptions/" SUBSCRIPTION
#define GROUP SUB "/resourceGroups/rg"
#define OTHER_GROUP SUB "/resourceGroups/other"
#define NETWORK "/providers/Microsoft.Network"
#define SUBNET GROUP NETWORK "/virtualNetworks/vnet/subnets/hosts"
#define ROLES "/providers/Microsoft.Authorization"
#define IDENTITY "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define VAULT GROUP "/providers/Microsoft.KeyVault/vaults/kv-one"
#define KEY_URL "https://kv-one.vault.localhost:8443/keys/k"
#define SECRET_URL "https://kv-one.vault.localhost:8443/secrets/s?api-version=7.4"
#define READER "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define CONTRIBUTOR "b24988ac-6180-42a0-ab88-20f7382dd24c"
#define CUSTOM "cccccccc-0000-4000-8000-000000000001"
#define SOMEBODY "dddddddd-0000-4000-8000-000000000001"
#define DELAY_MS (15 * 60 * 1000)

static int on_arm(struct world *w, const char *method, const char *path, const char *body)
{
    w->type = "application/json";
    return ask(w, method,
               rd_arena_printf(w->arena, AT "%s%sapi-version=2024-05-01", path,
                               strchr(path, '?') == NULL ? "?" : "&")
                   .p,
               body);
}

static const char *client(struct world *w, int n)
{
    return rd_arena_printf(w->arena, "33333333-3333-4333-8333-%012d", n).p;
}

static const char *object(struct world *w, int n)
{
    return rd_arena_printf(w->arena, "44444444-4444-4444-8444-%012d", n).p;
}

/* An application, with a role when that is not NULL. */
static void add(struct world *w, int n, const char *role, const char *scope)
{
    char hash[RD_SHA256_HEX_SIZE];
    struct rd_err err;
    struct rd_cloud_application application = {
        .name = RD_STR("other"),
        .client_id = rd_str_from(client(w, n)),
        .object_id = rd_str_from(object(w, n)),
        .secret_sha256_hex = rd_str_from(rd_sha256_hex(RD_STR("s"), hash)),
        .groups = {RD_STR(SOMEBODY)},
        .group_count = n == 5,
    };
    if (role != NULL)
        application.grants[application.grant_count++] =
            (struct rd_cloud_grant){rd_str_from(role), rd_str_from(scope)};
    ASSERT_OK(rd_cloud_add_application(w->cloud, &application, &err), &err);
}

static void sign_in_as(struct world *w, int n, const char *resource)
{
    struct rd_str form = rd_arena_printf(
        w->arena, "grant_type=client_credentials&client_id=%s&client_secret=s&resource=%s",
        client(w, n), resource);
    assert_int_equal(sign_in(w, V1, form.p), 200);
}

#define FOR_ARM "https%3A%2F%2Fmanagement.usgovcloudapi.net"
#define FOR_VAULT "https%3A%2F%2Fvault.usgovcloudapi.net"
#define FOR_GRAPH "https%3A%2F%2Fgraph.microsoft.us%2F"

/* Behind the last slash. */
static const char *last_part(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash == NULL ? url : slash + 1;
}

static void be_owner(struct world *w)
{
    assert_int_equal(sign_in(w, V2, BY_SECRET "&scope=" ARM_SCOPE), 200);
}

/* With a network and an identity in one group, another group beside it. */
static void open_cloud(struct world *w)
{
    *w = (struct world){.address = ADDRESS};
    world_open(w);
    be_owner(w);
    const char *place = "{\"location\":\"usgovvirginia\"}";
    assert_int_equal(on_arm(w, "PUT", GROUP, place), 201);
    assert_int_equal(on_arm(w, "PUT", OTHER_GROUP, place), 201);
    assert_int_equal(on_arm(w, "PUT", GROUP NETWORK "/virtualNetworks/vnet",
                            "{\"location\":\"usgovvirginia\",\"properties\":{\"addressSpace\":{"
                            "\"addressPrefixes\":[\"10.0.0.0/16\"]},\"subnets\":[{\"name\":"
                            "\"hosts\",\"properties\":{\"addressPrefix\":\"10.0.1.0/24\"}}]}}"),
                     201);
    w->now_ms += 60000;
}

static void assert_refused(struct world *w, int status, const char *code, const char *words)
{
    assert_int_equal(w->reply.status, status);
    assert_string_equal(text_at(w, "error.code"), code);
    ASSERT_CONTAINS(text_at(w, "error.message"), words);
}

static const char *grant_body(struct world *w, const char *role, const char *principal)
{
    return rd_arena_printf(w->arena,
                           "{\"properties\":{\"roleDefinitionId\":\"" SUB ROLES
                           "/roleDefinitions/%s\",\"principalId\":\"%s\",\"principalType\":"
                           "\"ServicePrincipal\"}}",
                           role, principal)
        .p;
}

static const char *nic_body(void)
{
    return "{\"location\":\"usgovvirginia\",\"properties\":{\"ipConfigurations\":[{\"name\":\"a\","
           "\"properties\":{\"subnet\":{\"id\":\"" SUBNET "\"}}}]}}";
}

static void who_has_no_role_learns_nothing(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 1, NULL, NULL);
    sign_in_as(&w, 1, FOR_ARM);
    const char *const paths[] = {GROUP,
                                 SUB "/resourceGroups/none",
                                 SUB "/resources",
                                 SUB "/resourceGroups",
                                 SUB,
                                 SUB "/providers/Microsoft.Compute/skus"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        on_arm(&w, "GET", paths[i], NULL);
        assert_refused(&w, 403, "AuthorizationFailed", "/read' over scope '" SUB);
        assert_string_equal(header_of(&w, "x-ms-failure-cause"), "gateway");
    }
    on_arm(&w, "GET", GROUP, NULL);
    assert_string_equal(
        text_at(&w, "error.message"),
        rd_arena_printf(w.arena,
                        "The client '%s' with object id '%s' does not have authorization to "
                        "perform action 'Microsoft.Resources/subscriptions/resourceGroups/read' "
                        "over scope '" GROUP "' or the scope is invalid. If access was recently "
                        "granted, please refresh your credentials.",
                        client(&w, 1), object(&w, 1))
            .p);
    assert_int_equal(on_arm(&w, "GET", "/subscriptions", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 0);
    assert_int_equal(on_arm(&w, "GET", SUB ROLES "/permissions", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 0);
    world_close(&w);
}

static void a_reader_reads_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *action;
    } refused[] = {
        {"PUT", GROUP "/providers/Microsoft.Compute/disks/d", "Microsoft.Compute/disks/write"},
        {"PATCH", GROUP NETWORK "/virtualNetworks/vnet", "Microsoft.Network/virtualNetworks/write"},
        {"DELETE", GROUP NETWORK "/virtualNetworks/vnet",
         "Microsoft.Network/virtualNetworks/delete"},
        {"POST", GROUP "/providers/microsoft.compute/virtualmachines/vm/deallocate",
         "Microsoft.Compute/virtualMachines/deallocate/action"},
        {"POST", SUB "/providers/Microsoft.Compute/register", "Microsoft.Compute/register/action"},
        {"POST",
         SUB "/providers/Microsoft.Features/providers/Microsoft.Compute/features/F/register",
         "Microsoft.Features/providers/features/register/action"},
    };
    struct world w;
    open_cloud(&w);
    add(&w, 1, "Reader", SUB);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", SUBNET, NULL), 200);
    assert_int_equal(on_arm(&w, "GET", SUB "/locations", NULL), 200);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        on_arm(&w, refused[i].method, refused[i].path, "{\"location\":\"usgovvirginia\"}");
        assert_refused(&w, 403, "AuthorizationFailed",
                       rd_arena_printf(w.arena, "action '%s' over", refused[i].action).p);
    }
    assert_int_equal(on_arm(&w, "GET", SUB ROLES "/permissions", NULL), 200);
    assert_string_equal(text_at(&w, "value.0.actions.0"), "*/read");
    world_close(&w);
}

/* Contributor is everything but what its notActions take away. */
static void a_contributor_writes_but_assigns_no_roles(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 1, "Contributor", SUB);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "PUT", GROUP NETWORK "/networkInterfaces/nic", nic_body()), 201);
    on_arm(&w, "PUT", GROUP ROLES "/roleAssignments/" SOMEBODY,
           grant_body(&w, READER, object(&w, 1)));
    assert_refused(&w, 403, "AuthorizationFailed", "Microsoft.Authorization/roleAssignments/write");
    world_close(&w);
}

static void a_role_counts_below_its_scope_and_nowhere_else(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 1, "Contributor", GROUP);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", SUBNET, NULL), 200);
    assert_int_equal(on_arm(&w, "GET", OTHER_GROUP, NULL), 403);
    /* A name that begins like the scope's is not below it. */
    assert_int_equal(on_arm(&w, "GET", GROUP "-two", NULL), 403);
    assert_int_equal(on_arm(&w, "GET", SUB "/resourceGroups", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 1);
    assert_string_equal(text_at(&w, "value.0.name"), "rg");
    assert_int_equal(on_arm(&w, "GET", SUB NETWORK "/virtualNetworks", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 1);
    assert_int_equal(on_arm(&w, "GET", "/subscriptions", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 1);
    assert_int_equal(on_arm(&w, "GET", SUB "/resources", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 1);
    world_close(&w);
}

static void a_role_counts_once_it_has_propagated_and_until_it_goes(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 1, NULL, NULL);
    be_owner(&w);
    const char *path = SUB ROLES "/roleAssignments/" SOMEBODY;
    assert_int_equal(on_arm(&w, "PUT", path, grant_body(&w, READER, object(&w, 1))), 201);
    assert_int_equal(on_arm(&w, "GET", path, NULL), 200);
    assert_string_equal(text_at(&w, "properties.createdBy"), OBJECT);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", GROUP, NULL), 403);
    w.now_ms += DELAY_MS;
    assert_int_equal(on_arm(&w, "GET", GROUP, NULL), 200);
    be_owner(&w);
    assert_int_equal(on_arm(&w, "DELETE", path, NULL), 200);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", GROUP, NULL), 403);
    world_close(&w);
}

static void a_role_of_ones_group_is_ones_own(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 5, NULL, NULL);
    assert_int_equal(
        on_arm(&w, "PUT", GROUP ROLES "/roleAssignments/" CUSTOM, grant_body(&w, READER, SOMEBODY)),
        201);
    w.now_ms += DELAY_MS;
    sign_in_as(&w, 5, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", GROUP, NULL), 200);
    world_close(&w);
}

static void what_a_body_links_to_must_be_allowed_too(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    assert_int_equal(on_arm(&w, "PUT", GROUP IDENTITY, "{\"location\":\"usgovvirginia\"}"), 201);
    add(&w, 1, "Contributor", OTHER_GROUP);
    sign_in_as(&w, 1, FOR_ARM);
    const char *nic = OTHER_GROUP NETWORK "/networkInterfaces/nic";
    on_arm(&w, "PUT", nic, nic_body());
    assert_refused(&w, 403, "LinkedAuthorizationFailed",
                   "has permission to perform action 'Microsoft.Network/networkInterfaces/write' "
                   "on scope '" OTHER_GROUP NETWORK
                   "/networkInterfaces/nic'; however, it does not have permission to perform "
                   "action 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked "
                   "scope(s) '" SUBNET "'");
    on_arm(&w, "PUT", OTHER_GROUP "/providers/Microsoft.Compute/virtualMachines/vm",
           "{\"location\":\"usgovvirginia\",\"identity\":{\"type\":\"UserAssigned\","
           "\"userAssignedIdentities\":{\"" GROUP IDENTITY "\":{}}}}");
    assert_refused(&w, 403, "LinkedAuthorizationFailed",
                   "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action");
    be_owner(&w);
    assert_int_equal(on_arm(&w, "PUT", nic, nic_body()), 201);
    world_close(&w);
}

#define DEFINITION SUB ROLES "/roleDefinitions/" CUSTOM
#define CUSTOM_BODY(actions, scope)                                                                \
    "{\"properties\":{\"roleName\":\"Vnet looker\",\"permissions\":[{\"actions\":[" actions        \
    "],\"notActions\":[\"Microsoft.Network/virtualNetworks/subnets/read\"]}],"                     \
    "\"assignableScopes\":[\"" scope "\"]}}"

static void a_custom_role_allows_what_it_lists(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 1, NULL, NULL);
    const char *body = CUSTOM_BODY("\"Microsoft.Network/virtualNetworks/*/read\"", GROUP);
    assert_int_equal(on_arm(&w, "PUT", DEFINITION, body), 201);
    assert_string_equal(text_at(&w, "properties.type"), "CustomRole");
    assert_int_equal(
        on_arm(&w, "GET", GROUP ROLES "/roleDefinitions?$filter=type%20eq%20'CustomRole'", NULL),
        200);
    assert_string_equal(text_at(&w, "value.0.name"), CUSTOM);
    on_arm(&w, "PUT", OTHER_GROUP ROLES "/roleAssignments/" SOMEBODY,
           grant_body(&w, CUSTOM, object(&w, 1)));
    assert_refused(&w, 400, "RoleDefinitionDoesNotExist", CUSTOM);
    assert_int_equal(on_arm(&w, "PUT", GROUP ROLES "/roleAssignments/" SOMEBODY,
                            grant_body(&w, CUSTOM, object(&w, 1))),
                     201);
    w.now_ms += DELAY_MS;
    on_arm(&w, "DELETE", DEFINITION, NULL);
    assert_refused(&w, 400, "RoleDefinitionHasAssignments", "role assignments");
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", SUBNET, NULL), 403);
    assert_int_equal(on_arm(&w, "GET", GROUP NETWORK "/virtualNetworks/vnet", NULL), 403);
    be_owner(&w);
    assert_int_equal(on_arm(&w, "PUT", DEFINITION,
                            CUSTOM_BODY("\"Microsoft.Network/virtualNetworks/read\"", GROUP)),
                     201);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", GROUP NETWORK "/virtualNetworks/vnet", NULL), 200);
    be_owner(&w);
    assert_int_equal(on_arm(&w, "DELETE", GROUP ROLES "/roleAssignments/" SOMEBODY, NULL), 200);
    assert_int_equal(on_arm(&w, "DELETE", DEFINITION, NULL), 200);
    assert_int_equal(on_arm(&w, "GET", DEFINITION, NULL), 404);
    world_close(&w);
}

/* Azure asks for the rights to all that a template holds before it deploys any of it. */
static void a_deployment_needs_the_rights_to_all_in_it(void **state)
{
#define DEPLOY(resources)                                                                          \
    "{\"properties\":{\"mode\":\"Incremental\",\"parameters\":{\"name\":{\"value\":\"kv9\"}},"     \
    "\"template\":{\"$schema\":\"s\",\"contentVersion\":\"1.0.0.0\",\"parameters\":{\"name\":{"    \
    "\"type\":\"string\"}},\"resources\":[" resources "]}}}"
#define ITEM(type, name, more)                                                                     \
    "{\"type\":\"" type "\",\"apiVersion\":\"2024-05-01\",\"name\":\"" name "\"" more "}"
#define NIC_ITEM ITEM("Microsoft.Network/networkInterfaces", "n", "")
#define ROLE_ITEM(more)                                                                            \
    ITEM("Microsoft.Authorization/roleAssignments", "[guid('a')]", ",\"x\":1" more)
    static const struct {
        const char *body;
        int status;
        const char *words;
    } cases[] = {
        {DEPLOY(NIC_ITEM), 501, "does not run template deployments"},
        {DEPLOY(ROLE_ITEM("")), 403,
         "The template deployment failed with error: 'Authorization failed for template resource "
         "'[guid('a')]' of type 'Microsoft.Authorization/roleAssignments'. The client '"},
        {DEPLOY(ROLE_ITEM(",\"condition\":false")), 501, "does not run"},
        {DEPLOY(ITEM("Microsoft.Network/virtualNetworks", "v",
                     ",\"resources\":[{\"type\":\"providers/locks\",\"name\":\"l\",\"apiVersion\":"
                     "\"1\"}]")),
         501, "does not run"},
        {DEPLOY(
             ITEM("Microsoft.Authorization/locks", "[parameters('name')]", "") "," ROLE_ITEM("")),
         403,
         "Deployment failed with multiple errors: 'Authorization failed for template resource "
         "'kv9' "
         "of type 'Microsoft.Authorization/locks'. The client '"},
        {DEPLOY(ITEM("Microsoft.Authorization/locks", "[parameters('name')]", "")), 403,
         "'Microsoft.Authorization/locks/write' at scope '" GROUP ROLES "/locks/kv9'."},
        {DEPLOY(ITEM(
             "Microsoft.Resources/deployments", "inner",
             ",\"resourceGroup\":\"other\",\"properties\":{\"template\":{\"resources\":[" NIC_ITEM
             "]}}")),
         403,
         "'Microsoft.Network/networkInterfaces/write' at scope '" OTHER_GROUP NETWORK
         "/networkInterfaces/n'"},
    };
    (void)state;
    struct world w;
    open_cloud(&w);
    add(&w, 1, "Contributor", GROUP);
    sign_in_as(&w, 1, FOR_ARM);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        on_arm(&w, "PUT", GROUP "/providers/Microsoft.Resources/deployments/d", cases[i].body);
        assert_refused(&w, cases[i].status,
                       cases[i].status == 403 ? "InvalidTemplateDeployment"
                                              : "DeploymentsNotEmulated",
                       cases[i].words);
    }
    on_arm(&w, "POST", GROUP "/providers/Microsoft.Resources/deployments/d/validate",
           cases[1].body);
    assert_refused(&w, 403, "InvalidTemplateDeployment", "roleAssignments/write");
    on_arm(&w, "POST", GROUP "/providers/Microsoft.Resources/deployments/d/whatIf", cases[1].body);
    assert_int_equal(w.reply.status, 501); /* foretells only */
    be_owner(&w);
    on_arm(&w, "PUT", GROUP "/providers/Microsoft.Resources/deployments/d", cases[1].body);
    assert_int_equal(w.reply.status, 501);
    world_close(&w);
}

static void a_custom_role_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body, *code;
        int status;
    } bad[] = {
        {SUB ROLES "/roleDefinitions/x", CUSTOM_BODY("\"*/read\"", SUB), "InvalidRoleDefinitionId",
         400},
        {SUB ROLES "/roleDefinitions/" READER, CUSTOM_BODY("\"*/read\"", SUB),
         "RoleDefinitionUpdateNotPermitted", 400},
        {DEFINITION, CUSTOM_BODY("\"read\"", SUB), "InvalidActionOrNotAction", 400},
        {DEFINITION, CUSTOM_BODY("7", SUB), "InvalidActionOrNotAction", 400},
        {DEFINITION, CUSTOM_BODY("\"*/read\"", "/"), "InvalidAssignableScope", 400},
        {DEFINITION, "{\"properties\":{\"roleName\":\"n\",\"permissions\":[]}}",
         "InvalidRoleDefinition", 400},
        {DEFINITION, "{\"properties\":{\"permissions\":[{}]}}", "InvalidRoleDefinitionName", 400},
        {DEFINITION,
         "{\"properties\":{\"roleName\":\"reader\",\"permissions\":[{}],\"assignableScopes\":["
         "\"" SUB "\"]}}",
         "RoleDefinitionWithSameNameExists", 409},
    };
    struct world w;
    open_cloud(&w);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(on_arm(&w, "PUT", bad[i].path, bad[i].body), bad[i].status);
        assert_string_equal(text_at(&w, "error.code"), bad[i].code);
    }
    world_close(&w);
}

static void an_owner_has_no_right_in_a_vault(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    assert_int_equal(on_arm(&w, "PUT", VAULT,
                            "{\"location\":\"usgovvirginia\",\"properties\":{\"tenantId\":\"" TENANT
                            "\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
                            "\"enableRbacAuthorization\":true}}"),
                     200);
    w.now_ms += 600000;
    add(&w, 1, "Owner", SUB);
    add(&w, 2, "Key Vault Secrets User", VAULT);
    add(&w, 3, "Key Vault Secrets Officer", VAULT);
    w.type = "application/json";
    sign_in_as(&w, 1, FOR_VAULT);
    w.type = "application/json";
    assert_int_equal(ask(&w, "PUT", SECRET_URL, "{\"value\":\"hush\"}"), 403);
    assert_string_equal(text_at(&w, "error.code"), "Forbidden");
    assert_string_equal(text_at(&w, "error.innererror.code"), "ForbiddenByRbac");
    ASSERT_CONTAINS(text_at(&w, "error.message"),
                    "Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'\r\nResource: '"
                    "/subscriptions/" SUBSCRIPTION
                    "/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv-one/secrets/s'");
    ASSERT_CONTAINS(text_at(&w, "error.message"), "Vault: kv-one;location=usgovvirginia");
    sign_in_as(&w, 3, FOR_VAULT);
    w.type = "application/json";
    assert_int_equal(ask(&w, "PUT", SECRET_URL, "{\"value\":\"hush\"}"), 200);
    assert_int_equal(
        ask(&w, "GET", "https://kv-one.vault.localhost:8443/keys?api-version=7.4", NULL), 403);
    sign_in_as(&w, 2, FOR_VAULT);
    assert_int_equal(ask(&w, "GET", SECRET_URL, NULL), 200);
    assert_int_equal(ask(&w, "DELETE", SECRET_URL, NULL), 403);
    world_close(&w);
}

/* Who reads the vault reads the properties of what is in it, never a value, and nothing else does.
 */
static void a_reader_sees_keys_and_secrets_as_resources_without_values(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    assert_int_equal(on_arm(&w, "PUT", VAULT,
                            "{\"location\":\"usgovvirginia\",\"properties\":{\"tenantId\":\"" TENANT
                            "\",\"sku\":{\"family\":\"A\",\"name\":\"premium\"},"
                            "\"networkAcls\":{\"defaultAction\":\"Deny\"},"
                            "\"enableRbacAuthorization\":true}}"),
                     200);
    w.now_ms += 600000;
    add(&w, 1, "Reader", SUB);
    add(&w, 2, "Key Vault Administrator", VAULT);
    add(&w, 3, NULL, NULL);
    sign_in_as(&w, 2, FOR_VAULT);
    w.type = "application/json";
    assert_int_equal(ask(&w, "PUT", SECRET_URL,
                         "{\"value\":\"hush\",\"contentType\":\"pass\",\"tags\":{\"a\":\"b\"}}"),
                     200);
    assert_int_equal(ask(&w, "POST", KEY_URL "/create?api-version=7.4",
                         "{\"kty\":\"RSA-HSM\",\"key_size\":3072,\"tags\":{\"c\":\"d\"}}"),
                     200);
    const char *version = last_part(text_at(&w, "key.kid"));
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", VAULT "/secrets", NULL), 200);
    assert_string_equal(text_at(&w, "value.0.id"), VAULT "/secrets/s");
    assert_int_equal(on_arm(&w, "GET", VAULT "/secrets/s", NULL), 200);
    assert_string_equal(text_at(&w, "type"), "Microsoft.KeyVault/vaults/secrets");
    assert_string_equal(text_at(&w, "properties.contentType"), "pass");
    assert_string_equal(text_at(&w, "tags.a"), "b");
    ASSERT_CONTAINS(text_at(&w, "properties.secretUriWithVersion"),
                    "https://kv-one.vault.localhost:8443/secrets/s/");
    assert_true(rd_str_find(w.reply.body, RD_STR("hush"), 0) == RD_STR_NONE);
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys", NULL), 200);
    assert_string_equal(text_at(&w, "value.0.properties.keyUri"), KEY_URL);
    assert_string_equal(text_at(&w, "value.0.properties.kty"), "");
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys/k", NULL), 200);
    assert_string_equal(text_at(&w, "properties.kty"), "RSA-HSM");
    assert_int_equal(rd_json_int(rd_json_at(&w.json, "properties.keySize"), 0), 3072);
    assert_string_equal(last_part(text_at(&w, "properties.keyUriWithVersion")), version);
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys/k/versions", NULL), 200);
    assert_string_equal(text_at(&w, "value.0.name"), version);
    assert_int_equal(
        on_arm(&w, "GET", rd_arena_printf(w.arena, VAULT "/keys/k/versions/%s", version).p, NULL),
        200);
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys/k/versions/0", NULL), 404);
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys/other", NULL), 404);
    assert_int_equal(on_arm(&w, "GET", VAULT "-two/keys", NULL), 404);
    /* The vault itself asks for a role of its own all the same. */
    sign_in_as(&w, 1, FOR_VAULT);
    assert_int_equal(ask(&w, "GET", SECRET_URL, NULL), 403);
    assert_int_equal(ask(&w, "GET", KEY_URL "?api-version=7.4", NULL), 403);
    sign_in_as(&w, 3, FOR_ARM);
    on_arm(&w, "GET", VAULT "/keys/k", NULL);
    assert_refused(&w, 403, "AuthorizationFailed", "Microsoft.KeyVault/vaults/keys/read");
    /* What is deleted is no resource any more. */
    sign_in_as(&w, 2, FOR_VAULT);
    assert_int_equal(ask(&w, "DELETE", KEY_URL "?api-version=7.4", NULL), 200);
    sign_in_as(&w, 1, FOR_ARM);
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys/k", NULL), 404);
    assert_int_equal(on_arm(&w, "GET", VAULT "/keys", NULL), 200);
    assert_int_equal(rd_json_count(rd_json_at(&w.json, "value")), 0);
    world_close(&w);
}

static void a_vault_with_policies_asks_those(void **state)
{
    (void)state;
    struct world w;
    open_cloud(&w);
    const char *body =
        rd_arena_printf(w.arena,
                        "{\"location\":\"usgovvirginia\",\"properties\":{\"tenantId\":\"" TENANT
                        "\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
                        "\"enableRbacAuthorization\":false,\"accessPolicies\":[{\"tenantId\":"
                        "\"" TENANT "\",\"objectId\":\"%s\",\"permissions\":{\"secrets\":["
                        "\"Set\",\"list\"]}}]}}",
                        object(&w, 1))
            .p;
    assert_int_equal(on_arm(&w, "PUT", VAULT, body), 200);
    w.now_ms += 600000;
    add(&w, 1, NULL, NULL);
    sign_in_as(&w, 1, FOR_VAULT);
    w.type = "application/json";
    assert_int_equal(ask(&w, "PUT", SECRET_URL, "{\"value\":\"hush\"}"), 200);
    assert_int_equal(ask(&w, "GET", SECRET_URL, NULL), 403);
    assert_string_equal(text_at(&w, "error.innererror.code"), "AccessDenied");
    ASSERT_CONTAINS(text_at(&w, "error.message"),
                    "does not have secrets get permission on key vault 'kv-one;location="
                    "usgovvirginia'");
    world_close(&w);
}

static void the_directory_asks_for_consent(void **state)
{
    (void)state;
    const char *url = AT "/msgraph/v1.0/servicePrincipals";
    struct world w;
    open_cloud(&w);
    add(&w, 1, "Owner", SUB);
    sign_in_as(&w, 1, FOR_GRAPH);
    assert_int_equal(ask(&w, "GET", url, NULL), 403);
    assert_string_equal(text_at(&w, "error.code"), "Authorization_RequestDenied");
    assert_int_equal(sign_in(&w, V1, BY_SECRET "&resource=" FOR_GRAPH), 200);
    assert_int_equal(ask(&w, "GET", url, NULL), 200);
    w.type = "application/json";
    assert_int_equal(ask(&w, "POST", url, "{\"appId\":\"bf7b6499-ff71-4aa2-97a4-f372087be7f0\"}"),
                     403);
    world_close(&w);
}

TESTS(TEST(who_has_no_role_learns_nothing), TEST(a_reader_reads_and_changes_nothing),
      TEST(a_contributor_writes_but_assigns_no_roles),
      TEST(a_role_counts_below_its_scope_and_nowhere_else),
      TEST(a_role_counts_once_it_has_propagated_and_until_it_goes),
      TEST(a_role_of_ones_group_is_ones_own), TEST(what_a_body_links_to_must_be_allowed_too),
      TEST(a_custom_role_allows_what_it_lists), TEST(a_custom_role_that_is_none_is_refused),
      TEST(an_owner_has_no_right_in_a_vault),
      TEST(a_reader_sees_keys_and_secrets_as_resources_without_values),
      TEST(a_vault_with_policies_asks_those), TEST(a_deployment_needs_the_rights_to_all_in_it),
      TEST(the_directory_asks_for_consent))
