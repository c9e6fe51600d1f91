/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { CHUNK_SIZE = 64 << 10 };

static void close_p(int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}

static enum rd_rc read_all(int fd, const char *path, size_t size_max, struct rd_buf *buf,
                           struct rd_err *err)
{
    for (;;) {
        char *room = rd_buf_room(buf, CHUNK_SIZE);
        if (room == NULL || buf->n > size_max)
            return rd_err_hint(
                RD_FAIL(err, RD_RC_LIMIT, "'%s' is larger than %zu bytes", path, size_max), err,
                "is this the file you meant?");
        ssize_t got = read(fd, room, CHUNK_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return RD_FAIL(err, RD_RC_IO, "cannot read '%s': %s", path, strerror(errno));
        if (got == 0)
            return RD_RC_OK;
        buf->n += (size_t)got;
    }
}

enum rd_rc rd_file_read(struct rd_arena *arena, const char *path, size_t size_max,
                        struct rd_str *ret_content, struct rd_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    RD_CLEANUP(close_p) int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return RD_FAIL(err, errno == ENOENT ? RD_RC_NOT_FOUND : RD_RC_IO, "cannot open '%s': %s",
                       path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return RD_FAIL(err, RD_RC_IO, "cannot read '%s': it is a folder", path);
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, size_max + 2 * CHUNK_SIZE);
    RD_TRY(read_all(fd, path, size_max, &buf, err));
    if (buf.n > size_max)
        return RD_FAIL(err, RD_RC_LIMIT, "'%s' is larger than %zu bytes", path, size_max);
    *ret_content = rd_arena_str(arena, rd_buf_str(&buf));
    return RD_RC_OK;
}

static enum rd_rc write_all(int fd, const char *path, struct rd_str content, struct rd_err *err)
{
    while (content.n > 0) {
        ssize_t put = write(fd, content.p, content.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", path, strerror(errno));
        content = rd_str_sub(content, (size_t)put, content.n);
    }
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        return RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", path, strerror(errno));
    return RD_RC_OK;
}

/* Devices and pipes are written to as they are: nothing may take their place. */
static enum rd_rc write_in_place(const char *path, struct rd_str content, struct rd_err *err)
{
    RD_CLEANUP(close_p) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", path, strerror(errno));
    return write_all(fd, path, content, err);
}

enum rd_rc rd_file_write(const char *name, struct rd_str content, int mode, struct rd_err *err)
{
    char temporary[4096];
    char target[PATH_MAX];
    struct stat st;
    /* A link stays a link: what it leads to is replaced. */
    const char *path = realpath(name, target) != NULL ? target : name;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return RD_FAIL(err, RD_RC_IO, "cannot write '%s': it is a folder", name);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_in_place(path, content, err);
    int n = snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof(temporary))
        return RD_FAIL(err, RD_RC_IO, "cannot write '%s': the name is too long", name);
    RD_CLEANUP(close_p)
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", name, strerror(errno));
    enum rd_rc rc = write_all(fd, name, content, err);
    if (rc == RD_RC_OK && rename(temporary, path) != 0)
        rc = RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", name, strerror(errno));
    if (rc != RD_RC_OK)
        (void)unlink(temporary);
    return rc;
}

bool rd_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

enum rd_rc rd_file_make_folder(const char *path, struct rd_err *err)
{
    char part[4096];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part))
        return RD_FAIL(err, RD_RC_IO, "cannot make the folder '%s': a bad name", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && errno != EISDIR)
            return RD_FAIL(err, RD_RC_IO, "cannot make the folder '%s': %s", path, strerror(errno));
    }
    return RD_RC_OK;
}
