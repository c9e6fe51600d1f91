/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

/*
 * JSON (RFC 8259) as a tree of small values in an arena. Kept: the order of members, the source
 * position of every value, integers of 64 bits exactly, and the text of every other number.
 *
 * Parsing does not copy strings without escapes: they are views into the text, so the text must
 * live as long as the tree (put both into one arena). Trees may share parts; a shared part must
 * then not be changed. A `const struct rd_json *` is never NULL: absent things are the shared
 * value rd_json_absent, whose type is RD_JSON_ABSENT, so that lookups chain:
 *
 *     rd_json_str(rd_json_at(body, "properties.securityProfile.securityType"))   // "" when absent
 *
 * Limits: depth RD_JSON_DEPTH_MAX, text below 4 GB, both checked while parsing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum rd_json_type {
    RD_JSON_ABSENT, /* only rd_json_absent */
    RD_JSON_NULL,
    RD_JSON_BOOL,
    RD_JSON_INT,    /* fits int64_t */
    RD_JSON_NUMBER, /* any other number: its text is kept */
    RD_JSON_STRING,
    RD_JSON_ARRAY,
    RD_JSON_OBJECT,
};

struct rd_json_member;

struct rd_json {
    uint8_t type;    /* enum rd_json_type */
    uint8_t is_true; /* RD_JSON_BOOL */
    uint8_t flags;   /* private */
    uint8_t unused;
    uint32_t offset; /* of the value in the text it was parsed from; 0 when built */
    uint32_t count;  /* bytes of a string or number, items, members */
    uint32_t cap;    /* private: room in items or members */
    union {
        int64_t i;
        const char *text;
        struct rd_json *items;
        struct rd_json_member *members;
    } u;
};

struct rd_json_member {
    struct rd_str key;
    struct rd_json value;
};

extern const struct rd_json rd_json_absent;

/* Parsing ------------------------------------------------------------------------------------- */

enum {
    RD_JSON_UNIQUE_KEYS = 1, /* refuse an object that names a member twice */
    /* Take what Azure Resource Manager takes of a deployment's body besides JSON: comments, names
     * of members without quotes, line ends and tabs in strings. For nothing else. */
    RD_JSON_LENIENT = 2,
};

/*
 * Parses the whole of `text`. `name` is for messages ("plan.json"). Errors: INVALID with
 * name:line:column and what was expected; LIMIT for depth and size.
 */
RD_NODISCARD enum rd_rc rd_json_parse(struct rd_arena *arena, const char *name, struct rd_str text,
                                      int options, struct rd_json *ret_value, struct rd_err *err);
/* Line and column, both from 1, of a byte offset; columns count characters. */
void rd_json_position(struct rd_str text, uint32_t offset, int *ret_line, int *ret_column);

/* Reading ------------------------------------------------------------------------------------- */

bool rd_json_is(const struct rd_json *value, enum rd_json_type type);
bool rd_json_exists(const struct rd_json *value);  /* neither absent nor null */
bool rd_json_is_true(const struct rd_json *value); /* the boolean true */
/* The text of a string, else the empty view. */
struct rd_str rd_json_str(const struct rd_json *value);
/* The number of an RD_JSON_INT, else `otherwise`. */
int64_t rd_json_int(const struct rd_json *value, int64_t otherwise);
/* Any number as a double, else `otherwise`. */
double rd_json_double(const struct rd_json *value, double otherwise);
/* A decimal number times 10^digits, exactly: "1.25" with 6 digits gives 1250000. False when it is
 * no number, has more decimals than fit, or overflows. */
bool rd_json_fixed(const struct rd_json *value, int digits, int64_t *ret_value);
/* The text of an RD_JSON_NUMBER. */
struct rd_str rd_json_number_text(const struct rd_json *value);

/* A member by its exact name; rd_json_absent when there is none or `object` is no object. */
const struct rd_json *rd_json_get(const struct rd_json *object, struct rd_str key);
const struct rd_json *rd_json_get_case(const struct rd_json *object, struct rd_str key);
/* Steps along a dotted path of member names and array indexes: "a.b.0.c". ARM member names hold no
 * dots except tags: use rd_json_get for those. */
const struct rd_json *rd_json_at(const struct rd_json *value, const char *path);
const struct rd_json *rd_json_at_str(const struct rd_json *value, struct rd_str path);
/* Item of an array; absent when out of range. */
const struct rd_json *rd_json_item(const struct rd_json *array, size_t index);
/* Items of an array or members of an object, 0 for anything else. */
size_t rd_json_count(const struct rd_json *value);

/* for (size_t i = 0; i < rd_json_count(v); i++) { struct rd_json_member *m = &v->u.members[i]; } */

/* Equal as JSON: member order does not count, 1 and 1.0 differ. */
bool rd_json_eq(const struct rd_json *a, const struct rd_json *b);

/* Building ------------------------------------------------------------------------------------ */

struct rd_json rd_json_null(void);
struct rd_json rd_json_bool(bool is_true);
struct rd_json rd_json_integer(int64_t i);
struct rd_json rd_json_string(struct rd_str s); /* a view: the caller keeps the bytes */
struct rd_json rd_json_string_c(const char *s);
struct rd_json rd_json_array(void);
struct rd_json rd_json_object(void);
/* micro-units as a decimal number: 1250000 with 6 digits gives 1.25 */
struct rd_json rd_json_decimal(struct rd_arena *arena, int64_t value, int digits);

/* Sets or replaces a member and returns its place, which the next rd_json_set on the same object
 * may move. `object` must be an object. Keys are views. */
struct rd_json *rd_json_set(struct rd_arena *arena, struct rd_json *object, struct rd_str key,
                            struct rd_json value);
struct rd_json *rd_json_set_c(struct rd_arena *arena, struct rd_json *object, const char *key,
                              struct rd_json value);
/* Adds without looking for the key: for writers that never repeat themselves. */
struct rd_json *rd_json_add(struct rd_arena *arena, struct rd_json *object, struct rd_str key,
                            struct rd_json value);
struct rd_json *rd_json_append(struct rd_arena *arena, struct rd_json *array, struct rd_json item);
/* The value at a dotted path for writing, with objects made along it. */
struct rd_json *rd_json_make(struct rd_arena *arena, struct rd_json *object, const char *path);
bool rd_json_remove(struct rd_json *object, struct rd_str key);
/* A deep copy, strings included. */
struct rd_json rd_json_copy(struct rd_arena *arena, const struct rd_json *value);
/* RFC 7386: members of `patch` replace, null removes, objects merge. Copies what it takes. */
void rd_json_merge(struct rd_arena *arena, struct rd_json *target, const struct rd_json *patch);

/* Writing ------------------------------------------------------------------------------------- */

enum rd_json_style {
    RD_JSON_COMPACT,   /* no white space */
    RD_JSON_PRETTY,    /* two spaces, LF */
    RD_JSON_CANONICAL, /* compact, members sorted bytewise at every depth: for hashing */
};

/* Appends the value's text; absent is written as null. A full buffer is the caller's to check. */
void rd_json_write(struct rd_buf *buf, const struct rd_json *value, enum rd_json_style style);
/* The text in an arena. */
struct rd_str rd_json_text(struct rd_arena *arena, const struct rd_json *value,
                           enum rd_json_style style);
/* One string with its quotes and escapes. */
void rd_json_write_string(struct rd_buf *buf, struct rd_str s);

#endif
