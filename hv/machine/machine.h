/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The physical machine, and where each room keeps its part of it: filled in by hv_prepare(), constant afterwards except
 * where a lock or an atomic is named.
 */
#ifndef CLOISTER_MACHINE_MACHINE_H
#define CLOISTER_MACHINE_MACHINE_H

#include "cloister/boot_info.h"
#include "console.h"
#include "memory/address.h"

struct attestation;
struct cpu;
struct iommu;
struct paging;
struct pool;
struct root;
struct vendor_machine;

struct machine {
	struct boot_info boot; /* the checked copy */
	bool prepared;
	uint32_t phys_bits;
	uint64_t launch_tsc;
	struct console console;
	struct cpu *cpus[BOOT_MAX_CPUS];

	/* What other rooms keep of it. */
	struct paging *paging;
	struct vendor_machine *vendor;
	struct iommu *iommu;
	struct root *root;
	struct pool *pool;
	struct attestation *attestation;

	/* Atomics. */
	uint32_t cpus_in_control;
	uint32_t cpus_parked;
};

extern struct machine machine; /* the loader calls in by CPU number alone; everything else gets it through struct cpu */

/* Microseconds since the launch. */
uint64_t machine_uptime_us(const struct machine *m);

/* Wipes HK and whatever else must not survive sleep, reset or a crash. Waits for a signature that is being made. */
void machine_wipe_secrets(struct machine *m);

/* Ends all domains for good; nothing of them stays in memory (domain/end.c). */
void machine_end_domains(struct machine *m);

/* Wipes with the CPU that ends them, if one does: on a CPU that was kicked out of its guest, and has no window open. */
void machine_join_end(const struct cpu *self);

/* Is [@address, @address + @bytes) RAM of the root guest, within one page? */
bool machine_is_ram(const struct machine *m, gpa_t address, uint64_t bytes);

#endif
