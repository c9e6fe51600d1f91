/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_CLOUD_H
#define FAKE_CLOUD_H

/*
 * A small cloud for tests of the engine, not of Azure: it keeps bodies by path, runs writes as
 * operations that take a while, lists, and counts. Fixed in size and without pointers, so that it
 * may lie in memory that a process shares with the child that the test kills.
 */

#include "fake_transport.h"

enum { FAKE_ITEMS_MAX = 64, FAKE_PATH_MAX = 400, FAKE_BODY_MAX = 3000 };

struct fake_item {
    char path[FAKE_PATH_MAX]; /* as it was first written */
    char body[FAKE_BODY_MAX];
    int64_t ready_ms;
    int operation;
    int put_count;
    bool is_deleted;
    bool is_failed;
};

struct fake_cloud {
    struct fake_item items[FAKE_ITEMS_MAX];
    size_t count;
    int64_t duration_ms; /* of writes to the management plane; 0: at once */
    int64_t retry_after_s;
    int64_t last_now_ms;
    int64_t forbidden_until_ms; /* data planes refuse until then */
    const char *fail_part;      /* writes whose path holds this end with fail_code */
    const char *fail_code;
    int fail_times;
    int post_count;
    size_t running;
    size_t running_peak;
    bool forgets_operations; /* their URLs are not found */
};

fake_handler fake_cloud_answer; /* data: struct fake_cloud */

/* The item whose path ends with `end`, or NULL when there is none or it is deleted. */
struct fake_item *fake_cloud_find(struct fake_cloud *cloud, const char *end);

#endif
