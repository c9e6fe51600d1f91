/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

/* The parts of the picture, found in the desired set: cards and chains of cards. */

#include "layout.h"

struct picture {
    struct page *page;
    const struct rd_set *set;
    bool *is_drawn; /* by index in the set: the others are counted in a frame's last line */
};

/* The `nth` resource of a type, or NULL; the short type is matched at the end ("/hostPools"). */
const struct rd_resource *parts_find(const struct picture *picture, const char *type, size_t nth);
size_t parts_count(const struct picture *picture, const char *type);
bool parts_is_live(const struct page *page, struct rd_str id);
/* The live body where there is one, else the desired. */
const struct rd_json *parts_body(const struct page *page, const struct rd_resource *resource);

/* A card for a resource, which counts as drawn then; NULL for NULL. */
struct node *parts_card(struct picture *picture, const struct rd_resource *resource,
                        struct rd_str detail);
/* Each is NULL when the set has none of it. */
struct node *parts_desktops(struct picture *picture); /* workspace, application group, host pool */
struct node *parts_keys(struct picture *picture);     /* store, key, disk encryption set, disks */
struct node *parts_image(struct picture *picture);    /* template, gallery, definition, version */
struct node *parts_secrets(struct picture *picture);
struct node *parts_logs(struct picture *picture);
struct node *parts_backup(struct picture *picture);
/* The session hosts: a grid with a line about them in `ret_detail`. */
struct node *parts_hosts(struct picture *picture, struct rd_str *ret_detail);

#endif
