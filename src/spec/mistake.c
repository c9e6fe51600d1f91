/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MISTAKE_COUNT_MAX = 2000, /* kept, so that the first ones by place are really the first */
    MISTAKE_SHOWN_MAX = 20,
    WORD_SIZE_MAX = 200, /* shown; ids of Azure's are the longest that make sense */
};

static bool has_mistake_at(const struct rd_spec_reader *reader, uint32_t offset)
{
    for (size_t i = 0; i < reader->mistake_count; i++)
        if (reader->mistakes[i].offset == offset && reader->mistakes[i].is_of_value)
            return true;
    return false;
}

/* A word that no person wrote would leave no room for what is wrong with it. */
static struct rd_str shorten(struct rd_arena *arena, struct rd_str what)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, what.n + 1);
    size_t word_size = 0;
    for (size_t i = 0; i < what.n; i++) {
        bool is_gap = what.p[i] == ' ' || what.p[i] == '\'';
        word_size = is_gap ? 0 : word_size + 1;
        bool is_inside = ((unsigned char)what.p[i] & 0xc0) == 0x80; /* of a character of UTF-8 */
        if (word_size <= WORD_SIZE_MAX || (word_size <= WORD_SIZE_MAX + 3 && is_inside))
            rd_buf_add_char(&out, what.p[i]);
        else if (word_size <= WORD_SIZE_MAX + 3)
            rd_buf_add_char(&out, '.');
    }
    return rd_arena_str(arena, rd_buf_str(&out));
}

void rd_spec_mistake(struct rd_spec_reader *reader, uint32_t offset, const char *fmt, ...)
{
    if (reader->is_checking && has_mistake_at(reader, offset))
        return;
    if (reader->mistake_count == MISTAKE_COUNT_MAX) {
        reader->more_count++;
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    struct rd_str what = shorten(reader->arena, rd_arena_vprintf(reader->arena, fmt, ap));
    va_end(ap);
    reader->mistakes = rd_arena_grow(reader->arena, reader->mistakes, reader->mistake_count,
                                     &reader->mistake_cap, sizeof(*reader->mistakes));
    reader->mistakes[reader->mistake_count] = (struct rd_spec_mistake){
        .offset = offset,
        .number = (uint32_t)reader->mistake_count,
        .is_of_value = !reader->is_checking,
        .what = what,
    };
    reader->mistake_count++;
}

const char *rd_spec_suggestion(struct rd_spec_reader *reader, struct rd_str word,
                               const struct rd_spec_words *words)
{
    struct rd_str nearest = rd_str_nearest(word, words->items, words->count);
    if (nearest.n == 0)
        return "";
    return rd_arena_printf(reader->arena, "; did you mean '%.*s'?", RD_FMT(nearest)).p;
}

static int by_place(const void *a, const void *b)
{
    const struct rd_spec_mistake *x = a;
    const struct rd_spec_mistake *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

void rd_spec_position(struct rd_str text, uint32_t offset, int *ret_line, int *ret_column)
{
    /* A quoted value is known by its first character; people look for the quote. */
    if (offset > 0 && offset <= text.n && (text.p[offset - 1] == '"' || text.p[offset - 1] == '\''))
        offset--;
    rd_json_position(text, offset, ret_line, ret_column);
}

enum rd_rc rd_spec_report(struct rd_spec_reader *reader, struct rd_err *err)
{
    size_t count = reader->mistake_count;
    if (count == 0)
        return RD_RC_OK;
    qsort(reader->mistakes, count, sizeof(*reader->mistakes), by_place);
    struct rd_buf lines;
    rd_buf_init(&lines, RD_ERR_MSG_MAX - 1);
    size_t shown = 0;
    for (; shown < count && shown < MISTAKE_SHOWN_MAX; shown++) {
        const struct rd_spec_mistake *mistake = &reader->mistakes[shown];
        int line;
        int column;
        rd_spec_position(reader->text, mistake->offset, &line, &column);
        struct rd_str text =
            rd_arena_printf(reader->arena, "%s%s:%d:%d: %.*s", shown == 0 ? "" : "\n", reader->file,
                            line, column, RD_FMT(mistake->what));
        /* The first is told even if it must be cut; of the others only whole ones. */
        if (shown > 0 && lines.n + text.n > lines.size_max)
            break;
        rd_buf_add(&lines, rd_str_sub(text, 0, lines.size_max));
    }
    enum rd_rc rc = RD_FAIL(err, RD_RC_INVALID, "%.*s", RD_FMT(rd_buf_str(&lines)));
    rd_buf_done(&lines);
    size_t total = count + reader->more_count;
    if (total == 1)
        return rc;
    if (shown < total)
        return rd_err_hint(rc, err, "%zu mistakes, the first %zu are shown", total, shown);
    return rd_err_hint(rc, err, "%zu mistakes", total);
}

/* Places of keys: the tree keeps only those of values ---------------------------------------------
 */

/* The end of what is known to lie before a member: the last place within the ones before it. */
static uint32_t last_offset(const struct rd_json *value)
{
    uint32_t last = value->offset;
    for (size_t i = 0; i < rd_json_count(value); i++) {
        const struct rd_json *child =
            value->type == RD_JSON_ARRAY ? rd_json_item(value, i) : &value->u.members[i].value;
        uint32_t offset = last_offset(child);
        last = offset > last ? offset : last;
    }
    return last;
}

/* Whether `key` stands at `at` as a key: at the start of something, and a colon after it. */
static bool is_key_at(struct rd_str text, size_t at, struct rd_str key)
{
    if (!rd_str_eq(rd_str_sub(text, at, at + key.n), key))
        return false;
    if (at > 0 && strchr(" \n\t{,\"'", text.p[at - 1]) == NULL)
        return false;
    size_t end = at + key.n;
    if (end < text.n && (text.p[end] == '"' || text.p[end] == '\''))
        end++;
    while (end < text.n && text.p[end] == ' ')
        end++;
    if (end >= text.n || text.p[end] != ':')
        return false;
    for (size_t i = at; i > 0 && text.p[i - 1] != '\n'; i--)
        if (text.p[i - 1] == '#' && (i == 1 || text.p[i - 2] == ' ' || text.p[i - 2] == '\n'))
            return false; /* in a comment */
    return true;
}

uint32_t rd_spec_key_offset(struct rd_str text, const struct rd_json *mapping, size_t index)
{
    const struct rd_json_member *member = &mapping->u.members[index];
    uint32_t from =
        index == 0 ? mapping->offset : last_offset(&mapping->u.members[index - 1].value);
    from = from < mapping->offset ? mapping->offset : from;
    /* An empty value has no place of its own: then the key is the first one after what precedes. */
    bool has_place = member->value.offset > from;
    size_t to = has_place ? member->value.offset : text.n;
    for (size_t i = 0; i + from < to; i++) {
        size_t at = has_place ? to - 1 - i : from + i;
        if (is_key_at(text, at, member->key)) {
            bool is_quoted = at > 0 && (text.p[at - 1] == '"' || text.p[at - 1] == '\'');
            return (uint32_t)(is_quoted ? at - 1 : at);
        }
    }
    return member->value.offset > 0 ? member->value.offset : mapping->offset;
}

const struct rd_json *rd_spec_container(const struct rd_spec_reader *reader, const char *path,
                                        enum rd_json_type type, size_t count_max)
{
    const struct rd_json *value = rd_json_at(&reader->root, path);
    return value->type == type && rd_json_count(value) <= count_max ? value : &rd_json_absent;
}

bool rd_spec_is_given(const struct rd_spec_reader *reader, const char *path)
{
    return rd_json_exists(rd_json_at(&reader->root, path));
}

bool rd_spec_is_refused(const struct rd_spec_reader *reader, const char *path)
{
    const struct rd_json *value = rd_json_at(&reader->root, path);
    return rd_json_exists(value) && has_mistake_at(reader, value->offset);
}

uint32_t rd_spec_offset(const struct rd_spec_reader *reader, const char *path)
{
    struct rd_str rest = rd_str_from(path);
    while (rest.n > 0) {
        const struct rd_json *value = rd_json_at_str(&reader->root, rest);
        if (rd_json_exists(value))
            return value->offset;
        size_t dot = rd_str_find_last_char(rest, '.');
        rest = rd_str_sub(rest, 0, dot == RD_STR_NONE ? 0 : dot);
    }
    return reader->root.offset;
}
