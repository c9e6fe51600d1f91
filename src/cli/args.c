/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "verb.h"

enum { NAME_COUNT_MAX = 64 };

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

const char *verb_in_group(const struct verb *verb, const char *group)
{
    size_t n = strlen(group);
    return strncmp(verb->name, group, n) == 0 && verb->name[n] == ' ' ? verb->name + n + 1 : NULL;
}

bool verb_is_group(const char *word)
{
    for (size_t i = 0; i < verb_count; i++)
        if (verb_in_group(&verbs[i], word) != NULL)
            return true;
    return false;
}

const struct verb *verb_find_two(const char *first, const char *second)
{
    for (size_t i = 0; i < verb_count && second != NULL; i++) {
        const char *name = verb_in_group(&verbs[i], first);
        if (name != NULL && strcmp(name, second) == 0)
            return &verbs[i];
    }
    return NULL;
}

/* The nearest command to `word`, or, in a group, the nearest second word. */
static struct rd_str nearest_verb(const char *group, const char *word)
{
    struct rd_str names[NAME_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < verb_count && count < NAME_COUNT_MAX; i++) {
        const char *name = group == NULL ? verbs[i].name : verb_in_group(&verbs[i], group);
        if (!verbs[i].is_hidden && name != NULL)
            names[count++] = rd_str_from(name);
    }
    return rd_str_nearest(rd_str_from(word), names, count);
}

static bool takes(const struct verb *verb, enum option_id id)
{
    return ((verb == NULL ? common_options : verb->options | common_options) & OPTION_BIT(id)) != 0;
}

static struct rd_str nearest_option(const struct verb *verb, struct rd_str word)
{
    struct rd_str names[NAME_COUNT_MAX];
    size_t count = 0;
    for (enum option_id id = 0; id < OPTION_COUNT; id++)
        if (takes(verb, id))
            names[count++] = rd_str_from(options[id].name);
    return rd_str_nearest(word, names, count);
}

RD_NODISCARD static enum rd_rc fail_unknown(const struct args *args, const char *word,
                                            struct rd_str name, struct rd_err *err)
{
    struct rd_str near = nearest_option(args->verb, name);
    const char *verb = args->verb == NULL ? "" : args->verb->name;
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "unknown option '%s'%s%s", word,
                            args->verb == NULL ? "" : " for ", verb);
    if (near.n > 0)
        return rd_err_hint(rc, err, "did you mean '--%.*s'?", RD_FMT(near));
    return rd_err_hint(rc, err, "see 'redoubt %s%s--help'", verb, args->verb == NULL ? "" : " ");
}

RD_NODISCARD static enum rd_rc check_word(enum option_id id, const char *value, struct rd_err *err)
{
    struct rd_str rest = rd_str_from(options[id].words);
    struct rd_str word;
    struct rd_str words[NAME_COUNT_MAX];
    size_t count = 0;
    while (options[id].words != NULL && rd_str_next(&rest, ' ', &word)) {
        if (rd_str_is(word, value))
            return RD_RC_OK;
        words[count++] = word;
    }
    if (count == 0)
        return RD_RC_OK;
    struct rd_str near = rd_str_nearest(rd_str_from(value), words, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "'%s' is not a value of --%s: it takes %s", value,
                            options[id].name, options[id].words);
    return near.n == 0 ? rc : rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(near));
}

RD_NODISCARD static enum rd_rc check_number(enum option_id id, const char *value,
                                            struct rd_err *err)
{
    const struct option *option = &options[id];
    int64_t number;
    if (option->max == 0 || rd_str_to_int(rd_str_from(value), option->min, option->max, &number))
        return RD_RC_OK;
    return RD_FAIL(err, RD_RC_USAGE, "'%s' is not a value of --%s: it takes %lld to %lld", value,
                   option->name, (long long)option->min, (long long)option->max);
}

RD_NODISCARD static enum rd_rc take_value(struct args *args, enum option_id id, const char *value,
                                          struct rd_err *err)
{
    RD_TRY(check_word(id, value, err));
    RD_TRY(check_number(id, value, err));
    if (value[0] == '\0')
        return RD_FAIL(err, RD_RC_USAGE, "option '--%s' needs a value: %s", options[id].name,
                       options[id].value);
    args->value[id] = value;
    args->is_given[id] = true;
    if (id != OPTION_FAULT)
        return RD_RC_OK;
    if (args->fault_count == sizeof(args->faults) / sizeof(args->faults[0]))
        return RD_FAIL(err, RD_RC_USAGE, "more than 16 faults");
    args->faults[args->fault_count++] = value;
    return RD_RC_OK;
}

/* One "--name[=value]" or "-x[value]" at argv[*i]; a value may be the next word. */
RD_NODISCARD static enum rd_rc take_option(struct args *args, int argc, char *const argv[], int *i,
                                           struct rd_err *err)
{
    const char *word = argv[*i];
    bool is_long = word[1] == '-';
    struct rd_str text = rd_str_from(word + (is_long ? 2 : 1));
    size_t equals = is_long ? rd_str_find_char(text, '=', 0) : RD_STR_NONE;
    struct rd_str name = rd_str_sub(text, 0, equals == RD_STR_NONE ? text.n : equals);
    enum option_id id = 0;
    while (id < OPTION_COUNT &&
           !(takes(args->verb, id) &&
             (is_long ? rd_str_is(name, options[id].name) : text.p[0] == options[id].letter)))
        id++;
    if (id == OPTION_COUNT)
        return fail_unknown(args, word, name, err);
    const char *value = equals == RD_STR_NONE ? NULL : text.p + equals + 1;
    if (!is_long && text.n > 1)
        value = text.p + 1;
    if (options[id].value == NULL) {
        if (value != NULL)
            return RD_FAIL(err, RD_RC_USAGE, "option '--%s' takes no value", options[id].name);
        args->is_given[id] = true;
        return RD_RC_OK;
    }
    if (value == NULL && *i + 1 < argc)
        value = argv[++*i];
    if (value == NULL)
        return RD_FAIL(err, RD_RC_USAGE, "option '--%s' needs a value: %s", options[id].name,
                       options[id].value);
    return take_value(args, id, value, err);
}

/* The command's name: one word, or a group's and then the second one. */
RD_NODISCARD static enum rd_rc take_verb(struct args *args, const char *word, struct rd_err *err)
{
    const char *group = args->group;
    args->verb = group == NULL ? verb_find(word) : verb_find_two(group, word);
    args->group = NULL;
    if (args->verb != NULL)
        return RD_RC_OK;
    if (group == NULL && verb_is_group(word)) {
        args->group = word;
        return RD_RC_OK;
    }
    struct rd_str near = nearest_verb(group, word);
    const char *first = group == NULL ? "" : group;
    const char *space = group == NULL ? "" : " ";
    enum rd_rc rc = RD_FAIL(err, RD_RC_USAGE, "unknown command '%s%s%s'", first, space, word);
    if (near.n > 0)
        return rd_err_hint(rc, err, "did you mean 'redoubt %s%s%.*s'?", first, space, RD_FMT(near));
    return rd_err_hint(rc, err, "see 'redoubt %s'", group == NULL ? "help" : group);
}

RD_NODISCARD static enum rd_rc take_operand(struct args *args, const char *word, struct rd_err *err)
{
    if (args->verb == NULL)
        return take_verb(args, word, err);
    if (args->operand_count == args->verb->operand_max)
        return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "'%s' is one word too many for 'redoubt %s'",
                                   word, args->verb->name),
                           err, "usage: redoubt %s %s", args->verb->name, args->verb->operands);
    args->operands[args->operand_count++] = word;
    return RD_RC_OK;
}

enum rd_rc args_parse(int argc, char *const argv[], struct args *ret_args, struct rd_err *err)
{
    *ret_args = (struct args){0};
    bool has_options = true;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (has_options && strcmp(word, "--") == 0)
            has_options = false;
        else if (has_options && word[0] == '-' && word[1] != '\0')
            RD_TRY(take_option(ret_args, argc, argv, &i, err));
        else
            RD_TRY(take_operand(ret_args, word, err));
    }
    return RD_RC_OK;
}

int64_t args_int(const struct args *args, enum option_id id, int64_t otherwise)
{
    int64_t value = otherwise;
    if (args->is_given[id])
        (void)rd_str_to_int(rd_str_from(args->value[id]), options[id].min, options[id].max, &value);
    return value;
}

bool args_is_json(const struct args *args)
{
    return args->is_given[OPTION_OUTPUT] && strcmp(args->value[OPTION_OUTPUT], "json") == 0;
}
