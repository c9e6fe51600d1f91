/* SPDX-License-Identifier: Apache-2.0 */
#include "bill.h"

#include <string.h>

#include "facts/facts.h"

/* Managed disks are charged by the tier that holds them, whatever their exact size. */
static const int64_t disk_tiers_gb[] = {128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32767};

static int64_t disk_tier(int64_t size_gb)
{
    size_t last = sizeof(disk_tiers_gb) / sizeof(disk_tiers_gb[0]) - 1;
    for (size_t i = 0; i < last; i++)
        if (size_gb <= disk_tiers_gb[i])
            return disk_tiers_gb[i];
    return disk_tiers_gb[last];
}

void bill_add(struct rd_arena *arena, struct bill *bill, struct rd_str key, const char *group,
              int64_t count, bool grows)
{
    for (size_t i = 0; i < bill->count; i++) {
        if (rd_str_eq(bill->items[i].key, key)) {
            bill->items[i].count += count;
            return;
        }
    }
    bill->items = rd_arena_grow(arena, bill->items, bill->count, &bill->cap, sizeof(*bill->items));
    bill->items[bill->count++] =
        (struct bill_item){rd_arena_str(arena, key), rd_str_from(group), count, grows};
}

struct bill bill_copy(struct rd_arena *arena, const struct bill *bill)
{
    struct bill copy = *bill;
    copy.items = rd_arena_array(arena, bill->count + 8, sizeof(*copy.items));
    copy.cap = bill->count + 8;
    if (bill->count > 0)
        memcpy(copy.items, bill->items, bill->count * sizeof(*copy.items));
    return copy;
}

typedef void add_fn(struct rd_arena *arena, struct bill *bill, const struct rd_set *set,
                    const struct rd_resource *resource);

static void add_vm(struct rd_arena *arena, struct bill *bill, const struct rd_set *set RD_UNUSED,
                   const struct rd_resource *vm)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf name;
    rd_buf_init(&name, 160);
    rd_buf_printf(&name, "vm/%.*s",
                  RD_FMT(rd_json_str(rd_json_at(&vm->body, "properties.hardwareProfile.vmSize"))));
    bill_add(arena, bill, rd_buf_str(&name), "compute", 1, true);
    const struct rd_json *disk = rd_json_at(&vm->body, "properties.storageProfile.osDisk");
    rd_buf_clear(&name);
    rd_buf_printf(&name, "disk/%.*s/%lld",
                  RD_FMT(rd_json_str(rd_json_at(disk, "managedDisk.storageAccountType"))),
                  (long long)disk_tier(rd_json_int(rd_json_at(disk, "diskSizeGB"), 128)));
    bill_add(arena, bill, rd_buf_str(&name), "disks", 1, true);
}

static void add_firewall(struct rd_arena *arena, struct bill *bill, const struct rd_set *set,
                         const struct rd_resource *firewall)
{
    struct rd_str tier = rd_json_str(rd_json_at(&firewall->body, "properties.sku.tier"));
    bill_add(arena, bill, rd_arena_printf(arena, "firewall/%.*s", RD_FMT(tier)), "firewall", 1,
             false);
    int64_t gb = rd_json_int(rd_json_at(&set->facts, "firewallGb"), 0);
    if (gb > 0)
        bill_add(arena, bill, rd_arena_printf(arena, "firewall-gb/%.*s", RD_FMT(tier)),
                 "firewall data", gb, true);
    int64_t peering_gb = rd_json_int(rd_json_at(&set->facts, "peeringGb"), 0);
    if (peering_gb > 0)
        bill_add(arena, bill, RD_STR("peering/gb"), "peering", peering_gb, true);
}

static void add_ip(struct rd_arena *arena, struct bill *bill, const struct rd_set *set RD_UNUSED,
                   const struct rd_resource *ip)
{
    struct rd_str sku = rd_json_str(rd_json_at(&ip->body, "sku.name"));
    bill_add(arena, bill, rd_arena_printf(arena, "ip/%.*s", RD_FMT(sku)), "public IP", 1, false);
}

static void add_backup(struct rd_arena *arena, struct bill *bill, const struct rd_set *set,
                       const struct rd_resource *item)
{
    struct rd_str redundancy = rd_json_str(rd_json_at(&set->facts, "backupRedundancy"));
    const struct rd_resource *vm =
        rd_set_find(set, rd_json_str(rd_json_at(&item->body, "properties.sourceResourceId")));
    int64_t size_gb = 128;
    if (vm != NULL)
        size_gb =
            rd_json_int(rd_json_at(&vm->body, "properties.storageProfile.osDisk.diskSizeGB"), 128);
    bill_add(arena, bill, RD_STR("backup/instance"), "backup", 1, true);
    bill_add(arena, bill,
             rd_arena_printf(arena, "backup/%.*s/%lld",
                             RD_FMT(redundancy.n > 0 ? redundancy : RD_STR("GeoRedundant")),
                             (long long)disk_tier(size_gb)),
             "backup", 1, true);
}

static void add_logs(struct rd_arena *arena, struct bill *bill, const struct rd_set *set,
                     const struct rd_resource *workspace)
{
    int64_t gb = rd_json_int(rd_json_at(&set->facts, "ingestionGb"), 0);
    bill->retention_days =
        rd_json_int(rd_json_at(&workspace->body, "properties.retentionInDays"), 0);
    bill_add(arena, bill, RD_STR("logs/ingestion"), "logs", gb, false);
    if (rd_json_is_true(rd_json_at(&set->facts, "sentinel")))
        bill_add(arena, bill, RD_STR("logs/sentinel"), "logs", gb, false);
}

static void add_hsm(struct rd_arena *arena, struct bill *bill, const struct rd_set *set RD_UNUSED,
                    const struct rd_resource *hsm)
{
    struct rd_str sku = rd_json_str(rd_json_at(&hsm->body, "sku.name"));
    bill_add(arena, bill, rd_arena_printf(arena, "hsm/%.*s", RD_FMT(sku)), "managed HSM", 1, false);
}

static void add_vault_key(struct rd_arena *arena, struct bill *bill,
                          const struct rd_set *set RD_UNUSED,
                          const struct rd_resource *key RD_UNUSED)
{
    bill_add(arena, bill, RD_STR("vault/premium-key"), "key vault", 1, false);
}

/* Types that cost; all others are in data/free-types.yaml. */
static const struct {
    const char *type;
    add_fn *add;
} priced[] = {
    {"Microsoft.Compute/virtualMachines", add_vm},
    {"Microsoft.Network/azureFirewalls", add_firewall},
    {"Microsoft.Network/publicIPAddresses", add_ip},
    {"Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
     add_backup},
    {"Microsoft.OperationalInsights/workspaces", add_logs},
    {"Microsoft.KeyVault/managedHSMs", add_hsm},
    {"Microsoft.KeyVault/vaults/keys", add_vault_key},
};

/* How a type is billed, decided once a type: NULL for a free one. */
RD_NODISCARD static enum rd_rc find_adder(const struct rd_json *free_types,
                                          const struct rd_resource *resource, add_fn **ret_add,
                                          struct rd_err *err)
{
    for (size_t i = 0; i < sizeof(priced) / sizeof(priced[0]); i++) {
        if (rd_str_is_case(resource->type->name, priced[i].type)) {
            *ret_add = priced[i].add;
            return RD_RC_OK;
        }
    }
    *ret_add = NULL;
    if (rd_json_exists(rd_json_get_case(free_types, resource->type->name)))
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_NOT_FOUND,
                               "'%.*s' has no price and is not known to be "
                               "free: its type is %.*s",
                               RD_FMT(resource->name), RD_FMT(resource->type->name)),
                       err, "add the type to data/free-types.yaml with the reason, or price it");
}

enum rd_rc bill_make(struct rd_arena *arena, const struct rd_set *set, struct bill *ret_bill,
                     struct rd_err *err)
{
    const struct rd_json *free_types = NULL;
    RD_TRY(rd_facts_get("free-types", &free_types, err));
    struct bill bill = {
        .users = rd_json_int(rd_json_at(&set->facts, "users"), 0),
        .hours_per_day = rd_json_int(rd_json_at(&set->facts, "hoursPerDay"), 24),
        .days_per_month = rd_json_int(rd_json_at(&set->facts, "daysPerMonth"), 0),
        .license_cents = rd_json_int(rd_json_at(&set->facts, "licensePerUserCents"), 0),
    };
    const struct rd_type *type = NULL; /* sets come in runs of one type */
    add_fn *add = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *resource = &set->resources[i];
        if (resource->is_existing)
            continue;
        if (resource->type != type)
            RD_TRY(find_adder(free_types, resource, &add, err));
        type = resource->type;
        if (add != NULL)
            add(arena, &bill, set, resource);
    }
    *ret_bill = bill;
    return RD_RC_OK;
}
