/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <assert.h>
#include <string.h>

struct rd_str rd_str_from(const char *c_string)
{
    return c_string == NULL ? (struct rd_str){"", 0} : (struct rd_str){c_string, strlen(c_string)};
}

bool rd_str_is_empty(struct rd_str s)
{
    return s.n == 0;
}

bool rd_str_eq(struct rd_str a, struct rd_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

char rd_char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

char rd_char_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

bool rd_char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool rd_char_is_alpha(char c)
{
    c = rd_char_lower(c);
    return c >= 'a' && c <= 'z';
}

bool rd_char_is_alnum(char c)
{
    return rd_char_is_digit(c) || rd_char_is_alpha(c);
}

bool rd_char_is_hex(char c)
{
    c = rd_char_lower(c);
    return rd_char_is_digit(c) || (c >= 'a' && c <= 'f');
}

int rd_char_hex(char c)
{
    c = rd_char_lower(c);
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static uint64_t load_eight(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

/* Fewer than eight bytes, zeros behind. */
static uint64_t load_rest(const char *p, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)p[i] << i * 8;
    return word;
}

/* Folds the ASCII capitals of eight bytes at once: bit 5 is set where a byte is in 'A'..'Z'. */
static uint64_t lower_eight(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101ULL;
    uint64_t low_bits = word & (ones * 0x7f);
    uint64_t above_z = low_bits + ones * (0x7f - 'Z');
    uint64_t from_a = low_bits + ones * (0x80 - 'A');
    uint64_t is_capital = (from_a ^ above_z) & ~word & (ones * 0x80);
    return word | is_capital >> 2;
}

/* Ids are compared more than anything else, and are long. */
static bool bytes_eq_case(const char *a, const char *b, size_t n)
{
    for (; n >= 8; a += 8, b += 8, n -= 8) {
        uint64_t left = load_eight(a), right = load_eight(b);
        if (left != right && lower_eight(left) != lower_eight(right))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i] && rd_char_lower(a[i]) != rd_char_lower(b[i]))
            return false;
    return true;
}

bool rd_str_eq_case(struct rd_str a, struct rd_str b)
{
    return a.n == b.n && bytes_eq_case(a.p, b.p, a.n);
}

bool rd_str_is(struct rd_str a, const char *b)
{
    return rd_str_eq(a, rd_str_from(b));
}

bool rd_str_is_case(struct rd_str a, const char *b)
{
    return rd_str_eq_case(a, rd_str_from(b));
}

int rd_str_cmp(struct rd_str a, struct rd_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

int rd_str_cmp_case(struct rd_str a, struct rd_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++) {
        int difference =
            (unsigned char)rd_char_lower(a.p[i]) - (unsigned char)rd_char_lower(b.p[i]);
        if (difference != 0)
            return difference;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

bool rd_str_has_prefix(struct rd_str s, struct rd_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool rd_str_has_prefix_case(struct rd_str s, struct rd_str prefix)
{
    return s.n >= prefix.n && bytes_eq_case(s.p, prefix.p, prefix.n);
}

bool rd_str_has_suffix(struct rd_str s, struct rd_str suffix)
{
    return s.n >= suffix.n && rd_str_eq(rd_str_sub(s, s.n - suffix.n, s.n), suffix);
}

bool rd_str_has_suffix_case(struct rd_str s, struct rd_str suffix)
{
    return s.n >= suffix.n && rd_str_eq_case(rd_str_sub(s, s.n - suffix.n, s.n), suffix);
}

size_t rd_str_find(struct rd_str s, struct rd_str needle, size_t from)
{
    if (needle.n == 0 || from > s.n || needle.n > s.n - from)
        return RD_STR_NONE;
    const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
    return hit == NULL ? RD_STR_NONE : (size_t)(hit - s.p);
}

size_t rd_str_find_case(struct rd_str s, struct rd_str needle, size_t from)
{
    if (needle.n == 0 || needle.n > s.n)
        return RD_STR_NONE;
    for (size_t i = from; i <= s.n - needle.n; i++)
        if (bytes_eq_case(s.p + i, needle.p, needle.n))
            return i;
    return RD_STR_NONE;
}

size_t rd_str_find_char(struct rd_str s, char c, size_t from)
{
    if (from >= s.n)
        return RD_STR_NONE;
    const char *hit = memchr(s.p + from, c, s.n - from);
    return hit == NULL ? RD_STR_NONE : (size_t)(hit - s.p);
}

size_t rd_str_find_last_char(struct rd_str s, char c)
{
    if (s.n == 0)
        return RD_STR_NONE;
    const char *hit = memrchr(s.p, c, s.n);
    return hit == NULL ? RD_STR_NONE : (size_t)(hit - s.p);
}

struct rd_str rd_str_sub(struct rd_str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (struct rd_str){s.p == NULL ? NULL : s.p + from, to - from};
}

struct rd_str rd_str_cut(struct rd_str s, size_t n)
{
    if (s.n <= n)
        return s;
    while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return (struct rd_str){s.p, n};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct rd_str rd_str_after_last(struct rd_str s, char c)
{
    size_t at = rd_str_find_last_char(s, c);
    return at == RD_STR_NONE ? s : rd_str_sub(s, at + 1, s.n);
}

struct rd_str rd_str_trim(struct rd_str s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool rd_str_next(struct rd_str *rest, char separator, struct rd_str *ret_part)
{
    if (rest->p == NULL)
        return false;
    size_t at = rd_str_find_char(*rest, separator, 0);
    if (at == RD_STR_NONE) {
        *ret_part = *rest;
        *rest = (struct rd_str){NULL, 0};
        return true;
    }
    *ret_part = rd_str_sub(*rest, 0, at);
    *rest = rd_str_sub(*rest, at + 1, rest->n);
    return true;
}

static uint64_t mix(uint64_t h)
{
    h *= 0xff51afd7ed558ccdULL;
    return h ^ h >> 32;
}

/* Eight bytes a step; ids of a set share long beginnings, so every word counts. */
static uint64_t hash(struct rd_str s, bool ignores_case)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ s.n;
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t word = load_eight(s.p + i);
        h = mix(h ^ (ignores_case ? lower_eight(word) : word));
    }
    if (i < s.n) {
        uint64_t word = load_rest(s.p + i, s.n - i);
        h = mix(h ^ (ignores_case ? lower_eight(word) : word));
    }
    return mix(h);
}

uint64_t rd_str_hash(struct rd_str s)
{
    return hash(s, false);
}

uint64_t rd_str_hash_case(struct rd_str s)
{
    return hash(s, true);
}

bool rd_str_to_int(struct rd_str s, int64_t min, int64_t max, int64_t *ret_value)
{
    bool is_negative = s.n > 0 && s.p[0] == '-';
    size_t i = is_negative ? 1 : 0;
    if (i == s.n)
        return false;
    int64_t value = 0;
    for (; i < s.n; i++) {
        if (!rd_char_is_digit(s.p[i]))
            return false;
        int digit = s.p[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) /* counts down: INT64_MIN fits */
            return false;
    }
    if (!is_negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

bool rd_str_is_guid(struct rd_str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_hyphen ? s.p[i] != '-' : !rd_char_is_hex(s.p[i]))
            return false;
    }
    return true;
}

/* The number of bytes of the well-formed sequence at s.p[i] (RFC 3629 section 4), or 0. */
static size_t utf8_sequence(struct rd_str s, size_t i)
{
    const unsigned char *b = (const unsigned char *)s.p + i;
    size_t left = s.n - i;
    if (b[0] < 0x80)
        return 1;
    if (b[0] >= 0xc2 && b[0] <= 0xdf)
        return left >= 2 && (b[1] & 0xc0) == 0x80 ? 2 : 0;
    if (b[0] >= 0xe0 && b[0] <= 0xef) {
        unsigned low = b[0] == 0xe0 ? 0xa0 : 0x80;
        unsigned high = b[0] == 0xed ? 0x9f : 0xbf;
        return left >= 3 && b[1] >= low && b[1] <= high && (b[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (b[0] >= 0xf0 && b[0] <= 0xf4) {
        unsigned low = b[0] == 0xf0 ? 0x90 : 0x80;
        unsigned high = b[0] == 0xf4 ? 0x8f : 0xbf;
        return left >= 4 && b[1] >= low && b[1] <= high && (b[2] & 0xc0) == 0x80 &&
                       (b[3] & 0xc0) == 0x80
                   ? 4
                   : 0;
    }
    return 0;
}

bool rd_str_is_utf8(struct rd_str s)
{
    size_t i = 0;
    while (i < s.n) {
        uint64_t eight;
        if (s.n - i >= 8) {
            memcpy(&eight, s.p + i, 8);
            if ((eight & 0x8080808080808080ULL) == 0) {
                i += 8;
                continue;
            }
        }
        size_t n = utf8_sequence(s, i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool rd_str_has_control(struct rd_str s)
{
    const uint64_t ones = 0x0101010101010101ULL;
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t word = load_eight(s.p + i);
        uint64_t delete = word ^ (ones * 0x7f);
        uint64_t below_space = (word - ones * 0x20) & ~word;
        uint64_t is_delete = (delete - ones) & ~delete;
        if (((below_space | is_delete) & (ones * 0x80)) != 0)
            return true;
    }
    for (; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '\x7f')
            return true;
    return false;
}

/* Bit 7 of each byte that is no visible ASCII. A borrow only comes from a byte that is marked
 * itself. */
static uint64_t invisible_eight(const char *p)
{
    const uint64_t ones = 0x0101010101010101ULL;
    uint64_t word = load_eight(p);
    uint64_t delete = word ^ (ones * 0x7f);
    return word | ((word - ones * 0x21) & ~word) | ((delete - ones) & ~delete);
}

bool rd_str_is_visible(struct rd_str s)
{
    const uint64_t tops = 0x8080808080808080ULL;
    size_t i = 0;
    for (; s.n - i >= 32; i += 32)
        if (((invisible_eight(s.p + i) | invisible_eight(s.p + i + 8) |
              invisible_eight(s.p + i + 16) | invisible_eight(s.p + i + 24)) &
             tops) != 0)
            return false;
    for (; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
            return false;
    return true;
}

enum { NEAREST_WORD_MAX = 64 };

/* Optimal string alignment distance, ignoring case; words longer than NEAREST_WORD_MAX are far. */
static size_t distance(struct rd_str a, struct rd_str b)
{
    if (a.n > NEAREST_WORD_MAX || b.n > NEAREST_WORD_MAX)
        return SIZE_MAX;
    size_t rows[3][NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = rd_char_lower(a.p[i - 1]);
            char y = rd_char_lower(b.p[j - 1]);
            size_t best = above[j - 1] + (x == y ? 0 : 1);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == rd_char_lower(b.p[j - 2]) &&
                rd_char_lower(a.p[i - 2]) == y && above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a.n % 3][b.n];
}

struct rd_str rd_str_nearest(struct rd_str word, const struct rd_str *words, size_t count)
{
    size_t best = SIZE_MAX;
    struct rd_str nearest = {"", 0};
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, words[i]);
        size_t longer = word.n > words[i].n ? word.n : words[i].n;
        size_t allowed = longer <= 3 ? 1 : longer <= 8 ? 2 : longer / 3;
        if (d < best && d <= allowed && d < longer) {
            best = d;
            nearest = words[i];
        }
    }
    return nearest;
}
