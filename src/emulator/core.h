/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_CORE_H
#define EMULATOR_CORE_H

/*
 * Inside the embedded cloud (private to src/emulator). The core (cloud.c, dispatch.c, store.c ...)
 * owns resources, operations, events, ids, envelopes and throttling. A provider file (compute.c,
 * network.c ...) is a table of struct em_type and the hooks it names; it never touches HTTP
 * framing.
 *
 * A resource's body is kept as text and parsed into the exchange's arena when looked at, so memory
 * is what the bodies weigh. `hidden` is a second JSON object that no reply ever shows: secrets,
 * counters, power states.
 *
 * Life of a PUT: dispatch finds type and parent -> em_type.put checks the request and turns it into
 * the stored body (defaults, read-only fields) -> the core stores it with provisioningState, makes
 * an operation when the type is asynchronous and schedules "ready" -> the reply in the type's
 * style. When time reaches it -> em_type.ready fills what exists only now, or fails the operation.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/random.h"
#include "emulator/cloud.h"
#include "http/message.h"
#include "sql/sql.h"
#include "json/json.h"

struct em_type;
struct em_operation;

/* Where a resource stands in its life; properties.provisioningState is written from it. */
enum em_state {
    EM_SUCCEEDED,
    EM_CREATING,
    EM_UPDATING,
    EM_DELETING,
    EM_FAILED,
};

struct em_resource {
    struct rd_str id; /* as first written; heap, owned */
    const struct em_type *type;
    struct rd_str text;   /* body as compact JSON without id, name, type, etag; heap, owned */
    struct rd_str hidden; /* JSON object as text, or ""; heap, owned */
    int64_t created_ms;
    int64_t changed_ms;
    struct em_resource *parent; /* or NULL */
    struct em_resource *first_child;
    struct em_resource *next_sibling;
    struct em_resource *last_child;
    struct em_resource *prev_sibling;
    int64_t seq;      /* number of creation: never used twice, the order of every list */
    int64_t revision; /* writes so far: what the etag is made of */
    size_t index;     /* the core's: its place among those of its type */
    enum em_state state;
    struct em_operation *pending; /* the core's: the write under way, or NULL */
    bool is_stored;               /* the core's: the file has a row of it */
    bool is_dirty;                /* to be written to the file at the end of the exchange */
    bool is_deleted;              /* gone; its memory goes at the end of the exchange */
};

enum em_async {
    EM_SYNC,            /* done when answered */
    EM_ASYNC_OPERATION, /* Azure-AsyncOperation */
    EM_LOCATION,        /* Location: 202 until done */
    EM_BOTH,            /* both headers */
    EM_POLL_RESOURCE,   /* no header: provisioningState of the resource itself */
};

/* The bodies that Azure-AsyncOperation URLs answer differ by provider (real-clients section 7). */
enum em_operation_body {
    EM_OPERATION_STATUS_ONLY, /* {"status"}: network, deployments */
    EM_OPERATION_COMPUTE,     /* startTime, endTime, status, name */
    EM_OPERATION_DISK,        /* as compute, with the whole resource in properties.output */
    EM_OPERATION_BUILDER,     /* name in upper case, status, startTime, endTime */
    EM_OPERATION_BACKUP,      /* id, name, status, startTime, endTime, properties.jobId */
};

enum em_json_style {
    EM_JSON_COMPACT,
    EM_JSON_CRLF, /* two spaces, CRLF, the name before the id: compute */
    EM_JSON_LF,   /* one space, LF, a content type without charset: the image builder */
};

/* The planes of a cloud: place.c tells them apart by the request's address. */
enum em_place {
    EM_PLACE_NONE,
    EM_PLACE_ARM,
    EM_PLACE_METADATA, /* the document that lists the others: at ARM's address */
    EM_PLACE_LOGIN,    /* OpenID: keys and tokens */
    EM_PLACE_IDENTITY, /* a machine's own endpoint: tokens of managed identities */
    EM_PLACE_GRAPH,    /* Microsoft Graph */
    EM_PLACE_VAULT,    /* one host each: */
    EM_PLACE_HSM,
    EM_PLACE_QUERY,     /* Log Analytics */
    EM_PLACE_INGESTION, /* one host for each data collection endpoint */
    EM_PLACE_BLOB,      /* one host for each storage account */
    EM_PLACE_COUNT,
};

/* What became of the request's bearer token. */
enum em_token_state {
    EM_TOKEN_GOOD,
    EM_TOKEN_MISSING,
    EM_TOKEN_NO_BEARER, /* an Authorization header of another scheme */
    EM_TOKEN_MALFORMED,
    EM_TOKEN_UNSIGNED, /* not signed by this cloud's key */
    EM_TOKEN_EXPIRED,
    EM_TOKEN_EARLY,
    EM_TOKEN_AUDIENCE, /* meant for another plane */
    EM_TOKEN_TENANT,
};

/* Who asks: what the verified token says. The data planes' and ARM's gates fill it before anything
 * else is looked at (token.c); in events it is empty. */
struct em_caller {
    struct rd_str object_id; /* of the service principal; "": nobody has signed in */
    struct rd_str app_id;
    struct rd_str tenant;
    struct rd_str audience;      /* as the token has it */
    bool is_builtin;             /* the built-in deployer of an in-process cloud: access.h */
    const struct rd_str *groups; /* of the directory that it is in */
    size_t group_count;
};

/* One request being answered. */
struct em_exchange {
    struct rd_cloud *cloud;
    struct rd_arena *arena;
    int64_t now_ms;
    const struct rd_http_request *request;
    struct rd_http_url url;
    struct rd_str api_version;
    struct rd_json body; /* parsed request body, or absent */
    struct rd_str id;    /* the ARM id asked for, decoded; "" on data planes */
    struct rd_http_reply *reply;
    struct rd_str subscription; /* of `id`, or "" */
    uint64_t number;            /* of the request: what request ids are drawn from */
    struct rd_str params[8];    /* what stands for {} in the route's path */
    size_t param_count;
    /* GUID of the operation whose time has come: in `ready`, and in an event that
     * em_start_operation named; else "". */
    struct rd_str operation;
    struct em_caller caller; /* nobody unless `token` is good */
    /* Where it was sent. `url` has the host and path of the cloud's own public address, wherever
     * it is served: "/msgraph/v1.0/..." at an address is "/v1.0/..." here. */
    enum em_place place;
    struct rd_str place_name;  /* what stands before the plane's suffix: a vault's name; or "" */
    struct rd_str base_host;   /* at an address: the host by which it was reached, without port */
    enum em_token_state token; /* of places that ask for one */
    /* What the token says of itself, once its signature holds. */
    struct rd_str token_audience, token_tenant;
    int64_t token_expires_ms;
    bool sees_some; /* a list shows only what the caller may read: em_sees */
};

/*
 * Hooks return true to go on and false after em_fail() (or any em_reply*) has filled the reply. A
 * hook left NULL means the default that is described.
 */
struct em_action {
    const char *name; /* "deallocate"; matched without case as the last segment of a POST */
    bool (*post)(struct em_exchange *ex, struct em_resource *resource); /* fills the reply */
    const char *also_get; /* non-NULL: a GET of the same path is answered too ("instanceView") */
    const char *throttle; /* name of the action in the type's throttle policy; NULL: "action" */
};

/*
 * A request that concerns no instance of a type, or not in the way the core would answer it: SKUs,
 * usages, an Azure Backup collection. Routes come before types. In `path`, compared without case,
 * "{}" stands for one segment and lands in ex->params; a path that starts with "{scope}" matches
 * any resource id before the rest, which lands in ex->params[0].
 * `answer` fills the reply (and returns what em_fail does); ex->body is parsed when there is one.
 */
struct em_route {
    enum rd_http_method method;
    const char *path; /* "/subscriptions/{}/providers/Microsoft.Compute/skus" */
    bool (*answer)(struct em_exchange *ex);
    const char *throttle_policy;
    const char *source; /* as in em_type */
};

/* The order of an object's members in replies, where it was recorded: those named stand first. */
struct em_order {
    const char *path;  /* "" for the body itself, "properties.identifier"; NULL ends the list */
    const char *names; /* "sku tenantId" */
};

struct em_type {
    const char *name; /* "Microsoft.Compute/virtualMachines": the casing of replies */
    /* Where instances stand. */
    enum {
        EM_IN_GROUP,        /* .../resourceGroups/{g}/providers/{type}/{name} */
        EM_IN_PARENT,       /* below an instance of the parent type */
        EM_ON_SCOPE,        /* extension resource: {any scope}/providers/{type}/{name} */
        EM_IN_SUBSCRIPTION, /* /subscriptions/{s}/providers/{type}/{name} */
    } place;
    bool needs_location; /* body must have a location that the cloud knows */
    bool has_tags;
    bool is_hidden_from_lists;
    int create_status; /* 200, 201, 202; 0: 405, only the cloud itself makes instances */
    int update_status; /* 0: 405 */
    int delete_status; /* 200, 202, 204; 0: 405 */
    enum em_async async;
    enum em_operation_body operation_body;
    enum em_json_style json_style;
    const char
        *operation_path; /* "Microsoft.Compute/locations/{l}/operations": below /providers/ */
    int64_t create_ms, update_ms, delete_ms; /* typical; duration() may say otherwise */
    int retry_after_s;                       /* on asynchronous replies; 0: no header */
    const char *throttle_policy; /* name in data/emulator/limits.yaml of the provider's buckets */
    const char *name_pattern; /* POSIX extended regular expression the name must match, or NULL */
    const char *source;       /* for the fidelity ledger: where this behaviour is taken from */

    /* Checks a PUT and turns `*body` into what is stored (properties.provisioningState is the
     * core's). `former` is NULL on creation; `hidden` is read and written as needed.
     * Default: any object is stored as it is. */
    bool (*put)(struct em_exchange *ex, struct em_resource *former, struct rd_json *body,
                struct rd_json *hidden);
    /* As put, for PATCH; `patch` is the request, `*body` the stored body to change.
     * Default: JSON merge patch of tags and properties, then put. */
    bool (*patch)(struct em_exchange *ex, struct em_resource *resource, const struct rd_json *patch,
                  struct rd_json *body, struct rd_json *hidden);
    /* How long this write takes. Default: create_ms or update_ms. */
    int64_t (*duration)(struct em_exchange *ex, struct em_resource *former,
                        const struct rd_json *body);
    /* The write's time has come: fill read-only values, make children. Returns NULL when all went
     * well, else an Azure error code with its text in `*ret_message`: the operation fails and
     * provisioningState becomes Failed. */
    const char *(*ready)(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body,
                         struct rd_json *hidden, struct rd_str *ret_message);
    /* What a GET shows; may change `*body`. Default: body as stored. */
    void (*show)(struct em_exchange *ex, struct em_resource *resource, struct rd_json *body);
    /* May a DELETE go on? Children are refused by the core (CannotDeleteResource) unless
     * deletes_children. */
    bool (*may_delete)(struct em_exchange *ex, struct em_resource *resource);
    bool deletes_children;
    /* Just before it goes. */
    void (*deleted)(struct em_exchange *ex, struct em_resource *resource);
    const struct em_action *actions;
    size_t action_count;

    /* What only some types need; zero is the usual. */
    bool is_internal;         /* made by the cloud or a data plane only: ARM knows no such type */
    bool shows_on_expand;     /* without $expand, `show` adds nothing and is not asked */
    bool has_etag;            /* "etag" is shown, and changes with each write */
    bool has_no_state;        /* properties.provisioningState is not shown */
    bool allows_overlap;      /* a write may come while the former one is unfinished */
    const char *busy_code;    /* else: this error; NULL: "AnotherOperationInProgress" */
    int busy_status;          /* 0: 409 */
    const char *create_state; /* provisioningState meanwhile; NULL: "Creating" */
    const char *update_state; /* NULL: "Updating" */
    size_t page_size;         /* of lists; 0: 1000 */
    bool has_top;             /* lists honour $top */
    const char *const *no_regions; /* NULL-terminated: regions that lack the type */
    /* Answers a list in place of the core: `scope` is the id that the list was asked for. */
    bool (*list)(struct em_exchange *ex, struct rd_str scope);
    bool has_path_names; /* ids and types in lower case but for names; a child's name is the path of
                          * names, "pool/host": Virtual Desktop */
    const struct em_order *order; /* NULL: as the client and the defaults have it */
    /* Where id, name and type stand: before the body, or behind it, which has the type before the
     * name with role assignments (both recorded). */
    enum { EM_HEAD_FIRST, EM_HEAD_LAST, EM_HEAD_LAST_TYPE_FIRST } head;
    bool hides_id_at_first; /* the answer to the PUT that makes it has no id, name and type */
    bool delete_shows_body; /* a DELETE that is done when answered shows what was deleted */
    /* Default: delete_ms. */
    int64_t (*delete_duration)(struct em_exchange *ex, struct em_resource *resource);
};

/* What many rows of types have: where they stand, what their writes answer, and the typical seconds
 * that these take. */
#define EM_REGIONAL .place = EM_IN_GROUP, .needs_location = true, .has_tags = true
#define EM_ANSWERS(create, update, delete)                                                         \
    .create_status = (create), .update_status = (update), .delete_status = (delete)
#define EM_TAKES(create_s, update_s, delete_s)                                                     \
    .create_ms = (create_s)*INT64_C(1000), .update_ms = (update_s)*INT64_C(1000),                  \
    .delete_ms = (delete_s)*INT64_C(1000)

/* What happens by itself, by name. */
typedef void em_event_fn(struct em_exchange *ex, struct rd_str id, struct rd_str argument);
struct em_event_name {
    const char *name; /* "compute.agent": unique over all parts; kept in files */
    em_event_fn *fn;
};

/*
 * A part of the cloud: one of each is defined, as `const struct em_part em_<part>_part`, in
 * <part>.c, and named in providers.h.
 */
struct em_part {
    const char *name;
    const struct em_type *types;
    size_t type_count;
    const struct em_route *routes;
    size_t route_count;
    const struct em_event_name *events;
    size_t event_count;
};

#define EM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Answers -------------------------------------------------------------------------------------- */

/* The ARM error envelope; returns false, for `return em_fail(...)`. */
RD_PRINTF(4, 5)
bool em_fail(struct em_exchange *ex, int status, const char *code, const char *fmt, ...);
/* `message` with what is no UTF-8 in it masked: a client's text is quoted in errors. */
struct rd_str em_quotable(struct em_exchange *ex, struct rd_str message);
/* The same with one inner detail, or an array of them. */
bool em_fail_detail(struct em_exchange *ex, int status, const char *code, struct rd_str message,
                    const struct rd_json *details);
/* `message` with what is no UTF-8 in it masked: a client's text is quoted in errors. */
struct rd_str em_quotable(struct em_exchange *ex, struct rd_str message);
/* Sets "error": {code, message}, to which some providers add members of their own. What is no UTF-8
 * in the message is masked: a client's text is quoted in errors. */
void em_set_error(struct em_exchange *ex, struct rd_json *body, struct rd_str code,
                  struct rd_str message);
/* A reply with a JSON body in the given style. */
void em_reply_json(struct em_exchange *ex, int status, const struct rd_json *body,
                   enum em_json_style style);
void em_reply_empty(struct em_exchange *ex, int status);
RD_PRINTF(3, 4)
void em_reply_header(struct em_exchange *ex, const char *name, const char *fmt, ...);
/* {"value":[...]} of a page, with nextLink when there is more. `items` are all there are; they come
 * in order of creation. */
void em_reply_list(struct em_exchange *ex, struct em_resource *const *items, size_t count);
/* 200 with the resource as a GET shows it, in its type's style. */
void em_reply_resource(struct em_exchange *ex, int status, struct em_resource *resource);
/* The ARM error 404 ResourceNotFound for `id`; false. */
bool em_fail_not_found(struct em_exchange *ex, struct rd_str id);

/* Resources ------------------------------------------------------------------------------------ */

struct em_resource *em_find(struct rd_cloud *cloud, struct rd_str id); /* NULL when absent */
/* Finds one that a body refers to, or fails the exchange with InvalidResourceReference. */
struct em_resource *em_refer(struct em_exchange *ex, struct rd_str id, const char *type);
/* The stored body / hidden object, parsed into the exchange's arena. */
struct rd_json em_body(struct em_exchange *ex, const struct em_resource *resource);
struct rd_json em_hidden(struct em_exchange *ex, const struct em_resource *resource);
void em_store(struct em_exchange *ex, struct em_resource *resource, const struct rd_json *body);
void em_store_hidden(struct em_exchange *ex, struct em_resource *resource,
                     const struct rd_json *hidden);
/* Makes a resource by the cloud's own doing (an OS disk, a session host). NULL when it is there. */
struct em_resource *em_create(struct em_exchange *ex, const char *type, struct rd_str id,
                              const struct rd_json *body, const struct rd_json *hidden);
/* Deletes by the cloud's own doing, children included. */
void em_remove(struct em_exchange *ex, struct em_resource *resource);
/* Steps through all instances of a type: start with *cursor = 0. */
struct em_resource *em_each(struct rd_cloud *cloud, const char *type, size_t *cursor);
struct rd_str em_name(const struct em_resource *resource);  /* last segment */
struct rd_str em_group(const struct em_resource *resource); /* resource group's name */
struct rd_str em_subscription(const struct em_resource *resource);
/* Full body as a GET shows it: id, name, type, then the rest. */
struct rd_json em_view(struct em_exchange *ex, struct em_resource *resource);

/* Time ----------------------------------------------------------------------------------------- */

/* Runs the event of that name (in a part's table) when `at_ms` comes. `id` need not exist then:
 * the function looks. */
void em_schedule(struct em_exchange *ex, int64_t at_ms, const char *event, struct rd_str id,
                 struct rd_str argument);
/* Starts an operation for an action (POST): 202 with the type's headers; `event` runs at the end
 * and may call em_operation_fail. With `event` NULL it just succeeds. */
void em_start_operation(struct em_exchange *ex, struct em_resource *resource, int64_t duration_ms,
                        const char *event, struct rd_str argument);
void em_operation_fail(struct em_exchange *ex, struct rd_str operation, const char *code,
                       struct rd_str message);
/* What the operation answers at its end (properties.output; the body of its Location). */
void em_operation_result(struct em_exchange *ex, struct rd_str operation,
                         const struct rd_json *result);
/* A duration drawn around `typical_ms` (0.85 to 1.25 of it), from the seed and the id. */
int64_t em_draw_ms(struct em_exchange *ex, struct rd_str id, int64_t typical_ms);
/* ISO time of `ms`, in the arena. */
struct rd_str em_time(struct em_exchange *ex, int64_t ms);
/* The same with the seven decimals of most of Azure's services: "...:28.1230000" and `zone`. */
struct rd_str em_time_ticks(struct em_exchange *ex, int64_t ms, const char *zone);

/* Draws ---------------------------------------------------------------------------------------- */

/* A GUID / hex digits that depend on the seed and `what` only. */
struct rd_str em_guid(struct em_exchange *ex, struct rd_str what);
struct rd_str em_hex(struct em_exchange *ex, struct rd_str what, size_t digits);

/* Checks that many types share ------------------------------------------------------------------
 */

/* Members of known names are of their kinds, and the body is not too deep: else 400. The core asks
 * it of each PUT and PATCH of a resource; data planes ask it themselves. */
bool em_check_members(struct em_exchange *ex, const struct rd_json *body);
bool em_require(struct em_exchange *ex, const struct rd_json *body, const char *path,
                enum rd_json_type type); /* else 400 InvalidRequestContent naming the path */
/* Whether `text` is one of the words of a NULL-terminated list, without case; and all of them for
 * people. */
bool em_is_one_of(struct rd_str text, const char *const *words);
struct rd_str em_word_list(struct em_exchange *ex, const char *const *words);
/* The value must be one of `words` (a NULL-terminated list), without case; absent is allowed when
 * `is_optional`. */
bool em_require_word(struct em_exchange *ex, const struct rd_json *body, const char *path,
                     const char *const *words, bool is_optional);
bool em_region_exists(struct em_exchange *ex, struct rd_str region);
/* A region of data/emulator/regions.yaml by name or display name ("West Europe"), or absent:
 * {name, display, zones, pair, geography}. */
const struct rd_json *em_region(struct em_exchange *ex, struct rd_str region);
/* "West Europe" -> "westeurope", in the arena. */
struct rd_str em_region_name(struct em_exchange *ex, struct rd_str region);
/* The public host of a plane, or the suffix below which it has its names: for what is stored. */
struct rd_str em_host(const struct rd_cloud *cloud, enum em_place place);
/* The root of a plane's URLs, without a slash behind it, as this request's client reaches it:
 * "https://kv.vault.azure.net", at an address "https://kv.vault.localhost:8443". `name` is for
 * planes that have a host for each name, else "". For replies; nothing of it is stored. */
struct rd_str em_place_url(const struct em_exchange *ex, enum em_place place, struct rd_str name);
/* Its host, with the port when that is not the usual one. */
struct rd_str em_place_host(const struct em_exchange *ex, enum em_place place, struct rd_str name);
bool em_is_government(const struct rd_cloud *cloud);
struct rd_str em_tenant(const struct rd_cloud *cloud);
/* The tables of data/emulator by name: em_table("skus"). */
const struct rd_json *em_table(const char *name);
/* The row of such a table whose member has that text, without case; or absent. */
const struct rd_json *em_row(const char *table, const char *member, struct rd_str text);
/* Sets properties.x when the request left it out. */
void em_default(struct em_exchange *ex, struct rd_json *body, const char *path,
                struct rd_json value);

/* Faults ----------------------------------------------------------------------------------------
 */

struct em_fault {
    struct rd_str name;
    struct em_fault_arg_pair {
        struct rd_str key;
        struct rd_str value;
    } args[8];
    size_t arg_count;
    int64_t left;       /* how often it still strikes; INT64_MAX: always */
    struct rd_str text; /* as it was asked for */
    bool has_struck;
};
/* The first fault of that name that still strikes, or NULL; em_fault_arg reads "key". */
struct em_fault *em_fault(struct em_exchange *ex, const char *name);
struct rd_str em_fault_arg(const struct em_fault *fault, const char *key);
void em_fault_struck(struct em_fault *fault); /* counts down */
void em_fault_showed(struct em_fault *fault); /* it changed an answer, but does not count down */
/* The next one of that name behind `after`: to look for one whose arguments fit. */
struct em_fault *em_fault_next(struct em_exchange *ex, const char *name, struct em_fault *after);

/* Filters ---------------------------------------------------------------------------------------
 */

/* A parsed $filter: comparisons joined by `and`. Whatever else is asked for is refused. */
struct em_filter {
    struct em_filter_term {
        struct rd_str name;  /* "roleName"; "atScope()", "assignedTo()", "substringof(name)" */
        struct rd_str value; /* without quotes */
    } terms[8];
    size_t count;
};
/* The request's $filter; an absent or empty one has no terms. False after 400. `names` is the
 * NULL-terminated list of what may be asked for. */
bool em_filter_read(struct em_exchange *ex, const char *const *names, struct em_filter *ret_filter);
/* The value compared with `name`, or "" when the filter does not name it. */
struct rd_str em_filter_value(const struct em_filter *filter, const char *name);
bool em_filter_has(const struct em_filter *filter, const char *name);

/* Features --------------------------------------------------------------------------------------
 */

/* Whether the feature ("Microsoft.Compute", "DCav6Series") is Registered in a subscription by now.
 */
bool em_feature_is_registered(struct em_exchange *ex, struct rd_str subscription,
                              const char *name_space, const char *name);

/* Directory --------------------------------------------------------------------------------------
 */

/* A principal that the cloud itself made (an identity). */
void em_principal_add(struct em_exchange *ex, struct rd_str object_id, const char *type);
/* When such a one is known everywhere; `otherwise` of all that the cloud did not make. */
int64_t em_principal_known_ms(struct em_exchange *ex, struct rd_str object_id, int64_t otherwise);
/* Whether `object_id` holds an ARM role (by GUID) at or above `scope`, propagated by now. */
bool em_has_role(struct em_exchange *ex, struct rd_str object_id, const char *role_guid,
                 struct rd_str scope);
/* Whether the caller's roles allow an action ("Microsoft.Compute/virtualMachines/write") at
 * `scope`, by assignments at or above it that have propagated by now. The core has asked for the
 * request's own action already. */
bool em_may(struct em_exchange *ex, struct rd_str action, struct rd_str scope);
/* The same for a data plane's action ("Microsoft.Insights/Telemetry/Write"): Owner has none. */
bool em_may_data(struct em_exchange *ex, struct rd_str action, struct rd_str scope);

#endif
