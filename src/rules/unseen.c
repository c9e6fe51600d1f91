/* SPDX-License-Identifier: Apache-2.0 */
#include "unseen.h"

#include "condition.h"
#include "resource/unseen.h"

/* What a rule asks, where it names a type. */
static bool names_type(const struct condition *condition, const struct rd_type *type)
{
    if (condition == NULL)
        return false;
    for (size_t i = 0; i < condition->part_count; i++)
        if (names_type(condition->parts[i], type))
            return true;
    for (size_t i = 0; i < condition->test_count; i++)
        if (names_type(condition->tests[i].inner, type))
            return true;
    const struct follow *follow = condition->follow;
    return follow != NULL && (follow->type == type || names_type(follow->where, type) ||
                              names_type(follow->holds, type));
}

/*
 * Whether the verdict may be another one when all is seen. Of what the rule demands of something
 * else a lack proves nothing; a subject that was seen and fails does so whatever else there is, but
 * a number of subjects does not.
 */
static bool may_change(const struct rd_rule_body *body, enum rd_verdict verdict,
                       const struct rd_type *type)
{
    bool asks_for_it = names_type(body->when, type) || names_type(body->given, type);
    bool demands_it = names_type(body->must, type);
    if (verdict == RD_VERDICT_NOT_VALID || verdict == RD_VERDICT_UNKNOWN)
        return false;
    if (verdict == RD_VERDICT_NO_SUBJECT)
        return asks_for_it || body->type == type;
    if (verdict == RD_VERDICT_FAIL)
        return asks_for_it || demands_it || (body->type == type && body->has_count);
    return asks_for_it || demands_it || body->type == type;
}

bool rule_hangs_on_unseen(struct rd_arena *arena, const struct rd_rule *rule,
                          enum rd_verdict verdict, const struct rd_unseen *items, size_t count,
                          struct rd_str *ret_text)
{
    struct rd_str text = {"", 0};
    for (size_t i = 0; i < count; i++)
        if (items[i].type != NULL && may_change(rule->body, verdict, items[i].type))
            text = rd_arena_printf(arena, "%.*s%s%.*s%s%.*s", RD_FMT(text), text.n > 0 ? "; " : "",
                                   RD_FMT(items[i].what), items[i].role.n > 0 ? ", seen with " : "",
                                   RD_FMT(items[i].role));
    *ret_text = text;
    return text.n > 0;
}
