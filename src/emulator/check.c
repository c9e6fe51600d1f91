/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

/* Checks that many types share. */

static const char *type_word(enum rd_json_type type)
{
    switch (type) {
    case RD_JSON_BOOL:
        return "a boolean";
    case RD_JSON_INT:
    case RD_JSON_NUMBER:
        return "a number";
    case RD_JSON_STRING:
        return "a string";
    case RD_JSON_ARRAY:
        return "an array";
    case RD_JSON_OBJECT:
        return "an object";
    case RD_JSON_ABSENT:
    case RD_JSON_NULL:
        break;
    }
    return "null";
}

bool em_require(struct em_exchange *ex, const struct rd_json *body, const char *path,
                enum rd_json_type type)
{
    const struct rd_json *value = rd_json_at(body, path);
    if (rd_json_is(value, type))
        return true;
    if (!rd_json_exists(value))
        return em_fail(ex, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized: 'Required "
                       "property '%s' not found in JSON.'.",
                       path);
    return em_fail(ex, 400, "InvalidRequestContent",
                   "The request content was invalid and could not be deserialized: 'Property '%s' "
                   "must be %s.'.",
                   path, type_word(type));
}

bool em_is_one_of(struct rd_str text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (rd_str_is_case(text, *words))
            return true;
    return false;
}

struct rd_str em_word_list(struct em_exchange *ex, const char *const *words)
{
    struct rd_str list = {"", 0};
    for (size_t i = 0; words[i] != NULL; i++)
        list = rd_arena_printf(ex->arena, "%.*s%s%s", RD_FMT(list), i > 0 ? ", " : "", words[i]);
    return list;
}

bool em_require_word(struct em_exchange *ex, const struct rd_json *body, const char *path,
                     const char *const *words, bool is_optional)
{
    const struct rd_json *value = rd_json_at(body, path);
    if (!rd_json_exists(value) && is_optional)
        return true;
    if (!em_require(ex, body, path, RD_JSON_STRING))
        return false;
    return em_is_one_of(rd_json_str(value), words) ||
           em_fail(ex, 400, "InvalidParameter",
                   "The value '%.*s' of parameter '%s' is invalid. Allowed values are: %.*s.",
                   RD_FMT(rd_json_str(value)), path, RD_FMT(em_word_list(ex, words)));
}

void em_default(struct em_exchange *ex, struct rd_json *body, const char *path,
                struct rd_json value)
{
    if (!rd_json_exists(rd_json_at(body, path)))
        *rd_json_make(ex->arena, body, path) = value;
}
