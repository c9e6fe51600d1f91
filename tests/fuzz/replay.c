/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files: the corpus as an ordinary test. No file at all is a failure. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char *argv[])
{
    enum { SIZE_MAX_READ = 1 << 20 };
    uint8_t *data = malloc(SIZE_MAX_READ);
    int count = 0;
    for (int i = 1; i < argc && data != NULL; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL)
            return 1;
        size_t size = fread(data, 1, SIZE_MAX_READ, file);
        (void)fclose(file);
        (void)LLVMFuzzerTestOneInput(data, size);
        count++;
    }
    free(data);
    return count > 0 ? 0 : 1;
}
