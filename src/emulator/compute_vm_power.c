/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Power of machines.
 *
 *   booting --(10 s: stopped, 25 s: starting)--> running      after a creation
 *   start    deallocated|stopped -> starting -> running | deallocated (allocation failed)
 *   powerOff running -> stopping -> stopped                    still billed, keeps its place
 *   deallocate         -> deallocating -> deallocated
 *   restart, redeploy, reapply: running -> running
 *
 * "Succeeded" does not mean running: for the first seconds the view says stopped and the agent says
 * nothing (recorded, azure-compute 5.3). A machine whose key nobody may release stays stopped.
 */

#include "compute_internal.h"
#include "desktop_internal.h"
#include "network_internal.h"

enum { SHOWN_STOPPED_MS = 10000, SHOWN_STARTING_MS = 25000, AGENT_MS = 60000 };

void em_vm_set_power(struct em_exchange *ex, struct rd_json *hidden, const char *state)
{
    em_set_word(ex, hidden, "power", state);
    em_set_int(ex, hidden, "power_ms", ex->now_ms);
}

const char *em_vm_power(struct em_exchange *ex, const struct em_resource *vm)
{
    struct rd_json hidden = em_hidden(ex, vm);
    struct rd_str power = em_text_at(&hidden, "power");
    if (!rd_str_is(power, "booting") && !rd_str_is(power, "running"))
        return rd_arena_str(ex->arena, power).p;
    if (rd_json_is_true(rd_json_at(&hidden, "no_boot")))
        return "stopped";
    int64_t since = ex->now_ms - rd_json_int(rd_json_at(&hidden, "power_ms"), 0);
    if (rd_str_is(power, "running") || since >= SHOWN_STARTING_MS)
        return "running";
    return since >= SHOWN_STOPPED_MS ? "starting" : "stopped";
}

static bool agent_is_ready(struct em_exchange *ex, const struct em_resource *vm)
{
    struct rd_json hidden = em_hidden(ex, vm);
    return rd_str_is(rd_str_from(em_vm_power(ex, vm)), "running") &&
           ex->now_ms - rd_json_int(rd_json_at(&hidden, "power_ms"), 0) >= AGENT_MS;
}

void em_vm_tell_power(struct em_exchange *ex, struct em_resource *vm, const char *state)
{
    struct rd_json body = em_body(ex, vm);
    struct rd_json hidden = em_hidden(ex, vm);
    bool is_running = rd_str_is(rd_str_from(state), "running") &&
                      !rd_json_is_true(rd_json_at(&hidden, "no_boot"));
    const struct rd_json *nics = rd_json_at(&body, "properties.networkProfile.networkInterfaces");
    for (size_t i = 0; i < rd_json_count(nics); i++)
        em_nic_power(ex, em_text_at(rd_json_item(nics, i), "id"), is_running);
    em_session_host_power(ex, vm->id,
                          is_running                                     ? EM_HOST_RUNNING
                          : rd_str_is(rd_str_from(state), "deallocated") ? EM_HOST_DEALLOCATED
                                                                         : EM_HOST_SHUT_DOWN);
}

/* Instance view -------------------------------------------------------------------------------- */

static struct rd_json status(struct em_exchange *ex, struct rd_str code, const char *level,
                             struct rd_str display)
{
    struct rd_json item = rd_json_object();
    em_set_text(ex, &item, "code", code);
    em_set_word(ex, &item, "level", level);
    em_set_text(ex, &item, "displayStatus", display);
    return item;
}

static struct rd_json provisioning(struct em_exchange *ex, const struct em_resource *vm)
{
    struct rd_json hidden = em_hidden(ex, vm);
    struct rd_str fail = em_text_at(&hidden, "fail");
    switch (vm->state) {
    case EM_CREATING:
        return status(ex, RD_STR("ProvisioningState/creating"), "Info", RD_STR("Creating"));
    case EM_UPDATING:
        return status(ex, RD_STR("ProvisioningState/updating"), "Info", RD_STR("Updating"));
    case EM_DELETING:
        return status(ex, RD_STR("ProvisioningState/deleting"), "Info", RD_STR("Deleting"));
    case EM_FAILED:
        return status(ex,
                      rd_arena_printf(ex->arena, "ProvisioningState/failed%s%.*s",
                                      rd_str_is_empty(fail) ? "" : "/", RD_FMT(fail)),
                      "Error", RD_STR("Provisioning failed"));
    case EM_SUCCEEDED:
        break;
    }
    struct rd_json item =
        status(ex, RD_STR("ProvisioningState/succeeded"), "Info", RD_STR("Provisioning succeeded"));
    em_set_text(ex, &item, "time", em_time(ex, vm->changed_ms));
    return item;
}

static struct rd_json agent_view(struct em_exchange *ex, const struct em_resource *vm)
{
    struct rd_json agent = rd_json_object(), item;
    bool is_ready = agent_is_ready(ex, vm);
    em_set_word(ex, &agent, "vmAgentVersion", is_ready ? "2.7.41491.1183" : "Unknown");
    if (is_ready) {
        item = status(ex, RD_STR("ProvisioningState/succeeded"), "Info", RD_STR("Ready"));
        em_set_word(ex, &item, "message", "GuestAgent is running and processing the extensions.");
    } else {
        item = status(ex, RD_STR("ProvisioningState/Unavailable"), "Warning", RD_STR("Not Ready"));
        em_set_word(ex, &item, "message", "VM status blob is found but not yet populated.");
    }
    em_set_text(ex, &item, "time", em_time(ex, ex->now_ms));
    (void)rd_json_append(ex->arena, em_array(ex, &agent, "statuses"), item);
    return agent;
}

static struct rd_json extension_view(struct em_exchange *ex, struct em_resource *extension)
{
    struct rd_json body = em_body(ex, extension), view = rd_json_object();
    em_set_text(ex, &view, "name", em_name(extension));
    em_set_text(ex, &view, "type",
                rd_arena_printf(ex->arena, "%.*s.%.*s",
                                RD_FMT(em_text_at(&body, "properties.publisher")),
                                RD_FMT(em_text_at(&body, "properties.type"))));
    em_set_text(ex, &view, "typeHandlerVersion",
                em_text_at(&body, "properties.typeHandlerVersion"));
    bool has_failed = extension->state == EM_FAILED;
    bool is_done = extension->state == EM_SUCCEEDED;
    (void)rd_json_append(ex->arena, em_array(ex, &view, "statuses"),
                         status(ex,
                                has_failed ? RD_STR("ProvisioningState/failed/1")
                                : is_done  ? RD_STR("ProvisioningState/succeeded")
                                           : RD_STR("ProvisioningState/transitioning"),
                                has_failed ? "Error" : "Info",
                                has_failed ? RD_STR("Provisioning failed")
                                : is_done  ? RD_STR("Provisioning succeeded")
                                           : RD_STR("Transitioning")));
    return view;
}

struct rd_json em_vm_instance_view(struct em_exchange *ex, struct em_resource *vm)
{
    struct rd_json body = em_body(ex, vm), hidden = em_hidden(ex, vm), view = rd_json_object();
    const char *power = em_vm_power(ex, vm);
    if (agent_is_ready(ex, vm)) {
        em_set_text(ex, &view, "computerName",
                    em_text_at(&body, "properties.osProfile.computerName"));
        em_set_word(ex, &view, "osName", "Windows 11 Enterprise multi-session");
        em_set_text(ex, &view, "osVersion",
                    em_text_at(&body, "properties.storageProfile.imageReference.exactVersion"));
    }
    em_set_text(ex, &view, "hyperVGeneration", em_text_at(&hidden, "generation"));
    if (!rd_str_is(rd_str_from(power), "deallocated"))
        em_set(ex, &view, "vmAgent", agent_view(ex, vm));
    struct rd_json disk = rd_json_object();
    em_set_text(ex, &disk, "name", em_text_at(&body, "properties.storageProfile.osDisk.name"));
    (void)rd_json_append(ex->arena, em_array(ex, &view, "disks"), disk);
    for (struct em_resource *extension = em_next_child(vm, EM_EXTENSION_TYPE, NULL);
         extension != NULL; extension = em_next_child(vm, EM_EXTENSION_TYPE, extension))
        (void)rd_json_append(ex->arena, em_array(ex, &view, "extensions"),
                             extension_view(ex, extension));
    struct rd_json *statuses = em_array(ex, &view, "statuses");
    (void)rd_json_append(ex->arena, statuses, provisioning(ex, vm));
    if (power[0] != '\0') /* missing while it is created (azure-compute 5.3) */
        (void)rd_json_append(ex->arena, statuses,
                             status(ex, rd_arena_printf(ex->arena, "PowerState/%s", power), "Info",
                                    rd_arena_printf(ex->arena, "VM %s", power)));
    return view;
}

/* Actions -------------------------------------------------------------------------------------- */

static bool answer_view(struct em_exchange *ex, struct em_resource *vm)
{
    struct rd_json view = em_vm_instance_view(ex, vm);
    em_reply_json(ex, 200, &view, EM_JSON_CRLF);
    return true;
}

/* Begins a change of power that ends in `target`; `meanwhile` is shown until then. */
static bool change(struct em_exchange *ex, struct em_resource *vm, const char *meanwhile,
                   const char *target, int64_t typical_ms)
{
    if (vm->state == EM_CREATING || vm->state == EM_DELETING)
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Operation is not allowed on VM '%.*s' since the VM is being created or "
                       "deleted.",
                       RD_FMT(em_name(vm)));
    struct rd_json hidden = em_hidden(ex, vm);
    if (meanwhile != NULL) {
        em_vm_set_power(ex, &hidden, meanwhile);
        em_store_hidden(ex, vm, &hidden);
    }
    em_start_operation(ex, vm, em_draw_ms(ex, vm->id, typical_ms), "vm-powered",
                       rd_str_from(target));
    return true;
}

static bool post_start(struct em_exchange *ex, struct em_resource *vm)
{
    if (vm->state == EM_FAILED && rd_str_is_empty(rd_str_from(em_vm_power(ex, vm))))
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Cannot start VM '%.*s' because its creation has failed.",
                       RD_FMT(em_name(vm)));
    bool is_allocated = !rd_str_is(rd_str_from(em_vm_power(ex, vm)), "deallocated");
    if (rd_str_is(rd_str_from(em_vm_power(ex, vm)), "running"))
        return change(ex, vm, NULL, "running", 3000);
    return change(ex, vm, "starting", is_allocated ? "running" : "allocated", 45000);
}

static bool post_power_off(struct em_exchange *ex, struct em_resource *vm)
{
    return change(ex, vm, "stopping", "stopped", 30000);
}

static bool post_deallocate(struct em_exchange *ex, struct em_resource *vm)
{
    return change(ex, vm, "deallocating", "deallocated", 60000);
}

static bool post_restart(struct em_exchange *ex, struct em_resource *vm)
{
    if (!rd_str_is(rd_str_from(em_vm_power(ex, vm)), "running"))
        return em_fail(ex, 409, "OperationNotAllowed",
                       "Cannot restart VM '%.*s' when the VM is not running.", RD_FMT(em_name(vm)));
    return change(ex, vm, "starting", "running", 40000);
}

static bool post_redeploy(struct em_exchange *ex, struct em_resource *vm)
{
    return change(ex, vm, "starting", "running", 240000);
}

static bool post_reapply(struct em_exchange *ex, struct em_resource *vm)
{
    return change(ex, vm, NULL, "", 15000);
}

static bool post_generalize(struct em_exchange *ex, struct em_resource *vm)
{
    if (rd_str_is(rd_str_from(em_vm_power(ex, vm)), "running"))
        return em_fail(ex, 409, "OperationNotAllowed",
                       "The VM '%.*s' must be stopped before it is generalized.",
                       RD_FMT(em_name(vm)));
    struct rd_json hidden = em_hidden(ex, vm);
    em_set_bool(ex, &hidden, "generalized", true);
    em_store_hidden(ex, vm, &hidden);
    em_reply_empty(ex, 200);
    return true;
}

static bool post_refused(struct em_exchange *ex, struct em_resource *vm)
{
    (void)vm;
    return em_fail(ex, 501, "NotEmulated",
                   "The embedded cloud has no guest that could do this: '%.*s'.",
                   RD_FMT(ex->url.path));
}

const struct em_action em_vm_actions[EM_VM_ACTION_COUNT] = {
    {.name = "instanceView", .post = answer_view, .also_get = "instanceView"},
    {.name = "start", .post = post_start},
    {.name = "powerOff", .post = post_power_off},
    {.name = "deallocate", .post = post_deallocate, .throttle = "delete"},
    {.name = "restart", .post = post_restart},
    {.name = "redeploy", .post = post_redeploy},
    {.name = "reapply", .post = post_reapply},
    {.name = "generalize", .post = post_generalize},
    {.name = "runCommand", .post = post_refused},
    {.name = "capture", .post = post_refused},
    {.name = "reimage", .post = post_refused},
    {.name = "simulateEviction", .post = post_refused},
    {.name = "retrieveBootDiagnosticsData", .post = post_refused},
    {.name = "convertToManagedDisks", .post = post_refused},
};

/* The end of a power change. "allocated" is a start that must find room again: the only one that
 * capacity can refuse (lessons B5.39). */
void em_vm_powered(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_resource *vm = em_find(ex->cloud, id);
    if (vm == NULL || rd_str_is_empty(argument))
        return;
    struct rd_json body = em_body(ex, vm), hidden = em_hidden(ex, vm);
    const char *state = rd_arena_str(ex->arena, argument).p;
    if (rd_str_is(argument, "allocated")) {
        struct rd_str size = em_text_at(&body, "properties.hardwareProfile.vmSize"), kind = {0};
        state = "running";
        if (em_vm_capacity_strikes(ex, em_text_at(&body, "zones.0"), size, &kind)) {
            em_operation_fail(ex, ex->operation, rd_arena_str(ex->arena, kind).p,
                              em_vm_capacity_text(ex, kind, size, em_body_region(ex, &body)));
            state = "deallocated";
        }
    }
    struct rd_str set = em_text_at(
        &body, "properties.storageProfile.osDisk.managedDisk.securityProfile.diskEncryptionSet.id");
    struct em_resource *des = rd_str_is_empty(set) ? NULL : em_find(ex->cloud, set);
    em_set_bool(ex, &hidden, "no_boot", des != NULL && !em_des_releases(ex, des));
    em_vm_set_power(ex, &hidden, state);
    em_store_hidden(ex, vm, &hidden);
    em_vm_tell_power(ex, vm, state);
}
