/* SPDX-License-Identifier: Apache-2.0 */
/* Which disk controllers a size has, and between which sizes a machine is resized (vendor's pages
 * "Change the size of a virtual machine", limitations, 2025-11-06, and "FAQ for remote NVMe disks",
 * 2025-05-23; the texts from errors that users published, 2024-12 to 2026-08). */
#include "compute_internal.h"

#define CONTROLLER "properties.storageProfile.diskControllerType"

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
