/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include <string.h>

#include "base/limits.h"

/* An ARM request: what every request must have, then operations, routes, and instances of types. */

/* "2024-03-01" or "2024-03-01-preview" (any suffix of letters). Whether a type has that version is
 * not asked: versions differ by cloud and month, and a wrong list would refuse what Azure takes. */
static bool is_api_version(struct rd_str version)
{
    if (version.n < 10)
        return false;
    for (size_t i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? version.p[i] != '-' : !rd_char_is_digit(version.p[i]))
            return false;
    if (version.n == 10)
        return true;
    for (size_t i = 11; i < version.n; i++)
        if (!rd_char_is_alpha(version.p[i]))
            return false;
    return version.p[10] == '-' && version.n > 11;
}

static bool check_version(struct em_exchange *ex)
{
    if (ex->api_version.n == 0)
        return em_fail(ex, 400, "MissingApiVersionParameter",
                       "The api-version query parameter (?api-version=) is required for all "
                       "requests.");
    if (is_api_version(ex->api_version))
        return true;
    return em_fail(ex, 400, "InvalidApiVersionParameter",
                   "The api-version '%.*s' is invalid. The supported versions are dates such as "
                   "'2024-03-01' or '2024-03-01-preview'.",
                   RD_FMT(ex->api_version));
}

static bool check_subscription(struct em_exchange *ex)
{
    const struct rd_str prefix = RD_STR("/subscriptions/");
    if (!rd_str_has_prefix_case(ex->id, prefix))
        return true;
    size_t end = rd_str_find_char(ex->id, '/', prefix.n);
    struct rd_str asked = rd_str_sub(ex->id, prefix.n, end == RD_STR_NONE ? ex->id.n : end);
    for (size_t i = 0; i < ex->cloud->subscription_count; i++)
        if (rd_str_eq_case(asked, ex->cloud->subscriptions[i])) {
            ex->subscription = ex->cloud->subscriptions[i];
            return true;
        }
    if (!rd_str_is_guid(asked))
        return em_fail(ex, 400, "InvalidSubscriptionId",
                       "The provided subscription identifier '%.*s' is malformed or invalid.",
                       RD_FMT(asked));
    return em_fail(ex, 404, "SubscriptionNotFound", "The subscription '%.*s' could not be found.",
                   RD_FMT(asked));
}

/* Routes --------------------------------------------------------------------------------------- */

static bool match_segments(struct em_exchange *ex, struct rd_str pattern, struct rd_str path)
{
    struct rd_str want;
    struct rd_str have;
    while (pattern.n > 0) {
        if (path.n == 0 || !rd_str_next(&pattern, '/', &want) || !rd_str_next(&path, '/', &have))
            return false;
        if (rd_str_is(want, "{}")) {
            if (have.n == 0 || ex->param_count == EM_COUNT(ex->params))
                return false;
            ex->params[ex->param_count++] = have;
        } else if (!rd_str_eq_case(want, have)) {
            return false;
        }
    }
    return path.n == 0;
}

/* How many segments a path has, less one. */
static size_t slash_count(struct rd_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += s.p[i] == '/';
    return count;
}

void em_routes_open(struct rd_cloud *cloud)
{
    const struct rd_str scope = RD_STR("{scope}");
    size_t part_count, route_count = 0;
    const struct em_part *const *parts = em_parts(&part_count);
    for (size_t i = 0; i < part_count; i++)
        route_count += parts[i]->route_count;
    cloud->roads = rd_arena_array(cloud->memory, route_count, sizeof(*cloud->roads));
    for (size_t i = 0; i < part_count; i++)
        for (size_t k = 0; k < parts[i]->route_count; k++) {
            struct em_road *road = &cloud->roads[cloud->road_count++];
            road->route = &parts[i]->routes[k];
            road->pattern = rd_str_from(road->route->path);
            road->has_scope = rd_str_has_prefix(road->pattern, scope);
            if (road->has_scope)
                road->pattern = rd_str_sub(road->pattern, scope.n, road->pattern.n);
            road->slashes = slash_count(road->pattern);
            road->last = rd_str_after_last(road->pattern, '/');
            if (rd_str_is(road->last, "{}"))
                road->last = (struct rd_str){"", 0};
        }
}

static bool match_route(struct em_exchange *ex, const struct em_road *road, size_t slashes)
{
    ex->param_count = 0;
    if (road->route->method != ex->request->method || road->slashes > slashes)
        return false;
    if (!road->has_scope)
        return road->slashes == slashes && match_segments(ex, road->pattern, ex->id);
    size_t at = 0;
    for (size_t skipped = 0; skipped < slashes - road->slashes; skipped++)
        at = rd_str_find_char(ex->id, '/', at + 1);
    if (slashes == road->slashes)
        at = 0;
    ex->params[ex->param_count++] = rd_str_sub(ex->id, 0, at);
    return match_segments(ex, road->pattern, rd_str_sub(ex->id, at, ex->id.n));
}

static bool answer_routes(struct em_exchange *ex, bool *ret_is_answered)
{
    size_t slashes = slash_count(ex->id);
    struct rd_str last = rd_str_after_last(ex->id, '/');
    *ret_is_answered = true;
    for (size_t i = 0; i < ex->cloud->road_count; i++) {
        struct rd_str wanted = ex->cloud->roads[i].last;
        if (wanted.n > 0 && (wanted.n != last.n || !rd_str_eq_case(wanted, last)))
            continue;
        if (!match_route(ex, &ex->cloud->roads[i], slashes))
            continue;
        const struct em_route *route = ex->cloud->roads[i].route;
        const char *operation = route->method == RD_HTTP_GET ? "list" : "action";
        if (!em_throttle(ex, route->throttle_policy, operation, ex->id))
            return false;
        return route->answer(ex);
    }
    *ret_is_answered = false;
    return true;
}

/* ---------------------------------------------------------------------------------------------- */

/* A quote or a backslash stands in no id of Azure's; cloud.c has refused what is no text. */
static bool check_path(struct em_exchange *ex)
{
    bool is_good = rd_str_find_char(ex->id, '"', 0) == RD_STR_NONE &&
                   rd_str_find_char(ex->id, '\\', 0) == RD_STR_NONE;
    return is_good || em_fail(ex, 400, "InvalidRequestUri",
                              "The path of the request has characters that no id may have.");
}

/* Slashes in a row count as one: SDKs put an id, with its slash, behind the slash of their own
 * "/{scope}/providers/...", and `az resource` an absent parent between two. */
static struct rd_str without_empty_segments(struct em_exchange *ex, struct rd_str path)
{
    char *out = rd_arena_bytes(ex->arena, path.n);
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] != '/' || n == 0 || out[n - 1] != '/')
            out[n++] = path.p[i];
    while (n > 1 && out[n - 1] == '/')
        n--;
    return (struct rd_str){out, n};
}

void em_answer_arm(struct em_exchange *ex)
{
    ex->id = rd_http_decode(ex->arena, without_empty_segments(ex, ex->url.path));
    if (!em_gate_arm(ex))
        return;
    if (ex->id.n > RD_ARM_ID_SIZE_MAX) {
        (void)em_fail(ex, 414, "RequestUriTooLong", "The resource id has more than %d characters.",
                      RD_ARM_ID_SIZE_MAX);
        return;
    }
    if (!check_path(ex))
        return;
    /* Whoever knows an operation's URL may poll it. */
    if (!check_version(ex) || !check_subscription(ex) || em_operation_poll(ex) ||
        !em_access_gate(ex) || !em_lock_gate(ex))
        return;
    bool is_answered = false;
    if (!em_fault_gate(ex, NULL) || !answer_routes(ex, &is_answered) || is_answered)
        return;
    struct em_target target;
    if (!em_target_find(ex, &target))
        return;
    em_verb(ex, &target);
}
