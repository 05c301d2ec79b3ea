/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every CPU into the hypervisor. */
#ifndef LOADER_LAUNCH_H
#define LOADER_LAUNCH_H

#include "failure.h"

#include <cloister/boot_info.h>

/** Calls cpu_check on every CPU. Nothing has changed when it fails. */
bool launch_check(const struct boot_info *info, struct failure *failure);

/**
 * Calls cpu_launch on every CPU, the boot processor last; on success the caller is in the root guest.
 * @begun: true as soon as any CPU may be in the hypervisor
 */
bool launch_all(const struct boot_info *info, bool *begun, struct failure *failure);

#endif
