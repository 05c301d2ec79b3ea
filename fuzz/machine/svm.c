/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-V under the harness: VMCBs in memory, the root guest's and those in the pool. Codes by number, from APM 2 C. */
#include <string.h>

#include "hv/machine/exception.h"
#include "hv/root/startup.h"
#include "hv/svm/svm.h"
#include "hv/svm/vmcb.h"
#include "vendor_machine.h"
#include "world.h"

static _Alignas(4096) struct vmcb vmcbs[CPUS];
static bool init_held[CPUS]; /* an INIT that was intercepted, which is still pending (APM 2 15.21.8) */

static const struct vcpu *vcpu_of(const struct cpu *cpu)
{
	return cpu->guest ? cpu->guest : cpu->vcpu;
}

static struct vmcb *loaded(const struct cpu *cpu)
{
	return region_pointer(paddr(vcpu_of(cpu)->frame->guest_control));
}

void svm_run(struct entry_frame *frame)
{
	PROMISE(frame == world.step->cpu->vcpu->frame && frame->vcpu == world.step->cpu->vcpu);
	step_ends();
}

void svm_run_guest(struct entry_frame *frame)
{
	PROMISE(frame == world.step->cpu->guest->frame && frame->vcpu == world.step->cpu->guest);
	PROMISE(frame->stack == world.step->cpu->vcpu->frame->stack);
	PROMISE(frame->host_control == world.step->cpu->vcpu->frame->host_control);
	step_ends();
}

/* What is held comes; another CPU ends a wait for a SIPI. */
void svm_window(struct entry_frame *frame)
{
	struct cpu *const cpu = world.step->cpu;

	PROMISE(frame == cpu->vcpu->frame);
	arrive_nmi();
	if (init_held[cpu->index]) {
		init_held[cpu->index] = false;
		host_exception(&(struct exception_frame){.vector = 30}); /* #SX, by VM_CR.R_INIT */
	}
	if (cpu->vcpu->startup.waiting)
		PROMISE(startup_icr_write(world.vcpus[(cpu->index + 1) % CPUS].cpu->vcpu,
					  (uint64_t)cpu->apic_id << 32 | 0x469f));
}

uint64_t vendor_rdmsr(uint32_t msr)
{
	fprintf(stderr, "MSR %x is not for the hypervisor to read\n", msr);
	abort();
}

void vendor_start(void)
{
	memset(vmcbs, 0, sizeof(vmcbs));
	memset(init_held, 0, sizeof(init_held));
}

unsigned vendor_window(void)
{
	return WINDOW_CONTROL;
}

void vendor_start_cpu(struct cpu *cpu)
{
	struct vmcb *const vmcb = &vmcbs[cpu->index];

	cpu->vcpu->vendor.vmcb = vmcb;
	svm_set_controls(cpu->vcpu);
	vmcb->efer = 0x1500;
	vmcb->cr0 = 0x80010033;
	vmcb->cr4 = 0x668;
	vmcb->cs.attributes = 0x29b;
	cpu->vcpu->frame->guest_control = region_paddr(vmcb).value;
}

void vendor_root_exit(struct cpu *cpu, enum root_exit which)
{
	static const uint32_t codes[] = {[ROOT_HYPERCALL] = 0x81, [ROOT_WRMSR] = 0x7c, [ROOT_NMI] = 0x61};
	struct vmcb *const vmcb = cpu->vcpu->vendor.vmcb;

	vmcb->exit_code = codes[which];
	vmcb->exit_info1 = which == ROOT_WRMSR;
	vmcb->exit_interrupt_info = 0;
	vmcb->next_rip = 0;
	svm_exit(cpu->vcpu);
}

static void set_state(struct vmcb *vmcb, const struct guest_exits *exits)
{
	const bool is_long = (exits->flags & GUEST_LONG) != 0;

	vmcb->efer = 0x1901 | (is_long ? 0x400 : 0);
	vmcb->cr0 = is_long ? 0x80000031 : 0x31;
	vmcb->cr3 = 0;
	vmcb->cr4 = 0x60 | (vmcb->cr4 & 0x40000);
	vmcb->cs.attributes = is_long ? 0x29b : 0xc9b;
	vmcb->cpl = (exits->flags & GUEST_USER) != 0 ? 3 : 0;
	vmcb->rflags = 2u | ((exits->flags & GUEST_IF) != 0 ? 0x200 : 0) | ((exits->flags & GUEST_TF) != 0 ? 0x100 : 0);
	vmcb->interrupt_shadow = (exits->flags & GUEST_SHADOW) != 0;
	vmcb->rip = exits->rip;
	vmcb->rsp = secret(400);
	vmcb->rax = exits->registers.rax;
	vmcb->next_rip = 0;
	vmcb->cr2 = vmcb->dr7 = secret(401);
	vmcb->dr6 = 0xffff0ff0;
}

static uint64_t io_info(const struct guest_exits *exits)
{
	return (uint64_t)exits->port << 16 | (uint64_t)exits->bytes << 4 | (exits->string ? 4u : 0) |
	       (exits->in ? 1u : 0);
}

void vendor_guest_exit(struct cpu *cpu, const struct guest_exits *exits)
{
	static const uint32_t codes[EXIT_KINDS] = {
		[EXITS_CPUID] = 0x72,     [EXITS_RDMSR] = 0x7c,   [EXITS_WRMSR] = 0x7c,   [EXITS_XSETBV] = 0x8d,
		[EXITS_IO] = 0x7b,        [EXITS_HLT] = 0x78,     [EXITS_TDCALL] = 0x46,  [EXITS_UD] = 0x46,
		[EXITS_DB] = 0x41,        [EXITS_AC] = 0x51,      [EXITS_STAGE2] = 0x400, [EXITS_WINDOW] = 0x64,
		[EXITS_INTERRUPT] = 0x60, [EXITS_NMI] = 0x61,     [EXITS_INIT] = 0x63,    [EXITS_CR4] = 0x14,
		[EXITS_CR8] = 0x18,       [EXITS_SKIPPED] = 0x89, [EXITS_REFUSED] = 0x81, [EXITS_RDPMC] = 0x6f,
		[EXITS_DEAD] = 0x7f,
	};
	struct vmcb *const vmcb = loaded(cpu);

	PROMISE(vmcb == cpu->guest->vendor.vmcb);
	cpu->guest->frame->guest = exits->registers;
	set_state(vmcb, exits);
	vmcb->exit_code = codes[exits->kind];
	vmcb->exit_info1 = exits->kind == EXITS_WRMSR    ? 1
			   : exits->kind == EXITS_IO     ? io_info(exits)
			   : exits->kind == EXITS_STAGE2 ? (exits->write ? 2u : 0) | (exits->fetch ? 16u : 0)
							 : 0;
	vmcb->exit_info2 = exits->kind == EXITS_IO ? vmcb->rip + 2 : exits->address;
	vmcb->exit_interrupt_info = exits->delivering;
	if (exits->kind == EXITS_NMI)
		world.nmi[cpu->index] = true;
	init_held[cpu->index] = exits->kind == EXITS_INIT;
	PROMISE(svm_guest_exit(cpu->guest) == (cpu->guest != 0));
}

void vendor_enters(struct cpu *cpu)
{
	const struct vmcb *const vmcb = loaded(cpu);

	PROMISE(vmcb == vcpu_of(cpu)->vendor.vmcb && vcpu_of(cpu)->frame->vcpu == vcpu_of(cpu) &&
		!init_held[cpu->index]);
	PROMISE((vmcb->efer & 0x1000) != 0 && vmcb->nested_control == 1);
	PROMISE(vmcb->asid == (cpu->guest ? 2 + page_of((uintptr_t)cpu->guest) / 2 % 4 : 1));
	if (vmcb->tlb_control == 1)
		tlb_flush_all(cpu->index);
	if (vmcb->tlb_control == 3 && cpu->guest)
		tlb_flush(cpu, 0);
	if (!cpu->guest)
		return;
	const struct td *const td = td_vcpu_of(cpu->guest)->td;

	PROMISE(vmcb->nested_cr3 == (uintptr_t)pool_contents(td->table));
	PROMISE(vmcb->intercept_cr_write == 0x110 &&
		vmcb->intercept_exceptions == (1u << 1 | 1u << 6 | 1u << 17 | 1u << 18));
	PROMISE(vmcb->intercept_misc1 == (0x9c4c000e | 0x61008011) && vmcb->intercept_misc2 == (0x207f | 0x5e00));
	PROMISE((vmcb->virtual_interrupt & 1ull << 24) != 0 && vmcb->rax == cpu->guest->frame->guest.rax);
	PROMISE(vmcb->iopm_base == world.machine.pool->guest.maps.io_map.value &&
		vmcb->msrpm_base == world.machine.pool->guest.maps.msr_map.value);
}

bool vendor_leaves_soon(const struct cpu *cpu)
{
	(void)cpu;
	return false;
}

/* Of all domains: whatever another one left with the same ASID is flushed, or wrong. */
uint32_t vendor_tag(uint64_t table)
{
	(void)table;
	return 1;
}

uint32_t vendor_set(const struct cpu *cpu)
{
	return cpu->guest->vendor.vmcb->asid - 2;
}

uint64_t vendor_rip(const struct cpu *cpu)
{
	return loaded(cpu)->rip;
}

uint32_t vendor_event(const struct cpu *cpu)
{
	return (uint32_t)loaded(cpu)->event_injection;
}

void vendor_seen(const struct cpu *cpu)
{
	seen(cpu->vcpu->vendor.vmcb, sizeof(struct vmcb));
}
