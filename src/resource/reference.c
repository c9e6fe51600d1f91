/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/set.h"

/*
 * The forms of a reference. A "$path" may stand beside some; `has_id` forms name a resource, which
 * must be in the set.
 */
static const struct form {
    struct rd_str member;
    bool has_path;
    bool has_id;
    bool has_action; /* the id's last segment is an action's name */
    bool is_secret;
} forms[] = {
    {.member = {"$ref", 4}, .has_path = true, .has_id = true},
    {.member = {"$call", 5},
     .has_path = true,
     .has_id = true,
     .has_action = true,
     .is_secret = true},
    {.member = {"$secret", 7}, .has_id = true, .is_secret = true},
    {.member = {"$generate", 9}, .is_secret = true},
    {.member = {"$time", 5}},
};

static const struct form *form_of(const struct rd_json *value, struct rd_str *ret_text)
{
    *ret_text = (struct rd_str){"", 0};
    if (value->type != RD_JSON_OBJECT || value->count == 0 || value->count > 2)
        return NULL;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct rd_json *text = rd_json_get(value, forms[i].member);
        if (text->type != RD_JSON_STRING)
            continue;
        bool is_alone = value->count == 1;
        bool is_with_path =
            forms[i].has_path && rd_json_is(rd_json_get(value, RD_STR("$path")), RD_JSON_STRING);
        if (!is_alone && !is_with_path)
            return NULL;
        *ret_text = rd_json_str(text);
        return &forms[i];
    }
    return NULL;
}

bool rd_is_reference(const struct rd_json *value)
{
    struct rd_str text;
    return form_of(value, &text) != NULL;
}

struct rd_str rd_reference_id(const struct rd_json *value)
{
    struct rd_str text;
    const struct form *form = form_of(value, &text);
    if (form == NULL || !form->has_id)
        return (struct rd_str){"", 0};
    size_t slash = rd_str_find_last_char(text, '/');
    if (form->has_action && slash != RD_STR_NONE)
        return rd_str_sub(text, 0, slash);
    return text;
}

bool rd_is_secret_reference(const struct rd_json *value)
{
    struct rd_str text;
    const struct form *form = form_of(value, &text);
    return form != NULL && form->is_secret;
}
