/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct status {
    const char *name;
    int exit_status;
    enum rd_class class_;
    bool retryable;
    const char *text;
};

static const struct status statuses[RD_RC_COUNT] = {
#define STATUS(name, exit_status, class_, retryable, text)                                         \
    [RD_RC_##name] = {#name, exit_status, RD_CLASS_##class_, retryable, text},
#include "status.def"
#undef STATUS
};

static const char *const class_names[] = {
    [RD_CLASS_NONE] = "none",
    [RD_CLASS_CAPACITY] = "capacity",
    [RD_CLASS_QUOTA] = "quota",
    [RD_CLASS_CONFIGURATION] = "configuration",
    [RD_CLASS_POLICY] = "policy",
    [RD_CLASS_PERMISSION] = "permission",
    [RD_CLASS_TRANSIENT] = "transient",
    [RD_CLASS_CONFLICT] = "conflict",
    [RD_CLASS_BUG] = "bug",
};

const char *rd_rc_name(enum rd_rc rc)
{
    assert(rc >= 0 && rc < RD_RC_COUNT);
    return statuses[rc].name;
}

int rd_rc_exit_status(enum rd_rc rc)
{
    assert(rc >= 0 && rc < RD_RC_COUNT);
    return statuses[rc].exit_status;
}

const char *rd_rc_text(enum rd_rc rc)
{
    assert(rc >= 0 && rc < RD_RC_COUNT);
    return statuses[rc].text;
}

enum rd_class rd_rc_class(enum rd_rc rc)
{
    assert(rc >= 0 && rc < RD_RC_COUNT);
    return statuses[rc].class_;
}

bool rd_rc_is_retryable(enum rd_rc rc)
{
    assert(rc >= 0 && rc < RD_RC_COUNT);
    return statuses[rc].retryable;
}

const char *rd_class_name(enum rd_class class_)
{
    return class_names[class_];
}

void rd_err_set(struct rd_err *err, enum rd_rc rc, const char *file, int line, const char *fmt, ...)
{
    assert(err != NULL);
    assert(rc != RD_RC_OK);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    err->rc = rc;
    err->file = file;
    err->line = line;
    err->hint[0] = '\0';
    err->azure_code[0] = '\0';
    err->frame_count = 0;
}

enum rd_rc rd_err_hint(enum rd_rc rc, struct rd_err *err, const char *fmt, ...)
{
    assert(err != NULL);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
    va_end(ap);
    return rc;
}

enum rd_rc rd_err_frame(enum rd_rc rc, struct rd_err *err, const char *fmt, ...)
{
    assert(err != NULL);
    if (rc == RD_RC_OK || err->frame_count >= RD_ERR_FRAME_COUNT_MAX)
        return rc;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->frame[err->frame_count], RD_ERR_FRAME_MAX, fmt, ap);
    va_end(ap);
    err->frame_count++;
    return rc;
}

static void append(char *out, size_t out_size, const char *before, const char *text)
{
    size_t used = strlen(out);
    if (used + 1 < out_size)
        (void)snprintf(out + used, out_size - used, "%s%s\n", before, text);
}

/* What a file or a cloud says must not steer the terminal: control characters, also those of two
 * bytes (U+0080 to U+009F), show as question marks. */
static void defuse(char *text)
{
    char *end = text;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
        bool is_control = (*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f || is_c1;
        if (at[0] == '\r' && at[1] == '\n')
            continue; /* lines of Azure's end so */
        *end++ = is_control ? '?' : (char)*at;
        at += is_c1;
    }
    *end = '\0';
}

void rd_err_format(const struct rd_err *err, char *out, size_t out_size)
{
    assert(out_size > 0);
    out[0] = '\0';
    append(out, out_size, "", err->msg);
    for (int i = 0; i < err->frame_count; i++)
        append(out, out_size, "  ", err->frame[i]);
    if (err->hint[0] != '\0')
        append(out, out_size, "  hint: ", err->hint);
    defuse(out);
}
