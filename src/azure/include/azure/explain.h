/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_EXPLAIN_H
#define AZURE_EXPLAIN_H

/*
 * What Azure's errors mean, for people: the rows of data/errors.yaml as values, and a finder of
 * error codes in whatever Azure and its tools print. The client classifies and explains by the same
 * rows (rd_error_classify, rd_error_explain), so an error is told in one way wherever it shows.
 *
 *     rd_error_find(arena, text, &list);
 *     for (size_t i = 0; i < list.count; i++)
 *         if (rd_explanation_of(&list.items[i], &explanation)) ...
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

/* A row of the table; views into it. */
struct rd_explanation {
    struct rd_str code; /* "" when Azure sends this text without a code of its own */
    struct rd_str text; /* part of the message that must be met too, or "" */
    int status;         /* HTTP status that must be met too, or 0 */
    struct rd_str group;
    enum rd_rc rc; /* as what redoubt fails with it */
    bool is_state; /* no error: what a machine, an agent or a run says of itself */
    struct rd_str meaning;
    struct rd_str remedy;
    struct rd_str who; /* has to act; "nobody" when it passes */
    struct rd_str source;
    struct rd_str date; /* of the source's last look, YYYY-MM-DD */
};

size_t rd_explanation_count(void);
struct rd_explanation rd_explanation_at(size_t index);

struct rd_error_found {
    struct rd_str code;    /* as the table spells it, or as it stands there; "" for a text alone */
    struct rd_str message; /* Azure's text beside it, or "" */
    int depth;             /* how deep inside of other errors */
    const struct rd_json *row; /* of the table, or rd_json_absent: not known */
};

struct rd_error_list {
    struct rd_error_found *items; /* innermost first; each code and meaning once */
    size_t count;
};

/*
 * Every error in `text`, which may be an ARM error in any of its envelopes (details, innererror,
 * OData, escaped JSON in messages, without `error`), an OAuth, Graph or Key Vault error, the body
 * of an operation, a session host, an instance view, or text that az, PowerShell, Terraform or a
 * log wrote, with JSON in it or not. Unknown codes are found where a code must stand. Never fails:
 * text without an error gives an empty list. UTF-16 with a byte order mark, as Windows writes, is
 * read.
 */
void rd_error_find(struct rd_arena *arena, struct rd_str text, struct rd_error_list *ret_list);

/* False when its code is not in the table. */
bool rd_explanation_of(const struct rd_error_found *found, struct rd_explanation *ret_explanation);

enum { RD_EXPLAIN_NEAR_MAX = 5 };
/* Known codes that `code` may have been meant for, the nearest first; how many. */
size_t rd_explain_nearest(struct rd_str code, struct rd_str ret_near[RD_EXPLAIN_NEAR_MAX]);

#endif
