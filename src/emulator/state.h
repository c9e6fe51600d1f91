/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_STATE_H
#define EMULATOR_STATE_H

/*
 * What the core's own files share (private to them; parts see core.h only): the cloud's state in
 * memory. The file holds the same in four tables; store.c keeps them equal by writing, at the end
 * of each exchange and in one transaction, what the exchange marked.
 */

#include <regex.h>

#include "core.h"

#include "base/buf.h"
#include "providers.h"

/* Items found by a text that they own, without case. Unlike rd_map it forgets a removed key at
 * once, so that the key's memory may go. */
struct em_index {
    struct em_index_slot {
        void *item; /* NULL: free */
        uint64_t hash;
    } * slots;
    size_t slot_count;
    size_t count;
    struct rd_str (*key_of)(const void *item);
};

void em_index_init(struct em_index *index, struct rd_str (*key_of)(const void *item));
void em_index_done(struct em_index *index);
void *em_index_get(const struct em_index *index, struct rd_str key);
void em_index_add(struct em_index *index, void *item); /* its key must not be there yet */
void em_index_remove(struct em_index *index, struct rd_str key);

/* All instances of a type, in order of creation; removed ones leave NULL until compacted. */
struct em_class {
    const struct em_type *type;
    struct em_resource **items;
    size_t count;
    size_t cap;
    size_t live;
    regex_t *name_pattern; /* compiled when the first name is checked; heap, owned */
};

/* A route with what matching asks of its path first. */
struct em_road {
    const struct em_route *route;
    struct rd_str pattern; /* the path behind "{scope}", or all of it */
    struct rd_str last;    /* its last segment, which tells most routes apart; "": any */
    size_t slashes;        /* in the pattern */
    bool has_scope;
};

enum em_operation_kind { EM_OPERATION_WRITE, EM_OPERATION_DELETE, EM_OPERATION_ACTION };
enum em_operation_status { EM_OPERATION_RUNNING, EM_OPERATION_SUCCEEDED, EM_OPERATION_FAILED };

struct em_operation {
    char guid[37];
    enum em_operation_kind kind;
    enum em_operation_status status;
    int64_t seq;
    int64_t start_ms;
    int64_t end_ms;    /* when it is due; then when it ended */
    int64_t event_seq; /* of the event that ends it, which the file does not hold apart */
    const struct em_type *type;
    /* Heap, owned. */
    struct rd_str resource_id;
    struct rd_str location; /* normalised, for the URL */
    struct rd_str event;
    struct rd_str argument;
    struct rd_str code; /* of the error, or "" */
    struct rd_str message;
    struct rd_str output; /* JSON, or "" */
    bool is_stored;
    bool is_dirty;
};

struct em_event {
    int64_t at_ms;
    int64_t seq;
    const struct em_event_name *name;
    struct rd_str id;       /* heap, owned */
    struct rd_str argument; /* heap, owned */
    bool is_stored;
    bool is_done;    /* ran before it was ever stored */
    bool is_derived; /* made from a running operation: never stored */
};

struct em_bucket;
struct em_limits;
struct em_login;
struct em_access;

struct em_pointers {
    void **items;
    size_t count;
    size_t cap;
};

struct rd_cloud {
    struct rd_sql *sql;       /* NULL: memory only */
    struct rd_arena *memory;  /* for what lives as long as the cloud: options, tables, faults */
    struct rd_arena *scratch; /* of the event that runs */
    struct rd_str name;
    struct rd_str tenant;
    struct rd_str subscriptions[RD_CLOUD_SUBSCRIPTION_COUNT_MAX];
    size_t subscription_count;
    struct rd_str address; /* "host:port" where it is served, or "" */
    bool trusts_embedded;
    uint64_t seed;
    int64_t speed; /* at least 1 */
    bool has_clients_time;
    char name_space[37];         /* of GUIDs that are drawn */
    char builtin[37];            /* object id of the built-in deployer */
    struct em_login *login;      /* applications, the signing key, tokens seen: token.c's */
    struct em_access *access;    /* role assignments at hand: access.c's */
    const struct rd_json *place; /* the cloud's entry in regions.yaml */
    struct rd_map regions;       /* name and display name -> entry */
    struct rd_map types;         /* name -> struct em_class */
    struct rd_map events_by_name;
    struct rd_map members; /* name -> its kind: member.c's */
    struct em_class *classes;
    size_t class_count;
    struct em_road *roads; /* all parts' routes, in order */
    size_t road_count;
    struct em_index resources;
    struct em_index operations;
    struct em_pointers operation_queue; /* struct em_operation, in order of start */
    size_t operation_head;
    struct em_event **heap; /* min-heap by (time, number) */
    size_t heap_count;
    size_t heap_cap;
    struct em_limits *limits;
    struct em_index buckets;
    struct em_fault *faults;
    size_t fault_count;
    size_t fault_cap;
    /* What the file does not have yet. */
    struct em_pointers dirty;            /* struct em_resource, deleted ones too */
    struct em_pointers dirty_operations; /* struct em_operation */
    struct em_pointers new_events;       /* struct em_event */
    struct em_pointers done_events;      /* struct em_event, stored ones that ran */
    struct em_pointers gone_operations;  /* struct em_operation, forgotten */
    int64_t now_ms;
    int64_t saved_ms; /* now_ms in the file */
    int64_t next_seq;
    int64_t next_event_seq;
    int64_t next_operation_seq;
    uint64_t request_number; /* over all processes: what request ids are drawn from */
    uint64_t request_count;  /* of this process */
    bool is_broken;          /* the file refused a commit: memory is ahead of it */
    bool is_damaged;         /* a row of the file holds no JSON */
    char *url_tail;          /* the constant part of operation URLs */
};

/* What a path names. */
struct em_target {
    enum em_target_kind {
        EM_TARGET_NONE,
        EM_TARGET_INSTANCE,
        EM_TARGET_LIST,
        EM_TARGET_ACTION,
    } kind;
    const struct em_type *type;
    struct rd_str id;     /* of the instance; of a list: the whole path */
    struct rd_str name;   /* last segment of `id` */
    struct rd_str scope;  /* before /providers/{namespace}: group, subscription, resource, "" */
    struct rd_str parent; /* id of the nearest known ancestor below the same namespace, or "" */
    const struct em_type *parent_type;
    struct rd_str action;
    struct rd_str name_space;
    char type_name[256]; /* as asked for */
};

enum { EM_SEGMENT_COUNT_MAX = 48 };

/* heap.c */
struct rd_str em_heap_str(struct rd_str s);
void em_heap_str_free(struct rd_str *s);
void em_push(struct em_pointers *pointers, void *item);

/* target.c: false after em_fail. */
bool em_target_find(struct em_exchange *ex, struct em_target *ret_target);
struct em_class *em_class_find(const struct rd_cloud *cloud, struct rd_str type_name);

/* dispatch.c, verbs.c */
void em_answer_arm(struct em_exchange *ex);
void em_verb(struct em_exchange *ex, const struct em_target *target);
void em_routes_open(struct rd_cloud *cloud);

/* place.c */
bool em_place_find(struct em_exchange *ex); /* false after em_fail */
/* "arm", "vault": the plane's word in regions.yaml. */
const char *em_place_word(enum em_place place);
/* The host of the address it is served at, without port. */
struct rd_str em_place_address(const struct rd_cloud *cloud);
void em_place_inward(struct em_exchange *ex);  /* the request's body */
void em_place_outward(struct em_exchange *ex); /* the reply's */

/* metadata.c */
void em_answer_metadata(struct em_exchange *ex);

/* token.c, application.c */
void em_login_open(struct rd_cloud *cloud);
void em_login_close(struct rd_cloud *cloud);
/* Fills ex->token and, when that is good, ex->caller. */
void em_token_check(struct em_exchange *ex);
/* The entry of regions.yaml's resources that the request's plane is. */
const struct rd_json *em_place_resource(const struct em_exchange *ex);

/* graph.c: Graph's envelope; false. */
bool em_graph_fail(struct em_exchange *ex, int status, const char *code, struct rd_str message);

/* gate.c: 401 in the words of each plane, unless the token is good. */
bool em_gate_arm(struct em_exchange *ex);
bool em_gate_graph(struct em_exchange *ex);
bool em_gate_logs(struct em_exchange *ex); /* queries and ingestion */

/* login.c */
void em_answer_login(struct em_exchange *ex);

/* location.c: false after em_fail. */
bool em_check_location(struct em_exchange *ex, const struct em_target *target,
                       const struct em_resource *former, const struct rd_json *body);
bool em_check_tags(struct em_exchange *ex, const struct em_type *type, const struct rd_json *body);

/* member.c */
void em_members_open(struct rd_cloud *cloud);

/* A resource that has no body yet: em_store must follow. NULL when it is there. */
struct em_resource *em_make(struct em_exchange *ex, const char *type, struct rd_str id);
struct em_resource *em_adopt(struct rd_cloud *cloud, struct em_resource *resource,
                             struct em_resource *parent);
void em_resource_free(struct em_resource *resource);
/* Puts the members of a body in the order that its type has them in. */
void em_put_in_order(struct em_exchange *ex, const struct em_type *type, struct rd_json *body);
void em_view_text(struct em_exchange *ex, struct em_resource *resource, struct rd_buf *out);
void em_strip(struct rd_json *body);
/* The GUID in the etag of a resource whose type has one. */
void em_etag_guid(struct em_exchange *ex, const struct em_resource *resource, char out[37]);
void em_compact_classes(struct rd_cloud *cloud);
struct rd_str em_parent_id(const struct rd_cloud *cloud, const struct em_type *type,
                           struct rd_str id);

/* list.c: a page of a list, item by item. */
struct em_pager {
    struct em_exchange *ex;
    int64_t behind; /* number of the last one shown on the page before */
    size_t size;
    struct rd_buf out;
    size_t count;
    int64_t last;
    bool has_more;
};
enum em_pager_step { EM_PAGER_SKIP, EM_PAGER_WRITE, EM_PAGER_FULL };
/* `type` names page size and $top; NULL: 1000, and $top is honoured. False after 400. */
bool em_pager_start(struct em_pager *pager, struct em_exchange *ex, const struct em_type *type);
/* Whether item number `seq` belongs on the page; on EM_PAGER_WRITE the caller appends it to out. */
enum em_pager_step em_pager_next(struct em_pager *pager, int64_t seq);
void em_pager_reply(struct em_pager *pager);
void em_list(struct em_exchange *ex, const struct em_target *target);

/* operation.c */
extern const struct em_part em_core_part;
struct em_operation *em_operation_start(struct em_exchange *ex, struct em_resource *resource,
                                        enum em_operation_kind kind, int64_t duration_ms,
                                        const char *event, struct rd_str argument);
/* The headers of an asynchronous reply. */
void em_operation_headers(struct em_exchange *ex, const struct em_operation *operation);
/* Answers a poll; false when the path is no operation's. */
bool em_operation_poll(struct em_exchange *ex);
void em_operation_free(struct em_operation *operation);
void em_operation_adopt(struct rd_cloud *cloud, struct em_operation *operation);

/* event.c */
void em_events_run(struct rd_cloud *cloud);
void em_event_adopt(struct rd_cloud *cloud, struct em_event *event);
/* The event that ends a running operation. */
void em_event_end(struct rd_cloud *cloud, const struct em_operation *operation);
void em_event_free(struct em_event *event);

/* throttle.c */
void em_throttle_open(struct rd_cloud *cloud);
void em_throttle_close(struct rd_cloud *cloud);
/* Takes a token of each bucket that the request falls into; false after the 429. */
bool em_throttle(struct em_exchange *ex, const char *policy, const char *operation,
                 struct rd_str resource_id);

/* envelope.c */
/* What is no UTF-8 in it masked: a client's text is quoted in errors. */
struct rd_str em_quotable(struct em_exchange *ex, struct rd_str message);
void em_reply_text(struct em_exchange *ex, int status, struct rd_str text);
void em_reply_headers_common(struct em_exchange *ex);

/* draw.c */
uint64_t em_mix(uint64_t a, uint64_t b);
void em_guid_text(uint64_t a, uint64_t b, char out[37]);

/* store.c */
RD_NODISCARD enum rd_rc em_store_open(struct rd_cloud *cloud, const char *path, struct rd_err *err);
RD_NODISCARD enum rd_rc em_store_flush(struct rd_cloud *cloud, bool saves_time, struct rd_err *err);

/* lock.c: false after 409, when a lock forbids the request. */
bool em_lock_gate(struct em_exchange *ex);

/* fault.c: the faults that the core itself answers; false after em_fail. */
bool em_fault_gate(struct em_exchange *ex, const struct em_target *target);

/* filter.c: what all readers of a $filter take from its front. */
/* The filter with spaces for "+", as forms write them; no value that is compared here holds one. */
struct rd_str em_odata_spaced(struct em_exchange *ex, struct rd_str text);
void em_odata_skip_spaces(struct rd_str *rest);
/* 'text' with '' for one quote; false when none begins here, or it has no end. */
bool em_odata_take_text(struct em_exchange *ex, struct rd_str *rest, struct rd_str *ret_value);

#endif
