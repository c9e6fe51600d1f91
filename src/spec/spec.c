/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/spec.h"

#include "base/file.h"
#include "base/limits.h"
#include "reader.h"
#include "yaml/yaml.h"

/* The byte order mark that editors on Windows put in front; it is no part of the text. */
static struct rd_str without_mark(struct rd_str text)
{
    struct rd_str mark = RD_STR("\xef\xbb\xbf");
    return rd_str_has_prefix(text, mark) ? rd_str_sub(text, mark.n, text.n) : text;
}

RD_NODISCARD static enum rd_rc check_root(const struct rd_json *root, const char *file,
                                          struct rd_err *err)
{
    const char *what = root->type == RD_JSON_NULL    ? "there is no spec in this file"
                       : root->type == RD_JSON_ARRAY ? "a list"
                                                     : "a single value";
    if (root->type == RD_JSON_OBJECT)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                               "%s:1:1: %s: expected keys such as 'enclave: contoso-cui'", file,
                               what),
                       err, "'redoubt init' writes one to start from");
}

enum rd_rc rd_spec_parse(struct rd_arena *arena, const char *file, struct rd_str text,
                         struct rd_spec **ret_spec, struct rd_err *err)
{
    if (text.n > RD_SPEC_SIZE_MAX)
        return rd_err_hint(RD_FAIL(err, RD_RC_LIMIT,
                                   "%s: %zu bytes are too many for a spec: expected %d at most",
                                   file, text.n, RD_SPEC_SIZE_MAX),
                           err, "is this the right file?");
    struct rd_spec_reader reader = {
        .arena = arena,
        .file = file,
        .text = without_mark(text),
        .spec = rd_arena_zalloc(arena, sizeof(struct rd_spec)),
    };
    RD_TRY(rd_yaml_parse(arena, file, reader.text, &reader.root, err));
    RD_TRY(check_root(&reader.root, file, err));
    RD_TRY(rd_spec_tables_load(arena, &reader.tables, err));
    reader.spec->file = rd_arena_str(arena, rd_str_from(file));
    reader.spec->text = reader.text;
    reader.spec->source = reader.root;
    rd_spec_read_root(&reader);
    rd_spec_complete(&reader);
    rd_spec_check(&reader);
    RD_TRY(rd_spec_report(&reader, err));
    *ret_spec = reader.spec;
    return RD_RC_OK;
}

enum rd_rc rd_spec_read(struct rd_arena *arena, const char *path, struct rd_spec **ret_spec,
                        struct rd_err *err)
{
    struct rd_str text;
    RD_TRY(rd_file_read(arena, path, RD_SPEC_SIZE_MAX, &text, err));
    return rd_spec_parse(arena, path, text, ret_spec, err);
}

struct rd_str rd_spec_place(struct rd_arena *arena, const struct rd_spec *spec, const char *path)
{
    const struct rd_json *value = rd_json_at(&spec->source, path);
    if (!rd_json_exists(value))
        return spec->file;
    int line;
    int column;
    rd_spec_position(spec->text, value->offset, &line, &column);
    return rd_arena_printf(arena, "%.*s:%d:%d", RD_FMT(spec->file), line, column);
}

struct rd_str rd_spec_host_name(struct rd_arena *arena, const struct rd_spec *spec, int64_t index)
{
    int64_t number = spec->hosts.first_number + index;
    return rd_arena_printf(arena, "%.*s%02lld", RD_FMT(spec->hosts.name_prefix), (long long)number);
}
