/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_COMPILE_H
#define ENCLAVE_COMPILE_H

/*
 * From a spec to the resource set of a whole enclave: a pure function, the same spec gives the same
 * set to the byte. Every id is computed; every resource that can bear tags bears those that mark it
 * as redoubt's (RD_TAG_ENCLAVE and RD_TAG_ENCLAVE_ID of resource/set.h), role assignments bear the
 * mark in their description.
 */

#include "resource/set.h"
#include "spec/spec.h"

/* Errors: INVALID when the compiled references do not resolve, which is a defect of redoubt's. */
RD_NODISCARD enum rd_rc rd_enclave_compile(struct rd_arena *arena, const struct rd_spec *spec,
                                           struct rd_set **ret_set, struct rd_err *err);

#endif
