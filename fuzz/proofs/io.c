/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/root/io.c: for every set of ports that the firmware can name, every access and every value. A write that puts
 * the machine to sleep or resets it exits, and reaches the port only after the secrets are wiped; no other access
 * wipes them. Writes to the floor, and a sleep that is not allowed, never reach the port.
 */
#include "proof.h"

#include "machine/cpu.h"
#include "root/floor.h"
#include "root/io_policy.h"
#include "root/root.h"
#include "vcpu/vcpu.h"
#include "machine/pci.h"

static const struct boot_info *boot;
static uint32_t config_address, port_value;
static bool wiped, wrote, touched;

/* Any byte of the access, and any way in which it could end the machine. */
static unsigned byte, way;
enum { SLEEP_A, SLEEP_B, SLEEP_C, RESET_CONTROL, SYSTEM_CONTROL, KEYBOARD, RESET_REGISTER, WAYS };

/*
 * By number: ACPI 6.5, 4.8.3.2.1, 4.8.3.6 and 4.8.3.7; ICH9 data sheet, 13.7.3 and 13.7.5; the keyboard controller's
 * pulse commands.
 */
static bool ends(unsigned how, uint32_t port, uint8_t value, bool is_config_address)
{
	switch (how) {
	case SLEEP_A:
	case SLEEP_B:
	case SLEEP_C:
		return boot->sleep_port[how] != 0 && port == boot->sleep_port[how] && (value & 0x20) != 0;
	case RESET_CONTROL:
		return port == 0xcf9 && (value & 4) != 0 && !is_config_address;
	case SYSTEM_CONTROL:
		return port == 0x92 && (value & 1) != 0;
	case KEYBOARD:
		return port == 0x64 && value >= 0xf0 && (value & 1) == 0;
	default: /* the reset control is looked at more closely */
		return boot->reset_port != 0 && boot->reset_port != 0xcf9 && port == boot->reset_port &&
		       value == boot->reset_value;
	}
}

static bool byte_ends(uint16_t port, unsigned bytes, uint32_t value)
{
	return byte < bytes && ends(way, port + byte, (uint8_t)(value >> 8 * byte), port == 0xcf8 && bytes == 4);
}

static bool access_ends(uint16_t port, unsigned bytes, uint32_t value)
{
	bool any = false;

	for (unsigned how = 0; how < WAYS; how++) {
		for (unsigned i = 0; i < bytes; i++)
			any = any || ends(how, port + i, (uint8_t)(value >> 8 * i), port == 0xcf8 && bytes == 4);
	}
	return any;
}

/* The CPU looks at the bit of each byte's port (APM 2 15.10.1; SDM 3C 25.1.3). */
static bool access_exits(uint16_t port, unsigned bytes)
{
	bool exits = false;

	for (uint32_t at = port; at < port + bytes && at < 0x10000; at++)
		exits = exits || io_policy_exits(boot, (uint16_t)at);
	return exits;
}

/* Any of the functions that are the floor's. */
static unsigned function;

static bool at_floor(uint16_t port, unsigned bytes)
{
	const uint16_t closed = boot->floor.closed_port;

	if (closed != 0 && (closed < PCI_DATA || closed > PCI_DATA_LAST) && port <= closed && port + bytes > closed &&
	    (port > 0xcff || port + bytes <= 0xcfc))
		return true;
	return port <= 0xcff && port + bytes > 0xcfc && config_address >> 31 == 1 &&
	       function < boot->floor.function_count &&
	       boot->floor.function[function] == (uint16_t)(config_address >> 8);
}

static void port_written(uint16_t port, unsigned bytes, uint32_t value)
{
	PROVE(wiped || !byte_ends(port, bytes, value));
	PROVE(!at_floor(port, bytes));
	/* The chipset decides how a wider write treats each byte. */
	PROVE(bytes == 1 || port > 0x64 || port + bytes <= 0x64);
	PROVE(bytes == 1 || port > 0x92 || port + bytes <= 0x92);
	PROVE(bytes == 1 || port > 0xcf9 || port + bytes <= 0xcf9 || (port == 0xcf8 && bytes == 4));
	PROVE(byte >= bytes || way > SLEEP_C || !ends(way, port + byte, (uint8_t)(value >> 8 * byte), false) ||
	      (boot->sleep_types >> (value >> 8 * byte >> 2 & 7) & 1) != 0);
	for (unsigned i = 0; i < bytes; i++) {
		const uint8_t part = (uint8_t)(value >> 8 * i);

		PROVE(port + i != 0x64 || part != 0xd1); /* output port: bit 0 is the reset */
		PROVE(port + i != 0x64 || (part != 0xdd && (part < 0xf0 || (part & 2) != 0)));
		PROVE(port + i != 0x92 || (part & 2) != 0); /* A20 stays on */
	}
	wrote = touched = true;
}

void outb(uint16_t port, uint8_t value)
{
	port_written(port, 1, value);
}

void outw(uint16_t port, uint16_t value)
{
	port_written(port, 2, value);
}

void outl(uint16_t port, uint32_t value)
{
	port_written(port, 4, value);
}

uint8_t inb(uint16_t port)
{
	touched = true;
	return (uint8_t)port_value;
}

uint16_t inw(uint16_t port)
{
	touched = true;
	return (uint16_t)port_value;
}

uint32_t inl(uint16_t port)
{
	touched = true;
	return port == 0xcf8 ? config_address : port_value;
}

void machine_wipe_secrets(struct machine *m)
{
	PROVE(!touched || at_floor(0xcfc, 1) || !wrote);
	wiped = true;
}

/* Its line is proven in console.c. */
void exit_note_refusal(const struct vcpu *vcpu, const char *access, const char *object, uint64_t number)
{
}

static uint8_t length; /* of the instruction */
static unsigned advanced, injected;

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	PROVE(bytes == length);
	advanced++;
}

void vcpu_inject(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	PROVE(vector == 13 && error_code == 0);
	injected++;
}

static void assume_access(const struct boot_info *info, struct io_access access)
{
	ASSUME(access.bytes == 1 || access.bytes == 2 || access.bytes == 4);
	__CPROVER_havoc_object(&byte);
	__CPROVER_havoc_object(&way);
	__CPROVER_havoc_object(&function);
	ASSUME(info->floor.function_count <= BOOT_MAX_FLOOR); /* proven in boot_info.c */
	boot = info;
}

void prove_io_policy(void)
{
	struct boot_info info;
	struct io_access access;
	uint32_t value;

	assume_access(&info, access);
	const bool wipes = io_policy_ends(&info, access, value);

	PROVE(wipes || !byte_ends(access.port, access.bytes, value));
	PROVE(access_exits(access.port, access.bytes) || !byte_ends(access.port, access.bytes, value));
	PROVE(access.port > 0xcff || access.port + access.bytes <= 0xcf8 || access_exits(access.port, access.bytes));
	PROVE(access.port > 0x64 || access.port + access.bytes <= 0x64 || access_exits(access.port, access.bytes));
	REACHABLE(wipes && access.bytes == 4 && access.port == 0x603);
	REACHABLE(wipes && access.bytes == 2 && access.port == 0xcf8);
	REACHABLE(!wipes && access.port == 0xcf9);
	REACHABLE(access.port == 0xffff && access.bytes == 4);
}

void prove_io_no_other_wipe(void)
{
	struct boot_info info;
	struct io_access access;
	uint32_t value;

	assume_access(&info, access);
	ASSUME(info.sleep_port[1] == 0 && info.sleep_port[2] == 0);
	const bool wipes = io_policy_ends(&info, access, value);

	PROVE(!wipes || access_ends(access.port, access.bytes, value));
	REACHABLE(wipes);
	REACHABLE(!wipes);
}

void prove_exit_io(void)
{
	struct root root;
	struct machine m;
	struct entry_frame frame;
	struct cpu cpu;
	struct vcpu vcpu;
	struct io_access access;

	assume_access(&m.boot, access);
	__CPROVER_havoc_object(&config_address);
	__CPROVER_havoc_object(&port_value);
	root.pci_lock.held = false;
	m.root = &root;
	cpu.machine = &m;
	vcpu.cpu = &cpu;
	vcpu.frame = &frame;
	vcpu.refused_io = 0;
	vcpu.exits[HV_EXIT_PCI] = vcpu.exits[HV_EXIT_IO] = 0;
	const uint64_t rax = frame.guest.rax;
	length = access.length;
	exit_io_port(&vcpu, access);
	const bool done = advanced == 1;
	const uint64_t low = access.bytes == 4 ? UINT64_MAX : (1ull << 8 * access.bytes) - 1;

	PROVE(advanced + injected == 1);
	PROVE(!root.pci_lock.held);
	PROVE(done || (!wrote && !wiped));
	PROVE(done || access.string || !access.in);
	PROVE(!access.string || (!touched && !done));
	PROVE(!access.in || !wrote);
	PROVE((frame.guest.rax & ~low) == (rax & ~low));
	PROVE((access.in && done) || frame.guest.rax == rax);
	PROVE(access.bytes != 4 || !access.in || !done || frame.guest.rax >> 32 == 0);
	REACHABLE(wiped && wrote);
	REACHABLE(!wiped && wrote && access.port == 0xcfc);
	REACHABLE(done && !access.in && !wrote);
	REACHABLE(!done && !access.string);
}
