/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"
#include "state.h"

/*
 * Management locks (Microsoft.Authorization/locks) on subscriptions, groups and resources. Resource
 * Manager asks them before any provider: CanNotDelete keeps what is at or below it, ReadOnly its
 * contents as well. What holds something that is locked does not go either.
 */

#define LOCK_TYPE "Microsoft.Authorization/locks"

enum { NOTES_SIZE_MAX = 512, SHOWN_MAX = 8 };

static bool is_below(struct rd_str above, struct rd_str id)
{
    return rd_str_has_prefix_case(id, above) && (id.n == above.n || id.p[above.n] == '/');
}

static struct rd_str scope_of(const struct em_resource *lock)
{
    return rd_str_sub(lock->id, 0,
                      rd_str_find_case(lock->id, RD_STR("/providers/" LOCK_TYPE "/"), 0));
}

static bool put_lock(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                     struct rd_json *hidden)
{
    static const char *const levels[] = {"NotSpecified", "CanNotDelete", "ReadOnly", NULL};
    (void)former;
    (void)hidden;
    if (!em_require_word(ex, body, "properties.level", levels, false))
        return false;
    if (em_text_at(body, "properties.notes").n > NOTES_SIZE_MAX)
        return em_fail(ex, 400, "InvalidLockNotes",
                       "The notes of lock '%.*s' have more than %d characters.",
                       RD_FMT(em_id_name(ex->id)), NOTES_SIZE_MAX);
    return true;
}

/* What stands at the scope and below it; atScope() leaves out what is below. */
static bool list_locks(struct em_exchange *ex, struct rd_str scope)
{
    static const char *const names[] = {"atScope()", NULL};
    struct em_filter filter;
    struct em_pager pager;
    if (!em_filter_read(ex, names, &filter) || !em_pager_start(&pager, ex, NULL))
        return false;
    struct em_resource *lock;
    for (size_t cursor = 0; (lock = em_each(ex->cloud, LOCK_TYPE, &cursor)) != NULL;) {
        struct rd_str own = scope_of(lock);
        if (lock->is_deleted || !is_below(scope, own) || (filter.count > 0 && own.n != scope.n))
            continue;
        enum em_pager_step step = em_pager_next(&pager, lock->seq);
        if (step == EM_PAGER_FULL)
            break;
        if (step == EM_PAGER_WRITE)
            em_view_text(ex, lock, &pager.out);
    }
    em_pager_reply(&pager);
    return true;
}

/* Whether one lock is in the way of the request. */
static bool holds(struct em_exchange *ex, const struct em_resource *lock, bool is_delete)
{
    struct rd_str scope = scope_of(lock);
    struct rd_json body = em_body(ex, lock);
    bool is_read_only = em_is_word(&body, "properties.level", "ReadOnly");
    if (!is_read_only && !(is_delete && em_is_word(&body, "properties.level", "CanNotDelete")))
        return false;
    return is_below(scope, ex->id) || (is_delete && is_below(ex->id, scope));
}

bool em_lock_gate(struct em_exchange *ex)
{
    enum rd_http_method method = ex->request->method;
    struct rd_str locked = {"", 0};
    struct em_resource *lock;
    size_t count = 0;
    if (method == RD_HTTP_GET || method == RD_HTTP_HEAD ||
        em_class_find(ex->cloud, RD_STR(LOCK_TYPE)) == NULL ||
        rd_str_find_case(ex->id, RD_STR("/providers/" LOCK_TYPE "/"), 0) != RD_STR_NONE)
        return true;
    bool is_delete = method == RD_HTTP_DELETE;
    for (size_t cursor = 0; (lock = em_each(ex->cloud, LOCK_TYPE, &cursor)) != NULL;) {
        if (lock->is_deleted || count >= SHOWN_MAX || !holds(ex, lock, is_delete))
            continue;
        locked = rd_arena_printf(ex->arena, "%.*s%s%.*s", RD_FMT(locked), count++ > 0 ? "," : "",
                                 RD_FMT(scope_of(lock)));
    }
    return count == 0 ||
           em_fail(ex, 409, "ScopeLocked",
                   "The scope '%.*s' cannot perform %s operation because following scope(s) are "
                   "locked: '%.*s'. Please remove the lock and try again.",
                   RD_FMT(ex->id), is_delete ? "delete" : "write", RD_FMT(locked));
}

static const struct em_type types[] = {
    {
        .name = LOCK_TYPE,
        .place = EM_ON_SCOPE,
        EM_ANSWERS(201, 200, 200),
        .async = EM_SYNC,
        .has_no_state = true,
        .name_pattern = "^[^<>%&\\\\?/]{1,260}$",
        .source = "Management Locks 2016-09-01 (documents of the REST API)",
        .put = put_lock,
        .list = list_locks,
    },
};

const struct em_part em_lock_part = {
    .name = "lock",
    .types = types,
    .type_count = EM_COUNT(types),
};
