/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

#include "base/clock.h"

enum { CIDR_BITS_MIN = 8, CIDR_BITS_MAX = 29 };

static bool is_plain_text(struct rd_str s)
{
    return s.n > 0 && !rd_str_has_control(s);
}

static bool is_enclave(struct rd_str s)
{
    if (s.n < 2 || s.n > 20 || s.p[0] < 'a' || s.p[0] > 'z' || s.p[s.n - 1] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool is_lower = s.p[i] >= 'a' && s.p[i] <= 'z';
        if (!is_lower && !rd_char_is_digit(s.p[i]) && s.p[i] != '-')
            return false;
    }
    return rd_str_find(s, RD_STR("--"), 0) == RD_STR_NONE;
}

/* RFC 1035 labels, at least two of them. */
static bool is_dns_name(struct rd_str s)
{
    size_t labels = 0;
    struct rd_str rest = s;
    struct rd_str label;
    if (s.n == 0 || s.n > 253)
        return false;
    while (rd_str_next(&rest, '.', &label)) {
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!rd_char_is_alnum(label.p[i]) && label.p[i] != '-' && label.p[i] != '_')
                return false;
        labels++;
    }
    return labels >= 2 && s.p[s.n - 1] != '.';
}

/* Azure Firewall: an asterisk only at the left (azure-avd-ops reference 2.4). */
static bool is_fqdn(struct rd_str s)
{
    if (s.n > 1 && s.p[0] == '*')
        s = rd_str_sub(s, s.p[1] == '.' ? 2 : 1, s.n);
    return is_dns_name(s);
}

static bool is_email(struct rd_str s)
{
    size_t at = rd_str_find_char(s, '@', 0);
    if (at == RD_STR_NONE || at == 0 || at > 64 || s.n > 254)
        return false;
    for (size_t i = 0; i < at; i++)
        if ((unsigned char)s.p[i] <= ' ' || strchr("<>()[],;:\\\"", s.p[i]) != NULL)
            return false;
    return is_dns_name(rd_str_sub(s, at + 1, s.n));
}

static bool is_zone(struct rd_str s)
{
    return s.n == 1 && s.p[0] >= '1' && s.p[0] <= '3';
}

static bool is_time(struct rd_str s)
{
    int64_t hour;
    int64_t minute;
    return s.n == 5 && s.p[2] == ':' && rd_char_is_digit(s.p[0]) && rd_char_is_digit(s.p[3]) &&
           rd_str_to_int(rd_str_sub(s, 0, 2), 0, 23, &hour) &&
           rd_str_to_int(rd_str_sub(s, 3, 5), 0, 59, &minute);
}

int rd_spec_minutes(struct rd_str time)
{
    if (!is_time(time))
        return 0;
    return ((time.p[0] - '0') * 10 + time.p[1] - '0') * 60 + (time.p[3] - '0') * 10 + time.p[4] -
           '0';
}

static bool is_date(struct rd_str s)
{
    int64_t year;
    int64_t month;
    int64_t day;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' ||
        !rd_str_to_int(rd_str_sub(s, 0, 4), 2000, 2999, &year) ||
        !rd_str_to_int(rd_str_sub(s, 5, 7), 1, 12, &month) ||
        !rd_str_to_int(rd_str_sub(s, 8, 10), 1, 31, &day))
        return false;
    int64_t back_year;
    int back_month;
    int back_day;
    rd_date_from_days(rd_date_to_days(year, (int)month, (int)day), &back_year, &back_month,
                      &back_day);
    return back_month == month && back_day == day;
}

/* Image versions: three numbers below 2^31 (azure-compute reference 3.4). */
static bool is_version(struct rd_str s)
{
    int parts = 0;
    struct rd_str rest = s;
    struct rd_str part;
    while (s.n > 0 && rd_str_next(&rest, '.', &part)) {
        int64_t number;
        if (part.n == 0 || !rd_char_is_digit(part.p[0]) || (part.n > 1 && part.p[0] == '0') ||
            !rd_str_to_int(part, 0, INT32_MAX, &number))
            return false;
        parts++;
    }
    return parts == 3 && s.p[s.n - 1] != '.';
}

static bool is_source_version(struct rd_str s)
{
    return rd_str_is(s, "latest") || is_version(s);
}

static bool is_url(struct rd_str s)
{
    struct rd_str scheme = RD_STR("https://");
    if (!rd_str_has_prefix(s, scheme) || s.n > 1024)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
            strchr("\"<>\\?#", s.p[i]) != NULL)
            return false;
    size_t slash = rd_str_find_char(s, '/', scheme.n);
    return is_dns_name(rd_str_sub(s, scheme.n, slash == RD_STR_NONE ? s.n : slash));
}

static bool is_port(struct rd_str s)
{
    int64_t port;
    size_t colon = rd_str_find_char(s, ':', 0);
    if (colon == RD_STR_NONE)
        return false;
    struct rd_str protocol = rd_str_sub(s, 0, colon);
    return (rd_str_is(protocol, "http") || rd_str_is(protocol, "https") ||
            rd_str_is(protocol, "mssql")) &&
           rd_str_to_int(rd_str_sub(s, colon + 1, s.n), 1, 64000, &port);
}

static bool is_sha256(struct rd_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!rd_char_is_hex(s.p[i]))
            return false;
    return s.n == 64;
}

static bool is_subnet_id(struct rd_str s)
{
    static const char *const fixed[] = {"",
                                        "subscriptions",
                                        NULL,
                                        "resourceGroups",
                                        NULL,
                                        "providers",
                                        "Microsoft.Network",
                                        "virtualNetworks",
                                        NULL,
                                        "subnets",
                                        NULL};
    enum { PART_COUNT = sizeof(fixed) / sizeof(fixed[0]), SUBSCRIPTION = 2 };
    struct rd_str rest = s;
    struct rd_str part;
    size_t count = 0;
    while (s.n > 0 && rd_str_next(&rest, '/', &part)) {
        if (count == PART_COUNT || (fixed[count] == NULL && part.n == 0) ||
            (fixed[count] != NULL && !rd_str_is_case(part, fixed[count])) ||
            (count == SUBSCRIPTION && !rd_str_is_guid(part)))
            return false;
        count++;
    }
    return count == PART_COUNT;
}

bool rd_spec_cidr_parse(struct rd_str s, struct rd_ipv4 *ret_cidr)
{
    struct rd_ipv4 cidr;
    if (!rd_ipv4_parse(s, &cidr) || cidr.bits < CIDR_BITS_MIN || cidr.bits > CIDR_BITS_MAX ||
        (cidr.base & (UINT32_MAX >> cidr.bits)) != 0)
        return false;
    *ret_cidr = cidr;
    return true;
}

static bool is_cidr(struct rd_str s)
{
    struct rd_ipv4 cidr;
    return rd_spec_cidr_parse(s, &cidr);
}

struct rd_str rd_spec_cidr_text(struct rd_arena *arena, struct rd_ipv4 cidr)
{
    return rd_arena_printf(arena, "%u.%u.%u.%u/%d", cidr.base >> 24, (cidr.base >> 16) & 255,
                           (cidr.base >> 8) & 255, cidr.base & 255, cidr.bits);
}

static const struct {
    const char *text;
    bool (*is_one)(struct rd_str s); /* NULL: by a list of words */
} kinds[] = {
    [RD_KIND_TEXT] = {"text", is_plain_text},
    [RD_KIND_ENCLAVE] = {"2 to 20 small letters, digits and single hyphens, a letter first",
                         is_enclave},
    [RD_KIND_GUID] = {"a GUID such as 11111111-2222-3333-4444-555555555555", rd_str_is_guid},
    [RD_KIND_INT] = {"a whole number", NULL},
    [RD_KIND_BOOL] = {"true or false", NULL},
    [RD_KIND_ENUM] = {"a word", NULL},
    [RD_KIND_SWITCH] = {"a word", NULL},
    [RD_KIND_WORD] = {"a word", NULL},
    [RD_KIND_REGION] = {"an Azure region", NULL},
    [RD_KIND_SIZE] = {"a VM size of data/sizes.yaml", NULL},
    [RD_KIND_ZONE] = {"a zone: 1, 2 or 3", is_zone},
    [RD_KIND_CIDR] = {"an address range such as 10.80.0.0/24, from /8 to /29 and no bits behind it",
                      is_cidr},
    [RD_KIND_SUBNET_ID] = {"the ARM id of a subnet (/subscriptions/.../virtualNetworks/NAME/"
                           "subnets/NAME)",
                           is_subnet_id},
    [RD_KIND_EMAIL] = {"an email address", is_email},
    [RD_KIND_USER] = {"a user principal name such as ann@contoso.us", is_email},
    [RD_KIND_TIME] = {"a time such as 08:00", is_time},
    [RD_KIND_DATE] = {"a date such as 2026-12-01", is_date},
    [RD_KIND_TIME_ZONE] = {"a Windows time zone such as W. Europe Standard Time", NULL},
    [RD_KIND_IMAGE_VERSION] = {"major.minor.patch, such as 1.0.0", is_version},
    [RD_KIND_SOURCE_VERSION] = {"latest or major.minor.patch", is_source_version},
    [RD_KIND_URL] = {"an https:// address without query", is_url},
    [RD_KIND_DNS_NAME] = {"a DNS name such as corp.contoso.com", is_dns_name},
    [RD_KIND_FQDN] = {"a DNS name, with an asterisk at most in front (*.contoso.com)", is_fqdn},
    [RD_KIND_PORT] = {"http, https or mssql and a port, such as https:443", is_port},
    [RD_KIND_STEP] = {"a step of data/image-steps.yaml", NULL},
    [RD_KIND_SHA256] = {"64 hexadecimal digits", is_sha256},
    [RD_KIND_TABLE] = {"the name of a table", NULL},
    [RD_KIND_MONEY] = {"an amount with two decimals at most", NULL},
    [RD_KIND_LIST] = {"a list", NULL},
    [RD_KIND_MAP] = {"a map (key: value)", NULL},
    [RD_KIND_OBJECT] = {"a section (key: value)", NULL},
    [RD_KIND_RULES] = {"a list of rules", NULL},
    [RD_KIND_PINS] = {"a map of computer name to user, or a list of users", NULL},
    [RD_KIND_RDP] = {"a map of property to value", NULL},
};

const char *rd_spec_kind_text(enum rd_spec_kind kind)
{
    return kinds[kind].text;
}

/* The words that a kind is looked up in; none for the kinds that have a form instead. */
static struct rd_spec_words words_of_kind(struct rd_spec_reader *reader,
                                          const struct rd_spec_field *field, enum rd_spec_kind kind)
{
    const struct rd_spec_tables *tables = &reader->tables;
    if (kind == RD_KIND_REGION)
        return tables->region_words;
    if (kind == RD_KIND_SIZE)
        return tables->size_words;
    if (kind == RD_KIND_STEP)
        return tables->step_words;
    if (kind == RD_KIND_TIME_ZONE)
        return tables->time_zone_words;
    if (kind == RD_KIND_TABLE)
        return rd_spec_words_in_folder(reader->arena, field->folder);
    if (kind == RD_KIND_ENUM || kind == RD_KIND_SWITCH || kind == RD_KIND_WORD)
        return rd_spec_words_of(reader->arena, field->words);
    return (struct rd_spec_words){NULL, 0};
}

const char *rd_spec_scalar(struct rd_spec_reader *reader, const struct rd_spec_field *field,
                           enum rd_spec_kind kind, struct rd_str in, struct rd_str *ret_text,
                           struct rd_spec_words *ret_words)
{
    *ret_words = words_of_kind(reader, field, kind);
    *ret_text = in;
    if (kinds[kind].is_one == NULL) {
        /* A build without any table of that kind cannot say which are right. */
        if (kind == RD_KIND_TABLE && ret_words->count == 0)
            return NULL;
        if (rd_spec_words_find(ret_words, in, ret_text))
            return NULL;
        bool is_short = ret_words->count > 0 && ret_words->count <= 8;
        return is_short ? rd_spec_words_text(reader->arena, ret_words).p : kinds[kind].text;
    }
    if (!kinds[kind].is_one(in))
        return kinds[kind].text;
    if (kind == RD_KIND_TEXT && field->max > 0 && (int64_t)in.n > field->max)
        return rd_arena_printf(reader->arena, "at most %lld characters", (long long)field->max).p;
    /* One folder, one spelling: the script's name is appended after a slash. */
    if (kind == RD_KIND_URL && in.p[in.n - 1] == '/')
        *ret_text = rd_str_sub(in, 0, in.n - 1);
    return NULL;
}
