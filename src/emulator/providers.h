/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_PROVIDERS_H
#define EMULATOR_PROVIDERS_H

/*
 * The parts of the cloud and its data planes. Each part is one `const struct em_part` in the file
 * of its name; providers.c lists them in this order.
 */

#include "core.h"

extern const struct em_part em_resources_part;     /* resources.c */
extern const struct em_part em_registration_part;  /* registration.c */
extern const struct em_part em_authorization_part; /* authorization.c */
extern const struct em_part em_role_part;          /* role.c */
extern const struct em_part em_lock_part;          /* lock.c */
extern const struct em_part em_tags_part;          /* tags.c */
extern const struct em_part em_graph_part;         /* graph.c */
extern const struct em_part em_compute_part;       /* compute.c */
extern const struct em_part em_disk_part;          /* disk.c */
extern const struct em_part em_gallery_part;       /* gallery.c */
extern const struct em_part em_builder_part;       /* builder.c */
extern const struct em_part em_identity_part;      /* identity.c */
extern const struct em_part em_keyvault_part;      /* keyvault.c */
extern const struct em_part em_network_part;       /* network.c */
extern const struct em_part em_firewall_part;      /* firewall.c */
extern const struct em_part em_desktop_part;       /* desktop.c */
extern const struct em_part em_insights_part;      /* insights.c */
extern const struct em_part em_loganalytics_part;  /* loganalytics.c */
extern const struct em_part em_recovery_part;      /* recovery.c */
extern const struct em_part em_consumption_part;   /* consumption.c */
extern const struct em_part em_login_part;         /* login.c */

/* The data planes: each answers the requests to its place and returns as em_fail does. `ex->url` is
 * parsed, ex->body too when there is one (blobs and ingested logs are no JSON: never there), ex->id
 * is "". Vaults and HSMs look at ex->token themselves, for their challenge has their own headers,
 * and blobs because some are public; the others are asked only when it is good. */
bool em_vault_plane(struct em_exchange *ex);     /* vault.c */
bool em_hsm_plane(struct em_exchange *ex);       /* hsm.c */
bool em_graph_plane(struct em_exchange *ex);     /* graph.c */
bool em_query_plane(struct em_exchange *ex);     /* log_query.c */
bool em_ingestion_plane(struct em_exchange *ex); /* logs.c */
bool em_blob_plane(struct em_exchange *ex);      /* blob.c */

/* All parts. */
const struct em_part *const *em_parts(size_t *ret_count);
/* The data plane of that name ("vault", "hsm", "graph", "query", "ingestion", "blob"), or NULL
 * in a cloud of the tests that has none: then it answers 501. */
bool (*em_plane(const char *name))(struct em_exchange *ex);

#endif
