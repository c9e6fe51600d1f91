/* SPDX-License-Identifier: Apache-2.0 */
#include "directory.h"
#include "state.h"

/*
 * The queries of Microsoft Graph that Azure's clients send: comparisons with eq, startswith(), and
 * x/any(c:c eq 'v') for lists, joined by `and`; $select, $top and $skiptoken.
 */

enum { PAGE_SIZE_USUAL = 100, PAGE_SIZE_MAX = 999 };

static bool take(struct rd_str *rest, struct rd_str word)
{
    em_odata_skip_spaces(rest);
    if (!rd_str_has_prefix_case(*rest, word))
        return false;
    *rest = rd_str_sub(*rest, word.n, rest->n);
    em_odata_skip_spaces(rest);
    return true;
}

static struct rd_str take_name(struct rd_str *rest)
{
    size_t n = 0;
    while (n < rest->n && rd_char_is_alnum(rest->p[n]))
        n++;
    struct rd_str name = rd_str_sub(*rest, 0, n);
    *rest = rd_str_sub(*rest, n, rest->n);
    return name;
}

/* 'text' with '' for a quote, or true and false. */
static bool take_value(struct em_exchange *ex, struct rd_str *rest, struct rd_str *ret_value)
{
    if (rest->n == 0 || rest->p[0] != '\'') {
        *ret_value = take_name(rest);
        return rd_str_is(*ret_value, "true") || rd_str_is(*ret_value, "false");
    }
    return em_odata_take_text(ex, rest, ret_value);
}

static bool take_term(struct em_exchange *ex, struct rd_str *rest, struct em_graph_term *term)
{
    if (take(rest, RD_STR("startswith("))) {
        term->how = EM_GRAPH_STARTS;
        term->name = take_name(rest);
        return term->name.n > 0 && take(rest, RD_STR(",")) && take_value(ex, rest, &term->value) &&
               take(rest, RD_STR(")"));
    }
    term->name = take_name(rest);
    if (take(rest, RD_STR("/any("))) {
        term->how = EM_GRAPH_ANY;
        struct rd_str variable = take_name(rest);
        return variable.n > 0 && take(rest, RD_STR(":")) && take(rest, variable) &&
               take(rest, RD_STR("eq ")) && take_value(ex, rest, &term->value) &&
               take(rest, RD_STR(")"));
    }
    term->how = EM_GRAPH_EQ;
    return term->name.n > 0 && take(rest, RD_STR("eq ")) && take_value(ex, rest, &term->value);
}

static bool read_filter(struct em_exchange *ex, struct rd_str text, struct em_graph_query *query)
{
    struct rd_str rest = em_odata_spaced(ex, text);
    while (rest.n > 0) {
        if (query->term_count == EM_COUNT(query->terms) ||
            !take_term(ex, &rest, &query->terms[query->term_count++]))
            return false;
        em_odata_skip_spaces(&rest);
        if (rest.n > 0 && (!take(&rest, RD_STR("and ")) || rest.n == 0))
            return false;
    }
    return true;
}

static bool read_number(struct em_exchange *ex, const char *name, int64_t from, int64_t to,
                        size_t *value)
{
    struct rd_str text;
    int64_t number = 0;
    if (!rd_http_query_get(ex->arena, ex->url.query, name, &text))
        return true;
    if (!rd_str_to_int(text, from, to, &number))
        return em_graph_fail(
            ex, 400, "Request_BadRequest",
            rd_arena_printf(ex->arena, "Invalid value '%.*s' specified for the query option '%s'.",
                            RD_FMT(text), name));
    *value = (size_t)number;
    return true;
}

bool em_graph_query_read(struct em_exchange *ex, struct em_graph_query *ret_query)
{
    struct rd_str text = {"", 0};
    *ret_query = (struct em_graph_query){.top = PAGE_SIZE_USUAL, .select = {"", 0}};
    (void)rd_http_query_get(ex->arena, ex->url.query, "$select", &ret_query->select);
    if (rd_http_query_get(ex->arena, ex->url.query, "$count", &text))
        ret_query->wants_count = rd_str_is_case(text, "true");
    text = (struct rd_str){"", 0};
    (void)rd_http_query_get(ex->arena, ex->url.query, "$filter", &text);
    if (!read_filter(ex, text, ret_query))
        return em_graph_fail(
            ex, 400, "Request_UnsupportedQuery",
            rd_arena_printf(ex->arena,
                            "Unsupported or invalid query filter clause '%.*s'. (The embedded "
                            "cloud knows eq, startswith and any, joined by and.)",
                            RD_FMT(text)));
    if (rd_http_query_get(ex->arena, ex->url.query, "$search", &text))
        return em_graph_fail(ex, 400, "Request_UnsupportedQuery",
                             RD_STR("$search is not emulated: use $filter."));
    return read_number(ex, "$top", 1, PAGE_SIZE_MAX, &ret_query->top) &&
           read_number(ex, "$skiptoken", 0, INT32_MAX, &ret_query->skip);
}

static bool is_value(const struct rd_json *value, struct rd_str wanted)
{
    if (rd_json_is(value, RD_JSON_BOOL))
        return rd_str_is(wanted, rd_json_is_true(value) ? "true" : "false");
    return rd_json_is(value, RD_JSON_STRING) && rd_str_eq_case(rd_json_str(value), wanted);
}

static bool fits_term(const struct em_graph_term *term, const struct rd_json *object)
{
    const struct rd_json *value = rd_json_get_case(object, term->name);
    if (term->how == EM_GRAPH_EQ)
        return is_value(value, term->value);
    if (term->how == EM_GRAPH_STARTS)
        return rd_str_has_prefix_case(rd_json_str(value), term->value) &&
               rd_json_is(value, RD_JSON_STRING);
    for (size_t i = 0; rd_json_is(value, RD_JSON_ARRAY) && i < rd_json_count(value); i++)
        if (is_value(rd_json_item(value, i), term->value))
            return true;
    return false;
}

bool em_graph_query_fits(const struct em_graph_query *query, const struct rd_json *object)
{
    for (size_t i = 0; i < query->term_count; i++)
        if (!fits_term(&query->terms[i], object))
            return false;
    return true;
}

void em_graph_query_select(struct em_exchange *ex, struct rd_str select, struct rd_json *object)
{
    struct rd_json shown = rd_json_object();
    struct rd_str name;
    if (select.n == 0)
        return;
    while (select.n > 0 && rd_str_next(&select, ',', &name)) {
        name = rd_str_trim(name);
        const struct rd_json *value = rd_json_get_case(object, name);
        if (!rd_json_is(value, RD_JSON_ABSENT))
            rd_json_set(ex->arena, &shown, name, *value);
    }
    const struct rd_json *type = rd_json_get(object, RD_STR("@odata.type"));
    if (rd_json_exists(type))
        rd_json_set_c(ex->arena, &shown, "@odata.type", *type);
    *object = shown;
}
