/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "facts/facts.h"
#include "help.h"
#include "output.h"
#include "verb.h"

#ifndef RD_VERSION
#error "the build defines RD_VERSION"
#endif

/* LeakSanitizer traces its own process, which a protected one forbids. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

RD_NODISCARD static enum rd_rc run(struct rd_arena *arena, const struct args *args,
                                   struct rd_err *err)
{
    if (args->is_given[OPTION_VERSION]) {
        output_printf("redoubt " RD_VERSION "\n");
        return RD_RC_OK;
    }
    if (args->group != NULL) {
        help_show_group(args->group);
        return RD_RC_OK;
    }
    if (args->verb == NULL || args->is_given[OPTION_HELP]) {
        help_show(arena, args->verb);
        return args->verb == NULL && !args->is_given[OPTION_HELP]
                   ? RD_FAIL(err, RD_RC_USAGE, "no command was given")
                   : RD_RC_OK;
    }
    struct stat status;
    if (args->is_given[OPTION_DATA] &&
        (stat(args->value[OPTION_DATA], &status) != 0 || !S_ISDIR(status.st_mode)))
        return RD_FAIL(err, RD_RC_NOT_FOUND, "'%s' is no folder: --data takes one",
                       args->value[OPTION_DATA]);
    if (args->is_given[OPTION_DATA])
        rd_facts_set_folder(args->value[OPTION_DATA]);
    return args->verb->run(arena, args, err);
}

/* A standard stream that is closed would be given away to the next file that is opened. What stands
 * in its place refuses to be written to. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", O_RDONLY); /* takes the lowest number, which is fd */
}

int main(int argc, char *argv[])
{
    keep_standard_streams();
    if (!IS_SANITIZED)
        rd_secret_protect_process();
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error like any other */
    (void)signal(SIGXFSZ, SIG_IGN); /* and so is a limit on the size of files */
    struct rd_err err = {0};
    struct args args = {0};
    struct rd_arena *arena = rd_arena_new(0);
    enum rd_rc rc = args_parse(argc, argv, &args, &err);
    if (rc == RD_RC_OK)
        rc = run(arena, &args, &err);
    /* Findings, changes and a no say themselves what they are; all else is told as an error. */
    bool is_told = rc == RD_RC_OK || rc == RD_RC_CHANGES || rc == RD_RC_FINDINGS;
    if (!is_told)
        output_error(&args, &err);
    enum rd_rc written = output_finish(&err);
    if (written != RD_RC_OK && (is_told || rc == RD_RC_OK)) {
        rc = written;
        (void)fprintf(stderr, "redoubt: %s\n", err.msg);
    }
    rd_arena_free(arena);
    return rd_rc_exit_status(rc);
}
