/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The one way to fail. A function that can fail returns a must-use enum rd_rc and fills the
 * caller's struct rd_err with a sentence for the user: what failed, the subject in single quotes,
 * the place, and then a hint with the remedy. Reporting never allocates and never fails: text that
 * does not fit is cut. Nothing here prints.
 *
 *     if (count > max)
 *         return rd_err_hint(RD_FAIL(err, RD_RC_LIMIT, "'%s' has %zu hosts", name, count),
 *                            err, "use at most %zu", max);
 *     RD_TRY(rd_file_read(path, ...));                 // passes a failure on
 *     return rd_err_frame(rc, err, "while reading '%s'", path);
 *
 * Programming errors are assert(), which stays on in release builds. Bad input is never an assert.
 */

#include <stdbool.h>
#include <stddef.h>

#define RD_NODISCARD __attribute__((warn_unused_result))
#define RD_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define RD_CLEANUP(fn) __attribute__((cleanup(fn)))
#define RD_UNUSED __attribute__((unused))

/* Result codes, from data/status.def. */
enum rd_rc {
#define STATUS(name, exit_status, class_, retryable, text) RD_RC_##name,
#include "status.def"
#undef STATUS
    RD_RC_COUNT
};

/* Who has to act, and whether trying again can help. */
enum rd_class {
    RD_CLASS_NONE,          /* nothing is wrong */
    RD_CLASS_CAPACITY,      /* the provider: another zone, region, size or time */
    RD_CLASS_QUOTA,         /* the subscription's owner: ask for more */
    RD_CLASS_CONFIGURATION, /* the author of the input */
    RD_CLASS_POLICY,        /* whoever owns the policy or the lock */
    RD_CLASS_PERMISSION,    /* whoever grants roles */
    RD_CLASS_TRANSIENT,     /* nobody: try again later */
    RD_CLASS_CONFLICT,      /* whoever works on the same thing: wait */
    RD_CLASS_BUG,           /* redoubt's developers */
};

enum {
    RD_ERR_MSG_MAX = 3072,
    RD_ERR_HINT_MAX = 512,
    RD_ERR_FRAME_MAX = 160,
    RD_ERR_FRAME_COUNT_MAX = 4,
    RD_ERR_CODE_MAX = 64,
};

struct rd_err {
    enum rd_rc rc;
    const char *file; /* where in redoubt's source it was raised */
    int line;
    char msg[RD_ERR_MSG_MAX];
    char hint[RD_ERR_HINT_MAX];
    char azure_code[RD_ERR_CODE_MAX]; /* the cloud's own error code, or "" */
    int frame_count;
    char frame[RD_ERR_FRAME_COUNT_MAX][RD_ERR_FRAME_MAX]; /* innermost first */
};

/* The name of a code in lower case with hyphens, as in `redoubt help exit-status`. */
const char *rd_rc_name(enum rd_rc rc);
/* The process exit status of a code, 0..125. */
int rd_rc_exit_status(enum rd_rc rc);
const char *rd_rc_text(enum rd_rc rc);
enum rd_class rd_rc_class(enum rd_rc rc);
bool rd_rc_is_retryable(enum rd_rc rc);
const char *rd_class_name(enum rd_class class_);

/* Sets the message and clears hint and frames; use RD_FAIL. */
RD_PRINTF(5, 6)
void rd_err_set(struct rd_err *err, enum rd_rc rc, const char *file, int line, const char *fmt,
                ...);

/* Adds the remedy to a failure and returns `rc` unchanged. */
RD_PRINTF(3, 4)
RD_NODISCARD enum rd_rc rd_err_hint(enum rd_rc rc, struct rd_err *err, const char *fmt, ...);

/* Adds one frame of context ("while creating 'vm01'") to a failure and returns `rc`; does nothing
 * when rc is RD_RC_OK. */
RD_PRINTF(3, 4)
RD_NODISCARD enum rd_rc rd_err_frame(enum rd_rc rc, struct rd_err *err, const char *fmt, ...);

/* Writes "msg\n  while ...\n  hint: ...\n" into `out` (always NUL-terminated). */
void rd_err_format(const struct rd_err *err, char *out, size_t out_size);

/* Sets the message and is the code: a constant, so that the compiler follows what comes after. */
#define RD_FAIL(err, rc, ...) (rd_err_set((err), (rc), __FILE__, __LINE__, __VA_ARGS__), (rc))
#define RD_TRY(expr)                                                                               \
    do {                                                                                           \
        enum rd_rc rd_try_rc_ = (expr);                                                            \
        if (rd_try_rc_ != RD_RC_OK)                                                                \
            return rd_try_rc_;                                                                     \
    } while (0)

#endif
