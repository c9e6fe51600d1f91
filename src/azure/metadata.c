/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints of a custom cloud, from the document that its ARM endpoint gives to everybody. */
#include <string.h>

#include "azure/endpoints.h"
#include "http/message.h"

static const char ask_newer[] = "ask for a newer version of it: "
                                "https://HOST/metadata/endpoints?api-version=2022-09-01";

static struct rd_str without_slash(struct rd_str url)
{
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

/* An https URL without credentials, query and slash at its end, or a failure that names the
 * member. */
RD_NODISCARD static enum rd_rc take_url(struct rd_arena *arena, const struct rd_json *value,
                                        const char *member, struct rd_str *ret_url,
                                        struct rd_err *err)
{
    struct rd_str text = rd_json_str(value);
    struct rd_http_url parts;
    if (!rd_http_url_parse(text, &parts) || !rd_str_is_case(parts.scheme, "https") ||
        parts.query.n > 0 || rd_str_has_control(text) ||
        rd_str_find_char(text, ' ', 0) != RD_STR_NONE)
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID, "the cloud's metadata names no https URL as '%s'", member),
            err, "%s", ask_newer);
    *ret_url = rd_arena_str(arena, without_slash(text));
    return RD_RC_OK;
}

static bool is_host_name(struct rd_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!rd_char_is_alnum(text.p[i]) && strchr("-.:", text.p[i]) == NULL)
            return false;
    return text.n > 0 && text.p[0] != '.';
}

/* A DNS suffix, with `label` before it; what is absent stays "". Tokens for what lies below it are
 * for the suffix itself, as those of Azure's vaults are. */
RD_NODISCARD static enum rd_rc take_suffix(struct rd_arena *arena, const struct rd_json *suffixes,
                                           const char *member, const char *label,
                                           struct rd_str *ret_suffix, struct rd_str *ret_audience,
                                           struct rd_err *err)
{
    struct rd_str text = rd_json_str(rd_json_get_case(suffixes, rd_str_from(member)));
    if (text.n > 0 && text.p[0] == '.')
        text = rd_str_sub(text, 1, text.n);
    if (text.n == 0)
        return RD_RC_OK;
    if (!is_host_name(text))
        return RD_FAIL(err, RD_RC_INVALID, "the cloud's metadata has '%.*s' as its '%s'",
                       RD_FMT(rd_str_cut(text, 100)), member);
    *ret_suffix = rd_arena_printf(arena, "%s%.*s", label, RD_FMT(text));
    if (ret_audience->n == 0)
        *ret_audience = rd_arena_printf(arena, "https://%.*s", RD_FMT(*ret_suffix));
    return RD_RC_OK;
}

/* Login and ARM's audience, which both forms have. */
RD_NODISCARD static enum rd_rc take_authentication(struct rd_arena *arena,
                                                   const struct rd_json *cloud,
                                                   struct rd_endpoints *endpoints,
                                                   struct rd_err *err)
{
    const struct rd_json *authentication = rd_json_get(cloud, RD_STR("authentication"));
    RD_TRY(take_url(arena, rd_json_get(authentication, RD_STR("loginEndpoint")),
                    "authentication.loginEndpoint", &endpoints->login, err));
    struct rd_str audience =
        rd_json_str(rd_json_item(rd_json_get(authentication, RD_STR("audiences")), 0));
    if (audience.n == 0)
        return RD_FAIL(err, RD_RC_INVALID,
                       "the cloud's metadata names no audience of its resource manager");
    endpoints->arm_audience = rd_arena_str(arena, audience);
    return RD_RC_OK;
}

/* Version 2015-01-01 does not say where ARM is: where it was asked. */
RD_NODISCARD static enum rd_rc take_first_version(struct rd_arena *arena, struct rd_str url,
                                                  const struct rd_json *document,
                                                  struct rd_endpoints *endpoints,
                                                  struct rd_err *err)
{
    struct rd_http_url parts;
    if (!rd_http_url_parse(url, &parts))
        return RD_FAIL(err, RD_RC_INVALID, "'%.*s' is no URL", RD_FMT(url));
    size_t end = (size_t)(parts.path.p - url.p);
    endpoints->arm =
        rd_arena_str(arena, parts.path.n == 0 ? without_slash(url) : rd_str_sub(url, 0, end));
    return take_authentication(arena, document, endpoints, err);
}

/* An embedded cloud that is served says whether its time is its client's. */
static void take_clock(const struct rd_json *cloud, struct rd_endpoints *endpoints)
{
    const struct rd_json *own = rd_json_get(cloud, RD_STR("redoubt"));
    endpoints->has_our_clock = rd_str_is(rd_json_str(rd_json_get(own, RD_STR("clock"))), "virtual");
    endpoints->cloud_ms = rd_json_int(rd_json_get(own, RD_STR("now")), 0);
}

RD_NODISCARD static enum rd_rc take_cloud(struct rd_arena *arena, const struct rd_json *cloud,
                                          struct rd_endpoints *endpoints, struct rd_err *err)
{
    const struct rd_json *suffixes = rd_json_get(cloud, RD_STR("suffixes"));
    const struct rd_json *graph = rd_json_get(cloud, RD_STR("microsoftGraphResourceId"));
    const struct rd_json *logs = rd_json_get(cloud, RD_STR("logAnalyticsResourceId"));
    struct rd_str storage_audience = {"", 0};
    RD_TRY(take_url(arena, rd_json_get(cloud, RD_STR("resourceManager")), "resourceManager",
                    &endpoints->arm, err));
    RD_TRY(take_authentication(arena, cloud, endpoints, err));
    if (rd_json_exists(graph))
        RD_TRY(take_url(arena, graph, "microsoftGraphResourceId", &endpoints->graph, err));
    if (rd_json_exists(logs))
        RD_TRY(take_url(arena, logs, "logAnalyticsResourceId", &endpoints->logs, err));
    if (endpoints->graph_audience.n == 0)
        endpoints->graph_audience = endpoints->graph;
    if (endpoints->logs_audience.n == 0)
        endpoints->logs_audience = endpoints->logs;
    RD_TRY(take_suffix(arena, suffixes, "keyVaultDns", "", &endpoints->vault_suffix,
                       &endpoints->vault_audience, err));
    RD_TRY(take_suffix(arena, suffixes, "mhsmDns", "", &endpoints->hsm_suffix,
                       &endpoints->hsm_audience, err));
    RD_TRY(take_suffix(arena, suffixes, "storage", "blob.", &endpoints->blob_suffix,
                       &storage_audience, err));
    take_clock(cloud, endpoints);
    return RD_RC_OK;
}

RD_NODISCARD static enum rd_rc choose(const struct rd_json *document, struct rd_str name,
                                      const struct rd_json **ret_cloud, struct rd_err *err)
{
    size_t count = rd_json_count(document);
    for (size_t i = 0; i < count; i++) {
        *ret_cloud = rd_json_item(document, i);
        if (rd_str_eq_case(rd_json_str(rd_json_get(*ret_cloud, RD_STR("name"))), name))
            return RD_RC_OK;
    }
    struct rd_str only = rd_json_str(rd_json_get(rd_json_item(document, 0), RD_STR("name")));
    struct rd_endpoints known;
    struct rd_err unknown;
    if (count == 1 && (name.n == 0 || rd_endpoints_find(only, &known, &unknown) != RD_RC_OK)) {
        *ret_cloud = rd_json_item(document, 0);
        return RD_RC_OK;
    }
    if (count == 1)
        return rd_err_hint(RD_FAIL(err, RD_RC_INVALID,
                                   "the metadata is of '%.*s', the spec is for '%.*s'",
                                   RD_FMT(rd_str_cut(only, 100)), RD_FMT(name)),
                           err, "name the metadata of that cloud, or change the spec's cloud");
    return RD_FAIL(err, RD_RC_INVALID, "the metadata holds %zu clouds, and none is called '%.*s'",
                   count, RD_FMT(name));
}

enum rd_rc rd_endpoints_from_metadata(struct rd_arena *arena, struct rd_str url, struct rd_str name,
                                      const struct rd_json *document,
                                      struct rd_endpoints *ret_endpoints, struct rd_err *err)
{
    struct rd_endpoints found = {.is_custom = true};
    struct rd_endpoints known;
    struct rd_err unknown;
    /* What a token exchange wants depends on the cloud that this one plays. */
    if (rd_endpoints_find(name, &known, &unknown) == RD_RC_OK) {
        found.federation_audience = known.federation_audience;
        found.blob_audience = known.blob_audience;
    }
    if (rd_json_is(document, RD_JSON_OBJECT)) {
        found.name = rd_arena_str(arena, name.n > 0 ? name : RD_STR("custom cloud"));
        RD_TRY(take_first_version(arena, url, document, &found, err));
    } else if (rd_json_is(document, RD_JSON_ARRAY) && rd_json_count(document) > 0) {
        const struct rd_json *cloud = &rd_json_absent;
        RD_TRY(choose(document, name, &cloud, err));
        struct rd_str own = rd_json_str(rd_json_get(cloud, RD_STR("name")));
        found.name = rd_arena_str(arena, own.n > 0 ? own : RD_STR("custom cloud"));
        RD_TRY(take_cloud(arena, cloud, &found, err));
    } else {
        return rd_err_hint(
            RD_FAIL(err, RD_RC_INVALID, "'%.*s' is no metadata of a cloud", RD_FMT(url)), err, "%s",
            ask_newer);
    }
    *ret_endpoints = found;
    return RD_RC_OK;
}
