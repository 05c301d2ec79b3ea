/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform.h"

#include <stdint.h>

#include "layout.h"
#include "tdcall.h"

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  (1u << 31)

/* Q35's memory controller (00:00.0) and its ICH9's LPC bridge (00:1f.0) */
#define MCH              0u
#define LPC              (0x1fu << 11)
#define MCH_ID           0x29c08086u
#define MCH_PCIEXBAR     0x60u
#define LPC_PMBASE       0x40u
#define LPC_ACPI_CONTROL 0x44u

#define PCIEXBAR    (ECAM_BASE | 1u) /* 256 MiB, enabled */
#define PMBASE      0x0601u
#define ACPI_ENABLE 0x80u

static void config_select(uint32_t device, uint32_t offset)
{
	td_out(CONFIG_ADDRESS, 4, CONFIG_ENABLE | device | offset);
}

static void config_write(uint32_t device, uint32_t offset, uint32_t value)
{
	config_select(device, offset);
	td_out(CONFIG_DATA, 4, value);
}

enum shim_machine_type platform_start(void)
{
	config_select(MCH, 0);
	if (td_in(CONFIG_DATA, 4) != MCH_ID)
		return SHIM_MICROVM;
	config_write(MCH, MCH_PCIEXBAR + 4, 0);
	config_write(MCH, MCH_PCIEXBAR, PCIEXBAR);
	config_write(LPC, LPC_PMBASE, PMBASE);
	config_write(LPC, LPC_ACPI_CONTROL, ACPI_ENABLE);
	return SHIM_Q35;
}
