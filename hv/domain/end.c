/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of all domains, with the hypervisor's reign: nothing of them stays in memory. */
#include "hypercall.h"
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

/*
 * Each CPU begins at another page, and goes over what it finds wiped, so that together they need a part of the time of
 * one. None relies on another's coming to its end: what it does next may be a reset.
 */
static void wipe_all(const struct pool_view *view, uint32_t cpus)
{
	const uint64_t pages = view->pool->pages, first = pages * view->cpu / cpus;

	for (uint64_t i = 0; i < pages; i++) {
		const uint32_t page = (uint32_t)((first + i) % pages);

		if (pool_has_contents(view, page))
			pool_free(view, page);
	}
}

/* To machine_join_end(). Before its launch, the firmware has the CPU's NMIs. */
static void call_others(const struct machine *m, const struct cpu *self)
{
	for (uint32_t i = 0; i < m->boot.cpu_count; i++) {
		if (m->cpus[i] != self && m->cpus[i]->launched)
			cpu_kick(m->cpus[i]);
	}
}

/* Of a CPU that never comes back, what it holds is wiped all the same. */
void machine_end_domains(struct machine *m)
{
	const struct cpu *const self = cpu_current();
	const uint64_t start = rdtsc(), patience = PATIENCE_MS * m->boot.tsc_khz;

	__atomic_store_n(&m->pool->closed, true, __ATOMIC_SEQ_CST);
	if (m->pool->pages == 0 || !self)
		return;
	const struct pool_view view = pool_view_of(self);

	pool_close(&view, WINDOW_TARGET); /* where a crash interrupted their use */
	pool_close(&view, WINDOW_RECORDS);
	while (!all_left(m, self) && rdtsc() - start < patience)
		cpu_relax();
	lock_all(&view, start, patience);
	__atomic_store_n(&m->pool->wiping, true, __ATOMIC_SEQ_CST);
	call_others(m, self);
	wipe_all(&view, m->boot.cpu_count);
	__atomic_store_n(&m->pool->wiping, false, __ATOMIC_SEQ_CST);
}

void machine_join_end(const struct cpu *self)
{
	const struct pool_view view = pool_view_of(self);

	if (__atomic_load_n(&view.pool->wiping, __ATOMIC_SEQ_CST))
		wipe_all(&view, self->machine->boot.cpu_count);
}
