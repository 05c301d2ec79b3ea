/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a domain that may run: what becomes free was wiped, and only once no CPU can use it. Nothing is copied or
 * measured.
 */
#ifndef DOMAIN_MEMORY_RUNNING_H
#define DOMAIN_MEMORY_RUNNING_H

#include "domain_memory.h"

#include "domain/measure.h"
#include "lib/wipe.h"

static bool kicked;

/* Of what the guest could use only what no CPU can use any more. */
void secure_wipe_through(void *of, size_t bytes)
{
	PROVE(open[WINDOW_TARGET] && of == target_window && bytes == 4096 && (records[target] & 7) == PAGE_PRIVATE);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const enum ghost_state state = place_before[i].state;
		const bool was_used =
			(place_before[i].page == target) & ((state == GHOST_ACCEPTED) | (state == GHOST_BLOCKED));

		for (uint32_t k = 0; k < DOMAIN_MAX_VCPUS; k++)
			PROVE(!was_used | (k >= td.info.vcpus) | (td.vcpu[k].runs_on != 2) |
			      (td.vcpu[k].epoch == td.epoch));
		target_window[i] = 0;
	}
	wiped[target] = true;
}

void cpu_kick(struct cpu *cpu)
{
	PROVE(cpu == &cpus[1]);
	kicked = true;
}

void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(false);
}

void measure_page(struct sha384 *mrtd, gpa_t address)
{
	PROVE(false);
}

void measure_contents(struct sha384 *mrtd, gpa_t address, const void *contents)
{
	PROVE(false);
}

/* 2 MiB of pages begin at an even number, or at an odd one. */
static uint64_t any_pool(void)
{
	return any_bool() ? POOL : POOL + SMALL;
}

#endif
