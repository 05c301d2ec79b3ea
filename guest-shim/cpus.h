/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's vCPUs, which all start in the shim. */
#ifndef GUEST_SHIM_CPUS_H
#define GUEST_SHIM_CPUS_H

/** Waits until all but this one are in the mailbox's loop, and names them in the MADT. */
void cpus_describe(void);

#endif
