/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_DOCUMENT_H
#define RULES_DOCUMENT_H

/* docs/rules.md, made from data/rules, data/coverage.yaml and data/controls.yaml, so that it cannot
 * drift from what runs. */

#include "rules/rules.h"

/* Markdown: the language, every rule, which statement of the source documents is checked by which
 * rule, and the controls. Errors: those of an overriding data file, and INVALID for a row of
 * data/coverage.yaml that names a rule which is not there. */
RD_NODISCARD enum rd_rc rd_rules_document(struct rd_arena *arena, const struct rd_rule *rules,
                                          size_t count, struct rd_str *ret_text,
                                          struct rd_err *err);

#endif
