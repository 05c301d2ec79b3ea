/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU that knows what would fault. Rules by number, so that a wrong constant of hv/ is not repeated here. */
#include "world.h"

#include "hv/startup.h"
#include "hv/vcpu.h"

struct world world;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	switch (leaf) {
	case 0xd:
		if (subleaf == 0)
			return (struct cpuid_result){world.cpu_has_mpx ? 0xff : 0xe7, 0, 0, 0};
		return (struct cpuid_result){world.cpu_has_xsaves ? 8 : 0, 0, world.cpu_has_xsaves ? 0x1900 : 0, 0};
	case 0x80000001:
		return (struct cpuid_result){0, 0, 1u << 2, 1u << 20 | 1u << 25};
	default:
		return (struct cpuid_result){~leaf, ~subleaf, leaf, subleaf};
	}
}

uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case 0x1b:
		return 0xfee00d00;
	case 0x803:
		return 0x50014;
	case 0x810:
		return 0x8001;
	default:
		PROMISE(msr >= 0x811 && msr <= 0x817); /* anything else is read natively or not at all */
		return 0;
	}
}

/* What the APIC takes (SDM 3A 10.12.9), and what must not get there. */
static void icr(uint64_t value)
{
	const unsigned mode = value >> 8 & 7;

	PROMISE((value & 0xfff33000) == 0);
	PROMISE(mode == 0 || mode == 1 || mode == 4);
}

void wrmsr(uint32_t msr, uint64_t value)
{
	switch (msr) {
	case 0x830:
		icr(value);
		break;
	case 0xda0: /* XSS: exists with XSAVES only; bits that are supported, and never processor trace */
		PROMISE(world.cpu_has_xsaves && (value & ~0x1800ull) == 0);
		break;
	default:
		PROMISE(msr == 0x808 || msr == 0x80b || msr == 0x80f || (msr >= 0x832 && msr <= 0x838) || msr == 0x83e);
		PROMISE(value <= 0xffffffff);
		break;
	}
}

uint64_t rdtsc(void)
{
	static uint64_t now;

	return now += 1000;
}

void xsetbv(uint32_t index, uint64_t value)
{
	const uint64_t supported = world.cpu_has_mpx ? 0xff : 0xe7;

	PROMISE(index == 0 && (value & ~supported) == 0 && (value & 1) != 0);
	PROMISE((value & 4) == 0 || (value & 2) != 0);
	PROMISE((value & 0x18) == 0 || (value & 0x18) == 0x18);
	PROMISE((value & 0xe0) == 0 || ((value & 0xe0) == 0xe0 && (value & 4) != 0));
}

/* A write that ends the machine comes after the wipe. */
static void port_write(uint16_t port, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < bytes; i++) {
		const uint16_t at = (uint16_t)(port + i);
		const uint8_t byte = (uint8_t)(value >> 8 * i);

		PROMISE(at != 0x605 || (byte & 0x20) == 0 || world.wiped);
		PROMISE(at != 0xcf9 || (port == 0xcf8 && bytes == 4) || (byte & 4) == 0 || world.wiped);
		PROMISE(at != 0x92 || (byte & 1) == 0 || world.wiped);
		PROMISE(at != 0x64 || byte < 0xf0 || (byte & 1) != 0 || world.wiped);
		PROMISE(at != 0x64 || byte != 0xd1);
	}
}

void outb(uint16_t port, uint8_t value)
{
	port_write(port, 1, value);
}

void outw(uint16_t port, uint16_t value)
{
	port_write(port, 2, value);
}

void outl(uint16_t port, uint32_t value)
{
	port_write(port, 4, value);
}

uint8_t inb(uint16_t port)
{
	return (uint8_t)port;
}

uint16_t inw(uint16_t port)
{
	return port;
}

uint32_t inl(uint16_t port)
{
	return port;
}

void wbinvd(void)
{
}

void clear_debug_addresses(void)
{
}

/* The window of a CPU that waits for a SIPI: another one sends it, so that the wait ends. */
void gif_window(void)
{
	struct cpu *const other = world.running->machine->cpus[world.running->index == 0];

	if (world.running->startup.waiting)
		startup_icr_write(other, (uint64_t)world.running->apic_id << 32 | 0x600 | 0x9f);
}
