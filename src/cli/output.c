/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WIDTH_MIN = 20,
    WIDTH_USUAL = 80,
    HEIGHT_MIN = 10,
    REDRAW_WIDTH_MIN = 60,
    TOLD_SIZE_MAX = 1 << 20
};

/* The first failure to write to standard output; the rest is then not tried. */
static int write_errno;

static const struct rd_json *kept_run;
static const struct rd_json *kept_explained;

/* Columns of the terminal behind `fd`; 80 when it does not say. */
static int columns_of(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_USUAL;
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

struct terminal terminal_look(const struct args *args)
{
    struct terminal terminal = {
        .out_is_terminal = isatty(STDOUT_FILENO) == 1,
        .err_is_terminal = isatty(STDERR_FILENO) == 1,
        .in_is_terminal = isatty(STDIN_FILENO) == 1,
        .width = WIDTH_USUAL,
        .height = 24,
    };
    struct winsize size = {0};
    int fd = terminal.out_is_terminal ? STDOUT_FILENO : STDERR_FILENO;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        terminal.width = size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
        terminal.height = size.ws_row < HEIGHT_MIN ? HEIGHT_MIN : size.ws_row;
    }
    const char *when = args->is_given[OPTION_COLOR] ? args->value[OPTION_COLOR] : "auto";
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    bool is_dumb = term == NULL || strcmp(term, "dumb") == 0;
    terminal.has_colors =
        strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && terminal.out_is_terminal &&
                                        !is_dumb && (no_color == NULL || no_color[0] == '\0'));
    terminal.can_redraw = terminal.err_is_terminal && !is_dumb && size.ws_col >= REDRAW_WIDTH_MIN;
    return terminal;
}

void output_text(struct rd_str text)
{
    if (write_errno != 0 || text.n == 0)
        return;
    if (fwrite(text.p, 1, text.n, stdout) != text.n)
        write_errno = errno;
}

void output_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (write_errno == 0 && vfprintf(stdout, fmt, ap) < 0)
        write_errno = errno;
    va_end(ap);
}

void output_json(const struct rd_json *value)
{
    RD_CLEANUP(rd_buf_done) struct rd_buf buf;
    rd_buf_init(&buf, (size_t)1 << 31);
    rd_json_write(&buf, value, RD_JSON_PRETTY);
    rd_buf_add_char(&buf, '\n');
    output_text(rd_buf_str(&buf));
}

static void error_as_json(const struct rd_err *err)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    struct rd_json error = rd_json_object();
    (void)rd_json_set_c(arena, &error, "status", rd_json_string_c(rd_rc_name(err->rc)));
    (void)rd_json_set_c(arena, &error, "exitStatus", rd_json_integer(rd_rc_exit_status(err->rc)));
    (void)rd_json_set_c(arena, &error, "class",
                        rd_json_string_c(rd_class_name(rd_rc_class(err->rc))));
    (void)rd_json_set_c(arena, &error, "message", rd_json_string_c(err->msg));
    if (err->azure_code[0] != '\0')
        (void)rd_json_set_c(arena, &error, "azureCode", rd_json_string_c(err->azure_code));
    if (err->hint[0] != '\0')
        (void)rd_json_set_c(arena, &error, "hint", rd_json_string_c(err->hint));
    struct rd_json context = rd_json_array();
    for (int i = 0; i < err->frame_count; i++)
        (void)rd_json_append(arena, &context, rd_json_string_c(err->frame[i]));
    (void)rd_json_set_c(arena, &error, "context", context);
    struct rd_json whole = rd_json_object();
    (void)rd_json_set_c(arena, &whole, "error", error);
    if (kept_run != NULL)
        (void)rd_json_set_c(arena, &whole, "run", *kept_run);
    if (kept_explained != NULL)
        (void)rd_json_set_c(arena, &whole, "explained", *kept_explained);
    output_json(&whole);
}

void output_keep_run(const struct rd_json *run)
{
    kept_run = run;
}

void output_keep_explained(const struct rd_json *explained)
{
    kept_explained = explained;
}

/* How far what goes on on the next line is indented: under what follows "redoubt:" or "hint:". */
static size_t hanging_of(struct rd_str line)
{
    static const char *const labels[] = {"redoubt: ", "  hint: ", "warning: ", "live: "};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (rd_str_has_prefix(line, rd_str_from(labels[i])))
            return rd_str_from(labels[i]).n;
    size_t indent = 0;
    while (indent < line.n && line.p[indent] == ' ')
        indent++;
    return indent + 2;
}

void output_told(struct rd_str text)
{
    (void)fflush(stdout);
    if (isatty(STDERR_FILENO) != 1) {
        (void)fwrite(text.p, 1, text.n, stderr);
        return;
    }
    size_t width = (size_t)columns_of(STDERR_FILENO);
    RD_CLEANUP(rd_buf_done) struct rd_buf out;
    rd_buf_init(&out, TOLD_SIZE_MAX);
    struct rd_str line;
    while (text.n > 0 && rd_str_next(&text, '\n', &line)) {
        size_t indent = 0, hanging = hanging_of(line);
        while (indent < line.n && line.p[indent] == ' ')
            indent++;
        if (line.n <= width || hanging >= width / 2) {
            rd_buf_printf(&out, "%.*s\n", RD_FMT(line));
            continue;
        }
        rd_buf_add(&out, rd_str_sub(line, 0, indent));
        rd_buf_add_wrapped(&out, rd_str_sub(line, indent, line.n), indent, hanging, width);
    }
    (void)fwrite(out.p, 1, out.n, stderr);
}

void output_error(const struct args *args, const struct rd_err *err)
{
    char text[RD_ERR_MSG_MAX + RD_ERR_HINT_MAX + RD_ERR_FRAME_COUNT_MAX * RD_ERR_FRAME_MAX + 64];
    size_t used = (size_t)snprintf(text, sizeof(text), "redoubt: ");
    rd_err_format(err, text + used, sizeof(text) - used);
    output_told(rd_str_from(text));
    if (args_is_json(args))
        error_as_json(err);
}

void output_warning(struct rd_str text, const char *hint)
{
    RD_CLEANUP(rd_arena_freep) struct rd_arena *arena = rd_arena_new(0);
    output_told(rd_arena_printf(arena, "warning: %.*s\n  hint: %s\n", RD_FMT(text), hint));
}

enum rd_rc output_finish(struct rd_err *err)
{
    if (fflush(stdout) != 0 && write_errno == 0)
        write_errno = errno;
    if (write_errno == 0)
        return RD_RC_OK;
    return RD_FAIL(err, RD_RC_IO, "cannot write to standard output: %s", strerror(write_errno));
}

bool output_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* Whether something is there that does not begin with `head`. */
RD_NODISCARD static enum rd_rc check_taken(const char *path, struct rd_str head, const char *what,
                                           struct rd_err *err)
{
    char begin[64];
    assert(head.n <= sizeof(begin));
    FILE *file = fopen(path, "re");
    if (file == NULL) /* and who may not read it may not lose it */
        return RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", path, strerror(errno));
    size_t got = fread(begin, 1, head.n, file);
    (void)fclose(file);
    if (got == 0 || rd_str_eq((struct rd_str){begin, got}, head))
        return RD_RC_OK;
    return rd_err_hint(
        RD_FAIL(err, RD_RC_USAGE, "'%s' is there already, and it is no %s", path, what), err,
        "name another file, or take this one away");
}

enum rd_rc output_check_file(const char *path, struct rd_str head, const char *what,
                             struct rd_err *err)
{
    struct stat status;
    bool is_there = stat(path, &status) == 0;
    if (is_there && S_ISDIR(status.st_mode))
        return rd_err_hint(RD_FAIL(err, RD_RC_IO, "cannot write '%s': it is a folder", path), err,
                           "name a file in it");
    if (is_there && !S_ISREG(status.st_mode))
        return RD_RC_OK; /* a device or a pipe tells when it is written to */
    if (is_there)
        RD_TRY(check_taken(path, head, what, err));
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    int size = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    (void)snprintf(folder, sizeof(folder), "%.*s", size, slash == NULL ? "." : path);
    if (access(folder, W_OK | X_OK) == 0)
        return RD_RC_OK;
    return rd_err_hint(RD_FAIL(err, RD_RC_IO, "cannot write '%s': %s", path, strerror(errno)), err,
                       "name a file in a folder that is there and yours to write to");
}

enum rd_rc output_ask(const struct args *args, const struct terminal *terminal,
                      const char *question, struct rd_str expected, struct rd_err *err)
{
    if (args->is_given[OPTION_YES])
        return RD_RC_OK;
    if (!terminal->in_is_terminal)
        return rd_err_hint(RD_FAIL(err, RD_RC_USAGE, "there is no terminal to ask at: '%.*s'",
                                   RD_FMT(rd_str_trim(rd_str_from(question)))),
                           err, "answer beforehand with --yes; nothing was changed");
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s\nType '%.*s' to go on: ", question, RD_FMT(expected));
    (void)fflush(stderr);
    char line[256];
    if (fgets(line, sizeof(line), stdin) == NULL)
        line[0] = '\0';
    if (rd_str_eq(rd_str_trim(rd_str_from(line)), expected))
        return RD_RC_OK;
    return RD_FAIL(err, RD_RC_DECLINED, "nothing was changed: '%.*s' was not typed",
                   RD_FMT(expected));
}
