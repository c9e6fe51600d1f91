/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal.h"

enum { PATH_SIZE_MAX = 4096, HOLDER_SIZE_MAX = 128 };

struct rd_lock {
    int fd;
};

/* The holder's own words, "pid 4711, apply, since 2026-11-21T20:30:28Z": for people only, and so
 * cut at the first byte that is not printable. */
static void read_holder(int fd, char out[HOLDER_SIZE_MAX])
{
    ssize_t n = pread(fd, out, HOLDER_SIZE_MAX - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    for (char *p = out; *p != '\0'; p++)
        if (*p < ' ' || *p > '~') {
            *p = '\0';
            break;
        }
    if (out[0] == '\0')
        (void)snprintf(out, HOLDER_SIZE_MAX, "a process that has not said its name yet");
}

static void write_holder(int fd, const char *verb)
{
    char start[RD_TIME_TEXT_MAX];
    char text[HOLDER_SIZE_MAX];
    int n = snprintf(text, sizeof(text), "pid %ld, %.40s, since %s\n", (long)getpid(), verb,
                     rd_time_format(rd_clock_wall_ms(), false, start));
    /* What the file says is a courtesy; the lock itself is the kernel's. */
    if (ftruncate(fd, 0) == 0 && n > 0 && pwrite(fd, text, (size_t)n, 0) == n)
        return;
}

enum rd_rc rd_lock_take(const char *folder, const char *verb, struct rd_lock **ret_lock,
                        struct rd_err *err)
{
    char path[PATH_SIZE_MAX];
    int n = snprintf(path, sizeof(path), "%s/lock", folder);
    if (n < 0 || (size_t)n >= sizeof(path))
        return RD_FAIL(err, RD_RC_STATE, "the state folder's path is too long");
    enum rd_rc rc = rd_file_make_folder(folder, err);
    if (rc != RD_RC_OK)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_STATE, "'%s' cannot be made: %s", folder, strerror(errno)), err,
            "make the folder yourself, or name another one with --state");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_STATE, "'%s' cannot be opened: %s", path, strerror(errno)), err,
            "make the folder writable, or name another one with --state");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        char holder[HOLDER_SIZE_MAX];
        read_holder(fd, holder);
        (void)close(fd);
        if (why != EWOULDBLOCK)
            return RD_FAIL(err, RD_RC_STATE, "'%s' cannot be locked: %s", path, strerror(why));
        return rd_err_hint(RD_FAIL(err, RD_RC_LOCKED, "'%s' is in use: %s", folder, holder), err,
                           "wait for it to end, or stop that process; the lock ends with it");
    }
    write_holder(fd, verb);
    struct rd_lock *lock = rd_heap_zalloc(sizeof(*lock));
    lock->fd = fd;
    *ret_lock = lock;
    return RD_RC_OK;
}

void rd_lock_free(struct rd_lock *lock)
{
    if (lock == NULL)
        return;
    if (ftruncate(lock->fd, 0) != 0) {
        /* the name of a holder that is gone does no harm: only the kernel's lock counts */
    }
    (void)close(lock->fd);
    rd_heap_free(lock);
}
