/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU with VT-x that knows which instructions would fail: VMCS in memory, NMIs and INITs that arrive between any
 * two of the instructions for it. Registers by number, so a wrong constant of hv/ is not repeated here.
 */
#include "vmx_cpu.h"

#include "fuzz/shared/vmx_capabilities.h"

struct vmx_cpu vmx_cpus[CPUS];

static struct vmx_cpu *current(void)
{
	return &vmx_cpus[world.running->index];
}

/* The hypervisor's handler runs, up to its IRET. */
static void take_nmi(struct vmx_cpu *on)
{
	on->nmis_blocked = true;
	arrive_nmi();
	on->nmis_blocked = false;
	on->owed |= world.running->nmi_seen;
}

void between_instructions(void)
{
	struct vmx_cpu *const on = current();

	if (on->nmis_blocked)
		return;
	if (on->moment != 0 && --on->moment == 0) {
		if (on->init_arrives)
			other_cpu_sends(ICR_INIT);
		else
			world.nmi[world.running->index] = true;
	}
	if (world.nmi[world.running->index])
		take_nmi(on);
	/* Nothing of the hypervisor's wait for a SIPI is an instruction for VT-x: another CPU sends it before. */
	if (world.running->vcpu->startup.waiting && !world.running->vcpu->startup.sipi)
		other_cpu_sends(ICR_SIPI);
}

/* The handler of NMIs, called after an exit for one. */
void raise_nmi(void)
{
	struct vmx_cpu *const on = current();

	PROMISE(on->nmis_blocked);
	world.nmi[world.running->index] = true;
	take_nmi(on);
}

static bool exists(uint32_t which)
{
	return (which & ~0x6c3eu) == 0;
}

uint64_t vmread(uint32_t which)
{
	PROMISE(exists(which));
	between_instructions();
	return *field(which);
}

paddr_t vmptrst(void)
{
	between_instructions();
	return region_paddr(vmx_cpus[world.running->index].vmcs);
}

/* Bits in a field by its width: 16, 64, 32, natural. */
static unsigned width(uint32_t which)
{
	static const uint8_t widths[] = {16, 64, 32, 64};

	return widths[which >> 13 & 3];
}

/*
 * Paging control and EFER; EPT tables of different roots have separate translations (SDM 3C 28.3.2). OSXSAVE and PKE
 * change none: protection keys are looked at in each access (SDM 3A 4.6.2).
 */
static bool changes_translations(uint32_t which, uint64_t changed)
{
	const uint64_t concerned = which == GUEST_CR4 ? changed & ~CR4_OWNED : changed;

	return concerned != 0 && (which == GUEST_CR0 || which == GUEST_CR3 || which == GUEST_CR4 ||
				  which == GUEST_EFER || which == ENTRY_CONTROLS);
}

void vmwrite(uint32_t which, uint64_t value)
{
	PROMISE(exists(which) && SLOT_KIND(FIELD_SLOT(which)) != KIND_READ_ONLY);
	PROMISE(width(which) == 64 || value >> width(which) == 0);
	between_instructions();
	if (changes_translations(which, *field(which) ^ value))
		current()->stale = true;
	*field(which) = value;
}

void invvpid(uint64_t type, uint64_t vpid)
{
	between_instructions();
	PROMISE(type == 1 && vpid == *field(VIRTUAL_PROCESSOR_ID));
	current()->stale = false;
}

void verw(uint16_t selector)
{
	between_instructions();
	PROMISE(selector == *field(HOST_DS_SELECTOR));
	current()->buffers = true;
}

void vendor_wrmsr(uint32_t msr, uint64_t value)
{
	between_instructions();
	PROMISE(msr == 0x10b && value == 1 && (world.features & FEATURE_FLUSH_L1D) != 0);
	current()->l1d = true;
}

uint64_t vendor_rdmsr(uint32_t msr)
{
	return vmx_capability(msr);
}
