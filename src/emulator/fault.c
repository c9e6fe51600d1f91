/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/* Faults that were asked for, and the two that the core itself answers with: throttling (in
 * throttle.c) and server errors. */

enum { FAULT_COUNT_MAX = 256 };

static const struct rd_json *entry_of(struct rd_str name)
{
    const struct rd_json *table = em_table("faults");
    for (size_t i = 0; i < rd_json_count(table); i++)
        if (rd_str_eq(rd_json_str(rd_json_at(rd_json_item(table, i), "name")), name))
            return rd_json_item(table, i);
    return &rd_json_absent;
}

RD_NODISCARD static enum rd_rc fail_name(struct rd_str name, struct rd_err *err)
{
    const struct rd_json *table = em_table("faults");
    struct rd_str names[32];
    size_t count = 0;
    for (size_t i = 0; i < rd_json_count(table) && count < EM_COUNT(names); i++)
        names[count++] = rd_json_str(rd_json_at(rd_json_item(table, i), "name"));
    struct rd_str nearest = rd_str_nearest(name, names, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "there is no fault '%.*s'", RD_FMT(name));
    if (nearest.n > 0)
        return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(nearest));
    return rd_err_hint(rc, err,
                       "capacity, quota, feature, release-policy, throttle, server-error, "
                       "extension, image-build, replication, token-life or crash");
}

RD_NODISCARD static enum rd_rc fail_argument(struct rd_str name, struct rd_str key,
                                             const struct rd_json *arguments, struct rd_err *err)
{
    struct rd_str keys[16];
    size_t count = 0;
    char list[256];
    struct rd_str known = {list, 0};
    for (size_t i = 0; i < rd_json_count(arguments) && count < EM_COUNT(keys); i++) {
        struct rd_str one = arguments->u.members[i].key;
        keys[count++] = one;
        for (size_t k = 0; k < one.n + 2 && known.n < sizeof(list); k++)
            list[known.n++] = k < one.n ? one.p[k] : k == one.n ? ',' : ' ';
    }
    struct rd_str nearest = rd_str_nearest(key, keys, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "the fault '%.*s' has no argument '%.*s'",
                            RD_FMT(name), RD_FMT(key));
    if (nearest.n > 0)
        return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(nearest));
    return rd_err_hint(rc, err, "it takes %.*s", RD_FMT(rd_str_sub(known, 0, known.n - 2)));
}

/* Words that the table lists for an argument; anything goes where it lists none. */
RD_NODISCARD static enum rd_rc check_value(struct rd_str name, struct rd_str key,
                                           struct rd_str value, struct rd_err *err)
{
    const struct rd_json *values = rd_json_get(rd_json_get(entry_of(name), RD_STR("values")), key);
    struct rd_str words[16];
    size_t count = 0;
    for (size_t i = 0; i < rd_json_count(values) && count < EM_COUNT(words); i++) {
        words[count++] = rd_json_str(rd_json_item(values, i));
        if (rd_str_eq(words[count - 1], value))
            return RD_RC_OK;
    }
    if (count == 0)
        return RD_RC_OK;
    struct rd_str nearest = rd_str_nearest(value, words, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "'%.*s' is not a value of '%.*s' of the fault '%.*s'",
                            RD_FMT(value), RD_FMT(key), RD_FMT(name));
    if (nearest.n > 0)
        return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(nearest));
    return rd_err_hint(rc, err, "see 'redoubt help faults'");
}

RD_NODISCARD static enum rd_rc parse_argument(struct rd_arena *arena, struct rd_str part,
                                              struct em_fault *fault, struct rd_err *err)
{
    const struct rd_json *arguments = rd_json_get(entry_of(fault->name), RD_STR("arguments"));
    size_t at = rd_str_find_char(part, '=', 0);
    struct rd_str key = rd_str_trim(rd_str_sub(part, 0, at == RD_STR_NONE ? part.n : at));
    if (!rd_json_exists(rd_json_get(arguments, key)))
        return fail_argument(fault->name, key, arguments, err);
    if (at == RD_STR_NONE || at + 1 == part.n || fault->arg_count == EM_COUNT(fault->args))
        return RD_FAIL(err, RD_RC_USAGE, "the argument '%.*s' of fault '%.*s' has no value",
                       RD_FMT(key), RD_FMT(fault->name));
    struct rd_str value = rd_str_trim(rd_str_sub(part, at + 1, part.n));
    if (rd_str_is(key, "times") && !rd_str_to_int(value, 1, 1000000, &fault->left))
        return RD_FAIL(err, RD_RC_USAGE,
                       "'times' of fault '%.*s' must be a number from 1 to 1000000, not '%.*s'",
                       RD_FMT(fault->name), RD_FMT(value));
    int64_t seconds;
    if (rd_str_is(key, "seconds") && !rd_str_to_int(value, 1, 86400, &seconds))
        return RD_FAIL(err, RD_RC_USAGE,
                       "'seconds' of fault '%.*s' must be a number from 1 to 86400, not '%.*s'",
                       RD_FMT(fault->name), RD_FMT(value));
    RD_TRY(check_value(fault->name, key, value, err));
    fault->args[fault->arg_count++] =
        (struct em_fault_arg_pair){rd_arena_str(arena, key), rd_arena_str(arena, value)};
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc parse_fault(struct rd_arena *arena, struct rd_str text,
                                           struct em_fault *ret_fault, struct rd_err *err)
{
    size_t colon = rd_str_find_char(text, ':', 0);
    struct rd_str name = rd_str_trim(rd_str_sub(text, 0, colon == RD_STR_NONE ? text.n : colon));
    if (!rd_json_exists(entry_of(name)))
        return fail_name(name, err);
    *ret_fault = (struct em_fault){
        .name = rd_arena_str(arena, name), .left = INT64_MAX, .text = rd_arena_str(arena, text)};
    struct rd_str arguments = {"", 0};
    if (colon != RD_STR_NONE)
        arguments = rd_str_sub(text, colon + 1, text.n);
    struct rd_str part;
    while (arguments.n > 0 && rd_str_next(&arguments, ',', &part))
        RD_TRY(parse_argument(arena, part, ret_fault, err));
    return RD_RC_OK;
}

enum rd_rc rd_cloud_check_fault(struct rd_str text, struct rd_err *err)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct em_fault fault;
    return parse_fault(arena, text, &fault, err);
}

enum rd_rc rd_cloud_add_fault(struct rd_cloud *cloud, struct rd_str text, struct rd_err *err)
{
    struct em_fault fault;
    RD_TRY(parse_fault(cloud->memory, text, &fault, err));
    if (cloud->fault_count == FAULT_COUNT_MAX)
        return RD_FAIL(err, RD_RC_LIMIT, "more than %d faults were asked for", FAULT_COUNT_MAX);
    if (cloud->fault_count == cloud->fault_cap) {
        cloud->fault_cap = FAULT_COUNT_MAX;
        cloud->faults = rd_heap_resize(cloud->faults, cloud->fault_cap * sizeof(*cloud->faults));
    }
    cloud->faults[cloud->fault_count++] = fault;
    return RD_RC_OK;
}

struct em_fault *em_fault(struct em_exchange *ex, const char *name)
{
    return em_fault_next(ex, name, NULL);
}

struct em_fault *em_fault_next(struct em_exchange *ex, const char *name, struct em_fault *after)
{
    struct rd_cloud *cloud = ex->cloud;
    size_t first = after == NULL ? 0 : (size_t)(after - cloud->faults) + 1;
    for (size_t i = first; i < cloud->fault_count; i++)
        if (cloud->faults[i].left > 0 && rd_str_is(cloud->faults[i].name, name))
            return &cloud->faults[i];
    return NULL;
}

struct rd_str em_fault_arg(const struct em_fault *fault, const char *key)
{
    for (size_t i = 0; i < fault->arg_count; i++)
        if (rd_str_is(fault->args[i].key, key))
            return fault->args[i].value;
    return (struct rd_str){"", 0};
}

bool rd_cloud_has_struck(const struct rd_cloud *cloud, struct rd_str text)
{
    for (size_t i = 0; i < cloud->fault_count; i++)
        if (rd_str_eq(cloud->faults[i].text, text) && cloud->faults[i].has_struck)
            return true;
    return false;
}

void em_fault_showed(struct em_fault *fault)
{
    fault->has_struck = true;
}

void em_fault_struck(struct em_fault *fault)
{
    fault->has_struck = true;
    if (fault->left != INT64_MAX && fault->left > 0)
        fault->left--;
}

/* Server errors ---------------------------------------------------------------------------------
 */

static bool is_meant(struct em_exchange *ex, const struct em_fault *fault,
                     const struct em_target *target)
{
    struct rd_str type = em_fault_arg(fault, "type");
    struct rd_str method = em_fault_arg(fault, "method");
    if (method.n > 0 && !rd_str_is_case(method, rd_http_method_name(ex->request->method)))
        return false;
    if (type.n == 0)
        return target == NULL; /* any request: struck once, before it is looked at */
    return target != NULL && rd_str_is_case(type, target->type->name);
}

bool em_fault_gate(struct em_exchange *ex, const struct em_target *target)
{
    for (struct em_fault *fault = em_fault(ex, "server-error"); fault != NULL;
         fault = em_fault_next(ex, "server-error", fault)) {
        if (!is_meant(ex, fault, target))
            continue;
        int64_t status = 500;
        if (!rd_str_to_int(em_fault_arg(fault, "status"), 500, 599, &status))
            status = 500;
        em_fault_struck(fault);
        return em_fail(
            ex, (int)status, status == 503 ? "ServiceUnavailable" : "InternalServerError",
            "Encountered internal server error. Diagnostic information: timestamp "
            "'%s', subscription id '%.*s', tracking id '%s'.",
            em_time(ex, ex->now_ms).p, RD_FMT(ex->subscription),
            em_guid(ex, rd_arena_printf(ex->arena, "tracking %llu", (unsigned long long)ex->number))
                .p);
    }
    return true;
}
