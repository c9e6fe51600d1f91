/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

#include "base/map.h"

/* Hosts, their keys, and whose they are. */

static void check_size(struct rd_spec_reader *reader)
{
    const struct rd_spec_hosts *hosts = &reader->spec->hosts;
    const struct rd_json *row = rd_spec_row(reader->tables.sizes, "name", hosts->size);
    bool can_be_confidential = rd_json_is_true(rd_json_at(row, "confidential"));
    bool is_confidential = hosts->security == RD_SECURITY_CONFIDENTIAL;
    if (!rd_json_exists(row) || can_be_confidential == is_confidential ||
        rd_spec_is_refused(reader, "hosts.security"))
        return;
    if (is_confidential)
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.size"),
                        "'hosts.size' is '%.*s', which is not confidential: expected a DC or EC "
                        "size such as Standard_DC8as_v6, or 'hosts.security: trusted-launch'",
                        RD_FMT(hosts->size));
    else
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.size"),
                        "'hosts.size' is '%.*s', which Azure takes for confidential hosts only: "
                        "expected a size such as Standard_D8as_v6, or 'hosts.security: "
                        "confidential'",
                        RD_FMT(hosts->size));
}

static void check_zones(struct rd_spec_reader *reader)
{
    const struct rd_spec *spec = reader->spec;
    if (spec->region.n == 0 || rd_spec_region_has_zones(&reader->tables, spec->region))
        return;
    if (spec->hosts.zones.count > 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.zones"),
                        "'hosts.zones' in '%.*s', a region without zones: expected []",
                        RD_FMT(spec->region));
    if (rd_str_has_suffix(spec->hosts.disk_sku, RD_STR("_ZRS")))
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.disk.sku"),
                        "'hosts.disk.sku' is %.*s in '%.*s', a region without zones: expected one "
                        "of the _LRS kinds",
                        RD_FMT(spec->hosts.disk_sku), RD_FMT(spec->region));
}

static void refuse(struct rd_spec_reader *reader, const char *path, const char *why)
{
    if (rd_spec_is_given(reader, path))
        rd_spec_mistake(reader, rd_spec_offset(reader, path), "'%s' %s", path, why);
}

static void check_pool(struct rd_spec_reader *reader)
{
    if (rd_spec_is_refused(reader, "hosts.pool"))
        return;
    if (reader->spec->hosts.pool == RD_POOL_PERSONAL) {
        refuse(reader, "hosts.max_sessions", "in a personal pool: expected 'pool: pooled' with it");
        refuse(reader, "hosts.load_balancing",
               "in a personal pool: expected 'pool: pooled' with it");
    } else {
        refuse(reader, "hosts.assignment", "in a pooled pool: expected 'pool: personal' with it");
        refuse(reader, "access.pins", "in a pooled pool: expected 'hosts.pool: personal' with it");
    }
}

static void check_join(struct rd_spec_reader *reader)
{
    const struct rd_spec_hosts *hosts = &reader->spec->hosts;
    if (rd_spec_is_refused(reader, "hosts.join"))
        return;
    if (hosts->join == RD_JOIN_ENTRA) {
        refuse(reader, "hosts.domain", "with 'join: entra': expected 'join: domain' with it");
        return;
    }
    if (hosts->domain_name.n == 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.join"),
                        "'hosts.domain.name' is missing: expected the domain that hosts join");
    if (hosts->domain_user.n == 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.join"),
                        "'hosts.domain.user' is missing: expected the account that joins hosts");
}

/* What Azure refuses as adminUsername of Windows (common knowledge, 2026-11-21). */
static const char admin_words[] =
    "administrator,admin,user,user1,test,user2,test1,user3,admin1,1,123,a,actuser,adm,admin2,"
    "aspnet,backup,console,david,guest,john,owner,root,server,sql,support,support_388945a0,sys,"
    "test2,test3,user4,user5";

static void check_admin_user(struct rd_spec_reader *reader)
{
    struct rd_str rest = rd_str_from(admin_words);
    struct rd_str word;
    struct rd_str name = reader->spec->hosts.admin_user;
    uint32_t offset = rd_spec_offset(reader, "hosts.admin_user");
    while (rd_str_next(&rest, ',', &word))
        if (rd_str_eq_case(name, word))
            rd_spec_mistake(reader, offset,
                            "'hosts.admin_user' is '%.*s', a name that Azure refuses: expected "
                            "one that is harder to guess",
                            RD_FMT(name));
    bool is_legal = name.n > 0 && name.p[name.n - 1] != '.';
    for (size_t i = 0; i < name.n; i++)
        is_legal = is_legal && (unsigned char)name.p[i] > ' ' && (unsigned char)name.p[i] < 0x7f &&
                   strchr("\"/\\[]:;|=,+*?<>@", name.p[i]) == NULL;
    if (!is_legal)
        rd_spec_mistake(reader, offset,
                        "'hosts.admin_user' is '%.*s': expected letters, digits, '-', '_' and '.'",
                        RD_FMT(name));
}

static void check_disk(struct rd_spec_reader *reader)
{
    const struct rd_spec *spec = reader->spec;
    if (rd_spec_is_refused(reader, "image.mode") ||
        rd_spec_is_refused(reader, "image.build.disk_gb"))
        return;
    if (spec->image.mode == RD_IMAGE_BUILD && spec->hosts.disk_gb < spec->image.build_disk_gb)
        rd_spec_mistake(reader, rd_spec_offset(reader, "hosts.disk.size_gb"),
                        "'hosts.disk.size_gb' is %lld: expected at least the %lld of the image "
                        "('image.build.disk_gb')",
                        (long long)spec->hosts.disk_gb, (long long)spec->image.build_disk_gb);
}

/* Keys ---------------------------------------------------------------------------------------- */

static void check_key_mode(struct rd_spec_reader *reader)
{
    const struct rd_spec *spec = reader->spec;
    uint32_t offset = rd_spec_offset(reader, "keys.mode");
    bool is_confidential = spec->hosts.security == RD_SECURITY_CONFIDENTIAL;
    if (rd_spec_is_refused(reader, "hosts.security"))
        return;
    /* A confidential VM always has an encryption of its guest state: Azure's key or the customer's
     * (azure-compute reference 5.2). Managed disks always have Azure's keys, so that trusted launch
     * has nothing more to ask of the platform. */
    if (is_confidential && spec->keys.mode == RD_KEYS_NONE)
        rd_spec_mistake(reader, offset,
                        "'keys.mode' is none with confidential hosts: expected platform or "
                        "customer");
    if (!is_confidential && spec->keys.mode == RD_KEYS_PLATFORM)
        rd_spec_mistake(reader, offset,
                        "'keys.mode' is platform with trusted launch, whose disks have Azure's "
                        "keys anyway: expected none or customer");
}

static void check_keys(struct rd_spec_reader *reader)
{
    static const char *const only_customer[] = {"keys.store",
                                                "keys.name",
                                                "keys.key",
                                                "keys.size",
                                                "keys.admins",
                                                "keys.sku",
                                                "keys.retention_days",
                                                "keys.purge_protection"};
    const struct rd_spec_keys *keys = &reader->spec->keys;
    if (rd_spec_is_refused(reader, "keys.mode"))
        return;
    check_key_mode(reader);
    for (size_t i = 0; i < sizeof(only_customer) / sizeof(only_customer[0]); i++)
        if (keys->mode != RD_KEYS_CUSTOMER)
            refuse(reader, only_customer[i],
                   "without keys of your own: expected 'mode: customer' "
                   "with it");
    if (keys->mode != RD_KEYS_CUSTOMER)
        return;
    if (keys->key_size != 2048 && keys->key_size != 3072 && keys->key_size != 4096)
        rd_spec_mistake(reader, rd_spec_offset(reader, "keys.size"),
                        "'keys.size' is %lld: expected 2048, 3072 or 4096",
                        (long long)keys->key_size);
    if (!keys->purge_protection)
        rd_spec_mistake(reader, rd_spec_offset(reader, "keys.purge_protection"),
                        "'keys.purge_protection' is false: expected true, as disk encryption sets "
                        "demand it");
    if (rd_spec_is_refused(reader, "keys.store"))
        return;
    if (keys->store == RD_KEY_STORE_HSM && keys->admins.count == 0)
        rd_spec_mistake(reader, rd_spec_offset(reader, "keys.admins"),
                        "'keys.admins' is missing: expected the object ids of the HSM's first "
                        "administrators");
    if (keys->store == RD_KEY_STORE_VAULT)
        refuse(reader, "keys.sku", "with a vault: expected 'store: hsm' with it");
}

/* Pins ---------------------------------------------------------------------------------------- */

enum { SUGGESTION_COUNT_MAX = 20 }; /* looking for the nearest of 5,000 hosts is slow */

static void check_pin_host(struct rd_spec_reader *reader, const struct rd_map *hosts,
                           const struct rd_spec_words *names, struct rd_spec_pin *pin,
                           uint32_t key_offset)
{
    const struct rd_str *name = rd_map_get(hosts, pin->host);
    if (name != NULL) {
        pin->host = *name;
        return;
    }
    const char *nearest = reader->mistake_count < SUGGESTION_COUNT_MAX
                              ? rd_spec_suggestion(reader, pin->host, names)
                              : "";
    rd_spec_mistake(reader, key_offset,
                    "'access.pins' names the host '%.*s', which does not exist: expected %.*s to "
                    "%.*s%s",
                    RD_FMT(pin->host), RD_FMT(names->items[0]),
                    RD_FMT(names->items[names->count - 1]), nearest);
}

static void check_pin(struct rd_spec_reader *reader, struct rd_map *users, struct rd_map *pinned,
                      struct rd_spec_pin *pin, uint32_t key_offset)
{
    const struct rd_spec_pin *other = pin->user.n > 0 ? rd_map_set(users, pin->user, pin) : NULL;
    if (other != NULL)
        rd_spec_mistake(reader, pin->offset,
                        "the user '%.*s' is pinned to '%.*s' already: expected one host for each "
                        "user",
                        RD_FMT(pin->user), RD_FMT(other->host));
    if (pin->host.n > 0 && rd_map_set(pinned, pin->host, pin) != NULL)
        rd_spec_mistake(reader, key_offset, "the host '%.*s' is pinned twice: expected one user",
                        RD_FMT(pin->host));
}

static struct rd_spec_words host_names(struct rd_spec_reader *reader, struct rd_map *ret_map)
{
    size_t count = (size_t)reader->spec->hosts.count;
    struct rd_spec_words names = {rd_arena_array(reader->arena, count, sizeof(struct rd_str)),
                                  count};
    for (size_t i = 0; i < count; i++) {
        names.items[i] = rd_spec_host_name(reader->arena, reader->spec, (int64_t)i);
        (void)rd_map_set(ret_map, names.items[i], &names.items[i]);
    }
    return names;
}

static void check_pins(struct rd_spec_reader *reader)
{
    struct rd_spec_access *access = &reader->spec->access;
    const struct rd_json *source = rd_json_at(&reader->root, "access.pins");
    if (access->pin_count == 0 || reader->spec->hosts.pool != RD_POOL_PERSONAL ||
        reader->spec->hosts.name_prefix.n == 0 || rd_spec_is_refused(reader, "hosts.count") ||
        rd_spec_is_refused(reader, "hosts.pool") || rd_spec_is_refused(reader, "hosts.name_prefix"))
        return;
    RD_CLEANUP(rd_map_done) struct rd_map hosts;
    RD_CLEANUP(rd_map_done) struct rd_map users;
    RD_CLEANUP(rd_map_done) struct rd_map pinned;
    rd_map_init(&hosts, true);
    rd_map_init(&users, true);
    rd_map_init(&pinned, true);
    struct rd_spec_words names = host_names(reader, &hosts);
    for (size_t i = 0; i < access->pin_count; i++) {
        struct rd_spec_pin *pin = &access->pins[i];
        uint32_t key_offset = pin->offset;
        if (reader->pins_are_list && i < names.count) {
            pin->host = names.items[i];
        } else if (reader->pins_are_list && i > names.count) {
            continue; /* one too many is said once */
        } else if (reader->pins_are_list) {
            rd_spec_mistake(reader, pin->offset,
                            "'access.pins' has %zu users for %zu host%s: expected a higher "
                            "'hosts.count' or fewer users",
                            access->pin_count, names.count, names.count == 1 ? "" : "s");
            continue;
        } else {
            key_offset = rd_spec_key_offset(reader->text, source, i);
            check_pin_host(reader, &hosts, &names, pin, key_offset);
        }
        check_pin(reader, &users, &pinned, pin, key_offset);
    }
}

void rd_spec_check_hosts(struct rd_spec_reader *reader)
{
    check_size(reader);
    check_zones(reader);
    check_pool(reader);
    check_join(reader);
    check_admin_user(reader);
    check_disk(reader);
    check_keys(reader);
    check_pins(reader);
}
