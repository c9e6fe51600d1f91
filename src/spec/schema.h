/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_SCHEMA_H
#define SPEC_SCHEMA_H

/*
 * The schema of a spec as nested tables. One row a field says where its value lies in struct
 * rd_spec, what is legal, what stands in for it when it is left out, and the sentence that explains
 * it. Reading, defaults, docs/spec.md, the JSON schema and the effective spec all walk these
 * tables, so that none of them can say something else than the others.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

enum rd_spec_kind {
    RD_KIND_TEXT,
    RD_KIND_ENCLAVE, /* the enclave's own name */
    RD_KIND_GUID,
    RD_KIND_INT,
    RD_KIND_BOOL,
    RD_KIND_ENUM,   /* one of `words`, stored as an enum */
    RD_KIND_SWITCH, /* one of two `words`, stored as a bool */
    RD_KIND_WORD,   /* one of `words`, stored as text */
    RD_KIND_REGION,
    RD_KIND_SIZE,
    RD_KIND_ZONE,
    RD_KIND_CIDR,
    RD_KIND_SUBNET_ID,
    RD_KIND_EMAIL,
    RD_KIND_USER, /* a user principal name */
    RD_KIND_TIME,
    RD_KIND_DATE,
    RD_KIND_TIME_ZONE,
    RD_KIND_IMAGE_VERSION, /* major.minor.patch */
    RD_KIND_SOURCE_VERSION,
    RD_KIND_URL,
    RD_KIND_DNS_NAME,
    RD_KIND_FQDN, /* with an asterisk in front, perhaps */
    RD_KIND_PORT, /* "https:443" */
    RD_KIND_STEP, /* of data/image-steps.yaml */
    RD_KIND_SHA256,
    RD_KIND_TABLE, /* a table of data/ below `folder` */
    RD_KIND_MONEY, /* two decimals, stored as cents */
    RD_KIND_LIST,
    RD_KIND_MAP, /* to values of kind `item` */
    RD_KIND_OBJECT,
    RD_KIND_RULES, /* the firewall's extra rules */
    RD_KIND_PINS,
    RD_KIND_RDP,
};

struct rd_spec_word {
    const char *word;
    int value; /* ENUM and SWITCH */
};

struct rd_spec_field {
    const char *name; /* NULL ends a table */
    enum rd_spec_kind kind;
    enum rd_spec_kind item; /* of lists and maps */
    size_t at;              /* offset in struct rd_spec */
    const struct rd_spec_word *words;
    const struct rd_spec_field *fields; /* OBJECT; RULES: of one rule */
    const char *folder;                 /* TABLE */
    int64_t min, max;                   /* INT: of the value; text and lists: of the length */
    const char *otherwise;              /* the default, as it would be written; lists with commas */
    const char *computed;               /* the default in words, when it depends on other fields */
    const char *example;
    const char *help;
    bool required;
};

extern const struct rd_spec_field rd_spec_schema[];
extern const struct rd_spec_field rd_spec_schema_image[];
extern const struct rd_spec_field rd_spec_schema_keys[];
extern const struct rd_spec_field rd_spec_schema_hosts[];
extern const struct rd_spec_field rd_spec_schema_network[];
extern const struct rd_spec_field rd_spec_schema_access[];
extern const struct rd_spec_field rd_spec_schema_backup[];
extern const struct rd_spec_field rd_spec_schema_monitoring[];
extern const struct rd_spec_field rd_spec_schema_schedule[];
extern const struct rd_spec_field rd_spec_schema_budget[];
extern const struct rd_spec_field rd_spec_schema_cost[];

/* The enum value of network.firewall.tier that stands for has_firewall = false. */
enum { RD_TIER_NONE = 3 };

/* What a value of this kind looks like, for "expected ..." and for the documents. */
const char *rd_spec_kind_text(enum rd_spec_kind kind);

/* The address of a field's value. */
static inline void *rd_spec_place_of(struct rd_spec *spec, const struct rd_spec_field *field)
{
    return (char *)spec + field->at;
}

static inline const void *rd_spec_value_of(const struct rd_spec *spec,
                                           const struct rd_spec_field *field)
{
    return (const char *)spec + field->at;
}

#endif
