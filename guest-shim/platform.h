/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of QEMU's machines this is, and the registers that its firmware has to set. */
#ifndef GUEST_SHIM_PLATFORM_H
#define GUEST_SHIM_PLATFORM_H

#include "cloister/guest_shim.h"

/** Sets the base addresses that the ACPI tables name. The answer is measured, since the VMM chooses it. */
enum shim_machine_type platform_start(void);

#endif
