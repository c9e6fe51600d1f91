/* SPDX-License-Identifier: Apache-2.0 */
#include "providers.h"

#include <string.h>

/* Which parts this build has: meson.build defines EM_HAS_<PART> for each file that is there. */

static const struct em_part *const parts[] = {
#ifdef EM_HAS_RESOURCES
    &em_resources_part,
#endif
#ifdef EM_HAS_REGISTRATION
    &em_registration_part,
#endif
#ifdef EM_HAS_AUTHORIZATION
    &em_authorization_part, &em_role_part,
#endif
#ifdef EM_HAS_LOCK
    &em_lock_part,
#endif
#ifdef EM_HAS_TAGS
    &em_tags_part,
#endif
#ifdef EM_HAS_GRAPH
    &em_graph_part,
#endif
#ifdef EM_HAS_COMPUTE
    &em_compute_part,
#endif
#ifdef EM_HAS_DISK
    &em_disk_part,
#endif
#ifdef EM_HAS_GALLERY
    &em_gallery_part,
#endif
#ifdef EM_HAS_BUILDER
    &em_builder_part,
#endif
#ifdef EM_HAS_IDENTITY
    &em_identity_part,
#endif
#ifdef EM_HAS_KEYVAULT
    &em_keyvault_part,
#endif
#ifdef EM_HAS_NETWORK
    &em_network_part,
#endif
#ifdef EM_HAS_FIREWALL
    &em_firewall_part,
#endif
#ifdef EM_HAS_DESKTOP
    &em_desktop_part,
#endif
#ifdef EM_HAS_INSIGHTS
    &em_insights_part,
#endif
#ifdef EM_HAS_LOGANALYTICS
    &em_loganalytics_part,
#endif
#ifdef EM_HAS_RECOVERY
    &em_recovery_part,
#endif
#ifdef EM_HAS_CONSUMPTION
    &em_consumption_part,
#endif
#ifdef EM_HAS_SECURITY
    &em_security_part,
#endif
#ifdef EM_HAS_LOGIN
    &em_login_part,
#endif
};

const struct em_part *const *em_parts(size_t *ret_count)
{
    *ret_count = EM_COUNT(parts);
    return parts;
}

static const struct {
    const char *name;
    bool (*answer)(struct em_exchange *ex);
} planes[] = {
#ifdef EM_HAS_GRAPH
    {"graph", em_graph_plane},
#endif
#ifdef EM_HAS_VAULT
    {"vault", em_vault_plane},
#endif
#ifdef EM_HAS_HSM
    {"hsm", em_hsm_plane},
#endif
#ifdef EM_HAS_LOGANALYTICS
    {"query", em_query_plane},
    {"ingestion", em_ingestion_plane},
#endif
#ifdef EM_HAS_BUILDER
    {"blob", em_blob_plane},
#endif
    {"none", NULL},
};

bool (*em_plane(const char *name))(struct em_exchange *ex)
{
    for (size_t i = 0; i < EM_COUNT(planes); i++)
        if (strcmp(planes[i].name, name) == 0)
            return planes[i].answer;
    return NULL;
}
