/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of all domains, with the hypervisor's reign: nothing of them stays in memory. */
#include "lib/wipe.h"
#include "machine/cpu.h"
#include "pool.h"
#include "x86/instructions.h"

#define PATIENCE_MS 100u

/* Has every other CPU left the guest that it was in? Those that have not are kicked. */
static bool all_left(const struct machine *m, const struct cpu *self)
{
	bool left = true;

	for (uint32_t i = 0; i < m->boot.cpu_count; i++) {
		struct cpu *const cpu = m->cpus[i];

		if (cpu == self || !__atomic_load_n(&cpu->guest, __ATOMIC_SEQ_CST))
			continue;
		cpu_kick(cpu);
		left = false;
	}
	return left;
}

/* A call that is under way on another CPU comes to its end first; none begins. */
static void lock_all(const struct pool_view *view, uint64_t start, uint64_t patience)
{
	for (uint32_t page = 0; page < view->pool->pages; page++) {
		while (pool_lock_domain(view, page) == POOL_BUSY && rdtsc() - start < patience)
			cpu_relax();
	}
}

/* Through the caches, of whichever CPUs: a reset drops what is in them, and may come from another CPU meanwhile. */
static void wipe_all(const struct pool_view *view)
{
	for (uint32_t page = 0; page < view->pool->pages; page++) {
		if (!pool_has_contents(view, page))
			continue;
		secure_wipe_through(pool_open(view, WINDOW_TARGET, page), PAGE_BYTES);
		pool_close(view, WINDOW_TARGET);
	}
}

/*
 * Of a CPU that never comes back, what it holds is wiped all the same. Who comes while another CPU is at it wipes, too:
 * whatever it does next, a reset perhaps, finds nothing of the domains.
 */
void machine_end_domains(struct machine *m)
{
	const struct cpu *const self = cpu_current();
	const uint64_t start = rdtsc(), patience = PATIENCE_MS * m->boot.tsc_khz;

	if (m->pool->pages == 0 || !self)
		return;
	__atomic_store_n(&m->pool->closed, true, __ATOMIC_SEQ_CST);
	const struct pool_view view = {m->pool, m->paging, self->index, m->cpus};

	pool_close(&view, WINDOW_TARGET); /* where a crash interrupted their use */
	pool_close(&view, WINDOW_RECORDS);
	while (!all_left(m, self) && rdtsc() - start < patience)
		cpu_relax();
	lock_all(&view, start, patience);
	wipe_all(&view);
}
