/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine, its time, and its secrets. */
#include "machine.h"

#include "attest/attestation.h"
#include "x86/instructions.h"

struct machine machine;

uint64_t machine_uptime_us(const struct machine *m)
{
	const uint64_t ticks = rdtsc() - m->launch_tsc;

	/* Split, so that the product does not overflow before 584,000 years. */
	return ticks / m->boot.tsc_khz * 1000 + ticks % m->boot.tsc_khz * 1000 / m->boot.tsc_khz;
}

void machine_wipe_secrets(struct machine *m)
{
	const uint64_t start = rdtsc();

	machine_end_domains(m);
	while (!lock_try(&m->attestation->lock)) {
		/* crash() wiped them, on a CPU that may hold the lock for ever; another may sign for some ms. */
		if (__atomic_load_n(&m->cpus_parked, __ATOMIC_ACQUIRE) != 0 && rdtsc() - start > 100 * m->boot.tsc_khz)
			return;
		cpu_relax();
	}
	hk_wipe(&m->attestation->hk);
	lock_release(&m->attestation->lock);
	wbinvd(); /* what a signature left on a stack is zeros in a cache only: a reset drops them */
	console_line(m, "secrets wiped");
}
