/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLOUD_FILES_H
#define CLI_CLOUD_FILES_H

/*
 * What a served cloud keeps for its clients in the folder 'serve' of its state: server.json (where
 * it is, and who may sign in), cloud.json (for 'az cloud register'), and the secrets of its
 * applications, one file each, 0600; what else the deployer signs in with is credentials.h's. The
 * other certificates beside them are the server's.
 */

#include "emulator/cloud.h"
#include "json/json.h"

struct cloud_place {
    const char *folder; /* .../serve */
    const char *state;  /* the cloud's file, or NULL: memory only */
    const char *cloud_name;
    struct rd_str tenant;
    struct rd_str subscriptions[RD_CLOUD_SUBSCRIPTION_COUNT_MAX];
    size_t subscription_count;
    bool has_spec;
    /* Object ids of those whom the spec calls administrators: the deployer is one of them. */
    struct rd_str admins[RD_CLOUD_GROUP_COUNT_MAX];
    size_t admin_count;
    bool makes_credentials; /* --credentials: a certificate and a federated token, too */
    int64_t now_ms;         /* of the cloud */
};

/* The two applications of every served cloud, with a secret that is made at first. */
enum { CLOUD_APPLICATION_COUNT = 2 };
RD_NODISCARD enum rd_rc cloud_add_applications(struct rd_arena *arena,
                                               const struct cloud_place *place,
                                               struct rd_cloud *cloud, struct rd_err *err);

/* Writes server.json and cloud.json; `*ret_server` is what server.json holds. `http_port` below 0:
 * none. */
RD_NODISCARD enum rd_rc cloud_write_files(struct rd_arena *arena, const struct cloud_place *place,
                                          int https_port, int http_port, struct rd_json *ret_server,
                                          struct rd_err *err);
/* What server.json holds. Errors: NOT_FOUND when nothing was served from there. */
RD_NODISCARD enum rd_rc cloud_read_server(struct rd_arena *arena, const char *folder,
                                          struct rd_json *ret_server, struct rd_err *err);

#endif
