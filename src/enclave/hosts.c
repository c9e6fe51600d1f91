/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include "base/map.h"

/*
 * The session hosts. Thousands of them differ in little, so everything alike is built once and
 * shared between their bodies; only names, tags and what refers to a neighbour is each host's own.
 */

/* Microsoft Intune's application id, by which a joining machine is enrolled (azure-avd-ops 1.11).
 */
static const char intune_app[] = "0000000a-0000-0000-c000-000000000000";
static const char host_tag[] = "redoubt-host";

enum { EXTENSION_COUNT_MAX = 16 };

struct extension {
    struct rd_str name;
    const struct rd_json *after; /* names of those it comes after */
    struct rd_json body;
};

struct hosts {
    struct rd_compile *compile;
    struct extension extensions[EXTENSION_COUNT_MAX];
    size_t extension_count;
    struct rd_json interface_properties;
    struct rd_json zones;
    struct rd_json identity;
    struct rd_json hardware;
    struct rd_json security;
    struct rd_json image;
    struct rd_json managed_disk;
    struct rd_json windows;
    struct rd_json diagnostics;
    struct rd_json password;
    struct rd_json association;
    struct rd_map pins; /* host name -> struct rd_spec_pin */
    struct rd_str group_name_lower;
};

static bool is_confidential(const struct rd_spec *spec)
{
    return spec->hosts.security == RD_SECURITY_CONFIDENTIAL;
}

/* The parts of a machine ---------------------------------------------------------------------- */

/* A confidential machine's key stands inside the disk's security profile and nowhere else: beside
 * it, the same set would ask for plain server-side encryption, which such a set refuses (reference
 * azure-compute 5.2, 5.8). An ordinary machine's key stands beside. */
static struct rd_json managed_disk(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_json set = rd_json_absent;
    if (spec->keys.mode == RD_KEYS_CUSTOMER)
        set = rd_shape(compile->arena, "{id: %s}", compile->id[RD_ROLE_DISK_ENCRYPTION_SET]);
    if (!is_confidential(spec))
        return rd_shape(compile->arena, "{storageAccountType: %s, diskEncryptionSet?: %j}",
                        spec->hosts.disk_sku, set);
    return rd_shape(compile->arena,
                    "{storageAccountType: %s, securityProfile: {securityEncryptionType: %s,"
                    " diskEncryptionSet?: %j}}",
                    spec->hosts.disk_sku,
                    spec->keys.mode == RD_KEYS_CUSTOMER ? RD_STR("DiskWithVMGuestState")
                                                        : RD_STR("VMGuestStateOnly"),
                    set);
}

static struct rd_json image_reference(struct rd_compile *compile)
{
    const struct rd_spec_image *image = &compile->spec->image;
    if (compile->image_id.n > 0)
        return rd_shape(compile->arena, "{id: %s}", compile->image_id);
    return rd_shape(compile->arena, "{publisher: %s, offer: %s, sku: %s, version: %s}",
                    image->publisher, image->offer, image->sku, image->version);
}

static struct rd_json identity_of(struct rd_compile *compile)
{
    if (!compile->spec->monitoring.enabled)
        return rd_shape(compile->arena, "{type: SystemAssigned}");
    struct rd_json identities = rd_json_object();
    (void)rd_json_set(compile->arena, &identities, compile->id[RD_ROLE_HOST_IDENTITY],
                      rd_json_object());
    return rd_shape(compile->arena,
                    "{type: 'SystemAssigned, UserAssigned', userAssignedIdentities: %j}",
                    identities);
}

/* One zone for all: the first of the spec's. Accelerated networking is not for confidential
 * machines: those of the fifth generation have none (reference azure-compute 5.2, 10), those of the
 * sixth are undocumented. */
static void prepare_machine(struct hosts *hosts)
{
    struct rd_compile *compile = hosts->compile;
    const struct rd_spec *spec = compile->spec;
    struct rd_arena *arena = compile->arena;
    hosts->zones = rd_json_array();
    if (spec->hosts.zones.count > 0)
        (void)rd_json_append(arena, &hosts->zones, rd_json_string(spec->hosts.zones.items[0]));
    hosts->identity = identity_of(compile);
    hosts->hardware = rd_shape(arena, "{vmSize: %s}", spec->hosts.size);
    hosts->security =
        rd_shape(arena,
                 "{securityType: %s, encryptionAtHost: %b,"
                 " uefiSettings: {secureBootEnabled: true, vTpmEnabled: true}}",
                 is_confidential(spec) ? RD_STR("ConfidentialVM") : RD_STR("TrustedLaunch"),
                 (int)spec->hosts.encryption_at_host);
    hosts->image = image_reference(compile);
    hosts->managed_disk = managed_disk(compile);
    hosts->windows = rd_shape(arena, "{provisionVMAgent: true, enableAutomaticUpdates: true,"
                                     " patchSettings: {patchMode: AutomaticByOS,"
                                     " assessmentMode: ImageDefault}}");
    hosts->diagnostics = rd_shape(arena, "{bootDiagnostics: {enabled: true}}");
    hosts->password = rd_shape(arena, "{$secret: %s}", compile->admin_secret_id);
    hosts->interface_properties =
        rd_shape(arena,
                 "{enableAcceleratedNetworking: %b, enableIPForwarding: false,"
                 " ipConfigurations: [{name: primary, properties: {subnet: {id: %s},"
                 " privateIPAllocationMethod: Dynamic, privateIPAddressVersion: IPv4,"
                 " primary: true}}]}",
                 (int)!is_confidential(spec), compile->subnet_id);
    hosts->association = rd_shape(arena, "{properties: {dataCollectionRuleId: %s}}",
                                  compile->id[RD_ROLE_DATA_COLLECTION_RULE]);
}

/* Extensions ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct rd_spec *spec, struct rd_str when)
{
    if (rd_str_is(when, "entra"))
        return spec->hosts.join == RD_JOIN_ENTRA;
    if (rd_str_is(when, "domain"))
        return spec->hosts.join == RD_JOIN_DOMAIN;
    if (rd_str_is(when, "intune"))
        return spec->hosts.intune;
    if (rd_str_is(when, "monitoring"))
        return spec->monitoring.enabled;
    return true;
}

static struct rd_str mdm_id(const struct rd_spec *spec)
{
    return spec->hosts.intune && spec->hosts.join == RD_JOIN_ENTRA ? rd_str_from(intune_app)
                                                                   : RD_STR("");
}

/* The archive lies with the cloud's own storage; the token goes only into what is never shown. */
static void agent_settings(struct rd_compile *compile, const struct rd_json *row,
                           struct rd_json *settings, struct rd_json *secret)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_arena *arena = compile->arena;
    bool is_government = rd_str_is(spec->cloud, "AzureUSGovernment");
    struct rd_json own = rd_shape(
        arena,
        "{modulesUrl: %s, properties: {hostPoolName: %s, registrationInfoTokenCredential:"
        " {UserName: PLACEHOLDER_DO_NOT_USE, Password: 'PrivateSettingsRef:RegistrationInfoToken'},"
        " aadJoin: %b, mdmId?: %s}}",
        rd_arena_printf(arena, "https://wvdportalstorageblob.blob.%s/galleryartifacts/%.*s",
                        is_government ? "core.usgovcloudapi.net" : "core.windows.net",
                        RD_FMT(rd_json_str(rd_json_get(row, RD_STR("archive"))))),
        compile->name[RD_ROLE_HOST_POOL], (int)(spec->hosts.join == RD_JOIN_ENTRA), mdm_id(spec));
    rd_json_merge(arena, settings, &own);
    *secret = rd_shape(arena, "{Items: {RegistrationInfoToken: {$call: %s, $path: value.0.token}}}",
                       rd_arena_printf(arena, "%.*s/listRegistrationTokens",
                                       RD_FMT(compile->id[RD_ROLE_HOST_POOL])));
}

/* What differs between enclaves, beside the table's constant part. */
static void fill_settings(struct rd_compile *compile, const struct rd_json *row,
                          struct rd_json *settings, struct rd_json *secret)
{
    const struct rd_spec *spec = compile->spec;
    struct rd_str type = rd_json_str(rd_json_get(row, RD_STR("type")));
    struct rd_json own = rd_json_object();
    if (rd_str_is(type, "AADLoginForWindows")) {
        own = rd_shape(compile->arena, "{mdmId?: %s}", mdm_id(spec));
    } else if (rd_str_is(type, "JsonADDomainExtension")) {
        own = rd_shape(compile->arena, "{name: %s, ouPath?: %s, user: %s}", spec->hosts.domain_name,
                       spec->hosts.domain_ou, spec->hosts.domain_user);
        *secret = rd_shape(compile->arena, "{password: {$secret: %s}}", compile->join_secret_id);
    } else if (rd_str_is(type, "AzureMonitorWindowsAgent")) {
        own = rd_shape(compile->arena,
                       "{authentication: {managedIdentity: {identifier-name: mi_res_id,"
                       " identifier-value: %s}}}",
                       compile->id[RD_ROLE_HOST_IDENTITY]);
    } else if (rd_str_is(type, "DSC")) {
        agent_settings(compile, row, settings, secret);
    }
    rd_json_merge(compile->arena, settings, &own);
}

static struct rd_json extension_body(struct rd_compile *compile, const struct rd_json *row)
{
    struct rd_json settings = rd_json_object();
    struct rd_json secret = rd_json_absent;
    if (rd_json_exists(rd_json_get(row, RD_STR("settings"))))
        rd_json_merge(compile->arena, &settings, rd_json_get(row, RD_STR("settings")));
    fill_settings(compile, row, &settings, &secret);
    bool is_upgraded = rd_json_is_true(rd_json_get(row, RD_STR("upgrade")));
    return rd_shape(
        compile->arena,
        "{location: %s, tags: %j, properties: {publisher: %s, type: %s,"
        " typeHandlerVersion: %s, autoUpgradeMinorVersion: true,"
        " enableAutomaticUpgrade: %b, settings?: %j, protectedSettings?: %j}}",
        compile->spec->region, compile->tags, rd_json_str(rd_json_get(row, RD_STR("publisher"))),
        rd_json_str(rd_json_get(row, RD_STR("type"))),
        rd_json_str(rd_json_get(row, RD_STR("version"))), (int)is_upgraded, settings, secret);
}

static void prepare_extensions(struct hosts *hosts)
{
    struct rd_compile *compile = hosts->compile;
    const struct rd_json *table = rd_part_facts(compile, "extensions");
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        if (!is_wanted(compile->spec, rd_json_str(rd_json_get(row, RD_STR("when")))))
            continue;
        if (hosts->extension_count == EXTENSION_COUNT_MAX) {
            rd_part_fail(compile, RD_FAIL(compile->err, RD_RC_LIMIT,
                                          "extensions.yaml: more than %d extensions on a host",
                                          EXTENSION_COUNT_MAX));
            return;
        }
        hosts->extensions[hosts->extension_count++] = (struct extension){
            .name = rd_json_str(rd_json_get(row, RD_STR("name"))),
            .after = rd_json_get(row, RD_STR("after")),
            .body = extension_body(compile, row),
        };
    }
}

static struct rd_str extension_id(struct rd_compile *compile, struct rd_str machine,
                                  struct rd_str name)
{
    return rd_arena_printf(compile->arena, "%.*s/extensions/%.*s", RD_FMT(machine), RD_FMT(name));
}

/* One host ------------------------------------------------------------------------------------ */

struct host {
    int32_t number; /* counted from 0 */
    struct rd_str name;
    struct rd_str machine;
    struct rd_json tags;
    struct rd_str extension_ids[EXTENSION_COUNT_MAX];
};

static size_t add(struct hosts *hosts, const struct host *host, struct rd_str id,
                  struct rd_json body)
{
    size_t index = rd_part_add(hosts->compile, id, body);
    if (hosts->compile->rc == RD_RC_OK)
        hosts->compile->set->resources[index].host = host->number;
    return index;
}

static struct rd_json host_tags(struct rd_compile *compile, int64_t number)
{
    struct rd_json tags = rd_json_object();
    for (size_t i = 0; i < rd_json_count(&compile->tags); i++)
        (void)rd_json_add(compile->arena, &tags, compile->tags.u.members[i].key,
                          compile->tags.u.members[i].value);
    (void)rd_json_add(compile->arena, &tags, rd_str_from(host_tag),
                      rd_json_string(rd_arena_printf(compile->arena, "%lld", (long long)number)));
    return tags;
}

static struct rd_str add_interface(struct hosts *hosts, const struct host *host)
{
    struct rd_compile *compile = hosts->compile;
    struct rd_str id = rd_arena_printf(
        compile->arena, "%.*s/providers/Microsoft.Network/networkInterfaces/%.*s-nic",
        RD_FMT(compile->id[RD_ROLE_HOSTS_GROUP]), RD_FMT(host->name));
    size_t index = add(hosts, host, id,
                       rd_shape(compile->arena, "{location: %s, tags: %j, properties: %j}",
                                compile->spec->region, host->tags, hosts->interface_properties));
    rd_part_early(compile, index);
    return id;
}

static void add_machine(struct hosts *hosts, const struct host *host, struct rd_str interface_id)
{
    struct rd_compile *compile = hosts->compile;
    const struct rd_spec *spec = compile->spec;
    struct rd_json body = rd_shape(
        compile->arena,
        "{location: %s, tags: %j, zones?: %j, identity: %j, properties: {hardwareProfile: %j,"
        " licenseType: Windows_Client, securityProfile: %j,"
        " osProfile: {computerName: %s, adminUsername: %s, adminPassword: %j,"
        " windowsConfiguration: %j},"
        " storageProfile: {imageReference: %j, osDisk: {name: %s, createOption: FromImage,"
        " caching: ReadWrite, diskSizeGB: %i, deleteOption: Delete, managedDisk: %j}},"
        " networkProfile: {networkInterfaces: [{id: %s,"
        " properties: {primary: true, deleteOption: Detach}}]}, diagnosticsProfile: %j}}",
        spec->region, host->tags, hosts->zones, hosts->identity, hosts->hardware, hosts->security,
        host->name, spec->hosts.admin_user, hosts->password, hosts->windows, hosts->image,
        rd_arena_printf(compile->arena, "%.*s-osdisk", RD_FMT(host->name)), spec->hosts.disk_gb,
        hosts->managed_disk, interface_id, hosts->diagnostics);
    size_t index = add(hosts, host, host->machine, body);
    rd_part_early(compile, index); /* what runs inside it, its extensions, is not */
    for (size_t i = 0; i < compile->host_wait_count; i++)
        rd_part_need(compile, index, compile->host_waits[i]);
}

static void add_extensions(struct hosts *hosts, struct host *host)
{
    struct rd_compile *compile = hosts->compile;
    for (size_t i = 0; i < hosts->extension_count; i++)
        host->extension_ids[i] = extension_id(compile, host->machine, hosts->extensions[i].name);
    for (size_t i = 0; i < hosts->extension_count; i++) {
        const struct extension *extension = &hosts->extensions[i];
        size_t index = add(hosts, host, host->extension_ids[i], extension->body);
        for (size_t a = 0; a < rd_json_count(extension->after); a++)
            for (size_t k = 0; k < hosts->extension_count; k++)
                if (rd_str_eq(hosts->extensions[k].name,
                              rd_json_str(rd_json_item(extension->after, a))))
                    rd_part_need(compile, index, host->extension_ids[k]);
    }
}

static struct rd_str extension_of_type(const struct hosts *hosts, const struct host *host,
                                       const char *type)
{
    for (size_t i = 0; i < hosts->extension_count; i++)
        if (rd_str_is(rd_json_str(rd_json_at(&hosts->extensions[i].body, "properties.type")), type))
            return host->extension_ids[i];
    return RD_STR("");
}

static void add_association(struct hosts *hosts, const struct host *host)
{
    struct rd_compile *compile = hosts->compile;
    struct rd_str id = rd_arena_printf(
        compile->arena, "%.*s/providers/Microsoft.Insights/dataCollectionRuleAssociations/redoubt",
        RD_FMT(host->machine));
    /* Not behind the agent, which finds its rule when it starts: so it goes while others wait. */
    rd_part_early(compile, add(hosts, host, id, hosts->association));
}

/* The pool's own record of the host, which its agent makes: it bears the user whose desktop this
 * is. A joined host goes by its computer name, in a domain by its full one. */
static void add_session_host(struct hosts *hosts, const struct host *host)
{
    struct rd_compile *compile = hosts->compile;
    const struct rd_spec_hosts *spec = &compile->spec->hosts;
    bool is_domain = spec->join == RD_JOIN_DOMAIN;
    struct rd_str id = rd_arena_printf(
        compile->arena, "%.*s/sessionHosts/%.*s%s%.*s", RD_FMT(compile->id[RD_ROLE_HOST_POOL]),
        RD_FMT(host->name), is_domain ? "." : "", is_domain ? (int)spec->domain_name.n : 0,
        is_domain ? spec->domain_name.p : "");
    const struct rd_spec_pin *pin = rd_map_get(&hosts->pins, host->name);
    /* With direct assignment nobody else gives desktops out: who is not pinned has none. With
     * automatic assignment the service does, and a host without a pin may rightly have a user. */
    bool is_ours = compile->spec->hosts.pool == RD_POOL_PERSONAL && spec->direct_assignment;
    struct rd_json user = is_ours ? rd_json_string(RD_STR("")) : rd_json_absent;
    if (pin != NULL)
        user = rd_json_string(pin->user);
    struct rd_json properties = rd_shape(compile->arena, "{allowNewSession: true}");
    if (rd_json_exists(&user))
        (void)rd_json_set(compile->arena, &properties, RD_STR("assignedUser"), user);
    size_t index = add(hosts, host, id, rd_shape(compile->arena, "{properties: %j}", properties));
    rd_part_need(compile, index, extension_of_type(hosts, host, "DSC"));
}

static void add_backup(struct hosts *hosts, const struct host *host)
{
    struct rd_compile *compile = hosts->compile;
    struct rd_str id = rd_arena_printf(
        compile->arena,
        "%.*s/backupFabrics/Azure/protectionContainers/iaasvmcontainer;iaasvmcontainerv2;%.*s;%.*s"
        "/protectedItems/vm;iaasvmcontainerv2;%.*s;%.*s",
        RD_FMT(compile->id[RD_ROLE_BACKUP_VAULT]), RD_FMT(hosts->group_name_lower),
        RD_FMT(host->name), RD_FMT(hosts->group_name_lower), RD_FMT(host->name));
    size_t index =
        add(hosts, host, id,
            rd_shape(compile->arena,
                     "{properties: {protectedItemType: Microsoft.Compute/virtualMachines,"
                     " sourceResourceId: %s, policyId: %s}}",
                     host->machine, compile->id[RD_ROLE_BACKUP_POLICY]));
    /* Protecting writes to the vault alone: the backup's own extension comes with the first backup
     * that the policy's time starts (the VMBackup extension's README; seen 2026-11-21). */
    rd_part_early(compile, index);
}

static void add_host(struct hosts *hosts, int64_t number)
{
    struct rd_compile *compile = hosts->compile;
    const struct rd_spec *spec = compile->spec;
    struct host host = {.number = (int32_t)number,
                        .name = rd_spec_host_name(compile->arena, spec, number),
                        .tags = host_tags(compile, spec->hosts.first_number + number)};
    host.machine =
        rd_arena_printf(compile->arena, "%.*s/providers/Microsoft.Compute/virtualMachines/%.*s",
                        RD_FMT(compile->id[RD_ROLE_HOSTS_GROUP]), RD_FMT(host.name));
    compile->origin = RD_STR("hosts");
    struct rd_str interface_id = add_interface(hosts, &host);
    add_machine(hosts, &host, interface_id);
    add_extensions(hosts, &host);
    if (spec->monitoring.enabled)
        add_association(hosts, &host);
    add_session_host(hosts, &host);
    if (spec->backup.enabled) {
        compile->origin = RD_STR("backup");
        add_backup(hosts, &host);
    }
}

void rd_part_hosts(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    struct hosts hosts = {.compile = compile,
                          .group_name_lower =
                              rd_arena_lower(compile->arena, compile->name[RD_ROLE_HOSTS_GROUP])};
    compile->origin = RD_STR("hosts");
    if (spec->monitoring.enabled)
        (void)rd_part_identity(compile, RD_ROLE_HOST_IDENTITY, spec->region);
    rd_map_init(&hosts.pins, true);
    for (size_t i = 0; i < spec->access.pin_count; i++)
        (void)rd_map_set(&hosts.pins, spec->access.pins[i].host, &spec->access.pins[i]);
    prepare_machine(&hosts);
    prepare_extensions(&hosts);
    for (int64_t i = 0; i < spec->hosts.count && compile->rc == RD_RC_OK; i++)
        add_host(&hosts, i);
    rd_map_done(&hosts.pins);
}
