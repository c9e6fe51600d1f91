/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_TYPE_H
#define RESOURCE_TYPE_H

/*
 * What the client knows of each resource type: data/types.yaml, one row a type. The row says how
 * the type is written, read and compared; nothing here talks to a cloud. The file itself documents
 * its columns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* What the columns say of the paths of a body. */
enum {
    RD_FIELD_READ_ONLY = 1,
    RD_FIELD_WRITE_ONLY = 2,
    RD_FIELD_REPLACE = 4,
    RD_FIELD_ORDERED = 8,
    RD_FIELD_EXACT = 16,
    RD_FIELD_ENCODED_JSON = 32,
    RD_FIELD_REGION = 64, /* column regions: "West Europe" is "westeurope" */
    RD_FIELD_WEAK = 128,  /* column weak: an id there survives the replacement of what it names */
    RD_FIELD_GROWS = 256, /* column grows: a number that can only become larger in place */
    RD_FIELD_ALONG =
        512, /* column along: can change, but goes along when what it names is replaced */
    RD_FIELD_WITHIN =
        1024, /* column within: an id that can only change to one in the same parent in place */
    RD_FIELD_HALTS = 2048, /* column halts: it only changes while the machine is deallocated */
};

/*
 * The path columns of a row as one tree, to walk beside a body. Member names compare without case;
 * a path steps through arrays without an index ("properties.subnets.properties.privateEndpoints"),
 * so the items of an array have the array's own field.
 */
struct rd_field {
    struct rd_str name;
    uint32_t flags;
    struct rd_str key; /* tells the items of an array of objects apart, or "" */
    char separator;    /* text that is a set of parts, or '\0' */
    struct rd_field **children;
    size_t child_count;
    size_t child_cap;
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
    int64_t effect_ms;             /* from the end of its creation until others can count on it */
    const struct rd_json *row;     /* the rest of the columns */
    const struct rd_field *fields; /* never NULL: the root of the body */
};

/* All types, parsed once. Errors: those of an overriding data file. */
RD_NODISCARD enum rd_rc rd_types_load(const struct rd_type **ret_types, size_t *ret_count,
                                      struct rd_err *err);
/* By name without case; NULL when unknown. Call rd_types_load before. */
const struct rd_type *rd_type_find(struct rd_str name);
/* A virtual machine's place in a host pool: what users meet. */
bool rd_type_is_session_host(const struct rd_type *type);
/* What the columns say of a member; NULL when nothing, and when `field` is NULL. */
const struct rd_field *rd_field_child(const struct rd_field *field, struct rd_str name);

#endif
