/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"
#include "parts.h"

/* The Confidential VM Orchestrator, which releases keys to attested machines (reference
 * azure-compute 7.7). */
static const char orchestrator_app[] = "bf7b6499-ff71-4aa2-97a4-f372087be7f0";

static bool is_confidential(const struct rd_compile *compile)
{
    return compile->spec->hosts.security == RD_SECURITY_CONFIDENTIAL;
}

static bool is_hsm(const struct rd_compile *compile)
{
    return compile->spec->keys.store == RD_KEY_STORE_HSM;
}

/* The policy under which the key may leave its store, base64url as the service keeps it. */
static struct rd_str release_policy(struct rd_compile *compile)
{
    const struct rd_json *table = rd_part_facts(compile, "skr-policy");
    struct rd_str region = compile->spec->region;
    struct rd_str code = rd_json_str(rd_json_get(rd_json_get(table, RD_STR("codes")), region));
    struct rd_str suffix =
        rd_json_str(rd_json_get(rd_json_get(table, RD_STR("suffixes")), compile->spec->cloud));
    if (compile->rc == RD_RC_OK && (code.n == 0 || suffix.n == 0))
        rd_part_fail(compile,
                     rd_err_hint(RD_FAIL(compile->err, RD_RC_INVALID,
                                         "no attestation endpoint is known for region '%.*s'",
                                         RD_FMT(region)),
                                 compile->err,
                                 "add its code to skr-policy.yaml, or choose another region"));
    struct rd_part_pair pairs[] = {{"code", code}, {"suffix", suffix}, {"", RD_STR("")}};
    struct rd_str authority =
        rd_part_fill(compile->arena, rd_json_str(rd_json_get(table, RD_STR("endpoint"))), pairs);
    struct rd_json claims = rd_json_copy(compile->arena, rd_json_get(table, RD_STR("claims")));
    struct rd_json policy =
        rd_shape(compile->arena, "{version: %s, anyOf: [{authority: %s, allOf: %j}]}",
                 rd_json_str(rd_json_get(table, RD_STR("version"))), authority, claims);
    return rd_base64url(compile->arena, rd_json_text(compile->arena, &policy, RD_JSON_COMPACT));
}

/* Only a key that can be released needs to be exportable; both are fixed when it is made. */
static struct rd_json key_body(struct rd_compile *compile)
{
    struct rd_json attributes = rd_shape(compile->arena, "{enabled: true}");
    struct rd_json policy = rd_json_object();
    if (is_confidential(compile)) {
        attributes = rd_shape(compile->arena, "{enabled: true, exportable: true}");
        policy = rd_shape(compile->arena,
                          "{contentType: 'application/json; charset=utf-8', data: %s,"
                          " immutable: false}",
                          release_policy(compile));
    }
    return rd_shape(compile->arena,
                    "{kty: RSA-HSM, key_size: %i, key_ops: [wrapKey, unwrapKey], attributes: %j,"
                    " release_policy?: %j, tags: %j}",
                    compile->spec->keys.key_size, attributes, policy, compile->tags);
}

static void add_hsm(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    rd_part_add_role(
        compile, RD_ROLE_KEY_STORE,
        rd_shape(
            compile->arena,
            "{location: %s, tags: %j, sku: {family: B, name: %s}, properties: {tenantId: %s,"
            " initialAdminObjectIds: %j, enableSoftDelete: true, softDeleteRetentionInDays: %i,"
            " enablePurgeProtection?: %j, createMode: default, publicNetworkAccess: Enabled,"
            " networkAcls: {bypass: AzureServices, defaultAction: Allow}}}",
            spec->region, compile->tags, spec->keys.hsm_sku, spec->tenant,
            rd_part_strings(compile, &spec->keys.admins), spec->keys.retention_days,
            spec->keys.purge_protection ? rd_json_bool(true) : rd_json_absent));
}

/* A vault: role based, deny by default, reachable for Azure's own services. Purge protection is
 * left out when it is off, since false is refused (reference azure-compute 8.1). */
static void add_vault(struct rd_compile *compile, enum rd_part_role role, const char *sku,
                      bool has_purge_protection)
{
    const struct rd_spec *spec = compile->spec;
    rd_part_add_role(
        compile, role,
        rd_shape(
            compile->arena,
            "{location: %s, tags: %j, properties: {tenantId: %s, sku: {family: A, name: %s},"
            " enableRbacAuthorization: true, enabledForDeployment: false,"
            " enabledForTemplateDeployment: false, enabledForDiskEncryption: false,"
            " enableSoftDelete: true, softDeleteRetentionInDays: %i, enablePurgeProtection?: %j,"
            " createMode: default, publicNetworkAccess: Enabled,"
            " networkAcls: {bypass: AzureServices, defaultAction: Deny, ipRules: [],"
            " virtualNetworkRules: []}}}",
            spec->region, compile->tags, spec->tenant, rd_str_from(sku), spec->keys.retention_days,
            has_purge_protection ? rd_json_bool(true) : rd_json_absent));
    rd_part_diagnose(compile, compile->id[role]);
}

/* A role inside the HSM, where ARM's do not reach. Returns the assignment's id. */
static struct rd_str grant_in_hsm(struct rd_compile *compile, struct rd_str scope, const char *role,
                                  struct rd_json principal)
{
    struct rd_str role_id = rd_part_role_id(compile, role);
    struct rd_str store = compile->id[RD_ROLE_KEY_STORE];
    struct rd_str where = rd_arena_printf(compile->arena, "%.*s%.*s", RD_FMT(store), RD_FMT(scope));
    struct rd_str name = rd_part_assignment_name(compile, where, role_id, &principal);
    struct rd_str id =
        rd_arena_printf(compile->arena, "%.*s/roleAssignments/%.*s", RD_FMT(store), RD_FMT(name));
    (void)rd_part_add(
        compile, id,
        rd_shape(compile->arena, "{properties: {roleDefinitionId: %s, principalId: %j, scope: %s}}",
                 rd_arena_printf(compile->arena,
                                 "Microsoft.KeyVault/providers/Microsoft.Authorization/"
                                 "roleDefinitions/%.*s",
                                 RD_FMT(role_id)),
                 principal, scope));
    return id;
}

static void add_key_in_hsm(struct rd_compile *compile, struct rd_json disks)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_str makers[RD_WAIT_COUNT_MAX];
    size_t maker_count = 0;
    add_hsm(compile);
    for (size_t i = 0; i < spec->keys.admins.count; i++) {
        struct rd_str id = grant_in_hsm(compile, RD_STR("/keys"), "hsm-crypto-user",
                                        rd_json_string(spec->keys.admins.items[i]));
        /* The key waits for all that it can: which of them deploys is not known here. */
        if (maker_count < RD_WAIT_COUNT_MAX)
            makers[maker_count++] = id;
    }
    size_t key = rd_part_add(compile, compile->id[RD_ROLE_KEY], key_body(compile));
    for (size_t i = 0; i < maker_count; i++)
        rd_part_need(compile, key, makers[i]);
    struct rd_str scope =
        rd_arena_printf(compile->arena, "/keys/%.*s", RD_FMT(compile->name[RD_ROLE_KEY]));
    struct rd_str wrap = grant_in_hsm(compile, scope, "hsm-encryption-user", disks);
    struct rd_str release = RD_STR("");
    if (is_confidential(compile))
        release = grant_in_hsm(compile, scope, "hsm-release-user",
                               rd_part_service_principal(compile, orchestrator_app));
    /* Both are roles on a key that must exist when they are granted. */
    if (compile->rc == RD_RC_OK) {
        rd_part_need(compile, (size_t)rd_set_index(compile->set, wrap), compile->id[RD_ROLE_KEY]);
        if (release.n > 0) {
            rd_part_need(compile, (size_t)rd_set_index(compile->set, release),
                         compile->id[RD_ROLE_KEY]);
            rd_part_hosts_need(compile, release);
        }
    }
    rd_part_hosts_need(compile, wrap);
}

/* Owning a subscription gives no rights in its vaults. Whoever deploys is one of the
 * administrators, or in their group, and what is written there waits for them all. */
static void grant_admins(struct rd_compile *compile, size_t written, struct rd_str vault,
                         const char *role)
{
    const struct rd_spec *spec = compile->spec;
    for (size_t i = 0; i < spec->keys.admins.count; i++)
        rd_part_need(
            compile, written,
            rd_part_grant(compile, vault, role, rd_json_string(spec->keys.admins.items[i]), ""));
    if (spec->keys.admins.count == 0 && spec->access.admins_group.n > 0)
        rd_part_need(compile, written,
                     rd_part_grant(compile, vault, role, rd_json_string(spec->access.admins_group),
                                   "Group"));
}

static void add_key_in_vault(struct rd_compile *compile, struct rd_json disks)
{
    struct rd_str vault = compile->id[RD_ROLE_KEY_STORE];
    /* Keys of disks must not be lost: the service demands purge protection here. */
    add_vault(compile, RD_ROLE_KEY_STORE, "premium", true);
    size_t key = rd_part_add(compile, compile->id[RD_ROLE_KEY], key_body(compile));
    grant_admins(compile, key, vault, "crypto-officer");
    rd_part_hosts_need(compile, rd_part_grant(compile, vault, "crypto-encryption-user", disks,
                                              "ServicePrincipal"));
    if (is_confidential(compile))
        rd_part_hosts_need(compile,
                           rd_part_grant(compile, vault, "crypto-release-user",
                                         rd_part_service_principal(compile, orchestrator_app),
                                         "ServicePrincipal"));
}

/* It comes after the roles: with an identity of its own, the service checks the key when the set is
 * made (reference azure-compute 6.2). It never follows new key versions by itself, since a
 * confidential disk can only change its key while its machine is deallocated. */
static void add_encryption_set(struct rd_compile *compile)
{
    struct rd_json identities = rd_json_object();
    (void)rd_json_set(compile->arena, &identities, compile->id[RD_ROLE_DISK_IDENTITY],
                      rd_json_object());
    struct rd_json vault = rd_json_object();
    if (!is_hsm(compile))
        vault = rd_shape(compile->arena, "{id: %s}", compile->id[RD_ROLE_KEY_STORE]);
    struct rd_json body = rd_shape(
        compile->arena,
        "{location: %s, tags: %j, identity: {type: UserAssigned, userAssignedIdentities: %j},"
        " properties: {encryptionType: %s, rotationToLatestKeyVersionEnabled: false,"
        " activeKey: {keyUrl: %j, sourceVault?: %j}}}",
        compile->spec->region, compile->tags, identities,
        is_confidential(compile) ? RD_STR("ConfidentialVmEncryptedWithCustomerKey")
                                 : RD_STR("EncryptionAtRestWithCustomerKey"),
        rd_part_ref(compile, compile->id[RD_ROLE_KEY], "key.kid"), vault);
    size_t index = rd_part_add(compile, compile->id[RD_ROLE_DISK_ENCRYPTION_SET], body);
    for (size_t i = 0; i < compile->host_wait_count; i++)
        rd_part_need(compile, index, compile->host_waits[i]);
}

static struct rd_str secret_id(struct rd_compile *compile, const char *name)
{
    return rd_arena_printf(compile->arena, "%.*s/secrets/%s",
                           RD_FMT(compile->id[RD_ROLE_KEY_VAULT]), name);
}

/* The passwords of the machines: made at random into a vault, never shown. The one for joining a
 * domain is somebody else's: it must be put there. */
static void add_secrets(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    add_vault(compile, RD_ROLE_KEY_VAULT, "standard", true);
    compile->admin_secret_id = secret_id(compile, "local-admin-password");
    size_t index = rd_part_add(
        compile, compile->admin_secret_id,
        rd_shape(compile->arena, "{value: {$generate: password}, contentType: %s, tags: %j}",
                 RD_STR("password of the hosts' local administrator"), compile->tags));
    grant_admins(compile, index, compile->id[RD_ROLE_KEY_VAULT], "secrets-officer");
    if (spec->hosts.join == RD_JOIN_DOMAIN) {
        compile->join_secret_id = secret_id(compile, "domain-join-password");
        size_t join = rd_part_add(compile, compile->join_secret_id, rd_json_object());
        if (compile->rc == RD_RC_OK)
            compile->set->resources[join].is_existing = true;
    }
}

void rd_part_keys(struct rd_compile *compile)
{
    compile->origin = RD_STR("keys");
    add_secrets(compile);
    if (compile->spec->keys.mode != RD_KEYS_CUSTOMER)
        return;
    struct rd_json disks = rd_part_identity(compile, RD_ROLE_DISK_IDENTITY, compile->spec->region);
    if (is_hsm(compile))
        add_key_in_hsm(compile, disks);
    else
        add_key_in_vault(compile, disks);
    add_encryption_set(compile);
}
