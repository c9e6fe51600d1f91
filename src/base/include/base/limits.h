/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Every bound on what comes from outside, in one place, each with its reason. */

enum {
    /* A spec for 5,000 hosts with a pin each is under 400 kB; ten times that is not a spec. */
    RD_SPEC_SIZE_MAX = 4 << 20,
    /* The deepest real ARM body here nests 14 levels; a parser's stack must stay small. */
    RD_JSON_DEPTH_MAX = 64,
    /* YAML of people: ours needs 8. */
    RD_YAML_DEPTH_MAX = 32,
    RD_YAML_NODE_COUNT_MAX = 400000,
    /* Hosts in one enclave. AVD allows 10,000 VMs per subscription and region at most. */
    RD_HOST_COUNT_MAX = 5000,
    /* ARM rejects request bodies over 4 MB. */
    RD_HTTP_BODY_SIZE_MAX = 64 << 20, /* what we accept: an unfiltered SKU list is tens of MB */
    RD_HTTP_REQUEST_BODY_SIZE_MAX = 4 << 20,
    /* Real operation URLs are 3.5 kB; documents ask clients for 4 kB at least. */
    RD_HTTP_URL_SIZE_MAX = 16 << 10,
    RD_HTTP_HEADER_COUNT_MAX = 128,
    /* A reply's head: the largest recorded one, with two signed URLs in it, has 10 kB. */
    RD_HTTP_HEAD_SIZE_MAX = 64 << 10,
    /* ARM ids observed are under 500 characters. */
    RD_ARM_ID_SIZE_MAX = 2048,
    /* A saved plan of 5,000 hosts is about 60 MB. */
    RD_PLAN_SIZE_MAX = 256 << 20,
    /* Resources in one set: 5,000 hosts of a dozen each, with as much again. */
    RD_RESOURCE_COUNT_MAX = 200000,
    /* An overridden data file. */
    RD_FACTS_SIZE_MAX = 16 << 20,
};

#endif
