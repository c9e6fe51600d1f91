/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_IPV4_H
#define BASE_IPV4_H

/* IPv4 addresses and prefixes in text: "10.0.0.4", "10.0.0.0/26". */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct rd_ipv4 {
    uint32_t base; /* the host's part as it was written */
    int bits;      /* 32 of an address */
};

/* False when the whole view is neither: four numbers up to 255, and at most 32 bits. */
bool rd_ipv4_parse(struct rd_str text, struct rd_ipv4 *ret_prefix);
/* Whether all addresses of `inner` are addresses of `outer`. */
bool rd_ipv4_contains(struct rd_ipv4 outer, struct rd_ipv4 inner);

#endif
