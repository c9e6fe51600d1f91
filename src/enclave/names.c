/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include "crypto/hash.h"
#include "facts/facts.h"

enum { HASH_DIGITS = 6, NO_PARENT = -1 };

/* Where each role's resource lies: below another role's, in its subscription, or at its level. */
static const struct place {
    const char *word; /* in data/name-patterns.yaml and the spec's names */
    const char *path; /* between the parent's id and the name */
    int parent;
} places[RD_ROLE_COUNT] = {
    [RD_ROLE_IMAGES_GROUP] = {"images_group", "/resourceGroups/", NO_PARENT},
    [RD_ROLE_DESKTOPS_GROUP] = {"desktops_group", "/resourceGroups/", NO_PARENT},
    [RD_ROLE_HOSTS_GROUP] = {"hosts_group", "/resourceGroups/", NO_PARENT},
    [RD_ROLE_NETWORK_GROUP] = {"network_group", "/resourceGroups/", NO_PARENT},
    [RD_ROLE_BUILD_IDENTITY] = {"build_identity",
                                "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/",
                                RD_ROLE_IMAGES_GROUP},
    [RD_ROLE_GALLERY] = {"gallery", "/providers/Microsoft.Compute/galleries/",
                         RD_ROLE_IMAGES_GROUP},
    [RD_ROLE_IMAGE_DEFINITION] = {"image_definition", "/images/", RD_ROLE_GALLERY},
    [RD_ROLE_IMAGE_TEMPLATE] = {"image_template",
                                "/providers/Microsoft.VirtualMachineImages/imageTemplates/",
                                RD_ROLE_IMAGES_GROUP},
    [RD_ROLE_KEY_STORE] = {"key_store", "/providers/Microsoft.KeyVault/managedHSMs/",
                           RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_KEY] = {"key", "/keys/", RD_ROLE_KEY_STORE},
    [RD_ROLE_KEY_VAULT] = {"key_vault", "/providers/Microsoft.KeyVault/vaults/",
                           RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_DISK_IDENTITY] = {"disk_identity",
                               "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/",
                               RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_DISK_ENCRYPTION_SET] = {"disk_encryption_set",
                                     "/providers/Microsoft.Compute/diskEncryptionSets/",
                                     RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_HUB] = {"hub", "/providers/Microsoft.Network/virtualNetworks/", RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_SPOKE] = {"spoke", "/providers/Microsoft.Network/virtualNetworks/",
                       RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_HOSTS_SUBNET] = {"hosts_subnet", "/subnets/", RD_ROLE_SPOKE},
    [RD_ROLE_PEERING_TO_SPOKE] = {"peering_to_spoke", "/virtualNetworkPeerings/", RD_ROLE_HUB},
    [RD_ROLE_PEERING_TO_HUB] = {"peering_to_hub", "/virtualNetworkPeerings/", RD_ROLE_SPOKE},
    [RD_ROLE_SECURITY_GROUP] = {"security_group",
                                "/providers/Microsoft.Network/networkSecurityGroups/",
                                RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_ROUTE_TABLE] = {"route_table", "/providers/Microsoft.Network/routeTables/",
                             RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_FIREWALL_IP] = {"firewall_ip", "/providers/Microsoft.Network/publicIPAddresses/",
                             RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_FIREWALL_MANAGEMENT_IP] = {"firewall_management_ip",
                                        "/providers/Microsoft.Network/publicIPAddresses/",
                                        RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_FIREWALL_POLICY] = {"firewall_policy",
                                 "/providers/Microsoft.Network/firewallPolicies/",
                                 RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_FIREWALL] = {"firewall", "/providers/Microsoft.Network/azureFirewalls/",
                          RD_ROLE_NETWORK_GROUP},
    [RD_ROLE_HOST_POOL] = {"host_pool", "/providers/Microsoft.DesktopVirtualization/hostPools/",
                           RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_APPLICATION_GROUP] = {"application_group",
                                   "/providers/Microsoft.DesktopVirtualization/applicationGroups/",
                                   RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_WORKSPACE] = {"workspace", "/providers/Microsoft.DesktopVirtualization/workspaces/",
                           RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_SCALING_PLAN] = {"scaling_plan",
                              "/providers/Microsoft.DesktopVirtualization/scalingPlans/",
                              RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_HOST_IDENTITY] = {"host_identity",
                               "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/",
                               RD_ROLE_HOSTS_GROUP},
    [RD_ROLE_LOG_WORKSPACE] = {"log_workspace",
                               "/providers/Microsoft.OperationalInsights/workspaces/",
                               RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_DATA_COLLECTION_RULE] = {"data_collection_rule",
                                      "/providers/Microsoft.Insights/dataCollectionRules/",
                                      RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_ACTION_GROUP] = {"action_group", "/providers/Microsoft.Insights/actionGroups/",
                              RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_BACKUP_VAULT] = {"backup_vault", "/providers/Microsoft.RecoveryServices/vaults/",
                              RD_ROLE_DESKTOPS_GROUP},
    [RD_ROLE_BACKUP_POLICY] = {"backup_policy", "/backupPolicies/", RD_ROLE_BACKUP_VAULT},
    [RD_ROLE_BUDGET] = {"budget", "/providers/Microsoft.Consumption/budgets/", NO_PARENT},
};

/* The name that the spec gives a role, or "". */
static struct rd_str given_name(const struct rd_spec *spec, enum rd_part_role role)
{
    if (role == RD_ROLE_KEY_STORE && spec->keys.store_name.n > 0)
        return spec->keys.store_name;
    if (role == RD_ROLE_KEY && spec->keys.key_name.n > 0)
        return spec->keys.key_name;
    for (size_t i = 0; i < spec->names.count; i++)
        if (rd_str_is(spec->names.items[i].key, places[role].word))
            return spec->names.items[i].value;
    return RD_STR("");
}

/* The enclave's name without what the type refuses, at most `size_max` bytes, with no hyphen before
 * another or at the end: it is followed by more of the pattern, mostly "-". */
static struct rd_str fitted(struct rd_arena *arena, struct rd_str enclave, struct rd_str also,
                            size_t size_max)
{
    char *out = rd_arena_bytes(arena, enclave.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < enclave.n && n < size_max; i++) {
        char c = enclave.p[i];
        bool is_legal = rd_char_is_alnum(c) || rd_str_find_char(also, c, 0) != RD_STR_NONE;
        bool is_double = c == '-' && (n == 0 || out[n - 1] == '-');
        if (is_legal && !is_double)
            out[n++] = c;
    }
    while (n > 0 && !rd_char_is_alnum(out[n - 1]))
        n--;
    out[n] = '\0';
    return (struct rd_str){out, n};
}

static struct rd_str made_name(struct rd_compile *compile, const struct rd_json *row)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_str pattern = rd_json_str(rd_json_get(row, RD_STR("pattern")));
    char digest[RD_SHA256_HEX_SIZE];
    struct rd_str unique = rd_arena_printf(compile->arena, "%.*s/%.*s", RD_FMT(spec->subscription),
                                           RD_FMT(spec->enclave));
    (void)rd_sha256_hex(unique, digest);
    struct rd_part_pair pairs[] = {
        {"enclave", RD_STR("")},
        {"region", spec->region},
        {"hash", rd_arena_str(compile->arena, (struct rd_str){digest, HASH_DIGITS})},
        {"", RD_STR("")},
    };
    size_t rest = rd_part_fill(compile->arena, pattern, pairs).n;
    size_t max = (size_t)rd_json_int(rd_json_get(row, RD_STR("max")), 0);
    pairs[0].value =
        fitted(compile->arena, spec->enclave, rd_json_str(rd_json_get(row, RD_STR("also"))),
               max > rest ? max - rest : 0);
    return rd_part_fill(compile->arena, pattern, pairs);
}

static struct rd_str parent_id(const struct rd_compile *compile, enum rd_part_role role)
{
    if (places[role].parent != NO_PARENT)
        return compile->id[places[role].parent];
    return role == RD_ROLE_IMAGES_GROUP ? compile->images_subscription : compile->subscription;
}

enum rd_rc rd_part_names(struct rd_compile *compile)
{
    const struct rd_json *table = &rd_json_absent;
    RD_TRY(rd_facts_get("name-patterns", &table, compile->err));
    for (int i = 0; i < RD_ROLE_COUNT; i++) {
        enum rd_part_role role = (enum rd_part_role)i;
        const struct rd_json *row = rd_json_get(table, rd_str_from(places[role].word));
        struct rd_str name = given_name(compile->spec, role);
        if (name.n == 0)
            name = made_name(compile, row);
        if (name.n == 0)
            return rd_err_hint(
                RD_FAIL(compile->err, RD_RC_INVALID, "name-patterns.yaml: no pattern for '%s'",
                        places[role].word),
                compile->err, "give one as '%s: {pattern: ..., max: ..., also: ...}'",
                places[role].word);
        const char *path = places[role].path;
        if (role == RD_ROLE_KEY_STORE && compile->spec->keys.store == RD_KEY_STORE_VAULT)
            path = places[RD_ROLE_KEY_VAULT].path;
        compile->name[role] = name;
        compile->id[role] = rd_arena_printf(compile->arena, "%.*s%s%.*s",
                                            RD_FMT(parent_id(compile, role)), path, RD_FMT(name));
    }
    return RD_RC_OK;
}
