/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed OUTPUT.c NAME=FILE.yaml...: checks YAML tables and writes them as compact JSON into a C
 * source that facts/facts_embedded.h declares. Run by the build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "yaml/yaml.h"

static _Noreturn void die(const struct rd_err *err)
{
    char text[2048];
    rd_err_format(err, text, sizeof(text));
    (void)fprintf(stderr, "embed: %s", text);
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
static void write_bytes(FILE *out, int number, struct rd_str text)
{
    (void)fprintf(out, "static const char text_%d[] = {", number);
    for (size_t i = 0; i < text.n; i++)
        (void)fprintf(out, "%s%d,", i % 32 == 0 ? "\n" : "", (signed char)text.p[i]);
    (void)fprintf(out, "0};\n");
}

int main(int argc, char *argv[])
{
    if (argc < 3)
        return 2;
    struct rd_arena *arena = rd_arena_new(0);
    FILE *out = fopen(argv[1], "w");
    if (out == NULL)
        return 1;
    (void)fprintf(out, "/* Made by tools/embed.c from data/. */\n#include \"facts_embedded.h\"\n");
    for (int i = 2; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        if (equals == NULL)
            return 2;
        write_bytes(out, i, to_json(arena, equals + 1));
    }
    (void)fprintf(out, "const struct rd_facts_file rd_facts_embedded_files[] = {\n");
    for (int i = 2; i < argc; i++)
        (void)fprintf(out, "{\"%.*s\", text_%d, sizeof(text_%d) - 1},\n",
                      (int)(strchr(argv[i], '=') - argv[i]), argv[i], i, i);
    (void)fprintf(out, "};\nconst size_t rd_facts_embedded_count = %d;\n", argc - 2);
    rd_arena_free(arena);
    return fclose(out) == 0 ? 0 : 1;
}
