/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform.h"

#include <stdint.h>

#include "layout.h"
#include "tdcall.h"

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  (1u << 31)

/* Registers of the LPC bridge of Q35's ICH9 (00:1f.0), as CONFIG_ADDRESS names them. */
#define LPC_PMBASE       (0x1fu << 11 | 0x40u)
#define LPC_ACPI_CONTROL (0x1fu << 11 | 0x44u)

#define Q35_MCH     0x29c08086u
#define PMBASE      0x0601u
#define ACPI_ENABLE 0x80u

/* acpi/tables.S: vCPUs, whose IDs start.S fills in, follow on what iasl made of the MADT, which is its length before. */
extern struct madt {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum, rest[];
} madt;

/* start.S */
extern uint32_t cpus_waiting;

static void config_write(uint32_t address, uint32_t value)
{
	(void)td_port(CONFIG_ADDRESS, TD_WRITE, CONFIG_ENABLE | address);
	(void)td_port(CONFIG_DATA, TD_WRITE, value);
}

enum shim_machine_type platform_start(void)
{
	(void)td_port(CONFIG_ADDRESS, TD_WRITE, CONFIG_ENABLE); /* the ID is register 0 */
	if (td_port(CONFIG_DATA, TD_READ, 0) != Q35_MCH)
		return SHIM_MICROVM;
	config_write(LPC_PMBASE, PMBASE);
	config_write(LPC_ACPI_CONTROL, ACPI_ENABLE);
	return SHIM_Q35;
}

void platform_name_cpus(void)
{
	const uint32_t count = td_vcpus();
	uint32_t sum = 0;

	td_require(count <= CPUS_MAX, "more than 128 vCPUs");
	while (__atomic_load_n(&cpus_waiting, __ATOMIC_ACQUIRE) < count - 1)
		__builtin_ia32_pause();
	madt.length += count * MADT_CPU_BYTES;
	for (uint32_t i = 0; i < madt.length; i++)
		sum += ((const uint8_t *)&madt)[i];
	madt.checksum = (uint8_t)(madt.checksum - sum);
}
