/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/* The little of OData's $filter that Azure's clients send to these lists. */

static bool fail(struct em_exchange *ex, struct rd_str text)
{
    return em_fail(ex, 400, "InvalidFilterInQueryString",
                   "Invalid $filter '%.*s' specified in the query string. (The embedded cloud "
                   "knows comparisons with eq, joined by and.)",
                   RD_FMT(text));
}

struct rd_str em_odata_spaced(struct em_exchange *ex, struct rd_str text)
{
    char *spaced = rd_arena_bytes(ex->arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        spaced[i] = text.p[i] == '+' ? ' ' : text.p[i];
    return rd_str_trim((struct rd_str){spaced, text.n});
}

void em_odata_skip_spaces(struct rd_str *rest)
{
    while (rest->n > 0 && rest->p[0] == ' ')
        *rest = rd_str_sub(*rest, 1, rest->n);
}

bool em_odata_take_text(struct em_exchange *ex, struct rd_str *rest, struct rd_str *ret_value)
{
    if (rest->n < 2 || rest->p[0] != '\'')
        return false;
    char *out = rd_arena_bytes(ex->arena, rest->n);
    size_t n = 0;
    for (size_t i = 1; i < rest->n; i++) {
        bool is_quote = rest->p[i] == '\'';
        if (is_quote && i + 1 < rest->n && rest->p[i + 1] == '\'')
            i++;
        else if (is_quote) {
            *ret_value = (struct rd_str){out, n};
            *rest = rd_str_sub(*rest, i + 1, rest->n);
            return true;
        }
        out[n++] = rest->p[i];
    }
    return false;
}

static bool take_function(struct em_exchange *ex, struct rd_str *rest, struct em_filter_term *term)
{
    const struct rd_str at_scope = RD_STR("atScope()");
    const struct rd_str assigned = RD_STR("assignedTo(");
    if (rd_str_has_prefix_case(*rest, at_scope)) {
        *term = (struct em_filter_term){at_scope, RD_STR("true")};
        *rest = rd_str_sub(*rest, at_scope.n, rest->n);
        return true;
    }
    if (!rd_str_has_prefix_case(*rest, assigned))
        return false;
    struct rd_str inner = rd_str_sub(*rest, assigned.n, rest->n);
    term->name = RD_STR("assignedTo()");
    if (!em_odata_take_text(ex, &inner, &term->value) || inner.n == 0 || inner.p[0] != ')')
        return false;
    *rest = rd_str_sub(inner, 1, inner.n);
    return true;
}

/* substringof('text', name), as Azure CLI asks for a part of a name. */
static bool take_substring(struct em_exchange *ex, struct rd_str *rest, struct em_filter_term *term)
{
    const struct rd_str start = RD_STR("substringof(");
    if (!rd_str_has_prefix_case(*rest, start))
        return false;
    struct rd_str inner = rd_str_sub(*rest, start.n, rest->n);
    if (!em_odata_take_text(ex, &inner, &term->value))
        return false;
    em_odata_skip_spaces(&inner);
    size_t end = rd_str_find_char(inner, ')', 0);
    if (inner.n == 0 || inner.p[0] != ',' || end == RD_STR_NONE)
        return false;
    term->name = rd_arena_printf(ex->arena, "substringof(%.*s)",
                                 RD_FMT(rd_str_trim(rd_str_sub(inner, 1, end))));
    *rest = rd_str_sub(inner, end + 1, inner.n);
    return true;
}

static bool take_comparison(struct em_exchange *ex, struct rd_str *rest,
                            struct em_filter_term *term)
{
    size_t n = 0;
    while (n < rest->n && (rd_char_is_alnum(rest->p[n]) || rest->p[n] == '/' || rest->p[n] == '.'))
        n++;
    term->name = rd_str_sub(*rest, 0, n);
    *rest = rd_str_sub(*rest, n, rest->n);
    em_odata_skip_spaces(rest);
    if (n == 0 || !rd_str_has_prefix_case(*rest, RD_STR("eq ")))
        return false;
    *rest = rd_str_sub(*rest, 3, rest->n);
    em_odata_skip_spaces(rest);
    return em_odata_take_text(ex, rest, &term->value);
}

bool em_filter_read(struct em_exchange *ex, const char *const *names, struct em_filter *ret_filter)
{
    struct rd_str text = {"", 0};
    *ret_filter = (struct em_filter){.count = 0};
    (void)rd_http_query_get(ex->arena, ex->url.query, "$filter", &text);
    struct rd_str rest = em_odata_spaced(ex, text);
    while (rest.n > 0) {
        if (ret_filter->count == EM_COUNT(ret_filter->terms))
            return fail(ex, text);
        struct em_filter_term *term = &ret_filter->terms[ret_filter->count++];
        if (!take_function(ex, &rest, term) && !take_substring(ex, &rest, term) &&
            !take_comparison(ex, &rest, term))
            return fail(ex, text);
        if (!em_is_one_of(term->name, names))
            return fail(ex, text);
        em_odata_skip_spaces(&rest);
        if (rest.n == 0)
            return true;
        if (!rd_str_has_prefix_case(rest, RD_STR("and ")))
            return fail(ex, text);
        rest = rd_str_sub(rest, 4, rest.n);
        em_odata_skip_spaces(&rest);
        if (rest.n == 0)
            return fail(ex, text);
    }
    return true;
}

bool em_filter_has(const struct em_filter *filter, const char *name)
{
    for (size_t i = 0; i < filter->count; i++)
        if (rd_str_is_case(filter->terms[i].name, name))
            return true;
    return false;
}

struct rd_str em_filter_value(const struct em_filter *filter, const char *name)
{
    for (size_t i = 0; i < filter->count; i++)
        if (rd_str_is_case(filter->terms[i].name, name))
            return filter->terms[i].value;
    return (struct rd_str){"", 0};
}
