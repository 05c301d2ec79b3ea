/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that put the machine to sleep or reset it, and PCI configuration space. Whatever ends the hypervisor's reign leaves
 * no secret in memory: the secrets are wiped first, then the access goes through.
 */
#include "floor.h"
#include "io_policy.h"
#include "machine/pci.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"

#define RESET_CONTROL         0xcf9u
#define RESET_CONTROL_RST_CPU (1u << 2)
#define SYSTEM_CONTROL_A      0x92u
#define SYSTEM_CONTROL_INIT   (1u << 0)
#define A20                   2u /* bit 1: of system control A, and of what the keyboard controller drives */
#define KEYBOARD_COMMAND      0x64u

/* Of the upper byte of PM1 control and of sleep control alike (ACPI 6.5, 4.8.3.2.1 and 4.8.3.7). */
#define SLP_EN        (1u << 5)
#define SLP_TYP(byte) ((byte) >> 2 & 7)

bool io_policy_exits(const struct boot_info *boot, uint16_t port)
{
	for (unsigned i = 0; i < BOOT_SLEEP_PORTS; i++) {
		if (port != 0 && port == boot->sleep_port[i])
			return true;
	}
	return (port >= PCI_ADDRESS && port <= PCI_DATA_LAST) || port == SYSTEM_CONTROL_A || port == KEYBOARD_COMMAND ||
	       (port != 0 && (port == boot->reset_port || port == boot->floor.closed_port));
}

void io_policy_apply(const struct boot_info *boot, uint8_t bitmap[8192])
{
	for (uint32_t port = 0; port < 0x10000; port++) {
		if (io_policy_exits(boot, (uint16_t)port))
			bitmap[port / 8] |= (uint8_t)(1u << port % 8);
	}
}

/* The bytes that a write of @bytes at @port puts at @at and above, or 0 if it does not touch that port. */
static uint32_t part_at(struct io_access access, uint32_t value, uint16_t at)
{
	return at >= access.port && at < access.port + access.bytes ? value >> 8 * (at - access.port) : 0;
}

/* A bit for each SLP_TYP with which the write puts the machine to sleep. */
static uint32_t sleeps(const struct boot_info *boot, struct io_access access, uint32_t value)
{
	uint32_t types = 0;

	for (unsigned i = 0; i < BOOT_SLEEP_PORTS; i++) {
		const uint32_t byte = boot->sleep_port[i] != 0 ? part_at(access, value, boot->sleep_port[i]) : 0;

		if ((byte & SLP_EN) != 0)
			types |= 1u << SLP_TYP(byte);
	}
	return types;
}

bool io_policy_sleep_refused(const struct boot_info *boot, struct io_access access, uint32_t value)
{
	return (sleeps(boot, access, value) & ~(uint32_t)boot->sleep_types) != 0;
}

/* 0xF0 to 0xFF pulse the controller's output lines; line 0 is the CPU's reset. */
static bool pulses_reset(struct io_access access, uint32_t value)
{
	return (part_at(access, value, KEYBOARD_COMMAND) & 0xf1) == 0xf0;
}

static bool touches(struct io_access access, uint16_t port)
{
	return port != 0 && port >= access.port && port < access.port + access.bytes;
}

/* A 32-bit write at 0xCF8 is the PCI configuration address, not reset control (PCI 3.0, 3.2.2.3.2). */
static bool resets(struct io_access access, uint32_t value)
{
	const bool address = access.port == PCI_ADDRESS && access.bytes == 4;

	return !address && (part_at(access, value, RESET_CONTROL) & RESET_CONTROL_RST_CPU) != 0;
}

bool io_policy_ends(const struct boot_info *boot, struct io_access access, uint32_t value)
{
	if (sleeps(boot, access, value) != 0 || pulses_reset(access, value))
		return true;
	if (resets(access, value) || (part_at(access, value, SYSTEM_CONTROL_A) & SYSTEM_CONTROL_INIT) != 0)
		return true;
	/* Often it is the port of SMI commands, of which one value resets (ACPI 6.5, 4.8.3.6). */
	return boot->reset_port != RESET_CONTROL && touches(access, boot->reset_port) &&
	       (uint8_t)part_at(access, value, boot->reset_port) == boot->reset_value;
}

/* Its next data byte would drive the output port, whose bit 0 is the CPU's reset: A20 is always on, so nobody needs it. */
static bool writes_output_port(struct io_access access, uint32_t value)
{
	return touches(access, KEYBOARD_COMMAND) && (part_at(access, value, KEYBOARD_COMMAND) & 0xff) == 0xd1;
}

/*
 * Does a write touch a register of one byte and its neighbours? What each byte of it does depends on the chipset; no software
 * needs it.
 */
static bool too_wide(struct io_access access)
{
	const bool address = access.port == PCI_ADDRESS && access.bytes == 4;

	return access.bytes > 1 && (touches(access, SYSTEM_CONTROL_A) || touches(access, KEYBOARD_COMMAND) ||
				    (touches(access, RESET_CONTROL) && !address));
}

/*
 * @value with A20 on. Masked, it is bit 20 of the hypervisor's own addresses that is 0 (AMD-V; VMX operation blocks it).
 * The commands: 0xDD (off; 0xDF: on) and pulses of output lines, of which line 1 is A20's.
 */
static uint32_t with_a20(struct io_access access, uint32_t value)
{
	const uint32_t command = part_at(access, value, KEYBOARD_COMMAND) & 0xff;

	return touches(access, SYSTEM_CONTROL_A) || command >= 0xf0 || command == 0xdd ? value | A20 : value;
}

static void port_write(struct io_access access, uint32_t value)
{
	switch (access.bytes) {
	case 1:
		outb(access.port, (uint8_t)value);
		break;
	case 2:
		outw(access.port, (uint16_t)value);
		break;
	default:
		outl(access.port, value);
		break;
	}
}

/*
 * Where there is memory-mapped configuration space, an OS that looks for the ports does not find them and takes the way that needs
 * no exit: what it writes to 0xCF8 to see whether it reads back (PCI 3.0, 3.2.2.3.2) reads as all ones, and so do parts, with which
 * it looks for mechanism #2. Any other address reads back, for who saves it and puts it back; the ports work all the same.
 */
static bool hides_mechanism(const struct machine *m, struct io_access access)
{
	return access.port == PCI_ADDRESS && m->boot.ecam_base != 0 && m->boot.pci_ports_shown == 0 &&
	       (access.bytes != 4 || inl(PCI_ADDRESS) == PCI_ADDRESS_ENABLE);
}

static uint32_t port_read(const struct machine *m, struct io_access access)
{
	if (hides_mechanism(m, access))
		return UINT32_MAX;
	switch (access.bytes) {
	case 1:
		return inb(access.port);
	case 2:
		return inw(access.port);
	default:
		return inl(access.port);
	}
}

/* IN leaves the upper part of RAX alone but for 32 bits, which clear it. */
static uint64_t with_low_bytes(uint64_t rax, unsigned bytes, uint32_t value)
{
	const uint64_t low = (1ull << 8 * bytes) - 1;

	return bytes == 4 ? value : (rax & ~low) | (value & low);
}

static bool refuse(struct cpu *cpu, struct io_access access, const char *what)
{
	cpu->refused_io++;
	console_line(cpu->machine, "cpu %u: %s at port %x refused, rip %lx", cpu->index, what, access.port,
		     vcpu_rip(cpu));
	return false;
}

static bool perform(struct cpu *cpu, struct io_access access)
{
	struct registers *const guest = &cpu->frame->guest;

	if (access.in) {
		guest->rax = with_low_bytes(guest->rax, access.bytes, port_read(cpu->machine, access));
		return true;
	}
	if (too_wide(access))
		return refuse(cpu, access, "wide write");
	if (writes_output_port(access, (uint32_t)guest->rax))
		return refuse(cpu, access, "output port command");
	const uint32_t value = with_a20(access, (uint32_t)guest->rax); /* what reaches the port is judged */
	const bool floor = floor_addressed(cpu->machine, access);

	if (floor || io_policy_sleep_refused(&cpu->machine->boot, access, value)) {
		(void)refuse(cpu, access, floor ? "write to the platform's floor" : "sleep");
		return true; /* as if the register were read-only */
	}
	if (io_policy_ends(&cpu->machine->boot, access, value))
		machine_wipe_secrets(cpu->machine);
	port_write(access, value);
	return true;
}

/* Writes of the configuration address exit as well (0xCF9 is among their ports), so that the lock keeps it. */
static bool answer(struct cpu *cpu, struct io_access access, bool config)
{
	lock_t *const lock = &cpu->machine->pci_lock;

	if (access.string) /* would need the guest's memory; no software sleeps or resets that way */
		return refuse(cpu, access, "string access");
	if (config)
		lock_take(lock);
	const bool done = perform(cpu, access);

	if (config)
		lock_release(lock);
	return done;
}

void exit_io_port(struct cpu *cpu, struct io_access access)
{
	const bool config = floor_port(access);

	cpu->exits[config ? HV_EXIT_PCI : HV_EXIT_IO]++;
	iommu_poll_seldom(cpu->machine);
	if (answer(cpu, access, config))
		vcpu_advance(cpu, access.length);
	else
		vcpu_inject(cpu, VECTOR_GP, 0);
}
