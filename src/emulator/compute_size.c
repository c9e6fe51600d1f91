/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VM sizes, their zones, and the cores that machines take from the quota. Use is counted in one
 * hidden resource for each region and quota name, so that a PUT does not walk all machines.
 * Deallocated machines count too (azure-compute 1.9): the count falls with the machine.
 */

#include "compute_internal.h"

static const struct rd_json *sizes_table(void)
{
    return em_table("skus");
}

static void fill_size(struct em_exchange *ex, const struct rd_json *row, size_t index,
                      struct em_size *ret_size)
{
    int64_t vcpus = rd_json_int(rd_json_item(rd_json_at(row, "vcpus"), index), 0);
    struct rd_str pattern = em_text_at(row, "name");
    size_t mark = rd_str_find_char(pattern, '#', 0);
    struct rd_str before = rd_str_sub(pattern, 0, mark);
    struct rd_str after = rd_str_sub(pattern, mark + 1, pattern.n);
    *ret_size = (struct em_size){
        .name = rd_arena_printf(ex->arena, "%.*s%lld%.*s", RD_FMT(before), (long long)vcpus,
                                RD_FMT(after)),
        .family = em_text_at(row, "family"),
        .confidential = em_text_at(row, "confidential"),
        .feature = em_text_at(row, "feature"),
        .vcpus = vcpus,
        .memory_gb = rd_json_int(rd_json_item(rd_json_at(row, "memory_gb"), index), 0),
        .nics = rd_json_int(rd_json_item(rd_json_at(row, "nics"), index), 1),
        .data_disks = rd_json_int(rd_json_item(rd_json_at(row, "data_disks"), index), 1),
        .row = row,
    };
}

bool em_size_next(struct em_exchange *ex, size_t *row, size_t *index, struct em_size *ret_size)
{
    const struct rd_json *rows = rd_json_at(sizes_table(), "sizes");
    while (*row < rd_json_count(rows)) {
        const struct rd_json *item = rd_json_item(rows, *row);
        if (*index < rd_json_count(rd_json_at(item, "vcpus"))) {
            fill_size(ex, item, (*index)++, ret_size);
            return true;
        }
        (*row)++;
        *index = 0;
    }
    return false;
}

bool em_size_find(struct em_exchange *ex, struct rd_str name, struct em_size *ret_size)
{
    const struct rd_json *rows = rd_json_at(sizes_table(), "sizes");
    for (size_t i = 0; i < rd_json_count(rows); i++) {
        const struct rd_json *row = rd_json_item(rows, i);
        struct rd_str pattern = em_text_at(row, "name");
        size_t mark = rd_str_find_char(pattern, '#', 0);
        struct rd_str before = rd_str_sub(pattern, 0, mark);
        struct rd_str after = rd_str_sub(pattern, mark + 1, pattern.n);
        if (name.n <= before.n + after.n || !rd_str_has_prefix_case(name, before) ||
            !rd_str_has_suffix_case(name, after))
            continue;
        int64_t vcpus = 0;
        if (!rd_str_to_int(rd_str_sub(name, before.n, name.n - after.n), 1, 4096, &vcpus))
            continue;
        const struct rd_json *all = rd_json_at(row, "vcpus");
        for (size_t k = 0; k < rd_json_count(all); k++)
            if (rd_json_int(rd_json_item(all, k), 0) == vcpus) {
                fill_size(ex, row, k, ret_size);
                return true;
            }
    }
    return false;
}

const struct rd_json *em_size_zones(struct em_exchange *ex, const struct em_size *size,
                                    struct rd_str region)
{
    const struct rd_json *only = rd_json_at(size->row, "only");
    if (rd_json_exists(only)) {
        bool is_there = false;
        for (size_t i = 0; i < rd_json_count(only); i++)
            is_there = is_there || rd_str_eq_case(rd_json_str(rd_json_item(only, i)), region);
        if (!is_there)
            return &rd_json_absent;
    }
    const struct rd_json *own = rd_json_get_case(rd_json_at(size->row, "zones"), region);
    return rd_json_exists(own) ? own : rd_json_at(em_region(ex, region), "zones");
}

/* Quota ---------------------------------------------------------------------------------------- */

static struct rd_str usage_id(struct em_exchange *ex, struct rd_str subscription,
                              struct rd_str region, struct rd_str name)
{
    return rd_arena_printf(ex->arena,
                           "/subscriptions/%.*s/providers/Microsoft.Compute/usages/%.*s-%.*s",
                           RD_FMT(subscription), RD_FMT(region), RD_FMT(name));
}

int64_t em_quota_used(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                      struct rd_str name)
{
    struct em_resource *usage = em_find(ex->cloud, usage_id(ex, subscription, region, name));
    if (usage == NULL)
        return 0;
    struct rd_json body = em_body(ex, usage);
    return rd_json_int(rd_json_at(&body, "currentValue"), 0);
}

/* The fault that sets this quota's limit: its family's, or without one the regional cores'. */
static struct em_fault *quota_fault(struct em_exchange *ex, struct rd_str name)
{
    for (struct em_fault *fault = em_fault(ex, "quota"); fault != NULL;
         fault = em_fault_next(ex, "quota", fault)) {
        struct rd_str family = em_fault_arg(fault, "family");
        if (rd_str_eq_case(rd_str_is_empty(family) ? RD_STR("cores") : family, name))
            return fault;
    }
    return NULL;
}

int64_t em_quota_limit(struct em_exchange *ex, struct rd_str name)
{
    const struct rd_json *quota = rd_json_at(sizes_table(), "quota");
    const struct em_fault *fault = quota_fault(ex, name);
    if (fault != NULL) {
        int64_t limit = 0;
        (void)rd_str_to_int(em_fault_arg(fault, "limit"), 0, INT32_MAX, &limit);
        return limit;
    }
    const struct rd_json *own = rd_json_get(quota, name);
    return rd_json_int(rd_json_exists(own) ? own : rd_json_get(quota, RD_STR("family")), 0);
}

static void count(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                  struct rd_str name, int64_t by)
{
    struct rd_str id = usage_id(ex, subscription, region, name);
    struct em_resource *usage = em_find(ex->cloud, id);
    struct rd_json body = usage != NULL ? em_body(ex, usage) : rd_json_object();
    int64_t used = rd_json_int(rd_json_at(&body, "currentValue"), 0) + by;
    em_set_int(ex, &body, "currentValue", used < 0 ? 0 : used);
    if (usage != NULL) {
        em_store(ex, usage, &body);
        return;
    }
    struct rd_json hidden = rd_json_object();
    (void)em_create(ex, "Microsoft.Compute/usages", id, &body, &hidden);
}

static bool refuse_quota(struct em_exchange *ex, struct rd_str region, struct rd_str label,
                         int64_t limit, int64_t used, int64_t needed)
{
    return em_fail(
        ex, 409, "OperationNotAllowed",
        "Operation could not be completed as it results in exceeding approved %.*s quota. "
        "Additional details - Deployment Model: Resource Manager, Location: %.*s, Current Limit: "
        "%lld, Current Usage: %lld, Additional Required: %lld, (Minimum) New Limit Required: %lld. "
        "Submit a request for Quota increase at https://aka.ms/ProdportalCRP/#blade/"
        "Microsoft_Azure_Capacity/UsageAndQuota.ReactView by specifying parameters listed in the "
        "'Details' section for deployment to succeed. Please read more about quota limits at "
        "https://docs.microsoft.com/en-us/azure/azure-supportability/per-vm-quota-requests",
        RD_FMT(label), RD_FMT(region), (long long)limit, (long long)used, (long long)needed,
        (long long)(used + needed));
}

bool em_quota_take(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                   const struct em_size *size)
{
    const struct {
        struct rd_str name, label;
        int64_t needed;
    } all[] = {
        {size->family, rd_arena_printf(ex->arena, "%.*s Cores", RD_FMT(size->family)), size->vcpus},
        {RD_STR("cores"), RD_STR("Total Regional Cores"), size->vcpus},
        {RD_STR("virtualMachines"), RD_STR("Virtual Machines"), 1},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int64_t used = em_quota_used(ex, subscription, region, all[i].name);
        int64_t limit = em_quota_limit(ex, all[i].name);
        if (used + all[i].needed <= limit)
            continue;
        struct em_fault *fault = quota_fault(ex, all[i].name);
        if (fault != NULL)
            em_fault_struck(fault);
        return refuse_quota(ex, region, all[i].label, limit, used, all[i].needed);
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        count(ex, subscription, region, all[i].name, all[i].needed);
    return true;
}

void em_quota_give(struct em_exchange *ex, struct rd_str subscription, struct rd_str region,
                   const struct em_size *size)
{
    count(ex, subscription, region, size->family, -size->vcpus);
    count(ex, subscription, region, RD_STR("cores"), -size->vcpus);
    count(ex, subscription, region, RD_STR("virtualMachines"), -1);
}
