/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_UNSEEN_H
#define RULES_UNSEEN_H

/* Which verdicts hang on what the reader of a live set was not shown. Private to the module. */

#include "resource/unseen.h"
#include "rules/rules.h"

/* Whether `verdict` may be another one when the `items` are seen; which of them, for people. */
bool rule_hangs_on_unseen(struct rd_arena *arena, const struct rd_rule *rule,
                          enum rd_verdict verdict, const struct rd_unseen *items, size_t count,
                          struct rd_str *ret_text);

#endif
