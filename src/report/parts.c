/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

enum { HOSTS_NAMED_MAX = 11, REGIONS_NAMED_MAX = 3 };

#define VM "Microsoft.Compute/virtualMachines"

const struct rd_resource *parts_find(const struct picture *picture, const char *type, size_t nth)
{
    for (size_t i = 0; i < picture->set->count; i++) {
        const struct rd_resource *resource = &picture->set->resources[i];
        if (rd_str_is_case(resource->type->name, type) && nth-- == 0)
            return resource;
    }
    return NULL;
}

size_t parts_count(const struct picture *picture, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < picture->set->count; i++)
        count += rd_str_is_case(picture->set->resources[i].type->name, type) ? 1 : 0;
    return count;
}

bool parts_is_live(const struct page *page, struct rd_str id)
{
    return page->input->live != NULL && rd_set_find(page->input->live, id) != NULL;
}

const struct rd_json *parts_body(const struct page *page, const struct rd_resource *resource)
{
    const struct rd_resource *live =
        page->input->live == NULL ? NULL : rd_set_find(page->input->live, resource->id);
    return live != NULL ? &live->body : &resource->body;
}

struct node *parts_card(struct picture *picture, const struct rd_resource *resource,
                        struct rd_str detail)
{
    if (resource == NULL)
        return NULL;
    struct node *card = layout_card(picture->page, resource->type->label, resource->name, detail);
    card->tip = resource->id;
    card->is_missing = html_is_missing(picture->page, resource);
    if (resource->is_existing)
        card->label = rd_arena_printf(picture->page->arena, "%.*s (existing)", RD_FMT(card->label));
    picture->is_drawn[resource - picture->set->resources] = true;
    return card;
}

static struct rd_str text_at(const struct picture *picture, const struct rd_resource *resource,
                             const char *path)
{
    if (resource == NULL)
        return RD_STR("");
    return rd_json_str(rd_json_at(parts_body(picture->page, resource), path));
}

static struct node *filled(struct node *node)
{
    return node->child_count > 0 ? node : NULL;
}

/* The card of the first resource of a type, with the text at `path` as its detail. */
static struct node *card_of(struct picture *picture, const char *type, const char *path,
                            const char *class_name)
{
    const struct rd_resource *resource = parts_find(picture, type, 0);
    struct node *card = parts_card(picture, resource, text_at(picture, resource, path));
    if (card != NULL)
        card->class_name = class_name;
    return card;
}

struct node *parts_desktops(struct picture *picture)
{
    struct rd_arena *arena = picture->page->arena;
    struct node *chain = layout_node(picture->page, NODE_CHAIN);
    layout_add(picture->page, chain,
               card_of(picture, "Microsoft.DesktopVirtualization/workspaces", "location", "avd"));
    layout_add(picture->page, chain,
               card_of(picture, "Microsoft.DesktopVirtualization/applicationGroups",
                       "properties.applicationGroupType", "avd"));
    const struct rd_resource *pool =
        parts_find(picture, "Microsoft.DesktopVirtualization/hostPools", 0);
    struct rd_str kind = text_at(picture, pool, "properties.hostPoolType");
    struct node *card = parts_card(
        picture, pool,
        rd_arena_printf(arena, "%.*s, %s", RD_FMT(kind),
                        rd_str_is_case(kind, "Personal") ? "a host a user" : "hosts are shared"));
    if (card != NULL)
        card->class_name = "avd";
    layout_add(picture->page, chain, card);
    for (size_t i = 0; i < picture->set->count; i++)
        if (rd_type_is_session_host(picture->set->resources[i].type))
            picture->is_drawn[i] = true; /* they are the hosts */
    return filled(chain);
}

static bool uses_encryption_set(const struct rd_resource *vm, struct rd_str set_id)
{
    static const char *const paths[] = {
        "properties.storageProfile.osDisk.managedDisk.securityProfile.diskEncryptionSet.id",
        "properties.storageProfile.osDisk.managedDisk.diskEncryptionSet.id",
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct rd_json *value = rd_json_at(&vm->body, paths[i]);
        struct rd_str id = rd_is_reference(value) ? rd_reference_id(value) : rd_json_str(value);
        if (rd_str_eq_case(id, set_id))
            return true;
    }
    return false;
}

/* What the key encrypts: the operating system disks of the hosts, which are no resources of their
 * own in the set. */
static struct node *disks_card(struct picture *picture, const struct rd_resource *encryption_set)
{
    size_t count = 0, live_count = 0;
    for (size_t i = 0; i < picture->set->count; i++) {
        const struct rd_resource *vm = &picture->set->resources[i];
        if (!rd_str_is_case(vm->type->name, VM) || !uses_encryption_set(vm, encryption_set->id))
            continue;
        count++;
        live_count += parts_is_live(picture->page, vm->id) ? 1 : 0;
    }
    if (count == 0)
        return NULL;
    struct node *card = layout_card(picture->page, RD_STR("encrypts"),
                                    html_count(picture->page->arena, count, "OS disk", "OS disks"),
                                    RD_STR("with the hosts"));
    card->class_name = "key";
    card->is_missing = live_count == 0;
    return card;
}

struct node *parts_keys(struct picture *picture)
{
    struct node *chain = layout_node(picture->page, NODE_CHAIN);
    const struct rd_resource *encryption_set =
        parts_find(picture, "Microsoft.Compute/diskEncryptionSets", 0);
    const struct rd_resource *key = parts_find(picture, "Microsoft.KeyVault/managedHSMs/keys", 0);
    if (key == NULL)
        key = parts_find(picture, "Microsoft.KeyVault/vaults/keys", 0);
    struct rd_arm_id id = {0};
    const struct rd_resource *store = parts_find(picture, "Microsoft.KeyVault/managedHSMs", 0);
    if (store == NULL && key != NULL && rd_arm_id_parse(key->id, &id))
        store = rd_set_find(picture->set, id.parent);
    struct rd_str detail = RD_STR("");
    if (key != NULL && rd_json_exists(rd_json_get(&key->body, RD_STR("release_policy"))))
        detail = RD_STR("released to attested hosts");
    layout_add(picture->page, chain,
               parts_card(picture, store, text_at(picture, store, "sku.name")));
    layout_add(picture->page, chain, parts_card(picture, key, detail));
    layout_add(picture->page, chain,
               parts_card(picture, encryption_set,
                          text_at(picture, encryption_set, "properties.encryptionType")));
    if (encryption_set != NULL)
        layout_add(picture->page, chain, disks_card(picture, encryption_set));
    for (size_t i = 0; i < chain->child_count; i++)
        chain->children[i]->class_name = "key";
    return filled(chain);
}

static struct rd_str regions_of(const struct picture *picture, const struct rd_resource *version)
{
    struct rd_arena *arena = picture->page->arena;
    if (version == NULL)
        return RD_STR("");
    const struct rd_json *regions = rd_json_at(parts_body(picture->page, version),
                                               "properties.publishingProfile.targetRegions");
    struct rd_str text = RD_STR("");
    size_t count = rd_json_count(regions);
    for (size_t i = 0; i < count && i < REGIONS_NAMED_MAX; i++)
        text = rd_arena_printf(
            arena, "%.*s%s%.*s", RD_FMT(text), i > 0 ? ", " : "",
            RD_FMT(rd_json_str(rd_json_get(rd_json_item(regions, i), RD_STR("name")))));
    if (count > REGIONS_NAMED_MAX)
        text = rd_arena_printf(arena, "%.*s, +%zu", RD_FMT(text), count - REGIONS_NAMED_MAX);
    return count < 2 ? text : rd_arena_printf(arena, "%zu regions: %.*s", count, RD_FMT(text));
}

struct node *parts_image(struct picture *picture)
{
    struct node *chain = layout_node(picture->page, NODE_CHAIN);
    layout_add(
        picture->page, chain,
        card_of(picture, "Microsoft.VirtualMachineImages/imageTemplates", "location", "image"));
    layout_add(picture->page, chain,
               card_of(picture, "Microsoft.Compute/galleries", "location", "image"));
    layout_add(picture->page, chain,
               card_of(picture, "Microsoft.Compute/galleries/images", "properties.identifier.sku",
                       "image"));
    const struct rd_resource *version =
        parts_find(picture, "Microsoft.Compute/galleries/images/versions", 0);
    struct node *card = parts_card(picture, version, regions_of(picture, version));
    if (card != NULL)
        card->class_name = "image";
    layout_add(picture->page, chain, card);
    return filled(chain);
}

/* The vault of secrets, unless it is the store of the disks' key and drawn with it. */
struct node *parts_secrets(struct picture *picture)
{
    const struct rd_resource *vault = NULL;
    for (size_t i = 0; (vault = parts_find(picture, "Microsoft.KeyVault/vaults", i)) != NULL; i++)
        if (!picture->is_drawn[vault - picture->set->resources])
            break;
    size_t secrets = parts_count(picture, "Microsoft.KeyVault/vaults/secrets");
    for (size_t i = 0; i < secrets; i++)
        picture->is_drawn[parts_find(picture, "Microsoft.KeyVault/vaults/secrets", i) -
                          picture->set->resources] = true;
    struct node *card =
        parts_card(picture, vault, html_count(picture->page->arena, secrets, "secret", "secrets"));
    if (card != NULL)
        card->class_name = "key";
    return card;
}

struct node *parts_logs(struct picture *picture)
{
    const struct rd_resource *sentinel =
        parts_find(picture, "Microsoft.SecurityInsights/onboardingStates", 0);
    const struct rd_resource *logs =
        parts_find(picture, "Microsoft.OperationalInsights/workspaces", 0);
    if (logs == NULL)
        return NULL;
    int64_t days =
        rd_json_int(rd_json_at(parts_body(picture->page, logs), "properties.retentionInDays"), 0);
    bool watches = sentinel != NULL && parts_is_live(picture->page, sentinel->id);
    struct rd_str detail =
        rd_arena_printf(picture->page->arena, "kept %lld days%s", (long long)days,
                        sentinel == NULL ? ""
                        : watches        ? ", Sentinel on"
                                         : ", Sentinel not there");
    struct node *card = parts_card(picture, logs, detail);
    card->class_name = "watch";
    if (sentinel != NULL)
        picture->is_drawn[sentinel - picture->set->resources] = true;
    return card;
}

struct node *parts_backup(struct picture *picture)
{
    const char *const item =
        "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";
    size_t count = 0, live_count = 0;
    for (size_t i = 0; i < picture->set->count; i++) {
        const struct rd_resource *resource = &picture->set->resources[i];
        if (!rd_str_is_case(resource->type->name, item))
            continue;
        picture->is_drawn[i] = true;
        count++;
        live_count += parts_is_live(picture->page, resource->id) ? 1 : 0;
    }
    struct rd_str detail =
        rd_arena_printf(picture->page->arena, "%zu of %zu hosts protected", live_count, count);
    struct node *card =
        parts_card(picture, parts_find(picture, "Microsoft.RecoveryServices/vaults", 0), detail);
    if (card != NULL)
        card->class_name = "watch";
    return card;
}

/* What the hosts lack: whole machines, and parts of machines that are there. */
struct lack {
    size_t *parts; /* by host: extensions, pins, backup items ... that are not there */
    size_t host_count;
    size_t missing, incomplete;
};

static struct lack count_lack(struct picture *picture)
{
    struct lack lack = {0};
    const struct rd_set *set = picture->set;
    for (size_t i = 0; i < set->count; i++)
        if (set->resources[i].host >= (int32_t)lack.host_count)
            lack.host_count = (size_t)set->resources[i].host + 1;
    lack.parts = rd_arena_array(picture->page->arena, lack.host_count + 1, sizeof(size_t));
    for (size_t i = 0; i < set->count; i++)
        if (set->resources[i].host >= 0 && !parts_is_live(picture->page, set->resources[i].id))
            lack.parts[set->resources[i].host]++;
    for (size_t i = 0; i < set->count; i++) {
        const struct rd_resource *vm = &set->resources[i];
        if (!rd_str_is_case(vm->type->name, VM))
            continue;
        if (!parts_is_live(picture->page, vm->id))
            lack.missing++;
        else if (vm->host >= 0 && lack.parts[vm->host] > 0)
            lack.incomplete++;
    }
    return lack;
}

static struct node *host_cell(struct picture *picture, const struct rd_resource *vm,
                              const struct lack *lack)
{
    struct rd_arena *arena = picture->page->arena;
    struct node *cell = layout_node(picture->page, NODE_CARD);
    cell->name = vm->name;
    struct rd_str zone = rd_json_str(rd_json_at(&vm->body, "zones.0"));
    cell->tip = rd_arena_printf(
        arena, "%.*s, %.*s%s%.*s", RD_FMT(vm->name),
        RD_FMT(rd_json_str(rd_json_at(&vm->body, "properties.hardwareProfile.vmSize"))),
        zone.n > 0 ? ", zone " : "", RD_FMT(zone));
    cell->is_missing = !parts_is_live(picture->page, vm->id);
    size_t parts = vm->host >= 0 ? lack->parts[vm->host] : 0;
    if (cell->is_missing || parts == 0)
        return cell;
    cell->class_name = "partial";
    cell->tip = rd_arena_printf(arena, "%.*s; not there: %.*s", RD_FMT(cell->tip),
                                RD_FMT(html_count(arena, parts, "part of it", "parts of it")));
    return cell;
}

/* "20 x Standard_D8as_v6, TrustedLaunch" of the first host: a set's hosts are of one kind. */
static struct rd_str hosts_detail(struct picture *picture, const struct rd_resource *vm,
                                  size_t count, const struct lack *lack)
{
    struct rd_arena *arena = picture->page->arena;
    struct rd_str size = rd_json_str(rd_json_at(&vm->body, "properties.hardwareProfile.vmSize"));
    struct rd_str security =
        rd_json_str(rd_json_at(&vm->body, "properties.securityProfile.securityType"));
    struct rd_str text = rd_arena_printf(arena, "%zu \xC3\x97 %.*s%s%.*s", count, RD_FMT(size),
                                         security.n > 0 ? ", " : "", RD_FMT(security));
    if (lack->incomplete > 0)
        text = rd_arena_printf(arena, "%zu incomplete%s %.*s", lack->incomplete,
                               lack->missing > 0 ? "," : " of", RD_FMT(text));
    if (lack->missing > 0)
        text = rd_arena_printf(arena, "%zu not there%s %.*s", lack->missing,
                               lack->incomplete > 0 ? "," : " of", RD_FMT(text));
    return text;
}

static struct node *rest_cell(struct picture *picture, size_t count, size_t missing)
{
    struct node *rest = layout_node(picture->page, NODE_CARD);
    rest->name = rd_arena_printf(picture->page->arena, "+%zu", count);
    rest->tip = rd_arena_printf(picture->page->arena,
                                "%zu more hosts, %zu of them not there or "
                                "incomplete",
                                count, missing);
    if (missing > 0)
        rest->class_name = "partial";
    return rest;
}

struct node *parts_hosts(struct picture *picture, struct rd_str *ret_detail)
{
    struct node *grid = layout_node(picture->page, NODE_HOSTS);
    const struct rd_resource *first = NULL;
    const struct lack lack = count_lack(picture);
    size_t total = parts_count(picture, VM), count = 0, shown_lack = 0;
    size_t named = total <= HOSTS_NAMED_MAX + 1 ? total : HOSTS_NAMED_MAX;
    for (size_t i = 0; i < picture->set->count && count < total; i++) {
        const struct rd_resource *vm = &picture->set->resources[i];
        if (!rd_str_is_case(vm->type->name, VM))
            continue;
        first = first == NULL ? vm : first;
        picture->is_drawn[i] = true;
        if (count++ >= named)
            continue;
        struct node *cell = host_cell(picture, vm, &lack);
        shown_lack += cell->is_missing || rd_str_is(rd_str_from(cell->class_name), "partial");
        layout_add(picture->page, grid, cell);
    }
    if (first == NULL)
        return NULL;
    if (total > named)
        layout_add(picture->page, grid,
                   rest_cell(picture, total - named, lack.missing + lack.incomplete - shown_lack));
    *ret_detail = hosts_detail(picture, first, total, &lack);
    return grid;
}
