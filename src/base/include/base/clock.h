/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/*
 * One of the engine's doors: what time it is, and how to wait. Times are milliseconds since
 * 1970-01-01T00:00:00Z in an int64_t named ..._ms. Three clocks:
 *
 *   real     the machine's
 *   scaled   starts where it is told and runs `speed` times faster than the machine's
 *   virtual  starts where it is told and moves only when somebody waits
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct rd_clock;

struct rd_clock_ops {
    int64_t (*now_ms)(struct rd_clock *clock);
    /* Returns when now_ms() is at least `until_ms`, or earlier when a signal arrives. */
    void (*wait_until_ms)(struct rd_clock *clock, int64_t until_ms);
};

struct rd_clock {
    const struct rd_clock_ops *ops;
    int64_t start_ms;      /* the clock's own time at the start */
    int64_t real_start_ms; /* the machine's monotonic time at the start */
    int64_t now_ms;        /* virtual only */
    int64_t speed;         /* scaled only: clock milliseconds per real millisecond */
};

void rd_clock_init_real(struct rd_clock *clock);
void rd_clock_init_scaled(struct rd_clock *clock, int64_t start_ms, int64_t speed); /* speed >= 1 */
void rd_clock_init_virtual(struct rd_clock *clock, int64_t start_ms);

/* Whether it moves only when somebody waits. */
bool rd_clock_is_virtual(const struct rd_clock *clock);
int64_t rd_clock_now_ms(struct rd_clock *clock);
void rd_clock_wait_until_ms(struct rd_clock *clock, int64_t until_ms);

/* The machine's wall clock, and its monotonic clock in microseconds: for measurements only. */
int64_t rd_clock_wall_ms(void);
int64_t rd_clock_monotonic_us(void);

enum { RD_TIME_TEXT_MAX = 32 };
/* "2026-11-21T20:30:28Z", or with ".123" when `with_ms`. RFC 3339. Returns `out`. */
const char *rd_time_format(int64_t time_ms, bool with_ms, char out[RD_TIME_TEXT_MAX]);
/* Parses RFC 3339 with Z or an offset, fractions of any length, or a bare date (midnight UTC). */
bool rd_time_parse(struct rd_str text, int64_t *ret_time_ms);
/* "3 h 12 min", "45 s": the two largest units. Returns `out`. */
const char *rd_duration_format(int64_t duration_ms, char out[RD_TIME_TEXT_MAX]);
/* Days since 1970-01-01 of a proleptic Gregorian date, and back. month 1..12, day 1..31. */
int64_t rd_date_to_days(int64_t year, int month, int day);
void rd_date_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);

#endif
