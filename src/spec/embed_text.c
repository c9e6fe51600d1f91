/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed_text OUTPUT.c NAME=FILE...: writes files as they are into a C source that spec/templates.h
 * declares. Run by the build; tools/embed.c cannot be used, as it keeps no comments.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"

static bool write_file(FILE *out, int number, const char *path)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_err err;
    struct rd_str text;
    if (rd_file_read(arena, path, RD_SPEC_SIZE_MAX, &text, &err) != RD_RC_OK) {
        (void)fprintf(stderr, "embed_text: %s\n", err.msg);
        return false;
    }
    (void)fprintf(out, "static const char text_%d[] = {", number);
    for (size_t i = 0; i < text.n; i++)
        (void)fprintf(out, "%s%d,", i % 32 == 0 ? "\n" : "", (signed char)text.p[i]);
    (void)fprintf(out, "0};\n");
    return true;
}

int main(int argc, char *argv[])
{
    FILE *out = argc < 3 ? NULL : fopen(argv[1], "w");
    if (out == NULL)
        return 2;
    bool is_good = fprintf(out, "#include \"templates.h\"\n") > 0;
    for (int i = 2; i < argc && is_good; i++) {
        const char *equals = strchr(argv[i], '=');
        is_good = equals != NULL && write_file(out, i, equals + 1);
    }
    (void)fprintf(out, "const struct rd_spec_template_file rd_spec_template_files[] = {\n");
    for (int i = 2; i < argc && is_good; i++)
        (void)fprintf(out, "{{\"%.*s\", %d}, {text_%d, sizeof(text_%d) - 1}},\n",
                      (int)(strchr(argv[i], '=') - argv[i]), argv[i],
                      (int)(strchr(argv[i], '=') - argv[i]), i, i);
    (void)fprintf(out, "};\nconst size_t rd_spec_template_count = %d;\n", argc - 2);
    return fclose(out) == 0 && is_good ? 0 : 1;
}
