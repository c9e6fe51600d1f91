/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_CONDITION_H
#define RULES_CONDITION_H

/*
 * What a rule asks of a resource, compiled from its YAML when the rules are loaded: names are
 * checked, paths are split and patterns are compiled once. docs/rules.md describes the language.
 * Private to the module.
 *
 * A condition is answered with yes, no or unknown: unknown when it hangs on a value that only
 * exists once something else is deployed, on a fact that nobody gave, or on a resource outside the
 * set. Unknown never becomes a pass.
 */

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "resource/type.h"
#include "rules/rules.h"
#include "json/json.h"

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

/* Where a path starts. */
enum root {
    ROOT_ITEM,    /* path: the resource, or the item of an array inside every, some, none */
    ROOT_SUBJECT, /* subject: always the resource that the rule looks at */
    ROOT_FACT,    /* fact: a fact of the set */
    ROOT_SET,     /* set: name or cloud */
};

enum operator_id {
    OP_EXISTS,
    OP_EQUALS,
    OP_IN,
    OP_MATCHES,
    OP_MENTIONS,
    OP_MIN,
    OP_MAX,
    OP_CONTAINS,
    OP_STARTS_WITH,
    OP_ENDS_WITH,
    OP_CIDR_WITHIN,
    OP_PREFIX_MAX,
    OP_SIZE_MIN,
    OP_SIZE_MAX,
    OP_LENGTH_MAX,
    OP_RDP,
    OP_EVERY,
    OP_SOME,
    OP_NONE,
    OP_DECODED,
    OP_SAME_AS,
    OP_CONTAINS_BY,
    OP_HOST_BELOW,
    OP_IS_SECRET,
    OP_COUNT,
};

struct path {
    enum root root;
    struct rd_str text;
    struct rd_str *segments;
    size_t count;
    bool is_place; /* ends in a region's name: spaces do not count */
};

struct test {
    enum operator_id op;
    const struct rd_json *argument;
    const regex_t *pattern;  /* OP_MATCHES, OP_MENTIONS */
    struct condition *inner; /* OP_EVERY, OP_SOME, OP_NONE, OP_DECODED */
    struct path other;       /* OP_SAME_AS, OP_CONTAINS_BY, OP_HOST_BELOW */
};

enum follow_kind {
    FOLLOW_PATH,     /* what a value of the resource refers to */
    FOLLOW_PARENT,   /* the resource it is a child of, or on */
    FOLLOW_CHILDREN, /* resources of a type directly below or on it */
    FOLLOW_BY,       /* resources of a type whose body refers to it */
    FOLLOW_COVERING, /* resources of a type on it, on its group or on its subscription */
    FOLLOW_ALL,      /* all resources of a type in the set */
};

enum quantifier { QUANTIFIER_SOME, QUANTIFIER_EVERY, QUANTIFIER_NONE, QUANTIFIER_COUNT };

struct follow {
    enum follow_kind kind;
    struct path path;
    const struct rd_type *type; /* NULL for any */
    struct condition *where;    /* NULL for all */
    enum quantifier quantifier;
    struct condition *holds; /* NULL with QUANTIFIER_COUNT */
    int64_t count_min, count_max;
};

enum condition_kind {
    CONDITION_ALL,
    CONDITION_ANY,
    CONDITION_NOT,
    CONDITION_VALUE,
    CONDITION_FOLLOW,
    CONDITION_ALLOWS,
};

struct condition {
    enum condition_kind kind;
    struct condition **parts; /* ALL, ANY, NOT */
    size_t part_count;
    struct path path; /* VALUE */
    struct test *tests;
    size_t test_count;
    struct follow *follow;         /* FOLLOW */
    const struct rd_json *allowed; /* ALLOWS: endpoints that a firewall policy must let through */
};

/* The compiled part of a rule. */
struct rd_rule_body {
    const struct rd_type *type; /* NULL: the rule looks at the set as a whole */
    struct condition *when;
    struct condition *given; /* about the set: without it the rule has no subject */
    struct condition *must;
    struct path unique, prefix_free, uniform;
    bool is_absent, has_count, is_live_only;
    int64_t count_min, count_max;
    struct rd_str message;
};

/* What a rule is being compiled from, for messages. */
struct rule_place {
    const char *file; /* "rules/cvm" */
    struct rd_str rule;
};

/* INVALID: "FILE: rule 'RULE': WHAT 'WORD'", with a hint. */
RD_NODISCARD enum rd_rc rule_refuse(const struct rule_place *place, struct rd_err *err,
                                    const char *what, struct rd_str word, const char *hint);
/* Compiles a condition. `type` is what its paths are relative to, or NULL when anything goes.
 * Errors: INVALID, naming file, rule and the word that is not known. */
RD_NODISCARD enum rd_rc
rule_condition_compile(struct rd_arena *arena, const struct rule_place *place,
                       const struct rd_type *type, const struct rd_json *row,
                       struct condition **ret_condition, struct rd_err *err);
RD_NODISCARD enum rd_rc rule_path_compile(struct rd_arena *arena, const struct rule_place *place,
                                          enum root root, const struct rd_type *type,
                                          struct rd_str text, struct path *ret_path,
                                          struct rd_err *err);
RD_NODISCARD enum rd_rc rule_type_compile(const struct rule_place *place,
                                          const struct rd_json *name,
                                          const struct rd_type **ret_type, struct rd_err *err);
/* The operators and what they ask, for messages and for docs/rules.md. */
const char *rule_operator_name(enum operator_id op);
const char *rule_operator_text(enum operator_id op);

#endif
