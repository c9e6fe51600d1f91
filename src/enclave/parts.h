/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_PARTS_H
#define ENCLAVE_PARTS_H

/*
 * What the parts of the compiler share. Each rd_part_* adds its part of the enclave to the set; all
 * ids are computed before the first part runs, so that a part may name what a later one adds.
 *
 * The first failure is kept in `rc` and everything after it is without effect, so that parts read
 * as lists of what they add.
 */

#include "enclave/compile.h"
#include "shape.h"

/* Everything of which there is one, with a name of its own (data/name-patterns.yaml). */
enum rd_part_role {
    RD_ROLE_IMAGES_GROUP,
    RD_ROLE_DESKTOPS_GROUP,
    RD_ROLE_HOSTS_GROUP,
    RD_ROLE_NETWORK_GROUP,
    RD_ROLE_BUILD_IDENTITY,
    RD_ROLE_GALLERY,
    RD_ROLE_IMAGE_DEFINITION,
    RD_ROLE_IMAGE_TEMPLATE,
    RD_ROLE_KEY_STORE,
    RD_ROLE_KEY,
    RD_ROLE_KEY_VAULT,
    RD_ROLE_DISK_IDENTITY,
    RD_ROLE_DISK_ENCRYPTION_SET,
    RD_ROLE_HUB,
    RD_ROLE_SPOKE,
    RD_ROLE_HOSTS_SUBNET,
    RD_ROLE_PEERING_TO_SPOKE,
    RD_ROLE_PEERING_TO_HUB,
    RD_ROLE_SECURITY_GROUP,
    RD_ROLE_ROUTE_TABLE,
    RD_ROLE_FIREWALL_IP,
    RD_ROLE_FIREWALL_MANAGEMENT_IP,
    RD_ROLE_FIREWALL_POLICY,
    RD_ROLE_FIREWALL,
    RD_ROLE_HOST_POOL,
    RD_ROLE_APPLICATION_GROUP,
    RD_ROLE_WORKSPACE,
    RD_ROLE_SCALING_PLAN,
    RD_ROLE_HOST_IDENTITY,
    RD_ROLE_LOG_WORKSPACE,
    RD_ROLE_DATA_COLLECTION_RULE,
    RD_ROLE_ACTION_GROUP,
    RD_ROLE_BACKUP_VAULT,
    RD_ROLE_BACKUP_POLICY,
    RD_ROLE_BUDGET,
    RD_ROLE_COUNT,
};

/* ARM role assignments that hosts or keys must wait for. */
enum { RD_WAIT_COUNT_MAX = 8 };

struct rd_compile {
    struct rd_arena *arena;
    const struct rd_spec *spec;
    struct rd_set *set;
    struct rd_err *err;
    enum rd_rc rc; /* of the first failure */

    struct rd_str subscription;        /* "/subscriptions/..." of the desktops */
    struct rd_str images_subscription; /* of the images */
    struct rd_str name[RD_ROLE_COUNT];
    struct rd_str id[RD_ROLE_COUNT];
    struct rd_str mark;   /* the description of role assignments */
    struct rd_json tags;  /* of everything that belongs to no host */
    struct rd_str origin; /* the spec's section that is being compiled */

    struct rd_str image_id;                      /* the version that hosts are made from, or "" */
    struct rd_str subnet_id;                     /* where hosts are connected */
    struct rd_str admin_secret_id;               /* the local administrator's password */
    struct rd_str join_secret_id;                /* the password for joining a domain, or "" */
    struct rd_str host_waits[RD_WAIT_COUNT_MAX]; /* ids that every host comes after */
    size_t host_wait_count;
};

/* names.c: fills name and id. */
RD_NODISCARD enum rd_rc rd_part_names(struct rd_compile *compile);

/* compile.c */

/* Adds a resource, and returns its index for rd_part_need; after a failure it adds nothing. */
size_t rd_part_add(struct rd_compile *compile, struct rd_str id, struct rd_json body);
void rd_part_add_role(struct rd_compile *compile, enum rd_part_role role, struct rd_json body);
/* `index` comes after `id`; nothing when the id is empty. */
void rd_part_need(struct rd_compile *compile, size_t index, struct rd_str id);
/* It builds on what is there provisionally: nothing in it needs a way out of the network. */
void rd_part_early(struct rd_compile *compile, size_t index);
/* It is written with this body first. */
void rd_part_provide(struct rd_compile *compile, size_t index, struct rd_json body);
/* Every host comes after `id`. */
void rd_part_hosts_need(struct rd_compile *compile, struct rd_str id);
void rd_part_fail(struct rd_compile *compile, enum rd_rc rc);
/* A table of data/; absent after a failure, which is kept. */
const struct rd_json *rd_part_facts(struct rd_compile *compile, const char *table);
/* {"$ref": id, "$path": path} */
struct rd_json rd_part_ref(struct rd_compile *compile, struct rd_str id, const char *path);
/* An array of the list's texts. */
struct rd_json rd_part_strings(struct rd_compile *compile, const struct rd_spec_list *list);
/* `pattern` with each {name} replaced by the value that follows its name in `pairs`, which ends
 * with an empty name. */
struct rd_part_pair {
    const char *name;
    struct rd_str value;
};
struct rd_str rd_part_fill(struct rd_arena *arena, struct rd_str pattern,
                           const struct rd_part_pair *pairs);

/* access.c */

/* Grants a role of data/roles.yaml at `scope` to a principal: an object id as text or a reference
 * to one. `kind` is its principalType, or "" when unknown. Returns the assignment's id. */
struct rd_str rd_part_grant(struct rd_compile *compile, struct rd_str scope, const char *role,
                            struct rd_json principal, const char *kind);
/* The service principal of a first-party application, added when it is not there yet; the value is
 * a reference to its object id. */
struct rd_json rd_part_service_principal(struct rd_compile *compile, const char *app_id);
/* A user-assigned identity, and a reference to its object id. */
struct rd_json rd_part_identity(struct rd_compile *compile, enum rd_part_role role,
                                struct rd_str location);
struct rd_str rd_part_role_id(struct rd_compile *compile, const char *role);
/* The same GUID for the same name, always. */
struct rd_str rd_part_guid(struct rd_compile *compile, struct rd_str name);
/* A name-based GUID for an assignment. */
struct rd_str rd_part_assignment_name(struct rd_compile *compile, struct rd_str scope,
                                      struct rd_str role_id, const struct rd_json *principal);

/* monitoring.c: sends the logs of a resource to the workspace, when there is one. */
void rd_part_diagnose(struct rd_compile *compile, struct rd_str id);

/* firewall.c: what its tier cannot do is left out. */
bool rd_part_has_basic_firewall(const struct rd_compile *compile);
/* Policy and rules; returns the id of the last rule collection group. */
void rd_part_firewall_policy(struct rd_compile *compile);
/* The rule collection groups' ids, which the firewall comes after. */
enum { RD_RULE_GROUP_COUNT = 3 };
struct rd_str rd_part_rule_group_id(const struct rd_compile *compile, size_t index);

/* The parts, in the order in which they are compiled. */
void rd_part_image(struct rd_compile *compile);
void rd_part_monitoring(struct rd_compile *compile);
void rd_part_keys(struct rd_compile *compile);
void rd_part_network(struct rd_compile *compile);
void rd_part_pool(struct rd_compile *compile);
void rd_part_access(struct rd_compile *compile);
void rd_part_backup(struct rd_compile *compile);
void rd_part_hosts(struct rd_compile *compile);
void rd_part_budget(struct rd_compile *compile);
/* monitoring.c: the alert rules, which read what all other parts send. */
void rd_part_alerts(struct rd_compile *compile);

#endif
