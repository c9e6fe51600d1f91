/* SPDX-License-Identifier: Apache-2.0 */

/* What the cloud offers: VM sizes, quota, platform images (azure-compute 1.8, 1.9, 3.7). */

#include "compute_internal.h"
#include "compute_parts.h"
#include "state.h"

static void capability(struct em_exchange *ex, struct rd_json *list, const char *name,
                       struct rd_str value)
{
    struct rd_json item = rd_json_object();
    em_set_word(ex, &item, "name", name);
    em_set_text(ex, &item, "value", value);
    (void)rd_json_append(ex->arena, list, item);
}

static struct rd_str digits(struct em_exchange *ex, int64_t value)
{
    return rd_arena_printf(ex->arena, "%lld", (long long)value);
}

static void add_capabilities(struct em_exchange *ex, struct rd_json *item,
                             const struct em_size *size)
{
    bool is_confidential = !rd_str_is_empty(size->confidential);
    struct rd_json *list = em_array(ex, item, "capabilities");
    capability(ex, list, "vCPUs", digits(ex, size->vcpus));
    capability(ex, list, "vCPUsAvailable", digits(ex, size->vcpus));
    capability(ex, list, "MemoryGB", digits(ex, size->memory_gb));
    capability(ex, list, "MaxDataDiskCount", digits(ex, size->data_disks));
    capability(ex, list, "MaxNetworkInterfaces", digits(ex, size->nics));
    capability(ex, list, "HyperVGenerations", is_confidential ? RD_STR("V2") : RD_STR("V1,V2"));
    capability(ex, list, "CpuArchitectureType", RD_STR("x64"));
    capability(ex, list, "PremiumIO", RD_STR("True"));
    capability(ex, list, "EncryptionAtHostSupported", RD_STR("True"));
    capability(ex, list, "AcceleratedNetworkingEnabled",
               rd_json_is_true(rd_json_at(size->row, "accelerated")) ? RD_STR("True")
                                                                     : RD_STR("False"));
    capability(ex, list, "DiskControllerTypes", em_text_at(size->row, "controllers"));
    if (is_confidential)
        capability(ex, list, "ConfidentialComputingType", size->confidential);
}

/* The faults of kind SkuNotAvailable are seen here as restrictions: of the zone they name, or of
 * the region. */
static void add_restrictions(struct em_exchange *ex, struct rd_json *item,
                             const struct em_size *size, struct rd_str region)
{
    struct rd_json *list = em_array(ex, item, "restrictions");
    const struct em_fault *fault = em_fault(ex, "capacity");
    if (fault == NULL)
        return;
    struct rd_str kind = em_fault_arg(fault, "kind"), zone = em_fault_arg(fault, "zone");
    struct rd_str meant = em_fault_arg(fault, "size");
    if ((!rd_str_is_empty(kind) && !rd_str_is_case(kind, "SkuNotAvailable")) ||
        rd_str_is_empty(meant) || !rd_str_eq_case(meant, size->name))
        return;
    struct rd_json entry = rd_json_object();
    em_set_word(ex, &entry, "type", rd_str_is_empty(zone) ? "Location" : "Zone");
    (void)rd_json_append(ex->arena, em_array(ex, &entry, "values"), rd_json_string(region));
    (void)rd_json_append(ex->arena, em_array(ex, &entry, "restrictionInfo.locations"),
                         rd_json_string(region));
    if (!rd_str_is_empty(zone))
        (void)rd_json_append(ex->arena, em_array(ex, &entry, "restrictionInfo.zones"),
                             rd_json_string(zone));
    em_set_word(ex, &entry, "reasonCode", "NotAvailableForSubscription");
    (void)rd_json_append(ex->arena, list, entry);
}

static struct rd_json view_size(struct em_exchange *ex, const struct em_size *size,
                                const struct rd_json *zones, struct rd_str region)
{
    struct rd_json item = rd_json_object(), place = rd_json_object();
    struct rd_str tail = rd_str_sub(size->name, sizeof("Standard_") - 1, size->name.n);
    em_set_word(ex, &item, "resourceType", "virtualMachines");
    em_set_text(ex, &item, "name", size->name);
    em_set_word(ex, &item, "tier", "Standard");
    em_set_text(ex, &item, "size", tail);
    em_set_text(ex, &item, "family", size->family);
    (void)rd_json_append(ex->arena, em_array(ex, &item, "locations"), rd_json_string(region));
    em_set_text(ex, &place, "location", region);
    em_set(ex, &place, "zones", rd_json_copy(ex->arena, zones));
    em_set(ex, &place, "zoneDetails", rd_json_array());
    (void)rd_json_append(ex->arena, em_array(ex, &item, "locationInfo"), place);
    add_capabilities(ex, &item, size);
    add_restrictions(ex, &item, size, region);
    return item;
}

/* The sizes of one region. Their numbers go on from `*seq`: what pages are told apart by. False
 * when the page is full. */
static bool add_sizes(struct em_exchange *ex, struct em_pager *pager, struct rd_str region,
                      int64_t *seq)
{
    size_t row = 0, index = 0;
    struct em_size size;
    while (em_size_next(ex, &row, &index, &size)) {
        const struct rd_json *zones = em_size_zones(ex, &size, region);
        if (!rd_json_exists(zones))
            continue;
        enum em_pager_step step = em_pager_next(pager, ++*seq);
        if (step == EM_PAGER_FULL)
            return false;
        if (step == EM_PAGER_WRITE) {
            struct rd_json view = view_size(ex, &size, zones, region);
            rd_json_write(&pager->out, &view, RD_JSON_COMPACT);
        }
    }
    return true;
}

/* location is the only thing that $filter knows; without it, each region has rows of its own. */
bool em_catalog_skus(struct em_exchange *ex)
{
    static const char *const names[] = {"location", NULL};
    const struct rd_json *regions = rd_json_get(ex->cloud->place, RD_STR("regions"));
    struct em_filter filter;
    struct em_pager pager;
    if (!em_filter_read(ex, names, &filter) || !em_pager_start(&pager, ex, NULL))
        return false;
    struct rd_str only = em_region_name(ex, em_filter_value(&filter, "location"));
    int64_t seq = 0;
    for (size_t i = 0; i < rd_json_count(regions); i++) {
        struct rd_str region = em_text_at(rd_json_item(regions, i), "name");
        bool is_asked = filter.count == 0 || rd_str_eq(region, only);
        if (is_asked && !add_sizes(ex, &pager, region, &seq))
            break;
    }
    em_pager_reply(&pager);
    return true;
}

static void add_usage(struct em_exchange *ex, struct rd_json *value, struct rd_str region,
                      struct rd_str name, struct rd_str label)
{
    struct rd_json item = rd_json_object();
    em_set_word(ex, &item, "unit", "Count");
    em_set_int(ex, &item, "currentValue", em_quota_used(ex, ex->params[0], region, name));
    em_set_int(ex, &item, "limit", em_quota_limit(ex, name));
    em_set_text(ex, &item, "name.value", name);
    em_set_text(ex, &item, "name.localizedValue", label);
    (void)rd_json_append(ex->arena, value, item);
}

bool em_catalog_usages(struct em_exchange *ex)
{
    struct rd_str region = em_region_name(ex, ex->params[1]);
    if (!em_region_exists(ex, region))
        return em_fail(ex, 400, "InvalidParameter", "The location '%.*s' is not valid.",
                       RD_FMT(region));
    struct rd_json reply = rd_json_object();
    struct rd_json *value = em_array(ex, &reply, "value");
    add_usage(ex, value, region, RD_STR("cores"), RD_STR("Total Regional vCPUs"));
    add_usage(ex, value, region, RD_STR("virtualMachines"), RD_STR("Virtual Machines"));
    const struct rd_json *sizes = rd_json_at(em_table("skus"), "sizes");
    for (size_t i = 0; i < rd_json_count(sizes); i++) {
        struct rd_str family = em_text_at(rd_json_item(sizes, i), "family");
        add_usage(ex, value, region, family,
                  rd_arena_printf(ex->arena, "%.*s vCPUs", RD_FMT(family)));
    }
    em_reply_json(ex, 200, &reply, EM_JSON_CRLF);
    return true;
}

/* Platform images: lists are bare arrays with capitalised ids (recorded). ---------------------- */

static struct rd_json image_item(struct em_exchange *ex, struct rd_str name, struct rd_str tail)
{
    struct rd_json item = rd_json_object();
    em_set_text(ex, &item, "location", ex->params[1]);
    em_set_text(ex, &item, "name", name);
    em_set_text(ex, &item, "id",
                rd_arena_printf(ex->arena,
                                "/Subscriptions/%.*s/Providers/Microsoft.Compute/Locations/%.*s/"
                                "Publishers/%.*s",
                                RD_FMT(ex->params[0]), RD_FMT(ex->params[1]), RD_FMT(tail)));
    return item;
}

/* Distinct values of a column among the rows whose earlier columns are the path's. */
static bool list_column(struct em_exchange *ex, size_t depth)
{
    static const char *const columns[] = {"publisher", "offer", "sku"};
    static const char *const words[] = {"", "/ArtifactTypes/VMImage/Offers/", "/Skus/"};
    struct rd_json reply = rd_json_array();
    const struct rd_json *rows = em_table("images");
    for (size_t i = 0; i < rd_json_count(rows); i++) {
        const struct rd_json *row = rd_json_item(rows, i);
        bool is_meant = true;
        struct rd_str tail = {0};
        for (size_t k = 0; k <= depth; k++) {
            struct rd_str value = em_text_at(row, columns[k]);
            is_meant = is_meant && (k == depth || rd_str_eq_case(value, ex->params[2 + k]));
            tail = rd_arena_printf(ex->arena, "%.*s%s%.*s", RD_FMT(tail), words[k], RD_FMT(value));
        }
        struct rd_str name = em_text_at(row, columns[depth]);
        for (size_t k = 0; k < rd_json_count(&reply); k++)
            is_meant = is_meant && !rd_str_eq(em_text_at(rd_json_item(&reply, k), "name"), name);
        if (is_meant)
            (void)rd_json_append(ex->arena, &reply, image_item(ex, name, tail));
    }
    em_reply_json(ex, 200, &reply, EM_JSON_CRLF);
    return true;
}

bool em_catalog_image_publishers(struct em_exchange *ex)
{
    return list_column(ex, 0);
}

bool em_catalog_image_offers(struct em_exchange *ex)
{
    return list_column(ex, 1);
}

bool em_catalog_image_skus(struct em_exchange *ex)
{
    return list_column(ex, 2);
}

static const struct rd_json *asked_image(struct em_exchange *ex)
{
    const struct rd_json *row = em_platform_image(ex->params[2], ex->params[3], ex->params[4]);
    if (!rd_json_exists(row))
        (void)em_fail(ex, 404, "NotFound", "Artifact: VMImage was not found.");
    return row;
}

static struct rd_json version_item(struct em_exchange *ex, struct rd_str version)
{
    return image_item(
        ex, version,
        rd_arena_printf(ex->arena, "%.*s/ArtifactTypes/VMImage/Offers/%.*s/Skus/%.*s/Versions/%.*s",
                        RD_FMT(ex->params[2]), RD_FMT(ex->params[3]), RD_FMT(ex->params[4]),
                        RD_FMT(version)));
}

bool em_catalog_image_versions(struct em_exchange *ex)
{
    const struct rd_json *row = asked_image(ex);
    if (!rd_json_exists(row))
        return false;
    struct rd_str order = {0}, top = {0};
    int64_t count_max = INT32_MAX;
    (void)rd_http_query_get(ex->arena, ex->url.query, "$orderby", &order);
    if (rd_http_query_get(ex->arena, ex->url.query, "$top", &top))
        (void)rd_str_to_int(top, 0, INT32_MAX, &count_max);
    bool is_descending = rd_str_find_case(order, RD_STR("desc"), 0) != RD_STR_NONE;
    const struct rd_json *versions = rd_json_at(row, "versions");
    size_t count = rd_json_count(versions);
    struct rd_json reply = rd_json_array();
    for (size_t i = 0; i < count && (int64_t)i < count_max; i++)
        (void)rd_json_append(ex->arena, &reply,
                             version_item(ex, rd_json_str(rd_json_item(
                                                  versions, is_descending ? count - 1 - i : i))));
    em_reply_json(ex, 200, &reply, EM_JSON_CRLF);
    return true;
}

/* The last number of a version is its day, "251112". */
static struct rd_str go_live(struct em_exchange *ex, struct rd_str version)
{
    struct rd_str day = rd_str_after_last(version, '.');
    return rd_arena_printf(ex->arena, "20%.*s-%.*s-%.*sT00:00:00+00:00",
                           RD_FMT(rd_str_sub(day, 0, 2)), RD_FMT(rd_str_sub(day, 2, 4)),
                           RD_FMT(rd_str_sub(day, 4, 6)));
}

bool em_catalog_image_version(struct em_exchange *ex)
{
    const struct rd_json *row = asked_image(ex);
    if (!rd_json_exists(row))
        return false;
    const struct rd_json *versions = rd_json_at(row, "versions");
    bool is_there = false;
    for (size_t i = 0; i < rd_json_count(versions); i++)
        is_there = is_there || rd_str_eq(rd_json_str(rd_json_item(versions, i)), ex->params[5]);
    if (!is_there)
        return em_fail(ex, 404, "NotFound", "Artifact: VMImage was not found.");
    struct rd_json reply = rd_json_object(), item = version_item(ex, ex->params[5]);
    em_set_text(ex, &reply, "properties.hyperVGeneration", em_text_at(row, "generation"));
    em_set_word(ex, &reply, "properties.architecture", "x64");
    em_set_word(ex, &reply, "properties.replicaType", "Managed");
    em_set_int(ex, &reply, "properties.replicaCount", 10);
    em_set_word(ex, &reply, "properties.disallowed.vmDiskType", "Unmanaged");
    em_set_bool(ex, &reply, "properties.automaticOSUpgradeProperties.automaticOSUpgradeSupported",
                false);
    em_set_word(ex, &reply, "properties.imageDeprecationStatus.imageState", "Active");
    struct rd_json *features = em_array(ex, &reply, "properties.features");
    if (!rd_str_is_empty(em_text_at(row, "security")))
        capability(ex, features, "SecurityType", em_text_at(row, "security"));
    capability(ex, features, "IsAcceleratedNetworkSupported", RD_STR("True"));
    capability(ex, features, "DiskControllerTypes", RD_STR("SCSI, NVMe"));
    capability(ex, features, "IsHibernateSupported", RD_STR("True"));
    em_set_text(ex, &reply, "properties.osDiskImage.operatingSystem", em_text_at(row, "os"));
    em_set(ex, &reply, "properties.osDiskImage.sizeInGb", *rd_json_at(row, "size_gb"));
    em_set(ex, &reply, "properties.dataDiskImages", rd_json_array());
    em_set_text(ex, &reply, "properties.goLiveDate", go_live(ex, ex->params[5]));
    rd_json_merge(ex->arena, &reply, &item);
    em_reply_json(ex, 200, &reply, EM_JSON_CRLF);
    return true;
}
