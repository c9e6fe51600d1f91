/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec ts;
    int failed = clock_gettime(id, &ts);
    assert(failed == 0);
    (void)failed;
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t rd_clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t rd_clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

static void sleep_ms(int64_t duration_ms)
{
    if (duration_ms <= 0)
        return;
    struct timespec ts = {duration_ms / 1000, duration_ms % 1000 * 1000000};
    (void)nanosleep(&ts, NULL); /* a signal may end it early, as the contract says */
}

static int64_t real_now_ms(struct rd_clock *clock RD_UNUSED)
{
    return rd_clock_wall_ms();
}

static void real_wait_until_ms(struct rd_clock *clock RD_UNUSED, int64_t until_ms)
{
    sleep_ms(until_ms - rd_clock_wall_ms());
}

static int64_t scaled_now_ms(struct rd_clock *clock)
{
    int64_t elapsed_us = rd_clock_monotonic_us() - clock->real_start_ms * 1000;
    return clock->start_ms + elapsed_us * clock->speed / 1000;
}

static void scaled_wait_until_ms(struct rd_clock *clock, int64_t until_ms)
{
    int64_t left_ms = until_ms - scaled_now_ms(clock);
    if (left_ms > 0)
        sleep_ms(left_ms / clock->speed + 1);
}

static int64_t virtual_now_ms(struct rd_clock *clock)
{
    return clock->now_ms;
}

static void virtual_wait_until_ms(struct rd_clock *clock, int64_t until_ms)
{
    if (until_ms > clock->now_ms)
        clock->now_ms = until_ms;
}

static const struct rd_clock_ops real_ops = {real_now_ms, real_wait_until_ms};
static const struct rd_clock_ops scaled_ops = {scaled_now_ms, scaled_wait_until_ms};
static const struct rd_clock_ops virtual_ops = {virtual_now_ms, virtual_wait_until_ms};

void rd_clock_init_real(struct rd_clock *clock)
{
    *clock = (struct rd_clock){.ops = &real_ops};
}

void rd_clock_init_scaled(struct rd_clock *clock, int64_t start_ms, int64_t speed)
{
    assert(speed >= 1);
    *clock = (struct rd_clock){.ops = &scaled_ops,
                               .start_ms = start_ms,
                               .real_start_ms = rd_clock_monotonic_us() / 1000,
                               .speed = speed};
}

void rd_clock_init_virtual(struct rd_clock *clock, int64_t start_ms)
{
    *clock = (struct rd_clock){.ops = &virtual_ops, .start_ms = start_ms, .now_ms = start_ms};
}

bool rd_clock_is_virtual(const struct rd_clock *clock)
{
    return clock->ops == &virtual_ops;
}

int64_t rd_clock_now_ms(struct rd_clock *clock)
{
    return clock->ops->now_ms(clock);
}

void rd_clock_wait_until_ms(struct rd_clock *clock, int64_t until_ms)
{
    clock->ops->wait_until_ms(clock, until_ms);
}

/* Both from the usual era arithmetic: years start in March, so leap days come last. */
int64_t rd_date_to_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void rd_date_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *ret_month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static char *put_digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

/* By hand: replies carry several times each, and a run has a hundred thousand of them. */
const char *rd_time_format(int64_t time_ms, bool with_ms, char out[RD_TIME_TEXT_MAX])
{
    int64_t days = time_ms / 86400000;
    int64_t ms = time_ms % 86400000;
    if (ms < 0) {
        ms += 86400000;
        days--;
    }
    int64_t year;
    int month;
    int day;
    rd_date_from_days(days, &year, &month, &day);
    int s = (int)(ms / 1000);
    char *p = out;
    if (year >= 0 && year <= 9999)
        p = put_digits(p, (int)year, 4);
    else
        p += snprintf(p, RD_TIME_TEXT_MAX / 2, "%lld", (long long)year);
    const int parts[] = {month, day, s / 3600, s / 60 % 60, s % 60};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        *p++ = "--T::"[i];
        p = put_digits(p, parts[i], 2);
    }
    if (with_ms) {
        *p++ = '.';
        p = put_digits(p, (int)(ms % 1000), 3);
    }
    *p++ = 'Z';
    *p = '\0';
    return out;
}

static bool field(struct rd_str text, size_t from, size_t to, int64_t min, int64_t max,
                  int64_t *ret_value)
{
    struct rd_str digits = rd_str_sub(text, from, to);
    return digits.n == to - from && rd_str_to_int(digits, min, max, ret_value);
}

/* The part after the seconds: an optional fraction, then Z or an offset. */
static bool parse_tail(struct rd_str tail, int64_t *ret_ms, int64_t *ret_offset_min)
{
    *ret_ms = 0;
    *ret_offset_min = 0;
    size_t i = 0;
    if (tail.n > 0 && tail.p[0] == '.') {
        int64_t weight = 100;
        for (i = 1; i < tail.n && rd_char_is_digit(tail.p[i]); i++) {
            *ret_ms += (tail.p[i] - '0') * weight;
            weight /= 10;
        }
        if (i == 1)
            return false;
    }
    struct rd_str zone = rd_str_sub(tail, i, tail.n);
    if (zone.n == 0 || rd_str_is_case(zone, "z"))
        return true;
    int64_t hours;
    int64_t minutes;
    if (zone.n != 6 || (zone.p[0] != '+' && zone.p[0] != '-') || zone.p[3] != ':' ||
        !field(zone, 1, 3, 0, 23, &hours) || !field(zone, 4, 6, 0, 59, &minutes))
        return false;
    *ret_offset_min = (hours * 60 + minutes) * (zone.p[0] == '-' ? -1 : 1);
    return true;
}

bool rd_time_parse(struct rd_str text, int64_t *ret_time_ms)
{
    int64_t year;
    int64_t month;
    int64_t day;
    if (text.n < 10 || text.p[4] != '-' || text.p[7] != '-' || !field(text, 0, 4, 0, 9999, &year) ||
        !field(text, 5, 7, 1, 12, &month) || !field(text, 8, 10, 1, 31, &day))
        return false;
    int64_t days = rd_date_to_days(year, (int)month, (int)day);
    int64_t check_year;
    int check_month;
    int check_day;
    rd_date_from_days(days, &check_year, &check_month, &check_day);
    if (check_day != day)
        return false; /* such as February 30 */
    if (text.n == 10) {
        *ret_time_ms = days * 86400000;
        return true;
    }
    int64_t hour;
    int64_t minute;
    int64_t second;
    if (text.n < 19 || (text.p[10] != 'T' && text.p[10] != ' ') || text.p[13] != ':' ||
        text.p[16] != ':' || !field(text, 11, 13, 0, 23, &hour) ||
        !field(text, 14, 16, 0, 59, &minute) || !field(text, 17, 19, 0, 60, &second))
        return false;
    int64_t ms;
    int64_t offset_min;
    if (!parse_tail(rd_str_sub(text, 19, text.n), &ms, &offset_min))
        return false;
    *ret_time_ms = ((days * 24 + hour) * 60 + minute - offset_min) * 60000 + second * 1000 + ms;
    return true;
}

const char *rd_duration_format(int64_t duration_ms, char out[RD_TIME_TEXT_MAX])
{
    int64_t s = (duration_ms + 500) / 1000;
    if (s < 60)
        (void)snprintf(out, RD_TIME_TEXT_MAX, "%lld s", (long long)s);
    else if (s < 3600)
        (void)snprintf(out, RD_TIME_TEXT_MAX, s % 60 ? "%lld min %02lld s" : "%lld min",
                       (long long)(s / 60), (long long)(s % 60));
    else if (s < 86400)
        (void)snprintf(out, RD_TIME_TEXT_MAX, "%lld h %02lld min", (long long)(s / 3600),
                       (long long)(s / 60 % 60));
    else
        (void)snprintf(out, RD_TIME_TEXT_MAX, "%lld d %lld h", (long long)(s / 86400),
                       (long long)(s / 3600 % 24));
    return out;
}
