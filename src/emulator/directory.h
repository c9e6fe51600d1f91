/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_DIRECTORY_H
#define EMULATOR_DIRECTORY_H

/*
 * Microsoft Graph: the objects of the tenant's directory as the rest of the cloud's state makes
 * them, and what its queries ask of them.
 *
 * Service principals: Microsoft's own applications (applications.yaml), those that the host program
 * added, and managed identities. Applications: those that were added. Users and groups are what
 * role assignments name as such: nothing more is known of them than their ids.
 */

#include "core.h"

enum em_directory_kind {
    EM_DIRECTORY_PRINCIPALS,
    EM_DIRECTORY_APPLICATIONS,
    EM_DIRECTORY_USERS,
    EM_DIRECTORY_GROUPS,
    EM_DIRECTORY_KIND_COUNT,
};

/* "servicePrincipals": as in paths. */
const char *em_directory_word(enum em_directory_kind kind);
/* "#microsoft.graph.servicePrincipal": the @odata.type. */
const char *em_directory_type(enum em_directory_kind kind);
/* All objects of a kind, as Graph shows them, in an order that does not change. */
struct rd_json em_directory(struct em_exchange *ex, enum em_directory_kind kind);

/* graph.c: Microsoft's own applications. */
struct rd_json em_graph_first_parties(struct em_exchange *ex);

/* graph_query.c: $filter, $select, $top and $skiptoken. False after Graph's 400. */
struct em_graph_query {
    struct em_graph_term {
        struct rd_str name;
        struct rd_str value;
        enum { EM_GRAPH_EQ, EM_GRAPH_STARTS, EM_GRAPH_ANY } how;
    } terms[8];
    size_t term_count;
    struct rd_str select; /* "id,displayName", or "" */
    size_t top;           /* objects on a page */
    size_t skip;          /* objects on pages before */
    bool wants_count;
};
bool em_graph_query_read(struct em_exchange *ex, struct em_graph_query *ret_query);
bool em_graph_query_fits(const struct em_graph_query *query, const struct rd_json *object);
/* Drops what $select does not name; an empty one drops nothing. */
void em_graph_query_select(struct em_exchange *ex, struct rd_str select, struct rd_json *object);

#endif
