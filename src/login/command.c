/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Azure CLI's own login: 'az account get-access-token' as a child process, without a shell, its
 * output read through pipes and never shown: it holds the token, and what it says of an error may
 * hold what somebody typed. The loop waits meanwhile (az takes a second or two, once an hour): it
 * has one place for what happens outside, which is the wire's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "inside.h"
#include "json/json.h"

extern char **environ;

enum {
    CLI_MS = 60000,
    OUTPUT_SIZE_MAX = 256 << 10,
    CHUNK = 4096,
    STREAM_COUNT = 2,
    GRACE_MS = 500
};

const char *command_find(struct rd_login *login, const char *name, struct rd_arena *arena)
{
    struct rd_str rest = rd_str_from(source_environment(login, "PATH"));
    struct rd_str folder;
    struct stat status;
    while (rest.n > 0 && rd_str_next(&rest, ':', &folder)) {
        if (folder.n == 0 || folder.p[0] != '/')
            continue; /* what lies in the folder at hand is not what was installed */
        const char *path = rd_arena_printf(arena, "%.*s/%s", RD_FMT(folder), name).p;
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

struct child {
    pid_t pid;
    int fds[STREAM_COUNT]; /* its standard output and error */
    struct rd_buf texts[STREAM_COUNT];
    int64_t until_us;
};

static void child_done(struct child *child)
{
    for (int i = 0; i < STREAM_COUNT; i++) {
        if (child->fds[i] >= 0)
            (void)close(child->fds[i]);
        rd_buf_wipe(&child->texts[i]);
        rd_buf_done(&child->texts[i]);
    }
    if (child->pid <= 0)
        return;
    (void)kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

RD_NODISCARD static enum rd_rc fail_start(const char *what, int number, struct rd_err *err)
{
    return rd_err_hint(
        RD_FAIL(err, RD_RC_IO, "'az' cannot be started: %s: %s", what, strerror(number)), err,
        "run 'az account show' to see whether it works");
}

RD_NODISCARD static enum rd_rc start(struct child *child, const char *path, char *const *words,
                                     struct rd_err *err)
{
    posix_spawn_file_actions_t actions;
    int pipes[STREAM_COUNT][2];
    if (pipe2(pipes[0], O_CLOEXEC) != 0)
        return fail_start("no pipe", errno, err);
    if (pipe2(pipes[1], O_CLOEXEC) != 0) {
        int number = errno;
        (void)close(pipes[0][0]);
        (void)close(pipes[0][1]);
        return fail_start("no pipe", number, err);
    }
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, pipes[0][1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, pipes[1][1], STDERR_FILENO);
    int number = posix_spawn(&child->pid, path, &actions, NULL, words, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < STREAM_COUNT; i++) {
        (void)close(pipes[i][1]);
        child->fds[i] = pipes[i][0];
    }
    if (number == 0)
        return RD_RC_OK;
    child->pid = 0;
    return fail_start(path, number, err);
}

/* Reads both streams to their ends; false when the time is up or there is too much. */
static bool read_all(struct child *child)
{
    while (child->fds[0] >= 0 || child->fds[1] >= 0) {
        struct pollfd polled[STREAM_COUNT] = {{child->fds[0], POLLIN, 0},
                                              {child->fds[1], POLLIN, 0}};
        int64_t left_ms = (child->until_us - rd_clock_monotonic_us()) / 1000;
        if (left_ms <= 0)
            return false;
        if (poll(polled, STREAM_COUNT, (int)left_ms) < 0 && errno != EINTR)
            return false;
        for (int i = 0; i < STREAM_COUNT; i++) {
            if (child->fds[i] < 0 || polled[i].revents == 0)
                continue;
            char *room = rd_buf_room(&child->texts[i], CHUNK);
            ssize_t n = room == NULL ? -1 : read(child->fds[i], room, CHUNK);
            if (room == NULL)
                return false;
            if (n > 0) {
                child->texts[i].n += (size_t)n;
                continue;
            }
            (void)close(child->fds[i]);
            child->fds[i] = -1;
        }
    }
    return true;
}

/* Whether it ended by itself and well. It has closed its streams, so it is about to end. */
static bool ended_well(struct child *child)
{
    int status = 0;
    int64_t until_us = rd_clock_monotonic_us() + (int64_t)GRACE_MS * 1000;
    pid_t done = 0;
    while ((done = waitpid(child->pid, &status, WNOHANG)) == 0 &&
           rd_clock_monotonic_us() < until_us)
        (void)poll(NULL, 0, 2);
    if (done != child->pid)
        return false;
    child->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

RD_NODISCARD static enum rd_rc fail_az(const struct child *child, struct rd_err *err)
{
    struct rd_str said = rd_buf_str(&child->texts[1]);
    bool is_signed_out = rd_str_find(said, RD_STR("az login"), 0) != RD_STR_NONE;
    enum rd_rc rc = RD_FAIL(err, RD_RC_PERMISSION, "Azure CLI gives no token%s",
                            is_signed_out ? ": it is not signed in, or has to sign in again" : "");
    return rd_err_hint(rc, err,
                       is_signed_out
                           ? "run 'az login', with --tenant for another tenant than your own"
                           : "run 'az account get-access-token' yourself to see what it says");
}

RD_NODISCARD static enum rd_rc read_token(struct rd_login *login, struct rd_str text,
                                          struct answer *ret_answer, struct rd_err *err)
{
    struct rd_arena *arena = rd_arena_new(0);
    struct rd_json body = rd_json_absent;
    struct rd_err unread;
    enum rd_rc rc = rd_json_parse(arena, "az", text, 0, &body, &unread);
    struct rd_str token = rd_json_str(rd_json_get(&body, RD_STR("accessToken")));
    if (rc != RD_RC_OK || token.n == 0 || token.n > TOKEN_SIZE_MAX || rd_str_has_control(token)) {
        rc = rd_err_hint(RD_FAIL(err, RD_RC_CLOUD, "what Azure CLI printed holds no token"), err,
                         "update Azure CLI, or sign in another way with --auth");
    } else {
        int64_t now_ms = rd_loop_now_ms(login->options.loop);
        int64_t until_ms = rd_json_int(rd_json_get(&body, RD_STR("expires_on")), 0) * 1000;
        ret_answer->life_ms = until_ms > now_ms ? until_ms - now_ms : 0;
        rd_secret_set(&ret_answer->token, token);
    }
    rd_arena_wipe(arena);
    rd_arena_free(arena);
    return rc;
}

enum rd_rc command_ask(struct rd_login *login, struct rd_str audience, struct answer *ret_answer,
                       struct rd_err *err)
{
    const struct source *source = &login->source;
    RD_CLEANUP(child_done) struct child child = {.fds = {-1, -1}};
    char *words[12];
    size_t count = 0;
    int64_t limit_ms = login->options.cli_ms > 0 ? login->options.cli_ms : CLI_MS;
    struct rd_str texts[] = {RD_STR("az"),         RD_STR("account"),  RD_STR("get-access-token"),
                             RD_STR("--resource"), audience,           RD_STR("-o"),
                             RD_STR("json"),       RD_STR("--tenant"), source->tenant};
    size_t used = source->tenant.n > 0 ? 9 : 7;
    struct rd_arena *arena = rd_arena_new(0);
    for (size_t i = 0; i < used; i++) {
        char *word = rd_arena_bytes(arena, texts[i].n + 1);
        memcpy(word, texts[i].p, texts[i].n);
        word[texts[i].n] = '\0';
        words[count++] = word;
    }
    words[count] = NULL;
    for (int i = 0; i < STREAM_COUNT; i++) {
        rd_buf_init(&child.texts[i], OUTPUT_SIZE_MAX);
        child.texts[i].is_secret = true;
    }
    child.until_us = rd_clock_monotonic_us() + limit_ms * 1000;
    enum rd_rc rc = start(&child, source->file, words, err);
    rd_arena_free(arena);
    if (rc != RD_RC_OK)
        return rc;
    if (!read_all(&child))
        return rd_err_hint(RD_FAIL(err, RD_RC_TRANSIENT,
                                   "Azure CLI gave no token within %lld seconds",
                                   (long long)(limit_ms / 1000)),
                           err, "run 'az account get-access-token' yourself to see what it does");
    if (!ended_well(&child))
        return fail_az(&child, err);
    return read_token(login, rd_buf_str(&child.texts[0]), ret_answer, err);
}
