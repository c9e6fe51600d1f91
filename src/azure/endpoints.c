/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/endpoints.h"

#include "facts/facts.h"
#include "http/message.h"
#include "json/json.h"

enum { CLOUD_COUNT_MAX = 16 };

/* The table's column, which every row must have: a cloud without one of its endpoints would send
 * that traffic nowhere or elsewhere. */
RD_NODISCARD static enum rd_rc take(const struct rd_json *row, struct rd_str cloud,
                                    const char *column, struct rd_str *ret_value,
                                    struct rd_err *err)
{
    struct rd_str value = rd_json_str(rd_json_get(row, rd_str_from(column)));
    if (rd_str_is_empty(value))
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID, "cloud '%.*s' has no '%s' in clouds.yaml",
                                   RD_FMT(cloud), column),
                           err, "name the endpoint, or remove your own clouds.yaml");
    *ret_value = value;
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
    for (size_t i = 0; i < rd_json_count(table); i++) {
        const struct rd_json_member *cloud = &table->u.members[i];
        if (!rd_str_eq_case(cloud->key, name))
            continue;
        struct rd_endpoints found = {.name = cloud->key};
        RD_TRY(take(&cloud->value, cloud->key, "arm", &found.arm, err));
        RD_TRY(take(&cloud->value, cloud->key, "graph", &found.graph, err));
        RD_TRY(take(&cloud->value, cloud->key, "login", &found.login, err));
        RD_TRY(take(&cloud->value, cloud->key, "vault_suffix", &found.vault_suffix, err));
        RD_TRY(take(&cloud->value, cloud->key, "hsm_suffix", &found.hsm_suffix, err));
        *ret_endpoints = found;
        return RD_RC_OK;
    }
    return fail_unknown(table, name, err);
}

static bool is_host_of(struct rd_str endpoint, struct rd_str host)
{
    struct rd_http_url parts;
    return rd_http_url_parse(endpoint, &parts) && rd_str_eq_case(parts.host, host);
}

/* Exactly one DNS label before the suffix, as vault and HSM names are. */
static bool is_below(struct rd_str suffix, struct rd_str host)
{
    if (host.n < suffix.n + 2 || !rd_str_has_suffix_case(host, suffix))
        return false;
    struct rd_str label = rd_str_sub(host, 0, host.n - suffix.n);
    if (label.p[label.n - 1] != '.')
        return false;
    label.n--;
    for (size_t i = 0; i < label.n; i++)
        if (!rd_char_is_alnum(label.p[i]) && label.p[i] != '-')
            return false;
    return label.n > 0;
}

/* Whether the part before the path holds what would make another reader see another host. */
static bool is_plain_authority(struct rd_str url)
{
    size_t start = sizeof("https://") - 1;
    for (size_t i = start; i < url.n && url.p[i] != '/' && url.p[i] != '?'; i++)
        if (!rd_char_is_alnum(url.p[i]) && url.p[i] != '-' && url.p[i] != '.' && url.p[i] != ':')
            return false;
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] == 0x7f)
            return false; /* white space and control characters split a request */
    return true;
}

bool rd_endpoints_allow(const struct rd_endpoints *endpoints, struct rd_str url)
{
    struct rd_http_url parts;
    if (!rd_http_url_parse(url, &parts) || !rd_str_is_case(parts.scheme, "https") ||
        parts.port != 443 || !is_plain_authority(url))
        return false;
    return is_host_of(endpoints->arm, parts.host) || is_host_of(endpoints->graph, parts.host) ||
           is_below(endpoints->vault_suffix, parts.host) ||
           is_below(endpoints->hsm_suffix, parts.host);
}
