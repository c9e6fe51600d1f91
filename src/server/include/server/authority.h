/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_AUTHORITY_H
#define SERVER_AUTHORITY_H

/*
 * The certificate authority of a served embedded cloud, and the server certificate that it issues.
 * Both are made when first asked for and lie in a folder as PEM files: ca.pem and server.pem for
 * anybody, ca.key and server.key for the owner alone (0600). Keys are ECDSA P-256.
 *
 * The authority is kept: whoever trusts it goes on trusting it. It may vouch for this machine's own
 * names only (RFC 5280, section 4.2.1.10: name constraints to localhost and the loopback
 * addresses), so that trusting it opens nothing else. The server certificate lives for
 * RD_SERVER_CERTIFICATE_DAYS and is made anew, with a new key, when less than half of that is left.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { RD_AUTHORITY_DAYS = 3650, RD_SERVER_CERTIFICATE_DAYS = 30 };

struct rd_authority_paths {
    const char *ca; /* ca.pem: what clients are told to trust */
    struct rd_str certificate_pem;
    struct rd_str key_pem; /* of the server certificate */
};

/*
 * Makes what is missing or too old in `folder` (which must exist) as of `now_ms`, and reads the
 * server's certificate and key. Errors: IO; STATE for files that are no PEM of ours, that do not
 * belong together, or for a key that others may read.
 */
RD_NODISCARD enum rd_rc rd_authority_prepare(struct rd_arena *arena, const char *folder,
                                             int64_t now_ms, struct rd_authority_paths *ret_paths,
                                             struct rd_err *err);

#endif
