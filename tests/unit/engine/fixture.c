/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

struct rd_world world_of(struct fake_client *net)
{
    return (struct rd_world){.loop = net->loop,
                             .client = net->client,
                             .random = &net->random,
                             .endpoints = net->endpoints};
}

void remove_journal(const char *folder)
{
    static const char *const names[] = {"redoubt.db", "redoubt.db-wal", "redoubt.db-shm"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
}
