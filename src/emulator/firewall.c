/* SPDX-License-Identifier: Apache-2.0 */
/* Azure Firewall: the firewall, its policies, rule collection groups; the table. */
#include "network_internal.h"
#include "providers.h"
#include "shape.h"

#define SECONDS *INT64_C(1000)
#define FIREWALL_SUBNET "AzureFirewallSubnet"

enum {
    SUBNET_LENGTH_MAX = 26,
    GROUP_PRIORITY_MIN = 100,
    GROUP_PRIORITY_MAX = 65000,
};

static const char *const tiers[] = {"Basic", "Standard", "Premium", NULL};

static int tier_rank(struct rd_str tier)
{
    for (int i = 0; tiers[i] != NULL; i++)
        if (rd_str_is_case(tier, tiers[i]))
            return i;
    return 1; /* the default is Standard */
}

/* The firewall after `*cursor` that has the policy, or NULL. */
struct em_resource *em_firewall_of_policy(struct em_exchange *ex, struct rd_str policy_id,
                                          size_t *cursor)
{
    struct em_resource *firewall = NULL;
    while ((firewall = em_each(ex->cloud, EM_FIREWALL_TYPE, cursor)) != NULL) {
        struct rd_json body = em_body(ex, firewall);
        if (!firewall->is_deleted &&
            rd_str_eq_case(em_text_at(&body, "properties.firewallPolicy.id"), policy_id))
            return firewall;
    }
    return NULL;
}

bool em_policy_is_attached(struct em_exchange *ex, struct rd_str policy_id)
{
    size_t cursor = 0;
    return em_firewall_of_policy(ex, policy_id, &cursor) != NULL;
}

/* Firewalls ------------------------------------------------------------------------------------ */

static struct rd_str config_id(struct em_exchange *ex, const struct rd_json *config)
{
    return em_child_id(ex, ex->id, "azureFirewallIpConfigurations", em_text_at(config, "name"));
}

static bool check_subnet(struct em_exchange *ex, struct rd_str id, const char *name)
{
    struct em_resource *subnet = em_refer(ex, id, EM_SUBNET_TYPE);
    struct em_prefix prefix = {0, 32};
    bool is_canonical = false;
    if (subnet == NULL || !em_require_idle(ex, subnet))
        return false;
    struct rd_json body = em_body(ex, subnet);
    struct rd_str text = em_text_at(&body, "properties.addressPrefix");
    if (rd_str_is_empty(text))
        text = em_text_at(&body, "properties.addressPrefixes.0");
    if (!rd_str_is(em_name(subnet), name))
        return em_fail(ex, 400, "AzureFirewallInvalidSubnetName",
                       "Azure Firewall %.*s must be in a subnet named '%s', not '%.*s'.",
                       RD_FMT(ex->id), name, RD_FMT(em_name(subnet)));
    if (!em_prefix_parse(text, false, &prefix, &is_canonical) || prefix.length > SUBNET_LENGTH_MAX)
        return em_fail(
            ex, 400, "AzureFirewallSubnetNotEnoughSpace",
            "Subnet %.*s is too small for Azure Firewall: its prefix %.*s must be /%d or "
            "larger.",
            RD_FMT(subnet->id), RD_FMT(text), SUBNET_LENGTH_MAX);
    if (!rd_str_eq_case(em_id_segment(id, "resourceGroups"),
                        em_id_segment(ex->id, "resourceGroups")))
        return em_fail(ex, 400, "AzureFirewallVnetInDifferentResourceGroup",
                       "Azure Firewall %.*s and its virtual network must be in one resource group.",
                       RD_FMT(ex->id));
    struct rd_str user = em_subnet_user(ex, subnet);
    struct rd_str own = rd_arena_printf(ex->arena, "%.*s/", RD_FMT(ex->id));
    if (!rd_str_is_empty(user) && !rd_str_has_prefix_case(user, own))
        return em_fail(ex, 400, "AzureFirewallSubnetInUse", "Subnet %.*s is in use by %.*s.",
                       RD_FMT(subnet->id), RD_FMT(user));
    return true;
}

static bool check_address(struct em_exchange *ex, struct rd_str id)
{
    struct em_resource *address = em_refer(ex, id, "Microsoft.Network/publicIPAddresses");
    if (address == NULL || !em_require_idle(ex, address))
        return false;
    struct rd_json body = em_body(ex, address);
    if (!em_is_word(&body, "sku.name", "Standard") ||
        !em_is_word(&body, "properties.publicIPAllocationMethod", "Static"))
        return em_fail(ex, 400, "AzureFirewallPublicIPMustBeStandardStatic",
                       "Public IP address %.*s of Azure Firewall %.*s must have sku Standard and "
                       "allocation method Static.",
                       RD_FMT(id), RD_FMT(ex->id));
    if (!rd_str_eq_case(em_id_segment(id, "resourceGroups"),
                        em_id_segment(ex->id, "resourceGroups")))
        return em_fail(ex, 400, "AzureFirewallPublicIPInDifferentResourceGroup",
                       "Azure Firewall %.*s and its public IP address must be in one resource "
                       "group.",
                       RD_FMT(ex->id));
    return true;
}

static bool check_config(struct em_exchange *ex, const struct rd_json *config, bool wants_subnet,
                         const char *subnet_name)
{
    struct rd_str name = em_text_at(config, "name");
    bool has_subnet = em_has(config, "properties.subnet.id");
    if (rd_str_is_empty(name) || has_subnet != wants_subnet)
        return em_fail(ex, 400, "AzureFirewallInvalidIpConfiguration",
                       "IP configuration '%.*s' of Azure Firewall %.*s must have a name and %s.",
                       RD_FMT(name), RD_FMT(ex->id),
                       wants_subnet ? "a subnet" : "no subnet: only the first one has");
    if (!em_has(config, "properties.publicIPAddress.id") && !wants_subnet)
        return em_fail(ex, 400, "AzureFirewallInvalidIpConfiguration",
                       "IP configuration '%.*s' of Azure Firewall %.*s needs a public IP address.",
                       RD_FMT(name), RD_FMT(ex->id));
    if (has_subnet && !check_subnet(ex, em_text_at(config, "properties.subnet.id"), subnet_name))
        return false;
    return !em_has(config, "properties.publicIPAddress.id") ||
           check_address(ex, em_text_at(config, "properties.publicIPAddress.id"));
}

static bool check_policy(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str id = em_text_at(body, "properties.firewallPolicy.id");
    if (rd_str_is_empty(id))
        return true;
    struct em_resource *policy = em_refer(ex, id, EM_POLICY_TYPE);
    if (policy == NULL || !em_require_idle(ex, policy))
        return false;
    struct em_resource *group = NULL;
    while ((group = em_next_child(policy, EM_RULE_GROUP_TYPE, group)) != NULL)
        if (!em_require_idle(ex, group))
            return false;
    struct rd_json other = em_body(ex, policy);
    struct rd_str tier = em_text_at(&other, "properties.sku.tier");
    if (tier_rank(tier) > tier_rank(em_text_at(body, "properties.sku.tier")))
        return em_fail(ex, 400, "AzureFirewallPolicyTierMismatch",
                       "Azure Firewall %.*s of tier %.*s cannot use firewall policy %.*s of tier "
                       "%.*s.",
                       RD_FMT(ex->id), RD_FMT(em_text_at(body, "properties.sku.tier")), RD_FMT(id),
                       RD_FMT(tier));
    if (!em_location_eq(em_text_at(&other, "location"), em_text_at(body, "location")))
        return em_fail(ex, 400, "AzureFirewallPolicyInDifferentRegion",
                       "Azure Firewall %.*s and its policy %.*s must be in one region.",
                       RD_FMT(ex->id), RD_FMT(id));
    return true;
}

static void release_config(struct em_exchange *ex, struct rd_str firewall,
                           const struct rd_json *config)
{
    struct rd_str id =
        em_child_id(ex, firewall, "azureFirewallIpConfigurations", em_text_at(config, "name"));
    em_address_release(ex, em_text_at(config, "properties.subnet.id"),
                       em_text_at(config, "properties.privateIPAddress"), id);
    em_public_ip_release(ex, em_text_at(config, "properties.publicIPAddress.id"), id);
}

static void release_all(struct em_exchange *ex, struct rd_str firewall, const struct rd_json *body)
{
    const struct rd_json *list = rd_json_at(body, "properties.ipConfigurations");
    for (size_t i = 0; i < rd_json_count(list); i++)
        release_config(ex, firewall, rd_json_item(list, i));
    if (em_has(body, "properties.managementIpConfiguration"))
        release_config(ex, firewall, rd_json_at(body, "properties.managementIpConfiguration"));
}

/* Takes the addresses of one configuration; `had` is the private one it had before, or "". */
static bool take_config(struct em_exchange *ex, struct rd_json *config, struct rd_str had)
{
    struct rd_str id = config_id(ex, config), address;
    struct rd_str public_id = em_text_at(config, "properties.publicIPAddress.id");
    em_set_text(ex, config, "id", id);
    em_set_word(ex, config, "type", EM_FIREWALL_TYPE "/azureFirewallIpConfigurations");
    em_set_word(ex, config, "properties.provisioningState", "Succeeded");
    em_set_word(ex, config, "properties.privateIPAllocationMethod", "Dynamic");
    em_drop(config, "properties", "privateIPAddress");
    if (!rd_str_is_empty(public_id) && !em_public_ip_take(ex, public_id, id))
        return false;
    if (!em_has(config, "properties.subnet.id"))
        return true;
    struct em_resource *subnet =
        em_refer(ex, em_text_at(config, "properties.subnet.id"), EM_SUBNET_TYPE);
    if (subnet == NULL || !em_address_take(ex, subnet, had, id, &address))
        return false;
    em_set_text(ex, config, "properties.privateIPAddress", address);
    return true;
}

static bool take_all(struct em_exchange *ex, const struct rd_json *was, struct rd_json *body)
{
    struct rd_json *list = em_array(ex, body, "properties.ipConfigurations");
    release_all(ex, ex->id, was);
    for (size_t i = 0; i < rd_json_count(list); i++) {
        struct rd_str had =
            em_text_at(was, "properties.ipConfigurations.0.properties.privateIPAddress");
        if (!take_config(ex, &list->u.items[i], i == 0 ? had : (struct rd_str){"", 0}))
            return false;
    }
    struct rd_json *management =
        em_has(body, "properties.managementIpConfiguration")
            ? rd_json_make(ex->arena, body, "properties.managementIpConfiguration")
            : NULL;
    return management == NULL || take_config(ex, management, (struct rd_str){"", 0});
}

static bool check_firewall(struct em_exchange *ex, struct rd_json *body)
{
    static const char *const skus[] = {"AZFW_VNet", NULL};
    em_default_text(ex, body, "properties.sku.name", "AZFW_VNet");
    em_default_text(ex, body, "properties.sku.tier", "Standard");
    if (!em_require_word(ex, body, "properties.sku.name", skus, false) ||
        !em_require_word(ex, body, "properties.sku.tier", tiers, false))
        return false;
    const struct rd_json *list = rd_json_at(body, "properties.ipConfigurations");
    const struct rd_json *management = rd_json_at(body, "properties.managementIpConfiguration");
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (!check_config(ex, rd_json_item(list, i), i == 0, FIREWALL_SUBNET))
            return false;
    if (rd_json_exists(management) &&
        !check_config(ex, management, true, "AzureFirewallManagementSubnet"))
        return false;
    if (em_is_word(body, "properties.sku.tier", "Basic") && rd_json_count(list) > 0 &&
        !rd_json_exists(management))
        return em_fail(ex, 400, "AzureFirewallBasicRequiresManagementIpConfiguration",
                       "Azure Firewall %.*s of tier Basic needs managementIpConfiguration.",
                       RD_FMT(ex->id));
    if (!rd_json_exists(management) && rd_json_count(list) > 0 &&
        !em_has(body, "properties.ipConfigurations.0.properties.publicIPAddress.id"))
        return em_fail(ex, 400, "AzureFirewallPublicIPRequired",
                       "Azure Firewall %.*s needs a public IP address in its first IP "
                       "configuration.",
                       RD_FMT(ex->id));
    return check_policy(ex, body);
}

static EM_PUT_HOOK(put_firewall)
{
    (void)hidden;
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    if (!check_firewall(ex, body))
        return false;
    const struct rd_json *zones = rd_json_at(&was, "zones");
    if (former != NULL && rd_json_count(zones) > 0 && !rd_json_eq(zones, rd_json_at(body, "zones")))
        return em_fail(
            ex, 400, "AvailabilityZonesCannotBeModified",
            "Resource %.*s has an existing availability zone constraint and it cannot be "
            "modified.",
            RD_FMT(ex->id));
    if (!em_has(body, "properties.firewallPolicy.id"))
        em_default_text(ex, body, "properties.threatIntelMode", "Alert");
    em_default(ex, body, "properties.additionalProperties", rd_json_object());
    if (take_all(ex, &was, body))
        return true;
    release_all(ex, ex->id, body);
    if (former != NULL) /* what it had before, it keeps */
        (void)take_all(ex, &was, &was);
    return false;
}

static EM_SHOW_HOOK(show_firewall)
{
    struct rd_json *list = em_array(ex, body, "properties.ipConfigurations");
    for (size_t i = 0; resource->state == EM_CREATING && i < rd_json_count(list); i++)
        em_drop(&list->u.items[i], "properties", "privateIPAddress");
}

static EM_GONE_HOOK(firewall_deleted)
{
    struct rd_json body = em_body(ex, resource);
    release_all(ex, resource->id, &body);
}

/* Policies ------------------------------------------------------------------------------------- */

static bool check_policy_features(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const modes[] = {"Alert", "Deny", "Off", NULL};
    static const char *const premium[] = {"properties.intrusionDetection",
                                          "properties.transportSecurity"};
    if (!em_require_word(ex, body, "properties.sku.tier", tiers, true) ||
        !em_require_word(ex, body, "properties.threatIntelMode", modes, true) ||
        !em_require_word(ex, body, "properties.intrusionDetection.mode", modes, true))
        return false;
    for (size_t i = 0; i < EM_COUNT(premium); i++)
        if (em_has(body, premium[i]) && !em_is_word(body, "properties.sku.tier", "Premium"))
            return em_fail(ex, 400, "FirewallPolicyFeatureRequiresPremium",
                           "Firewall policy %.*s of tier %.*s cannot have %s: it needs tier "
                           "Premium.",
                           RD_FMT(ex->id), RD_FMT(em_text_at(body, "properties.sku.tier")),
                           premium[i]);
    const struct rd_json *servers = rd_json_at(body, "properties.dnsSettings.servers");
    for (size_t i = 0; i < rd_json_count(servers); i++)
        if (!em_address_is_valid(rd_json_str(rd_json_item(servers, i)), false))
            return em_fail(ex, 400, "FirewallPolicyInvalidDnsServer",
                           "DNS server '%.*s' of firewall policy %.*s is not an IP address.",
                           RD_FMT(rd_json_str(rd_json_item(servers, i))), RD_FMT(ex->id));
    return true;
}

static bool check_base_policy(struct em_exchange *ex, const struct rd_json *body)
{
    struct rd_str id = em_text_at(body, "properties.basePolicy.id");
    struct em_resource *base = NULL;
    if (rd_str_is_empty(id))
        return true;
    if (rd_str_eq_case(id, ex->id))
        return em_fail(ex, 400, "FirewallPolicyInvalidBasePolicy",
                       "Firewall policy %.*s cannot be its own base policy.", RD_FMT(id));
    base = em_refer(ex, id, EM_POLICY_TYPE);
    if (base == NULL)
        return false;
    struct rd_json other = em_body(ex, base);
    if (tier_rank(em_text_at(&other, "properties.sku.tier")) >
        tier_rank(em_text_at(body, "properties.sku.tier")))
        return em_fail(ex, 400, "FirewallPolicyBasePolicyTierMismatch",
                       "Firewall policy %.*s cannot have base policy %.*s of a higher tier.",
                       RD_FMT(ex->id), RD_FMT(id));
    return true;
}

/* Nothing of the policy may be under way: itself is the core's to check, here its groups. */
static bool require_groups_idle(struct em_exchange *ex, const struct em_resource *policy)
{
    struct em_resource *group = NULL;
    while ((group = em_next_child(policy, EM_RULE_GROUP_TYPE, group)) != NULL)
        if (!rd_str_eq_case(group->id, ex->id) && !em_require_idle(ex, group))
            return false;
    return true;
}

static EM_PUT_HOOK(put_policy)
{
    static const char *const read_only[] = {"firewalls", "childPolicies", "ruleCollectionGroups",
                                            "size"};
    (void)hidden;
    em_default_text(ex, body, "properties.sku.tier", "Standard");
    em_default_text(ex, body, "properties.threatIntelMode", "Alert");
    if (!check_policy_features(ex, body) || !check_base_policy(ex, body))
        return false;
    if (former != NULL && !require_groups_idle(ex, former))
        return false;
    struct em_resource *firewall = NULL;
    for (size_t cursor = 0; (firewall = em_firewall_of_policy(ex, ex->id, &cursor)) != NULL;) {
        struct rd_json other = em_body(ex, firewall);
        if (tier_rank(em_text_at(body, "properties.sku.tier")) >
            tier_rank(em_text_at(&other, "properties.sku.tier")))
            return em_fail(ex, 400, "AzureFirewallPolicyTierMismatch",
                           "Firewall policy %.*s cannot have a higher tier than Azure Firewall "
                           "%.*s that uses it.",
                           RD_FMT(ex->id), RD_FMT(firewall->id));
    }
    for (size_t i = 0; i < EM_COUNT(read_only); i++)
        em_drop(body, "properties", read_only[i]);
    return true;
}

static int64_t policy_duration(struct em_exchange *ex, struct em_resource *former,
                               const struct rd_json *body)
{
    (void)former;
    (void)body;
    struct rd_str policy = em_id_segment(ex->id, "ruleCollectionGroups");
    struct rd_str id = rd_str_is_empty(policy) ? ex->id : em_id_parent(ex->id);
    return em_draw_ms(ex, ex->id, em_policy_is_attached(ex, id) ? 240 SECONDS : 4 SECONDS);
}

static EM_READY_HOOK(policy_ready)
{
    (void)body;
    (void)hidden;
    bool is_group = !rd_str_is_empty(em_id_segment(resource->id, "ruleCollectionGroups"));
    struct rd_str id = is_group ? em_id_parent(resource->id) : resource->id;
    struct em_resource *firewall = NULL;
    int faulted = 0;
    for (size_t cursor = 0; (firewall = em_firewall_of_policy(ex, id, &cursor)) != NULL;)
        faulted += firewall->state == EM_FAILED;
    if (faulted == 0)
        return NULL;
    struct rd_str name = em_id_name(id);
    *ret_message = rd_arena_printf(ex->arena,
                                   "Put on Firewall Policy %.*s Failed with %d faulted referenced "
                                   "firewalls",
                                   RD_FMT(name), faulted);
    return "FirewallPolicyUpdateFailed";
}

static EM_SHOW_HOOK(show_policy)
{
    struct rd_json firewalls = rd_json_array(), children = rd_json_array(),
                   groups = rd_json_array();
    struct em_resource *other = NULL;
    bool is_busy = false;
    for (size_t cursor = 0; (other = em_firewall_of_policy(ex, resource->id, &cursor)) != NULL;)
        rd_json_append(ex->arena, &firewalls, em_link(ex, other->id));
    for (size_t cursor = 0; (other = em_each(ex->cloud, EM_POLICY_TYPE, &cursor)) != NULL;) {
        struct rd_json policy = em_body(ex, other);
        if (rd_str_eq_case(em_text_at(&policy, "properties.basePolicy.id"), resource->id))
            rd_json_append(ex->arena, &children, em_link(ex, other->id));
    }
    for (other = NULL; (other = em_next_child(resource, EM_RULE_GROUP_TYPE, other)) != NULL;) {
        rd_json_append(ex->arena, &groups, em_link(ex, other->id));
        is_busy = is_busy || em_in_progress(other);
    }
    if (is_busy && rd_json_count(&firewalls) > 0)
        em_set_word(ex, body, "properties.provisioningState", "Updating");
    em_set(ex, body, "properties.firewalls", firewalls);
    em_set(ex, body, "properties.childPolicies", children);
    em_set(ex, body, "properties.ruleCollectionGroups", groups);
}

static EM_HOOK(may_delete_policy)
{
    size_t cursor = 0;
    struct em_resource *firewall = em_firewall_of_policy(ex, resource->id, &cursor);
    if (firewall != NULL)
        return em_fail(ex, 400, "FirewallPolicyInUse",
                       "Firewall policy %.*s cannot be deleted because it is used by %.*s.",
                       RD_FMT(resource->id), RD_FMT(firewall->id));
    return require_groups_idle(ex, resource);
}

/* Rule collection groups ----------------------------------------------------------------------- */

static EM_PUT_HOOK(put_group)
{
    (void)former;
    (void)hidden;
    struct em_resource *policy = em_find(ex->cloud, em_id_parent(ex->id));
    if (policy == NULL)
        return em_fail_not_found(ex, em_id_parent(ex->id));
    if (!em_require_idle(ex, policy) || !require_groups_idle(ex, policy))
        return false;
    int64_t priority = rd_json_int(rd_json_at(body, "properties.priority"), -1);
    if (priority < GROUP_PRIORITY_MIN || priority > GROUP_PRIORITY_MAX)
        return em_fail(
            ex, 400, "FirewallPolicyRuleCollectionGroupInvalidPriority",
            "Invalid priority value %lld of rule collection group %.*s. Priority must be "
            "between %d and %d.",
            (long long)priority, RD_FMT(ex->id), GROUP_PRIORITY_MIN, GROUP_PRIORITY_MAX);
    struct em_resource *other = NULL;
    while ((other = em_next_child(policy, EM_RULE_GROUP_TYPE, other)) != NULL) {
        struct rd_json group = em_body(ex, other);
        if (!rd_str_eq_case(other->id, ex->id) &&
            rd_json_int(rd_json_at(&group, "properties.priority"), -1) == priority)
            return em_fail(ex, 400, "FirewallPolicyRuleCollectionGroupDuplicatePriority",
                           "Priority %lld of rule collection group %.*s is used by %.*s.",
                           (long long)priority, RD_FMT(ex->id), RD_FMT(other->id));
    }
    em_array(ex, body, "properties.ruleCollections");
    struct rd_json policy_body = em_body(ex, policy);
    return em_rule_collections_check(ex, &policy_body, body);
}

static EM_HOOK(may_delete_group)
{
    return em_require_idle(ex, resource->parent) && require_groups_idle(ex, resource->parent);
}

/* Of all of Microsoft.Network, a firewall alone takes its time for new tags (azure-avd-ops 2.1). */
static bool patch_firewall(struct em_exchange *ex, struct em_resource *resource,
                           const struct rd_json *patch, struct rd_json *body,
                           struct rd_json *hidden)
{
    return em_patch_tags(ex, resource, patch, body, hidden);
}

#define FIREWALL_KIND                                                                              \
    .async = EM_ASYNC_OPERATION, EM_ANSWERS(201, 200, 202),                                        \
    .operation_body = EM_OPERATION_STATUS_ONLY,                                                    \
    .operation_path = "Microsoft.Network/locations/{l}/nfvOperations", .retry_after_s = 10,        \
    .has_etag = true, .create_state = "Updating", .busy_status = 429

static const struct em_type types[] = {
    {
        .name = EM_FIREWALL_TYPE,
        EM_REGIONAL,
        FIREWALL_KIND,
        .name_pattern = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,54}[A-Za-z0-9_])?$",
        EM_TAKES(420, 240, 300),
        .source = "azure-avd-ops 2.3 (azureFirewall)",
        .put = put_firewall,
        .patch = patch_firewall,
        .show = show_firewall,
        .deleted = firewall_deleted,
    },
    {
        .name = EM_POLICY_TYPE,
        EM_REGIONAL,
        FIREWALL_KIND,
        .name_pattern = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$",
        .delete_ms = 10 SECONDS,
        .source = "azure-avd-ops 2.1-2.3, real-clients 7.7",
        .put = put_policy,
        .patch = em_patch_tags,
        .duration = policy_duration,
        .ready = policy_ready,
        .show = show_policy,
        .may_delete = may_delete_policy,
        .deletes_children = true,
    },
    {
        .name = EM_RULE_GROUP_TYPE,
        .place = EM_IN_PARENT,
        FIREWALL_KIND,
        .name_pattern = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$",
        .delete_ms = 20 SECONDS,
        .source = "azure-avd-ops 2.1-2.4; lessons B8",
        .put = put_group,
        .duration = policy_duration,
        .ready = policy_ready,
        .may_delete = may_delete_group,
    },
    {
        .name = EM_IP_GROUP_TYPE,
        EM_REGIONAL,
        FIREWALL_KIND,
        .delete_ms = 10 SECONDS,
        .source = "azure-avd-ops 2.3 (ipGroup)",
        .put = em_ip_group_put,
        .patch = em_patch_tags,
        .duration = em_ip_group_duration,
        .show = em_ip_group_show,
        .may_delete = em_ip_group_may_delete,
    },
};

static const struct em_route routes[] = {
    {.method = RD_HTTP_GET,
     .path = "/subscriptions/{}/providers/Microsoft.Network/azureFirewallFqdnTags",
     .answer = em_fqdn_tags_list,
     .source = "azure-avd-ops 2.2, 2.4"},
};

const struct em_part em_firewall_part = {
    .name = "firewall",
    .types = types,
    .type_count = EM_COUNT(types),
    .routes = routes,
    .route_count = EM_COUNT(routes),
};
