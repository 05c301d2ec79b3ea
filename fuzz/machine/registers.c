/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions, and the registers of each CPU that the hypervisor switches by hand. */
#include <string.h>

#include "hv/machine/exception.h"
#include "hv/root/startup.h"
#include "world.h"

struct physical physical[CPUS];

static const uint32_t msrs[] = {0x1d9,      0x48,       0xda0,      0xc0000081, 0xc0000082,
				0xc0000083, 0xc0000084, 0xc0000102, 0xc0000103};

_Static_assert(COUNT_OF(msrs) == COUNT_OF(((struct physical *)0)->msr), "one value each");

static struct physical *current(void)
{
	return &physical[world.step->cpu->index];
}

void registers_start(void)
{
	memset(physical, 0, sizeof(physical));
	for (uint32_t i = 0; i < CPUS; i++)
		registers_of_root(i);
}

static void write_all(struct physical *p, uint64_t first)
{
	for (unsigned i = 0; i < COUNT_OF(msrs); i++)
		p->msr[i] = first + i;
	for (unsigned i = 0; i < 4; i++)
		p->dr[i] = first + 0x10 + i;
	p->cr2 = first + 0x20;
	p->xmm = first + 0x21;
	p->mxcsr = (uint32_t)first + 0x22;
	p->dr6 = 0xffff0ff0 | (first & 0xf);
}

#define OF_ROOT(cpu) (0x7007000000000000ull + (uint64_t)(cpu) * 0x100)

void registers_of_root(uint32_t cpu)
{
	write_all(&physical[cpu], OF_ROOT(cpu));
	physical[cpu].xcr0 = 7;
}

/* Of the registers without an exit those that are switched; XSS is not among them. */
void registers_of_guest(uint32_t cpu)
{
	const struct guest_setup *const setup = &world.machine.pool->guest;
	const struct physical before = physical[cpu];

	write_all(&physical[cpu], secret(100));
	memcpy(physical[cpu].msr, before.msr, sizeof(before.msr));
	for (unsigned i = 0; i < COUNT_OF(msrs); i++) {
		for (uint32_t k = 0; k < setup->msr_count; k++) {
			if (setup->msr[k] == msrs[i] && msrs[i] != 0xda0)
				physical[cpu].msr[i] = secret(200 + i);
		}
	}
}

void check_registers_of_root(uint32_t cpu)
{
	const struct physical *const p = &physical[cpu];
	struct physical expected = *p;

	write_all(&expected, OF_ROOT(cpu));
	expected.xcr0 = 7;
	for (unsigned i = 0; i < COUNT_OF(msrs); i++)
		PROMISE(p->msr[i] == expected.msr[i]);
	PROMISE(memcmp(p->dr, expected.dr, sizeof(p->dr)) == 0 && p->cr2 == expected.cr2 && p->dr6 == expected.dr6);
	PROMISE(p->xcr0 == expected.xcr0 && p->xmm == 0 && p->mxcsr == 0x1f80 && !p->interrupts);
}

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	static const struct cpuid_result xsave_parts[8] = {
		{0xe7, 0x240, 0xa80, 0}, {0xf, 0x340, 0, 0},   {0x100, 0x240, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0},
		{0x40, 0x440, 0, 0},     {0x200, 0x480, 0, 0}, {0x400, 0x680, 0, 0},
	};

	switch (leaf) {
	case 0: /* the vendor makes no difference to what is asked for */
		return (struct cpuid_result){0x23, 0x756e6547, 0x6c65746e, 0x49656e69};
	case 0xd:
		return subleaf < 8 ? xsave_parts[subleaf] : (struct cpuid_result){0, 0, 0, 0};
	case 0x80000000:
		return (struct cpuid_result){0x80000021, 0, 0, 0};
	default:
		return (struct cpuid_result){~0u, ~0u, ~0u, ~0u};
	}
}

static uint64_t *msr_of(uint32_t msr)
{
	for (unsigned i = 0; i < COUNT_OF(msrs); i++) {
		if (msrs[i] == msr)
			return &current()->msr[i];
	}
	return 0;
}

uint64_t vendor_rdmsr(uint32_t msr);

uint64_t rdmsr(uint32_t msr)
{
	const uint64_t *const value = msr_of(msr);

	if (value)
		return *value;
	switch (msr) {
	case 0x802:
		return world.step->cpu->apic_id;
	case 0x803: /* an INIT is acted upon */
		world.resets[world.step->cpu->index] = true;
		return 0x50014;
	case 0x10a:
		return ~0ull;
	default:
		return msr >= 0x810 && msr <= 0x817 ? 0 : vendor_rdmsr(msr);
	}
}

/* An NMI, to one of the CPUs. It comes at once where the target is in a guest, if the input says so. */
static void send_nmi(uint32_t apic_id)
{
	PROMISE(apic_id < CPUS);
	world.nmi[apic_id] = true;
	if (choose(&world.choices, 4) == 1)
		interrupt_by(&world.cpus[apic_id]);
	else
		between();
}

void wrmsr(uint32_t msr, uint64_t value)
{
	uint64_t *const kept = msr_of(msr);

	if (kept)
		*kept = value;
	else if (msr == 0x830 && (uint32_t)value == 0x400)
		send_nmi((uint32_t)(value >> 32));
	else
		PROMISE((msr >= 0x800 && msr <= 0x83f) || msr == 0x49 || msr == 0x10b);
}

/* Time passes: who is in a guest has an exit, while another CPU waits for the end of all domains. */
uint64_t rdtsc(void)
{
	for (uint32_t i = 0; i < CPUS && world.ending && world.machine.pool->closed; i++) {
		if (world.cpus[i].guest)
			interrupt_by(&world.cpus[i]);
	}
	return world.tsc += 1000;
}

void xsetbv(uint32_t index, uint64_t value)
{
	PROMISE(index == 0 && (value & 1) != 0 && (value & ~0xe7ull) == 0);
	current()->xcr0 = value;
}

uint64_t xgetbv(uint32_t index)
{
	PROMISE(index == 0);
	return current()->xcr0;
}

/* Of the area: MXCSR, XMM0, and which components are not in their initial state. */
#define AREA_MXCSR 24
#define AREA_XMM0  160
#define AREA_STATE 512

void xsave(void *area, uint64_t components)
{
	PROMISE(components == current()->xcr0);
	memcpy((uint8_t *)area + AREA_MXCSR, &current()->mxcsr, sizeof(current()->mxcsr));
	memcpy((uint8_t *)area + AREA_XMM0, &current()->xmm, sizeof(current()->xmm));
	memcpy((uint8_t *)area + AREA_STATE, &components, sizeof(components));
}

void xrstor(const void *area, uint64_t components)
{
	uint64_t state;

	PROMISE(components == current()->xcr0);
	memcpy(&current()->mxcsr, (const uint8_t *)area + AREA_MXCSR, sizeof(current()->mxcsr));
	memcpy(&current()->xmm, (const uint8_t *)area + AREA_XMM0, sizeof(current()->xmm));
	memcpy(&state, (const uint8_t *)area + AREA_STATE, sizeof(state));
	if ((state & 2) == 0)
		current()->xmm = 0;
}

uint64_t read_cr2(void)
{
	return current()->cr2;
}

void write_cr2(uint64_t value)
{
	current()->cr2 = value;
}

uint64_t read_dr6(void)
{
	return current()->dr6;
}

void write_dr6(uint64_t value)
{
	current()->dr6 = value;
}

void read_debug_addresses(uint64_t address[4])
{
	memcpy(address, current()->dr, sizeof(current()->dr));
}

void write_debug_addresses(const uint64_t address[4])
{
	memcpy(current()->dr, address, sizeof(current()->dr));
}

void clear_debug_addresses(void)
{
	memset(current()->dr, 0, sizeof(current()->dr));
}

void fill_return_stack(void)
{
}

void sti(void)
{
	current()->interrupts = true;
}

void cli(void)
{
	current()->interrupts = false;
}

void verw(uint16_t selector)
{
	PROMISE(selector == 0x10);
}

void wbinvd(void)
{
}

void halt(void)
{
	abort();
}

void arrive_nmi(void)
{
	if (!world.nmi[world.step->cpu->index])
		return;
	world.nmi[world.step->cpu->index] = false;
	host_exception(&(struct exception_frame){.vector = 2});
}

/* No step touches a port. */
void outb(uint16_t port, uint8_t value)
{
	(void)port;
	(void)value;
	abort();
}

void outw(uint16_t port, uint16_t value)
{
	outb(port, (uint8_t)value);
}

void outl(uint16_t port, uint32_t value)
{
	outb(port, (uint8_t)value);
}

uint8_t inb(uint16_t port)
{
	outb(port, 0);
	return 0;
}

uint16_t inw(uint16_t port)
{
	return inb(port);
}

uint32_t inl(uint16_t port)
{
	return inb(port);
}
