/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root guest: the one that owns the devices. */
#ifndef CLOISTER_ROOT_ROOT_H
#define CLOISTER_ROOT_ROOT_H

#include "machine/lock.h"
#include "vcpu/domain.h"

struct root {
	struct domain domain;
	struct vcpu *vcpus[BOOT_MAX_CPUS]; /* by the index of the CPU that each of them runs on */
	lock_t pci_lock;                   /* ports 0xCF8 to 0xCFF, from the check of an address to its use */
	paddr_t floor_detour;              /* the view for an instruction that writes to the floor's pages */
};

#endif
