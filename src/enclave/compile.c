/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/compile.h"

#include "facts/facts.h"
#include "parts.h"

void rd_part_fail(struct rd_compile *compile, enum rd_rc rc)
{
    if (compile->rc == RD_RC_OK)
        compile->rc = rc;
}

size_t rd_part_add(struct rd_compile *compile, struct rd_str id, struct rd_json body)
{
    size_t index = 0;
    if (compile->rc == RD_RC_OK)
        compile->rc = rd_set_add(compile->set, id, body, compile->origin, &index, compile->err);
    return index;
}

void rd_part_add_role(struct rd_compile *compile, enum rd_part_role role, struct rd_json body)
{
    (void)rd_part_add(compile, compile->id[role], body);
}

void rd_part_need(struct rd_compile *compile, size_t index, struct rd_str id)
{
    if (compile->rc == RD_RC_OK && id.n > 0)
        rd_resource_need(compile->set, index, id);
}

void rd_part_early(struct rd_compile *compile, size_t index)
{
    if (compile->rc == RD_RC_OK)
        compile->set->resources[index].is_early = true;
}

void rd_part_provide(struct rd_compile *compile, size_t index, struct rd_json body)
{
    if (compile->rc == RD_RC_OK)
        rd_resource_provide(compile->set, index, body);
}

void rd_part_hosts_need(struct rd_compile *compile, struct rd_str id)
{
    if (compile->rc != RD_RC_OK)
        return;
    if (compile->host_wait_count == RD_WAIT_COUNT_MAX)
        rd_part_fail(compile, RD_FAIL(compile->err, RD_RC_LIMIT,
                                      "hosts wait for more than %d resources", RD_WAIT_COUNT_MAX));
    else
        compile->host_waits[compile->host_wait_count++] = id;
}

const struct rd_json *rd_part_facts(struct rd_compile *compile, const char *table)
{
    const struct rd_json *facts = &rd_json_absent;
    if (compile->rc == RD_RC_OK)
        compile->rc = rd_facts_get(table, &facts, compile->err);
    return facts;
}

struct rd_json rd_part_ref(struct rd_compile *compile, struct rd_str id, const char *path)
{
    return rd_shape(compile->arena, "{$ref: %s, $path: %s}", id, rd_str_from(path));
}

struct rd_json rd_part_strings(struct rd_compile *compile, const struct rd_spec_list *list)
{
    struct rd_json result = rd_json_array();
    for (size_t i = 0; i < list->count; i++)
        (void)rd_json_append(compile->arena, &result, rd_json_string(list->items[i]));
    return result;
}

static struct rd_str pair_value(const struct rd_part_pair *pairs, struct rd_str name,
                                bool *ret_found)
{
    for (; pairs->name[0] != '\0'; pairs++)
        if (rd_str_is(name, pairs->name)) {
            *ret_found = true;
            return pairs->value;
        }
    *ret_found = false;
    return RD_STR("");
}

struct rd_str rd_part_fill(struct rd_arena *arena, struct rd_str pattern,
                           const struct rd_part_pair *pairs)
{
    struct rd_str result = RD_STR("");
    size_t at = 0;
    while (at < pattern.n) {
        size_t open = rd_str_find_char(pattern, '{', at);
        size_t close = open == RD_STR_NONE ? RD_STR_NONE : rd_str_find_char(pattern, '}', open + 1);
        size_t text_end = close == RD_STR_NONE ? pattern.n : open;
        struct rd_str value = RD_STR("");
        size_t next = pattern.n;
        if (close != RD_STR_NONE) {
            bool is_known = false;
            value = pair_value(pairs, rd_str_sub(pattern, open + 1, close), &is_known);
            next = close + 1;
            if (!is_known)
                text_end = next; /* braces of the text itself, as in a query */
        }
        result = rd_arena_printf(arena, "%.*s%.*s%.*s", RD_FMT(result),
                                 RD_FMT(rd_str_sub(pattern, at, text_end)), RD_FMT(value));
        at = next;
    }
    return result;
}

/* Facts of the set: what prices and rules need and no ARM body says. See docs/facts.md. */
static struct rd_json facts_of(struct rd_compile *compile)
{
    static const char *const engines[] = {[RD_SCHEDULE_NONE] = "none",
                                          [RD_SCHEDULE_REDOUBT] = "redoubt",
                                          [RD_SCHEDULE_NATIVE] = "native"};
    static const char *const modes[] = {
        [RD_KEYS_NONE] = "none", [RD_KEYS_PLATFORM] = "platform", [RD_KEYS_CUSTOMER] = "customer"};
    const struct rd_spec *spec = compile->spec;
    struct rd_arena *arena = compile->arena;
    struct rd_json rdp = rd_json_object();
    for (size_t i = 0; i < spec->rdp.count; i++)
        (void)rd_json_set(arena, &rdp, spec->rdp.items[i].key,
                          rd_json_string(spec->rdp.items[i].value));
    struct rd_json schedule = rd_shape(
        arena, "{engine: %s, timeZone: %s, start: %s, stop: %s, days: %j, preStageMinutes: %i}",
        rd_str_from(engines[spec->schedule.engine]), spec->schedule.time_zone, spec->schedule.start,
        spec->schedule.stop, rd_part_strings(compile, &spec->schedule.days),
        spec->schedule.pre_stage_min);
    bool is_personal = spec->hosts.pool == RD_POOL_PERSONAL;
    int64_t users = is_personal ? spec->hosts.count : spec->hosts.count * spec->hosts.max_sessions;
    struct rd_json facts = rd_shape(
        arena,
        "{users: %i, hosts: %i, hoursPerDay: %i, daysPerMonth: %i, ingestionGb: %i, firewallGb: %i,"
        " peeringGb: %i, licensePerUserCents: %i, priceSheet: %s, region: %s, cloud: %s,"
        " sentinel: %b, budget: %i, rdp: %j, spec: %s, schedule: %j, keyMode: %s, security: %s,"
        " pool: %s, backupRedundancy: %s}",
        users, spec->hosts.count, spec->cost.hours_per_day, spec->cost.days_per_month,
        spec->monitoring.enabled ? spec->monitoring.ingestion_gb : (int64_t)0,
        spec->cost.firewall_gb, spec->cost.peering_gb, spec->cost.license_per_user_cents,
        spec->cost.sheet, spec->region, spec->cloud,
        (int)(spec->monitoring.enabled && spec->monitoring.sentinel),
        spec->budget.enabled ? spec->budget.amount : (int64_t)0, rdp, spec->file, schedule,
        rd_str_from(modes[spec->keys.mode]),
        spec->hosts.security == RD_SECURITY_CONFIDENTIAL ? RD_STR("confidential")
                                                         : RD_STR("trusted-launch"),
        is_personal ? RD_STR("personal") : RD_STR("pooled"),
        spec->backup.enabled ? spec->backup.redundancy : RD_STR(""));
    return facts;
}

static void add_group(struct rd_compile *compile, enum rd_part_role role, struct rd_str location)
{
    rd_part_add_role(compile, role,
                     rd_shape(compile->arena, "{location: %s, tags: %j}", location, compile->tags));
}

static void add_groups(struct rd_compile *compile)
{
    const struct rd_spec *spec = compile->spec;
    compile->origin = RD_STR("enclave");
    if (spec->image.mode == RD_IMAGE_BUILD)
        add_group(compile, RD_ROLE_IMAGES_GROUP, spec->image.region);
    add_group(compile, RD_ROLE_DESKTOPS_GROUP, spec->region);
    add_group(compile, RD_ROLE_HOSTS_GROUP, spec->region);
    if (spec->network.existing_subnet.n == 0)
        add_group(compile, RD_ROLE_NETWORK_GROUP, spec->region);
}

/* See RD_TAG_ENCLAVE_ID. Subscriptions are written in either case. */
static struct rd_str id_of(struct rd_compile *compile)
{
    struct rd_str text =
        rd_arena_printf(compile->arena, "redoubt/%.*s/%.*s", RD_FMT(compile->spec->subscription),
                        RD_FMT(compile->spec->enclave));
    char *lower = rd_arena_bytes(compile->arena, text.n);
    for (size_t i = 0; i < text.n; i++)
        lower[i] = rd_char_lower(text.p[i]);
    return rd_part_guid(compile, (struct rd_str){lower, text.n});
}

static struct rd_json tags_of(struct rd_compile *compile)
{
    struct rd_json tags = rd_json_object();
    (void)rd_json_set(compile->arena, &tags, RD_STR(RD_TAG_ENCLAVE),
                      rd_json_string(compile->spec->enclave));
    (void)rd_json_set(compile->arena, &tags, RD_STR(RD_TAG_ENCLAVE_ID),
                      rd_json_string(compile->set->enclave_id));
    for (size_t i = 0; i < compile->spec->tags.count; i++)
        if (!rd_str_is_case(compile->spec->tags.items[i].key, RD_TAG_ENCLAVE) &&
            !rd_str_is_case(compile->spec->tags.items[i].key, RD_TAG_ENCLAVE_ID))
            (void)rd_json_set(compile->arena, &tags, compile->spec->tags.items[i].key,
                              rd_json_string(compile->spec->tags.items[i].value));
    return tags;
}

static void (*const parts[])(struct rd_compile *compile) = {
    add_groups,      rd_part_image,  rd_part_monitoring, rd_part_keys,
    rd_part_network, rd_part_pool,   rd_part_access,     rd_part_backup,
    rd_part_hosts,   rd_part_alerts, rd_part_budget,
};

enum rd_rc rd_enclave_compile(struct rd_arena *arena, const struct rd_spec *spec,
                              struct rd_set **ret_set, struct rd_err *err)
{
    struct rd_compile compile = {
        .arena = arena,
        .spec = spec,
        .set = rd_set_new(arena, spec->enclave, spec->cloud),
        .err = err,
        .rc = RD_RC_OK,
        .subscription = rd_arena_printf(arena, "/subscriptions/%.*s", RD_FMT(spec->subscription)),
        .images_subscription =
            rd_arena_printf(arena, "/subscriptions/%.*s", RD_FMT(spec->images_subscription)),
        .origin = RD_STR("enclave"),
    };
    compile.set->enclave_id = id_of(&compile);
    compile.mark = rd_arena_printf(arena, RD_MARK_PREFIX "%.*s %.*s", RD_FMT(spec->enclave),
                                   RD_FMT(compile.set->enclave_id));
    compile.tags = tags_of(&compile);
    compile.rc = rd_part_names(&compile);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (compile.rc == RD_RC_OK)
            parts[i](&compile);
    if (compile.rc == RD_RC_OK) {
        compile.set->facts = facts_of(&compile);
        compile.rc = rd_set_resolve(compile.set, err);
    }
    if (compile.rc != RD_RC_OK) {
        rd_set_done(compile.set);
        return rd_err_frame(compile.rc, err, "while compiling the enclave '%.*s'",
                            RD_FMT(spec->enclave));
    }
    *ret_set = compile.set;
    return RD_RC_OK;
}
