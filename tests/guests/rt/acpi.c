/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks RSDP, XSDT, FADT and MADT. The tables are the firmware's, whose word the tests take. */
#include "acpi.h"
#include "tap.h"

#include <stddef.h>

/* RSDP (ACPI 6.5, section 5.2.5.3), table header (5.2.6), MADT (5.2.12). */
#define RSDP_XSDT       24u
#define TABLE_LENGTH    4u
#define XSDT_ENTRIES    36u
#define MADT_ENTRIES    44u
#define MCFG_ENTRIES    44u /* of 16 bytes: base, segment, buses */
#define MADT_LOCAL_APIC 0u
#define MADT_X2APIC     9u
#define CPU_ENABLED     1u
#define MAX_APIC_IDS    256u

_Static_assert(offsetof(struct acpi_fadt, pm_timer) == 76, "FADT layout");
_Static_assert(offsetof(struct acpi_fadt, reset) == 116, "FADT layout");

static const uint8_t *xsdt;
static const struct acpi_fadt *fadt;
static uint32_t apic_ids[MAX_APIC_IDS], apic_id_count;

static uint32_t read32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t read64(const uint8_t *p)
{
	return read32(p) | (uint64_t)read32(p + 4) << 32;
}

static const uint8_t *look_for(const char signature[4])
{
	const uint32_t length = read32(xsdt + TABLE_LENGTH);

	for (uint32_t i = XSDT_ENTRIES; i + 8 <= length; i += 8) {
		const uint8_t *table = (const uint8_t *)read64(xsdt + i);

		if (read32(table) == read32((const uint8_t *)signature))
			return table;
	}
	return 0;
}

static const uint8_t *find_table(const char signature[4])
{
	const uint8_t *table = look_for(signature);

	if (!table)
		bail_out("the firmware has no ACPI table %c%c%c%c", signature[0], signature[1], signature[2],
			 signature[3]);
	return table;
}

static void add_cpu(uint32_t apic_id, uint32_t flags)
{
	if ((flags & CPU_ENABLED) && apic_id_count < MAX_APIC_IDS)
		apic_ids[apic_id_count++] = apic_id;
}

static void read_madt(const uint8_t *madt)
{
	const uint32_t length = read32(madt + TABLE_LENGTH);

	for (uint32_t i = MADT_ENTRIES; i + 2 <= length && madt[i + 1] >= 2; i += madt[i + 1]) {
		if (madt[i] == MADT_LOCAL_APIC)
			add_cpu(madt[i + 3], read32(madt + i + 4));
		else if (madt[i] == MADT_X2APIC)
			add_cpu(read32(madt + i + 4), read32(madt + i + 8));
	}
}

void acpi_init(uint64_t rsdp)
{
	if (!rsdp)
		bail_out("the firmware gives no ACPI 2.0 RSDP");
	xsdt = (const uint8_t *)read64((const uint8_t *)rsdp + RSDP_XSDT);
	fadt = (const struct acpi_fadt *)find_table("FACP");
	read_madt(find_table("APIC"));
}

bool acpi_has_tpm(void)
{
	return look_for("TPM2") != 0;
}

uint64_t acpi_ecam(void)
{
	const uint8_t *const mcfg = look_for("MCFG");

	for (uint32_t i = MCFG_ENTRIES; mcfg && i + 16 <= read32(mcfg + TABLE_LENGTH); i += 16) {
		if ((read32(mcfg + i + 8) & 0xffff) == 0)
			return read64(mcfg + i);
	}
	return 0;
}

const struct acpi_fadt *acpi_fadt(void)
{
	return fadt;
}

uint16_t acpi_pm_timer(void)
{
	return (uint16_t)fadt->pm_timer;
}

uint32_t acpi_cpus(void)
{
	return apic_id_count;
}

uint32_t acpi_cpu(uint32_t index)
{
	return apic_ids[index];
}
