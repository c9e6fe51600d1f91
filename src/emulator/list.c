/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include <stdlib.h>

#include "base/limits.h"

/*
 * Lists, in order of creation, page by page. The token of a next page names the last one shown, so
 * that a page is right whatever was made or deleted in between. Items without a show hook are put
 * together from stored text; lists are compact for every provider (real compute lists have white
 * space, which no client sees).
 */

enum { PAGE_SIZE_USUAL = 1000 };

static bool read_page(struct em_pager *pager, const struct em_type *type)
{
    struct em_exchange *ex = pager->ex;
    struct rd_str text;
    int64_t value;
    pager->size = type != NULL && type->page_size > 0 ? type->page_size : PAGE_SIZE_USUAL;
    if (rd_http_query_get(ex->arena, ex->url.query, "$skiptoken", &text)) {
        if (!rd_str_to_int(text, 0, INT64_MAX, &pager->behind))
            return em_fail(ex, 400, "InvalidSkipToken", "The $skiptoken '%.*s' is invalid.",
                           RD_FMT(text));
    }
    bool has_top = type == NULL || type->has_top;
    if (has_top && rd_http_query_get(ex->arena, ex->url.query, "$top", &text)) {
        if (!rd_str_to_int(text, 1, PAGE_SIZE_USUAL, &value))
            return em_fail(ex, 400, "InvalidQueryParameter",
                           "The value of $top must be between 1 and %d.", PAGE_SIZE_USUAL);
        pager->size = (size_t)value;
    }
    return true;
}

/* The request's own URL with the token changed: what a client asks for next, as it is. */
static void write_next_link(struct em_exchange *ex, struct rd_buf *out, int64_t behind)
{
    struct rd_buf url;
    rd_buf_init(&url, RD_HTTP_URL_SIZE_MAX * 2);
    rd_buf_add(&url, em_place_url(ex, ex->place, ex->place_name));
    rd_buf_printf(&url, "%.*s?", RD_FMT(ex->url.path));
    struct rd_str query = ex->url.query;
    struct rd_str part;
    while (query.n > 0 && rd_str_next(&query, '&', &part)) {
        bool is_token = rd_str_has_prefix_case(part, RD_STR("$skiptoken=")) ||
                        rd_str_has_prefix_case(part, RD_STR("%24skiptoken="));
        if (part.n > 0 && !is_token)
            rd_buf_printf(&url, "%.*s&", RD_FMT(part));
    }
    rd_buf_printf(&url, "$skiptoken=%lld", (long long)behind);
    rd_buf_add(out, RD_STR(",\"nextLink\":"));
    rd_json_write_string(out, rd_buf_str(&url));
    rd_buf_done(&url);
}

bool em_pager_start(struct em_pager *pager, struct em_exchange *ex, const struct em_type *type)
{
    *pager = (struct em_pager){.ex = ex};
    if (!read_page(pager, type))
        return false;
    rd_buf_init(&pager->out, RD_HTTP_BODY_SIZE_MAX);
    rd_buf_add(&pager->out, RD_STR("{\"value\":["));
    return true;
}

enum em_pager_step em_pager_next(struct em_pager *pager, int64_t seq)
{
    if (seq <= pager->behind)
        return EM_PAGER_SKIP;
    if (pager->count == pager->size) {
        pager->has_more = true;
        return EM_PAGER_FULL;
    }
    if (pager->count++ > 0)
        rd_buf_add_char(&pager->out, ',');
    pager->last = seq;
    return EM_PAGER_WRITE;
}

void em_pager_reply(struct em_pager *pager)
{
    struct em_exchange *ex = pager->ex;
    rd_buf_add_char(&pager->out, ']');
    if (pager->has_more)
        write_next_link(ex, &pager->out, pager->last);
    rd_buf_add_char(&pager->out, '}');
    if (pager->out.is_full)
        (void)em_fail(ex, 500, "ResponseTooLarge", "The list is larger than %d bytes.",
                      RD_HTTP_BODY_SIZE_MAX);
    else
        em_reply_text(ex, 200, rd_arena_str(ex->arena, rd_buf_str(&pager->out)));
    rd_buf_done(&pager->out);
}

/* False when the page is full. */
static bool add(struct em_pager *pager, struct em_resource *resource)
{
    if (!em_sees(pager->ex, resource))
        return true;
    enum em_pager_step step = em_pager_next(pager, resource->seq);
    if (step == EM_PAGER_WRITE)
        em_view_text(pager->ex, resource, &pager->out);
    return step != EM_PAGER_FULL;
}

static int by_seq(const void *a, const void *b)
{
    const struct em_resource *const *left = a;
    const struct em_resource *const *right = b;
    return ((*left)->seq > (*right)->seq) - ((*left)->seq < (*right)->seq);
}

void em_reply_list(struct em_exchange *ex, struct em_resource *const *items, size_t count)
{
    struct em_pager pager;
    struct em_resource **sorted = rd_arena_array(ex->arena, count, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        sorted[i] = items[i];
    qsort(sorted, count, sizeof(*sorted), by_seq);
    if (!em_pager_start(&pager, ex, NULL))
        return;
    for (size_t i = 0; i < count && add(&pager, sorted[i]); i++) {
    }
    em_pager_reply(&pager);
}

/* Whether an instance belongs to the list: below the group or subscription asked for, exactly on
 * the scope of an extension type. */
static bool is_listed(const struct em_target *target, const struct em_resource *resource,
                      struct rd_str base)
{
    if (!rd_str_has_prefix_case(resource->id, base))
        return false;
    if (target->type->place != EM_ON_SCOPE)
        return base.n == resource->id.n || resource->id.p[base.n] == '/';
    struct rd_str rest = rd_str_sub(resource->id, base.n, resource->id.n);
    size_t at = rd_str_find_case(rest, RD_STR("/providers/"), 1);
    return rd_str_has_prefix_case(rest, RD_STR("/providers/")) && at == RD_STR_NONE;
}

static void list_children(struct em_exchange *ex, const struct em_target *target,
                          const struct em_resource *parent)
{
    struct em_pager pager;
    if (parent == NULL || !em_pager_start(&pager, ex, target->type))
        return;
    for (struct em_resource *child = parent->first_child; child != NULL;
         child = child->next_sibling)
        if (child->type == target->type && rd_str_has_prefix_case(child->id, target->id) &&
            !add(&pager, child))
            break;
    em_pager_reply(&pager);
}

void em_list(struct em_exchange *ex, const struct em_target *target)
{
    if (target->type->list != NULL) {
        (void)target->type->list(ex, target->parent_type != NULL ? target->parent : target->scope);
        return;
    }
    if (target->type->is_hidden_from_lists) {
        (void)em_fail(ex, 405, "MethodNotAllowed", "'%s' cannot be listed.", target->type->name);
        return;
    }
    static const char *const no_names[] = {NULL};
    struct em_filter filter;
    if (!em_filter_read(ex, no_names, &filter))
        return;
    /* What stands on a resource is a child of it: a list on one of many looks at its own alone. */
    const struct em_resource *parent =
        em_find(ex->cloud, target->parent_type != NULL ? target->parent : target->scope);
    bool is_on_resource = target->type->place == EM_ON_SCOPE && parent != NULL;
    if (target->parent_type != NULL || is_on_resource) {
        list_children(ex, target, parent);
        return;
    }
    struct em_pager pager;
    if (!em_pager_start(&pager, ex, target->type))
        return;
    const struct em_class *class_ = em_class_find(ex->cloud, rd_str_from(target->type->name));
    for (size_t i = 0; class_ != NULL && i < class_->count; i++) {
        struct em_resource *resource = class_->items[i];
        if (resource != NULL && is_listed(target, resource, target->scope) &&
            !add(&pager, resource))
            break;
    }
    em_pager_reply(&pager);
}
