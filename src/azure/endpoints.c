/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/endpoints.h"

#include <stddef.h>

#include "facts/facts.h"
#include "http/message.h"

enum { CLOUD_COUNT_MAX = 16 };

/* The table's columns, which every row must have: a cloud without one of its endpoints would send
 * that traffic nowhere or elsewhere. */
static const struct {
    const char *name;
    size_t offset;
} columns[] = {
    {"arm", offsetof(struct rd_endpoints, arm)},
    {"graph", offsetof(struct rd_endpoints, graph)},
    {"login", offsetof(struct rd_endpoints, login)},
    {"vault_suffix", offsetof(struct rd_endpoints, vault_suffix)},
    {"hsm_suffix", offsetof(struct rd_endpoints, hsm_suffix)},
    {"logs", offsetof(struct rd_endpoints, logs)},
    {"ingestion_suffix", offsetof(struct rd_endpoints, ingestion_suffix)},
    {"blob_suffix", offsetof(struct rd_endpoints, blob_suffix)},
    {"arm_audience", offsetof(struct rd_endpoints, arm_audience)},
    {"graph_audience", offsetof(struct rd_endpoints, graph_audience)},
    {"vault_audience", offsetof(struct rd_endpoints, vault_audience)},
    {"hsm_audience", offsetof(struct rd_endpoints, hsm_audience)},
    {"logs_audience", offsetof(struct rd_endpoints, logs_audience)},
    {"ingestion_audience", offsetof(struct rd_endpoints, ingestion_audience)},
    {"blob_audience", offsetof(struct rd_endpoints, blob_audience)},
    {"federation_audience", offsetof(struct rd_endpoints, federation_audience)},
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static struct rd_str *column(struct rd_endpoints *endpoints, size_t offset)
{
    return (struct rd_str *)(void *)((char *)endpoints + offset);
}

RD_NODISCARD static enum rd_rc take_row(const struct rd_json_member *cloud,
                                        struct rd_endpoints *ret_endpoints, struct rd_err *err)
{
    struct rd_endpoints found = {.name = cloud->key};
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        struct rd_str value = rd_json_str(rd_json_get(&cloud->value, rd_str_from(columns[i].name)));
        if (rd_str_is_empty(value))
            return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                       "cloud '%.*s' has no '%s' in clouds.yaml",
                                       RD_FMT(cloud->key), columns[i].name),
                               err, "name the endpoint, or remove your own clouds.yaml");
        *column(&found, columns[i].offset) = value;
    }
    *ret_endpoints = found;
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc fail_unknown(const struct rd_json *table, struct rd_str name,
                                            struct rd_err *err)
{
    struct rd_str names[CLOUD_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < rd_json_count(table) && count < CLOUD_COUNT_MAX; i++)
        names[count++] = table->u.members[i].key;
    struct rd_str nearest = rd_str_nearest(name, names, count);
    enum rd_rc rc = RD_FAIL(err, RD_RC_INVALID, "'%.*s' is no known cloud", RD_FMT(name));
    if (rd_str_is_empty(nearest))
        return rd_err_hint(rc, err, "use AzureCloud or AzureUSGovernment");
    return rd_err_hint(rc, err, "did you mean '%.*s'?", RD_FMT(nearest));
}

enum rd_rc rd_endpoints_find(struct rd_str name, struct rd_endpoints *ret_endpoints,
                             struct rd_err *err)
{
    const struct rd_json *table = &rd_json_absent;
    RD_TRY(rd_facts_get("clouds", &table, err));
    if (!rd_json_is(table, RD_JSON_OBJECT))
        return RD_FAIL(err, RD_RC_INVALID, "clouds.yaml is not a map of clouds");
    for (size_t i = 0; i < rd_json_count(table); i++)
        if (rd_str_eq_case(table->u.members[i].key, name))
            return take_row(&table->u.members[i], ret_endpoints, err);
    return fail_unknown(table, name, err);
}

/* URLs ---------------------------------------------------------------------------------------- */

static const struct plane {
    size_t place; /* an endpoint, or a suffix */
    size_t audience;
    bool is_suffix;
    int labels_max; /* before a suffix */
} planes[RD_ENDPOINT_COUNT] = {
    [RD_ENDPOINT_ARM] = {offsetof(struct rd_endpoints, arm),
                         offsetof(struct rd_endpoints, arm_audience), false, 0},
    [RD_ENDPOINT_GRAPH] = {offsetof(struct rd_endpoints, graph),
                           offsetof(struct rd_endpoints, graph_audience), false, 0},
    [RD_ENDPOINT_VAULT] = {offsetof(struct rd_endpoints, vault_suffix),
                           offsetof(struct rd_endpoints, vault_audience), true, 1},
    [RD_ENDPOINT_HSM] = {offsetof(struct rd_endpoints, hsm_suffix),
                         offsetof(struct rd_endpoints, hsm_audience), true, 1},
    [RD_ENDPOINT_LOGS] = {offsetof(struct rd_endpoints, logs),
                          offsetof(struct rd_endpoints, logs_audience), false, 0},
    /* "https://NAME-CODE.REGION.ingest.monitor.azure.com" */
    [RD_ENDPOINT_INGESTION] = {offsetof(struct rd_endpoints, ingestion_suffix),
                               offsetof(struct rd_endpoints, ingestion_audience), true, 2},
    [RD_ENDPOINT_BLOB] = {offsetof(struct rd_endpoints, blob_suffix),
                          offsetof(struct rd_endpoints, blob_audience), true, 1},
};

static struct rd_str text_at(const struct rd_endpoints *endpoints, size_t offset)
{
    return *(const struct rd_str *)(const void *)((const char *)endpoints + offset);
}

struct rd_str rd_endpoints_audience(const struct rd_endpoints *endpoints, enum rd_endpoint endpoint)
{
    if (endpoint <= RD_ENDPOINT_NONE || endpoint >= RD_ENDPOINT_COUNT)
        return RD_STR("");
    return text_at(endpoints, planes[endpoint].audience);
}

/* How much of the URL names the endpoint, its path included: 0 when it is another's. */
static size_t match_endpoint(struct rd_str endpoint, const struct rd_http_url *url)
{
    struct rd_http_url own;
    if (endpoint.n == 0 || !rd_http_url_parse(endpoint, &own) ||
        !rd_str_is_case(own.scheme, "https") || !rd_str_eq_case(own.host, url->host) ||
        own.port != url->port || !rd_str_has_prefix_case(url->path, own.path) ||
        (own.path.n > 0 && url->path.n > own.path.n && url->path.p[own.path.n] != '/'))
        return 0;
    return own.host.n + own.path.n;
}

/* One to `labels_max` DNS labels before the suffix. */
static bool is_below(struct rd_str suffix, const struct rd_http_url *url, int labels_max)
{
    size_t colon = rd_str_find_char(suffix, ':', 0);
    int64_t port = 443;
    if (suffix.n == 0 || (colon != RD_STR_NONE &&
                          !rd_str_to_int(rd_str_sub(suffix, colon + 1, suffix.n), 1, 65535, &port)))
        return false;
    suffix = rd_str_sub(suffix, 0, colon == RD_STR_NONE ? suffix.n : colon);
    struct rd_str host = url->host;
    if (url->port != port || host.n < suffix.n + 2 || !rd_str_has_suffix_case(host, suffix) ||
        host.p[host.n - suffix.n - 1] != '.')
        return false;
    struct rd_str rest = rd_str_sub(host, 0, host.n - suffix.n - 1);
    struct rd_str label;
    int count = 0;
    while (rd_str_next(&rest, '.', &label)) {
        if (label.n == 0 || ++count > labels_max)
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!rd_char_is_alnum(label.p[i]) && label.p[i] != '-')
                return false;
    }
    return host.p[host.n - suffix.n - 2] != '.';
}

/* Whether the part before the path holds what would make another reader see another host. */
static bool is_plain_authority(struct rd_str url)
{
    size_t start = sizeof("https://") - 1;
    for (size_t i = start; i < url.n && url.p[i] != '/' && url.p[i] != '?'; i++)
        if (!rd_char_is_alnum(url.p[i]) && url.p[i] != '-' && url.p[i] != '.' && url.p[i] != ':')
            return false;
    return rd_str_is_visible(url); /* white space and control characters split a request */
}

enum rd_endpoint rd_endpoints_which(const struct rd_endpoints *endpoints, struct rd_str url)
{
    struct rd_http_url parts;
    if (!rd_http_url_parse(url, &parts) || !rd_str_is_case(parts.scheme, "https") ||
        !is_plain_authority(url))
        return RD_ENDPOINT_NONE;
    enum rd_endpoint best = RD_ENDPOINT_NONE;
    size_t best_size = 0;
    for (enum rd_endpoint i = RD_ENDPOINT_ARM; i < RD_ENDPOINT_COUNT; i++) {
        struct rd_str place = text_at(endpoints, planes[i].place);
        size_t size = 0;
        if (planes[i].is_suffix)
            size = is_below(place, &parts, planes[i].labels_max) ? parts.host.n : 0;
        else
            size = match_endpoint(place, &parts);
        if (size > best_size) {
            best = i;
            best_size = size;
        }
    }
    return best;
}

bool rd_endpoints_allow(const struct rd_endpoints *endpoints, struct rd_str url)
{
    return rd_endpoints_which(endpoints, url) != RD_ENDPOINT_NONE;
}
