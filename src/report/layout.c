/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

enum {
    GAP = 14,
    CARD_WIDTH = 202,
    CARD_WIDTH_MIN = 150,
    CARD_HEIGHT = 62,
    CARD_PAD = 10,
    FRAME_PAD = 13,
    TITLE_HEIGHT = 27,
    NOTE_HEIGHT = 20,
    CELL_WIDTH_MIN = 92,
    CELL_HEIGHT = 26,
    CELL_GAP = 6,
    HEAD = 8,       /* an arrow's, in pixels; even */
    HUB_SHARE = 34, /* of the width of a pair of nets, in percent */
};

struct node *layout_node(struct page *page, enum node_kind kind)
{
    struct node *node = rd_arena_zalloc(page->arena, sizeof(*node));
    node->kind = kind;
    node->class_name = "";
    return node;
}

struct node *layout_card(struct page *page, struct rd_str label, struct rd_str name,
                         struct rd_str detail)
{
    struct node *card = layout_node(page, NODE_CARD);
    card->label = label;
    card->name = name;
    card->detail = detail;
    card->tip = name;
    return card;
}

void layout_add(struct page *page, struct node *parent, struct node *child)
{
    if (child == NULL)
        return;
    parent->children = rd_arena_grow(page->arena, parent->children, parent->child_count,
                                     &parent->child_cap, sizeof(struct node *));
    parent->children[parent->child_count++] = child;
}

/* Measuring: children get positions relative to their parent ----------------------------------- */

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static void measure_column(struct page *page, struct node *node, int width, int gap)
{
    int y = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        struct node *child = node->children[i];
        layout_measure(page, child, width);
        child->x = 0;
        child->y = y;
        y += child->h + gap;
        node->w = max_int(node->w, child->w);
    }
    node->h = max_int(0, y - gap);
}

static void measure_chain(struct page *page, struct node *node, int width)
{
    int count = (int)node->child_count;
    int needed = count * CARD_WIDTH_MIN + (count - 1) * LAYOUT_ARROW;
    if (count > 1 && needed > width) {
        node->is_stacked = true;
        measure_column(page, node, width, LAYOUT_ARROW);
        return;
    }
    int card_width = count == 0 ? 0 : (width - (count - 1) * LAYOUT_ARROW) / count;
    if (card_width > CARD_WIDTH)
        card_width = CARD_WIDTH;
    int x = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        struct node *child = node->children[i];
        layout_measure(page, child, card_width);
        child->x = x;
        x += child->w + LAYOUT_ARROW;
        node->h = max_int(node->h, child->h);
    }
    node->w = max_int(0, x - LAYOUT_ARROW);
}

static void measure_flow(struct page *page, struct node *node, int width)
{
    int x = 0, y = 0, row_height = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        struct node *child = node->children[i];
        layout_measure(page, child, width);
        if (x > 0 && x + child->w > width) {
            x = 0;
            y += row_height + GAP;
            row_height = 0;
        }
        child->x = x;
        child->y = y;
        x += child->w + GAP + GAP;
        row_height = max_int(row_height, child->h);
        node->w = max_int(node->w, child->x + child->w);
    }
    node->h = y + row_height;
}

static void measure_frame(struct page *page, struct node *node, int width)
{
    measure_column(page, node, width - 2 * FRAME_PAD, GAP);
    for (size_t i = 0; i < node->child_count; i++) {
        node->children[i]->x += FRAME_PAD;
        node->children[i]->y += TITLE_HEIGHT + 4;
    }
    node->w = width;
    node->h += TITLE_HEIGHT + 4 + FRAME_PAD;
    if (node->detail.n > 0)
        node->h += node->child_count > 0 ? NOTE_HEIGHT : NOTE_HEIGHT - FRAME_PAD;
}

static void measure_hosts(struct node *node, int width)
{
    int columns = max_int(1, (width + CELL_GAP) / (CELL_WIDTH_MIN + CELL_GAP));
    int cell = (width - (columns - 1) * CELL_GAP) / columns;
    for (size_t i = 0; i < node->child_count; i++) {
        struct node *child = node->children[i];
        child->x = (int)i % columns * (cell + CELL_GAP);
        child->y = (int)i / columns * (CELL_HEIGHT + CELL_GAP);
        child->w = cell;
        child->h = CELL_HEIGHT;
    }
    int rows = ((int)node->child_count + columns - 1) / columns;
    node->w = width;
    node->h = max_int(0, rows * (CELL_HEIGHT + CELL_GAP) - CELL_GAP);
}

static void measure_nets(struct page *page, struct node *node, int width)
{
    int least = 2 * CARD_WIDTH_MIN + LAYOUT_ARROW + 2 * FRAME_PAD;
    node->w = width;
    if (node->child_count == 2 && width >= 2 * least + LAYOUT_LINK) {
        struct node *first = node->children[0], *second = node->children[1];
        layout_measure(page, first, (width - LAYOUT_LINK) * HUB_SHARE / 100);
        second->x = first->w + LAYOUT_LINK;
        layout_measure(page, second, width - second->x);
        node->h = max_int(first->h, second->h);
        first->h = second->h = node->h; /* level at the bottom too */
        return;
    }
    node->is_stacked = true;
    measure_column(page, node, width, LAYOUT_LINK_DOWN);
}

void layout_measure(struct page *page, struct node *node, int width)
{
    node->w = node->h = 0;
    switch (node->kind) {
    case NODE_CARD:
        node->w = width < CARD_WIDTH || width < 2 * CARD_WIDTH_MIN + GAP ? width : CARD_WIDTH;
        node->h = CARD_HEIGHT;
        break;
    case NODE_CHAIN:
        measure_chain(page, node, width);
        break;
    case NODE_FLOW:
        measure_flow(page, node, width);
        break;
    case NODE_COLUMN:
        measure_column(page, node, width, GAP);
        break;
    case NODE_FRAME:
        measure_frame(page, node, width);
        break;
    case NODE_HOSTS:
        measure_hosts(node, width);
        break;
    case NODE_NETS:
        measure_nets(page, node, width);
        break;
    }
}

void layout_place(struct node *node, int x, int y)
{
    node->x += x;
    node->y += y;
    for (size_t i = 0; i < node->child_count; i++)
        layout_place(node->children[i], node->x, node->y);
}

/* Drawing -------------------------------------------------------------------------------------- */

/* Along an axis only: heads are drawn, because markers do not take the line's colour everywhere. */
static void draw_head(struct page *page, const char *class_name, int x, int y, int dx, int dy)
{
    html_format(page, "<path class=\"head %s\" d=\"M%d %dl%d %dl%d %dz\"/>\n", class_name, x, y,
                -HEAD * dx - HEAD / 2 * dy, -HEAD * dy - HEAD / 2 * dx, HEAD * dy, HEAD * dx);
}

void layout_arrow(struct page *page, const char *class_name, int x1, int y1, int x2, int y2,
                  bool is_double)
{
    int dx = (x2 > x1) - (x2 < x1), dy = (y2 > y1) - (y2 < y1);
    int from = is_double ? HEAD - 1 : 0;
    html_format(page, "<path class=\"link %s\" d=\"M%d %dL%d %d\"/>", class_name, x1 + dx * from,
                y1 + dy * from, x2 - dx * (HEAD - 1), y2 - dy * (HEAD - 1));
    draw_head(page, class_name, x2, y2, dx, dy);
    if (is_double)
        draw_head(page, class_name, x1, y1, -dx, -dy);
}

static void open_group(struct page *page, const struct node *node, const char *kind)
{
    html_format(page, "<g class=\"%s %s%s\"><title>", kind, node->class_name,
                node->is_missing ? " gone" : "");
    if (node->label.n > 0) {
        html_text(page, node->label);
        html_raw(page, " ");
    }
    html_text(page, node->tip);
    html_raw(page, node->is_missing ? " (not there)</title>\n" : "</title>\n");
    html_format(page, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n", node->x,
                node->y, node->w, node->h, node->kind == NODE_FRAME ? 9 : 6);
}

static void draw_card(struct page *page, const struct node *card)
{
    open_group(page, card, "card");
    struct html_label label = {.x = card->x + CARD_PAD, .width = card->w - 2 * CARD_PAD};
    label.y = card->y + 18;
    label.size = 11;
    label.class_name = "kind";
    html_label(page, &label, card->label);
    label.y = card->y + 35;
    label.size = 13;
    label.is_bold = true;
    label.class_name = "name";
    html_label(page, &label, card->name);
    label.y = card->y + 52;
    label.size = 11;
    label.is_bold = false;
    label.class_name = "detail";
    html_label(page, &label, card->is_missing ? RD_STR("not there") : card->detail);
    html_raw(page, "</g>\n");
}

static void draw_chain(struct page *page, const struct node *chain)
{
    for (size_t i = 0; i + 1 < chain->child_count; i++) {
        const struct node *a = chain->children[i], *b = chain->children[i + 1];
        int x1 = a->x + a->w + 4, y1 = a->y + a->h / 2, x2 = b->x - 4, y2 = y1;
        if (chain->is_stacked) {
            x1 = x2 = a->x + a->w / 2;
            y1 = a->y + a->h + 4;
            y2 = b->y - 4;
        }
        if (chain->points_back)
            layout_arrow(page, chain->class_name, x2, y2, x1, y1, false);
        else
            layout_arrow(page, chain->class_name, x1, y1, x2, y2, false);
    }
}

static void draw_frame(struct page *page, const struct node *frame)
{
    open_group(page, frame, "frame");
    struct html_label label = {.x = frame->x + FRAME_PAD,
                               .y = frame->y + 19,
                               .size = 11,
                               .class_name = "kind",
                               .width = frame->w - 2 * FRAME_PAD};
    html_label(page, &label, frame->label);
    int taken = html_width(frame->label, label.size, false) + 7;
    if (taken < label.width) {
        label.x += taken;
        label.width -= taken;
        label.size = 13;
        label.is_bold = true;
        label.class_name = "name";
        html_label(page, &label, frame->name);
    }
    if (frame->detail.n > 0) {
        label = (struct html_label){.x = frame->x + FRAME_PAD,
                                    .y = frame->y + frame->h - 12,
                                    .size = 11,
                                    .class_name = "detail",
                                    .width = frame->w - 2 * FRAME_PAD};
        html_label(page, &label, frame->detail);
    }
    html_raw(page, "</g>\n");
}

static void draw_cell(struct page *page, const struct node *cell)
{
    open_group(page, cell, "cell");
    struct html_label label = {.x = cell->x + cell->w / 2,
                               .y = cell->y + 17,
                               .size = 12,
                               .anchor = HTML_MIDDLE,
                               .class_name = "name",
                               .width = cell->w - 8};
    html_label(page, &label, cell->name);
    html_raw(page, "</g>\n");
}

void layout_draw(struct page *page, const struct node *node)
{
    if (node->kind == NODE_CARD)
        draw_card(page, node);
    if (node->kind == NODE_FRAME)
        draw_frame(page, node);
    if (node->kind == NODE_CHAIN)
        draw_chain(page, node);
    for (size_t i = 0; i < node->child_count; i++) {
        if (node->kind == NODE_HOSTS)
            draw_cell(page, node->children[i]);
        else
            layout_draw(page, node->children[i]);
    }
}
