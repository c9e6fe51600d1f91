/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include "shape.h"

/*
 * /metadata/endpoints: what tells a client where the planes of a cloud are, asked for without a
 * token. Version 2015-01-01 is one small object (what `az cloud register` asks for), 2019-05-01 and
 * later an array of clouds, here of one. At an address every URL in it leads back here.
 */

/* URLs that lead elsewhere at an address. The rest of what a cloud has (portal, batch ...) is not
 * emulated: its URLs lead to where nothing answers rather than out of the embedded cloud. */
static const struct {
    const char *member;
    enum em_place place;
    const char *tail;
} urls[] = {
    {"portal", EM_PLACE_ARM, "/"},
    {"media", EM_PLACE_ARM, "/"},
    {"graphAudience", EM_PLACE_ARM, "/graph/"},
    {"graph", EM_PLACE_ARM, "/graph/"},
    {"batch", EM_PLACE_ARM, "/"},
    {"resourceManager", EM_PLACE_ARM, "/"},
    {"vmImageAliasDoc", EM_PLACE_ARM, "/aliases.json"},
    {"activeDirectoryDataLake", EM_PLACE_ARM, "/"},
    {"sqlManagement", EM_PLACE_ARM, "/"},
    {"microsoftGraphResourceId", EM_PLACE_GRAPH, "/"},
    {"logAnalyticsResourceId", EM_PLACE_QUERY, ""},
    {"gallery", EM_PLACE_ARM, "/"},
};

/* Names below the address's host for what is not emulated. */
static const char *const suffixes[][2] = {
    {"suffixes.acrLoginServer", "azurecr"},
    {"suffixes.sqlServerHostname", "sql"},
};

static struct rd_str url_of(struct em_exchange *ex, enum em_place place, const char *tail)
{
    struct rd_str none = {"", 0};
    return rd_arena_printf(ex->arena, "%.*s%s", RD_FMT(em_place_url(ex, place, none)), tail);
}

static void lead_here(struct em_exchange *ex, struct rd_json *cloud)
{
    struct rd_str none = {"", 0};
    struct rd_str base = em_place_host(ex, EM_PLACE_ARM, none);
    for (size_t i = 0; i < EM_COUNT(urls); i++)
        em_set_text(ex, cloud, urls[i].member, url_of(ex, urls[i].place, urls[i].tail));
    for (size_t i = 0; i < EM_COUNT(suffixes); i++)
        em_set_text(ex, cloud, suffixes[i][0],
                    rd_arena_printf(ex->arena, "%s.%.*s", suffixes[i][1], RD_FMT(base)));
    em_set_text(ex, cloud, "suffixes.keyVaultDns", em_place_host(ex, EM_PLACE_VAULT, none));
    em_set_text(ex, cloud, "suffixes.mhsmDns", em_place_host(ex, EM_PLACE_HSM, none));
    em_set_text(ex, cloud, "suffixes.storage", base); /* NAME.blob. before it */
    /* Azure CLI reads the first two versions, and its MSAL asks login.microsoftonline.com about an
     * authority unless its last segment is "adfs" (real-clients 1.2). */
    bool is_early = rd_str_cmp(ex->api_version, RD_STR("2020")) < 0 && ex->api_version.n > 0;
    if (ex->cloud->has_clients_time) {
        em_set_text(ex, cloud, "redoubt.clock", RD_STR("virtual"));
        em_set(ex, cloud, "redoubt.now", rd_json_integer(ex->now_ms));
    }
    em_set_text(ex, cloud, "authentication.loginEndpoint",
                url_of(ex, EM_PLACE_LOGIN, is_early ? "/adfs" : ""));
    (void)rd_json_append(ex->arena, em_array(ex, cloud, "authentication.audiences"),
                         rd_json_string(url_of(ex, EM_PLACE_ARM, "/")));
}

static void reply_first_version(struct em_exchange *ex, const struct rd_json *cloud)
{
    struct rd_json body = rd_json_object();
    em_set_text(ex, &body, "galleryEndpoint", em_text_at(cloud, "gallery"));
    em_set_text(ex, &body, "graphEndpoint", em_text_at(cloud, "graph"));
    em_set_text(ex, &body, "portalEndpoint", em_text_at(cloud, "portal"));
    em_set_text(ex, &body, "authentication.loginEndpoint",
                em_text_at(cloud, "authentication.loginEndpoint"));
    em_set(ex, &body, "authentication.audiences", *rd_json_at(cloud, "authentication.audiences"));
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
}

void em_answer_metadata(struct em_exchange *ex)
{
    if (ex->request->method != RD_HTTP_GET && ex->request->method != RD_HTTP_HEAD) {
        (void)em_fail(ex, 405, "MethodNotAllowed",
                      "The requested resource does not support http method '%s'.",
                      rd_http_method_name(ex->request->method));
        return;
    }
    struct rd_json cloud =
        rd_json_copy(ex->arena, rd_json_get(ex->cloud->place, RD_STR("metadata")));
    if (ex->base_host.n > 0)
        lead_here(ex, &cloud);
    if (rd_str_has_prefix(ex->api_version, RD_STR("2015-"))) {
        reply_first_version(ex, &cloud);
        return;
    }
    struct rd_json body = rd_json_array();
    (void)rd_json_append(ex->arena, &body, cloud);
    em_reply_json(ex, 200, &body, EM_JSON_COMPACT);
}
