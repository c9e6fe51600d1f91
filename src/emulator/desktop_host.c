/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session hosts.
 *
 *   register --1 min--> Upgrading --4 min--> Available
 *   Available --guest shut down--> Shutdown --VM runs--> Unavailable --90 s--> Available
 *   Available --power gone--> (heartbeat times out, 2 min) Unavailable --VM runs--> ... Available
 *
 * Every change of power has a number; a status event that bears an older one does nothing.
 */
#include "desktop_internal.h"
#include "shape.h"

#define APPEARS_MS INT64_C(60000)
#define UPGRADED_MS INT64_C(240000)
#define HEARTBEAT_MS INT64_C(120000)
#define STARTED_MS INT64_C(90000)

static struct rd_str computer_name(struct em_exchange *ex, const struct em_resource *vm)
{
    struct rd_json body = em_body(ex, vm);
    struct rd_str name = em_text_at(&body, "properties.osProfile.computerName");
    return rd_str_is_empty(name) ? em_name(vm) : name;
}

static void set_status(struct em_exchange *ex, struct em_resource *host, const char *status)
{
    struct rd_json body = em_body(ex, host);
    bool is_alive =
        rd_str_is(rd_str_from(status), "Available") || rd_str_is(rd_str_from(status), "Upgrading");
    em_set_word(ex, &body, "properties.status", status);
    em_set_text(ex, &body, "properties.statusTimestamp", em_time(ex, ex->now_ms));
    if (is_alive)
        em_set_text(ex, &body, "properties.lastHeartBeat", em_time(ex, ex->now_ms));
    if (rd_str_is(rd_str_from(status), "Available"))
        em_set_word(ex, &body, "properties.updateState", "Succeeded");
    em_store(ex, host, &body);
}

static void schedule_status(struct em_exchange *ex, const struct em_resource *host,
                            int64_t typical_ms, const char *status, int64_t number)
{
    em_schedule(ex, ex->now_ms + em_draw_ms(ex, host->id, typical_ms), "desktop.host.status",
                host->id, rd_arena_printf(ex->arena, "%s %lld", status, (long long)number));
}

/* The checks that an agent reports; all good, as numbers in order of the service's list. */
static struct rd_json health_checks(struct em_exchange *ex)
{
    static const char *const names[] = {
        "DomainJoinedCheck",     "DomainTrustCheck",      "FSLogixHealthCheck",
        "SxSStackListenerCheck", "UrlsAccessibleCheck",   "MonitoringAgentCheck",
        "DomainReachable",       "WebRTCRedirectorCheck", "SupportedEncryptionCheck",
        "MetaDataServiceCheck",  "AppAttachHealthCheck"};
    struct rd_json list = rd_json_array();
    for (size_t i = 0; i < EM_COUNT(names); i++) {
        struct rd_json check = rd_json_object();
        em_set_word(ex, &check, "healthCheckName", names[i]);
        em_set_word(ex, &check, "healthCheckResult", "HealthCheckSucceeded");
        em_set(ex, &check, "additionalFailureDetails.message", rd_json_null());
        em_set_int(ex, &check, "additionalFailureDetails.errorCode", 0);
        em_set_text(ex, &check, "additionalFailureDetails.lastHealthCheckDateTime",
                    em_time(ex, ex->now_ms));
        rd_json_append(ex->arena, &list, check);
    }
    return list;
}

static struct rd_json new_host(struct em_exchange *ex, struct rd_str id,
                               const struct em_resource *vm)
{
    static const char *const nulls[] = {"assignedUser", "friendlyName", "updateErrorMessage"};
    struct rd_json machine = em_body(ex, vm), body = rd_json_object();
    em_set_guid(ex, &body, "properties.objectId", "sessionHost", id);
    em_set_text(ex, &body, "properties.resourceId", vm->id);
    em_set_text(ex, &body, "properties.virtualMachineId", em_text_at(&machine, "properties.vmId"));
    em_set_bool(ex, &body, "properties.allowNewSession", true);
    em_set_int(ex, &body, "properties.sessions", 0);
    em_set_word(ex, &body, "properties.status", "Upgrading");
    em_set_word(ex, &body, "properties.updateState", "Pending");
    em_set_text(ex, &body, "properties.statusTimestamp", em_time(ex, ex->now_ms));
    em_set_text(ex, &body, "properties.lastHeartBeat", em_time(ex, ex->now_ms));
    em_set_text(ex, &body, "properties.lastUpdateTime", em_time(ex, ex->now_ms));
    em_set_word(ex, &body, "properties.agentVersion", "1.0.12555.1800");
    em_set_word(ex, &body, "properties.sxSStackVersion", "rdp-sxs250812200");
    em_set_word(ex, &body, "properties.osVersion", "10.0.26200.6899");
    em_set(ex, &body, "properties.sessionHostHealthCheckResults", health_checks(ex));
    em_desktop_nulls(ex, &body, nulls, EM_COUNT(nulls));
    return body;
}

bool em_session_host_register(struct em_exchange *ex, struct rd_str token,
                              const struct em_resource *vm, struct rd_str *ret_message)
{
    struct em_resource *pool = em_desktop_pool_of_token(ex, token, ret_message);
    if (pool == NULL)
        return false;
    struct rd_str id = em_child_id(ex, pool->id, "sessionHosts", computer_name(ex, vm));
    struct em_resource *host = em_find(ex->cloud, id);
    if (host == NULL) {
        em_schedule(ex, ex->now_ms + em_draw_ms(ex, id, APPEARS_MS), "desktop.host.appears", id,
                    vm->id);
        return true;
    }
    /* A rebuilt machine meets its predecessor's record: people see a ghost that never comes back
     * until the record is deleted (lessons B6, 44). The same machine just goes on. */
    struct rd_json body = em_body(ex, host), machine = em_body(ex, vm);
    bool is_same = rd_str_eq_case(em_text_at(&body, "properties.virtualMachineId"),
                                  em_text_at(&machine, "properties.vmId"));
    if (is_same)
        em_session_host_power(ex, vm->id, EM_HOST_RUNNING);
    else
        set_status(ex, host, "Unavailable");
    return true;
}

void em_desktop_host_appears(struct em_exchange *ex, struct rd_str id, struct rd_str vm_id)
{
    const struct em_resource *vm = em_find(ex->cloud, vm_id);
    const struct em_resource *pool = em_find(ex->cloud, em_id_parent(id));
    if (vm == NULL || pool == NULL)
        return;
    struct rd_json body = new_host(ex, id, vm), hidden = rd_json_object();
    em_set_int(ex, &hidden, "powerChange", 0);
    struct em_resource *host = em_create(ex, EM_SESSION_HOST_TYPE, id, &body, &hidden);
    if (host != NULL)
        schedule_status(ex, host, UPGRADED_MS, "Available", 0);
}

void em_desktop_host_status(struct em_exchange *ex, struct rd_str id, struct rd_str argument)
{
    struct em_resource *host = em_find(ex->cloud, id);
    struct rd_str rest = argument, status = {"", 0};
    int64_t number = -1;
    if (host == NULL || !rd_str_next(&rest, ' ', &status) ||
        !rd_str_to_int(rest, 0, INT64_MAX, &number))
        return;
    struct rd_json hidden = em_hidden(ex, host);
    if (rd_json_int(rd_json_at(&hidden, "powerChange"), 0) == number)
        set_status(ex, host, rd_arena_str(ex->arena, status).p);
}

/* The host of a VM: its name is known, so that each pool costs one look. */
static struct em_resource *host_of_vm(struct em_exchange *ex, struct rd_str vm_id)
{
    const struct em_resource *vm = em_find(ex->cloud, vm_id);
    struct rd_str name = vm != NULL ? computer_name(ex, vm) : em_id_name(vm_id);
    struct em_resource *pool = NULL;
    for (size_t cursor = 0; (pool = em_each(ex->cloud, EM_HOST_POOL_TYPE, &cursor)) != NULL;) {
        struct em_resource *host =
            em_find(ex->cloud, em_child_id(ex, pool->id, "sessionHosts", name));
        struct rd_json body = host != NULL ? em_body(ex, host) : rd_json_absent;
        if (host != NULL && rd_str_eq_case(em_text_at(&body, "properties.resourceId"), vm_id))
            return host;
    }
    return NULL;
}

void em_session_host_power(struct em_exchange *ex, struct rd_str vm_id, enum em_host_power power)
{
    struct em_resource *host = host_of_vm(ex, vm_id);
    if (host == NULL)
        return;
    struct rd_json hidden = em_hidden(ex, host);
    int64_t number = rd_json_int(rd_json_at(&hidden, "powerChange"), 0) + 1;
    if (hidden.type != RD_JSON_OBJECT)
        hidden = rd_json_object();
    em_set_int(ex, &hidden, "powerChange", number);
    em_store_hidden(ex, host, &hidden);
    switch (power) {
    case EM_HOST_RUNNING:
        schedule_status(ex, host, STARTED_MS, "Available", number);
        break;
    case EM_HOST_SHUT_DOWN:
        set_status(ex, host, "Shutdown");
        break;
    case EM_HOST_DEALLOCATED:
    case EM_HOST_DELETED:
        schedule_status(ex, host, HEARTBEAT_MS, "Unavailable", number);
        break;
    }
}

/* Assignments: {pool}/assignedUsers/{user} is a resource of the cloud's own, so that "one user, one
 * desktop" is one look. */
static bool assign(struct em_exchange *ex, struct em_resource *host, struct rd_str had,
                   struct rd_str user)
{
    struct rd_json pool = em_body(ex, host->parent);
    if (rd_str_find_char(user, '/', 0) != RD_STR_NONE)
        return em_desktop_fail(ex, 400, "AssignedUser %.*s is no user principal name.",
                               RD_FMT(user));
    bool is_exclusive = em_is_word(&pool, "properties.loadBalancerType", "Persistent");
    struct rd_str name = em_name(host);
    if (!em_is_word(&pool, "properties.hostPoolType", "Personal"))
        return em_desktop_fail(ex, 400,
                               "AssignedUser can only be set on session hosts of a personal host "
                               "pool, not on %.*s.",
                               RD_FMT(name));
    if (!rd_str_is_empty(had) && !rd_str_eq_case(had, user) && !em_desktop_has_force(ex))
        return em_desktop_fail(ex, 400,
                               "SessionHost %.*s is already assigned to user %.*s. Use force=true "
                               "to change the assignment.",
                               RD_FMT(name), RD_FMT(had));
    struct rd_str id = em_child_id(ex, host->parent->id, "assignedUsers", user);
    struct em_resource *other = rd_str_is_empty(user) ? NULL : em_find(ex->cloud, id);
    struct rd_json held = other != NULL ? em_body(ex, other) : rd_json_absent;
    if (is_exclusive && other != NULL &&
        !rd_str_eq_case(em_text_at(&held, "properties.host"), host->id))
        return em_desktop_fail(ex, 400,
                               "User %.*s is already assigned to another session host of the host "
                               "pool.",
                               RD_FMT(user));
    struct em_resource *former =
        rd_str_is_empty(had)
            ? NULL
            : em_find(ex->cloud, em_child_id(ex, host->parent->id, "assignedUsers", had));
    if (former != NULL)
        em_remove(ex, former);
    if (rd_str_is_empty(user))
        return true;
    struct rd_json body = rd_json_object(), hidden = rd_json_object();
    em_set_text(ex, &body, "properties.host", host->id);
    em_create(ex, EM_ASSIGNMENT_TYPE, id, &body, &hidden);
    return true;
}

bool em_session_host_patch(struct em_exchange *ex, struct em_resource *resource,
                           const struct rd_json *patch, struct rd_json *body,
                           struct rd_json *hidden)
{
    (void)hidden;
    const struct rd_json *user = rd_json_at(patch, "properties.assignedUser");
    const struct rd_json *allows = rd_json_at(patch, "properties.allowNewSession");
    const struct rd_json *label = rd_json_at(patch, "properties.friendlyName");
    if (!rd_json_is(user, RD_JSON_ABSENT)) {
        if (!assign(ex, resource, em_text_at(body, "properties.assignedUser"), rd_json_str(user)))
            return false;
        bool is_none = rd_str_is_empty(rd_json_str(user));
        em_set(ex, body, "properties.assignedUser",
               is_none ? rd_json_null() : rd_json_copy(ex->arena, user));
    }
    if (rd_json_is(allows, RD_JSON_BOOL))
        em_set_bool(ex, body, "properties.allowNewSession", rd_json_is_true(allows));
    if (!rd_json_is(label, RD_JSON_ABSENT))
        em_set(ex, body, "properties.friendlyName", rd_json_copy(ex->arena, label));
    return true;
}

bool em_session_host_may_delete(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_str name = em_name(resource);
    if (em_next_child(resource, EM_USER_SESSION_TYPE, NULL) != NULL && !em_desktop_has_force(ex))
        return em_desktop_fail(ex, 400,
                               "SessionHost %.*s has active sessions. Use force=true to delete it.",
                               RD_FMT(name));
    return true;
}

void em_session_host_deleted(struct em_exchange *ex, struct em_resource *resource)
{
    struct rd_json body = em_body(ex, resource);
    struct rd_str user = em_text_at(&body, "properties.assignedUser");
    struct em_resource *held = rd_str_is_empty(user)
                                   ? NULL
                                   : em_find(ex->cloud, em_child_id(ex, em_id_parent(resource->id),
                                                                    "assignedUsers", user));
    if (held != NULL)
        em_remove(ex, held);
}
