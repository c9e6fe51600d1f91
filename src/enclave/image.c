/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

static const struct rd_json *row_named(const struct rd_json *table, struct rd_str name)
{
    for (size_t i = 0; i < rd_json_count(table); i++)
        if (rd_str_eq_case(rd_json_str(rd_json_get(rd_json_item(table, i), RD_STR("name"))), name))
            return rd_json_item(table, i);
    return &rd_json_absent;
}

static struct rd_str checksum_of(const struct rd_spec_image *image, struct rd_str step)
{
    for (size_t i = 0; i < image->checksums.count; i++)
        if (rd_str_eq_case(image->checksums.items[i].key, step))
            return image->checksums.items[i].value;
    return RD_STR("");
}

static struct rd_json powershell_step(struct rd_compile *compile, struct rd_str name,
                                      const struct rd_json *row)
{
    const struct rd_spec_image *image = &compile->spec->image;
    struct rd_str folder = image->script_source;
    if (rd_str_has_suffix(folder, RD_STR("/")))
        folder.n--;
    struct rd_str script = rd_json_str(rd_json_get(row, RD_STR("script")));
    bool is_elevated = rd_json_is_true(rd_json_get(row, RD_STR("elevated")));
    return rd_shape(compile->arena,
                    "{type: PowerShell, name: %s, scriptUri: %s, sha256Checksum?: %s,"
                    " runElevated: %b, runAsSystem: %b}",
                    name,
                    rd_arena_printf(compile->arena, "%.*s/%.*s", RD_FMT(folder), RD_FMT(script)),
                    checksum_of(image, name), (int)is_elevated, (int)is_elevated);
}

static struct rd_json update_step(struct rd_compile *compile, struct rd_str name)
{
    return rd_shape(compile->arena,
                    "{type: WindowsUpdate, name: %s, searchCriteria: 'IsInstalled=0',"
                    " filters: [%s, %s], updateLimit: 1000}",
                    name, RD_STR("exclude:$_.Title -like '*Preview*'"), RD_STR("include:$true"));
}

/* The customizers in the spec's order, each with the restart that it asks for. */
static struct rd_json steps_of(struct rd_compile *compile)
{
    const struct rd_spec_image *image = &compile->spec->image;
    const struct rd_json *table = rd_part_facts(compile, "image-steps");
    struct rd_json steps = rd_json_array();
    for (size_t i = 0; i < image->steps.count; i++) {
        struct rd_str name = image->steps.items[i];
        const struct rd_json *row = row_named(table, name);
        struct rd_str type = rd_json_str(rd_json_get(row, RD_STR("type")));
        struct rd_json step = rd_json_object();
        if (rd_str_is(type, "PowerShell"))
            step = powershell_step(compile, name, row);
        else if (rd_str_is(type, "WindowsUpdate"))
            step = update_step(compile, name);
        else if (rd_str_is(type, "WindowsRestart"))
            step = rd_shape(compile->arena, "{type: WindowsRestart, name: %s, restartTimeout: 10m}",
                            name);
        else
            rd_part_fail(compile, rd_err_hint(RD_FAIL(compile->err, RD_RC_INVALID,
                                                      "image step '%.*s' has no type that the "
                                                      "image builder knows",
                                                      RD_FMT(name)),
                                              compile->err,
                                              "give it one in image-steps.yaml: PowerShell, "
                                              "WindowsUpdate or WindowsRestart"));
        (void)rd_json_append(compile->arena, &steps, step);
        if (rd_json_is_true(rd_json_get(row, RD_STR("reboot"))))
            (void)rd_json_append(
                compile->arena, &steps,
                rd_shape(compile->arena, "{type: WindowsRestart, name: %s, restartTimeout: 10m}",
                         rd_arena_printf(compile->arena, "%.*s-restart", RD_FMT(name))));
    }
    return steps;
}

static void add_gallery(struct rd_compile *compile)
{
    const struct rd_spec_image *image = &compile->spec->image;
    rd_part_add_role(
        compile, RD_ROLE_GALLERY,
        rd_shape(compile->arena, "{location: %s, tags: %j, properties: {description: %s}}",
                 image->region, compile->tags, RD_STR("images for confidential desktops")));
    rd_part_add_role(
        compile, RD_ROLE_IMAGE_DEFINITION,
        rd_shape(compile->arena,
                 "{location: %s, tags: %j, properties: {osType: Windows, osState: Generalized,"
                 " hyperVGeneration: V2, architecture: x64,"
                 " identifier: {publisher: %s, offer: %s, sku: %s},"
                 " recommended: {vCPUs: {min: 1, max: 16}, memory: {min: 1, max: 32}},"
                 " features: [{name: SecurityType, value: TrustedLaunchAndConfidentialVmSupported},"
                 " {name: IsAcceleratedNetworkSupported, value: 'True'},"
                 " {name: DiskControllerTypes, value: 'SCSI, NVMe'}]}}",
                 image->region, compile->tags, image->definition_publisher, image->definition_offer,
                 image->definition_sku));
}

/* The image's own region comes first, it must be among the targets. */
static struct rd_json targets_of(struct rd_compile *compile, const char *shape)
{
    const struct rd_spec_image *image = &compile->spec->image;
    struct rd_json targets = rd_json_array();
    (void)rd_json_append(
        compile->arena, &targets,
        rd_shape(compile->arena, shape, image->region, image->replicas, image->storage));
    for (size_t i = 0; i < image->replicate_to.count; i++)
        if (!rd_str_eq_case(image->replicate_to.items[i], image->region))
            (void)rd_json_append(compile->arena, &targets,
                                 rd_shape(compile->arena, shape, image->replicate_to.items[i],
                                          image->replicas, image->storage));
    return targets;
}

static void add_template(struct rd_compile *compile, struct rd_str role_id)
{
    const struct rd_spec_image *image = &compile->spec->image;
    struct rd_json identities = rd_json_object();
    (void)rd_json_set(compile->arena, &identities, compile->id[RD_ROLE_BUILD_IDENTITY],
                      rd_json_object());
    struct rd_json source = rd_shape(
        compile->arena, "{type: PlatformImage, publisher: %s, offer: %s, sku: %s, version: %s}",
        image->publisher, image->offer, image->sku, image->version);
    struct rd_json distribute = rd_shape(
        compile->arena,
        "[{type: SharedImage, runOutputName: %s, galleryImageId: %s, excludeFromLatest: true,"
        " targetRegions: %j, artifactTags: %j}]",
        rd_arena_printf(compile->arena, "%.*s-%.*s",
                        RD_FMT(compile->name[RD_ROLE_IMAGE_DEFINITION]),
                        RD_FMT(image->build_version)),
        compile->image_id,
        targets_of(compile, "{name: %s, replicaCount: %i, storageAccountType: %s}"), compile->tags);
    struct rd_json body = rd_shape(
        compile->arena,
        "{location: %s, tags: %j, identity: {type: UserAssigned, userAssignedIdentities: %j},"
        " properties: {source: %j, customize: %j, distribute: %j, buildTimeoutInMinutes: %i,"
        " vmProfile: {vmSize: %s, osDiskSizeGB: %i}}}",
        image->build_region, compile->tags, identities, source, steps_of(compile), distribute,
        image->build_timeout_min, image->build_vm_size, image->build_disk_gb);
    /* The service checks the definition, and the identity's right to it, when it takes the
     * template. */
    size_t index = rd_part_add(compile, compile->id[RD_ROLE_IMAGE_TEMPLATE], body);
    rd_part_need(compile, index, compile->id[RD_ROLE_IMAGE_DEFINITION]);
    rd_part_need(compile, index, role_id);
}

/* Nobody writes the version: running the template makes it. */
static void add_version(struct rd_compile *compile)
{
    const struct rd_spec_image *image = &compile->spec->image;
    struct rd_json body = rd_shape(
        compile->arena,
        "{location: %s, tags: %j, properties: {publishingProfile: {excludeFromLatest: true,"
        " targetRegions: %j}}}",
        image->region, compile->tags,
        targets_of(compile, "{name: %s, regionalReplicaCount: %i, storageAccountType: %s}"));
    size_t index = rd_part_add(compile, compile->image_id, body);
    if (compile->rc != RD_RC_OK)
        return;
    compile->set->resources[index].via =
        rd_arena_printf(compile->arena, "%.*s/run", RD_FMT(compile->id[RD_ROLE_IMAGE_TEMPLATE]));
}

void rd_part_image(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    compile->origin = RD_STR("image");
    if (spec->image.mode != RD_IMAGE_BUILD)
        return;
    compile->image_id = rd_arena_printf(compile->arena, "%.*s/versions/%.*s",
                                        RD_FMT(compile->id[RD_ROLE_IMAGE_DEFINITION]),
                                        RD_FMT(spec->image.build_version));
    struct rd_json builder =
        rd_part_identity(compile, RD_ROLE_BUILD_IDENTITY, spec->image.build_region);
    struct rd_str role_id = rd_part_grant(compile, compile->id[RD_ROLE_IMAGES_GROUP], "contributor",
                                          builder, "ServicePrincipal");
    add_gallery(compile);
    add_template(compile, role_id);
    add_version(compile);
    if (spec->access.images_principal.n > 0)
        (void)rd_part_grant(compile, compile->id[RD_ROLE_GALLERY], "reader",
                            rd_json_string(spec->access.images_principal), "ServicePrincipal");
}
