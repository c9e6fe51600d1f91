/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Life of a machine's PUT. On creation: size, zone, image, security rules, feature, capacity that
 * is refused at once, quota, and only then what it takes hold of (cores, NICs), so that a refused
 * request holds nothing. When its time comes the OS disk is made, and a failed allocation leaves
 * the machine Failed with its NIC and disk, which pin the zone (azure-compute 5.7).
 *
 * hidden: power, power_ms (see compute_vm_power.c), no_boot, fail (the code `ready` fails with),
 * size (whose cores are taken), os_version, extension_ms (until when its agent works on
 * extensions), joined, nic_held.
 */

#include "compute_internal.h"
#include "desktop_internal.h"
#include "network_internal.h"

#include "compute_parts.h"

#define OS_DISK "properties.storageProfile.osDisk."

static bool check_shape(struct em_exchange *ex, const struct rd_json *body, bool is_new)
{
    static const char *const needed[] = {
        "properties.hardwareProfile.vmSize", "properties.storageProfile.osDisk.createOption",
        "properties.osProfile.computerName", "properties.osProfile.adminUsername", NULL};
    if (rd_json_count(rd_json_at(body, "properties.networkProfile.networkInterfaces")) == 0)
        return em_fail_target(ex, 400, "InvalidParameter", "networkProfile",
                              "Required parameter 'networkProfile' is missing (null).");
    for (size_t i = 0; needed[i] != NULL; i++)
        if (rd_str_is_empty(em_text_at(body, needed[i])))
            return em_fail_target(ex, 400, "InvalidParameter", needed[i],
                                  "Required parameter '%s' is missing (null).",
                                  needed[i] + sizeof("properties.") - 1);
    if (is_new && rd_str_is_empty(em_text_at(body, "properties.osProfile.adminPassword")))
        return em_fail_target(ex, 400, "InvalidParameter", "adminPassword",
                              "Required parameter 'adminPassword' is missing (null).");
    if (!rd_str_is_case(em_text_at(body, OS_DISK "createOption"), "FromImage"))
        return em_fail_target(ex, 400, "NotEmulated", "osDisk.createOption",
                              "Only createOption 'FromImage' is emulated.");
    if (rd_json_count(rd_json_at(body, "properties.storageProfile.dataDisks")) > 0)
        return em_fail_target(ex, 400, "NotEmulated", "dataDisks",
                              "Data disks of machines are not emulated.");
    if (em_has(body, "properties.placement"))
        return em_fail_target(ex, 400, "NotEmulated", "placement",
                              "Placement by the platform is not emulated; name a zone.");
    return true;
}

static bool check_profile(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const reserved[] = {"administrator", "admin", "user",    "user1", "test",
                                           "guest",         "root",  "console", "owner", NULL};
    struct rd_str computer = em_text_at(body, "properties.osProfile.computerName");
    if (computer.n > 15)
        return em_fail_target(ex, 400, "InvalidParameter", "osProfile.computerName",
                              "Windows computer name cannot be more than 15 characters long, be "
                              "entirely numeric, or contain the following characters: ` ~ ! @ # $ "
                              "%% ^ & * ( ) = + _ [ ] { } \\ | ; : . ' \" , < > / ?.");
    if (em_is_one_of(em_text_at(body, "properties.osProfile.adminUsername"), reserved))
        return em_fail_target(ex, 400, "InvalidParameter", "adminUsername",
                              "The Admin Username specified is not allowed.");
    struct rd_str password = em_text_at(body, "properties.osProfile.adminPassword");
    int kinds[4] = {0};
    for (size_t i = 0; i < password.n; i++)
        kinds[rd_char_is_digit(password.p[i])                ? 0
              : password.p[i] >= 'a' && password.p[i] <= 'z' ? 1
              : password.p[i] >= 'A' && password.p[i] <= 'Z' ? 2
                                                             : 3] = 1;
    if (!rd_str_is_empty(password) &&
        (password.n < 12 || password.n > 123 || kinds[0] + kinds[1] + kinds[2] + kinds[3] < 3))
        return em_fail_target(ex, 400, "InvalidParameter", "adminPassword",
                              "The supplied password must be between 12-123 characters long and "
                              "must satisfy at least 3 of password complexity requirements from "
                              "the following: 1) Contains an uppercase character 2) Contains a "
                              "lowercase character 3) Contains a numeric digit 4) Contains a "
                              "special character 5) Control characters are not allowed");
    return true;
}

static bool check_size(struct em_exchange *ex, const struct rd_json *body, struct em_size *ret_size)
{
    struct rd_str name = em_text_at(body, "properties.hardwareProfile.vmSize");
    struct rd_str region = em_body_region(ex, body);
    if (!em_size_find(ex, name, ret_size))
        return em_fail_target(ex, 400, "InvalidParameter", "vmSize",
                              "The value %.*s provided for the VM size is not valid. The valid "
                              "sizes in the current region are listed by Microsoft.Compute/skus.",
                              RD_FMT(name));
    const struct rd_json *offered = em_size_zones(ex, ret_size, region);
    if (!rd_json_exists(offered))
        return em_fail(ex, 409, "SkuNotAvailable", "%.*s",
                       RD_FMT(em_vm_capacity_text(ex, RD_STR("SkuNotAvailable"), name, region)));
    struct rd_str zone = em_text_at(body, "zones.0");
    if (rd_json_count(rd_json_at(body, "zones")) > 1)
        return em_fail_target(ex, 400, "InvalidParameter", "zones",
                              "Virtual machine can be in one zone only.");
    bool is_there = rd_str_is_empty(zone);
    for (size_t i = 0; i < rd_json_count(offered); i++)
        is_there = is_there || rd_str_eq(rd_json_str(rd_json_item(offered, i)), zone);
    if (!is_there && rd_json_count(offered) == 0)
        return em_fail(ex, 400, "LocationNotSupportAvailabilityZones",
                       "The zone(s) '%.*s' for resource '%.*s' is not supported. Location '%.*s' "
                       "does not support availability zones.",
                       RD_FMT(zone), RD_FMT(ex->id), RD_FMT(region));
    if (!is_there)
        return em_fail(ex, 400, "InvalidAvailabilityZone",
                       "The zone(s) '%.*s' for resource '%.*s' is not supported. The supported "
                       "zones for location '%.*s' are fewer.",
                       RD_FMT(zone), RD_FMT(ex->id), RD_FMT(region));
    if (!rd_str_is_empty(ret_size->feature) &&
        !em_feature_is_registered(ex, ex->subscription, "Microsoft.Compute",
                                  rd_arena_str(ex->arena, ret_size->feature).p))
        return em_fail(ex, 409, "SubscriptionNotRegisteredForFeature",
                       "Subscription %.*s is not registered with feature Microsoft.Compute/%.*s. "
                       "It is required to carry out the requested operation.",
                       RD_FMT(ex->subscription), RD_FMT(ret_size->feature));
    return true;
}

/* PropertyChangeNotAllowed (azure-compute 5.4); what the request left out is kept. */
static bool keep_immutables(struct em_exchange *ex, const struct rd_json *former,
                            struct rd_json *body)
{
    static const char *const paths[] = {
        "zones",
        "properties.storageProfile.osDisk.name",
        "properties.storageProfile.osDisk.createOption",
        "properties.storageProfile.osDisk.osType",
        "properties.storageProfile.osDisk.managedDisk.securityProfile",
        "properties.storageProfile.imageReference.id",
        "properties.storageProfile.imageReference.publisher",
        "properties.storageProfile.imageReference.offer",
        "properties.storageProfile.imageReference.sku",
        "properties.osProfile.computerName",
        "properties.osProfile.adminUsername",
        "properties.securityProfile.securityType",
    };
    for (size_t i = 0; i < EM_COUNT(paths); i++) {
        const struct rd_json *was = rd_json_at(former, paths[i]);
        const struct rd_json *is = rd_json_at(body, paths[i]);
        bool is_same = rd_json_is(is, RD_JSON_STRING)
                           ? rd_str_eq_case(rd_json_str(is), rd_json_str(was))
                           : rd_json_eq(is, was);
        if (rd_json_exists(is) && !is_same) {
            const char *name = paths[i];
            static const char *const heads[] = {"properties.storageProfile.", "properties."};
            for (size_t k = 0; k < EM_COUNT(heads); k++)
                if (rd_str_has_prefix(rd_str_from(name), rd_str_from(heads[k]))) {
                    name += rd_str_from(heads[k]).n;
                    break;
                }
            return em_fail_target(ex, 409, "PropertyChangeNotAllowed", name,
                                  "Changing property '%s' is not allowed.", name);
        }
        if (!rd_json_exists(is) && rd_json_exists(was))
            em_set(ex, body, paths[i], rd_json_copy(ex->arena, was));
    }
    struct rd_str sku = em_text_at(former, OS_DISK "managedDisk.storageAccountType");
    struct rd_str new_sku = em_text_at(body, OS_DISK "managedDisk.storageAccountType");
    if (!rd_str_is_empty(new_sku) && !rd_str_eq_case(sku, new_sku))
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Managed disk storage account type change through Virtual Machine '%.*s' is "
                       "not allowed. Please update disk resource at %.*s.",
                       RD_FMT(em_id_name(ex->id)),
                       RD_FMT(em_text_at(former, OS_DISK "managedDisk.id")));
    static const char *const kept[] = {"properties.vmId", "properties.timeCreated",
                                       OS_DISK "managedDisk.id",
                                       "properties.storageProfile.imageReference.exactVersion"};
    for (size_t i = 0; i < EM_COUNT(kept); i++)
        if (em_has(former, kept[i]))
            em_set(ex, body, kept[i], rd_json_copy(ex->arena, rd_json_at(former, kept[i])));
    return true;
}

static bool attach_nics(struct em_exchange *ex, const struct rd_json *body,
                        const struct em_size *size)
{
    const struct rd_json *nics = rd_json_at(body, "properties.networkProfile.networkInterfaces");
    size_t count = rd_json_count(nics);
    if ((int64_t)count > size->nics)
        return em_fail_target(ex, 400, "InvalidParameter", "networkProfile.networkInterfaces",
                              "The number of network interfaces for virtual machine exceeds the "
                              "maximum allowed for the virtual machine size %.*s.",
                              RD_FMT(size->name));
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *nic = rd_json_item(nics, i);
        bool is_primary = count == 1 || rd_json_is_true(rd_json_at(nic, "properties.primary"));
        if (em_nic_attach(ex, em_text_at(nic, "id"), ex->id, is_primary))
            continue;
        for (size_t k = 0; k < i; k++)
            em_nic_detach(ex, em_text_at(rd_json_item(nics, k), "id"), ex->id, false);
        return false;
    }
    return true;
}

/* NICs that an update no longer names are let go, which takes a machine that is off. */
static bool drop_nics(struct em_exchange *ex, const struct em_resource *vm,
                      const struct rd_json *was, const struct rd_json *body)
{
    const struct rd_json *old = rd_json_at(was, "properties.networkProfile.networkInterfaces");
    bool is_off = rd_str_is(rd_str_from(em_vm_power(ex, vm)), "deallocated");
    for (size_t i = 0; i < rd_json_count(old); i++) {
        struct rd_str id = em_text_at(rd_json_item(old, i), "id");
        if (em_array_has_id(body, "properties.networkProfile.networkInterfaces", id))
            continue;
        if (!is_off)
            return em_fail(ex, 409, "OperationNotAllowed",
                           "Network interfaces of VM '%.*s' can be changed only when the VM is "
                           "stopped (deallocated).",
                           RD_FMT(em_name(vm)));
        em_nic_detach(ex, id, vm->id, false);
    }
    return true;
}

static struct rd_str disk_id(struct em_exchange *ex, struct rd_str vm_id, struct rd_str name)
{
    struct rd_str base = em_id_parent(vm_id);
    size_t providers = rd_str_find_case(base, RD_STR("/providers/"), 0);
    return rd_arena_printf(ex->arena, "%.*s/providers/Microsoft.Compute/disks/%.*s",
                           RD_FMT(rd_str_sub(base, 0, providers)), RD_FMT(name));
}

static void fill_new(struct em_exchange *ex, struct rd_json *body, const struct em_image *image)
{
    em_set_text(ex, body, "properties.vmId",
                em_guid(ex, rd_arena_printf(ex->arena, "%.*s@%lld", RD_FMT(ex->id),
                                            (long long)ex->now_ms)));
    em_set_text(ex, body, "properties.timeCreated", em_time(ex, ex->now_ms));
    em_set_text(ex, body, "properties.storageProfile.imageReference.exactVersion", image->version);
    em_set_text(ex, body, OS_DISK "osType", image->os);
    if (!em_has(body, OS_DISK "name"))
        em_set_text(ex, body, OS_DISK "name",
                    rd_arena_printf(ex->arena, "%.*s_disk1_%.*s", RD_FMT(em_id_name(ex->id)),
                                    RD_FMT(em_hex(ex, ex->id, 32))));
    if (!em_has(body, OS_DISK "diskSizeGB"))
        em_set_int(ex, body, OS_DISK "diskSizeGB", image->size_gb);
    em_set_text(ex, body, OS_DISK "managedDisk.id",
                disk_id(ex, ex->id, em_text_at(body, OS_DISK "name")));
}

static void fill_defaults(struct em_exchange *ex, struct rd_json *body)
{
    em_default(ex, body, OS_DISK "caching", rd_json_string_c("ReadWrite"));
    em_default(ex, body, OS_DISK "deleteOption", rd_json_string_c("Detach"));
    em_default(ex, body, OS_DISK "managedDisk.storageAccountType", rd_json_string_c("Premium_LRS"));
    em_default(ex, body, "properties.storageProfile.dataDisks", rd_json_array());
    em_default(ex, body, "properties.osProfile.secrets", rd_json_array());
    em_default(ex, body, "properties.osProfile.allowExtensionOperations", rd_json_bool(true));
    em_default(ex, body, "properties.osProfile.requireGuestProvisionSignal", rd_json_bool(true));
    if (rd_str_is_case(em_text_at(body, OS_DISK "osType"), "Windows")) {
#define WINDOWS "properties.osProfile.windowsConfiguration."
        em_default(ex, body, WINDOWS "provisionVMAgent", rd_json_bool(true));
        em_default(ex, body, WINDOWS "enableAutomaticUpdates", rd_json_bool(true));
        em_default(ex, body, WINDOWS "patchSettings.patchMode", rd_json_string_c("AutomaticByOS"));
        em_default(ex, body, WINDOWS "patchSettings.assessmentMode",
                   rd_json_string_c("ImageDefault"));
    }
    em_drop(body, "properties.osProfile", "adminPassword");
    em_drop(body, "properties.osProfile", "customData");
    em_drop(body, "properties", "instanceView");
    em_drop(body, "", "resources");
}

/* Everything that may refuse a new machine, in Azure's order, then what it takes. */
static bool put_new(struct em_exchange *ex, struct rd_json *body, struct rd_json *hidden)
{
    struct em_size size;
    struct em_image image;
    if (!check_size(ex, body, &size) ||
        !em_image_resolve(ex, rd_json_at(body, "properties.storageProfile.imageReference"),
                          em_body_region(ex, body), &image) ||
        !em_vm_check_security(ex, body, &size, &image) || !em_vm_choose_controller(ex, &size, body))
        return false;
    fill_new(ex, body, &image);
    if (em_find(ex->cloud, em_text_at(body, OS_DISK "managedDisk.id")) != NULL)
        return em_fail(ex, 409, "ConflictingUserInput",
                       "Disk '%.*s' already exists in resource group '%.*s'. Only "
                       "CreateOption.Attach is supported.",
                       RD_FMT(em_text_at(body, OS_DISK "name")),
                       RD_FMT(em_id_segment(ex->id, "resourceGroups")));
    struct rd_str region = em_body_region(ex, body);
    struct rd_str kind = {0};
    if (em_vm_capacity_strikes(ex, em_text_at(body, "zones.0"), size.name, &kind)) {
        if (rd_str_is_case(kind, "SkuNotAvailable"))
            return em_fail(ex, 409, "SkuNotAvailable", "%.*s",
                           RD_FMT(em_vm_capacity_text(ex, kind, size.name, region)));
        em_set_text(ex, hidden, "fail", kind);
    }
    if (!em_identity_fill(ex, ex->id, body) || !em_quota_take(ex, ex->subscription, region, &size))
        return false;
    if (!attach_nics(ex, body, &size)) {
        em_quota_give(ex, ex->subscription, region, &size);
        return false;
    }
    em_set_text(ex, hidden, "size", size.name);
    em_set_text(ex, hidden, "generation", image.generation);
    fill_defaults(ex, body);
    return true;
}

static bool put_again(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                      struct rd_json *hidden)
{
    struct rd_json was = em_body(ex, former);
    if (!keep_immutables(ex, &was, body))
        return false;
    struct em_size size, old;
    if (!check_size(ex, body, &size) || !em_vm_check_resize(ex, &was, body, &size) ||
        !em_vm_check_stopped(ex, former, &was, body) || !em_identity_fill(ex, ex->id, body) ||
        !drop_nics(ex, former, &was, body) || !attach_nics(ex, body, &size))
        return false;
    struct rd_str region = em_body_region(ex, body);
    struct rd_str taken = em_text_at(hidden, "size");
    if (!rd_str_eq_case(size.name, taken) && em_size_find(ex, taken, &old)) {
        em_quota_give(ex, ex->subscription, region, &old);
        if (!em_quota_take(ex, ex->subscription, region, &size)) {
            /* A refused exchange changes nothing: the old size keeps what it had. */
            (void)em_quota_take(ex, ex->subscription, region, &old);
            return false;
        }
        em_set_text(ex, hidden, "size", size.name);
    }
    struct rd_str kind = {0};
    em_drop(hidden, "", "fail");
    if (former->state == EM_FAILED &&
        em_vm_capacity_strikes(ex, em_text_at(body, "zones.0"), size.name, &kind))
        em_set_text(ex, hidden, "fail", kind);
    fill_defaults(ex, body);
    return true;
}

bool em_vm_put(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
               struct rd_json *hidden)
{
    bool is_new = former == NULL;
    if (!is_new && !em_has(body, "properties.osProfile.computerName")) {
        struct rd_json was = em_body(ex, former);
        em_set(ex, body, "properties.osProfile", *rd_json_at(&was, "properties.osProfile"));
    }
    if (!check_shape(ex, body, is_new) || !check_profile(ex, body))
        return false;
    return is_new ? put_new(ex, body, hidden) : put_again(ex, former, body, hidden);
}

int64_t em_vm_duration(struct em_exchange *ex, struct em_resource *former,
                       const struct rd_json *body)
{
    int64_t ms = former == NULL ? 100000 : 20000;
    /* DiskWithVMGuestState encrypts the whole OS disk before the first boot: about half a second
     * for each GB. */
    if (former == NULL &&
        rd_str_is_case(
            em_text_at(body, OS_DISK "managedDisk.securityProfile.securityEncryptionType"),
            "DiskWithVMGuestState"))
        ms += 500 * rd_json_int(rd_json_at(body, OS_DISK "diskSizeGB"), 127);
    return em_draw_ms(ex, ex->id, ms);
}

static const char *disk_security(const struct rd_json *body)
{
    struct rd_str type = em_text_at(body, "properties.securityProfile.securityType");
    struct rd_str encryption =
        em_text_at(body, OS_DISK "managedDisk.securityProfile.securityEncryptionType");
    if (rd_str_is_case(type, "TrustedLaunch"))
        return "TrustedLaunch";
    if (!rd_str_is_case(type, "ConfidentialVM"))
        return NULL;
    if (rd_str_is_case(encryption, "NonPersistedTPM"))
        return "ConfidentialVM_NonPersistedTPM";
    if (rd_str_is_case(encryption, "VMGuestStateOnly"))
        return "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey";
    return em_has(body, OS_DISK "managedDisk.securityProfile.diskEncryptionSet.id")
               ? "ConfidentialVM_DiskEncryptedWithCustomerKey"
               : "ConfidentialVM_DiskEncryptedWithPlatformKey";
}

static void make_os_disk(struct em_exchange *ex, const struct em_resource *vm,
                         const struct rd_json *body, const struct rd_json *hidden)
{
    struct rd_json disk = rd_json_object(), none = rd_json_object();
    em_set_text(ex, &disk, "location", em_text_at(body, "location"));
    if (em_has(body, "zones"))
        em_set(ex, &disk, "zones", *rd_json_at(body, "zones"));
    em_set_text(ex, &disk, "managedBy", vm->id);
    em_set_text(ex, &disk, "sku.name", em_text_at(body, OS_DISK "managedDisk.storageAccountType"));
    em_set_text(ex, &disk, "properties.osType", em_text_at(body, OS_DISK "osType"));
    em_set_text(ex, &disk, "properties.hyperVGeneration", em_text_at(hidden, "generation"));
    em_set_word(ex, &disk, "properties.creationData.createOption", "FromImage");
    int64_t size = rd_json_int(rd_json_at(body, OS_DISK "diskSizeGB"), 127);
    em_set_int(ex, &disk, "properties.diskSizeGB", size);
    em_set_int(ex, &disk, "properties.diskSizeBytes", size << 30);
    em_set_text(ex, &disk, "properties.timeCreated", em_time(ex, ex->now_ms));
    em_set_text(ex, &disk, "properties.uniqueId", em_guid(ex, em_text_at(body, OS_DISK "name")));
    struct rd_str set = em_text_at(body, OS_DISK "managedDisk.diskEncryptionSet.id");
    em_set_word(ex, &disk, "properties.encryption.type",
                rd_str_is_empty(set) ? "EncryptionAtRestWithPlatformKey"
                                     : "EncryptionAtRestWithCustomerKey");
    if (!rd_str_is_empty(set))
        em_set_text(ex, &disk, "properties.encryption.diskEncryptionSetId", set);
    const char *security = disk_security(body);
    if (security != NULL)
        em_set_word(ex, &disk, "properties.securityProfile.securityType", security);
    struct rd_str inner =
        em_text_at(body, OS_DISK "managedDisk.securityProfile.diskEncryptionSet.id");
    if (!rd_str_is_empty(inner))
        em_set_text(ex, &disk, "properties.securityProfile.secureVMDiskEncryptionSetId", inner);
    if (em_has(body, "tags"))
        em_set(ex, &disk, "tags", *rd_json_at(body, "tags"));
    (void)em_create(ex, EM_DISK_TYPE, em_text_at(body, OS_DISK "managedDisk.id"), &disk, &none);
}

const char *em_vm_ready(struct em_exchange *ex, struct em_resource *vm, struct rd_json *body,
                        struct rd_json *hidden, struct rd_str *ret_message)
{
    bool is_first = rd_str_is_empty(em_text_at(hidden, "power"));
    if (em_find(ex->cloud, em_text_at(body, OS_DISK "managedDisk.id")) == NULL)
        make_os_disk(ex, vm, body, hidden);
    else
        em_vm_resize_disk(ex, body);
    struct rd_str fail = em_text_at(hidden, "fail");
    if (!rd_str_is_empty(fail)) {
        *ret_message =
            em_vm_capacity_text(ex, fail, em_text_at(body, "properties.hardwareProfile.vmSize"),
                                em_body_region(ex, body));
        return rd_arena_str(ex->arena, fail).p;
    }
    struct rd_str set =
        em_text_at(body, OS_DISK "managedDisk.securityProfile.diskEncryptionSet.id");
    if (rd_str_is_empty(set))
        set = em_text_at(body, OS_DISK "managedDisk.diskEncryptionSet.id");
    struct em_resource *des = rd_str_is_empty(set) ? NULL : em_find(ex->cloud, set);
    if (is_first && des != NULL) {
        struct rd_str target =
            rd_arena_printf(ex->arena, "VM: '%.*s', disk: '%.*s'", RD_FMT(vm->id),
                            RD_FMT(em_text_at(body, OS_DISK "name")));
        const char *code = em_des_use(ex, des, target, ret_message);
        if (code != NULL)
            return code;
        if (!em_des_releases(ex, des))
            em_set_bool(ex, hidden, "no_boot", true);
    }
    if (is_first) {
        em_vm_set_power(ex, hidden, "booting");
        em_store_hidden(ex, vm, hidden);
        em_vm_tell_power(ex, vm, "running");
    }
    return NULL;
}

void em_vm_show(struct em_exchange *ex, struct em_resource *vm, struct rd_json *body)
{
    if (!em_has(body, "properties.securityProfile.securityType") &&
        rd_str_cmp(ex->api_version, RD_STR("2025-11-01")) >= 0)
        em_set_word(ex, body, "properties.securityProfile.securityType", "Standard");
    struct rd_str value = {0};
    if ((rd_http_query_get(ex->arena, ex->url.query, "$expand", &value) &&
         rd_str_is_case(value, "instanceView")) ||
        (rd_http_query_get(ex->arena, ex->url.query, "statusOnly", &value) &&
         rd_str_is_case(value, "true")))
        em_set(ex, body, "properties.instanceView", em_vm_instance_view(ex, vm));
    if (!rd_str_eq_case(ex->id, vm->id) || ex->request == NULL ||
        ex->request->method != RD_HTTP_GET)
        return;
    struct em_resource *extension = em_next_child(vm, EM_EXTENSION_TYPE, NULL);
    if (extension == NULL)
        return;
    struct rd_json *resources = em_array(ex, body, "resources");
    for (; extension != NULL; extension = em_next_child(vm, EM_EXTENSION_TYPE, extension))
        (void)rd_json_append(ex->arena, resources, em_view(ex, extension));
}

static void let_disk_go(struct em_exchange *ex, const struct rd_json *body)
{
    struct em_resource *disk = em_find(ex->cloud, em_text_at(body, OS_DISK "managedDisk.id"));
    if (disk == NULL)
        return;
    struct rd_json disk_body = em_body(ex, disk);
    em_drop(&disk_body, "", "managedBy");
    em_store(ex, disk, &disk_body);
    if (rd_str_is_case(em_text_at(body, OS_DISK "deleteOption"), "Delete"))
        em_remove(ex, disk);
}

void em_vm_deleted(struct em_exchange *ex, struct em_resource *vm)
{
    struct rd_json body = em_body(ex, vm);
    struct rd_json hidden = em_hidden(ex, vm);
    struct em_size size;
    if (em_size_find(ex, em_text_at(&hidden, "size"), &size))
        em_quota_give(ex, em_subscription(vm), em_body_region(ex, &body), &size);
    bool has_failed = !rd_str_is_empty(em_text_at(&hidden, "fail"));
    const struct rd_json *nics = rd_json_at(&body, "properties.networkProfile.networkInterfaces");
    for (size_t i = 0; i < rd_json_count(nics); i++) {
        const struct rd_json *nic = rd_json_item(nics, i);
        struct rd_str id = em_text_at(nic, "id");
        em_nic_detach(ex, id, vm->id, has_failed);
        struct em_resource *resource = em_find(ex->cloud, id);
        if (resource != NULL &&
            rd_str_is_case(em_text_at(nic, "properties.deleteOption"), "Delete"))
            em_remove(ex, resource);
    }
    let_disk_go(ex, &body);
    em_session_host_power(ex, vm->id, EM_HOST_DELETED);
}
