/* SPDX-License-Identifier: Apache-2.0 */
/* replay FOLDER: runs a fuzz target over its files: the corpus as an ordinary test. No file at all
 * is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char *argv[])
{
    enum { SIZE_MAX_READ = 1 << 20, PATH_SIZE = 4096 };
    uint8_t *data = malloc(SIZE_MAX_READ);
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (data == NULL || folder == NULL)
        return 1;
    int count = 0;
    for (const struct dirent *entry = NULL; (entry = readdir(folder)) != NULL;) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "rb") : NULL;
        if (file == NULL)
            continue;
        size_t size = fread(data, 1, SIZE_MAX_READ, file);
        (void)fclose(file);
        (void)LLVMFuzzerTestOneInput(data, size);
        count++;
    }
    (void)closedir(folder);
    free(data);
    return count > 0 ? 0 : 1;
}
