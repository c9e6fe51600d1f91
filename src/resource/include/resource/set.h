/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESOURCE_SET_H
#define RESOURCE_SET_H

/*
 * The lingua franca: many resources with the references between them resolved into a graph. A spec
 * compiles to one, a live environment reads as one, a file holds one; plans, rules, prices and
 * reports take one.
 *
 * A body is plain ARM JSON, except that values which only exist once something else is deployed
 * stand as objects with these members, alone:
 *
 *     {"$ref": "<id>", "$path": "properties.principalId"}     a value of another resource as read
 *     {"$call": "<id>/listRegistrationTokens", "$path": "value.0.token"}   of a POST's answer;
 * secret
 *     {"$secret": "<id of a vault's secret>"}                 a secret's value; never shown
 *     {"$generate": "password"}       in a secret's own body: made at random when it is created
 *     {"$time": "+24h"}               the time of writing plus so much; never compared
 *
 * A resource needs another when its body names the other's id in a reference or as text, when it is
 * its child (or an extension resource on it), when the other is its resource group, and when it
 * says so with rd_resource_need.
 *
 * A resource may be written twice. Its *provisional* body is what it is made with while what its
 * whole body refers to is not there yet: a route to nowhere until the firewall has its address. A
 * resource that is *early* builds on what is there provisionally; any other waits for the whole
 * write of what it needs, and of what the early ones among its needs were content without. So
 * nothing comes before what it needs by being forgotten: who may be early says so. An early
 * resource refers to ids of what is provisional, not to values.
 *
 * Calling sequence: rd_set_new, rd_set_add / rd_resource_need ..., rd_set_resolve (once), then
 * read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "resource/id.h"
#include "resource/type.h"
#include "json/json.h"

enum { RD_NONE = -1 };

/* The tag (and its value: the enclave's name) that proves a resource to be redoubt's own. */
#define RD_TAG_ENCLAVE "redoubt-enclave"
/*
 * The tag that tells enclaves of one name apart, which may share groups of a hub or of images: a
 * GUID computed from the enclave's subscription and name, so that it survives every edit of the
 * spec and needs no state. Within one subscription a name is one enclave: two spec files that use
 * it there speak of the same one.
 */
#define RD_TAG_ENCLAVE_ID "redoubt-enclave-id"
/* "redoubt:<enclave> <id>" begins the description of a role assignment of redoubt's. */
#define RD_MARK_PREFIX "redoubt:"

struct rd_resource {
    struct rd_str id;
    struct rd_str name; /* last segment of the id */
    const struct rd_type *type;
    struct rd_json body;
    struct rd_str origin; /* where it comes from, such as the spec's "hosts": for messages */
    struct rd_str via;    /* created by an action instead of a PUT: "<id>/run", or "" */
    int32_t host;         /* which session host it belongs to, counted from 0, or RD_NONE */
    bool is_existing;     /* only referred to: must be there, is never written or deleted */
    bool is_early;        /* builds on what is there provisionally */
    const struct rd_json *provisional; /* the body of a first write, or NULL */
    struct rd_str *after;              /* ids named with rd_resource_need */
    size_t after_count;
    size_t after_cap;
    uint32_t *needs; /* resolved: indexes into the set, ascending, without doubles */
    uint32_t need_count;
    uint32_t *first_needs; /* likewise of the first write: some of `needs` */
    uint32_t first_need_count;
};

struct rd_set {
    struct rd_arena *arena;
    struct rd_resource *resources; /* in order of addition; the index is the identity */
    size_t count;
    size_t cap;
    struct rd_map by_id;      /* id without case -> index + 1 as a pointer */
    struct rd_str name;       /* the enclave's */
    struct rd_str enclave_id; /* value of RD_TAG_ENCLAVE_ID; "": names alone tell */
    struct rd_str cloud;      /* "AzureUSGovernment" */
    struct rd_json facts;     /* an object: what no ARM body says (hours a month, ingestion in GB,
                                 users ...), for prices and rules; documented in docs/facts.md */
    bool is_resolved;
    size_t lookup_count; /* ids looked up while resolving: tests hold it linear */
};

struct rd_set *rd_set_new(struct rd_arena *arena, struct rd_str name, struct rd_str cloud);
void rd_set_done(struct rd_set *set); /* frees the map; the arena owns the rest */

/*
 * Adds a resource and returns its index. The type is found from the id. The set keeps views: `id`,
 * `body` and `origin` live as long as it does. Errors: INVALID when the id is malformed, is there
 * already, or has a type that data/types.yaml does not know; LIMIT for too many resources.
 */
RD_NODISCARD enum rd_rc rd_set_add(struct rd_set *set, struct rd_str id, struct rd_json body,
                                   struct rd_str origin, size_t *ret_index, struct rd_err *err);
/* Says that `index` must come after `id`. */
void rd_resource_need(struct rd_set *set, size_t index, struct rd_str id);
/* Gives it a provisional body, which names nothing that the whole body does not name. */
void rd_resource_provide(struct rd_set *set, size_t index, struct rd_json body);

/*
 * Resolves needs. An id as text or of a $call or parent leads to the nearest resource of the set
 * that is it or contains it; text that names nothing of the set is allowed (built-in roles, things
 * of others). Errors: INVALID for a $ref, $call or $secret to an id that is not in the set (naming
 * the path in the body), for an `after` or `via` that is not, and for a cycle (naming its members).
 */
RD_NODISCARD enum rd_rc rd_set_resolve(struct rd_set *set, struct rd_err *err);
/* The same for a set that was read from a cloud, which names its own back references: what is
 * missing is skipped, read-only fields are not followed, and of a cycle the reference that closes
 * it is dropped (never a child's to its parent). Cannot fail. */
void rd_set_resolve_live(struct rd_set *set);

/* NULL when absent. Ids compare without case. */
struct rd_resource *rd_set_find(const struct rd_set *set, struct rd_str id);
/* Its index, or RD_NONE. */
int64_t rd_set_index(const struct rd_set *set, struct rd_str id);
/* Indexes so that each comes after all it needs; stable by index. `ret_order` has set->count. */
void rd_set_order(const struct rd_set *set, uint32_t *ret_order);

/* Whether tags, or the description of a role assignment, prove something to be the set's enclave's
 * own: by its name, and by its id where the set has one. */
bool rd_set_owns_tags(const struct rd_set *set, const struct rd_json *tags);
bool rd_set_owns_mark(const struct rd_set *set, struct rd_str description);

/* Whether the body of something live says that its last write ended badly: it is there, but may be
 * anything but what was asked for. */
bool rd_resource_has_failed(const struct rd_json *body);

/* Whether a value is one of the references above. */
bool rd_is_reference(const struct rd_json *value);
/* The id a reference names (without the action's name for $call), or "". */
struct rd_str rd_reference_id(const struct rd_json *value);
bool rd_is_secret_reference(const struct rd_json *value); /* $secret, $call, $generate */

/* The nearest resource of the set that contains `id` (not itself): its parent, or the parent's
 * parent when that is missing ... or its group; RD_NONE when none does. */
int64_t rd_set_ancestor(const struct rd_set *set, struct rd_str id);

/* A set as JSON: {"redoubt":"resource-set/1","name","cloud","facts","resources":[{id,type,
 * apiVersion,origin,via,host,isExisting,after,body}]}, and back, not yet resolved. The set keeps
 * views into `value`. Errors of reading: INVALID with the place. */
struct rd_json rd_set_to_json(struct rd_arena *arena, const struct rd_set *set);
RD_NODISCARD enum rd_rc rd_set_from_json(struct rd_arena *arena, const char *name,
                                         const struct rd_json *value, struct rd_set **ret_set,
                                         struct rd_err *err);

#endif
