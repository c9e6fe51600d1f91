/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

/*
 * The real doors of a session: libcurl's transport with a login on it, and the machine's clock; a
 * cloud that is served with a virtual clock of its own lives in this process's virtual time, and is
 * told so. Endpoints are those of clouds.yaml or of a custom cloud's metadata (--cloud-metadata,
 * REDOUBT_METADATA).
 */

#include "azure/transport.h"
#include "login/login.h"
#include "session.h"

/* Where a cloud describes itself. */
#define METADATA_PATH "/metadata/endpoints?api-version=2022-09-01"

/* Options for a live cloud without --live would silently rehearse. Errors: USAGE. */
RD_NODISCARD enum rd_rc live_check_unused(const struct args *args, struct rd_err *err);

/* Opens clock, loop, transport and login of the cloud that is called `cloud` ("": whatever the
 * metadata describes) and sets the world's endpoints; nothing is asked of it but its metadata.
 * Errors: USAGE; those of rd_endpoints_find, rd_curl_open; TRANSIENT, CLOUD for its metadata. */
RD_NODISCARD enum rd_rc live_open(struct session *session, struct rd_str cloud, struct rd_err *err);
/* Signs in and tells, on standard error, who acts where. Errors: those of rd_login_sign_in;
 * PERMISSION for another tenant than the spec's. */
RD_NODISCARD enum rd_rc live_sign_in(struct session *session, struct rd_err *err);
/* A journal belongs to one cloud: the file 'cloud' beside it says to which. Errors: STATE, IO. */
RD_NODISCARD enum rd_rc live_check_journal(const struct session *session, struct rd_err *err);
/* The last question before the first write. Errors: as output_ask. */
RD_NODISCARD enum rd_rc live_ask(const struct session *session, struct rd_err *err);
struct rd_transport *live_door(const struct session *session);
struct rd_login *live_login(const struct session *session);
RD_NODISCARD enum rd_rc live_check(const struct session *session, struct rd_err *err);
/* Waits for what is under way; before the client goes. Does nothing without a live cloud. */
void live_settle(struct session *session);
void live_close(struct session *session);

#endif
