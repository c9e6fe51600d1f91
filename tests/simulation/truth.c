/* SPDX-License-Identifier: Apache-2.0 */
/* Looks into the cloud from inside: every resource that it holds, whatever lists would show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation.h"
#include "state.h"

/* Members that differ from run to run though nothing is wrong: addresses are given in the order of
 * arrival, agents report by themselves. */
static bool is_drawn(struct rd_str key)
{
    static const char *const names[] = {
        "privateIPAddress",
        "nextHopIpAddress",
        "macAddress",
        "status",
        "updateState",
        "ipAddress",
        "lastHeartBeat",
        "etag",
        "vmId",
        "statusTimestamp",
        "timeCreated",
        "uniqueId",
        "lastUpdateTime",
        "sessionHostHealthCheckResults",
        "lastBackupTime",
        "lastBackupStatus",
        "lastRecoveryPoint",
        "healthStatus",
        "protectedItemHealthId",
        "protectionStatus",
        "protectionState",
        "updateTime",
        "runId",
        "lastRunStatus",
        "expirationTime",
        "token",
        "version",
        "created",
        "updated",
        "exp",
        "nbf",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (rd_str_is(key, names[i]))
            return true;
    return false;
}

/* A GUID, or 32 hexadecimal digits: the version of a key or a secret. */
static size_t guid_at(struct rd_str text, size_t at)
{
    if (at + 36 <= text.n && rd_str_is_guid(rd_str_sub(text, at, at + 36)))
        return 36;
    size_t n = 0;
    while (n < 32 && at + n < text.n && rd_char_is_hex(text.p[at + n]))
        n++;
    return n == 32 ? 32 : 0;
}

static size_t time_at(struct rd_str text, size_t at)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (at + i >= text.n)
            return 0;
        bool is_digit = rd_char_is_digit(text.p[at + i]);
        if (form[i] == 'd' ? !is_digit : text.p[at + i] != form[i] && text.p[at + i] != ' ')
            return 0;
    }
    size_t n = sizeof(form) - 1;
    while (at + n < text.n &&
           (rd_char_is_digit(text.p[at + n]) || text.p[at + n] == '.' || text.p[at + n] == 'Z'))
        n++;
    return n;
}

struct rd_str truth_normal(struct rd_arena *arena, struct rd_str text)
{
    char *out = rd_arena_bytes(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t skipped = guid_at(text, i);
        if (skipped == 0)
            skipped = time_at(text, i);
        out[n++] = skipped > 0 ? '#' : text.p[i];
        i += skipped > 0 ? skipped : 1;
    }
    out[n] = '\0';
    return (struct rd_str){out, n};
}

static void strip(struct rd_json *value)
{
    if (rd_json_is(value, RD_JSON_ARRAY))
        for (size_t i = 0; i < rd_json_count(value); i++)
            strip(&value->u.items[i]);
    if (!rd_json_is(value, RD_JSON_OBJECT))
        return;
    for (size_t i = rd_json_count(value); i-- > 0;) {
        struct rd_str key = value->u.members[i].key;
        if (is_drawn(key))
            (void)rd_json_remove(value, key);
        else
            strip(&value->u.members[i].value);
    }
}

static struct rd_str stable_text(struct rd_arena *arena, const struct em_resource *resource)
{
    struct rd_json body;
    struct rd_err err;
    if (resource->text.n == 0 ||
        rd_json_parse(arena, "body", resource->text, 0, &body, &err) != RD_RC_OK)
        return rd_arena_printf(arena, "%d", (int)resource->state);
    strip(&body);
    return rd_arena_printf(
        arena, "%d %.*s", (int)resource->state,
        RD_FMT(truth_normal(arena, rd_json_text(arena, &body, RD_JSON_CANONICAL))));
}

static struct rd_str lower(struct rd_arena *arena, struct rd_str text)
{
    char *out = rd_arena_bytes(arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        out[i] = rd_char_lower(text.p[i]);
    out[text.n] = '\0';
    return (struct rd_str){out, text.n};
}

static bool is_foreign(const struct world *world, struct rd_str id)
{
    for (size_t i = 0; i < world->foreign.count; i++)
        if (rd_str_has_prefix_case(id, world->foreign.items[i]) ||
            (world->is_destroyed && rd_str_has_prefix_case(world->foreign.items[i], id)))
            return true;
    return false;
}

void truth_check_foreign(struct world *world, const char *when)
{
    for (size_t i = 0; i < world->foreign.count; i++)
        if (em_find(world->cloud, world->foreign.items[i]) == NULL)
            broken(world, "%s: '%.*s' is gone, which was somebody else's", when,
                   RD_FMT(world->foreign.items[i]));
}

static int by_id(const void *a, const void *b)
{
    const struct fact *x = a;
    const struct fact *y = b;
    int order = rd_str_cmp(x->id, y->id);
    return order != 0 ? order : rd_str_cmp(x->text, y->text);
}

/* What depends on what went wrong meanwhile, not on where it ended: gone HSMs and vaults, what the
 * directory knows of other people's identities, the outputs of image builds that replicated only at
 * the second attempt. Who has which address is drawn by the order of arrival. */
static bool is_history(const struct em_resource *resource)
{
    static const char *const names[] = {"deleted", "allocatedAddresses", "directoryObjects",
                                        "runOutputs", "backupJobs"};
    bool is_found = resource->is_deleted;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        is_found = is_found || rd_str_find_case(rd_str_from(resource->type->name),
                                                rd_str_from(names[i]), 0) != RD_STR_NONE;
    return is_found;
}

void truth_read(struct world *world, struct rd_arena *arena, struct truth *ret_truth)
{
    struct truth truth = {0};
    for (size_t i = 0; i < world->cloud->class_count; i++) {
        const struct em_class *class_ = &world->cloud->classes[i];
        for (size_t k = 0; k < class_->count; k++) {
            const struct em_resource *resource = class_->items[k];
            if (resource == NULL || is_history(resource) || is_foreign(world, resource->id))
                continue;
            truth.facts =
                rd_arena_grow(arena, truth.facts, truth.count, &truth.cap, sizeof(*truth.facts));
            truth.facts[truth.count++] = (struct fact){
                truth_normal(arena, lower(arena, resource->id)),
                stable_text(arena, resource),
            };
        }
    }
    if (truth.count > 0)
        qsort(truth.facts, truth.count, sizeof(*truth.facts), by_id);
    *ret_truth = truth;
}

/* From where two texts differ, so that the message shows it. */
static struct rd_str tail(struct rd_str text, struct rd_str other)
{
    size_t at = 0;
    while (at < text.n && at < other.n && text.p[at] == other.p[at])
        at++;
    return rd_str_sub(text, at > 60 ? at - 60 : 0, at + 160);
}

void truth_compare(struct world *world, const struct truth *expected, const struct truth *got,
                   const char *when)
{
    size_t i = 0;
    size_t k = 0;
    while (i < expected->count || k < got->count) {
        int order = i == expected->count ? 1
                    : k == got->count    ? -1
                                         : rd_str_cmp(expected->facts[i].id, got->facts[k].id);
        if (order < 0) {
            broken(world, "%s: '%.*s' is missing", when, RD_FMT(expected->facts[i].id));
            return;
        }
        if (order > 0) {
            broken(world, "%s: '%.*s' is there, but not in an undisturbed run", when,
                   RD_FMT(got->facts[k].id));
            return;
        }
        struct rd_str wanted = expected->facts[i].text;
        struct rd_str found = got->facts[k].text;
        if (!rd_str_eq(wanted, found)) {
            broken(world, "%s: '%.*s' has '%.*s' where an undisturbed run has '%.*s'", when,
                   RD_FMT(got->facts[k].id), RD_FMT(tail(found, wanted)),
                   RD_FMT(tail(wanted, found)));
            return;
        }
        i++;
        k++;
    }
}

/* As a GET shows it, by request: some members exist only there. */
static struct rd_json body_of(struct world *world, struct rd_arena *arena,
                              const struct em_resource *resource, const char *version)
{
    struct rd_str url =
        rd_arena_printf(arena, "%.*s%.*s?api-version=%s", RD_FMT(world->endpoints.arm),
                        RD_FMT(resource->id), version);
    struct rd_http_reply reply = by_hand(world, arena, RD_HTTP_GET, url, RD_STR(""));
    struct rd_json body = rd_json_absent;
    struct rd_err err;
    if (reply.status != 200 ||
        rd_json_parse(arena, "body", reply.body, 0, &body, &err) != RD_RC_OK) {
        broken(world, "'%.*s' cannot be read: %d", RD_FMT(resource->id), reply.status);
        return rd_json_absent;
    }
    return body;
}

/* Types whose instances belong to a machine, and the member that names it. */
static const struct {
    const char *type;
    const char *member;
    const char *version;
} belongings[] = {
    {"Microsoft.Network/networkInterfaces", "properties.virtualMachine.id", "2024-05-01"},
    {"Microsoft.Compute/disks", "managedBy", "2024-03-02"},
    {"Microsoft.DesktopVirtualization/hostPools/sessionHosts", "properties.resourceId",
     "2024-04-03"},
};

void truth_check_orphans(struct world *world, const char *when)
{
    struct rd_arena *arena = rd_arena_new(0);
    for (size_t i = 0; i < sizeof(belongings) / sizeof(belongings[0]); i++) {
        size_t cursor = 0;
        struct em_resource *resource = NULL;
        while ((resource = em_each(world->cloud, belongings[i].type, &cursor)) != NULL) {
            if (is_foreign(world, resource->id))
                continue;
            struct rd_json body = body_of(world, arena, resource, belongings[i].version);
            struct rd_str owner = rd_json_str(rd_json_at(&body, belongings[i].member));
            if (owner.n == 0 || em_find(world->cloud, owner) == NULL)
                broken(world, "%s: '%.*s' is an orphan", when, RD_FMT(resource->id));
        }
    }
    rd_arena_free(arena);
}

/* No machine waits, made and stopped, for a key that nobody has released to it. */
void truth_check_machines(struct world *world, const char *when)
{
    size_t cursor = 0;
    struct em_resource *resource = NULL;
    while ((resource = em_each(world->cloud, "Microsoft.Compute/virtualMachines", &cursor)) != NULL)
        if (rd_str_find(resource->hidden, RD_STR("\"no_boot\":true"), 0) != RD_STR_NONE)
            broken(world, "%s: '%.*s' has never run", when, RD_FMT(resource->id));
}

/* Each pin of the spec is on its host, once, and no host has a user that the spec does not name. */
void truth_check_pins(struct world *world, const char *when)
{
    const char *type = "Microsoft.DesktopVirtualization/hostPools/sessionHosts";
    struct rd_arena *arena = rd_arena_new(0);
    for (int pin = 0; world->scene.has_pins && pin < world->scene.host_count; pin++) {
        struct rd_str user = rd_arena_printf(arena, "user%02d@contoso.us", pin + 1);
        struct rd_str host = rd_arena_printf(arena, "sim-%02d", pin + 1);
        size_t cursor = 0;
        int hosts = 0;
        struct em_resource *resource = NULL;
        while ((resource = em_each(world->cloud, type, &cursor)) != NULL) {
            struct rd_json body = body_of(world, arena, resource, "2024-04-03");
            if (!rd_str_eq_case(rd_json_str(rd_json_at(&body, "properties.assignedUser")), user))
                continue;
            hosts++;
            if (rd_str_find_case(resource->id, host, 0) == RD_STR_NONE)
                broken(world, "%s: '%.*s' sits on %.*s", when, RD_FMT(user), RD_FMT(resource->id));
        }
        if (hosts != 1)
            broken(world, "%s: '%.*s' has %d hosts", when, RD_FMT(user), hosts);
    }
    rd_arena_free(arena);
}

void truth_clear_faults(struct rd_cloud *cloud)
{
    cloud->fault_count = 0;
}
