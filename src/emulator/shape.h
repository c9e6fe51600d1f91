/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_SHAPE_H
#define EMULATOR_SHAPE_H

/* Short words for looking into bodies and building them; nothing here knows a resource type. */

#include "core.h"

/* Looking: the text or number at a dotted path. */
struct rd_str em_text_at(const struct rd_json *body, const char *path);
bool em_has(const struct rd_json *body, const char *path);
bool em_is_word(const struct rd_json *body, const char *path, const char *word); /* without case */
/* Whether `id` stands in the array at `path`, as text or as {"id": ...}. */
bool em_array_has_id(const struct rd_json *body, const char *path, struct rd_str id);

/* Building: sets the value at a dotted path; objects are made along it. */
void em_set(struct em_exchange *ex, struct rd_json *body, const char *path, struct rd_json value);
void em_set_text(struct em_exchange *ex, struct rd_json *body, const char *path,
                 struct rd_str text);
void em_set_word(struct em_exchange *ex, struct rd_json *body, const char *path, const char *word);
void em_set_bool(struct em_exchange *ex, struct rd_json *body, const char *path, bool is_true);
void em_set_int(struct em_exchange *ex, struct rd_json *body, const char *path, int64_t value);
void em_drop(struct rd_json *body, const char *parent, const char *member); /* "" for the top */
struct rd_json em_link(struct em_exchange *ex, struct rd_str id);           /* {"id": id} */
/* The array at `path` for appending, made when absent. */
struct rd_json *em_array(struct em_exchange *ex, struct rd_json *body, const char *path);

/* Ids. */
struct rd_str em_child_id(struct em_exchange *ex, struct rd_str parent, const char *collection,
                          struct rd_str name);
struct rd_str em_id_name(struct rd_str id);   /* last segment */
struct rd_str em_id_parent(struct rd_str id); /* without the last two segments */
/* The segment behind "/name/" of an id, or "". */
struct rd_str em_id_segment(struct rd_str id, const char *name);
struct rd_str em_location(struct em_exchange *ex, const struct em_resource *resource);
/* "East US 2" and "eastus2" are one. */
bool em_location_eq(struct rd_str a, struct rd_str b);

/* Whether a write of this resource is still under way. */
bool em_in_progress(const struct em_resource *resource);
/* 429 AnotherOperationInProgress when `resource` is being written; true otherwise. */
bool em_require_idle(struct em_exchange *ex, const struct em_resource *resource);
/* The same for the parent of `id` and all that lies directly below it, but for `id` itself: one
 * write at a time in a network, a group, a table. */
bool em_require_family_idle(struct em_exchange *ex, const struct em_resource *parent,
                            struct rd_str id);
/* Steps through the children of one type: start with NULL. */
struct em_resource *em_next_child(const struct em_resource *parent, const char *type,
                                  const struct em_resource *last);
/* Fails with 405: the service alone makes such resources. */
bool em_put_refused(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                    struct rd_json *hidden);

/* PATCH of types that change in nothing but their tags. */
bool em_patch_tags(struct em_exchange *ex, struct em_resource *resource,
                   const struct rd_json *patch, struct rd_json *body, struct rd_json *hidden);
/* em_default with a word. */
void em_default_text(struct em_exchange *ex, struct rd_json *body, const char *path,
                     const char *text);
/* Sets a member of a hidden object, which is made when there is none. */
void em_keep_text(struct em_exchange *ex, struct rd_json *hidden, const char *member,
                  struct rd_str text);
/* Sets a GUID that depends on `what` and the id only. */
void em_set_guid(struct em_exchange *ex, struct rd_json *body, const char *path, const char *what,
                 struct rd_str id);
/* A word list at a path is known: else 400 with `code`. */
bool em_check_word(struct em_exchange *ex, const struct rd_json *value, const char *const *words,
                   const char *code, const char *subject);

#endif
