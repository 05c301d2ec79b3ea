/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of QEMU's machines this is, with how many CPUs, and what its firmware has to do for both. */
#ifndef GUEST_SHIM_PLATFORM_H
#define GUEST_SHIM_PLATFORM_H

#include "cloister/guest_shim.h"

/** Sets the base addresses that the ACPI tables name. The answer is measured, since the VMM chooses it. */
enum shim_machine_type platform_start(void);

/** Waits until all vCPUs but this one are in the mailbox's loop, and names them in the MADT. */
void platform_name_cpus(void);

#endif
