/* SPDX-License-Identifier: Apache-2.0 */

/* What an imageReference means: a platform image, a gallery version, or a definition's latest. */

#include "compute_internal.h"

const struct rd_json *em_platform_image(struct rd_str publisher, struct rd_str offer,
                                        struct rd_str sku)
{
    const struct rd_json *rows = em_table("images");
    for (size_t i = 0; i < rd_json_count(rows); i++) {
        const struct rd_json *row = rd_json_item(rows, i);
        if (rd_str_eq_case(em_text_at(row, "publisher"), publisher) &&
            rd_str_eq_case(em_text_at(row, "offer"), offer) &&
            rd_str_eq_case(em_text_at(row, "sku"), sku))
            return row;
    }
    return &rd_json_absent;
}

static bool resolve_platform(struct em_exchange *ex, const struct rd_json *reference,
                             struct em_image *ret_image)
{
    struct rd_str publisher = em_text_at(reference, "publisher");
    struct rd_str offer = em_text_at(reference, "offer");
    struct rd_str sku = em_text_at(reference, "sku");
    struct rd_str version = em_text_at(reference, "version");
    const struct rd_json *row = em_platform_image(publisher, offer, sku);
    const struct rd_json *versions = rd_json_at(row, "versions");
    struct rd_str exact = {0};
    for (size_t i = 0; i < rd_json_count(versions); i++) {
        struct rd_str one = rd_json_str(rd_json_item(versions, i));
        if (rd_str_is_case(version, "latest") || rd_str_eq(version, one))
            exact = one;
    }
    if (rd_str_is_empty(exact))
        return em_fail_target(
            ex, 404, "PlatformImageNotFound", "imageReference",
            "The platform image '%.*s:%.*s:%.*s:%.*s' is not available. Verify that all fields in "
            "the storage profile are correct. For more details about storage profile information, "
            "please refer to https://aka.ms/storageprofile",
            RD_FMT(publisher), RD_FMT(offer), RD_FMT(sku), RD_FMT(version));
    *ret_image = (struct em_image){
        .security = em_text_at(row, "security"),
        .generation = em_text_at(row, "generation"),
        .os = em_text_at(row, "os"),
        .version = exact,
        .size_gb = rd_json_int(rd_json_at(row, "size_gb"), 127),
    };
    return true;
}

int em_version_cmp(struct rd_str a, struct rd_str b)
{
    struct rd_str part_a, part_b;
    while (rd_str_next(&a, '.', &part_a) && rd_str_next(&b, '.', &part_b)) {
        int64_t x = 0, y = 0;
        if (!rd_str_to_int(part_a, 0, INT32_MAX, &x) || !rd_str_to_int(part_b, 0, INT32_MAX, &y))
            return rd_str_cmp(part_a, part_b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static const struct rd_json *target_region(struct em_exchange *ex, const struct rd_json *body,
                                           struct rd_str region)
{
    const struct rd_json *targets = rd_json_at(body, "properties.publishingProfile.targetRegions");
    for (size_t i = 0; i < rd_json_count(targets); i++) {
        const struct rd_json *target = rd_json_item(targets, i);
        if (rd_str_eq(em_region_name(ex, em_text_at(target, "name")), region))
            return target;
    }
    return &rd_json_absent;
}

static bool is_in(struct em_exchange *ex, const struct em_resource *version, struct rd_str region)
{
    struct rd_json hidden = em_hidden(ex, version);
    const struct rd_json *replicas = rd_json_at(&hidden, "replicas");
    for (size_t i = 0; i < rd_json_count(replicas); i++) {
        const struct rd_json *replica = rd_json_item(replicas, i);
        if (rd_str_eq(em_text_at(replica, "region"), region))
            return !rd_json_is_true(rd_json_at(replica, "failed")) &&
                   rd_json_int(rd_json_at(replica, "done"), INT64_MAX) <= ex->now_ms;
    }
    return false;
}

static bool is_excluded(struct em_exchange *ex, const struct em_resource *version,
                        struct rd_str region)
{
    struct rd_json body = em_body(ex, version);
    return rd_json_is_true(rd_json_at(&body, "properties.publishingProfile.excludeFromLatest")) ||
           rd_json_is_true(rd_json_at(target_region(ex, &body, region), "excludeFromLatest"));
}

static struct em_resource *
latest_version(struct em_exchange *ex, const struct em_resource *definition, struct rd_str region)
{
    struct em_resource *best = NULL;
    for (struct em_resource *version = em_next_child(definition, EM_VERSION_TYPE, NULL);
         version != NULL; version = em_next_child(definition, EM_VERSION_TYPE, version)) {
        if (version->is_deleted || is_excluded(ex, version, region) || !is_in(ex, version, region))
            continue;
        if (best == NULL || em_version_cmp(em_name(version), em_name(best)) > 0)
            best = version;
    }
    return best;
}

static struct rd_str feature_of(const struct rd_json *body, const char *name)
{
    const struct rd_json *features = rd_json_at(body, "properties.features");
    for (size_t i = 0; i < rd_json_count(features); i++) {
        const struct rd_json *feature = rd_json_item(features, i);
        if (rd_str_is_case(em_text_at(feature, "name"), name))
            return em_text_at(feature, "value");
    }
    return (struct rd_str){0};
}

static bool resolve_gallery(struct em_exchange *ex, struct rd_str id, struct rd_str region,
                            struct em_image *ret_image)
{
    size_t at = rd_str_find_case(id, RD_STR("/versions/"), 0);
    struct em_resource *definition = em_find(ex->cloud, rd_str_sub(id, 0, at));
    if (definition == NULL || !rd_str_is_case(rd_str_from(definition->type->name), EM_IMAGE_TYPE))
        return em_fail_target(ex, 404, "GalleryImageNotFound", "imageReference",
                              "The gallery image %.*s is not available in %.*s region. Please "
                              "contact image owner to replicate to this region, or change your "
                              "requested region.",
                              RD_FMT(id), RD_FMT(region));
    struct em_resource *version = at == RD_STR_NONE || rd_str_is_case(em_id_name(id), "latest")
                                      ? latest_version(ex, definition, region)
                                      : em_find(ex->cloud, id);
    if (version == NULL || !is_in(ex, version, region))
        return em_fail_target(ex, 404, "ImageVersionNotFound", "imageReference",
                              "The gallery image %.*s is not available in %.*s region. Please "
                              "contact image owner to replicate to this region, or change your "
                              "requested region.",
                              RD_FMT(id), RD_FMT(region));
    struct rd_json body = em_body(ex, definition);
    struct rd_json version_body = em_body(ex, version);
    *ret_image = (struct em_image){
        .security = feature_of(&body, "SecurityType"),
        .generation = em_text_at(&body, "properties.hyperVGeneration"),
        .os = em_text_at(&body, "properties.osType"),
        .version = em_name(version),
        .size_gb = rd_json_int(
            rd_json_at(&version_body, "properties.storageProfile.osDiskImage.sizeInGB"), 127),
        .version_id = version->id,
    };
    return true;
}

bool em_image_resolve(struct em_exchange *ex, const struct rd_json *reference, struct rd_str region,
                      struct em_image *ret_image)
{
    struct rd_str id = em_text_at(reference, "id");
    if (rd_str_is_empty(id))
        return resolve_platform(ex, reference, ret_image);
    if (rd_str_find_case(id, RD_STR("/galleries/"), 0) == RD_STR_NONE)
        return em_fail_target(ex, 400, "NotEmulated", "imageReference",
                              "Only platform images and gallery images are emulated, not '%.*s'.",
                              RD_FMT(id));
    return resolve_gallery(ex, id, region, ret_image);
}

bool em_image_allows_confidential(const struct em_image *image)
{
    static const char *const words[] = {"ConfidentialVM", "ConfidentialVmSupported",
                                        "TrustedLaunchAndConfidentialVmSupported", NULL};
    return em_is_one_of(image->security, words);
}

bool em_image_allows_trusted_launch(const struct em_image *image)
{
    static const char *const words[] = {"TrustedLaunch", "TrustedLaunchSupported",
                                        "TrustedLaunchAndConfidentialVmSupported", NULL};
    return em_is_one_of(image->security, words);
}
