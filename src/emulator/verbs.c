/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"
#include "state.h"

#include <regex.h>
#include <string.h>

#include "base/limits.h"

/*
 * What each method does to an instance:
 *
 *            (absent) --PUT--> Creating --ready--> Succeeded | Failed
 *     Succeeded|Failed --PUT, PATCH--> Updating --ready--> Succeeded | Failed
 *           any ready --DELETE--> Deleting --time--> (absent)
 *
 * Synchronous types pass the middle states within the request. A write that meets a middle state is
 * refused with the type's busy error.
 */

/* What must stand before anything else is asked ------------------------------------------------ */

static bool fail_group_leaving(struct em_exchange *ex, struct rd_str name)
{
    return em_fail(ex, 409, "ResourceGroupBeingDeleted",
                   "The resource group '%.*s' is in deprovisioning state and cannot perform this "
                   "operation.",
                   RD_FMT(name));
}

static bool check_group(struct em_exchange *ex)
{
    struct em_resource holder = {.id = ex->id};
    struct rd_str name = em_group(&holder);
    if (name.n == 0)
        return true;
    struct rd_str id = rd_str_sub(ex->id, 0, (size_t)(name.p - ex->id.p) + name.n);
    const struct em_resource *group = em_find(ex->cloud, id);
    if (group == NULL)
        return em_fail(ex, 404, "ResourceGroupNotFound",
                       "Resource group '%.*s' could not be found.", RD_FMT(name));
    bool is_write = ex->request->method != RD_HTTP_GET && ex->request->method != RD_HTTP_HEAD;
    if (group->state == EM_DELETING && is_write)
        return fail_group_leaving(ex, name);
    return true;
}

static bool check_parent(struct em_exchange *ex, const struct em_target *target)
{
    if (target->parent_type == NULL || em_find(ex->cloud, target->parent) != NULL)
        return true;
    struct rd_str name = rd_str_after_last(target->parent, '/');
    return em_fail(ex, 404, "ParentResourceNotFound",
                   "Can not perform requested operation on nested resource. Parent resource '%.*s' "
                   "not found.",
                   RD_FMT(name));
}

/* The scope of an extension resource: a subscription, a group or a resource that is there. */
static bool check_scope(struct em_exchange *ex, const struct em_target *target)
{
    struct rd_str scope = target->scope;
    bool is_subscription = rd_str_eq_case(
        scope, rd_arena_printf(ex->arena, "/subscriptions/%.*s", RD_FMT(ex->subscription)));
    if (is_subscription || em_find(ex->cloud, scope) != NULL)
        return true;
    return em_fail_not_found(ex, scope);
}

static bool is_group_type(const struct em_type *type)
{
    return rd_str_is(rd_str_from(type->name), "Microsoft.Resources/resourceGroups");
}

static bool check_place(struct em_exchange *ex, const struct em_target *target)
{
    const struct em_type *type = target->type;
    struct em_resource holder = {.id = target->scope};
    bool is_list = target->kind == EM_TARGET_LIST;
    if (is_group_type(type))
        return true;
    if (target->parent_type == NULL) {
        bool has_group = em_group(&holder).n > 0;
        if (type->place == EM_IN_GROUP && !has_group && !is_list)
            return em_fail(ex, 404, "InvalidResourceType",
                           "The resource type '%s' stands in a resource group: "
                           "/subscriptions/{id}/resourceGroups/{name}/providers/%s/{name}.",
                           type->name, type->name);
        if (type->place == EM_ON_SCOPE && !check_scope(ex, target))
            return false;
    }
    return true;
}

/* A namespace that somebody unregistered takes no writes. */
static bool check_registration(struct em_exchange *ex, const struct em_target *target)
{
    struct rd_str id = rd_arena_printf(ex->arena, "/subscriptions/%.*s/providers/%.*s",
                                       RD_FMT(ex->subscription), RD_FMT(target->name_space));
    const struct em_resource *registration = em_find(ex->cloud, id);
    if (registration == NULL)
        return true;
    struct rd_json body = em_body(ex, registration);
    struct rd_str state = rd_json_str(rd_json_get(&body, RD_STR("registrationState")));
    if (!rd_str_is(state, "NotRegistered"))
        return true;
    return em_fail(ex, 409, "MissingSubscriptionRegistration",
                   "The subscription is not registered to use namespace '%.*s'. See "
                   "https://aka.ms/rps-not-found for how to register subscriptions.",
                   RD_FMT(target->name_space));
}

/* The type's pattern, compiled once; NULL when it is none. */
static const regex_t *pattern_of(struct em_exchange *ex, const struct em_type *type)
{
    struct em_class *class_ = em_class_find(ex->cloud, rd_str_from(type->name));
    if (class_->name_pattern != NULL)
        return class_->name_pattern;
    regex_t *pattern = rd_heap_zalloc(sizeof(*pattern));
    if (regcomp(pattern, type->name_pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        rd_heap_free(pattern);
        return NULL;
    }
    class_->name_pattern = pattern;
    return pattern;
}

static bool check_name(struct em_exchange *ex, const struct em_target *target)
{
    if (target->type->name_pattern == NULL)
        return true;
    struct rd_str name = rd_arena_str(ex->arena, target->name);
    const regex_t *pattern = pattern_of(ex, target->type);
    if (pattern == NULL)
        return em_fail(ex, 500, "InternalServerError", "The name pattern of '%s' is broken.",
                       target->type->name);
    if (regexec(pattern, name.p, 0, NULL, 0) == 0)
        return true;
    return em_fail(ex, 400, "InvalidResourceName",
                   "Resource name %.*s is invalid. The name of a '%s' must match '%s'.",
                   RD_FMT(name), target->type->name, target->type->name_pattern);
}

static bool check_busy(struct em_exchange *ex, const struct em_resource *resource)
{
    const struct em_type *type = resource->type;
    if (resource->pending == NULL || (type->allows_overlap && resource->state != EM_DELETING))
        return true;
    if (is_group_type(type))
        return fail_group_leaving(ex, em_name(resource));
    return em_fail(ex, type->busy_status != 0 ? type->busy_status : 409,
                   type->busy_code != NULL ? type->busy_code : "AnotherOperationInProgress",
                   "Another operation on this or dependent resource is in progress. To retrieve "
                   "status of the operation use uri: %.*s/subscriptions/%.*s/providers/%s"
                   "/operations/%s.",
                   RD_FMT(em_place_url(ex, EM_PLACE_ARM, (struct rd_str){"", 0})),
                   RD_FMT(ex->subscription), "Microsoft.Resources", resource->pending->guid);
}

/* Writing -------------------------------------------------------------------------------------- */

/* A synchronous write is ready at once; when that fails nothing must have been accepted. */
static bool finish_sync(struct em_exchange *ex, struct em_resource *resource, bool is_new,
                        struct rd_json *body, struct rd_json *hidden)
{
    struct rd_str message = {"", 0};
    const char *code = NULL;
    resource->state = EM_SUCCEEDED;
    if (resource->type->ready != NULL)
        code = resource->type->ready(ex, resource, body, hidden, &message);
    if (code != NULL && is_new)
        em_remove(ex, resource);
    if (code != NULL)
        return em_fail(ex, 409, code, "%.*s", RD_FMT(message));
    em_store(ex, resource, body);
    em_store_hidden(ex, resource, hidden);
    em_reply_resource(ex, is_new ? resource->type->create_status : resource->type->update_status,
                      resource);
    return true;
}

static int64_t duration_of(struct em_exchange *ex, struct em_resource *former,
                           const struct em_target *target, const struct rd_json *body)
{
    const struct em_type *type = target->type;
    if (type->async == EM_SYNC)
        return 0;
    /* A PATCH of tags alone is done when answered (azure-avd-ops 2.1). */
    if (ex->request->method == RD_HTTP_PATCH && type->patch == em_patch_tags)
        return 0;
    if (type->duration != NULL)
        return type->duration(ex, former, body);
    return em_draw_ms(ex, target->id, former == NULL ? type->create_ms : type->update_ms);
}

/* The id as Azure writes it: what stands above as it was first written, words and types in their
 * own casing (recorded: resourceGroups comes back for resourcegroups), the name as given. */
static struct rd_str canonical_id(struct em_exchange *ex, const struct em_target *target)
{
    struct rd_str type = rd_str_from(target->type->name);
    struct rd_str above = target->parent_type != NULL ? target->parent : target->scope;
    struct rd_str rest = rd_str_sub(target->id, above.n + 1, target->id.n);
    const struct em_resource *holder = em_find(ex->cloud, above);
    struct rd_buf buf;
    rd_buf_init(&buf, RD_ARM_ID_SIZE_MAX * 2);
    struct rd_str part;
    if (holder != NULL)
        rd_buf_add(&buf, holder->id);
    else if (rd_str_has_prefix_case(above, RD_STR("/subscriptions/")))
        rd_buf_printf(&buf, "/subscriptions/%.*s", RD_FMT(ex->subscription));
    if (is_group_type(target->type)) {
        rd_buf_printf(&buf, "/resourceGroups/%.*s", RD_FMT(target->name));
    } else {
        size_t cut = 0;
        if (target->parent_type != NULL) {
            cut = strlen(target->parent_type->name) + 1;
        } else {
            rd_buf_add(&buf, RD_STR("/providers/"));
            cut = target->name_space.n + 1;
            rd_buf_add(&buf, rd_str_sub(type, 0, cut - 1));
            (void)rd_str_next(&rest, '/', &part); /* providers */
            (void)rd_str_next(&rest, '/', &part); /* the namespace */
        }
        type = rd_str_sub(type, cut, type.n);
        struct rd_str word;
        while (type.n > 0 && rd_str_next(&type, '/', &word)) {
            (void)rd_str_next(&rest, '/', &part);
            (void)rd_str_next(&rest, '/', &part);
            rd_buf_printf(&buf, "/%.*s/%.*s", RD_FMT(word), RD_FMT(part));
        }
    }
    struct rd_str id = rd_arena_str(ex->arena, rd_buf_str(&buf));
    rd_buf_done(&buf);
    return id;
}

/* The tail of PUT and PATCH: the body is checked; store it and answer. */
static void accept(struct em_exchange *ex, const struct em_target *target,
                   struct em_resource *former, struct rd_json *body, struct rd_json *hidden)
{
    int64_t duration_ms = duration_of(ex, former, target, body);
    bool is_new = former == NULL;
    struct em_resource *resource = former;
    if (is_new)
        resource = em_make(ex, target->type->name, canonical_id(ex, target));
    if (resource == NULL) {
        (void)em_fail(ex, 409, "Conflict", "The resource '%.*s' was made meanwhile.",
                      RD_FMT(target->id));
        return;
    }
    if (duration_ms <= 0) {
        (void)finish_sync(ex, resource, is_new, body, hidden);
        return;
    }
    resource->state = is_new ? EM_CREATING : EM_UPDATING;
    em_store(ex, resource, body);
    em_store_hidden(ex, resource, hidden);
    struct em_operation *operation = em_operation_start(ex, resource, EM_OPERATION_WRITE,
                                                        duration_ms, NULL, (struct rd_str){"", 0});
    resource->pending = operation;
    em_reply_resource(ex, is_new ? target->type->create_status : target->type->update_status,
                      resource);
    em_operation_headers(ex, operation);
}

/* What a client may not write: the names and the state are the core's. */
static void strip_request(struct rd_json *body)
{
    em_strip(body);
    struct rd_json *properties = NULL;
    for (size_t i = 0; i < rd_json_count(body); i++)
        if (rd_str_is(body->u.members[i].key, "properties"))
            properties = &body->u.members[i].value;
    if (properties != NULL && rd_json_is(properties, RD_JSON_OBJECT))
        (void)rd_json_remove(properties, RD_STR("provisioningState"));
}

/* If-None-Match: * wants it absent, If-Match wants it there and, with an etag, unchanged. */
static bool check_match(struct em_exchange *ex, const struct em_target *target,
                        const struct em_resource *resource)
{
    struct rd_str none = rd_str_trim(rd_http_headers_get(&ex->request->headers, "If-None-Match"));
    struct rd_str wanted = rd_str_trim(rd_http_headers_get(&ex->request->headers, "If-Match"));
    char guid[37];
    bool is_met = true;
    if (rd_str_is(none, "*"))
        is_met = resource == NULL;
    if (wanted.n > 0 && resource == NULL)
        is_met = false;
    if (wanted.n > 0 && resource != NULL && target->type->has_etag && !rd_str_is(wanted, "*")) {
        em_etag_guid(ex, resource, guid);
        is_met = rd_str_find(wanted, rd_str_from(guid), 0) != RD_STR_NONE;
    }
    if (is_met)
        return true;
    return em_fail(ex, 412, "PreconditionFailed",
                   "Precondition failed. The condition of the request does not hold for '%.*s'.",
                   RD_FMT(target->name));
}

static bool check_object(struct em_exchange *ex)
{
    if (rd_json_is(&ex->body, RD_JSON_OBJECT))
        return true;
    return em_fail(ex, 400, "InvalidRequestContent",
                   "The request content was invalid and could not be deserialized: 'a JSON object "
                   "is expected'.");
}

static void put(struct em_exchange *ex, const struct em_target *target)
{
    struct em_resource *former = em_find(ex->cloud, target->id);
    if (!check_object(ex) || !em_check_members(ex, &ex->body) || !check_name(ex, target))
        return;
    if (former != NULL && !check_busy(ex, former))
        return;
    if (!check_match(ex, target, former))
        return;
    struct rd_json body = rd_json_copy(ex->arena, &ex->body);
    strip_request(&body);
    if (!em_check_location(ex, target, former, &body) || !em_check_tags(ex, target->type, &body))
        return;
    struct rd_json hidden = former != NULL ? em_hidden(ex, former) : rd_json_object();
    if (target->type->put != NULL && !target->type->put(ex, former, &body, &hidden))
        return;
    accept(ex, target, former, &body, &hidden);
}

static void patch(struct em_exchange *ex, const struct em_target *target)
{
    struct em_resource *resource = em_find(ex->cloud, target->id);
    if (resource == NULL) {
        (void)em_fail_not_found(ex, target->id);
        return;
    }
    if (!check_object(ex) || !em_check_members(ex, &ex->body) || !check_busy(ex, resource) ||
        !check_match(ex, target, resource))
        return;
    struct rd_json change = rd_json_copy(ex->arena, &ex->body);
    strip_request(&change);
    struct rd_json body = em_body(ex, resource);
    struct rd_json hidden = em_hidden(ex, resource);
    bool moves = rd_json_exists(rd_json_get(&change, RD_STR("location")));
    if ((moves && !em_check_location(ex, target, resource, &change)) ||
        !em_check_tags(ex, target->type, &change))
        return;
    if (target->type->patch != NULL) {
        if (!target->type->patch(ex, resource, &change, &body, &hidden))
            return;
    } else {
        rd_json_merge(ex->arena, &body, &change);
        if (target->type->put != NULL && !target->type->put(ex, resource, &body, &hidden))
            return;
    }
    accept(ex, target, resource, &body, &hidden);
}

/* Deleting ------------------------------------------------------------------------------------- */

static bool check_children(struct em_exchange *ex, const struct em_resource *resource)
{
    if (resource->type->deletes_children)
        return true;
    for (const struct em_resource *child = resource->first_child; child != NULL;
         child = child->next_sibling)
        if (child->type->place == EM_IN_PARENT && !child->type->is_internal)
            return em_fail(ex, 409, "CannotDeleteResource",
                           "Cannot delete resource while nested resources exist. Some existing "
                           "nested resource IDs include: '%.*s'. Please delete all nested "
                           "resources before deleting this resource.",
                           RD_FMT(rd_str_sub(child->id, 1, child->id.n)));
    return true;
}

static void delete_(struct em_exchange *ex, const struct em_target *target)
{
    struct em_resource *resource = em_find(ex->cloud, target->id);
    const struct em_type *type = target->type;
    if (resource == NULL && is_group_type(type)) {
        (void)em_fail_not_found(ex, target->id);
        return;
    }
    if (resource == NULL) {
        em_reply_empty(ex, 204);
        return;
    }
    if (resource->state == EM_DELETING && resource->pending != NULL) {
        /* Asking twice is no conflict: the same operation is named again. */
        em_reply_empty(ex, type->delete_status);
        em_operation_headers(ex, resource->pending);
        return;
    }
    if (!check_busy(ex, resource) || !check_match(ex, target, resource) ||
        !check_children(ex, resource))
        return;
    if (type->may_delete != NULL && !type->may_delete(ex, resource))
        return;
    int64_t duration_ms = 0;
    if (type->async != EM_SYNC)
        duration_ms = type->delete_duration != NULL ? type->delete_duration(ex, resource)
                                                    : em_draw_ms(ex, target->id, type->delete_ms);
    if (duration_ms <= 0) {
        int status = type->delete_status == 202 ? 200 : type->delete_status;
        if (type->delete_shows_body)
            em_reply_resource(ex, status, resource);
        else
            em_reply_empty(ex, status);
        em_remove(ex, resource);
        return;
    }
    resource->state = EM_DELETING;
    struct rd_json body = em_body(ex, resource);
    em_store(ex, resource, &body);
    struct em_operation *operation = em_operation_start(ex, resource, EM_OPERATION_DELETE,
                                                        duration_ms, NULL, (struct rd_str){"", 0});
    resource->pending = operation;
    em_reply_empty(ex, type->delete_status);
    em_operation_headers(ex, operation);
}

/* Reading and acting --------------------------------------------------------------------------- */

static void get(struct em_exchange *ex, const struct em_target *target)
{
    struct em_resource *resource = em_find(ex->cloud, target->id);
    if (resource == NULL)
        (void)em_fail_not_found(ex, target->id);
    else if (ex->request->method == RD_HTTP_HEAD)
        em_reply_empty(ex, 204);
    else
        em_reply_resource(ex, 200, resource);
}

static const struct em_action *find_action(const struct em_exchange *ex,
                                           const struct em_target *target)
{
    for (size_t i = 0; i < target->type->action_count; i++) {
        const struct em_action *action = &target->type->actions[i];
        bool is_named = rd_str_is_case(target->action, action->name);
        if (is_named && ex->request->method == RD_HTTP_POST)
            return action;
        if (action->also_get != NULL && ex->request->method == RD_HTTP_GET &&
            (is_named || rd_str_is_case(target->action, action->also_get)))
            return action;
    }
    return NULL;
}

static void act(struct em_exchange *ex, const struct em_target *target,
                const struct em_action *action)
{
    struct em_resource *resource = em_find(ex->cloud, target->id);
    if (resource == NULL)
        (void)em_fail_not_found(ex, target->id);
    else
        (void)action->post(ex, resource);
}

static bool fail_action(struct em_exchange *ex, const struct em_target *target)
{
    return em_fail(ex, 404, "InvalidResourceType",
                   "The resource type could not be found in the namespace '%.*s' for api version "
                   "'%.*s'. (The embedded cloud knows no '%s %.*s' on '%s'; docs/fidelity.md lists "
                   "what it does.)",
                   RD_FMT(target->name_space), RD_FMT(ex->api_version),
                   rd_http_method_name(ex->request->method), RD_FMT(target->action),
                   target->type->name);
}

static const char *throttle_word(const struct em_exchange *ex, const struct em_target *target,
                                 const struct em_action *action)
{
    if (action != NULL && action->throttle != NULL)
        return action->throttle;
    switch (ex->request->method) {
    case RD_HTTP_GET:
    case RD_HTTP_HEAD:
        return target->kind == EM_TARGET_LIST ? "list" : "get";
    case RD_HTTP_PUT:
        return "put";
    case RD_HTTP_PATCH:
        return "patch";
    case RD_HTTP_DELETE:
        return "delete";
    case RD_HTTP_POST:
        break;
    }
    return "action";
}

/* A type that has no status for a method does not have the method. */
static bool check_method(struct em_exchange *ex, const struct em_target *target)
{
    const struct em_type *type = target->type;
    bool is_there = em_find(ex->cloud, target->id) != NULL;
    enum rd_http_method method = ex->request->method;
    bool is_missing = (method == RD_HTTP_PUT && !is_there && type->create_status == 0) ||
                      (method == RD_HTTP_PUT && is_there && type->update_status == 0) ||
                      (method == RD_HTTP_PATCH && type->update_status == 0) ||
                      (method == RD_HTTP_DELETE && type->delete_status == 0);
    if (!is_missing)
        return true;
    return em_fail(ex, 405, "MethodNotAllowed", "%s is no method of a '%s'.",
                   rd_http_method_name(method), type->name);
}

static void act_on_instance(struct em_exchange *ex, const struct em_target *target)
{
    if (!check_method(ex, target))
        return;
    switch (ex->request->method) {
    case RD_HTTP_GET:
    case RD_HTTP_HEAD:
        get(ex, target);
        return;
    case RD_HTTP_PUT:
        put(ex, target);
        return;
    case RD_HTTP_PATCH:
        patch(ex, target);
        return;
    case RD_HTTP_DELETE:
        delete_(ex, target);
        return;
    case RD_HTTP_POST:
        break;
    }
    (void)em_fail(ex, 405, "MethodNotAllowed", "POST is no method of a '%s' itself.",
                  target->type->name);
}

void em_verb(struct em_exchange *ex, const struct em_target *target)
{
    const struct em_action *action = NULL;
    if (target->kind == EM_TARGET_ACTION) {
        action = find_action(ex, target);
        if (action == NULL) {
            (void)fail_action(ex, target);
            return;
        }
    }
    if (!em_throttle(ex, target->type->throttle_policy, throttle_word(ex, target, action),
                     target->id) ||
        !em_fault_gate(ex, target))
        return;
    if ((!is_group_type(target->type) && !check_group(ex)) || !check_place(ex, target))
        return;
    bool is_write = ex->request->method != RD_HTTP_GET && ex->request->method != RD_HTTP_HEAD;
    if (is_write && !check_registration(ex, target))
        return;
    bool is_delete = ex->request->method == RD_HTTP_DELETE;
    bool is_get = target->kind == EM_TARGET_INSTANCE &&
                  (ex->request->method == RD_HTTP_GET || ex->request->method == RD_HTTP_HEAD);
    if (!is_get && !is_delete && !check_parent(ex, target))
        return;
    if (action != NULL)
        act(ex, target, action);
    else if (target->kind == EM_TARGET_LIST && ex->request->method == RD_HTTP_GET)
        em_list(ex, target);
    else if (target->kind == EM_TARGET_LIST)
        (void)em_fail(ex, 405, "MethodNotAllowed", "'%s' is no method of a list.",
                      rd_http_method_name(ex->request->method));
    else
        act_on_instance(ex, target);
}
