/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU's memory, its descriptor tables, and how one CPU calls another. */
#include "cpu.h"

#include "descriptors.h"
#include "memory/paging.h"
#include "x86/instructions.h"
#include "x86/msr.h"

static paddr_t next_page(paddr_t *pages, uint64_t count)
{
	const paddr_t first = *pages;

	pages->value += count * PAGE_BYTES;
	return first;
}

/* A stack of @count pages above a guard page; returns its top. */
static uint64_t carve_stack(struct machine *m, paddr_t *pages, uint64_t count)
{
	paging_guard(m->paging, next_page(pages, 1));
	return next_page(pages, count).value + count * PAGE_BYTES;
}

struct cpu *cpu_carve(struct machine *m, uint32_t index, paddr_t pages)
{
	struct cpu *const cpu = region_pointer(next_page(&pages, 1));

	cpu->machine = m;
	cpu->index = index;
	cpu->apic_id = m->boot.cpu_apic_id[index];
	cpu->is_bsp = index == 0;
	cpu->stack = carve_stack(m, &pages, STACK_PAGES);
	for (unsigned i = 0; i < IST_STACKS; i++)
		cpu->tss.ist[i] = carve_stack(m, &pages, 1);
	cpu->tss.iomap = sizeof(struct tss);
	descriptors_build(cpu->gdt, &cpu->tss);
	m->cpus[index] = cpu;
	return cpu;
}

void cpu_load_tables(struct cpu *cpu)
{
	descriptors_load(cpu->gdt);
}

struct cpu *cpu_current(void)
{
	const uint32_t apic_id = (uint32_t)rdmsr(IA32_X2APIC_APICID);

	for (uint32_t i = 0; i < machine.boot.cpu_count; i++) {
		if (machine.boot.cpu_apic_id[i] == apic_id)
			return machine.cpus[i];
	}
	return 0;
}

#define ICR_NMI (4ull << 8)

void cpu_send_nmi(const struct cpu *cpu)
{
	wrmsr(IA32_X2APIC_ICR, (uint64_t)cpu->apic_id << 32 | ICR_NMI);
}

void cpu_kick(struct cpu *cpu)
{
	if (!__atomic_exchange_n(&cpu->kicked, true, __ATOMIC_SEQ_CST))
		cpu_send_nmi(cpu);
}

void cpu_park(void)
{
	for (;;)
		halt();
}
