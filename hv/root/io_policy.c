/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that put the machine to sleep or reset it, those that come with them, and PCI configuration space. */
#include "io_policy.h"

#include "machine/pci.h"
#include "machine/reset.h"

#define SYSTEM_CONTROL_A    0x92u
#define SYSTEM_CONTROL_INIT (1u << 0)
#define A20                 2u /* bit 1: of system control A, and of what the keyboard controller drives */

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

bool io_policy_output_command(struct io_access access, uint32_t value)
{
	return touches(access, KEYBOARD_COMMAND) && (part_at(access, value, KEYBOARD_COMMAND) & 0xff) == 0xd1;
}

bool io_policy_too_wide(struct io_access access)
{
	const bool address = access.port == PCI_ADDRESS && access.bytes == 4;

	return access.bytes > 1 && (touches(access, SYSTEM_CONTROL_A) || touches(access, KEYBOARD_COMMAND) ||
				    (touches(access, RESET_CONTROL) && !address));
}

/* The commands: 0xDD (off; 0xDF: on) and pulses of output lines, of which line 1 is A20's. */
uint32_t io_policy_with_a20(struct io_access access, uint32_t value)
{
	const uint32_t command = part_at(access, value, KEYBOARD_COMMAND) & 0xff;

	return touches(access, SYSTEM_CONTROL_A) || command >= 0xf0 || command == 0xdd ? value | A20 : value;
}
