/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_TYPE_H
#define RESOURCE_TYPE_H

/*
 * What the client knows of each resource type: data/types.yaml, one row a type. The row says how
 * the type is written, read and compared; nothing here talks to a cloud. The file itself documents
 * its columns.
 */

#include "base/err.h"
#include "json/json.h"

enum rd_plane {
    RD_PLANE_ARM,
    RD_PLANE_VAULT, /* https://{vault}.vault... */
    RD_PLANE_HSM,   /* https://{hsm}.managedhsm... */
    RD_PLANE_GRAPH,
};

/* How a live set is read: which request lists instances of the type. */
enum rd_listing {
    RD_LIST_GROUP,        /* GET {group}/providers/{type} for each group of the set */
    RD_LIST_SUBSCRIPTION, /* GET {subscription}/providers/{type} */
    RD_LIST_PARENT,       /* GET {parent}/{last type segment} for each live parent */
    RD_LIST_SCOPE,        /* GET {scope}/providers/{type} for each scope that the set names */
    RD_LIST_NONE,         /* GET of each desired id */
};

struct rd_type {
    struct rd_str name;        /* "Microsoft.Compute/virtualMachines" */
    struct rd_str label;       /* "virtual machine" */
    struct rd_str api_version; /* "2024-07-01" */
    enum rd_plane plane;
    enum rd_listing listing;
    int64_t create_ms; /* expected, for the critical path and the time left */
    int64_t update_ms;
    int64_t delete_ms;
    const struct rd_json *row; /* the rest of the columns */
};

/* All types, parsed once. Errors: those of an overriding data file. */
RD_NODISCARD enum rd_rc rd_types_load(const struct rd_type **ret_types, size_t *ret_count,
                                      struct rd_err *err);
/* By name without case; NULL when unknown. Call rd_types_load before. */
const struct rd_type *rd_type_find(struct rd_str name);

#endif
