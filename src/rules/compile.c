/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "condition.h"

/* The kind of argument an operator takes, checked when rules are loaded. */
enum argument { TAKES_BOOL, TAKES_TEXT, TAKES_SCALAR, TAKES_NUMBER, TAKES_LIST, TAKES_OBJECT };

static const struct {
    const char *name;
    const char *text;
    enum argument argument;
} operators[OP_COUNT] = {
    [OP_EXISTS] = {"exists", "there is a value that is not null", TAKES_BOOL},
    [OP_EQUALS] = {"equals", "the same value; text without case", TAKES_SCALAR},
    [OP_IN] = {"in", "one of these; text without case", TAKES_LIST},
    [OP_MATCHES] = {"matches", "a POSIX extended regular expression, without case", TAKES_TEXT},
    [OP_MENTIONS] = {"mentions", "any text at or below the path matches the expression",
                     TAKES_TEXT},
    [OP_MIN] = {"min", "a number, at least this", TAKES_NUMBER},
    [OP_MAX] = {"max", "a number, at most this", TAKES_NUMBER},
    [OP_CONTAINS] = {"contains", "an array with this item, or text with this part, without case",
                     TAKES_SCALAR},
    [OP_STARTS_WITH] = {"starts_with", "text that begins so, without case", TAKES_TEXT},
    [OP_ENDS_WITH] = {"ends_with", "text that ends so, without case", TAKES_TEXT},
    [OP_CIDR_WITHIN] = {"cidr_within", "an IPv4 address or range inside this range", TAKES_TEXT},
    [OP_PREFIX_MAX] = {"prefix_max", "an IPv4 range whose prefix has at most so many bits",
                       TAKES_NUMBER},
    [OP_SIZE_MIN] = {"size_min", "an array or object with at least so many members", TAKES_NUMBER},
    [OP_SIZE_MAX] = {"size_max", "an array or object with at most so many members; absent counts 0",
                     TAKES_NUMBER},
    [OP_LENGTH_MAX] = {"length_max", "text of at most so many bytes", TAKES_NUMBER},
    [OP_RDP] = {"rdp", "RDP properties in text: {name: value}, null for one that must not be set",
                TAKES_OBJECT},
    [OP_EVERY] =
        {"every",
         "an array (or the values of an object), not empty, all of which satisfy the condition",
         TAKES_OBJECT},
    [OP_SOME] = {"some", "an array (or object) with an item that satisfies the condition",
                 TAKES_OBJECT},
    [OP_NONE] = {"none",
                 "no item of the array (or object) satisfies the condition; absent counts as empty",
                 TAKES_OBJECT},
    [OP_DECODED] = {"decoded", "base64 of JSON that satisfies the condition", TAKES_OBJECT},
    [OP_SAME_AS] = {"same_as", "the value at a path of the subject, or of {fact: name}",
                    TAKES_SCALAR},
    [OP_CONTAINS_BY] = {"contains_by",
                        "text with the part that `map` gives for the subject's value at `subject`",
                        TAKES_OBJECT},
    [OP_HOST_BELOW] =
        {"host_below",
         "an https URL whose host, with its port, is a name below one of the texts of "
         "{fact: name}",
         TAKES_OBJECT},
    [OP_IS_SECRET] = {"is_secret", "a reference to a secret, not the secret itself", TAKES_BOOL},
};

const char *rule_operator_name(enum operator_id op)
{
    return operators[op].name;
}

const char *rule_operator_text(enum operator_id op)
{
    return operators[op].text;
}

static bool argument_fits(enum argument argument, const struct rd_json *value)
{
    switch (argument) {
    case TAKES_BOOL:
        return rd_json_is(value, RD_JSON_BOOL);
    case TAKES_TEXT:
        return rd_json_is(value, RD_JSON_STRING);
    case TAKES_SCALAR:
        return rd_json_exists(value) && !rd_json_is(value, RD_JSON_ARRAY);
    case TAKES_NUMBER:
        return rd_json_is(value, RD_JSON_INT);
    case TAKES_LIST:
        return rd_json_is(value, RD_JSON_ARRAY) && rd_json_count(value) > 0;
    case TAKES_OBJECT:
        return rd_json_is(value, RD_JSON_OBJECT) && rd_json_count(value) > 0;
    }
    return false;
}

enum rd_rc rule_refuse(const struct rule_place *place, struct rd_err *err, const char *what,
                       struct rd_str word, const char *hint)
{
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "%s: rule '%.*s': %s '%.*s'", place->file,
                               RD_FMT(place->rule), what, RD_FMT(word)),
                       err, "%s", hint);
}

/* Members that ARM resources have at the top; anything else there is a misspelt path. */
static const char *const envelope[] = {
    "id",        "name", "type",     "location",   "tags",
    "kind",      "sku",  "identity", "properties", "zones",
    "managedBy", "plan", "etag",     "eTag",       "extendedLocation",
};

/* Names of a resource that stand for what its id says. */
static const char *const pseudo[] = {"$id",           "$name",   "$group",
                                     "$subscription", "$parent", "$after"};

static bool is_among(const char *const *names, size_t count, struct rd_str word)
{
    for (size_t i = 0; i < count; i++)
        if (rd_str_is(word, names[i]))
            return true;
    return false;
}

static bool path_may_start(enum root root, const struct rd_type *type, struct rd_str first)
{
    if (root == ROOT_SET)
        return rd_str_is(first, "name") || rd_str_is(first, "cloud");
    if (first.n > 0 && first.p[0] == '$')
        return root != ROOT_FACT && is_among(pseudo, sizeof(pseudo) / sizeof(*pseudo), first);
    if (type == NULL || type->plane != RD_PLANE_ARM || root == ROOT_FACT)
        return true;
    return is_among(envelope, sizeof(envelope) / sizeof(*envelope), first);
}

enum rd_rc rule_path_compile(struct rd_arena *arena, const struct rule_place *place, enum root root,
                             const struct rd_type *type, struct rd_str text, struct path *ret_path,
                             struct rd_err *err)
{
    struct path path = {.root = root, .text = text};
    size_t cap = 0;
    struct rd_str rest = text;
    struct rd_str part;
    if (rd_str_is_empty(text))
        return rule_refuse(place, err, "empty path", text, "use '.' for the item itself");
    if (!rd_str_is(text, "."))
        while (rd_str_next(&rest, '.', &part)) {
            if (rd_str_is_empty(part))
                return rule_refuse(place, err, "malformed path", text,
                                   "separate names with one dot");
            path.segments = rd_arena_grow(arena, path.segments, path.count, &cap, sizeof(part));
            path.segments[path.count++] = part;
        }
    if (path.count > 0 && !path_may_start(root, type, path.segments[0]))
        return rule_refuse(
            place, err, "unknown path", text,
            "paths start at properties, location, tags, sku, identity, zones, kind, "
            "$id, $name, $group, $subscription, $parent or $after; set: takes name or cloud");
    struct rd_str last = path.count > 0 ? path.segments[path.count - 1] : RD_STR("");
    path.is_place = rd_str_is_case(last, "location") || rd_str_is_case(last, "region");
    *ret_path = path;
    return RD_RC_OK;
}

enum rd_rc rule_type_compile(const struct rule_place *place, const struct rd_json *name,
                             const struct rd_type **ret_type, struct rd_err *err)
{
    const struct rd_type *type = rd_type_find(rd_json_str(name));
    if (type == NULL)
        return rule_refuse(place, err, "unknown resource type", rd_json_str(name),
                           "types are the rows of data/types.yaml");
    *ret_type = type;
    return RD_RC_OK;
}

/*
 * Patterns live as long as the process, as the tables they come from do: the C library keeps their
 * inside on the heap, where an arena could not free it.
 */
static struct {
    struct rd_arena *arena;
    struct rd_map by_text;
} patterns;

static enum rd_rc compile_pattern(const struct rule_place *place, struct rd_str text,
                                  const regex_t **ret_pattern, struct rd_err *err)
{
    if (patterns.arena == NULL) {
        patterns.arena = rd_arena_new(0);
        rd_map_init(&patterns.by_text, false);
    }
    regex_t *pattern = rd_map_get(&patterns.by_text, text);
    if (pattern == NULL) {
        struct rd_str kept = rd_arena_str(patterns.arena, text);
        pattern = rd_arena_zalloc(patterns.arena, sizeof(*pattern));
        if (regcomp(pattern, kept.p, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
            return rule_refuse(place, err, "malformed regular expression", text,
                               "use POSIX extended syntax");
        (void)rd_map_set(&patterns.by_text, kept, pattern);
    }
    *ret_pattern = pattern;
    return RD_RC_OK;
}

static enum rd_rc compile_other(struct rd_arena *arena, const struct rule_place *place,
                                struct test *test, struct rd_err *err)
{
    const struct rd_json *argument = test->argument;
    if (test->op == OP_CONTAINS_BY) {
        if (!rd_json_is(rd_json_get(argument, RD_STR("map")), RD_JSON_OBJECT))
            return rule_refuse(place, err, "no map in", RD_STR("contains_by"),
                               "give subject: a path, and map: {value: part}");
        return rule_path_compile(arena, place, ROOT_SUBJECT, NULL,
                                 rd_json_str(rd_json_get(argument, RD_STR("subject"))),
                                 &test->other, err);
    }
    const struct rd_json *fact = rd_json_get(argument, RD_STR("fact"));
    if (rd_json_exists(fact))
        return rule_path_compile(arena, place, ROOT_FACT, NULL, rd_json_str(fact), &test->other,
                                 err);
    return rule_path_compile(arena, place, ROOT_SUBJECT, NULL, rd_json_str(argument), &test->other,
                             err);
}

static enum rd_rc compile_test(struct rd_arena *arena, const struct rule_place *place,
                               const struct rd_json_member *member, struct test *ret_test,
                               struct rd_err *err)
{
    struct test test = {.op = OP_COUNT, .argument = &member->value};
    struct rd_str names[OP_COUNT];
    for (int op = 0; op < OP_COUNT; op++) {
        names[op] = rd_str_from(operators[op].name);
        if (rd_str_eq(member->key, names[op]))
            test.op = (enum operator_id)op;
    }
    if (test.op == OP_COUNT) {
        struct rd_str nearest = rd_str_nearest(member->key, names, OP_COUNT);
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID, "%s: rule '%.*s': unknown operator '%.*s'", place->file,
                    RD_FMT(place->rule), RD_FMT(member->key)),
            err, nearest.n > 0 ? "did you mean '%.*s'?" : "see docs/rules.md for the operators%.*s",
            RD_FMT(nearest));
    }
    if (!argument_fits(operators[test.op].argument, &member->value))
        return rule_refuse(place, err, "wrong argument of operator", member->key,
                           "see docs/rules.md for what it takes");
    if (test.op == OP_MATCHES || test.op == OP_MENTIONS)
        RD_TRY(compile_pattern(place, rd_json_str(&member->value), &test.pattern, err));
    if (test.op == OP_EVERY || test.op == OP_SOME || test.op == OP_NONE || test.op == OP_DECODED)
        RD_TRY(rule_condition_compile(arena, place, NULL, &member->value, &test.inner, err));
    if (test.op == OP_SAME_AS || test.op == OP_CONTAINS_BY || test.op == OP_HOST_BELOW)
        RD_TRY(compile_other(arena, place, &test, err));
    *ret_test = test;
    return RD_RC_OK;
}

static const struct {
    const char *name;
    enum root root;
} roots[] = {
    {"path", ROOT_ITEM}, {"subject", ROOT_SUBJECT}, {"fact", ROOT_FACT}, {"set", ROOT_SET}};

static enum rd_rc compile_value(struct rd_arena *arena, const struct rule_place *place,
                                const struct rd_type *type, const struct rd_json *row,
                                struct condition *condition, struct rd_err *err)
{
    condition->kind = CONDITION_VALUE;
    for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
        if (rd_str_is(row->u.members[0].key, roots[i].name))
            RD_TRY(rule_path_compile(arena, place, roots[i].root, type,
                                     rd_json_str(&row->u.members[0].value), &condition->path, err));
    condition->test_count = rd_json_count(row) - 1;
    if (condition->test_count == 0)
        return rule_refuse(place, err, "no operator after path", condition->path.text,
                           "say what must hold of it, such as exists: true");
    condition->tests = rd_arena_array(arena, condition->test_count, sizeof(*condition->tests));
    for (size_t i = 0; i < condition->test_count; i++)
        RD_TRY(compile_test(arena, place, &row->u.members[i + 1], &condition->tests[i], err));
    return RD_RC_OK;
}

static const struct {
    const char *name;
    enum follow_kind kind;
} follows[] = {
    {"path", FOLLOW_PATH}, {"parent", FOLLOW_PARENT},     {"children", FOLLOW_CHILDREN},
    {"by", FOLLOW_BY},     {"covering", FOLLOW_COVERING}, {"all", FOLLOW_ALL},
};

static enum rd_rc compile_target(struct rd_arena *arena, const struct rule_place *place,
                                 const struct rd_type *type, const struct rd_json *row,
                                 struct follow *follow, struct rd_err *err)
{
    if (!rd_json_is(row, RD_JSON_OBJECT) || rd_json_count(row) == 0)
        return rule_refuse(place, err, "malformed", RD_STR("follow"),
                           "give path, parent, children, by, covering or all");
    const struct rd_json_member *first = &row->u.members[0];
    bool is_known = false;
    for (size_t i = 0; i < sizeof(follows) / sizeof(*follows); i++)
        if (rd_str_is(first->key, follows[i].name)) {
            follow->kind = follows[i].kind;
            is_known = true;
        }
    if (!is_known)
        return rule_refuse(place, err, "cannot follow", first->key,
                           "follow path, parent, children, by, covering or all");
    if (follow->kind == FOLLOW_PATH)
        RD_TRY(rule_path_compile(arena, place, ROOT_ITEM, type, rd_json_str(&first->value),
                                 &follow->path, err));
    else if (follow->kind != FOLLOW_PARENT)
        RD_TRY(rule_type_compile(place, &first->value, &follow->type, err));
    for (size_t i = 1; i < rd_json_count(row); i++) {
        const struct rd_json_member *member = &row->u.members[i];
        if (!rd_str_is(member->key, "type"))
            return rule_refuse(place, err, "unknown word in follow", member->key,
                               "only type may follow");
        RD_TRY(rule_type_compile(place, &member->value, &follow->type, err));
    }
    return RD_RC_OK;
}

static enum rd_rc compile_follow(struct rd_arena *arena, const struct rule_place *place,
                                 const struct rd_type *type, const struct rd_json *row,
                                 struct condition *condition, struct rd_err *err)
{
    struct follow *follow = rd_arena_zalloc(arena, sizeof(*follow));
    condition->kind = CONDITION_FOLLOW;
    condition->follow = follow;
    follow->count_max = INT64_MAX;
    follow->quantifier = QUANTIFIER_COUNT;
    follow->count_min = 1;
    RD_TRY(compile_target(arena, place, type, &row->u.members[0].value, follow, err));
    for (size_t i = 1; i < rd_json_count(row); i++) {
        const struct rd_json_member *member = &row->u.members[i];
        if (rd_str_is(member->key, "count")) {
            follow->count_min = rd_json_int(rd_json_get(&member->value, RD_STR("min")), 0);
            follow->count_max = rd_json_int(rd_json_get(&member->value, RD_STR("max")), INT64_MAX);
            continue;
        }
        struct condition *inner = NULL;
        RD_TRY(rule_condition_compile(arena, place, follow->type, &member->value, &inner, err));
        if (rd_str_is(member->key, "where")) {
            follow->where = inner;
            continue;
        }
        if (rd_str_is(member->key, "some"))
            follow->quantifier = QUANTIFIER_SOME;
        else if (rd_str_is(member->key, "every"))
            follow->quantifier = QUANTIFIER_EVERY;
        else if (rd_str_is(member->key, "none"))
            follow->quantifier = QUANTIFIER_NONE;
        else
            return rule_refuse(place, err, "unknown word beside follow", member->key,
                               "use where, some, every, none or count");
        follow->holds = inner;
    }
    return RD_RC_OK;
}

static enum rd_rc compile_parts(struct rd_arena *arena, const struct rule_place *place,
                                const struct rd_type *type, const struct rd_json *row,
                                struct condition *condition, struct rd_err *err)
{
    bool is_list = rd_json_is(row, RD_JSON_ARRAY);
    condition->part_count = is_list ? rd_json_count(row) : 1;
    if (condition->part_count == 0)
        return rule_refuse(place, err, "empty list of conditions under", RD_STR("all or any"),
                           "give at least one condition");
    condition->parts = rd_arena_array(arena, condition->part_count, sizeof(*condition->parts));
    for (size_t i = 0; i < condition->part_count; i++)
        RD_TRY(rule_condition_compile(arena, place, type, is_list ? rd_json_item(row, i) : row,
                                      &condition->parts[i], err));
    return RD_RC_OK;
}

static enum rd_rc check_endpoints(const struct rule_place *place, const struct rd_json *list,
                                  struct rd_err *err)
{
    if (!rd_json_is(list, RD_JSON_ARRAY) || rd_json_count(list) == 0)
        return rule_refuse(place, err, "empty list of", RD_STR("allows"),
                           "give {host, port} items");
    for (size_t i = 0; i < rd_json_count(list); i++) {
        const struct rd_json *item = rd_json_item(list, i);
        if (rd_json_str(rd_json_get(item, RD_STR("host"))).n == 0 ||
            rd_json_int(rd_json_get(item, RD_STR("port")), 0) <= 0)
            return rule_refuse(place, err, "malformed endpoint in", RD_STR("allows"),
                               "give host and port, and perhaps tags and services");
    }
    return RD_RC_OK;
}

enum rd_rc rule_condition_compile(struct rd_arena *arena, const struct rule_place *place,
                                  const struct rd_type *type, const struct rd_json *row,
                                  struct condition **ret_condition, struct rd_err *err)
{
    if (!rd_json_is(row, RD_JSON_OBJECT) || rd_json_count(row) == 0)
        return rule_refuse(place, err, "malformed", RD_STR("condition"),
                           "a condition is an object such as {path: location, exists: true}");
    struct condition *condition = rd_arena_zalloc(arena, sizeof(*condition));
    const struct rd_json_member *first = &row->u.members[0];
    *ret_condition = condition;
    for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
        if (rd_str_is(first->key, roots[i].name))
            return compile_value(arena, place, roots[i].root == ROOT_ITEM ? type : NULL, row,
                                 condition, err);
    if (rd_str_is(first->key, "follow"))
        return compile_follow(arena, place, type, row, condition, err);
    if (rd_json_count(row) != 1)
        return rule_refuse(place, err, "several conditions beside", first->key,
                           "put them under all");
    condition->kind = rd_str_is(first->key, "any")   ? CONDITION_ANY
                      : rd_str_is(first->key, "not") ? CONDITION_NOT
                                                     : CONDITION_ALL;
    if (rd_str_is(first->key, "allows")) {
        condition->kind = CONDITION_ALLOWS;
        condition->allowed = &first->value;
        return check_endpoints(place, &first->value, err);
    }
    if (condition->kind == CONDITION_ALL && !rd_str_is(first->key, "all"))
        return rule_refuse(place, err, "unknown condition", first->key,
                           "use all, any, not, path, subject, fact, set, follow or allows");
    return compile_parts(arena, place, type, &first->value, condition, err);
}
