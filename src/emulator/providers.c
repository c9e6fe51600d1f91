/* SPDX-License-Identifier: Apache-2.0 */
#include "providers.h"

#include <string.h>

static const struct em_part *const parts[] = {
    &em_resources_part, &em_registration_part, &em_authorization_part, &em_role_part,
    &em_lock_part,      &em_tags_part,         &em_graph_part,         &em_compute_part,
    &em_disk_part,      &em_gallery_part,      &em_builder_part,       &em_identity_part,
    &em_keyvault_part,  &em_network_part,      &em_firewall_part,      &em_desktop_part,
    &em_insights_part,  &em_loganalytics_part, &em_recovery_part,      &em_consumption_part,
    &em_login_part,
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
    {"graph", em_graph_plane}, {"vault", em_vault_plane},         {"hsm", em_hsm_plane},
    {"query", em_query_plane}, {"ingestion", em_ingestion_plane}, {"blob", em_blob_plane},
};

bool (*em_plane(const char *name))(struct em_exchange *ex)
{
    for (size_t i = 0; i < EM_COUNT(planes); i++)
        if (strcmp(planes[i].name, name) == 0)
            return planes[i].answer;
    return NULL;
}
