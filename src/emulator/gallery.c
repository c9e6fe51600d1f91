/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compute galleries, image definitions and versions (azure-compute 3).
 *
 * A version's replicas stand in its hidden object: {"replicas":[{region, display, from, done,
 * failed}]}, times in ms; what a GET with $expand=ReplicationStatus shows is made of them and the
 * time. A parent cannot be deleted for some seconds after its last child has gone (hidden.lingers).
 */

#include "gallery.h"
#include "compute_internal.h"
#include "providers.h"

enum { LINGER_MS = 15000, HOME_REPLICA_MS = 300000, REPLICA_MS = 1800000 };

/* Galleries and definitions -------------------------------------------------------------------- */

static bool put_gallery(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                        struct rd_json *hidden)
{
    (void)former;
    (void)hidden;
    struct rd_str name = em_id_name(ex->id);
    char *upper = rd_arena_bytes(ex->arena, name.n + 1);
    for (size_t i = 0; i < name.n; i++)
        upper[i] = rd_char_upper(name.p[i]);
    em_set_text(
        ex, body, "properties.identifier.uniqueName",
        rd_arena_printf(ex->arena, "%.*s-%.*s", RD_FMT(ex->subscription), (int)name.n, upper));
    return em_identity_fill(ex, ex->id, body);
}

static bool check_identifier(struct em_exchange *ex, const struct rd_json *body)
{
    struct em_resource *gallery = em_find(ex->cloud, em_id_parent(ex->id));
    static const char *const parts[] = {"properties.identifier.publisher",
                                        "properties.identifier.offer", "properties.identifier.sku"};
    if (gallery == NULL)
        return true;
    for (struct em_resource *other = em_next_child(gallery, EM_IMAGE_TYPE, NULL); other != NULL;
         other = em_next_child(gallery, EM_IMAGE_TYPE, other)) {
        struct rd_json its = em_body(ex, other);
        bool is_same = !other->is_deleted && !rd_str_eq_case(other->id, ex->id);
        for (size_t i = 0; i < EM_COUNT(parts); i++)
            is_same =
                is_same && rd_str_eq_case(em_text_at(&its, parts[i]), em_text_at(body, parts[i]));
        if (is_same)
            return em_fail_target(ex, 409, "Conflict", "galleryImage.properties.identifier",
                                  "A gallery image with the same publisher, offer and sku already "
                                  "exists: '%.*s'.",
                                  RD_FMT(em_name(other)));
    }
    return true;
}

static bool put_definition(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                           struct rd_json *hidden)
{
    static const char *const systems[] = {"Windows", "Linux", NULL};
    static const char *const states[] = {"Generalized", "Specialized", NULL};
    static const char *const generations[] = {"V1", "V2", NULL};
    static const char *const fixed[] = {
        "properties.osType",           "properties.osState",
        "properties.hyperVGeneration", "properties.identifier.publisher",
        "properties.identifier.offer", "properties.identifier.sku",
        "properties.architecture",
    };
    (void)hidden;
    struct rd_json was = former != NULL ? em_body(ex, former) : rd_json_object();
    for (size_t i = 0; i < EM_COUNT(fixed) && former != NULL; i++) {
        struct rd_str is = em_text_at(body, fixed[i]);
        if (rd_str_is_empty(is))
            em_set_text(ex, body, fixed[i], em_text_at(&was, fixed[i]));
        else if (!rd_str_eq_case(is, em_text_at(&was, fixed[i])))
            return em_fail_target(ex, 409, "PropertyChangeNotAllowed", fixed[i],
                                  "Changing property 'galleryImage.%s' is not allowed.", fixed[i]);
    }
    if (!em_require_word(ex, body, "properties.osType", systems, false) ||
        !em_require_word(ex, body, "properties.osState", states, false) ||
        !em_require_word(ex, body, "properties.hyperVGeneration", generations, true))
        return false;
    for (size_t i = 3; i < 6; i++)
        if (!em_require(ex, body, fixed[i], RD_JSON_STRING))
            return false;
    if (former != NULL && em_has(body, "properties.features") &&
        !rd_json_eq(rd_json_at(body, "properties.features"),
                    rd_json_at(&was, "properties.features")) &&
        !rd_json_is_true(rd_json_at(&was, "properties.allowUpdateImage")))
        return em_fail_target(ex, 409, "PropertyChangeNotAllowed",
                              "galleryImage.properties.features",
                              "Changing property 'galleryImage.properties.features' is not "
                              "allowed.");
    em_default(ex, body, "properties.hyperVGeneration", rd_json_string_c("V1"));
    em_default(ex, body, "properties.architecture", rd_json_string_c("x64"));
    return check_identifier(ex, body);
}

/* The child is gone for readers before its parent knows it (azure-compute 3.6). */
static void leave_parent(struct em_exchange *ex, struct em_resource *child)
{
    if (child->parent == NULL || child->parent->is_deleted)
        return;
    struct rd_json hidden = em_hidden(ex, child->parent);
    em_set_int(ex, &hidden, "lingers", ex->now_ms + LINGER_MS);
    em_set_text(ex, &hidden, "last_child", child->id);
    em_store_hidden(ex, child->parent, &hidden);
}

static bool may_delete_parent(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json hidden = em_hidden(ex, resource);
    if (rd_json_int(rd_json_at(&hidden, "lingers"), 0) <= ex->now_ms)
        return true;
    return em_fail(ex, 409, "CannotDeleteResource",
                   "Cannot delete resource while nested resources exist. Some existing nested "
                   "resource IDs include: '%.*s'. Please delete all nested resources before "
                   "deleting this resource.",
                   RD_FMT(em_text_at(&hidden, "last_child")));
}

/* Versions ------------------------------------------------------------------------------------- */

static bool is_version_name(struct rd_str name)
{
    struct rd_str part;
    int count = 0;
    int64_t number = 0;
    while (rd_str_next(&name, '.', &part))
        if (++count > 3 || !rd_str_to_int(part, 0, INT32_MAX, &number))
            return false;
    return count == 3;
}

static struct rd_str security_of(const struct rd_json *definition)
{
    const struct rd_json *features = rd_json_at(definition, "properties.features");
    for (size_t i = 0; i < rd_json_count(features); i++)
        if (rd_str_is_case(em_text_at(rd_json_item(features, i), "name"), "SecurityType"))
            return em_text_at(rd_json_item(features, i), "value");
    return (struct rd_str){0};
}

/* Which sources a definition takes: the table at the end of azure-compute 3.6. */
static bool check_source(struct em_exchange *ex, const struct rd_json *body)
{
    static const char *const captured[] = {"TrustedLaunch", "ConfidentialVM", NULL};
    struct rd_str id = em_text_at(body, "properties.storageProfile.source.id");
    if (rd_str_is_empty(id))
        id = em_text_at(body, "properties.storageProfile.source.virtualMachineId");
    if (rd_str_is_empty(id))
        id = em_text_at(body, "properties.storageProfile.osDiskImage.source.id");
    if (rd_str_is_empty(id))
        return em_fail_target(ex, 400, "InvalidParameter",
                              "galleryImageVersion.properties.storageProfile",
                              "Required parameter 'storageProfile.source' is missing (null).");
    struct em_resource *source = em_find(ex->cloud, id);
    if (source == NULL)
        return em_fail(ex, 404, "ResourceNotFound",
                       "The source '%.*s' of the gallery image version was not found.", RD_FMT(id));
    struct em_resource *parent = em_find(ex->cloud, em_id_parent(ex->id));
    struct rd_json definition = parent != NULL ? em_body(ex, parent) : rd_json_object();
    struct rd_str security = security_of(&definition);
    bool is_machine = rd_str_is_case(rd_str_from(source->type->name), EM_VM_TYPE) ||
                      rd_str_is_case(rd_str_from(source->type->name), EM_DISK_TYPE);
    if (is_machine && !rd_str_is_empty(security) && !em_is_one_of(security, captured))
        return em_fail_target(
            ex, 400, "InvalidParameter", "galleryImageVersion.properties.storageProfile.source.id",
            "The security type '%.*s' is not supported for the source id '%.*s'. Currently only "
            "Vhd Blob, User Image and Gallery Image Version sources are supported for '%.*s' "
            "images.",
            RD_FMT(security), RD_FMT(id), RD_FMT(security));
    if (!is_machine && em_is_one_of(security, captured))
        return em_fail_target(
            ex, 400, "InvalidParameter",
            "galleryImageVersion.properties.storageProfile.osDiskImage.source.id",
            "Confidential VM is not supported for the source id '%.*s'. Currently Snapshot, Disk "
            "and VM sources are supported for the Confidential VM security type.",
            RD_FMT(id));
    return true;
}

static bool check_targets(struct em_exchange *ex, struct rd_json *body)
{
    struct rd_str home = em_body_region(ex, body);
    struct rd_json targets =
        rd_json_copy(ex->arena, rd_json_at(body, "properties.publishingProfile.targetRegions"));
    if (rd_json_count(&targets) == 0) {
        struct rd_json own = rd_json_object();
        targets = rd_json_array();
        em_set_text(ex, &own, "name", em_text_at(body, "location"));
        (void)rd_json_append(ex->arena, &targets, own);
    }
    bool has_home = false;
    for (size_t i = 0; i < rd_json_count(&targets); i++) {
        struct rd_json *target = &targets.u.items[i];
        const struct rd_json *region = em_region(ex, em_text_at(target, "name"));
        if (!rd_json_exists(region))
            return em_fail_target(ex, 400, "InvalidParameter", "targetRegions",
                                  "The target region '%.*s' is not valid.",
                                  RD_FMT(em_text_at(target, "name")));
        if (rd_str_is_case(em_text_at(target, "storageAccountType"), "Standard_ZRS") &&
            rd_json_count(rd_json_at(region, "zones")) == 0)
            return em_fail_target(ex, 400, "InvalidParameter", "targetRegions",
                                  "Storage account type 'Standard_ZRS' is not supported in region "
                                  "'%.*s'.",
                                  RD_FMT(em_text_at(target, "name")));
        has_home = has_home || em_location_eq(em_text_at(target, "name"), home);
        em_default(ex, target, "regionalReplicaCount", rd_json_integer(1));
        em_default(ex, target, "storageAccountType", rd_json_string_c("Standard_LRS"));
        em_set_text(ex, target, "name", em_text_at(region, "display"));
    }
    em_set(ex, body, "properties.publishingProfile.targetRegions", targets);
    if (!has_home)
        return em_fail_target(ex, 400, "InvalidParameter", "targetRegions",
                              "The publishing profile must name the image version's own location "
                              "'%.*s' as a target region.",
                              RD_FMT(home));
    return true;
}

static bool replication_fails(struct em_exchange *ex, struct rd_str region)
{
    for (struct em_fault *fault = em_fault(ex, "replication"); fault != NULL;
         fault = em_fault_next(ex, "replication", fault)) {
        struct rd_str meant = em_fault_arg(fault, "region");
        if (!rd_str_is_empty(meant) && !rd_str_eq(em_region_name(ex, meant), region))
            continue;
        em_fault_struck(fault);
        return true;
    }
    return false;
}

/* The copy in a region that a former write has made or still makes; one that failed is made anew.
 */
static const struct rd_json *kept_replica(const struct rd_json *old, struct rd_str region,
                                          int64_t now_ms)
{
    for (size_t k = 0; k < rd_json_count(old); k++) {
        const struct rd_json *replica = rd_json_item(old, k);
        bool has_failed = rd_json_is_true(rd_json_at(replica, "failed")) &&
                          rd_json_int(rd_json_at(replica, "done"), 0) <= now_ms;
        if (rd_str_eq(em_text_at(replica, "region"), region))
            return has_failed ? &rd_json_absent : replica;
    }
    return &rd_json_absent;
}

int64_t em_gallery_plan_replicas(struct em_exchange *ex, struct rd_str id,
                                 const struct rd_json *body, struct rd_json *hidden,
                                 int64_t from_ms)
{
    struct rd_str home = em_body_region(ex, body);
    const struct rd_json *old = rd_json_at(hidden, "replicas");
    const struct rd_json *targets = rd_json_at(body, "properties.publishingProfile.targetRegions");
    struct rd_json replicas = rd_json_array();
    int64_t last_ms = from_ms;
    for (size_t i = 0; i < rd_json_count(targets); i++) {
        struct rd_str display = em_text_at(rd_json_item(targets, i), "name");
        struct rd_str region = em_region_name(ex, display);
        struct rd_json replica = rd_json_object();
        const struct rd_json *kept = kept_replica(old, region, from_ms);
        if (rd_json_exists(kept))
            replica = rd_json_copy(ex->arena, kept);
        if (rd_json_count(&replica) == 0) {
            struct rd_str what =
                rd_arena_printf(ex->arena, "%.*s>%.*s", RD_FMT(id), RD_FMT(region));
            int64_t ms =
                em_draw_ms(ex, what, rd_str_eq(region, home) ? HOME_REPLICA_MS : REPLICA_MS);
            em_set_text(ex, &replica, "region", region);
            em_set_text(ex, &replica, "display", display);
            em_set_int(ex, &replica, "from", from_ms);
            em_set_int(ex, &replica, "done", from_ms + ms);
            if (replication_fails(ex, region))
                em_set_bool(ex, &replica, "failed", true);
        }
        int64_t done = rd_json_int(rd_json_at(&replica, "done"), from_ms);
        last_ms = done > last_ms ? done : last_ms;
        (void)rd_json_append(ex->arena, &replicas, replica);
    }
    em_set(ex, hidden, "replicas", replicas);
    return last_ms;
}

struct rd_str em_gallery_failed_region(const struct rd_json *hidden)
{
    const struct rd_json *replicas = rd_json_at(hidden, "replicas");
    for (size_t i = 0; i < rd_json_count(replicas); i++)
        if (rd_json_is_true(rd_json_at(rd_json_item(replicas, i), "failed")))
            return em_text_at(rd_json_item(replicas, i), "region");
    return (struct rd_str){0};
}

static bool put_version(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                        struct rd_json *hidden)
{
    if (!is_version_name(em_id_name(ex->id)))
        return em_fail_target(ex, 400, "InvalidParameter", "galleryImageVersionName",
                              "The gallery image version name '%.*s' is invalid. It must be in the "
                              "format Major.Minor.Patch, each a number from 0 to 2147483647.",
                              RD_FMT(em_id_name(ex->id)));
    struct em_resource *definition = em_find(ex->cloud, em_id_parent(ex->id));
    if (definition != NULL &&
        !em_location_eq(em_location(ex, definition), em_text_at(body, "location")))
        return em_fail_target(ex, 400, "InvalidParameter", "location",
                              "The location of the gallery image version must be the same as that "
                              "of its gallery image.");
    if (former != NULL) {
        struct rd_json was = em_body(ex, former);
        const struct rd_json *old = rd_json_at(&was, "properties.storageProfile");
        const struct rd_json *is = rd_json_at(body, "properties.storageProfile.source");
        if (rd_json_exists(is) && !rd_json_eq(is, rd_json_at(old, "source")))
            return em_fail_target(ex, 409, "PropertyChangeNotAllowed",
                                  "galleryImageVersion.properties.storageProfile.source",
                                  "Changing property "
                                  "'galleryImageVersion.properties.storageProfile.source' is not "
                                  "allowed.");
        em_set(ex, body, "properties.storageProfile", rd_json_copy(ex->arena, old));
        em_set_text(ex, body, "properties.publishingProfile.publishedDate",
                    em_text_at(&was, "properties.publishingProfile.publishedDate"));
        if (!em_has(body, "properties.publishingProfile.targetRegions"))
            em_set(ex, body, "properties.publishingProfile.targetRegions",
                   *rd_json_at(&was, "properties.publishingProfile.targetRegions"));
    } else if (!check_source(ex, body)) {
        return false;
    }
    if (!check_targets(ex, body))
        return false;
    em_default(ex, body, "properties.publishingProfile.excludeFromLatest", rd_json_bool(false));
    em_default(ex, body, "properties.publishingProfile.replicaCount", rd_json_integer(1));
    em_default(ex, body, "properties.publishingProfile.storageAccountType",
               rd_json_string_c("Standard_LRS"));
    em_default(ex, body, "properties.publishingProfile.replicationMode", rd_json_string_c("Full"));
    em_default(ex, body, "properties.publishingProfile.publishedDate",
               rd_json_string(em_time(ex, ex->now_ms)));
    em_default(ex, body, "properties.safetyProfile.allowDeletionOfReplicatedLocations",
               rd_json_bool(true));
    em_default(ex, body, "properties.storageProfile.osDiskImage.sizeInGB", rd_json_integer(127));
    int64_t last_ms = em_gallery_plan_replicas(ex, ex->id, body, hidden, ex->now_ms);
    em_set_int(ex, hidden, "replicated", last_ms);
    return true;
}

/* The core asks for the duration when the hidden object is not stored yet, so that it is drawn
 * again here: the same draws, to the same end. */
static int64_t version_duration(struct em_exchange *ex, struct em_resource *former,
                                const struct rd_json *body)
{
    struct rd_json hidden = rd_json_object(), copy = rd_json_copy(ex->arena, body);
    if (former != NULL)
        hidden = em_hidden(ex, former);
    const struct rd_json *targets = rd_json_at(&copy, "properties.publishingProfile.targetRegions");
    int64_t longest = 20000;
    struct rd_str home = em_body_region(ex, &copy);
    for (size_t i = 0; i < rd_json_count(targets); i++) {
        struct rd_str region = em_region_name(ex, em_text_at(rd_json_item(targets, i), "name"));
        const struct rd_json *old = rd_json_at(&hidden, "replicas");
        int64_t ms =
            em_draw_ms(ex, rd_arena_printf(ex->arena, "%.*s>%.*s", RD_FMT(ex->id), RD_FMT(region)),
                       rd_str_eq(region, home) ? HOME_REPLICA_MS : REPLICA_MS);
        const struct rd_json *kept = kept_replica(old, region, ex->now_ms);
        if (rd_json_exists(kept))
            ms = rd_json_int(rd_json_at(kept, "done"), 0) - ex->now_ms;
        longest = ms > longest ? ms : longest;
    }
    return longest;
}

static const char *ready_version(struct em_exchange *ex, struct em_resource *version,
                                 struct rd_json *body, struct rd_json *hidden,
                                 struct rd_str *ret_message)
{
    (void)version;
    (void)body;
    struct rd_str region = em_gallery_failed_region(hidden);
    if (rd_str_is_empty(region))
        return NULL;
    *ret_message = rd_arena_printf(ex->arena,
                                   "Replication of the gallery image version to region '%.*s' "
                                   "failed due to an internal error.",
                                   RD_FMT(region));
    return "ReplicationFailed";
}

static void show_version(struct em_exchange *ex, struct em_resource *version, struct rd_json *body)
{
    struct rd_str value = {0};
    if (!rd_http_query_get(ex->arena, ex->url.query, "$expand", &value) ||
        rd_str_find_case(value, RD_STR("ReplicationStatus"), 0) == RD_STR_NONE)
        return;
    struct rd_json hidden = em_hidden(ex, version), summary = rd_json_array();
    const struct rd_json *replicas = rd_json_at(&hidden, "replicas");
    bool is_complete = true, has_failed = false;
    for (size_t i = 0; i < rd_json_count(replicas); i++) {
        const struct rd_json *replica = rd_json_item(replicas, i);
        int64_t from = rd_json_int(rd_json_at(replica, "from"), 0);
        int64_t done = rd_json_int(rd_json_at(replica, "done"), 0);
        bool is_done = done <= ex->now_ms;
        bool is_failed = is_done && rd_json_is_true(rd_json_at(replica, "failed"));
        int64_t progress =
            is_done || done <= from ? 100 : (ex->now_ms - from) * 100 / (done - from);
        struct rd_json item = rd_json_object();
        em_set_text(ex, &item, "region", em_text_at(replica, "display"));
        em_set_word(ex, &item, "state",
                    is_failed ? "Failed"
                    : is_done ? "Completed"
                              : "Replicating");
        em_set_word(ex, &item, "details", is_failed ? "Replication failed." : "");
        em_set_int(ex, &item, "progress", is_failed ? 0 : progress < 0 ? 0 : progress);
        (void)rd_json_append(ex->arena, &summary, item);
        is_complete = is_complete && is_done;
        has_failed = has_failed || is_failed;
    }
    em_set_word(ex, body, "properties.replicationStatus.aggregatedState",
                has_failed    ? "Failed"
                : is_complete ? "Completed"
                              : "InProgress");
    em_set(ex, body, "properties.replicationStatus.summary", summary);
}

static bool may_delete_version(struct em_exchange *ex, struct em_resource *version)
{
    struct rd_json body = em_body(ex, version);
    const struct rd_json *allows =
        rd_json_at(&body, "properties.safetyProfile.allowDeletionOfReplicatedLocations");
    if (!rd_json_exists(allows) || rd_json_is_true(allows))
        return true;
    return em_fail(ex, 409, "OperationNotAllowed",
                   "The gallery image version cannot be deleted because "
                   "'safetyProfile.allowDeletionOfReplicatedLocations' is false.");
}

#define OPERATIONS "Microsoft.Compute/locations/{l}/capsOperations"
#define COMMON                                                                                     \
    .has_tags = true, .needs_location = true, EM_ANSWERS(201, 200, 202),                           \
    .async = EM_ASYNC_OPERATION, .operation_body = EM_OPERATION_COMPUTE,                           \
    .json_style = EM_JSON_CRLF, .operation_path = OPERATIONS, .throttle_policy = "compute.gallery"

static const struct em_order image_order[] = {
    /* recording 04 */
    {"", "location tags properties"},
    {"properties", "hyperVGeneration architecture osType osState identifier provisioningState"},
    {"properties.identifier", "publisher offer sku"},
    {NULL, NULL},
};

static const struct em_type types[] = {
    {
        .name = EM_GALLERY_TYPE,
        .place = EM_IN_GROUP,
        COMMON,
        EM_TAKES(8, 4, 8),
        .name_pattern = "^[a-zA-Z0-9]([a-zA-Z0-9_.]{0,78}[a-zA-Z0-9_])?$",
        .source = "azure-compute 3.1, 3.2",
        .put = put_gallery,
        .may_delete = may_delete_parent,
    },
    {
        .name = EM_IMAGE_TYPE,
        .place = EM_IN_PARENT,
        COMMON,
        EM_TAKES(5, 4, 8),
        .name_pattern = "^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,78}[a-zA-Z0-9])?$",
        .source = "azure-compute 3.3, recording 04-image-builder-sig",
        .order = image_order,
        .put = put_definition,
        .may_delete = may_delete_parent,
        .deleted = leave_parent,
    },
    {
        .name = EM_VERSION_TYPE,
        .place = EM_IN_PARENT,
        COMMON,
        EM_TAKES(1800, 20, 30),
        .retry_after_s = 60,
        .source = "azure-compute 3.4 to 3.6",
        .put = put_version,
        .duration = version_duration,
        .ready = ready_version,
        .show = show_version,
        .may_delete = may_delete_version,
        .deleted = leave_parent,
    },
};

const struct em_part em_gallery_part = {
    .name = "gallery", .types = types, .type_count = EM_COUNT(types)};
