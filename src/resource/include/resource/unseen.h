/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_UNSEEN_H
#define RESOURCE_UNSEEN_H

/*
 * What a live set does not show because the cloud refused to show it to whoever read it: its fact
 * "unseen", an array of the ids that were asked for. Such a resource may be there or not; nobody
 * may take it for missing. Column shown_by of data/types.yaml says who sees it.
 */

#include "resource/set.h"

/* The fact of a set, or absent. */
const struct rd_json *rd_set_unseen(const struct rd_set *live);
bool rd_set_is_unseen(const struct rd_set *live, struct rd_str id);

/* Those of one type in one place. */
struct rd_unseen {
    const struct rd_type *type; /* NULL: no row knows it */
    struct rd_str place;        /* what contains them, or "" */
    size_t count;
    struct rd_str what; /* "3 HSM role assignments in managed HSM 'hsm01'" */
    struct rd_str role; /* "the role Managed HSM Crypto Auditor inside it", or "" */
};

/* In order of the first of each; `ids` is the fact, or absent. Returns how many. */
size_t rd_unseen_gather(struct rd_arena *arena, const struct rd_json *ids,
                        struct rd_unseen **ret_items);
/* "what (seen with role)" of all, separated by "; ". */
struct rd_str rd_unseen_text(struct rd_arena *arena, const struct rd_json *ids);

#endif
