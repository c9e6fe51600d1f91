/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMULATOR_KEY_ARM_H
#define EMULATOR_KEY_ARM_H

/* Keys and secrets as Resource Manager shows them (key_arm.c): answers of the routes that
 * keyvault.c lists. ex->params are subscription, group, store, and for one of them its name and
 * version. */

#include "core.h"

bool em_arm_vault_keys(struct em_exchange *ex);
bool em_arm_vault_key(struct em_exchange *ex);
bool em_arm_vault_key_versions(struct em_exchange *ex);
bool em_arm_vault_key_version(struct em_exchange *ex);
bool em_arm_secrets(struct em_exchange *ex);
bool em_arm_secret(struct em_exchange *ex);
bool em_arm_hsm_keys(struct em_exchange *ex);
bool em_arm_hsm_key(struct em_exchange *ex);
bool em_arm_hsm_key_versions(struct em_exchange *ex);
bool em_arm_hsm_key_version(struct em_exchange *ex);

#endif
