/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Image templates (azure-compute 4): what the service checks, and what a template is before it
 * runs. Runs are in builder_run.c.
 *
 * hidden: request (the body as asked, to tell a change), run (see builder_run.c), staging.
 */

#include "builder.h"
#include "compute_internal.h"
#include "providers.h"

static bool refuse(struct em_exchange *ex, const char *where, const char *field,
                   struct rd_str value)
{
    return em_fail(ex, 400, "ValidationFailed",
                   "Validation failed: 'ImageTemplate.properties.%s': Field '%s' has a bad value: "
                   "'%.*s'. Please review  http://aka.ms/azvmimagebuildertmplref  for details on "
                   "fields requirements in the Image Builder Template.",
                   where, field, RD_FMT(value));
}

static bool check_source(struct em_exchange *ex, const struct rd_json *body)
{
    const struct rd_json *source = rd_json_at(body, "properties.source");
    struct rd_str type = em_text_at(source, "type");
    if (rd_str_is_case(type, "PlatformImage")) {
        if (rd_json_exists(em_platform_image(em_text_at(source, "publisher"),
                                             em_text_at(source, "offer"),
                                             em_text_at(source, "sku"))))
            return true;
        return refuse(ex, "source", "sku", em_text_at(source, "sku"));
    }
    if (!rd_str_is_case(type, "SharedImageVersion"))
        return refuse(ex, "source", "type", type);
    if (em_find(ex->cloud, em_text_at(source, "imageVersionId")) != NULL)
        return true;
    return refuse(ex, "source", "imageVersionId", em_text_at(source, "imageVersionId"));
}

static bool check_customizers(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const types[] = {"PowerShell",    "File",  "WindowsRestart",
                                        "WindowsUpdate", "Shell", NULL};
    const struct rd_json *steps = rd_json_at(body, "properties.customize");
    for (size_t i = 0; i < rd_json_count(steps); i++) {
        const struct rd_json *step = rd_json_item(steps, i);
        struct rd_str type = em_text_at(step, "type");
        if (!em_is_one_of(type, types))
            return refuse(ex, "customize", "type", type);
        if (rd_json_is_true(rd_json_at(step, "runAsSystem")) &&
            !rd_json_is_true(rd_json_at(step, "runElevated")))
            return refuse(ex, "customize", "runAsSystem", RD_STR("true"));
        bool has_script =
            em_has(step, "scriptUri") || rd_json_count(rd_json_at(step, "inline")) > 0;
        if ((rd_str_is_case(type, "PowerShell") || rd_str_is_case(type, "Shell")) && !has_script)
            return refuse(ex, "customize", "scriptUri", RD_STR(""));
        if (rd_str_is_case(type, "File") &&
            (!em_has(step, "sourceUri") || !em_has(step, "destination")))
            return refuse(ex, "customize", "sourceUri", em_text_at(step, "sourceUri"));
    }
    return true;
}

/* Whether the template distributes to that version already, which it may have made since. */
static bool is_its_version(const struct rd_json *was, struct rd_str id)
{
    const struct rd_json *targets = rd_json_at(was, "properties.distribute");
    for (size_t i = 0; i < rd_json_count(targets); i++)
        if (rd_str_eq_case(em_text_at(rd_json_item(targets, i), "galleryImageId"), id))
            return true;
    return false;
}

/* `was` is the template as it stands, absent for a new one. */
static bool check_target(struct em_exchange *ex, const struct rd_json *was,
                         const struct rd_json *target)
{
    if (!rd_str_is_case(em_text_at(target, "type"), "SharedImage"))
        return refuse(ex, "distribute", "type", em_text_at(target, "type"));
    if (rd_str_is_empty(em_text_at(target, "runOutputName")))
        return refuse(ex, "distribute", "runOutputName", RD_STR(""));
    struct rd_str id = em_text_at(target, "galleryImageId");
    struct rd_str definition_id = rd_str_sub(id, 0, rd_str_find_case(id, RD_STR("/versions/"), 0));
    struct em_resource *definition = em_find(ex->cloud, definition_id);
    if (definition == NULL || !rd_str_is_case(rd_str_from(definition->type->name), EM_IMAGE_TYPE) ||
        (definition_id.n != id.n && em_find(ex->cloud, id) != NULL && !is_its_version(was, id)))
        return refuse(ex, "distribute", "galleryImageId", id);
    bool has_targets = em_has(target, "targetRegions"),
         has_old = em_has(target, "replicationRegions");
    if (has_targets == has_old)
        return refuse(ex, "distribute", has_targets ? "replicationRegions" : "targetRegions",
                      RD_STR(""));
    const struct rd_json *regions =
        rd_json_at(target, has_targets ? "targetRegions" : "replicationRegions");
    struct rd_str home = em_location(ex, definition);
    bool has_home = false;
    for (size_t i = 0; i < rd_json_count(regions); i++) {
        const struct rd_json *item = rd_json_item(regions, i);
        struct rd_str name = has_targets ? em_text_at(item, "name") : rd_json_str(item);
        if (!em_region_exists(ex, em_region_name(ex, name)))
            return refuse(ex, "distribute", "targetRegions", name);
        has_home = has_home || em_location_eq(name, home);
    }
    return has_home ? true : refuse(ex, "distribute", "targetRegions", home);
}

static bool check_profile(struct em_exchange *ex, const struct rd_json *body)
{
    int64_t timeout = rd_json_int(rd_json_at(body, "properties.buildTimeoutInMinutes"), 0);
    if (timeout < 0 || timeout > 960 || (timeout > 0 && timeout < 6))
        return refuse(ex, "buildTimeoutInMinutes", "buildTimeoutInMinutes",
                      rd_arena_printf(ex->arena, "%lld", (long long)timeout));
    struct rd_str size_name = em_text_at(body, "properties.vmProfile.vmSize");
    struct em_size size;
    if (!rd_str_is_empty(size_name) && !rd_str_is(size_name, "Standard_D1_v2") &&
        !em_size_find(ex, size_name, &size))
        return refuse(ex, "vmProfile", "vmSize", size_name);
    struct rd_str subnet = em_text_at(body, "properties.vmProfile.vnetConfig.subnetId");
    if (!rd_str_is_empty(subnet) && em_find(ex->cloud, subnet) == NULL)
        return refuse(ex, "vmProfile", "subnetId", subnet);
    if (em_has(body, "properties.vmProfile.vnetConfig.proxyVmSize") &&
        em_has(body, "properties.vmProfile.vnetConfig.containerInstanceSubnetId"))
        return refuse(ex, "vmProfile", "proxyVmSize",
                      em_text_at(body, "properties.vmProfile.vnetConfig.proxyVmSize"));
    if (rd_json_count(rd_json_at(body, "identity.userAssignedIdentities")) != 1)
        return em_fail(ex, 400, "ValidationFailed",
                       "Validation failed: 'ImageTemplate.identity': exactly one user assigned "
                       "identity is required. Please review  "
                       "http://aka.ms/azvmimagebuildertmplref  for details on fields requirements "
                       "in the Image Builder Template.");
    return true;
}

/* A template cannot be changed in place; the same one again, or other tags, is no change. */
static bool check_unchanged(struct em_exchange *ex, struct em_resource *former,
                            const struct rd_json *body, const struct rd_json *hidden)
{
    const struct rd_json *asked = rd_json_at(hidden, "request");
    if (former->state != EM_FAILED &&
        rd_json_eq(rd_json_at(body, "properties"), rd_json_at(asked, "properties")))
        return true;
    return em_fail(ex, 409, "Conflict",
                   "The image template '%.*s' exists already. Update/Upgrade of image templates is "
                   "currently not supported",
                   RD_FMT(em_name(former)));
}

static bool check_targets(struct em_exchange *ex, const struct rd_json *was,
                          const struct rd_json *body)
{
    const struct rd_json *targets = rd_json_at(body, "properties.distribute");
    if (rd_json_count(targets) == 0)
        return refuse(ex, "distribute", "distribute", RD_STR(""));
    for (size_t i = 0; i < rd_json_count(targets); i++)
        if (!check_target(ex, was, rd_json_item(targets, i)))
            return false;
    return true;
}

static bool put_template(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                         struct rd_json *hidden)
{
    if (former != NULL && !check_unchanged(ex, former, body, hidden))
        return false;
    if (!check_source(ex, body) || !check_customizers(ex, body) || !check_profile(ex, body))
        return false;
    struct rd_json was = former == NULL ? rd_json_absent : em_body(ex, former);
    if (!check_targets(ex, &was, body))
        return false;
    if (former == NULL) {
        em_set(ex, hidden, "request.properties",
               rd_json_copy(ex->arena, rd_json_at(body, "properties")));
    } else {
        em_set(ex, body, "properties", rd_json_copy(ex->arena, rd_json_at(&was, "properties")));
    }
    const struct rd_json *source = rd_json_at(body, "properties.source");
    const struct rd_json *row = em_platform_image(
        em_text_at(source, "publisher"), em_text_at(source, "offer"), em_text_at(source, "sku"));
    const struct rd_json *versions = rd_json_at(row, "versions");
    if (former == NULL && rd_json_count(versions) > 0)
        em_set_text(ex, body, "properties.source.exactVersion",
                    rd_str_is_case(em_text_at(source, "version"), "latest")
                        ? rd_json_str(rd_json_item(versions, rd_json_count(versions) - 1))
                        : em_text_at(source, "version"));
    em_default(ex, body, "properties.buildTimeoutInMinutes", rd_json_integer(240));
    em_default(ex, body, "properties.vmProfile.vmSize", rd_json_string_c("Standard_D2ds_v4"));
    em_default(ex, body, "properties.vmProfile.osDiskSizeGB", rd_json_integer(0));
    em_default(ex, body, "properties.stagingResourceGroup", rd_json_string_c(""));
    return em_identity_fill(ex, ex->id, body);
}

/* A PATCH changes tags, identity, machine and where images go, and nothing else
 * (azure-compute 4.2). */
static bool patch_template(struct em_exchange *ex, struct em_resource *resource,
                           const struct rd_json *patch, struct rd_json *body,
                           struct rd_json *hidden)
{
    static const char *const parts[] = {"vmProfile", "distribute", NULL};
    const struct rd_json *asked = rd_json_at(patch, "properties");
    struct rd_json was = em_body(ex, resource);
    if (resource->state == EM_FAILED)
        return check_unchanged(ex, resource, patch, hidden);
    for (size_t i = 0; i < rd_json_count(asked); i++)
        if (!em_is_one_of(asked->u.members[i].key, parts) &&
            !rd_json_eq(&asked->u.members[i].value,
                        rd_json_get_case(rd_json_at(&was, "properties"), asked->u.members[i].key)))
            return check_unchanged(ex, resource, patch, hidden);
    rd_json_merge(ex->arena, body, patch);
    if (!check_profile(ex, body) || !check_targets(ex, &was, body))
        return false;
    struct rd_json request = rd_json_copy(ex->arena, rd_json_at(hidden, "request"));
    rd_json_merge(ex->arena, &request, patch);
    em_set(ex, hidden, "request.properties",
           rd_json_copy(ex->arena, rd_json_at(&request, "properties")));
    return em_identity_fill(ex, ex->id, body);
}

/* Long scripts make long creations: they are copied into the staging group. */
static int64_t template_duration(struct em_exchange *ex, struct em_resource *former,
                                 const struct rd_json *body)
{
    if (former != NULL)
        return 5000;
    int64_t ms = 35000;
    const struct rd_json *steps = rd_json_at(body, "properties.customize");
    for (size_t i = 0; i < rd_json_count(steps); i++) {
        const struct rd_json *lines = rd_json_at(rd_json_item(steps, i), "inline");
        ms += 2000;
        for (size_t k = 0; k < rd_json_count(lines); k++)
            ms += (int64_t)rd_json_str(rd_json_item(lines, k)).n / 5;
    }
    return em_draw_ms(ex, ex->id, ms);
}

bool em_builder_may_publish(struct em_exchange *ex, const struct rd_json *body,
                            struct rd_str gallery_image_id)
{
    static const char *const roles[] = {
        "b24988ac-6180-42a0-ab88-20f7382dd24c", /* Contributor */
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", /* Owner */
        "85a2d0d9-2eba-4c9c-b355-11c2cc0788ab", /* Compute Gallery Artifacts Publisher */
    };
    struct rd_str user = {0};
    struct rd_str principal = em_identity_principal(ex, body, &user);
    if (rd_str_is_empty(principal))
        return false;
    for (size_t i = 0; i < EM_COUNT(roles); i++)
        if (em_has_role(ex, principal, roles[i], gallery_image_id))
            return true;
    return false;
}

/* Names of resource groups have at most 90 characters, so the parts are cut (azure-compute 4.4). */
static struct rd_str staging_group(struct em_exchange *ex, const struct em_resource *template)
{
    struct rd_str group = rd_str_sub(em_group(template), 0, 24);
    struct rd_str name = rd_str_sub(em_name(template), 0, 24);
    struct rd_str guid =
        em_guid(ex, rd_arena_printf(ex->arena, "staging %.*s", RD_FMT(template->id)));
    struct rd_str subscription = em_subscription(template);
    return rd_arena_printf(ex->arena, "/subscriptions/%.*s/resourceGroups/IT_%.*s_%.*s_%.*s",
                           RD_FMT(subscription), RD_FMT(group), RD_FMT(name), RD_FMT(guid));
}

static const char *ready_template(struct em_exchange *ex, struct em_resource *template,
                                  struct rd_json *body, struct rd_json *hidden,
                                  struct rd_str *ret_message)
{
    if (em_has(hidden, "staging"))
        return NULL;
    const struct rd_json *targets = rd_json_at(body, "properties.distribute");
    for (size_t i = 0; i < rd_json_count(targets); i++) {
        struct rd_str id = em_text_at(rd_json_item(targets, i), "galleryImageId");
        if (em_builder_may_publish(ex, body, id))
            continue;
        *ret_message = rd_arena_printf(
            ex->arena,
            "Not authorized to access the resource: %.*s. Please check the user assigned identity "
            "has the correct permissions. For more details, go to "
            "https://aka.ms/azvmimagebuilderts.",
            RD_FMT(id));
        return "Unauthorized";
    }
    struct rd_str group = staging_group(ex, template);
    struct rd_json group_body = rd_json_object(), none = rd_json_object();
    em_set_text(ex, &group_body, "location", em_text_at(body, "location"));
    em_set_word(ex, &group_body, "tags.createdBy", "AzureVMImageBuilder");
    em_set_text(ex, &group_body, "tags.imageTemplateName", em_name(template));
    em_set_text(ex, &group_body, "tags.imageTemplateResourceGroupName", em_group(template));
    (void)em_create(ex, "Microsoft.Resources/resourceGroups", group, &group_body, &none);
    em_builder_make_account(ex, template, group, em_text_at(body, "location"));
    em_set_text(ex, hidden, "staging", group);
    em_set_text(ex, body, "properties.exactStagingResourceGroup", group);
    return NULL;
}

static bool may_delete_template(struct em_exchange *ex, struct em_resource *template)
{
    if (!em_builder_is_running(ex, template))
        return true;
    return em_fail(
        ex, 409, "OperationNotAllowed",
        "Operation 'Microsoft.VirtualMachineImages/imageTemplates/delete' is not allowed "
        "in provisioningState: 'provisioned', runState: 'running'");
}

static void deleted_template(struct em_exchange *ex, struct em_resource *template)
{
    struct rd_json hidden = em_hidden(ex, template);
    struct rd_str staging = em_text_at(&hidden, "staging");
    struct em_resource *group = rd_str_is_empty(staging) ? NULL : em_find(ex->cloud, staging);
    if (group != NULL)
        em_remove(ex, group);
}

static const struct em_action actions[] = {
    {.name = "run", .post = em_builder_post_run},
    {.name = "cancel", .post = em_builder_post_cancel},
};

static const struct em_event_name events[] = {
    {"builder-distribute", em_builder_distribute},
    {"builder-done", em_builder_done},
    {"builder-cancelled", em_builder_cancelled},
};

static const struct em_order template_order[] = {
    /* recording 04: name and type stand last */
    {"", "properties identity tags location"},
    {NULL, NULL},
};

static const struct em_type types[] = {
    {
        .name = EM_TEMPLATE_TYPE,
        EM_REGIONAL,
        EM_ANSWERS(201, 200, 202),
        .async = EM_ASYNC_OPERATION,
        .operation_body = EM_OPERATION_BUILDER,
        .json_style = EM_JSON_LF,
        .operation_path = "Microsoft.VirtualMachineImages/locations/{l}/operations",
        EM_TAKES(35, 5, 60),
        .retry_after_s = 10,
        .name_pattern = "^[A-Za-z0-9_.-]{1,64}$",
        .source = "azure-compute 4, recording 04-image-builder-sig",
        .order = template_order,
        .head = EM_HEAD_LAST,
        .put = put_template,
        .patch = patch_template,
        .duration = template_duration,
        .ready = ready_template,
        .show = em_builder_show,
        .may_delete = may_delete_template,
        .deletes_children = true,
        .deleted = deleted_template,
        .actions = actions,
        .action_count = EM_COUNT(actions),
    },
    {
        .name = EM_RUN_OUTPUT_TYPE,
        .place = EM_IN_PARENT,
        EM_ANSWERS(200, 200, 200),
        .source = "azure-compute 4.1",
        .put = em_put_refused,
    },
    {
        .name = EM_ACCOUNT_TYPE, /* only those of staging groups are there */
        EM_REGIONAL,
        EM_ANSWERS(0, 0, 200),
        .source = "azure-compute 4.4",
        .show = em_account_show,
        .actions = em_account_actions,
        .action_count = EM_COUNT(em_account_actions),
    },
};

const struct em_part em_builder_part = {
    .name = "builder",
    .types = types,
    .type_count = EM_COUNT(types),
    .events = events,
    .event_count = EM_COUNT(events),
};
