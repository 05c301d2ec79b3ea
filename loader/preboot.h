/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drivers and programs that the firmware starts before the boot order: they own everything after them. */
#ifndef LOADER_PREBOOT_H
#define LOADER_PREBOOT_H

#include "failure.h"

/**
 * Refuses a machine whose EFI variables have the firmware start drivers (DriverOrder) or programs (SysPrepOrder) before
 * the boot order (UEFI 2.10, 3.1.3). This helps honest machines to find out early. Such a driver could hide its
 * variable, so a verifier judges PCR 2 and PCR 4 in any case.
 * @allowed: the config allows them
 */
bool preboot_check(bool allowed, struct failure *failure);

#endif
