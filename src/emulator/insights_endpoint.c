/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.Insights: data collection endpoints, by which rules are read and logs taken. */
#include "insights_internal.h"
#include "shape.h"

/* "https://{name}-{four}.{region}-1.{suffix}", with "handler.control" or another word in place of
 * the suffix's own "ingest". */
static void set_endpoint(struct em_exchange *ex, struct rd_json *body, const char *path,
                         const char *word, struct rd_str four)
{
    struct rd_str suffix = em_host(ex->cloud, EM_PLACE_INGESTION);
    suffix = rd_str_sub(suffix, rd_str_find_char(suffix, '.', 0) + 1, suffix.n);
    em_set_text(ex, body, path,
                rd_arena_printf(ex->arena, "https://%.*s-%.*s.%.*s-1.%s.%.*s",
                                RD_FMT(rd_arena_lower(ex->arena, em_id_name(ex->id))), RD_FMT(four),
                                RD_FMT(em_region_name(ex, em_text_at(body, "location"))), word,
                                RD_FMT(suffix)));
}

bool em_collection_endpoint_put(struct em_exchange *ex, struct em_resource *former,
                                struct rd_json *body, struct rd_json *hidden)
{
    static const char *const access[] = {"Enabled", "Disabled", "SecuredByPerimeter", NULL};
    static const char *const kinds[] = {"Linux", "Windows", NULL};
    struct rd_str id = former != NULL ? former->id : ex->id;
    struct rd_str digits = em_hex(
        ex, rd_arena_printf(ex->arena, "dce %.*s", RD_FMT(rd_arena_lower(ex->arena, id))), 32);
    (void)hidden;
    if (!em_require_word(ex, body, "kind", kinds, true) ||
        !em_require_word(ex, body, "properties.networkAcls.publicNetworkAccess", access, true))
        return false;
    em_default_text(ex, body, "properties.networkAcls.publicNetworkAccess", "Enabled");
    em_set_text(ex, body, "properties.immutableId",
                rd_arena_printf(ex->arena, "dce-%.*s", RD_FMT(digits)));
    struct rd_str four = rd_str_sub(digits, 0, 4);
    set_endpoint(ex, body, "properties.configurationAccess.endpoint", "handler.control", four);
    set_endpoint(ex, body, "properties.logsIngestion.endpoint", "ingest", four);
    set_endpoint(ex, body, "properties.metricsIngestion.endpoint", "metrics.ingest", four);
    return true;
}

struct rd_str em_collection_endpoint_of(struct em_exchange *ex, const struct rd_json *rule)
{
    struct rd_str own = em_text_at(rule, "properties.endpoints.logsIngestion");
    const struct em_resource *endpoint =
        em_find(ex->cloud, em_text_at(rule, "properties.dataCollectionEndpointId"));
    if (own.n > 0 || endpoint == NULL)
        return own;
    struct rd_json body = em_body(ex, endpoint);
    return em_text_at(&body, "properties.logsIngestion.endpoint");
}
