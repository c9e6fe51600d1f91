/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_READER_H
#define SPEC_READER_H

/*
 * The state of reading one spec: the YAML tree, the structure being filled, the tables it is
 * checked against, and the mistakes found so far. Order of work: read (each value by itself),
 * complete (defaults that depend on other fields), check (fields against each other), report.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipv4.h"
#include "schema.h"
#include "spec/spec.h"

struct rd_spec_words {
    struct rd_str *items;
    size_t count;
};

struct rd_spec_tables {
    const struct rd_json *regions;
    const struct rd_json *sizes;
    const struct rd_json *steps;
    const struct rd_json *names;
    const struct rd_json *rdp;
    struct rd_spec_words region_words;
    struct rd_spec_words size_words;
    struct rd_spec_words step_words;
    struct rd_spec_words role_words;
    struct rd_spec_words rdp_words;
    struct rd_spec_words time_zone_words;
};

struct rd_spec_mistake {
    uint32_t offset;
    uint32_t number; /* in order of finding, so that sorting is stable */
    bool is_of_value;
    struct rd_str what;
};

struct rd_spec_reader {
    struct rd_arena *arena;
    const char *file;
    struct rd_str text;
    struct rd_json root;
    struct rd_spec *spec;
    struct rd_spec_tables tables;
    struct rd_spec_mistake *mistakes;
    size_t mistake_count;
    size_t mistake_cap;
    size_t more_count;  /* found after the list was full */
    bool is_checking;   /* fields against each other */
    bool pins_are_list; /* users only, to be given to hosts in order */
};

/* tables.c ------------------------------------------------------------------------------------ */

/* Errors: those of data files that the user overrides. */
RD_NODISCARD enum rd_rc rd_spec_tables_load(struct rd_arena *arena, struct rd_spec_tables *tables,
                                            struct rd_err *err);
/* The row whose `member` is `word` without regard to case; absent when there is none. */
const struct rd_json *rd_spec_row(const struct rd_json *table, const char *member,
                                  struct rd_str word);
/* The word of `words` that is `word` without regard to case, as the table writes it. */
bool rd_spec_words_find(const struct rd_spec_words *words, struct rd_str word,
                        struct rd_str *ret_word);
/* Names of tables in data/ below `folder`, without it. */
struct rd_spec_words rd_spec_words_in_folder(struct rd_arena *arena, const char *folder);
/* The words of a field's table, and in one sentence: "personal or pooled". */
struct rd_spec_words rd_spec_words_of(struct rd_arena *arena, const struct rd_spec_word *words);
struct rd_str rd_spec_words_text(struct rd_arena *arena, const struct rd_spec_words *words);
bool rd_spec_region_has_zones(const struct rd_spec_tables *tables, struct rd_str region);

/* mistake.c ----------------------------------------------------------------------------------- */

/* Notes a mistake at a byte of the text. While fields are checked against each other, a place that
 * already has one is left alone: what follows from a mistake is no mistake of its own. */
RD_PRINTF(3, 4)
void rd_spec_mistake(struct rd_spec_reader *reader, uint32_t offset, const char *fmt, ...);
/* "; did you mean 'x'?" or "". */
const char *rd_spec_suggestion(struct rd_spec_reader *reader, struct rd_str word,
                               const struct rd_spec_words *words);
/* All of them, sorted by place, as the error of the spec; OK when there are none. */
RD_NODISCARD enum rd_rc rd_spec_report(struct rd_spec_reader *reader, struct rd_err *err);
/* Line and column of a value, from 1. */
void rd_spec_position(struct rd_str text, uint32_t offset, int *ret_line, int *ret_column);
/* Where the key of a member stands. */
uint32_t rd_spec_key_offset(struct rd_str text, const struct rd_json *mapping, size_t index);
/* The author's list or map at a path for going through its items once more; absent when it is of
 * another type or longer than its limit, which reading has told already. */
const struct rd_json *rd_spec_container(const struct rd_spec_reader *reader, const char *path,
                                        enum rd_json_type type, size_t count_max);
/* Whether the author wrote a value at a dotted path, and where; when not, the place of the nearest
 * section above it. */
bool rd_spec_is_given(const struct rd_spec_reader *reader, const char *path);
/* Whether what the author wrote there has been refused already: what would follow from it, or from
 * what stands in for it, is not to be told. */
bool rd_spec_is_refused(const struct rd_spec_reader *reader, const char *path);
uint32_t rd_spec_offset(const struct rd_spec_reader *reader, const char *path);

/* scalar.c ------------------------------------------------------------------------------------ */

/* Checks one word as a kind; NULL when it is fine, with the canonical form in `*ret_text`, or what
 * was expected. `*ret_words` are the words to suggest from, if any. */
const char *rd_spec_scalar(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                           enum rd_spec_kind kind, struct rd_str in, struct rd_str *ret_text,
                           struct rd_spec_words *ret_words);

/* A whole prefix of the sizes that a network of Azure may have. */
bool rd_spec_cidr_parse(struct rd_str s, struct rd_ipv4 *ret_cidr);
struct rd_str rd_spec_cidr_text(struct rd_arena *arena, struct rd_ipv4 cidr);
/* Minutes since midnight of a checked "23:00". */
int rd_spec_minutes(struct rd_str time);

/* read.c, special.c --------------------------------------------------------------------------- */

void rd_spec_read_root(struct rd_spec_reader *reader);
/* A section or one rule: `base` is what the fields' offsets are relative to, `offset` where to say
 * that something is missing. */
void rd_spec_read_object(struct rd_spec_reader *reader, const struct rd_spec_field *fields,
                         void *base, const struct rd_json *object, const char *path,
                         uint32_t offset);
bool rd_spec_read_scalar(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                         enum rd_spec_kind kind, const struct rd_json *value, const char *path,
                         struct rd_str *ret_text);
bool rd_spec_expect(struct rd_spec_reader *reader, const struct rd_json *value,
                    enum rd_json_type type, const char *path);
/* The defaults in a table's own column `otherwise`. */
void rd_spec_fill(struct rd_spec_reader *reader, const struct rd_spec_field *fields, void *base);
void rd_spec_read_rules(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                        const struct rd_json *value);
void rd_spec_read_pins(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                       const struct rd_json *value);
void rd_spec_read_rdp(struct rd_spec_reader *reader, const struct rd_json *value);
void rd_spec_list_add(struct rd_arena *arena, struct rd_spec_list *list, struct rd_str item);
void rd_spec_map_add(struct rd_arena *arena, struct rd_spec_map *map, struct rd_str key,
                     struct rd_str value);

/* complete.c, check*.c, names.c ---------------------------------------------------------------- */

void rd_spec_complete(struct rd_spec_reader *reader);
void rd_spec_check(struct rd_spec_reader *reader);
void rd_spec_check_hosts(struct rd_spec_reader *reader);
void rd_spec_check_network(struct rd_spec_reader *reader);
void rd_spec_check_names(struct rd_spec_reader *reader);

#endif
