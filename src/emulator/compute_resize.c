/* SPDX-License-Identifier: Apache-2.0 */
/* What an update of a machine may change, and when: which disk controllers a size has, and between
 * which sizes a machine is resized (vendor's pages
 * "Change the size of a virtual machine", limitations, 2025-11-06, and "FAQ for remote NVMe disks",
 * 2025-05-23; the texts from errors that users published, 2024-12 to 2026-08); what waits until it
 * is deallocated (azure-compute 5.6). */
#include "compute_internal.h"

#define CONTROLLER "properties.storageProfile.diskControllerType"
#define DISK_SIZE "properties.storageProfile.osDisk.diskSizeGB"
#define HOST_ENCRYPTION "properties.securityProfile.encryptionAtHost"

static bool has_controller(const struct em_size *size, struct rd_str controller)
{
    struct rd_str rest = em_text_at(size->row, "controllers");
    struct rd_str one;
    while (rest.n > 0 && rd_str_next(&rest, ',', &one))
        if (rd_str_eq_case(rd_str_trim(one), controller))
            return true;
    return false;
}

bool em_vm_choose_controller(struct em_exchange *ex, const struct em_size *size,
                             struct rd_json *body)
{
    em_default(ex, body, CONTROLLER,
               rd_json_string_c(has_controller(size, RD_STR("SCSI")) ? "SCSI" : "NVMe"));
    if (has_controller(size, em_text_at(body, CONTROLLER)))
        return true;
    return em_fail_target(ex, 400, "InvalidParameter", "vmSize",
                          "The selected VM size '%.*s' cannot boot with DiskControllerType '%.*s'. "
                          "Please check that the disk controller type provided is one of the "
                          "supported disk controller types for the VM size.",
                          RD_FMT(size->name), RD_FMT(em_text_at(body, CONTROLLER)));
}

bool em_vm_check_resize(struct em_exchange *ex, const struct rd_json *was, struct rd_json *body,
                        const struct em_size *size)
{
    struct em_size old;
    struct rd_str controller = em_text_at(was, CONTROLLER);
    em_default(ex, body, CONTROLLER, rd_json_string(controller));
    struct rd_str name = em_text_at(was, "properties.hardwareProfile.vmSize");
    if (rd_str_eq_case(name, size->name) || !em_size_find(ex, name, &old))
        return true;
    if (rd_json_is_true(rd_json_at(old.row, "local_disk")) !=
        rd_json_is_true(rd_json_at(size->row, "local_disk")))
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Unable to resize the VM '%.*s' since changing from resource disk to "
                       "non-resource disk VM size and vice-versa is not allowed. Please refer to "
                       "https://aka.ms/AAah4sj for more details.",
                       RD_FMT(em_id_name(ex->id)));
    if (has_controller(size, controller))
        return true;
    return em_fail_target(
        ex, 400, "InvalidParameter", "vmSize",
        "The VM size '%.*s' cannot boot with OS image or disk. Please check that disk controller "
        "types supported by the OS image or disk is one of the supported disk controller types for "
        "the VM size '%.*s'. Please query sku api at https://aka.ms/azure-compute-skus  to "
        "determine supported disk controller types for the VM size.",
        RD_FMT(size->name), RD_FMT(size->name));
}

/* What an update leaves out stays as it is. */
static void keep(struct em_exchange *ex, const struct rd_json *was, struct rd_json *body,
                 const char *path)
{
    if (!em_has(body, path) && em_has(was, path))
        em_set(ex, body, path, rd_json_copy(ex->arena, rd_json_at(was, path)));
}

bool em_vm_check_stopped(struct em_exchange *ex, const struct em_resource *vm,
                         const struct rd_json *was, struct rd_json *body)
{
    keep(ex, was, body, DISK_SIZE);
    keep(ex, was, body, HOST_ENCRYPTION);
    struct rd_str disk = em_text_at(was, "properties.storageProfile.osDisk.name");
    int64_t old_gb = rd_json_int(rd_json_at(was, DISK_SIZE), 0);
    int64_t new_gb = rd_json_int(rd_json_at(body, DISK_SIZE), old_gb);
    bool is_encrypted_otherwise = rd_json_is_true(rd_json_at(was, HOST_ENCRYPTION)) !=
                                  rd_json_is_true(rd_json_at(body, HOST_ENCRYPTION));
    if (new_gb < old_gb)
        return em_fail(ex, 409, "OperationNotAllowed", "Shrinking disk '%.*s' is not supported.",
                       RD_FMT(disk));
    struct rd_str power = rd_str_from(em_vm_power(ex, vm));
    if (rd_str_is(power, "deallocated") || rd_str_is_empty(power)) /* never had a place */
        return true;
    if (new_gb > old_gb)
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Cannot resize disk %.*s while it is attached to running VM %.*s. Resizing "
                       "a disk of an Azure Virtual Machine requires the virtual machine to be "
                       "deallocated. Please stop your VM and retry the operation.",
                       RD_FMT(disk), RD_FMT(vm->id));
    if (is_encrypted_otherwise)
        return em_fail(ex, 409, "OperationNotAllowed",
                       "'securityProfile.encryptionAtHost' can be updated only when VM is in "
                       "deallocated state");
    return true;
}

void em_vm_resize_disk(struct em_exchange *ex, const struct rd_json *body)
{
    struct em_resource *disk =
        em_find(ex->cloud, em_text_at(body, "properties.storageProfile.osDisk.managedDisk.id"));
    int64_t size_gb = rd_json_int(rd_json_at(body, DISK_SIZE), 0);
    if (disk == NULL || size_gb == 0)
        return;
    struct rd_json is = em_body(ex, disk);
    if (rd_json_int(rd_json_at(&is, "properties.diskSizeGB"), 0) >= size_gb)
        return;
    em_set_int(ex, &is, "properties.diskSizeGB", size_gb);
    em_set_int(ex, &is, "properties.diskSizeBytes", size_gb << 30);
    em_store(ex, disk, &is);
}
