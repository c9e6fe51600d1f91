/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_CLOUD_H
#define EMULATOR_CLOUD_H

/*
 * The embedded cloud: request + now -> reply, over a table of resource types, each with its
 * validation, defaults, life cycle, durations and children. It models what hurts: capacity, quota,
 * throttling, replication delay, eventual consistency, the exact errors. What it emulates, with
 * source and date, and what it does not, is listed in docs/fidelity.md (made from the tables).
 *
 * It shares with the client nothing above JSON and HTTP messages. Whatever it does not know it
 * refuses loudly: never a success that nothing stands behind.
 *
 * Time is the caller's: `now_ms` never goes back (a smaller one counts as the last one). Everything
 * that happens by itself (a VM becomes ready, an agent registers, a role propagates) is due at a
 * time and is done before the first request at or after it, in order of time, so that a run is the
 * same whether the clock is real or virtual.
 *
 * With a path, each accepted write is in the file before its reply returns: a kill -9 loses nothing
 * that a client was told. One process at a time; one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/message.h"

struct rd_cloud;

enum { RD_CLOUD_SUBSCRIPTION_COUNT_MAX = 4 };

struct rd_cloud_options {
    const char *path;       /* SQLite file, or NULL for memory only */
    const char *cloud_name; /* "AzureCloud" or "AzureUSGovernment": hosts, regions, audiences */
    struct rd_str tenant;   /* GUID */
    struct rd_str subscriptions[RD_CLOUD_SUBSCRIPTION_COUNT_MAX];
    size_t subscription_count;
    uint64_t seed;    /* of what is drawn: ids, durations, random faults */
    int64_t start_ms; /* the time of a new cloud; an old one goes on from its last request */
    int64_t speed;    /* how many times faster its time runs than its clients'; 0: as fast. A token
                       * lives as long for them as it says */
    bool has_clients_time; /* its time stands still but for what its clients say: the document of
                            * its endpoints tells them, with the time it has */
    /* Where it is served, as "host:port" without scheme: planes are then told apart by path and by
     * labels before that host, and URLs in replies lead there. "": the cloud's own public hosts. */
    struct rd_str address;
    /* In-process only: "Authorization: Bearer embedded" is the built-in deployer, who owns the
     * subscriptions and administers the directory. In data planes it has the roles of whichever
     * people and groups roles were assigned to: the cloud holds none of either. A served cloud
     * never sets it. */
    bool trusts_embedded;
};

enum { RD_CLOUD_GRANT_COUNT_MAX = 8, RD_CLOUD_GROUP_COUNT_MAX = 16 };

/* An application with its service principal, as a tenant's administrator makes one. */
struct rd_cloud_application {
    struct rd_str name;
    struct rd_str client_id; /* GUID */
    struct rd_str object_id; /* GUID of the service principal; "": drawn from the seed */
    struct rd_str
        secret_sha256_hex;         /* of the client secret, which the cloud never holds; "": none */
    struct rd_str certificate_pem; /* whose key signs its client assertions; "": none */
    /* A federated credential: tokens of `issuer` for `subject`, signed by this public key. */
    struct rd_str federated_issuer, federated_subject, federated_key_pem; /* "": none */
    struct rd_cloud_grant {
        struct rd_str role;             /* name or GUID of a built-in role */
        struct rd_str scope;            /* "/", "/subscriptions/..." */
    } grants[RD_CLOUD_GRANT_COUNT_MAX]; /* role assignments it starts with, made once per file */
    size_t grant_count;
    /* It is the identity of the machine that serves the cloud: the managed-identity endpoints give
     * its tokens to whoever reaches them (and, by client_id and the like, those of the cloud's
     * user-assigned identities). Without such an application they refuse. */
    bool is_managed_identity;
    /* Object ids of the directory's groups that it is in: a role given to one is its own. They are
     * not in the file; the cloud holds no groups. */
    struct rd_str groups[RD_CLOUD_GROUP_COUNT_MAX];
    size_t group_count;
    /* What an administrator let it do in Microsoft Graph: nothing, Application.Read.All, or
     * Application.ReadWrite.All. */
    enum rd_cloud_directory {
        RD_CLOUD_DIRECTORY_NONE,
        RD_CLOUD_DIRECTORY_READ,
        RD_CLOUD_DIRECTORY_WRITE,
    } directory;
};

/* Errors: those of the file (STATE, LOCKED, IO); INVALID for an unknown cloud name. */
RD_NODISCARD enum rd_rc rd_cloud_open(const struct rd_cloud_options *options,
                                      struct rd_cloud **ret_cloud, struct rd_err *err);
void rd_cloud_close(struct rd_cloud *cloud); /* NULL does nothing */

/* Answers one request; the reply's text lies in `arena`. Fails only when the cloud's own file does
 * (STATE, IO): then nothing was accepted. */
RD_NODISCARD enum rd_rc rd_cloud_handle(struct rd_cloud *cloud, struct rd_arena *arena,
                                        int64_t now_ms, const struct rd_http_request *request,
                                        struct rd_http_reply *ret_reply, struct rd_err *err);

/* Adds an application, or replaces the one of its client id: who can sign in lasts for this process
 * only, so that no credential stands in the file; the principal and its first role assignments
 * stay. Errors: INVALID for ids, roles, scopes and PEM texts that are none; those of the file. */
RD_NODISCARD enum rd_rc rd_cloud_add_application(struct rd_cloud *cloud,
                                                 const struct rd_cloud_application *application,
                                                 struct rd_err *err);

/* The time of the last request, from which a virtual clock goes on. */
int64_t rd_cloud_time_ms(const struct rd_cloud *cloud);

/*
 * Asks for a fault: "name" or "name:key=value,key=value" (data/emulator/faults.yaml lists them:
 * capacity, quota, feature, release-policy, throttle, server-error, extension ...). Faults last for
 * this process only. Errors: USAGE with the nearest name.
 */
RD_NODISCARD enum rd_rc rd_cloud_add_fault(struct rd_cloud *cloud, struct rd_str text,
                                           struct rd_err *err);

/* Whether rd_cloud_add_fault would take it. Errors: the same. */
RD_NODISCARD enum rd_rc rd_cloud_check_fault(struct rd_str text, struct rd_err *err);
/* Whether a fault that was asked for with that text has struck so far. */
bool rd_cloud_has_struck(const struct rd_cloud *cloud, struct rd_str text);

/* How many resources it holds, and how many requests it answered in this process. */
size_t rd_cloud_resource_count(const struct rd_cloud *cloud);
uint64_t rd_cloud_request_count(const struct rd_cloud *cloud);
/* docs/fidelity.md from the tables. */
struct rd_str rd_cloud_fidelity_document(struct rd_arena *arena);

#endif
