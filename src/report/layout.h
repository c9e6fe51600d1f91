/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_LAYOUT_H
#define REPORT_LAYOUT_H

/*
 * The boxes of the enclave's picture: a tree that is measured for a width and then drawn at a
 * place. What does not fit side by side is stacked, so that one tree serves wide and narrow pages.
 *
 *     struct node *card = layout_card(page, kind, name, detail);
 *     layout_add(page, chain, card); ...
 *     layout_measure(page, root, width);
 *     layout_place(root, x, y);      // positions become absolute; read them to draw links
 *     layout_draw(page, root);
 */

#include "html.h"

enum node_kind {
    NODE_CARD,
    NODE_CHAIN,  /* cards joined by arrows; stacked when they do not fit */
    NODE_FLOW,   /* left to right, wrapped */
    NODE_COLUMN, /* top to bottom */
    NODE_FRAME,  /* a titled border around its children, which are a column */
    NODE_HOSTS,  /* many small cells, the first few named */
    NODE_NETS,   /* two frames with room for links between them */
};

struct node {
    enum node_kind kind;
    struct rd_str label; /* "host pool": small, above the name */
    struct rd_str name;
    struct rd_str detail;
    struct rd_str tip; /* tooltip; the id */
    const char *class_name;
    bool is_missing;
    bool points_back; /* a chain whose arrows point to its beginning */
    bool is_stacked;  /* measured: a chain or pair of nets that runs downwards */
    int x, y, w, h;
    struct node **children;
    size_t child_count;
    size_t child_cap;
};

enum { LAYOUT_ARROW = 34, LAYOUT_LINK = 112, LAYOUT_LINK_DOWN = 58 };

struct node *layout_node(struct page *page, enum node_kind kind);
struct node *layout_card(struct page *page, struct rd_str label, struct rd_str name,
                         struct rd_str detail);
void layout_add(struct page *page, struct node *parent, struct node *child); /* NULL is ignored */
void layout_measure(struct page *page, struct node *node, int width);
void layout_place(struct node *node, int x, int y);
void layout_draw(struct page *page, const struct node *node);
/* A level or upright line with a head at its end, or at both. */
void layout_arrow(struct page *page, const char *class_name, int x1, int y1, int x2, int y2,
                  bool is_double);

#endif
