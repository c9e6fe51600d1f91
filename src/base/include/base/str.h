/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

/*
 * A view of bytes that somebody else owns, by value. Not NUL-terminated unless it came from an
 * arena or a literal (those add an uncounted NUL, so `.p` may be given to C functions there).
 * Case-insensitive functions fold ASCII only, as ARM does with resource ids.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rd_str {
    const char *p;
    size_t n;
};

/* From a string literal, usable in static initialisers. */
#define RD_STR(literal) ((struct rd_str){"" literal, sizeof("" literal) - 1})
/* For printf("%.*s"). */
#define RD_FMT(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

struct rd_str rd_str_from(const char *c_string); /* NULL gives the empty view */

bool rd_str_is_empty(struct rd_str s);
bool rd_str_eq(struct rd_str a, struct rd_str b);
bool rd_str_eq_case(struct rd_str a, struct rd_str b); /* ignoring ASCII case */
bool rd_str_is(struct rd_str a, const char *b);        /* equal to a C string */
bool rd_str_is_case(struct rd_str a, const char *b);   /* equal to a C string, ignoring case */
int rd_str_cmp(struct rd_str a, struct rd_str b);      /* bytewise, shorter first: <0, 0, >0 */
int rd_str_cmp_case(struct rd_str a, struct rd_str b);
bool rd_str_has_prefix(struct rd_str s, struct rd_str prefix);
bool rd_str_has_prefix_case(struct rd_str s, struct rd_str prefix);
bool rd_str_has_suffix(struct rd_str s, struct rd_str suffix);
bool rd_str_has_suffix_case(struct rd_str s, struct rd_str suffix);

#define RD_STR_NONE SIZE_MAX
/* The index of the first match at or after `from`, or RD_STR_NONE; nothing ("") is found nowhere.
 */
size_t rd_str_find(struct rd_str s, struct rd_str needle, size_t from);
size_t rd_str_find_case(struct rd_str s, struct rd_str needle, size_t from);
size_t rd_str_find_char(struct rd_str s, char c, size_t from);
size_t rd_str_find_last_char(struct rd_str s, char c);

/* The part [from, to), clamped to the view. */
struct rd_str rd_str_sub(struct rd_str s, size_t from, size_t to);
/* At most `n` bytes from the start, and no half character of UTF-8 at the end. */
struct rd_str rd_str_cut(struct rd_str s, size_t n);
/* What follows the last `c`; the whole view when there is none. */
struct rd_str rd_str_after_last(struct rd_str s, char c);
struct rd_str rd_str_trim(struct rd_str s); /* spaces, tabs, CR, LF at both ends */

/* Takes the part before the next `separator` off the front of `*rest`; false when nothing is left.
 * "a//b" gives "a", "", "b". Start with rest->p non-NULL. */
bool rd_str_next(struct rd_str *rest, char separator, struct rd_str *ret_part);

uint64_t rd_str_hash(struct rd_str s);
uint64_t rd_str_hash_case(struct rd_str s);

/* The whole view as a decimal number within [min, max]; false otherwise. */
bool rd_str_to_int(struct rd_str s, int64_t min, int64_t max, int64_t *ret_value);
bool rd_str_is_guid(struct rd_str s);     /* 8-4-4-4-12 hex digits */
bool rd_str_is_utf8(struct rd_str s);     /* well-formed UTF-8, no surrogates, no overlong forms */
bool rd_str_has_control(struct rd_str s); /* an ASCII control character, DEL included */
bool rd_str_is_visible(struct rd_str s);  /* ASCII alone, without spaces and control characters */

char rd_char_lower(char c);
char rd_char_upper(char c);
bool rd_char_is_digit(char c);
bool rd_char_is_alpha(char c);
bool rd_char_is_alnum(char c);
bool rd_char_is_hex(char c);
int rd_char_hex(char c); /* 0 to 15 of a hex digit, either case */

/*
 * The word among `words` that is nearest to `word` by edits (insert, delete, replace, swap), when
 * it is near enough to be what the author meant; otherwise the empty view. Case does not count.
 */
struct rd_str rd_str_nearest(struct rd_str word, const struct rd_str *words, size_t count);

#endif
