/* SPDX-License-Identifier: Apache-2.0 */
/* Azure Backup: containers, which stand for the machines that a vault protects. */
#include "recovery_internal.h"
#include "shape.h"
#include "state.h"

/* ".../protectionContainers/{container}" of an item's id. */
static struct rd_str container_id(const struct em_resource *item)
{
    return rd_str_sub(item->id, 0, rd_str_find_case(item->id, RD_STR("/protectedItems/"), 0));
}

static struct rd_json view_container(struct em_exchange *ex, const struct em_resource *item)
{
    struct rd_json view = rd_json_object(), body = em_body(ex, item);
    struct rd_str vm_id = em_text_at(&body, "properties.sourceResourceId");
    struct rd_str id = container_id(item);
    em_set_text(ex, &view, "id", id);
    em_set_text(ex, &view, "name", em_id_name(id));
    em_set_word(ex, &view, "type", EM_VAULT_TYPE "/backupFabrics/protectionContainers");
    em_set_text(ex, &view, "properties.virtualMachineId", vm_id);
    em_set_word(ex, &view, "properties.virtualMachineVersion", "Compute");
    em_set_text(ex, &view, "properties.resourceGroup", em_id_segment(vm_id, "resourceGroups"));
    em_set_text(ex, &view, "properties.friendlyName", em_id_name(vm_id));
    em_set_word(ex, &view, "properties.backupManagementType", "AzureIaasVM");
    em_set_word(ex, &view, "properties.registrationStatus", "Registered");
    em_set_word(ex, &view, "properties.healthStatus", "Healthy");
    em_set_word(ex, &view, "properties.containerType", "Microsoft.Compute/virtualMachines");
    em_set_word(ex, &view, "properties.protectableObjectType", "Microsoft.Compute/virtualMachines");
    return view;
}

static bool fits(const struct em_filter *filter, const struct rd_json *view)
{
    static const struct {
        const char *name;
        const char *path;
    } terms[] = {
        {"backupManagementType", "properties.backupManagementType"},
        {"friendlyName", "properties.friendlyName"},
        {"status", "properties.registrationStatus"},
    };
    for (size_t i = 0; i < EM_COUNT(terms); i++)
        if (em_filter_has(filter, terms[i].name) &&
            !rd_str_eq_case(em_filter_value(filter, terms[i].name),
                            em_text_at(view, terms[i].path)))
            return false;
    return true;
}

bool em_backup_containers(struct em_exchange *ex)
{
    static const char *const names[] = {"backupManagementType", "friendlyName", "status", NULL};
    struct rd_str id = rd_arena_printf(
        ex->arena, "/subscriptions/%.*s/resourceGroups/%.*s/providers/" EM_VAULT_TYPE "/%.*s",
        RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), RD_FMT(ex->params[2]));
    struct em_filter filter;
    struct em_pager pager;
    const struct em_resource *vault = em_find(ex->cloud, id);
    if (vault == NULL)
        return em_fail_not_found(ex, id);
    if (!em_filter_read(ex, names, &filter) || !em_pager_start(&pager, ex, NULL))
        return false;
    const struct em_resource *item = NULL;
    while ((item = em_next_child(vault, EM_BACKUP_ITEM_TYPE, item)) != NULL) {
        struct rd_json view = view_container(ex, item);
        enum em_pager_step step =
            fits(&filter, &view) ? em_pager_next(&pager, item->seq) : EM_PAGER_SKIP;
        if (step == EM_PAGER_FULL)
            break;
        if (step == EM_PAGER_WRITE)
            rd_json_write(&pager.out, &view, RD_JSON_COMPACT);
    }
    em_pager_reply(&pager);
    return true;
}
