/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

/*
 * The one file a user writes. rd_spec_parse turns YAML into this structure: every field known,
 * typed, in range and filled with its default, every name one that Azure and NetBIOS take, every
 * region one of the cloud's. What it means is compiled by enclave/. The schema itself is the table
 * in spec/schema.c, from which docs/spec.md, `redoubt init` and the JSON schema come.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "json/json.h"

enum rd_spec_key_mode { RD_KEYS_NONE, RD_KEYS_PLATFORM, RD_KEYS_CUSTOMER };
enum rd_spec_key_store { RD_KEY_STORE_HSM, RD_KEY_STORE_VAULT };
enum rd_spec_security { RD_SECURITY_CONFIDENTIAL, RD_SECURITY_TRUSTED_LAUNCH };
enum rd_spec_pool { RD_POOL_PERSONAL, RD_POOL_POOLED };
enum rd_spec_join { RD_JOIN_ENTRA, RD_JOIN_DOMAIN };
enum rd_spec_image_mode { RD_IMAGE_MARKETPLACE, RD_IMAGE_BUILD };
enum rd_spec_firewall { RD_FIREWALL_STANDARD, RD_FIREWALL_PREMIUM, RD_FIREWALL_BASIC };
enum rd_spec_schedule { RD_SCHEDULE_NONE, RD_SCHEDULE_REDOUBT, RD_SCHEDULE_NATIVE };

struct rd_spec_list {
    struct rd_str *items;
    size_t count;
    size_t cap;
};

struct rd_spec_pair {
    struct rd_str key;
    struct rd_str value;
};

struct rd_spec_map {
    struct rd_spec_pair *items;
    size_t count;
    size_t cap;
};

struct rd_spec_image {
    enum rd_spec_image_mode mode;
    struct rd_str publisher, offer, sku, version; /* the marketplace source */
    struct rd_str build_version;                  /* "1.0.0": the gallery version to make */
    struct rd_str region;                         /* of gallery and definition */
    struct rd_str build_region; /* of the image template: Image Builder is not in every region */
    struct rd_spec_list replicate_to; /* regions, the image's own always first */
    int64_t replicas;                 /* per region */
    struct rd_str storage;            /* "Standard_ZRS" ... */
    struct rd_str definition_publisher, definition_offer, definition_sku;
    struct rd_str build_vm_size;
    int64_t build_timeout_min;
    int64_t build_disk_gb;
    struct rd_spec_list steps;    /* names from data/image-steps.yaml, in the order to run */
    struct rd_str script_source;  /* https://... folder of the scripts */
    struct rd_spec_map checksums; /* step -> SHA-256 of its script */
};

struct rd_spec_keys {
    enum rd_spec_key_mode mode; /* RD_KEYS_NONE for trusted launch without customer keys */
    enum rd_spec_key_store store;
    struct rd_str store_name; /* of the HSM or vault, globally unique */
    struct rd_str key_name;
    int64_t key_size;           /* bits */
    struct rd_spec_list admins; /* object ids: HSM administrators */
    struct rd_str hsm_sku;      /* "Standard_B1" */
    int64_t retention_days;     /* soft delete */
    bool purge_protection;
};

struct rd_spec_hosts {
    int64_t count;
    int64_t first_number; /* of the host names, normally 1 */
    struct rd_str name_prefix;
    struct rd_str size;
    enum rd_spec_security security;
    bool encryption_at_host;
    enum rd_spec_pool pool;
    bool direct_assignment; /* personal: Direct instead of Automatic */
    int64_t max_sessions;   /* pooled */
    bool breadth_first;     /* pooled */
    bool start_on_connect;
    bool validation; /* validation environment */
    struct rd_str disk_sku;
    int64_t disk_gb;
    struct rd_spec_list zones; /* in order of preference; the first is deployed to */
    enum rd_spec_join join;
    bool intune;
    struct rd_str domain_name, domain_ou, domain_user;
    struct rd_str admin_user;
};

struct rd_spec_rule { /* one extra application rule of the firewall */
    struct rd_str name;
    struct rd_spec_list fqdns;
    struct rd_spec_list ports; /* "https:443" */
    uint32_t offset;
};

struct rd_spec_network {
    struct rd_str existing_subnet; /* ARM id: then nothing of the network is made */
    struct rd_str hub_prefix, firewall_prefix, spoke_prefix, hosts_prefix;
    bool has_firewall;
    enum rd_spec_firewall firewall_tier;
    struct rd_spec_list zones;  /* of firewall and public IP */
    struct rd_str threat_intel; /* "Alert", "Deny", "Off" */
    struct rd_str rule_set;     /* of data/firewall: "sovereign", "commercial" */
    bool direct_avd_route;      /* an extra route: WindowsVirtualDesktop -> Internet */
    bool dns_proxy;
    struct rd_spec_rule *rules;
    size_t rule_count;
};

struct rd_spec_pin {
    struct rd_str host; /* computer name */
    struct rd_str user; /* user principal name */
    uint32_t offset;
};

struct rd_spec_access {
    struct rd_str users_group;      /* object id */
    struct rd_str admins_group;     /* object id, or "" */
    struct rd_str images_principal; /* object id of the desktops' service principal, which reads the
                                       gallery; or "" */
    struct rd_spec_pin *pins;
    size_t pin_count;
};

struct rd_spec_backup {
    bool enabled;
    int64_t retention_days;
    struct rd_str time;       /* "23:00" */
    struct rd_str time_zone;  /* Windows time zone name */
    struct rd_str redundancy; /* "LocallyRedundant" ... */
    bool soft_delete;
};

struct rd_spec_monitoring {
    bool enabled;
    int64_t retention_days;
    bool sentinel;
    int64_t ingestion_gb; /* a month, for the price */
    struct rd_spec_list emails;
    bool security_log; /* collect the Security event log too */
    int64_t rtt_ms, failure_percent, cpu_percent, memory_percent, disk_free_percent;
};

struct rd_spec_schedule_times {
    enum rd_spec_schedule engine;
    struct rd_str time_zone;   /* Windows time zone name */
    struct rd_str start, stop; /* "08:00" */
    struct rd_spec_list days;  /* "Monday" ... */
    int64_t pre_stage_min;
    int64_t idle_min; /* wait after disconnect or logoff before deallocating */
};

struct rd_spec_budget {
    bool enabled;
    int64_t amount;      /* whole currency units a month; 0: from the price */
    struct rd_str start; /* "2026-12-01": first of a month */
    struct rd_spec_list emails;
    int64_t warn_percent, critical_percent;
};

struct rd_spec_cost {
    struct rd_str sheet;    /* name of a price sheet in data/prices */
    int64_t hours_per_day;  /* of host compute; 24 with days 0 means always */
    int64_t days_per_month; /* 0: every day */
    int64_t firewall_gb;    /* processed a month */
    int64_t peering_gb;
    int64_t license_per_user_cents; /* management product, a user and month */
};

struct rd_spec {
    struct rd_str file; /* as named by the user, for messages */
    struct rd_str text; /* the YAML */
    struct rd_str enclave;
    struct rd_str cloud; /* "AzureCloud", "AzureUSGovernment" */
    struct rd_str region;
    struct rd_str tenant;
    struct rd_str subscription;
    struct rd_str images_subscription; /* the same when only one is given */
    struct rd_spec_map names;          /* explicit names by role, such as firewall: afw-x */
    struct rd_spec_map tags;
    struct rd_spec_image image;
    struct rd_spec_keys keys;
    struct rd_spec_hosts hosts;
    struct rd_spec_network network;
    struct rd_spec_access access;
    struct rd_spec_map rdp; /* name -> "i:1" or "s:": the whole set, defaults included, in order */
    struct rd_spec_backup backup;
    struct rd_spec_monitoring monitoring;
    struct rd_spec_schedule_times schedule;
    struct rd_spec_budget budget;
    struct rd_spec_cost cost;
    struct rd_json source; /* the YAML as a tree, with offsets */
};

/*
 * Parses and checks. `file` is for messages. Everything lies in `arena`, including `text`, which
 * the caller put there. All mistakes are found in one pass, up to a limit: each is one line
 * "file:line:column: what, expected what; did you mean 'x'?" joined with LF in err->msg as far as
 * it fits, the first one first; err->hint says how many there are. Errors: INVALID, LIMIT.
 */
RD_NODISCARD enum rd_rc rd_spec_parse(struct rd_arena *arena, const char *file, struct rd_str text,
                                      struct rd_spec **ret_spec, struct rd_err *err);
/* Reads the file (at most RD_SPEC_SIZE_MAX) and parses it. */
RD_NODISCARD enum rd_rc rd_spec_read(struct rd_arena *arena, const char *path,
                                     struct rd_spec **ret_spec, struct rd_err *err);

/* A commented spec to start from: template is "sovereign", "confidential-pmk" or
 * "confidential-cmk". Errors: USAGE with the nearest name. */
RD_NODISCARD enum rd_rc rd_spec_template(struct rd_arena *arena, struct rd_str name,
                                         struct rd_str *ret_text, struct rd_err *err);
/* docs/spec.md and the JSON schema, made from the table. */
struct rd_str rd_spec_document(struct rd_arena *arena);
struct rd_json rd_spec_json_schema(struct rd_arena *arena);

/* The effective spec, every default filled in, as JSON: for `-o json` and reports. */
struct rd_json rd_spec_to_json(struct rd_arena *arena, const struct rd_spec *spec);
/* "file:line:column" of a dotted path in the source, or "file" when it is a default. */
struct rd_str rd_spec_place(struct rd_arena *arena, const struct rd_spec *spec, const char *path);
/* The computer name of host `index`, counted from 0: prefix and a number of at least two digits. */
struct rd_str rd_spec_host_name(struct rd_arena *arena, const struct rd_spec *spec, int64_t index);

#endif
