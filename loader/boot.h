/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot target: what runs in the root guest after the launch. */
#ifndef LOADER_BOOT_H
#define LOADER_BOOT_H

#include "config.h"

/** Are the target's files there? Asked before the launch, while a failure can still be reported. */
bool boot_check(const struct config *config, struct failure *failure);

/** Starts the target. Returns true for boot = firmware, and false if the target came back. */
bool boot_start(const struct config *config, struct failure *failure);

#endif
