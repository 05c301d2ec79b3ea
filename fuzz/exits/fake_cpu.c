/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU that knows which accesses would fault. Rules by number, so a wrong constant of hv/ is not repeated here. */
#include "hv/machine/exception.h"
#include "hv/root/startup.h"
#include "world.h"

struct world world;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	switch (leaf) {
	case 0xd:
		if (subleaf == 0)
			return (struct cpuid_result){(world.features & FEATURE_MPX) != 0 ? 0xe02ff : 0xe7, 0, 0, 0};
		return (world.features & FEATURE_XSAVES) != 0 ? (struct cpuid_result){8, 0, 0x1900, 0}
							      : (struct cpuid_result){0, 0, 0, 0};
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
	case 0x10a:
	case 0x179:
		return ~0ull;
	case 0x802:
		return world.running->apic_id;
	case 0x803:
		world.resets++;
		return 0x50014;
	case 0x810:
		return 0x8001;
	default: /* anything else is read natively or not at all */
		return msr >= 0x811 && msr <= 0x817 ? 0 : vendor_rdmsr(msr);
	}
}

static bool guest_wrote(uint64_t value)
{
	const struct registers *const guest = &world.running->vcpu->frame->guest;

	return value == (guest->rdx << 32 | (uint32_t)guest->rax);
}

/* The hypervisor's own NMIs go to CPUs that it runs on. */
static void send_nmi(uint64_t value)
{
	const struct machine *const m = world.running->machine;
	bool sent = false;

	for (uint32_t i = 0; i < CPUS; i++) {
		if (m->cpus[i]->launched && m->cpus[i]->apic_id == value >> 32)
			sent = world.nmi[i] = true;
	}
	PROMISE(sent || guest_wrote(value));
}

/* Values that the APIC accepts (SDM 3A 10.12.9), and those that must not get there. */
static void icr(uint64_t value)
{
	const unsigned mode = value >> 8 & 7;

	PROMISE((value & 0xfff33000) == 0);
	PROMISE(mode == 4 || ((mode == 0 || mode == 1) && guest_wrote(value)));
	if ((uint32_t)value == 0x400)
		send_nmi(value);
}

void wrmsr(uint32_t msr, uint64_t value)
{
	switch (msr) {
	case 0x830:
		icr(value);
		break;
	case 0x17a:
		PROMISE(value == 0); /* MCIP turns a #MC into a shutdown */
		break;
	case 0xda0: /* XSS: exists with XSAVES only; bits that are supported, and never processor trace */
		PROMISE((world.features & FEATURE_XSAVES) != 0 && (value & ~0x1800ull) == 0);
		break;
	case 0x808:
	case 0x80b:
	case 0x80f:
	case 0x832 ... 0x838:
	case 0x83e:
		PROMISE(value <= 0xffffffff);
		break;
	default:
		vendor_wrmsr(msr, value);
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
	const uint64_t supported = (world.features & FEATURE_MPX) != 0 ? 0x602ff : 0xe7; /* APX is not for the guest */

	PROMISE(index == 0 && (value & ~supported) == 0 && (value & 1) != 0);
	PROMISE((value & 4) == 0 || (value & 2) != 0);
	PROMISE((value & 0x18) == 0 || (value & 0x18) == 0x18);
	PROMISE((value & 0x60000) == 0 || (value & 0x60000) == 0x60000);
	PROMISE((value & 0xe0) == 0 || ((value & 0xe0) == 0xe0 && (value & 4) != 0));
}

/* The configuration address (PCI 3.0, 3.2.2.3.2), as 32 bits and in no other way. */
static void pci_write(uint16_t port, unsigned bytes, uint32_t value)
{
	const bool host_bridge = (world.pci_address & 0x80ffff00) == 0x80000000;

	PROMISE(port > 0xcff || port + bytes <= 0xcfc || !host_bridge);
	if (port == 0xcf8 && bytes == 4)
		world.pci_address = value;
}

/* A write that ends the machine comes after the wipe. */
static void port_write(uint16_t port, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < bytes; i++) {
		const uint16_t at = (uint16_t)(port + i);
		const uint8_t byte = (uint8_t)(value >> 8 * i);

		PROMISE(at != 0x605 || (byte & 0x20) == 0 || world.wiped);
		PROMISE(at != 0x605 || (byte & 0x20) == 0 || (byte >> 2 & 7) != 2);
		PROMISE(at != 0xcf9 || (port == 0xcf8 && bytes == 4) || (byte & 4) == 0 || world.wiped);
		PROMISE(at != 0x92 || (byte & 1) == 0 || world.wiped);
		PROMISE(at != 0x64 || byte < 0xf0 || (byte & 1) != 0 || world.wiped);
		PROMISE(at != 0x64 || byte != 0xd1);
	}
	pci_write(port, bytes, value);
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
	return port == 0xcf8 ? world.pci_address : port;
}

void wbinvd(void)
{
}

void clear_debug_addresses(void)
{
}

/* A CPU that runs guests is one of the machine's. */
void halt(void)
{
	abort();
}

uint64_t read_cr2(void)
{
	return 0;
}

void write_cr2(uint64_t value)
{
	PROMISE(value == 0);
}

void write_dr6(uint64_t value)
{
	PROMISE(value == 0xffff0ff0);
}

void arrive_exception(unsigned vector)
{
	host_exception(&(struct exception_frame){.vector = vector});
}

void arrive_nmi(void)
{
	bool *const on_its_way = &world.nmi[world.running->index];

	if (!*on_its_way)
		return;
	*on_its_way = false;
	arrive_exception(2);
}

void other_cpu_sends(uint32_t icr_low)
{
	struct cpu *const other = world.running->machine->cpus[world.running->index == 0];

	PROMISE(startup_icr_write(other->vcpu, (uint64_t)world.running->apic_id << 32 | icr_low));
}
