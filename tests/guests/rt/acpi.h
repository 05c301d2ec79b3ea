/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of ACPI that the programs need: CPUs, PM timer, sleep and reset registers. */
#ifndef RT_ACPI_H
#define RT_ACPI_H

#include <stdbool.h>
#include <stdint.h>

/* ACPI 6.5, section 5.2.3.2. */
struct __attribute__((packed)) acpi_address {
	uint8_t space, bits, offset, access;
	uint64_t address;
};
#define ACPI_SPACE_IO 1

/* Fixed ACPI Description Table, up to RESET_VALUE (ACPI 6.5, section 5.2.9). */
struct __attribute__((packed)) acpi_fadt {
	uint8_t header[36];
	uint32_t facs, dsdt;
	uint8_t reserved0, profile;
	uint16_t sci;
	uint32_t smi_port;
	uint8_t smi_values[4];
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
	uint8_t reserved1[32];
	uint32_t flags;
	struct acpi_address reset;
	uint8_t reset_value;
};

/* From the firmware's configuration table; bails out where a table is missing. */
void acpi_init(uint64_t rsdp);

/* Does the firmware name a TPM 2.0 (table "TPM2")? */
bool acpi_has_tpm(void);

/* Base of segment 0's memory-mapped configuration space (table "MCFG", PCI Firmware 3.3, 4.1.2); 0 without one. */
uint64_t acpi_ecam(void);

const struct acpi_fadt *acpi_fadt(void);
uint16_t acpi_pm_timer(void);

/* Enabled CPUs of the MADT. */
uint32_t acpi_cpus(void);
uint32_t acpi_cpu(uint32_t index);

#endif
