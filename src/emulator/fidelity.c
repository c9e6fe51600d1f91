/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <string.h>

#include "facts/facts.h"

/* docs/fidelity.md: each emulated type and route with its source, what the tables say about
 * behaviour and certainty, and what is not emulated. */

enum { DOCUMENT_SIZE_MAX = 4 << 20 };

static void add_cell(struct rd_buf *out, struct rd_str text)
{
    rd_buf_add(out, RD_STR("| "));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|')
            rd_buf_add_char(out, '\\');
        rd_buf_add_char(out, text.p[i] == '\n' ? ' ' : text.p[i]);
    }
    rd_buf_add_char(out, ' ');
}

static const char *async_word(enum em_async async)
{
    switch (async) {
    case EM_SYNC:
        return "at once";
    case EM_ASYNC_OPERATION:
        return "Azure-AsyncOperation";
    case EM_LOCATION:
        return "Location";
    case EM_BOTH:
        return "Azure-AsyncOperation and Location";
    case EM_POLL_RESOURCE:
        break;
    }
    return "poll the resource";
}

static void add_types(struct rd_buf *out)
{
    size_t count;
    const struct em_part *const *parts = em_parts(&count);
    rd_buf_add_c(out, "## Resource types\n\n"
                      "| type | asynchronous | source |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->type_count; k++) {
            const struct em_type *type = &parts[i]->types[k];
            if (type->is_internal)
                continue;
            add_cell(out, rd_str_from(type->name));
            add_cell(out, rd_str_from(async_word(type->async)));
            add_cell(out, rd_str_from(type->source == NULL ? "none named" : type->source));
            rd_buf_add_c(out, "|\n");
        }
    rd_buf_add_char(out, '\n');
}

static void add_routes(struct rd_buf *out)
{
    size_t count;
    const struct em_part *const *parts = em_parts(&count);
    rd_buf_add_c(out, "## Other requests\n\n| request | source |\n| --- | --- |\n");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->route_count; k++) {
            const struct em_route *route = &parts[i]->routes[k];
            if (route->source == NULL)
                continue;
            rd_buf_printf(out, "| %s `%s` ", rd_http_method_name(route->method), route->path);
            add_cell(out, rd_str_from(route->source));
            rd_buf_add_c(out, "|\n");
        }
    rd_buf_add_char(out, '\n');
}

static void add_rows(struct rd_buf *out, const char *table_name)
{
    const struct rd_json *table;
    table = rd_facts_embedded(table_name);
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        if (rd_str_is(rd_json_str(rd_json_get(row, RD_STR("sure"))), "absent"))
            continue;
        add_cell(out, rd_json_str(rd_json_get(row, RD_STR("what"))));
        add_cell(out, rd_json_str(rd_json_get(row, RD_STR("source"))));
        add_cell(out, rd_json_str(rd_json_get(row, RD_STR("date"))));
        add_cell(out, rd_json_str(rd_json_get(row, RD_STR("sure"))));
        rd_buf_add_c(out, "|\n");
    }
}

static void add_absent(struct rd_buf *out, const char *table_name)
{
    const struct rd_json *table = rd_facts_embedded(table_name);
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json *row = rd_json_item(table, i);
        struct rd_str what = rd_json_str(rd_json_get(row, RD_STR("what")));
        if (rd_str_is(rd_json_str(rd_json_get(row, RD_STR("sure"))), "absent"))
            rd_buf_printf(out, "* %.*s\n", RD_FMT(what));
    }
}

static void for_each_ledger(struct rd_buf *out, void (*add)(struct rd_buf *, const char *))
{
    size_t count;
    const char *const *names = rd_facts_names(&count);
    for (size_t i = 0; i < count; i++)
        if (strncmp(names[i], "emulator/fidelity", strlen("emulator/fidelity")) == 0)
            add(out, names[i]);
}

struct rd_str rd_cloud_fidelity_document(struct rd_arena *arena)
{
    struct rd_buf out;
    rd_buf_init(&out, DOCUMENT_SIZE_MAX);
    rd_buf_add_c(&out,
                 "# What the embedded cloud emulates\n\n"
                 "Made from the tables of `src/emulator` and `data/emulator`: do not edit. "
                 "Sources named by a page and a section are the notes that redoubt was written "
                 "from (snapshot 2026-11-21). *recorded* was seen in a real exchange, *documented* "
                 "in the vendor's documents, *memory* is general knowledge that nobody checked, "
                 "*invented* stands where the real value is not known.\n\n");
    add_types(&out);
    add_routes(&out);
    rd_buf_add_c(&out, "## Behaviour\n\n| what | source | date | how sure |\n"
                       "| --- | --- | --- | --- |\n");
    for_each_ledger(&out, add_rows);
    rd_buf_add_c(&out, "\n## Not emulated\n\nA request for something that is not listed above is "
                       "refused with an error that says so.\n\n");
    for_each_ledger(&out, add_absent);
    struct rd_str document = rd_arena_str(arena, rd_buf_str(&out));
    rd_buf_done(&out);
    return document;
}
