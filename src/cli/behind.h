/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_BEHIND_H
#define CLI_BEHIND_H

/*
 * What a changed spec leaves behind: a plan looks only into the subscriptions that the spec names,
 * and for what bears the enclave's name, so that what an earlier spec named elsewhere (another
 * subscription, another enclave's name) stands on and costs money. The journals know it.
 */

#include "session.h"

/* Warns of what stands behind. With an open state; `writes` also notes whose state it is. */
RD_NODISCARD enum rd_rc behind_tell(struct session *session, bool writes, struct rd_err *err);

#endif
