/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/yaml.h"

#include <assert.h>
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"

struct reader {
    struct rd_arena *arena;
    const char *name;
    struct rd_str text;
    struct fy_parser *parser;
    struct fy_diag *diag;
    size_t node_count;
    int depth;
    struct rd_err *err;
};

static void parser_free(struct fy_parser **parser)
{
    if (*parser != NULL)
        fy_parser_destroy(*parser);
}

static void diag_free(struct fy_diag **diag)
{
    if (*diag != NULL)
        fy_diag_destroy(*diag);
}

RD_NODISCARD static enum rd_rc fail_at(struct reader *reader, const struct fy_mark *mark,
                                       const char *what, const char *hint)
{
    return rd_err_hint(RD_FAIL(reader->err, RD_RC_INVALID, "%s:%d:%d: %s", reader->name,
                               mark == NULL ? 1 : mark->line + 1,
                               mark == NULL ? 1 : mark->column + 1, what),
                       reader->err, "%s", hint);
}

/* What libfyaml itself says is wrong. Its columns count from 1 in collected errors, lines too. */
RD_NODISCARD static enum rd_rc fail_syntax(struct reader *reader)
{
    void *cursor = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(reader->diag, &cursor);
    if (error == NULL || error->msg == NULL)
        return RD_FAIL(reader->err, RD_RC_INVALID, "%s:1:1: this is not YAML", reader->name);
    struct rd_str msg = rd_str_trim(rd_str_from(error->msg));
    return rd_err_hint(RD_FAIL(reader->err, RD_RC_INVALID, "%s:%d:%d: %.*s", reader->name,
                               error->line > 0 ? error->line : 1,
                               error->column > 0 ? error->column : 1, RD_FMT(msg)),
                       reader->err,
                       "look at the indentation, the colons and the quotes there and on the line "
                       "before");
}

static const struct fy_mark *mark_of(struct fy_event *event)
{
    struct fy_token *token = fy_event_get_token(event);
    return token == NULL ? NULL : fy_token_start_mark(token);
}

static bool is_number(struct rd_str s, bool *ret_is_integer)
{
    size_t i = s.n > 0 && s.p[0] == '-' ? 1 : 0;
    size_t digits = 0;
    for (; i < s.n && rd_char_is_digit(s.p[i]); i++)
        digits++;
    if (digits == 0 || (digits > 1 && s.p[i - digits] == '0'))
        return false; /* "007" stays text, as a host number must */
    *ret_is_integer = i == s.n;
    if (i == s.n)
        return true;
    if (s.p[i] != '.')
        return false;
    size_t fraction = 0;
    for (i++; i < s.n && rd_char_is_digit(s.p[i]); i++)
        fraction++;
    return fraction > 0 && i == s.n;
}

static struct rd_json plain_scalar(struct rd_str s)
{
    bool is_integer;
    int64_t i;
    if (s.n == 0 || rd_str_is(s, "~") || rd_str_is(s, "null") || rd_str_is(s, "Null") ||
        rd_str_is(s, "NULL"))
        return rd_json_null();
    if (rd_str_is(s, "true") || rd_str_is(s, "True") || rd_str_is(s, "TRUE"))
        return rd_json_bool(true);
    if (rd_str_is(s, "false") || rd_str_is(s, "False") || rd_str_is(s, "FALSE"))
        return rd_json_bool(false);
    if (!is_number(s, &is_integer))
        return rd_json_string(s);
    if (is_integer && rd_str_to_int(s, INT64_MIN, INT64_MAX, &i))
        return rd_json_integer(i);
    struct rd_json number = rd_json_string(s);
    number.type = RD_JSON_NUMBER;
    return number;
}

RD_NODISCARD static enum rd_rc count_node(struct reader *reader, struct fy_event *event)
{
    if (++reader->node_count > RD_YAML_NODE_COUNT_MAX)
        return RD_FAIL(reader->err, RD_RC_LIMIT, "%s: more than %d YAML values", reader->name,
                       RD_YAML_NODE_COUNT_MAX);
    struct fy_token *anchor = NULL;
    struct fy_token *tag = NULL;
    if (event->type == FYET_SCALAR) {
        anchor = event->scalar.anchor;
        tag = event->scalar.tag;
    } else if (event->type == FYET_MAPPING_START) {
        anchor = event->mapping_start.anchor;
        tag = event->mapping_start.tag;
    } else if (event->type == FYET_SEQUENCE_START) {
        anchor = event->sequence_start.anchor;
        tag = event->sequence_start.tag;
    }
    if (anchor != NULL)
        return fail_at(reader, fy_token_start_mark(anchor), "anchors (&) are not allowed here",
                       "write the value itself, or put text that begins with & in quotes");
    if (tag != NULL)
        return fail_at(reader, fy_token_start_mark(tag), "tags (!) are not allowed here",
                       "leave it out, or put text that begins with ! in quotes");
    return RD_RC_OK;
}

/* libfyaml 0.7.12 gives bytes of its own behind some badly indented block scalars: what is no text
 * is refused. */
RD_NODISCARD static enum rd_rc scalar_text(struct reader *reader, struct fy_event *event,
                                           struct rd_str *ret_text)
{
    size_t n = 0;
    const char *text =
        event->scalar.value == NULL ? NULL : fy_token_get_text(event->scalar.value, &n);
    struct rd_str view = {text, text == NULL ? 0 : n};
    if (view.n > 0 && (memchr(view.p, '\0', view.n) != NULL || !rd_str_is_utf8(view)))
        return fail_at(reader, mark_of(event), "this text cannot be read",
                       "check its quotes and its indentation");
    *ret_text = rd_arena_str(reader->arena, view);
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc read_value(struct reader *reader, struct fy_event *event,
                                          struct rd_json *ret_value);

/* The event after the current one, read as a value; `*ret_is_end` when it closes the container. */
RD_NODISCARD static enum rd_rc read_item(struct reader *reader, enum fy_event_type end,
                                         struct rd_json *ret_item, bool *ret_is_end)
{
    struct fy_event *event = fy_parser_parse(reader->parser);
    if (event == NULL)
        return fail_syntax(reader);
    *ret_is_end = event->type == end;
    enum rd_rc rc = *ret_is_end ? RD_RC_OK : read_value(reader, event, ret_item);
    fy_parser_event_free(reader->parser, event);
    return rc;
}

RD_NODISCARD static enum rd_rc read_sequence(struct reader *reader, struct rd_json *ret_value)
{
    for (;;) {
        struct rd_json item = {0};
        bool is_end = false;
        RD_TRY(read_item(reader, FYET_SEQUENCE_END, &item, &is_end));
        if (is_end)
            return RD_RC_OK;
        (void)rd_json_append(reader->arena, ret_value, item);
    }
}

RD_NODISCARD static enum rd_rc read_key(struct reader *reader, struct rd_map *keys,
                                        struct rd_str *ret_key, bool *ret_is_end)
{
    struct fy_event *event = fy_parser_parse(reader->parser);
    if (event == NULL)
        return fail_syntax(reader);
    enum rd_rc rc = RD_RC_OK;
    *ret_is_end = event->type == FYET_MAPPING_END;
    if (*ret_is_end) {
        /* nothing more */
    } else if (event->type != FYET_SCALAR) {
        rc = fail_at(reader, mark_of(event), "a key must be a plain word or a string",
                     "write it as 'key: value'");
    } else {
        rc = count_node(reader, event);
        if (rc == RD_RC_OK)
            rc = scalar_text(reader, event, ret_key);
        if (rc == RD_RC_OK && rd_map_set(keys, *ret_key, reader) != NULL) {
            char what[128];
            (void)snprintf(what, sizeof(what), "the key '%.*s' is given twice",
                           (int)(ret_key->n < 64 ? ret_key->n : 64), ret_key->p);
            rc = fail_at(reader, mark_of(event), what, "leave one of them");
        }
    }
    fy_parser_event_free(reader->parser, event);
    return rc;
}

RD_NODISCARD static enum rd_rc read_mapping(struct reader *reader, struct rd_json *ret_value)
{
    RD_CLEANUP(rd_map_done) struct rd_map keys; /* to find one that is given twice */
    rd_map_init(&keys, false);
    for (;;) {
        struct rd_str key = {NULL, 0};
        struct rd_json value = {0};
        bool is_end = false;
        RD_TRY(read_key(reader, &keys, &key, &is_end));
        if (is_end)
            return RD_RC_OK;
        RD_TRY(read_item(reader, FYET_NONE, &value, &is_end));
        (void)rd_json_add(reader->arena, ret_value, key, value);
    }
}

static enum rd_rc read_value(struct reader *reader, struct fy_event *event,
                             struct rd_json *ret_value)
{
    const struct fy_mark *mark = mark_of(event);
    uint32_t offset = mark == NULL ? 0 : (uint32_t)mark->input_pos;
    RD_TRY(count_node(reader, event));
    if (event->type == FYET_SCALAR) {
        struct rd_str s = {"", 0};
        RD_TRY(scalar_text(reader, event, &s));
        bool is_plain = event->scalar.value == NULL ||
                        fy_scalar_token_get_style(event->scalar.value) == FYSS_PLAIN;
        *ret_value = is_plain ? plain_scalar(s) : rd_json_string(s);
        ret_value->offset = offset;
        return RD_RC_OK;
    }
    if (event->type == FYET_ALIAS)
        return fail_at(reader, mark, "aliases (*) are not allowed here",
                       "write the value itself, or put text that begins with * in quotes");
    if (event->type != FYET_MAPPING_START && event->type != FYET_SEQUENCE_START)
        return fail_at(reader, mark, "expected a value", "write one, or leave the key out");
    if (++reader->depth > RD_YAML_DEPTH_MAX) {
        (void)!fail_at(reader, mark, "nested deeper than 32 levels",
                       "nothing that redoubt reads is nested so deep: check the indentation");
        reader->err->rc = RD_RC_LIMIT;
        return RD_RC_LIMIT;
    }
    bool is_mapping = event->type == FYET_MAPPING_START;
    *ret_value = is_mapping ? rd_json_object() : rd_json_array();
    ret_value->offset = offset;
    RD_TRY(is_mapping ? read_mapping(reader, ret_value) : read_sequence(reader, ret_value));
    reader->depth--;
    return RD_RC_OK;
}

/* Stream start, then one document at most. */
RD_NODISCARD static enum rd_rc read_stream(struct reader *reader, struct rd_json *ret_value)
{
    int document_count = 0;
    for (;;) {
        struct fy_event *event = fy_parser_parse(reader->parser);
        if (event == NULL)
            return fail_syntax(reader);
        enum fy_event_type type = event->type;
        enum rd_rc rc = RD_RC_OK;
        if (type == FYET_DOCUMENT_START && ++document_count > 1)
            rc = fail_at(reader, mark_of(event), "only one YAML document is expected",
                         "leave out what begins with '---', or put it into a file of its own");
        else if (type != FYET_STREAM_START && type != FYET_STREAM_END &&
                 type != FYET_DOCUMENT_START && type != FYET_DOCUMENT_END)
            rc = read_value(reader, event, ret_value);
        fy_parser_event_free(reader->parser, event);
        if (rc != RD_RC_OK || type == FYET_STREAM_END)
            return rc;
    }
}

/* As some editors save what is called Unicode there. */
static bool is_utf_16(struct rd_str text)
{
    return text.n >= 2 &&
           (memcmp(text.p, "\xff\xfe", 2) == 0 || memcmp(text.p, "\xfe\xff", 2) == 0);
}

RD_NODISCARD static enum rd_rc check_bytes(struct reader *reader)
{
    if (is_utf_16(reader->text))
        return rd_err_hint(RD_FAIL(reader->err, RD_RC_INVALID,
                                   "%s:1:1: this file is in UTF-16: expected UTF-8", reader->name),
                           reader->err, "save it as UTF-8");
    if (memchr(reader->text.p, '\0', reader->text.n) != NULL)
        return rd_err_hint(RD_FAIL(reader->err, RD_RC_INVALID,
                                   "%s: this is a binary file, not YAML", reader->name),
                           reader->err, "name a file of text");
    if (rd_str_is_utf8(reader->text))
        return RD_RC_OK;
    uint32_t good = 0;
    for (size_t step = reader->text.n; step > 0; step /= 2)
        while (good + step <= reader->text.n &&
               rd_str_is_utf8(rd_str_sub(reader->text, 0, good + step)))
            good += (uint32_t)step;
    int line;
    int column;
    rd_json_position(reader->text, good, &line, &column);
    return rd_err_hint(RD_FAIL(reader->err, RD_RC_INVALID, "%s:%d:%d: the text is not UTF-8",
                               reader->name, line, column),
                       reader->err, "save the file as UTF-8");
}

enum rd_rc rd_yaml_parse(struct rd_arena *arena, const char *name, struct rd_str text,
                         struct rd_json *ret_value, struct rd_err *err)
{
    struct reader reader = {.arena = arena, .name = name, .text = text, .err = err};
    if (text.n > 0)
        RD_TRY(check_bytes(&reader));
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    RD_CLEANUP(diag_free) struct fy_diag *diag = fy_diag_create(&diag_cfg);
    assert(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2, .diag = diag};
    RD_CLEANUP(parser_free) struct fy_parser *parser = fy_parser_create(&cfg);
    assert(parser != NULL);
    if (fy_parser_set_string(parser, text.p, text.n) != 0)
        return RD_FAIL(err, RD_RC_INVALID, "%s: this is not YAML", name);
    reader.parser = parser;
    reader.diag = diag;
    struct rd_json value = rd_json_null();
    if (text.n > 0)
        RD_TRY(read_stream(&reader, &value));
    *ret_value = value;
    return RD_RC_OK;
}
