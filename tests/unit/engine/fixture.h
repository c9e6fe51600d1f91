/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

/* What tests of the engine begin and end with. */

#include "engine/engine.h"
#include "fake_client.h"

/* The world around a client, without a journal. */
struct rd_world world_of(struct fake_client *net);
/* Removes a journal's files from its folder. */
void remove_journal(const char *folder);

#endif
