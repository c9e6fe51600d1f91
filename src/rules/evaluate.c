/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate.h"

#include <string.h>

#include "crypto/hash.h"

/* What paths are relative to right now: the resource, or an item of one of its arrays. */
struct scope {
    const struct rd_resource *resource; /* NULL: the set */
    const struct rd_json *item;
    const struct scope *outer; /* NULL at the resource itself */
    const struct path *path;   /* of the array in `outer` */
    size_t number;
};

static enum answer answer_in(struct evaluation *evaluation, const struct scope *scope,
                             const struct condition *condition);

static enum answer from_bool(bool is_so)
{
    return is_so ? ANSWER_YES : ANSWER_NO;
}

static void remember(struct evaluation *evaluation, const struct scope *scope,
                     const struct path *path, const struct rd_json *value)
{
    struct look *look = &evaluation->look;
    look->resource = scope->resource;
    look->path = path;
    look->value = value;
    look->missing = RD_STR("");
    look->depth = 0;
    for (const struct scope *s = scope; s->outer != NULL && look->depth < LOOK_DEPTH_MAX;
         s = s->outer) {
        look->steps[look->depth].path = s->path;
        look->steps[look->depth++].item = s->number;
    }
}

static const struct rd_json *walk(const struct rd_json *value, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        int64_t number = 0;
        if (rd_json_is(value, RD_JSON_ARRAY)) {
            if (!rd_str_to_int(path->segments[i], 0, INT32_MAX, &number))
                return &rd_json_absent;
            value = rd_json_item(value, (size_t)number);
            continue;
        }
        const struct rd_json *next = rd_json_get(value, path->segments[i]);
        if (next->type == RD_JSON_ABSENT)
            next = rd_json_get_case(value, path->segments[i]); /* a live body may differ in case */
        value = next;
    }
    return value;
}

/* $after: the ids that a resource of a spec is made to wait for; absent when there are none. */
static const struct rd_json *after_value(struct evaluation *evaluation,
                                         const struct rd_resource *resource)
{
    struct rd_json *list = rd_arena_zalloc(evaluation->arena, sizeof(*list));
    if (resource->after_count == 0)
        return &rd_json_absent;
    *list = rd_json_array();
    for (size_t i = 0; i < resource->after_count; i++)
        (void)rd_json_append(evaluation->arena, list, rd_json_string(resource->after[i]));
    return list;
}

/* What a resource's id says: $id, $name, $group, $subscription, $parent. */
static const struct rd_json *pseudo_value(struct evaluation *evaluation,
                                          const struct rd_resource *resource, struct rd_str name)
{
    struct rd_arm_id id = {0};
    if (resource == NULL || !rd_arm_id_parse(resource->id, &id))
        return &rd_json_absent;
    if (rd_str_is(name, "$after"))
        return after_value(evaluation, resource);
    struct rd_str text = rd_str_is(name, "$id")             ? resource->id
                         : rd_str_is(name, "$name")         ? resource->name
                         : rd_str_is(name, "$group")        ? id.resource_group
                         : rd_str_is(name, "$subscription") ? id.subscription
                                                            : id.parent;
    struct rd_json *value = rd_arena_zalloc(evaluation->arena, sizeof(*value));
    *value = rd_json_string(text);
    return value;
}

static const struct rd_json *value_at(struct evaluation *evaluation, const struct scope *scope,
                                      const struct path *path)
{
    const struct rd_set *set = evaluation->index->set;
    const struct rd_resource *resource =
        path->root == ROOT_SUBJECT ? evaluation->subject : scope->resource;
    if (path->root == ROOT_FACT)
        return walk(&set->facts, path);
    if (path->root == ROOT_SET) {
        struct rd_json *value = rd_arena_zalloc(evaluation->arena, sizeof(*value));
        *value = rd_json_string(rd_str_is(path->text, "cloud") ? set->cloud : set->name);
        return value;
    }
    if (path->count == 1 && path->segments[0].p[0] == '$')
        return pseudo_value(evaluation, resource, path->segments[0]);
    if (path->root == ROOT_SUBJECT)
        return resource == NULL ? &rd_json_absent : walk(&resource->body, path);
    return walk(scope->item, path);
}

const struct rd_json *rule_subject_value(struct evaluation *evaluation, const struct path *path)
{
    const struct rd_resource *subject = evaluation->subject;
    struct scope scope = {.resource = subject,
                          .item = subject == NULL ? &rd_json_absent : &subject->body};
    return value_at(evaluation, &scope, path);
}

/* Single values ------------------------------------------------------------------------------- */

bool rule_scalar_eq(bool is_place, const struct rd_json *a, const struct rd_json *b)
{
    if (rd_json_is(a, RD_JSON_STRING) && rd_json_is(b, RD_JSON_STRING))
        return rule_text_eq(is_place, rd_json_str(a), rd_json_str(b));
    return rd_json_eq(a, b);
}

static bool is_in(bool is_place, const struct rd_json *value, const struct rd_json *list)
{
    for (size_t i = 0; i < rd_json_count(list); i++)
        if (rule_scalar_eq(is_place, value, rd_json_item(list, i)))
            return true;
    return false;
}

static bool matches(const struct rd_json *value, const regex_t *pattern)
{
    if (!rd_json_is(value, RD_JSON_STRING))
        return false;
    struct rd_str text = rd_json_str(value);
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)text.n};
    return regexec(pattern, text.p != NULL ? text.p : "", 1, &range, REG_STARTEND) == 0;
}

static bool mentions(const struct rd_json *value, const regex_t *pattern)
{
    bool is_array = rd_json_is(value, RD_JSON_ARRAY);
    for (size_t i = 0; i < rd_json_count(value); i++)
        if (mentions(is_array ? &value->u.items[i] : &value->u.members[i].value, pattern))
            return true;
    return matches(value, pattern);
}

static bool contains(const struct rd_json *value, const struct rd_json *part)
{
    if (rd_json_is(value, RD_JSON_STRING))
        return rd_str_find_case(rd_json_str(value), rd_json_str(part), 0) != RD_STR_NONE;
    return rd_json_is(value, RD_JSON_ARRAY) && is_in(false, part, value);
}

static bool has_rdp(struct rd_str properties, const struct rd_json *wanted)
{
    for (size_t i = 0; i < rd_json_count(wanted); i++) {
        const struct rd_json_member *member = &wanted->u.members[i];
        struct rd_str value = RD_STR("");
        bool is_set = rule_rdp_value(properties, member->key, &value);
        if (is_set != rd_json_exists(&member->value))
            return false;
        if (is_set && !rd_str_eq_case(value, rd_json_str(&member->value)))
            return false;
    }
    return true;
}

static bool starts_or_ends(const struct test *test, struct rd_str text)
{
    struct rd_str part = rd_json_str(test->argument);
    return test->op == OP_STARTS_WITH ? rd_str_has_prefix_case(text, part)
                                      : rd_str_has_suffix_case(text, part);
}

/* Operators that need nothing but the value. */
static bool holds(const struct test *test, bool is_place, const struct rd_json *value)
{
    struct rd_str text = rd_json_str(value);
    int64_t limit = rd_json_int(test->argument, 0);
    int64_t size = (int64_t)rd_json_count(value);
    bool is_number = rd_json_is(value, RD_JSON_INT) || rd_json_is(value, RD_JSON_NUMBER);
    switch (test->op) {
    case OP_EQUALS:
        return rule_scalar_eq(is_place, value, test->argument);
    case OP_IN:
        return is_in(is_place, value, test->argument);
    case OP_MATCHES:
        return matches(value, test->pattern);
    case OP_MENTIONS:
        return mentions(value, test->pattern);
    case OP_MIN:
        return is_number && rd_json_double(value, 0) >= (double)limit;
    case OP_MAX:
        return is_number && rd_json_double(value, 0) <= (double)limit;
    case OP_CONTAINS:
        return contains(value, test->argument);
    case OP_STARTS_WITH:
    case OP_ENDS_WITH:
        return starts_or_ends(test, text);
    case OP_CIDR_WITHIN:
        return rule_cidr_within(text, rd_json_str(test->argument));
    case OP_PREFIX_MAX:
        return rule_cidr_prefix(text) >= 0 && rule_cidr_prefix(text) <= limit;
    case OP_SIZE_MIN:
        return size >= limit;
    case OP_SIZE_MAX:
        return size <= limit;
    case OP_LENGTH_MAX:
        return text.n > 0 && (int64_t)text.n <= limit;
    case OP_RDP:
        return has_rdp(text, test->argument);
    case OP_EXISTS:
    case OP_EVERY:
    case OP_SOME:
    case OP_NONE:
    case OP_DECODED:
    case OP_SAME_AS:
    case OP_CONTAINS_BY:
    case OP_HOST_BELOW:
    case OP_IS_SECRET:
    case OP_COUNT:
        break;
    }
    return false;
}

/* Arrays and other values --------------------------------------------------------------------- */

static enum answer answer_items(struct evaluation *evaluation, const struct scope *scope,
                                const struct path *path, const struct test *test,
                                const struct rd_json *value)
{
    enum answer found = test->op == OP_EVERY ? ANSWER_YES : ANSWER_NO;
    size_t count = rd_json_count(value);
    bool is_unknown = false;
    bool is_array = rd_json_is(value, RD_JSON_ARRAY);
    for (size_t i = 0; i < count; i++) {
        const struct rd_json *item = is_array ? &value->u.items[i] : &value->u.members[i].value;
        struct scope inner = {scope->resource, item, scope, path, i};
        enum answer answer = answer_in(evaluation, &inner, test->inner);
        is_unknown |= answer == ANSWER_UNKNOWN;
        if (test->op == OP_EVERY && answer == ANSWER_NO)
            return ANSWER_NO;
        if (test->op != OP_EVERY && answer == ANSWER_YES)
            return from_bool(test->op == OP_SOME);
    }
    if (test->op != OP_EVERY || count == 0)
        remember(evaluation, scope, path, value);
    if (is_unknown)
        return ANSWER_UNKNOWN;
    if (count == 0)
        return from_bool(test->op == OP_NONE); /* "all of nothing" proves nothing */
    return test->op == OP_NONE ? ANSWER_YES : found;
}

static enum answer answer_decoded(struct evaluation *evaluation, const struct scope *scope,
                                  const struct test *test, const struct rd_json *value)
{
    struct rd_str text = RD_STR("");
    struct rd_json tree = *value;
    struct rd_err ignored;
    if (rd_json_is(value, RD_JSON_STRING) &&
        (!rd_base64_decode(evaluation->arena, rd_json_str(value), &text) ||
         rd_json_parse(evaluation->arena, "base64", text, 0, &tree, &ignored) != RD_RC_OK))
        return ANSWER_NO;
    struct rd_json *kept = rd_arena_zalloc(evaluation->arena, sizeof(*kept));
    *kept = tree;
    struct scope inner = *scope;
    inner.item = kept;
    return answer_in(evaluation, &inner, test->inner);
}

static enum answer answer_same(struct evaluation *evaluation, const struct scope *scope,
                               const struct test *test, bool is_place, const struct rd_json *value)
{
    const struct rd_json *other = value_at(evaluation, scope, &test->other);
    if (!rd_json_exists(other))
        return test->other.root == ROOT_FACT ? ANSWER_UNKNOWN : ANSWER_NO;
    if (set_index_is_reference(other))
        return ANSWER_UNKNOWN;
    return from_bool(rule_scalar_eq(is_place || test->other.is_place, value, other));
}

static enum answer answer_contains_by(struct evaluation *evaluation, const struct scope *scope,
                                      const struct test *test, const struct rd_json *value)
{
    const struct rd_json *key = value_at(evaluation, scope, &test->other);
    const struct rd_json *map = rd_json_get(test->argument, RD_STR("map"));
    for (size_t i = 0; i < rd_json_count(map); i++)
        if (rule_text_eq(true, map->u.members[i].key, rd_json_str(key)))
            return from_bool(contains(value, &map->u.members[i].value));
    return ANSWER_UNKNOWN; /* the table does not know it */
}

static enum answer answer_host_below(struct evaluation *evaluation, const struct scope *scope,
                                     const struct test *test, const struct rd_json *value)
{
    const struct rd_json *suffixes = value_at(evaluation, scope, &test->other);
    for (size_t i = 0; i < rd_json_count(suffixes); i++)
        if (rule_host_below(rd_json_str(value), rd_json_str(rd_json_item(suffixes, i))))
            return ANSWER_YES;
    return rd_json_count(suffixes) == 0 ? ANSWER_UNKNOWN : ANSWER_NO;
}

static enum answer answer_test(struct evaluation *evaluation, const struct scope *scope,
                               const struct path *path, const struct test *test,
                               const struct rd_json *value)
{
    bool is_reference = set_index_is_reference(value);
    if (test->op == OP_EXISTS)
        return from_bool(rd_json_exists(value) == rd_json_is_true(test->argument));
    if (test->op == OP_IS_SECRET)
        return from_bool(rd_is_secret_reference(value) == rd_json_is_true(test->argument));
    if (is_reference || (path->root == ROOT_FACT && !rd_json_exists(value)))
        return ANSWER_UNKNOWN;
    if (test->op == OP_EVERY || test->op == OP_SOME || test->op == OP_NONE)
        return answer_items(evaluation, scope, path, test, value);
    if (test->op == OP_DECODED)
        return answer_decoded(evaluation, scope, test, value);
    if (test->op == OP_SAME_AS)
        return answer_same(evaluation, scope, test, path->is_place, value);
    if (test->op == OP_CONTAINS_BY)
        return answer_contains_by(evaluation, scope, test, value);
    if (test->op == OP_HOST_BELOW)
        return answer_host_below(evaluation, scope, test, value);
    return from_bool(holds(test, path->is_place, value));
}

static enum answer answer_value(struct evaluation *evaluation, const struct scope *scope,
                                const struct condition *condition)
{
    const struct rd_json *value = value_at(evaluation, scope, &condition->path);
    enum answer answer = ANSWER_YES;
    for (size_t i = 0; i < condition->test_count && answer != ANSWER_NO; i++) {
        remember(evaluation, scope, &condition->path, value);
        enum answer one =
            answer_test(evaluation, scope, &condition->path, &condition->tests[i], value);
        if (one != ANSWER_YES)
            answer = one;
    }
    return answer;
}

/* Other resources ----------------------------------------------------------------------------- */

/* Counts what the targets answer, so that each quantifier is a line at the end. */
struct tally {
    int64_t yes, no, unknown;
    bool is_settled; /* no further target can change the answer */
};

static enum answer answer_on(struct evaluation *evaluation, const struct rd_resource *target,
                             const struct condition *condition)
{
    if (target->is_existing && rd_json_count(&target->body) == 0)
        return ANSWER_UNKNOWN; /* only referred to: nobody knows what is in it */
    struct scope scope = {.resource = target, .item = &target->body};
    return answer_in(evaluation, &scope, condition);
}

static void visit(struct evaluation *evaluation, const struct follow *follow, int64_t index,
                  struct tally *tally)
{
    const struct rd_resource *target = &evaluation->index->set->resources[index];
    enum answer answer = ANSWER_YES;
    if (follow->type != NULL && target->type != follow->type)
        return;
    if (follow->where != NULL) {
        answer = answer_on(evaluation, target, follow->where);
        if (answer == ANSWER_NO)
            return;
    }
    if (follow->holds != NULL && answer == ANSWER_YES)
        answer = answer_on(evaluation, target, follow->holds);
    tally->yes += answer == ANSWER_YES;
    tally->no += answer == ANSWER_NO;
    tally->unknown += answer == ANSWER_UNKNOWN;
    tally->is_settled = (follow->quantifier == QUANTIFIER_SOME && tally->yes > 0) ||
                        (follow->quantifier == QUANTIFIER_EVERY && tally->no > 0) ||
                        (follow->quantifier == QUANTIFIER_NONE && tally->yes > 0) ||
                        (follow->quantifier == QUANTIFIER_COUNT && follow->count_max == INT64_MAX &&
                         tally->yes >= follow->count_min);
}

static void visit_children(struct evaluation *evaluation, const struct follow *follow,
                           struct rd_str id, struct tally *tally)
{
    for (int64_t child = set_index_child(evaluation->index, id);
         child != RD_NONE && !tally->is_settled;
         child = set_index_next_child(evaluation->index, child))
        visit(evaluation, follow, child, tally);
}

/* On the resource, on what it lies in, on its group, on its subscription. Few resources are of such
 * a type, and a group may hold thousands of others: so each of the type is asked what it is on. */
static void visit_covering(struct evaluation *evaluation, const struct follow *follow,
                           struct rd_str id, struct tally *tally)
{
    struct index_list list = set_index_of_type(evaluation->index, follow->type);
    for (size_t i = 0; i < list.count && !tally->is_settled; i++) {
        struct rd_arm_id parsed = {0};
        if (rd_arm_id_parse(evaluation->index->set->resources[list.items[i]].id, &parsed) &&
            parsed.parent.n > 0 && rd_arm_id_is_within(id, parsed.parent))
            visit(evaluation, follow, list.items[i], tally);
    }
}

static void visit_list(struct evaluation *evaluation, const struct follow *follow,
                       struct index_list list, struct tally *tally)
{
    for (size_t i = 0; i < list.count && !tally->is_settled; i++)
        visit(evaluation, follow, list.items[i], tally);
}

/* Whether text has the form of something outside the set: an id, a key's URL, an object id. */
static bool may_refer(const struct rd_json *value, struct rd_str text)
{
    return set_index_is_reference(value) || rd_str_has_prefix(text, RD_STR("/")) ||
           rd_str_has_prefix_case(text, RD_STR("https://")) || rd_str_is_guid(text);
}

/* What one value refers to; with a type, what of that type it lies in, if anything does. */
static void visit_reference(struct evaluation *evaluation, const struct follow *follow,
                            const struct rd_json *value, struct tally *tally)
{
    const struct rd_set *set = evaluation->index->set;
    int64_t index = set_index_resolve(evaluation->arena, evaluation->index, value);
    struct rd_str id = set_index_is_reference(value) ? rd_reference_id(value) : rd_json_str(value);
    struct rd_arm_id parsed = {0};
    if (index != RD_NONE)
        id = set->resources[index].id;
    else if (!may_refer(value, id))
        return;
    while (follow->type != NULL && rd_arm_id_parse(id, &parsed)) {
        if (rd_type_find(rd_arm_id_type(evaluation->arena, id)) == follow->type)
            break;
        id = parsed.parent;
        if (rd_str_is_empty(id))
            return;
        index = rd_set_index(set, id);
    }
    if (index == RD_NONE)
        tally->unknown++; /* outside the set */
    else
        visit(evaluation, follow, index, tally);
}

static void visit_path(struct evaluation *evaluation, const struct follow *follow,
                       const struct scope *scope, struct tally *tally)
{
    const struct rd_json *value = value_at(evaluation, scope, &follow->path);
    bool is_reference = set_index_is_reference(value);
    if (rd_json_is(value, RD_JSON_STRING) || is_reference) {
        visit_reference(evaluation, follow, value, tally);
    } else if (rd_json_is(value, RD_JSON_ARRAY)) {
        for (size_t i = 0; i < rd_json_count(value); i++) {
            const struct rd_json *item = rd_json_item(value, i);
            const struct rd_json *id = rd_json_get(item, RD_STR("id"));
            visit_reference(evaluation, follow, rd_json_exists(id) ? id : item, tally);
        }
    } else if (rd_json_is(value, RD_JSON_OBJECT)) {
        for (size_t i = 0; i < rd_json_count(value); i++) {
            struct rd_json key = rd_json_string(value->u.members[i].key);
            visit_reference(evaluation, follow, &key, tally);
        }
    }
}

static enum answer conclude(const struct follow *follow, const struct tally *tally)
{
    int64_t known_max = tally->yes + tally->unknown;
    switch (follow->quantifier) {
    case QUANTIFIER_SOME:
        return tally->yes > 0 ? ANSWER_YES : tally->unknown > 0 ? ANSWER_UNKNOWN : ANSWER_NO;
    case QUANTIFIER_EVERY:
        if (tally->no > 0 || tally->yes + tally->unknown == 0)
            return ANSWER_NO;
        return tally->unknown > 0 ? ANSWER_UNKNOWN : ANSWER_YES;
    case QUANTIFIER_NONE:
        return tally->yes > 0 ? ANSWER_NO : tally->unknown > 0 ? ANSWER_UNKNOWN : ANSWER_YES;
    case QUANTIFIER_COUNT:
        if (tally->yes > follow->count_max || known_max < follow->count_min)
            return ANSWER_NO;
        return tally->yes >= follow->count_min && known_max <= follow->count_max   ? ANSWER_YES
               : follow->count_max == INT64_MAX && tally->yes >= follow->count_min ? ANSWER_YES
                                                                                   : ANSWER_UNKNOWN;
    }
    return ANSWER_UNKNOWN;
}

static enum answer answer_follow(struct evaluation *evaluation, const struct scope *scope,
                                 const struct follow *follow)
{
    struct tally tally = {0};
    const struct rd_set *set = evaluation->index->set;
    const struct rd_resource *resource = scope->resource;
    struct rd_arm_id id = {0};
    switch (follow->kind) {
    case FOLLOW_PATH:
        visit_path(evaluation, follow, scope, &tally);
        break;
    case FOLLOW_PARENT:
        if (resource != NULL && rd_arm_id_parse(resource->id, &id) &&
            rd_set_index(set, id.parent) != RD_NONE)
            visit(evaluation, follow, rd_set_index(set, id.parent), &tally);
        else
            tally.unknown++;
        break;
    case FOLLOW_CHILDREN:
        if (resource != NULL)
            visit_children(evaluation, follow, resource->id, &tally);
        break;
    case FOLLOW_BY:
        if (resource != NULL)
            visit_list(evaluation, follow,
                       set_index_referrers(evaluation->index, (size_t)(resource - set->resources)),
                       &tally);
        break;
    case FOLLOW_COVERING:
        if (resource != NULL)
            visit_covering(evaluation, follow, resource->id, &tally);
        break;
    case FOLLOW_ALL:
        visit_list(evaluation, follow, set_index_of_type(evaluation->index, follow->type), &tally);
        break;
    }
    enum answer answer = conclude(follow, &tally);
    /* What decided is in a target only when a target was of the wrong kind. */
    if (answer == ANSWER_NO && tally.no == 0 && follow->quantifier != QUANTIFIER_NONE) {
        remember(evaluation, scope, follow->kind == FOLLOW_PATH ? &follow->path : NULL,
                 &rd_json_absent);
        if (follow->type != NULL)
            evaluation->look.missing = follow->type->label;
    }
    return answer;
}

static enum answer answer_parts(struct evaluation *evaluation, const struct scope *scope,
                                const struct condition *condition)
{
    enum answer decisive = condition->kind == CONDITION_ALL ? ANSWER_NO : ANSWER_YES;
    bool is_unknown = false;
    for (size_t i = 0; i < condition->part_count; i++) {
        enum answer answer = answer_in(evaluation, scope, condition->parts[i]);
        if (answer == decisive)
            return decisive;
        is_unknown |= answer == ANSWER_UNKNOWN;
    }
    return is_unknown ? ANSWER_UNKNOWN : from_bool(decisive == ANSWER_NO);
}

static enum answer answer_in(struct evaluation *evaluation, const struct scope *scope,
                             const struct condition *condition)
{
    switch (condition->kind) {
    case CONDITION_ALL:
    case CONDITION_ANY:
        return answer_parts(evaluation, scope, condition);
    case CONDITION_NOT: {
        enum answer inner = answer_in(evaluation, scope, condition->parts[0]);
        return inner == ANSWER_UNKNOWN ? inner : from_bool(inner == ANSWER_NO);
    }
    case CONDITION_VALUE:
        return answer_value(evaluation, scope, condition);
    case CONDITION_FOLLOW:
        return answer_follow(evaluation, scope, condition->follow);
    case CONDITION_ALLOWS:
        return scope->resource == NULL
                   ? ANSWER_NO
                   : rule_policy_allows(evaluation, scope->resource, condition->allowed);
    }
    return ANSWER_UNKNOWN;
}

enum answer rule_answer(struct evaluation *evaluation, const struct condition *condition)
{
    const struct rd_resource *subject = evaluation->subject;
    struct scope scope = {.resource = subject,
                          .item = subject == NULL ? &rd_json_absent : &subject->body};
    evaluation->look = (struct look){.resource = subject};
    return answer_in(evaluation, &scope, condition);
}
