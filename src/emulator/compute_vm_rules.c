/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What Compute refuses about a machine before it starts to build it: size and security type, the
 * image's features, disk encryption (azure-compute 5.2, 5.7, 5.8). Texts without a source in that
 * document are marked in data/emulator/fidelity-compute.yaml.
 */

#include "compute_internal.h"

#define OS_DISK "properties.storageProfile.osDisk.managedDisk."

static bool check_words(struct em_exchange *ex, const struct rd_json *body)
{
    static const struct {
        const char *path;
        const char *type;
        const char *words[8];
    } all[] = {
        {"properties.securityProfile.securityType",
         "SecurityTypes",
         {"ConfidentialVM", "TrustedLaunch", "Standard", NULL}},
        {OS_DISK "securityProfile.securityEncryptionType",
         "SecurityEncryptionTypes",
         {"VMGuestStateOnly", "DiskWithVMGuestState", "NonPersistedTPM", NULL}},
        {OS_DISK "storageAccountType",
         "StorageAccountTypes",
         {"Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_LRS", "Premium_ZRS",
          "PremiumV2_LRS", "UltraSSD_LRS", NULL}},
        {"properties.licenseType",
         "LicenseType",
         {"Windows_Client", "Windows_Server", "None", NULL}},
    };
    for (size_t i = 0; i < EM_COUNT(all); i++) {
        struct rd_str value = em_text_at(body, all[i].path);
        if (!rd_str_is_empty(value) && !em_is_one_of(value, all[i].words))
            return em_fail_target(
                ex, 400, "BadRequest", all[i].path,
                "Error converting value \"%.*s\" to type "
                "'System.Nullable`1[Microsoft.WindowsAzure.ComputeResourceProvider"
                ".%s]'.",
                RD_FMT(value), all[i].type);
    }
    return true;
}

static bool check_set(struct em_exchange *ex, const struct rd_json *body, struct rd_str id,
                      bool is_confidential)
{
    struct em_resource *des = em_refer(ex, id, EM_DES_TYPE);
    if (des == NULL)
        return false;
    struct rd_json set = em_body(ex, des);
    bool is_confidential_set = rd_str_is_case(em_text_at(&set, "properties.encryptionType"),
                                              "ConfidentialVmEncryptedWithCustomerKey");
    if (is_confidential != is_confidential_set)
        return em_fail_target(
            ex, 400, "InvalidParameter",
            is_confidential ? "osDisk.managedDisk.securityProfile.diskEncryptionSet.id"
                            : "osDisk.managedDisk.diskEncryptionSet.id",
            is_confidential ? "The disk encryption set '%.*s' must have encryption type "
                              "'ConfidentialVmEncryptedWithCustomerKey' to be used in "
                              "'managedDisk.securityProfile'."
                            : "The disk encryption set '%.*s' of encryption type "
                              "'ConfidentialVmEncryptedWithCustomerKey' can only be used in "
                              "'managedDisk.securityProfile'.",
            RD_FMT(id));
    if (!em_location_eq(em_text_at(&set, "location"), em_text_at(body, "location")))
        return em_fail_target(ex, 400, "InvalidParameter", "diskEncryptionSet.id",
                              "The disk encryption set '%.*s' must be in the same region as the "
                              "virtual machine.",
                              RD_FMT(id));
    if (!rd_str_eq_case(em_subscription(des), ex->subscription))
        return em_fail_target(ex, 400, "InvalidParameter", "diskEncryptionSet.id",
                              "The disk encryption set '%.*s' must be in the same subscription as "
                              "the virtual machine.",
                              RD_FMT(id));
    return true;
}

/* azure-compute 5.2: where a disk encryption set may stand, and with what. */
static bool check_encryption(struct em_exchange *ex, const struct rd_json *body,
                             bool is_confidential, struct rd_str encryption)
{
    struct rd_str outer = em_text_at(body, OS_DISK "diskEncryptionSet.id");
    struct rd_str inner = em_text_at(body, OS_DISK "securityProfile.diskEncryptionSet.id");
    if (!rd_str_is_empty(outer) && is_confidential)
        return em_fail_target(ex, 400, "InvalidParameter", "osDisk.managedDisk.diskEncryptionSet",
                              "The disk encryption set of a Confidential VM's OS disk must be set "
                              "in 'managedDisk.securityProfile.diskEncryptionSet'.");
    if (!rd_str_is_empty(outer) && !check_set(ex, body, outer, false))
        return false;
    if (rd_str_is_empty(inner))
        return true;
    if (!rd_str_is_case(encryption, "DiskWithVMGuestState"))
        return em_fail_target(ex, 400, "InvalidParameter",
                              "osDisk.managedDisk.securityProfile.diskEncryptionSet",
                              "A disk encryption set in 'managedDisk.securityProfile' requires "
                              "securityEncryptionType 'DiskWithVMGuestState'.");
    return check_set(ex, body, inner, true);
}

static bool check_confidential(struct em_exchange *ex, const struct rd_json *body,
                               const struct em_size *size, const struct em_image *image,
                               struct rd_str encryption)
{
    if (rd_str_is_empty(encryption))
        return em_fail_target(ex, 400, "BadRequest",
                              "managedDisk.securityProfile.securityEncryptionType",
                              "Required parameter for Confidential VMs "
                              "'managedDisk.securityProfile.securityEncryptionType' is missing "
                              "(null).");
    if (rd_str_is_empty(size->confidential))
        return em_fail_target(ex, 400, "BadRequest", "vmSize",
                              "The VM size '%.*s' is not supported for creation of VMs and Virtual "
                              "Machine Scale Set with 'ConfidentialVM' security type and "
                              "managedDisk.securityProfile.securityEncryptionType set as '%.*s'",
                              RD_FMT(size->name), RD_FMT(encryption));
    if (!em_image_allows_confidential(image))
        return em_fail_target(ex, 400, "InvalidParameter", "securityProfile.securityType",
                              "SecurityType '%s' is not supported by given image.",
                              !rd_str_is_case(encryption, "DiskWithVMGuestState")
                                  ? "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey"
                              : em_has(body, OS_DISK "securityProfile.diskEncryptionSet.id")
                                  ? "ConfidentialVM_DiskEncryptedWithCustomerKey"
                                  : "ConfidentialVM_DiskEncryptedWithPlatformKey");
    if (!rd_json_is_true(rd_json_at(body, "properties.securityProfile.uefiSettings.vTpmEnabled")))
        return em_fail_target(ex, 400, "InvalidParameter",
                              "securityProfile.uefiSettings.vTpmEnabled",
                              "vTPM must be enabled for a virtual machine with security type "
                              "'ConfidentialVM'.");
    if (rd_str_is_case(encryption, "DiskWithVMGuestState") &&
        !rd_json_is_true(
            rd_json_at(body, "properties.securityProfile.uefiSettings.secureBootEnabled")))
        return em_fail_target(ex, 400, "InvalidParameter",
                              "securityProfile.uefiSettings.secureBootEnabled",
                              "Secure boot must be enabled when securityEncryptionType is "
                              "'DiskWithVMGuestState'.");
    return true;
}

static bool check_other(struct em_exchange *ex, const struct rd_json *body,
                        const struct em_size *size, const struct em_image *image,
                        struct rd_str type)
{
    if (em_has(body, OS_DISK "securityProfile"))
        return em_fail_target(ex, 400, "InvalidParameter", "managedDisk.securityProfile",
                              "The parameter 'managedDisk.securityProfile' can only be set for "
                              "Confidential VMs.");
    if (!rd_str_is_empty(size->confidential))
        return em_fail_target(ex, 400, "BadRequest", "vmSize",
                              "The VM size '%.*s' is not supported for creation of VMs and Virtual "
                              "Machine Scale Set with '%.*s' security type.",
                              RD_FMT(size->name),
                              RD_FMT(rd_str_is_empty(type) ? RD_STR("<NULL>") : type));
    if (rd_str_is_case(type, "TrustedLaunch") && !em_image_allows_trusted_launch(image))
        return em_fail_target(ex, 400, "BadRequest", "securityProfile.securityType",
                              "Use of TrustedLaunch setting is not supported for the provided "
                              "image. Please select Trusted Launch Supported Gen2 OS Image. For "
                              "more information, see https://aka.ms/TrustedLaunch-FAQ.");
    /* A definition that was captured with its guest state makes that kind of machine only
     * (lessons B1.4). */
    if (rd_str_is_case(image->security, "ConfidentialVM") ||
        (rd_str_is_case(image->security, "TrustedLaunch") &&
         !rd_str_is_case(type, "TrustedLaunch")))
        return em_fail_target(ex, 400, "BadRequest", "securityProfile.securityType",
                              "The provided gallery image only supports creation of VMs and VM "
                              "Scale Sets with '%.*s' security type.",
                              RD_FMT(image->security));
    return true;
}

bool em_vm_check_security(struct em_exchange *ex, const struct rd_json *body,
                          const struct em_size *size, const struct em_image *image)
{
    if (!check_words(ex, body))
        return false;
    struct rd_str type = em_text_at(body, "properties.securityProfile.securityType");
    struct rd_str encryption = em_text_at(body, OS_DISK "securityProfile.securityEncryptionType");
    bool is_confidential = rd_str_is_case(type, "ConfidentialVM");
    if (rd_str_is(image->generation, "V1") && !rd_str_is_empty(size->confidential))
        return em_fail_target(ex, 400, "BadRequest", "vmSize",
                              "The selected VM size '%.*s' cannot boot Hypervisor Generation '1'. "
                              "If this was a Create operation please check that the Hypervisor "
                              "Generation of the Image matches the Hypervisor Generation of the "
                              "selected VM Size. If this was an Update operation please select a "
                              "Hypervisor Generation '1' VM Size.",
                              RD_FMT(size->name));
    if (is_confidential ? !check_confidential(ex, body, size, image, encryption)
                        : !check_other(ex, body, size, image, type))
        return false;
    return check_encryption(ex, body, is_confidential, encryption);
}

/* Capacity ------------------------------------------------------------------------------------- */

bool em_vm_capacity_strikes(struct em_exchange *ex, struct rd_str zone, struct rd_str size,
                            struct rd_str *ret_kind)
{
    for (struct em_fault *fault = em_fault(ex, "capacity"); fault != NULL;
         fault = em_fault_next(ex, "capacity", fault)) {
        struct rd_str meant_zone = em_fault_arg(fault, "zone");
        struct rd_str meant_size = em_fault_arg(fault, "size");
        if ((!rd_str_is_empty(meant_zone) && !rd_str_eq(meant_zone, zone)) ||
            (!rd_str_is_empty(meant_size) && !rd_str_eq_case(meant_size, size)))
            continue;
        struct rd_str kind = em_fault_arg(fault, "kind");
        *ret_kind = rd_str_is_empty(kind) ? RD_STR("SkuNotAvailable") : kind;
        em_fault_struck(fault);
        return true;
    }
    return false;
}

struct rd_str em_vm_capacity_text(struct em_exchange *ex, struct rd_str kind, struct rd_str size,
                                  struct rd_str region)
{
    static const struct {
        const char *kind;
        const char *text;
    } all[] = {
        {"AllocationFailed",
         "Allocation failed. We do not have sufficient capacity for the requested VM size in this "
         "region. Read more about improving likelihood of allocation success at "
         "https://aka.ms/allocation-guidance"},
        {"ZonalAllocationFailed",
         "Allocation failed. We do not have sufficient capacity for the requested VM size in this "
         "zone. Read more about improving likelihood of allocation success at "
         "https://aka.ms/allocation-guidance"},
        {"OverconstrainedZonalAllocationRequest",
         "Allocation failed. VM(s) with the following constraints cannot be allocated, because the "
         "condition is too restrictive. Please remove some constraints and try again. Constraints "
         "applied are:\n  - Availability Zone\n  - Networking Constraints (such as Accelerated "
         "Networking or IPv6)\n  - VM Size\n"},
        {"OverconstrainedAllocationRequest",
         "Allocation failed. VM(s) with the following constraints cannot be allocated, because the "
         "condition is too restrictive. Please remove some constraints and try again. Constraints "
         "applied are:\n  - Networking Constraints (such as Accelerated Networking or IPv6)\n  - "
         "VM Size\n"},
        {"InternalDiskManagementError", "An internal disk management error occurred."},
        {"InternalExecutionError", "An internal execution error occurred. Please retry later."},
        {"NetworkingInternalOperationError",
         "An internal execution error occurred. Please retry later."},
    };
    for (size_t i = 0; i < EM_COUNT(all); i++)
        if (rd_str_is_case(kind, all[i].kind))
            return rd_str_from(all[i].text);
    return rd_arena_printf(
        ex->arena,
        "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: "
        "%.*s' is currently not available in location '%.*s'. Please try another size or deploy to "
        "a different location or different zone. See https://aka.ms/azureskunotavailable for "
        "details.",
        RD_FMT(size), RD_FMT(region));
}
