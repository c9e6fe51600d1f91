/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CREDENTIALS_H
#define CLI_CREDENTIALS_H

/*
 * What an application of a served cloud may sign in with besides its secret: a certificate whose
 * key is its own (NAME.pem), and a token of an issuer that the cloud believes (NAME.token, signed
 * by issuer.key). All lie in the folder 'serve', 0600. They are made when asked for, because RSA
 * keys take some tenths of a second, and used whenever they are there.
 */

#include "emulator/cloud.h"

struct credentials {
    const char *certificate_file; /* NULL where there is none */
    const char *token_file;
};

/* Where they are, of those that exist. */
struct credentials credentials_find(struct rd_arena *arena, const char *folder, const char *name);
/*
 * Makes what is missing if `makes`, writes the token anew for a year from `now_ms`, and registers
 * both with `application`. `audience` is what a federated token must be for, "" for no token.
 * Errors: IO, INVALID for a file that is no PEM of an RSA key.
 */
RD_NODISCARD enum rd_rc credentials_prepare(struct rd_arena *arena, const char *folder,
                                            const char *name, struct rd_str audience,
                                            int64_t now_ms, bool makes,
                                            struct rd_cloud_application *application,
                                            struct rd_err *err);

#endif
