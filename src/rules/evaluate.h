/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_EVALUATE_H
#define RULES_EVALUATE_H

/* Answers a compiled condition for one resource, and remembers what was looked at last, which is
 * what a finding points at. Private to the module. */

#include "condition.h"
#include "index.h"

enum { LOOK_DEPTH_MAX = 6 };

/* The value that decided: a path, inside items of arrays. */
struct look {
    const struct rd_resource *resource; /* NULL: the set */
    struct {
        const struct path *path;
        size_t item;
    } steps[LOOK_DEPTH_MAX];
    size_t depth;
    const struct path *path; /* NULL when no field decided */
    const struct rd_json *value;
    struct rd_str missing; /* what nothing in the set provides, or "" */
};

struct evaluation {
    struct rd_arena *arena;
    const struct set_index *index;
    const struct rd_resource *subject; /* NULL: the set as a whole */
    struct look look;
};

enum answer rule_answer(struct evaluation *evaluation, const struct condition *condition);
/* The value at a path of the evaluation's subject. */
const struct rd_json *rule_subject_value(struct evaluation *evaluation, const struct path *path);

/* Comparisons, without any set. */
bool rule_scalar_eq(bool is_place, const struct rd_json *a, const struct rd_json *b);
bool rule_text_eq(bool is_place, struct rd_str a, struct rd_str b);
/* Whether `text` is an IPv4 range (or address) inside `range`; false when either is malformed. */
bool rule_cidr_within(struct rd_str text, struct rd_str range);
/* The number of prefix bits, or -1 when `text` is no IPv4 range. */
int rule_cidr_prefix(struct rd_str text);
/* The value of one RDP property in "name:type:value;..."; false when it is not set. */
bool rule_rdp_value(struct rd_str properties, struct rd_str name, struct rd_str *ret_value);
/* Whether `url` is https and its host, with a port that is not the usual one, a name below
 * `suffix`.
 */
bool rule_host_below(struct rd_str url, struct rd_str suffix);
/* Whether an FQDN pattern of an application rule covers a host, which may be a pattern too. */
bool rule_fqdn_covers(struct rd_str pattern, struct rd_str host);

/* Whether a firewall policy lets all endpoints through; names those it does not in the look. */
enum answer rule_policy_allows(struct evaluation *evaluation, const struct rd_resource *policy,
                               const struct rd_json *endpoints);

#endif
