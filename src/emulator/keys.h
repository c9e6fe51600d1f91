/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_KEYS_H
#define EMULATOR_KEYS_H

/*
 * Keys of vaults and managed HSMs: where they lie, who may use them, what a bundle looks like
 * (private to src/emulator).
 *
 * A key is an internal resource {store id}/keys/{name}; a secret {vault id}/secrets/{name}. Their
 * versions stand in `hidden`: {"versions":[{bundle} ...], "deleted_ms", "purge_ms"}, newest last.
 * Secret values are nowhere else.
 *
 * Key material is made up from the seed: the modulus has the right length and form, and nobody has
 * its factors. Nothing can be encrypted with it; the ledger says so.
 */

#include "core.h"
#include "shape.h"

#define EM_VAULT_TYPE "Microsoft.KeyVault/vaults"
#define EM_VAULT_KEY_TYPE "Microsoft.KeyVault/vaults/keys"
#define EM_SECRET_TYPE "Microsoft.KeyVault/vaults/secrets"
#define EM_HSM_TYPE "Microsoft.KeyVault/managedHSMs"
#define EM_HSM_KEY_TYPE "Microsoft.KeyVault/managedHSMs/keys"
#define EM_HSM_ROLE_TYPE "Microsoft.KeyVault/managedHSMs/roleAssignments"

enum em_key_use {
    EM_KEY_WRAP,    /* get, wrap, unwrap: what disk encryption needs */
    EM_KEY_RELEASE, /* release: what the confidential VM orchestrator needs */
};

struct em_key_ref {
    struct em_resource *store;    /* vault or HSM, or NULL */
    struct em_resource *resource; /* the key, or NULL when it is absent or deleted */
    struct rd_str name;
    struct rd_str version; /* as the URL has it, or empty */
    struct rd_json bundle; /* that version (the newest when empty), or an empty object */
    bool is_hsm;
    bool is_purge_protected;
};

/* Takes a key URL apart and looks the key up. False when it is no key URL of this cloud. */
bool em_key_parse(struct em_exchange *ex, struct rd_str url, struct em_key_ref *ret_key);
/* Whether a principal may use the key so, by roles or access policies that are in force by now. */
bool em_key_allows(struct em_exchange *ex, const struct em_key_ref *key, struct rd_str principal,
                   enum em_key_use use);
/* The vault or HSM a data-plane host names, or NULL. */
struct em_resource *em_key_store(struct em_exchange *ex, struct rd_str host, bool is_hsm);

/* What the two data planes share (key_plane.c): requests to /keys and /deletedkeys. `segments` are
 * the path's parts. Returns as em_fail does. */
bool em_key_request(struct em_exchange *ex, struct em_resource *store, bool is_hsm,
                    const struct rd_str *segments, size_t count);
/* The error envelope of the data planes: {"error":{code,message,innererror?}}; false. */
RD_PRINTF(5, 6)
bool em_plane_fail(struct em_exchange *ex, int status, const char *code, const char *inner,
                   const char *fmt, ...);
/* Answers the page of `items` that maxresults and $skiptoken ask for, with the next one's address.
 */
bool em_plane_reply_page(struct em_exchange *ex, bool is_hsm, const struct rd_json *items);
/* The headers of all the store's answers, the challenge among them (recorded). */
void em_plane_headers(struct em_exchange *ex, const struct em_resource *store, bool is_hsm);
/* 401 with the challenge, when the request carries no bearer token; true when it may go on. */
bool em_plane_challenge(struct em_exchange *ex, bool is_hsm);
/* The path's segments without empty ones; returns how many, at most 8. */
size_t em_plane_segments(struct em_exchange *ex, struct rd_str segments[8]);
/* Attributes shared by keys and secrets: enabled, created, updated, recoveryLevel ... */
struct rd_json em_plane_attributes(struct em_exchange *ex, const struct em_resource *store,
                                   const struct rd_json *asked);
/* How long deleted things of the store are kept, and whether they can be purged. */
int64_t em_store_retention_days(struct em_exchange *ex, const struct em_resource *store);
bool em_store_is_purge_protected(struct em_exchange *ex, const struct em_resource *store);
/* Call it behind em_remove of a key, secret or role: it is purged and not to come back. */
void em_store_forget(struct em_exchange *ex, struct em_resource *store);
/* Before a request names a key or secret: false after 400 for a name that none may have; one whose
 * days of soft delete are over is purged. */
bool em_plane_settle(struct em_exchange *ex, struct em_resource *store, const char *collection,
                     struct rd_str name);
/* access_plane.c: whether the caller may do what the request asks of the vault, or of an HSM's
 * keys; false after 403. */
bool em_vault_may(struct em_exchange *ex, const struct em_resource *vault,
                  const struct rd_str *segments, size_t count);
bool em_hsm_may_use(struct em_exchange *ex, const struct em_resource *hsm,
                    const struct rd_str *segments, size_t count);
/* The same for an action by its name ("roleAssignments/write/action") on "/", "/keys" or a key. */
bool em_hsm_may(struct em_exchange *ex, const struct em_resource *hsm, struct rd_str action,
                struct rd_str scope);
struct rd_str em_store_url(struct em_exchange *ex, const struct em_resource *store, bool is_hsm);

#endif
