/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_ENDPOINTS_H
#define AZURE_ENDPOINTS_H

/*
 * Clouds as data (data/clouds.yaml): every endpoint, audience and suffix of AzureCloud and
 * AzureUSGovernment that redoubt uses, and those of a custom cloud as its own metadata tells them.
 * No request leaves a cloud's endpoint set.
 *
 * An endpoint is a URL without a slash at its end; it may have a port and, in a custom cloud, a
 * path ("https://localhost:8443/msgraph"). A suffix may have a port ("vault.localhost:8443"). What
 * a custom cloud does not name is "": nothing is sent there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

struct rd_endpoints {
    struct rd_str name;             /* "AzureUSGovernment" */
    struct rd_str arm;              /* "https://management.usgovcloudapi.net" */
    struct rd_str graph;            /* "https://graph.microsoft.us" */
    struct rd_str login;            /* "https://login.microsoftonline.us" */
    struct rd_str vault_suffix;     /* "vault.usgovcloudapi.net" */
    struct rd_str hsm_suffix;       /* "managedhsm.usgovcloudapi.net" */
    struct rd_str logs;             /* "https://api.loganalytics.us": queries */
    struct rd_str ingestion_suffix; /* "ingest.monitor.azure.us": NAME.REGION stands before it */
    struct rd_str blob_suffix;      /* "blob.core.usgovcloudapi.net" */
    /* What a token of each is for. */
    struct rd_str arm_audience, graph_audience, vault_audience, hsm_audience;
    struct rd_str logs_audience, ingestion_audience, blob_audience;
    /* What a federated token must be for: "api://AzureADTokenExchangeUSGov"; "" unknown. */
    struct rd_str federation_audience;
    bool is_custom;     /* from metadata */
    bool has_our_clock; /* its time is what the client says (an embedded cloud that is served) */
    int64_t cloud_ms;   /* its time, when it told; else 0 */
};

/* The planes of a cloud; each has its own audience. */
enum rd_endpoint {
    RD_ENDPOINT_NONE, /* none of this cloud's */
    RD_ENDPOINT_ARM,
    RD_ENDPOINT_GRAPH,
    RD_ENDPOINT_VAULT,
    RD_ENDPOINT_HSM,
    RD_ENDPOINT_LOGS,
    RD_ENDPOINT_INGESTION,
    RD_ENDPOINT_BLOB,
    RD_ENDPOINT_COUNT,
};

/* Errors: INVALID with the nearest name; those of an overriding data file. */
RD_NODISCARD enum rd_rc rd_endpoints_find(struct rd_str name, struct rd_endpoints *ret_endpoints,
                                          struct rd_err *err);

/*
 * The endpoints that a metadata document names: GET {arm}/metadata/endpoints, of which `url` is
 * where it came from. An array of clouds (2019-05-01 and later) or one object (2015-01-01, which
 * names no vaults). Of several clouds the one called `name`, of one cloud that one, unless it has
 * the name of another known cloud. Texts lie in `arena`. Errors: INVALID.
 */
RD_NODISCARD enum rd_rc rd_endpoints_from_metadata(struct rd_arena *arena, struct rd_str url,
                                                   struct rd_str name,
                                                   const struct rd_json *document,
                                                   struct rd_endpoints *ret_endpoints,
                                                   struct rd_err *err);

/* Which plane a URL is of; NONE unless it is https, of this cloud's host and port, and reads the
 * same for every reader. Where planes share a host the longest path tells. The login host is none:
 * only who signs in may go there (login/). */
enum rd_endpoint rd_endpoints_which(const struct rd_endpoints *endpoints, struct rd_str url);
/* Whether it is of any. */
bool rd_endpoints_allow(const struct rd_endpoints *endpoints, struct rd_str url);
/* What a token for that plane is for, or "". */
struct rd_str rd_endpoints_audience(const struct rd_endpoints *endpoints,
                                    enum rd_endpoint endpoint);

#endif
