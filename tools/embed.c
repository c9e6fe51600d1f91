/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed FOLDER OUTPUT.c DEPFILE: checks the YAML tables below FOLDER and writes them as compact
 * JSON into a C source that facts/facts_embedded.h declares. Run by the build. The depfile names
 * each folder beside each table: a folder's time changes with what it holds, so a table that comes
 * or goes is noticed without configuring anew.
 */
#include <assert.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "yaml/yaml.h"

enum { OUTPUT_SIZE_MAX = 256 << 20 };

static _Noreturn void die(const struct rd_err *err)
{
    char text[2048];
    rd_err_format(err, text, sizeof(text));
    (void)fprintf(stderr, "embed: %s", text);
    exit(1);
}

static _Noreturn void die_of_errno(const char *path, int number)
{
    (void)fprintf(stderr, "embed: '%s': %s\n", path, strerror(number));
    exit(1);
}

static struct rd_str to_json(struct rd_arena *arena, const char *path)
{
    struct rd_err err;
    struct rd_str text;
    struct rd_json value;
    if (rd_file_read(arena, path, RD_FACTS_SIZE_MAX, &text, &err) != RD_RC_OK ||
        rd_yaml_parse(arena, path, text, &value, &err) != RD_RC_OK)
        die(&err);
    return rd_json_text(arena, &value, RD_JSON_COMPACT);
}

/* As bytes: string literals have a length limit that compilers warn of. */
static void add_bytes(struct rd_buf *source, int number, struct rd_str text)
{
    rd_buf_printf(source, "static const char text_%d[] = {", number);
    for (size_t i = 0; i < text.n; i++)
        rd_buf_printf(source, "%s%d,", i % 32 == 0 ? "\n" : "", (signed char)text.p[i]);
    rd_buf_add_c(source, "0};\n");
}

/* As Make reads it. */
static void add_dependency(struct rd_buf *depfile, const char *path)
{
    rd_buf_add_c(depfile, " \\\n  ");
    for (; *path != '\0'; path++) {
        rd_buf_add_c(depfile, *path == ' ' || *path == '#' ? "\\" : *path == '$' ? "$" : "");
        rd_buf_add_char(depfile, *path);
    }
}

/* Bytewise, so that the output is the same on every machine. */
static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The next folder or table of the walk; NULL at its end. */
static const FTSENT *next(FTS *walk)
{
    for (FTSENT *entry = NULL; errno = 0, (entry = fts_read(walk)) != NULL;) {
        struct rd_str name = rd_str_from(entry->fts_name);
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            die_of_errno(entry->fts_path, entry->fts_errno);
        if (entry->fts_level > FTS_ROOTLEVEL && name.p[0] == '.')
            (void)fts_set(walk, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_D ||
                 (entry->fts_info == FTS_F && rd_str_has_suffix(name, RD_STR(".yaml"))))
            return entry;
    }
    if (errno != 0)
        die_of_errno("data", errno);
    return NULL;
}

static void write_whole(const char *path, struct rd_buf *text)
{
    struct rd_err err;
    assert(!text->is_full);
    if (rd_file_write(path, rd_buf_str(text), 0644, &err) != RD_RC_OK)
        die(&err);
    rd_buf_done(text);
}

int main(int argc, char *argv[])
{
    if (argc != 4)
        return 2;
    FTS *walk = fts_open((char *const[]){argv[1], NULL}, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (walk == NULL)
        die_of_errno(argv[1], errno);
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_buf source;
    struct rd_buf rows;
    struct rd_buf depfile;
    rd_buf_init(&source, OUTPUT_SIZE_MAX);
    rd_buf_init(&rows, OUTPUT_SIZE_MAX);
    rd_buf_init(&depfile, OUTPUT_SIZE_MAX);
    rd_buf_add_c(&source,
                 "/* Made by tools/embed.c from data/. */\n#include \"facts_embedded.h\"\n");
    rd_buf_printf(&depfile, "%s:", argv[2]);
    int count = 0;
    for (const FTSENT *entry = NULL; (entry = next(walk)) != NULL;) {
        add_dependency(&depfile, entry->fts_path);
        if (entry->fts_info == FTS_D)
            continue;
        /* Without the folder before it and ".yaml" after it. */
        struct rd_str name = rd_str_sub(rd_str_from(entry->fts_path), strlen(argv[1]) + 1,
                                        entry->fts_pathlen - strlen(".yaml"));
        add_bytes(&source, count, to_json(arena, entry->fts_path));
        rd_buf_printf(&rows, "{\"%.*s\", text_%d, sizeof(text_%d) - 1},\n", RD_FMT(name), count,
                      count);
        count++;
    }
    (void)fts_close(walk);
    rd_arena_free(arena);
    rd_buf_printf(&source,
                  "const struct rd_facts_file rd_facts_embedded_files[] = {\n%s};\n"
                  "const size_t rd_facts_embedded_count = %d;\n",
                  rd_buf_c(&rows), count);
    rd_buf_add_char(&depfile, '\n');
    write_whole(argv[2], &source);
    write_whole(argv[3], &depfile);
    rd_buf_done(&rows);
    return 0;
}
