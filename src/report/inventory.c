/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "resource/unseen.h"
#include "sections.h"

enum { MISSING_NAMED_MAX = 40 };

struct kind {
    const struct rd_type *type;
    size_t desired, live, others;
};

static int by_name(const void *a, const void *b)
{
    const struct kind *x = a, *y = b;
    return rd_str_cmp_case(x->type->name, y->type->name);
}

static struct kind *kind_of(struct page *page, struct kind **kinds, size_t *count, size_t *cap,
                            const struct rd_type *type)
{
    for (size_t i = 0; i < *count; i++)
        if ((*kinds)[i].type == type)
            return &(*kinds)[i];
    *kinds = rd_arena_grow(page->arena, *kinds, *count, cap, sizeof(**kinds));
    (*kinds)[*count] = (struct kind){.type = type};
    return &(*kinds)[(*count)++];
}

static void write_kinds(struct page *page, const struct kind *kinds, size_t count)
{
    html_raw(page,
             "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Type</th>"
             "<th scope=\"col\" class=\"num\">Wanted</th><th scope=\"col\" class=\"num\">There"
             "</th><th scope=\"col\" class=\"num\">Not in the spec</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++) {
        html_format(page, "<tr%s><th scope=\"row\">",
                    kinds[i].live < kinds[i].desired ? " class=\"short\"" : "");
        html_text(page, kinds[i].type->label);
        html_raw(page, " ");
        html_element(page, "span", "muted", kinds[i].type->name);
        html_format(page,
                    "</th><td class=\"num\">%zu</td><td class=\"num\">%zu</td>"
                    "<td class=\"num\">%zu</td></tr>\n",
                    kinds[i].desired, kinds[i].live, kinds[i].others);
    }
    html_raw(page, "</tbody></table></div>\n");
}

static bool is_not_there(const struct page *page, const struct rd_resource *resource)
{
    return html_is_missing(page, resource) && !rd_set_is_unseen(page->input->live, resource->id);
}

static void write_unseen(struct page *page)
{
    struct rd_unseen *items = NULL;
    size_t count = rd_unseen_gather(page->arena, rd_set_unseen(page->input->live), &items);
    for (size_t i = 0; i < count; i++)
        html_element(page, "p", NULL,
                     rd_arena_printf(page->arena, "Not seen: %.*s%s%.*s.", RD_FMT(items[i].what),
                                     items[i].role.n > 0 ? ", seen with " : "",
                                     RD_FMT(items[i].role)));
}

static void write_missing(struct page *page, const struct rd_set *desired)
{
    size_t count = 0, shown = 0;
    if (page->input->live == NULL)
        return;
    write_unseen(page);
    for (size_t i = 0; i < desired->count; i++)
        count += is_not_there(page, &desired->resources[i]) ? 1 : 0;
    if (count == 0)
        return;
    html_format(page,
                "<details class=\"fold\"><summary>Not there <span class=\"count\">%zu</span>"
                "</summary><ul class=\"ids\">\n",
                count);
    for (size_t i = 0; i < desired->count && shown < MISSING_NAMED_MAX; i++) {
        if (!is_not_there(page, &desired->resources[i]))
            continue;
        html_element(page, "li", NULL, desired->resources[i].id);
        shown++;
    }
    if (shown < count)
        html_format(page, "<li>and %zu more</li>", count - shown);
    html_raw(page, "</ul></details>\n");
}

void section_inventory(struct page *page)
{
    const struct rd_set *desired = page->input->desired, *live = page->input->live;
    struct kind *kinds = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = 0; desired != NULL && i < desired->count; i++) {
        if (desired->resources[i].is_existing)
            continue;
        struct kind *kind = kind_of(page, &kinds, &count, &cap, desired->resources[i].type);
        kind->desired++;
        kind->live += html_is_missing(page, &desired->resources[i]) ? 0 : 1;
    }
    for (size_t i = 0; live != NULL && i < live->count; i++)
        if (desired == NULL || rd_set_find(desired, live->resources[i].id) == NULL)
            kind_of(page, &kinds, &count, &cap, live->resources[i].type)->others++;
    if (count == 0)
        return;
    qsort(kinds, count, sizeof(*kinds), by_name);
    html_raw(page, "<section id=\"inventory\"><h2>Inventory</h2>\n");
    if (desired != NULL)
        write_missing(page, desired);
    html_format(
        page,
        "<details class=\"fold\"><summary>By type <span class=\"count\">%zu</span></summary>\n",
        count);
    write_kinds(page, kinds, count);
    html_raw(page, "</details></section>\n");
}
