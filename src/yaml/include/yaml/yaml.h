/* SPDX-License-Identifier: Apache-2.0 */
#ifndef YAML_YAML_H
#define YAML_YAML_H

/*
 * YAML 1.2 (core schema) into the same tree as JSON, by libfyaml's events. Every value's offset
 * is its byte offset in the text, so rd_json_position gives line and column. Plain scalars become
 * null, booleans, integers or numbers as the core schema says; quoted ones are strings.
 *
 * Refused, each with name:line:column: anchors and aliases (they make small files huge), tags,
 * a second document, keys that are no scalars, a key named twice, text that is not UTF-8, and more
 * than RD_YAML_DEPTH_MAX levels or RD_YAML_NODE_COUNT_MAX nodes. An empty document is RD_JSON_NULL.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

/* Errors: INVALID, LIMIT. Strings are copied into the arena; `text` may go. */
RD_NODISCARD enum rd_rc rd_yaml_parse(struct rd_arena *arena, const char *name, struct rd_str text,
                                      struct rd_json *ret_value, struct rd_err *err);

#endif
