/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU's memory, its descriptor tables, its exceptions, and how one CPU calls another. */
#include "cpu.h"

#include "descriptors.h"
#include "x86/msr.h"
#include "root/startup.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"

static paddr_t next_page(paddr_t *pages, uint64_t count)
{
	const paddr_t first = *pages;

	pages->value += count * PAGE_BYTES;
	return first;
}

/* A stack of @count pages above a guard page; returns its top. */
static uint64_t carve_stack(struct machine *m, paddr_t *pages, uint64_t count)
{
	paging_guard(&m->paging, next_page(pages, 1));
	return next_page(pages, count).value + count * PAGE_BYTES;
}

void cpu_carve(struct machine *m, uint32_t index, paddr_t pages)
{
	struct cpu *const cpu = region_pointer(next_page(&pages, 1));

	cpu->machine = m;
	cpu->index = index;
	cpu->apic_id = m->boot.cpu_apic_id[index];
	cpu->is_bsp = index == 0;
	vcpu_carve(&cpu->vcpu, next_page(&pages, VENDOR_PAGES));

	cpu->frame = (struct entry_frame *)carve_stack(m, &pages, STACK_PAGES) - 1;
	cpu->frame->cpu = cpu;
	for (unsigned i = 0; i < IST_STACKS; i++)
		cpu->tss.ist[i] = carve_stack(m, &pages, 1);
	cpu->tss.iomap = sizeof(struct tss);
	descriptors_build(cpu->gdt, &cpu->tss);
	m->cpus[index] = cpu;
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

void cpu_park(struct cpu *cpu)
{
	(void)cpu;
	for (;;)
		halt();
}

/* Called by the stubs of exception.S: an exception or NMI while the hypervisor runs. */
void host_exception(const struct exception_frame *frame);

void host_exception(const struct exception_frame *frame)
{
	struct cpu *const cpu = cpu_current();

	if (!cpu) {
		for (;;)
			halt();
	}
	if (frame->vector == VECTOR_NMI) {
		/* A kick has done its work by arriving; any other NMI is the root guest's. */
		if (!__atomic_exchange_n(&cpu->kicked, false, __ATOMIC_SEQ_CST))
			cpu->nmi_seen = true;
		vcpu_nmi_arrived();
		return;
	}
	if (frame->vector ==
	    VECTOR_SX) { /* an INIT, redirected (AMD-V's VM_CR.R_INIT); no lock is held in the window */
		startup_post_init(cpu);
		return;
	}
	crash(cpu, &(struct crash_record){
			   .kind = frame->vector == VECTOR_MC ? CRASH_MACHINE_CHECK : CRASH_HOST_EXCEPTION,
			   .code = frame->vector,
			   .detail = frame->error_code,
			   .address = read_cr2(),
			   .rip = frame->rip,
			   .rsp = frame->rsp,
		   });
}
