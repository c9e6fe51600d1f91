/* SPDX-License-Identifier: Apache-2.0 */

/* make_report TEMPLATE HOSTS [MISSING]: writes a report about an example to standard output; what
 * has MISSING in its id does not stand. "-" for it means that nothing does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { REPORT_SIZE_MAX = 16 << 20, HOSTS_MAX = 5000 };

int main(int argc, char **argv)
{
    int64_t hosts = 0;
    if (argc < 3 || argc > 4 || !rd_str_to_int(rd_str_from(argv[2]), 0, HOSTS_MAX, &hosts)) {
        (void)fprintf(stderr, "usage: make_report TEMPLATE HOSTS [MISSING]\n");
        return 2;
    }
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    bool is_nothing = argc == 4 && strcmp(argv[3], "-") == 0;
    struct world world = world_make(arena, argv[1], hosts,
                                    is_nothing  ? "/"
                                    : argc == 4 ? argv[3]
                                                : NULL);
    if (is_nothing) {
        world.input.live = NULL;
        world.input.audit = NULL;
        world.input.run = NULL;
        world.input.entry_count = 0;
    }
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, REPORT_SIZE_MAX);
    rd_report_html(arena, &out, &world.input);
    struct rd_str text = rd_buf_str(&out);
    bool is_written = fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
    world_done(&world);
    return is_written && !out.is_full ? 0 : 1;
}
