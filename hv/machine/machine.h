/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that the hypervisor knows about the machine: filled in by hv_prepare(), constant afterwards
 * except where a lock or an atomic is named.
 */
#ifndef CLOISTER_MACHINE_MACHINE_H
#define CLOISTER_MACHINE_MACHINE_H

#include "attest/hk.h"
#include "cloister/boot_info.h"
#include "cloister/errors.h"
#include "cloister/statement.h"
#include "console.h"
#include "domain/pool.h"
#include "iommu/iommu.h"
#include "lock.h"
#include "memory/paging.h"
#include "vcpu/domain.h"
#include "memory/address.h"
#include "vendor.h"

struct cpu;

struct machine {
	struct boot_info boot; /* the checked copy */
	bool prepared;
	uint32_t phys_bits;
	uint64_t launch_tsc;

	struct paging paging;
	struct domain root;
	struct pool pool;
	struct iommu iommu;
	struct vendor_machine vendor; /* permission bitmaps */
	struct console console;
	struct cpu *cpus[BOOT_MAX_CPUS];

	lock_t pci_lock;      /* ports 0xCF8 to 0xCFF, from the check of an address to its use */
	paddr_t floor_detour; /* the root guest's view for an instruction that writes to the floor's pages */

	lock_t hk_lock; /* hk, wiping included */
	struct hk hk;
	struct hk_statement statement;
	uint8_t log[BOOT_MAX_LOG];
	bool log_complete; /* copied at the first launch, before any guest runs */

	/* Atomics. */
	uint32_t cpus_in_control;
	uint32_t cpus_parked;
};

extern struct machine machine; /* the loader calls in by CPU number alone; everything else gets it through struct cpu */

/* Microseconds since the launch. */
uint64_t machine_uptime_us(const struct machine *m);

/* Wipes HK and whatever else must not survive sleep, reset or a crash. Waits for a signature that is being made. */
void machine_wipe_secrets(struct machine *m);

/* Is [@address, @address + @bytes) RAM of the root guest, within one page? */
bool machine_is_ram(const struct machine *m, uint64_t address, uint64_t bytes);

#endif
