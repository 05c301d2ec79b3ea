/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-x under the harness: VMCSs in memory, the root guest's and those in the pool, each active on one CPU at most. NMIs
 * arrive between two instructions. Reasons and registers by number, from SDM 3D B and C.
 */
#include <string.h>

#include "fuzz/shared/vmx_capabilities.h"
#include "hv/root/startup.h"
#include "hv/vmx/guest.h"
#include "hv/vmx/vmx.h"
#include "vendor_machine.h"
#include "world.h"

/* A VMCS is as many words as there can be fields: 4 widths, 4 kinds (appendix B), and 32 are enough of each. */
#define FIELDS        512u
#define FIELD_SLOT(f) (((f) >> 13 & 3) << 7 | ((f) >> 10 & 3) << 5 | ((f) >> 1 & 31))

#define UNDEFINED_LENGTH 0xbad1e9u

_Static_assert(FIELDS * sizeof(uint64_t) == PAGE_BYTES, "a VMCS is one page");

static _Alignas(4096) uint64_t roots[CPUS][FIELDS];
static _Alignas(4096) uint64_t regions[CPUS][FIELDS]; /* for VMXON */

static struct vmx_cpu {
	uint64_t current;   /* address of the VMCS */
	uint64_t active[8]; /* those that the CPU may hold parts of; 0: none */
	bool nmis_blocked;  /* since an NMI was an exit, until an IRET */
} vmx[CPUS];

static struct vmx_cpu *self(void)
{
	return &vmx[world.step->cpu->index];
}

static uint64_t *field_of(uint64_t vmcs, uint32_t which)
{
	return &((uint64_t *)region_pointer(paddr(vmcs)))[FIELD_SLOT(which)];
}

static uint64_t *field(uint32_t which)
{
	return field_of(self()->current, which);
}

/* The handler of NMIs runs, and another CPU ends a wait for a SIPI. */
static void between_instructions(void)
{
	struct startup *const startup = &world.step->cpu->vcpu->startup;
	struct vmx_cpu *const on = self();

	if (world.nmi[world.step->cpu->index] && !on->nmis_blocked) {
		on->nmis_blocked = true;
		arrive_nmi();
		on->nmis_blocked = false;
	}
	if (startup->waiting && !startup->sipi && !startup->lock.held)
		PROMISE(startup_icr_write(world.cpus[(world.step->cpu->index + 1) % CPUS].vcpu,
					  (uint64_t)world.step->cpu->apic_id << 32 | 0x469f));
}

void raise_nmi(void)
{
	PROMISE(self()->nmis_blocked);
	self()->nmis_blocked = false;
	world.nmi[world.step->cpu->index] = true;
	between_instructions();
}

uint64_t vmread(uint32_t which)
{
	PROMISE((which & ~0x6c3eu) == 0 && self()->current != 0);
	between_instructions();
	return *field(which);
}

void vmwrite(uint32_t which, uint64_t value)
{
	static const uint8_t widths[] = {16, 64, 32, 64};
	const unsigned width = widths[which >> 13 & 3];

	PROMISE((which & ~0x6c3eu) == 0 && (which >> 10 & 3) != 1 && self()->current != 0);
	PROMISE(width == 64 || value >> width == 0);
	between_instructions();
	*field(which) = value;
}

paddr_t vmptrst(void)
{
	return paddr(self()->current);
}

static bool is_active(const struct vmx_cpu *on, uint64_t vmcs)
{
	for (unsigned i = 0; i < COUNT_OF(on->active); i++) {
		if (on->active[i] == vmcs)
			return true;
	}
	return false;
}

static void set_active(uint64_t from, uint64_t to)
{
	struct vmx_cpu *const on = self();
	unsigned i = 0;

	while (i < COUNT_OF(on->active) && on->active[i] != from)
		i++;
	if (i < COUNT_OF(on->active))
		on->active[i] = to;
}

/* A VMCS that another CPU holds parts of is lost to it (SDM 3C 24.1). */
void vmptrld(paddr_t vmcs)
{
	for (uint32_t i = 0; i < CPUS; i++)
		PROMISE(i == world.step->cpu->index || !is_active(&vmx[i], vmcs.value));
	if (!is_active(self(), vmcs.value))
		set_active(0, vmcs.value);
	self()->current = vmcs.value;
}

void vmclear(paddr_t vmcs)
{
	for (uint32_t i = 0; i < CPUS; i++)
		PROMISE(i == world.step->cpu->index || !is_active(&vmx[i], vmcs.value));
	if (is_active(self(), vmcs.value))
		set_active(vmcs.value, 0);
	if (self()->current == vmcs.value)
		self()->current = 0;
}

bool vmxon(paddr_t region)
{
	return region.value != 0;
}

/* The tag of a domain is its EPT pointer's; INVVPID leaves what is stage 2's alone (SDM 3C 28.4.3.1). */
void invept(uint64_t type, uint64_t ept_pointer)
{
	if (type == 2)
		tlb_flush_all(world.step->cpu->index);
	else
		tlb_flush(world.step->cpu, vendor_tag(ept_pointer & ~PAGE_MASK));
}

void invvpid(uint64_t type, uint64_t vpid)
{
	PROMISE(type == 2 || (vpid == *field(VIRTUAL_PROCESSOR_ID) && vpid != 0));
}

uint64_t vendor_rdmsr(uint32_t msr)
{
	return msr == 0xc0000080 ? 0xd00 : vmx_capability(msr);
}

uint64_t read_cr0(void)
{
	return 0x80010033;
}

uint64_t read_cr3(void)
{
	return 0x5000;
}

uint64_t read_cr4(void)
{
	return 0x342060;
}

struct descriptor_table read_idtr(void)
{
	return (struct descriptor_table){0xfff, 0x6000};
}

struct descriptor_table read_gdtr(void)
{
	return (struct descriptor_table){0xff, 0x7000};
}

/* entry.S */
const char vmx_exit_entry[1], vmx_guest_exit_entry[1];

void vmx_enter(struct entry_frame *frame)
{
	const struct cpu *const cpu = world.step->cpu;

	PROMISE(frame == (cpu->guest ? cpu->guest : cpu->vcpu)->frame && frame->stack == cpu->vcpu->frame->stack);
	step_ends();
}

void vendor_start(void)
{
	struct vendor_machine *const vendor = world.machine.vendor;

	memset(roots, 0, sizeof(roots));
	memset(vmx, 0, sizeof(vmx));
	PROMISE(controls_negotiate(&vendor->controls) == HV_OK);
}

/* A VMCS is the CPU's: no window shows it. */
unsigned vendor_window(void)
{
	return WINDOWS_PER_CPU;
}

void vendor_start_cpu(struct cpu *cpu)
{
	cpu->vcpu->vendor.vmxon = region_paddr(regions[cpu->index]);
	cpu->vcpu->vendor.vmcs = region_paddr(roots[cpu->index]);
	vmptrld(cpu->vcpu->vendor.vmcs);
	vmx_write_controls(cpu->vcpu);
	vmx_write_host_state(cpu->vcpu);
	*field(GUEST_CR0) = 0x80010033;
	*field(GUEST_CR4) = 0x2668;
	*field(GUEST_EFER) = 0xd00;
	*field(GUEST_CS_RIGHTS) = 0xa09b;
	*field(GUEST_RFLAGS) = 2;
}

void vendor_root_exit(struct cpu *cpu, enum root_exit which)
{
	static const uint32_t reasons[] = {[ROOT_HYPERCALL] = 18, [ROOT_WRMSR] = 32, [ROOT_NMI] = 0};

	*field(EXIT_REASON) = reasons[which];
	*field(EXIT_INTERRUPTION_INFO) = which == ROOT_NMI ? 0x80000202 : 0;
	*field(EXIT_INSTRUCTION_LENGTH) = 3;
	*field(IDT_VECTORING_INFO) = 0;
	*field(ENTRY_INTERRUPTION_INFO) &= ~0x80000000ull;
	if (which == ROOT_NMI) {
		world.nmi[cpu->index] = false;
		self()->nmis_blocked = true;
	}
	vmx_exit(cpu->vcpu);
}

static void set_state(const struct guest_exits *exits)
{
	const bool is_long = (exits->flags & GUEST_LONG) != 0;

	*field(GUEST_EFER) = 0x901 | (is_long ? 0x400 : 0);
	*field(GUEST_CR0) = is_long ? 0x80000031 : 0x31;
	*field(GUEST_CR3) = 0;
	*field(GUEST_CR4) = 0x2060 | (*field(GUEST_CR4) & 0x40000);
	*field(GUEST_CS_RIGHTS) = is_long ? 0xa09b : 0xc09b;
	*field(GUEST_SS_RIGHTS) = (exits->flags & GUEST_USER) != 0 ? 0xc0f3 : 0xc093;
	*field(GUEST_RFLAGS) =
		2u | ((exits->flags & GUEST_IF) != 0 ? 0x200 : 0) | ((exits->flags & GUEST_TF) != 0 ? 0x100 : 0);
	*field(GUEST_INTERRUPTIBILITY) = (exits->flags & (GUEST_SHADOW | GUEST_IF)) == (GUEST_SHADOW | GUEST_IF);
	*field(GUEST_RIP) = exits->rip;
	*field(GUEST_RSP) = secret(400);
	*field(GUEST_DR7) = 0x400;
}

static uint64_t qualification_of(const struct guest_exits *exits)
{
	switch (exits->kind) {
	case EXITS_IO:
		return (uint64_t)exits->port << 16 | (exits->string ? 0x10u : 0) | (exits->in ? 8u : 0) |
		       (exits->bytes - 1u);
	case EXITS_STAGE2:
		return exits->fetch ? 4 : exits->write ? 2 : 1;
	case EXITS_CR4: /* from RAX */
		return 4;
	case EXITS_CR8:
		return 8;
	default:
		return 0;
	}
}

static uint32_t interruption_of(enum exit_kind kind)
{
	switch (kind) {
	case EXITS_NMI:
		return 0x80000202;
	case EXITS_UD:
	case EXITS_TDCALL: /* without SEAM */
		return 0x80000306;
	case EXITS_DB:
		return 0x80000301;
	case EXITS_AC:
		return 0x80000b11;
	default:
		return 0;
	}
}

/* Of an instruction that exits by itself; of everything else the field is undefined (27.2.5). */
static uint32_t length_of(uint32_t reason)
{
	if (reason <= 7 || reason == 48) /* exceptions, interrupts, INIT, a window; stage 2 */
		return UNDEFINED_LENGTH;
	return reason == 77 ? 4 : 2;
}

void vendor_guest_exit(struct cpu *cpu, const struct guest_exits *exits)
{
	static const uint32_t reasons[EXIT_KINDS] = {
		[EXITS_CPUID] = 10, [EXITS_RDMSR] = 31,   [EXITS_WRMSR] = 32,    [EXITS_XSETBV] = 55,
		[EXITS_IO] = 30,    [EXITS_HLT] = 12,     [EXITS_TDCALL] = 77,   [EXITS_STAGE2] = 48,
		[EXITS_WINDOW] = 7, [EXITS_INIT] = 3,     [EXITS_INTERRUPT] = 1, [EXITS_CR4] = 28,
		[EXITS_CR8] = 28,   [EXITS_SKIPPED] = 54, [EXITS_REFUSED] = 18,  [EXITS_RDPMC] = 15,
		[EXITS_DEAD] = 2,
	};
	const bool ud = exits->kind == EXITS_TDCALL && cpu->index % 2 != 0;
	const uint32_t reason = ud ? 0 : reasons[exits->kind];

	PROMISE(self()->current == cpu->guest->vendor.vmcs.value);
	cpu->guest->frame->guest = exits->registers;
	set_state(exits);
	*field(ENTRY_INTERRUPTION_INFO) &= ~0x80000000ull; /* by the exit (24.8.3) */
	*field(EXIT_REASON) = reason;
	*field(EXIT_QUALIFICATION) = qualification_of(exits);
	*field(EXIT_INTERRUPTION_INFO) = interruption_of(exits->kind);
	*field(EXIT_INSTRUCTION_LENGTH) = length_of(reason);
	*field(IDT_VECTORING_INFO) = exits->delivering;
	*field(GUEST_PHYSICAL_ADDRESS) = exits->address;
	if (exits->kind == EXITS_NMI) {
		world.nmi[cpu->index] = false;
		self()->nmis_blocked = true;
	}
	vmx_guest_exit(cpu->guest);
}

#define TRAP_FLAG (1u << 27)

void vendor_enters(struct cpu *cpu)
{
	const struct vcpu *const vcpu = cpu->guest ? cpu->guest : cpu->vcpu;
	const uint64_t vmcs = vmx[cpu->index].current;
	const uint64_t primary = *field_of(vmcs, PRIMARY_CONTROLS);

	PROMISE(vmcs == vcpu->vendor.vmcs.value && vcpu->frame->vcpu == vcpu);
	PROMISE(*field_of(vmcs, VIRTUAL_PROCESSOR_ID) == (cpu->guest ? 2 + page_of((uintptr_t)cpu->guest) / 2 % 4 : 1));
	PROMISE(!vmx[cpu->index].nmis_blocked && (primary & 0x92000000) == 0x92000000);
	PROMISE(!cpu->nmi_seen || (primary & TRAP_FLAG) != 0);
	if (!cpu->guest)
		return;
	const struct td *const td = td_vcpu_of(cpu->guest)->td;

	PROMISE(*field_of(vmcs, EPT_POINTER) == ((uintptr_t)pool_contents(td->table) | 0x1e));
	PROMISE((*field_of(vmcs, PIN_BASED_CONTROLS) & 0x29) == 0x29 && (primary & 0x20180c80) == 0x20180c80);
	PROMISE((*field_of(vmcs, SECONDARY_CONTROLS) & 0x40000e2) == 0xe2);
	PROMISE(*field_of(vmcs, EXCEPTION_BITMAP) == (1u << 1 | 1u << 6 | 1u << 17 | 1u << 18));
	PROMISE(*field_of(vmcs, IO_BITMAP_A) == world.machine.pool->guest.maps.io_map.value &&
		*field_of(vmcs, MSR_BITMAP) == world.machine.pool->guest.maps.msr_map.value);
}

bool vendor_leaves_soon(const struct cpu *cpu)
{
	return (*field_of(vmx[cpu->index].current, PRIMARY_CONTROLS) & TRAP_FLAG) != 0;
}

uint32_t vendor_tag(uint64_t table)
{
	return page_of(table) + 1;
}

/* What is stage 2's goes whatever the VPID (SDM 3C 28.4.3.1). */
uint32_t vendor_set(const struct cpu *cpu)
{
	(void)cpu;
	return 0;
}

uint64_t vendor_rip(const struct cpu *cpu)
{
	return *field_of(vmx[cpu->index].current, GUEST_RIP);
}

uint32_t vendor_event(const struct cpu *cpu)
{
	return (uint32_t)*field_of(vmx[cpu->index].current, ENTRY_INTERRUPTION_INFO);
}

void vendor_seen(const struct cpu *cpu)
{
	seen(roots[cpu->index], sizeof(roots[0]));
}
