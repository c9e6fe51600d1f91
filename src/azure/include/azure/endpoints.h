/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AZURE_ENDPOINTS_H
#define AZURE_ENDPOINTS_H

/* Clouds as data (data/clouds.yaml): every endpoint, audience and suffix of AzureCloud and
 * AzureUSGovernment. No request leaves a cloud's endpoint set. */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct rd_endpoints {
    struct rd_str name;         /* "AzureUSGovernment" */
    struct rd_str arm;          /* "https://management.usgovcloudapi.net" */
    struct rd_str graph;        /* "https://graph.microsoft.us" */
    struct rd_str login;        /* "https://login.microsoftonline.us" */
    struct rd_str vault_suffix; /* "vault.usgovcloudapi.net" */
    struct rd_str hsm_suffix;   /* "managedhsm.usgovcloudapi.net" */
};

/* Errors: INVALID with the nearest name; those of an overriding data file. */
RD_NODISCARD enum rd_rc rd_endpoints_find(struct rd_str name, struct rd_endpoints *ret_endpoints,
                                          struct rd_err *err);
/* Whether a URL is https and its host belongs to the cloud: the ARM or Graph host itself, or one
 * name below a data-plane suffix. */
bool rd_endpoints_allow(const struct rd_endpoints *endpoints, struct rd_str url);

#endif
