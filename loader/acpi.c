/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI walker: RSDP, XSDT or RSDT, and the four tables that matter here. Each table is copied once, then checked,
 * then read; all offsets are those of ACPI 6.5, sections 5.2.5 to 5.2.12, where nothing else is said.
 */
#include "acpi.h"

#include <cloister/errors.h>

#include "bytes.h"
#include "text.h"

#define HEADER_BYTES 36u

/* A table that was copied to view->buffer and whose length and checksum are right. */
struct table {
	uint64_t address;
	const uint8_t *data;
	uint32_t bytes;
	char name[12];
};

static uint8_t checksum(const uint8_t *data, size_t bytes)
{
	uint8_t sum = 0;

	while (bytes--)
		sum = (uint8_t)(sum + *data++);
	return sum;
}

/* Name of a table: its signature, with the name that people use; what is not printable becomes '?'. */
static void name_of(const uint8_t *signature, char *name, size_t capacity)
{
	char text[5] = {0};

	for (int i = 0; i < 4; i++)
		text[i] = signature[i] > ' ' && signature[i] <= '~' ? (char)signature[i] : '?';
	text_format(name, capacity, "%s%s", text,
		    !strcmp(text, "APIC")   ? " (MADT)"
		    : !strcmp(text, "FACP") ? " (FADT)"
					    : "");
}

static bool load_table(const struct acpi_view *view, uint64_t address, struct table *table, struct failure *failure)
{
	uint8_t header[HEADER_BYTES];

	if (!view->read(view->context, address, header, sizeof(header)))
		return fail(failure, LOADER_E_ACPI_TABLE, "table at 0x%lx: the address is not memory", address);
	name_of(header, table->name, sizeof(table->name));
	table->address = address;
	table->data = view->buffer;
	table->bytes = get_le32(header + 4);
	if (table->bytes < HEADER_BYTES || table->bytes > ACPI_MAX_TABLE_BYTES)
		return fail(failure, LOADER_E_ACPI_TABLE, "%s at 0x%lx: length %u, 36 to %u expected", table->name,
			    address, table->bytes, ACPI_MAX_TABLE_BYTES);
	if (!view->read(view->context, address, view->buffer, table->bytes))
		return fail(failure, LOADER_E_ACPI_TABLE, "%s at 0x%lx: length %u leaves memory", table->name, address,
			    table->bytes);
	if (memcmp(view->buffer, header, 8))
		return fail(failure, LOADER_E_ACPI_TABLE, "%s at 0x%lx: changed while it was read", table->name,
			    address);
	if (checksum(view->buffer, table->bytes))
		return fail(failure, LOADER_E_ACPI_TABLE, "%s at 0x%lx: wrong checksum", table->name, address);
	return true;
}

/* The root table's entries, copied out because the buffer is used again for the tables. */
struct root {
	uint32_t count;
	uint64_t table[ACPI_MAX_TABLES];
};

static bool load_root(const struct acpi_view *view, uint64_t address, const char *signature, struct root *root,
		      struct failure *failure)
{
	const uint32_t width = signature[0] == 'X' ? 8 : 4; /* XSDT 5.2.8, RSDT 5.2.7 */
	struct table table;

	if (!load_table(view, address, &table, failure))
		return false;
	root->count = (table.bytes - HEADER_BYTES) / width;
	if (memcmp(table.data, signature, 4) || (table.bytes - HEADER_BYTES) % width || root->count > ACPI_MAX_TABLES)
		return fail(failure, LOADER_E_ACPI_TABLE, "%s at 0x%lx: signature %s, length %u", signature, address,
			    table.name, table.bytes);
	for (uint32_t i = 0; i < root->count; i++) {
		const uint8_t *entry = table.data + HEADER_BYTES + i * width;
		root->table[i] = width == 8 ? get_le64(entry) : get_le32(entry);
	}
	return true;
}

/* RSDP, 5.2.5.3: 20 bytes under one checksum; from revision 2 on 36 bytes under another one. */
static bool find_root(const struct acpi_view *view, uint64_t rsdp, struct root *root, struct failure *failure)
{
	uint8_t data[36];

	if (!view->read(view->context, rsdp, data, 20) || memcmp(data, "RSD PTR ", 8) || checksum(data, 20))
		return fail(failure, LOADER_E_ACPI_RSDP, "RSDP at 0x%lx", rsdp);
	if (data[15] < 2)
		return load_root(view, get_le32(data + 16), "RSDT", root, failure);
	if (!view->read(view->context, rsdp, data, 36) || get_le32(data + 20) != 36 || checksum(data, 36))
		return fail(failure, LOADER_E_ACPI_RSDP, "RSDP at 0x%lx, revision 2", rsdp);
	const uint64_t xsdt = get_le64(data + 24);
	if (xsdt)
		return load_root(view, xsdt, "XSDT", root, failure);
	return load_root(view, get_le32(data + 16), "RSDT", root, failure);
}

/* Loads the first table with this signature. *found is false, without an error, if there is none. */
static bool find_table(const struct acpi_view *view, const struct root *root, const char *signature, uint32_t min_bytes,
		       struct table *table, bool *found, struct failure *failure)
{
	*found = false;
	for (uint32_t i = 0; i < root->count; i++) {
		uint8_t name[4];
		if (!view->read(view->context, root->table[i], name, sizeof(name)))
			return fail(failure, LOADER_E_ACPI_TABLE, "root table, entry %u: 0x%lx is not memory", i,
				    root->table[i]);
		if (memcmp(name, signature, sizeof(name)))
			continue;
		if (!load_table(view, root->table[i], table, failure))
			return false;
		if (table->bytes < min_bytes)
			return fail(failure, LOADER_E_ACPI_TABLE, "%s: length %u, at least %u expected", table->name,
				    table->bytes, min_bytes);
		*found = true;
		return true;
	}
	return true;
}

static bool require_table(const struct acpi_view *view, const struct root *root, const char *signature,
			  uint32_t min_bytes, struct table *table, struct failure *failure)
{
	bool found;

	if (!find_table(view, root, signature, min_bytes, table, &found, failure))
		return false;
	name_of((const uint8_t *)signature, table->name, sizeof(table->name));
	return found || fail(failure, LOADER_E_ACPI_MISSING, "%s", table->name);
}

#define MADT_ENTRIES      44u /* 5.2.12 */
#define MADT_LOCAL_APIC   0u  /* 5.2.12.2 */
#define MADT_LOCAL_X2APIC 9u  /* 5.2.12.12 */

/* Index of a CPU that is listed, or their number. */
static uint32_t find_cpu(const struct acpi_info *info, uint32_t apic_id)
{
	uint32_t i = 0;

	while (i < info->cpu_count && info->cpu_apic_id[i] != apic_id)
		i++;
	return i;
}

/* Some firmware lists a CPU in both forms, which is one CPU. Two entries of one form are an error. */
static bool add_cpu(struct acpi_info *info, uint8_t form, uint32_t apic_id, uint32_t flags, struct failure *failure)
{
	const uint32_t enabled = 1u << 0; /* table 5.23; "online capable" alone is no CPU yet */
	const uint32_t cpu = find_cpu(info, apic_id);

	if (!(flags & enabled))
		return true;
	if (cpu == BOOT_MAX_CPUS)
		return fail(failure, LOADER_E_CPU_COUNT, "MADT: more than %u", BOOT_MAX_CPUS);
	if (cpu < info->cpu_count && (info->cpu_forms[cpu] & 1u << form) != 0)
		return fail(failure, LOADER_E_ACPI_TABLE, "MADT: two entries of type %u with APIC id %u", form,
			    apic_id);
	if (cpu == info->cpu_count)
		info->cpu_apic_id[info->cpu_count++] = apic_id;
	info->cpu_forms[cpu] |= (uint16_t)(1u << form);
	return true;
}

static bool read_madt_entry(const uint8_t *entry, uint32_t bytes, struct acpi_info *info, struct failure *failure)
{
	const uint32_t needed = entry[0] == MADT_LOCAL_APIC ? 8 : entry[0] == MADT_LOCAL_X2APIC ? 16 : 2;

	if (bytes < needed)
		return fail(failure, LOADER_E_ACPI_TABLE, "MADT: entry of type %u has length %u", entry[0], bytes);
	if (entry[0] == MADT_LOCAL_APIC)
		return add_cpu(info, entry[0], entry[3], get_le32(entry + 4), failure);
	if (entry[0] == MADT_LOCAL_X2APIC)
		return add_cpu(info, entry[0], get_le32(entry + 4), get_le32(entry + 8), failure);
	return true;
}

static bool read_madt(const struct table *madt, struct acpi_info *info, struct failure *failure)
{
	for (uint32_t at = MADT_ENTRIES; at < madt->bytes;) {
		const uint32_t left = madt->bytes - at;
		const uint32_t bytes = left < 2 ? 0 : madt->data[at + 1];
		if (bytes < 2 || bytes > left)
			return fail(failure, LOADER_E_ACPI_TABLE, "MADT: entry at offset %u has length %u, %u are left",
				    at, bytes, left);
		if (!read_madt_entry(madt->data + at, bytes, info, failure))
			return false;
		at += bytes;
	}
	return info->cpu_count || fail(failure, LOADER_E_ACPI_TABLE, "MADT: no enabled processor");
}

#define FADT_DSDT          40u /* 5.2.9 */
#define FADT_PM1A_CNT      64u
#define FADT_PM1B_CNT      68u
#define FADT_FLAGS         112u
#define FADT_RESET_REG     116u
#define FADT_RESET_VALUE   128u
#define FADT_X_DSDT        140u
#define FADT_X_PM1A_CNT    172u
#define FADT_X_PM1B_CNT    184u
#define FADT_SLEEP_CONTROL 244u
#define FADT_MIN_BYTES     116u /* revision 1 */
#define FADT_HAS_RESET     (1u << 10)
#define GAS_BYTES          12u /* Generic Address Structure, 5.2.3.2 */
#define GAS_SYSTEM_IO      1u

/*
 * I/O port of a Generic Address Structure; 0 if the table ends before it, or it is empty, or no port (*@elsewhere is
 * then set).
 */
static uint64_t gas_port(const struct table *fadt, uint32_t offset, bool *elsewhere)
{
	const uint64_t address = fadt->bytes < offset + GAS_BYTES ? 0 : get_le64(fadt->data + offset + 4);

	if (address == 0 || fadt->data[offset] == GAS_SYSTEM_IO)
		return address;
	*elsewhere = true;
	return 0;
}

/* The port of PM1 control's upper byte. The extended field wins over the 32-bit one. */
static bool pm1_port(const struct table *fadt, uint32_t extended, uint32_t offset, struct acpi_info *info,
		     uint16_t *port, struct failure *failure)
{
	const uint64_t wide = gas_port(fadt, extended, &info->sleep_unwatched);
	const uint64_t value = wide ? wide : get_le32(fadt->data + offset);

	if (value > UINT16_MAX - 1)
		return fail(failure, LOADER_E_ACPI_TABLE, "FADT: PM1 control block at 0x%lx", value);
	*port = (uint16_t)(value ? value + 1 : 0);
	return true;
}

static bool read_reset(const struct table *fadt, struct acpi_info *info, struct failure *failure)
{
	const bool there = (get_le32(fadt->data + FADT_FLAGS) & FADT_HAS_RESET) && fadt->bytes > FADT_RESET_VALUE;
	const uint64_t port = there ? gas_port(fadt, FADT_RESET_REG, &info->reset_unwatched) : 0;

	if (port > UINT16_MAX)
		return fail(failure, LOADER_E_ACPI_TABLE, "FADT: reset register at 0x%lx", port);
	info->reset_port = (uint16_t)port;
	info->reset_value = port ? fadt->data[FADT_RESET_VALUE] : 0;
	return true;
}

/* The DSDT's address is put into *@dsdt. */
static bool read_fadt(const struct table *fadt, struct acpi_info *info, uint64_t *dsdt, struct failure *failure)
{
	const uint64_t control = gas_port(fadt, FADT_SLEEP_CONTROL, &info->sleep_unwatched);

	if (control > UINT16_MAX)
		return fail(failure, LOADER_E_ACPI_TABLE, "FADT: sleep control register at 0x%lx", control);
	info->sleep_port[2] = (uint16_t)control;
	*dsdt = fadt->bytes < FADT_X_DSDT + 8 ? 0 : get_le64(fadt->data + FADT_X_DSDT);
	if (!*dsdt)
		*dsdt = get_le32(fadt->data + FADT_DSDT);
	return read_reset(fadt, info, failure) &&
	       pm1_port(fadt, FADT_X_PM1A_CNT, FADT_PM1A_CNT, info, &info->sleep_port[0], failure) &&
	       pm1_port(fadt, FADT_X_PM1B_CNT, FADT_PM1B_CNT, info, &info->sleep_port[1], failure);
}

#define AML_MAX_BYTES (16u << 20) /* of one table; the largest that are known have half a MiB */

/*
 * Looks for sleep states in a DSDT or SSDT, a buffer at a time. A range that is no memory, or has no sensible length,
 * has none.
 */
static void scan_aml(const struct acpi_view *view, uint64_t address, struct acpi_info *info)
{
	const uint32_t step = ACPI_MAX_TABLE_BYTES - SLEEP_NAME_BYTES;
	uint8_t header[HEADER_BYTES];

	if (!address || !view->read(view->context, address, header, sizeof(header)))
		return;
	const uint32_t end = get_le32(header + 4);

	for (uint32_t at = HEADER_BYTES; end <= AML_MAX_BYTES && at < end; at += step) {
		const uint32_t bytes = end - at < ACPI_MAX_TABLE_BYTES ? end - at : ACPI_MAX_TABLE_BYTES;

		if (!view->read(view->context, address + at, view->buffer, bytes))
			return;
		sleep_scan(&info->sleep, address, at, view->buffer, bytes, step);
	}
}

static void scan_sleep_states(const struct acpi_view *view, const struct root *root, uint64_t dsdt,
			      struct acpi_info *info)
{
	uint8_t name[4];

	scan_aml(view, dsdt, info);
	for (uint32_t i = 0; i < root->count; i++) {
		if (view->read(view->context, root->table[i], name, sizeof(name)) && !memcmp(name, "SSDT", 4))
			scan_aml(view, root->table[i], info);
	}
}

#define MCFG_ENTRIES     44u /* PCI Firmware Specification 3.3, 4.1.2 */
#define MCFG_ENTRY_BYTES 16u

static bool ecam_base_sane(uint64_t base)
{
	return base % 0x100000 == 0 && base >> 52 == 0;
}

static bool read_mcfg_entry(const uint8_t *entry, struct acpi_info *info, struct failure *failure)
{
	const struct floor_ecam ecam = {get_le64(entry), get_le16(entry + 8), entry[10], entry[11]};

	if (ecam.segment == 0 && ecam.first == 0 && info->ecam_base == 0) {
		if (!ecam_base_sane(ecam.base))
			return fail(failure, LOADER_E_ACPI_TABLE, "MCFG: base 0x%lx", ecam.base);
		info->ecam_base = ecam.base;
	}
	if (!ecam_base_sane(ecam.base) || ecam.first > ecam.last || info->ecam_count == ACPI_MAX_SEGMENTS)
		info->ecam_unread = true;
	else
		info->ecam[info->ecam_count++] = ecam;
	return true;
}

static bool read_mcfg(const struct table *mcfg, struct acpi_info *info, struct failure *failure)
{
	for (uint32_t at = MCFG_ENTRIES; at < mcfg->bytes; at += MCFG_ENTRY_BYTES) {
		if (mcfg->bytes - at < MCFG_ENTRY_BYTES)
			return fail(failure, LOADER_E_ACPI_TABLE, "MCFG: %u bytes after the last entry",
				    mcfg->bytes - at);
		if (!read_mcfg_entry(mcfg->data + at, info, failure))
			return false;
	}
	return true;
}

#define TPM2_START_METHOD 48u /* TCG ACPI Specification 1.4, table 7 */
#define TPM2_MIN_BYTES    52u

/* A machine has the table of one vendor. */
static bool read_dma_table(const struct acpi_view *view, const struct root *root, struct acpi_info *info,
			   struct failure *failure)
{
	struct table table;
	bool dmar, ivrs = false;

	if (!find_table(view, root, "DMAR", HEADER_BYTES, &table, &dmar, failure) ||
	    (!dmar && !find_table(view, root, "IVRS", HEADER_BYTES, &table, &ivrs, failure)))
		return false;
	if (!dmar && !ivrs)
		return true;
	info->dma_table = table.address;
	if (dmar ? dmar_parse(table.data, table.bytes, &info->dma) : ivrs_parse(table.data, table.bytes, &info->dma))
		return true;
	return fail_hv(failure, HV_E_DMA_TABLE, "%s, at 0x%lx", table.name, info->dma.where);
}

static bool walk_optional(const struct acpi_view *view, const struct root *root, struct acpi_info *info,
			  struct failure *failure)
{
	struct table table;
	bool found;

	if (!find_table(view, root, "MCFG", MCFG_ENTRIES, &table, &found, failure) ||
	    (found && !read_mcfg(&table, info, failure)) ||
	    !find_table(view, root, "TPM2", TPM2_MIN_BYTES, &table, &found, failure))
		return false;
	if (found)
		info->tpm2_start_method = get_le32(table.data + TPM2_START_METHOD);
	return read_dma_table(view, root, info, failure);
}

void acpi_hide(uint8_t *table)
{
	const uint8_t hidden = 'X'; /* XMAR, XVRS */

	table[9] = (uint8_t)(table[9] + table[0] - hidden); /* checksum, 5.2.6 */
	table[0] = hidden;
}

bool acpi_walk(const struct acpi_view *view, uint64_t rsdp, struct acpi_info *info, struct failure *failure)
{
	struct root root;
	struct table table;
	uint64_t dsdt = 0;

	memset(info, 0, sizeof(*info));
	const bool walked = find_root(view, rsdp, &root, failure) &&
			    require_table(view, &root, "APIC", MADT_ENTRIES, &table, failure) &&
			    read_madt(&table, info, failure) &&
			    require_table(view, &root, "FACP", FADT_MIN_BYTES, &table, failure) &&
			    read_fadt(&table, info, &dsdt, failure) && walk_optional(view, &root, info, failure);
	if (walked)
		scan_sleep_states(view, &root, dsdt, info);
	return walked;
}

bool acpi_check_sleep(const struct acpi_info *info, uint32_t pool_mib, struct failure *failure)
{
	return !pool_mib || !info->sleep_unwatched ||
	       fail(failure, LOADER_E_ACPI_SLEEP, "FADT: PM1 control or SLEEP_CONTROL_REG, pool_mib = %u", pool_mib);
}

bool acpi_boot_cpu_first(struct acpi_info *info, uint32_t apic_id, struct failure *failure)
{
	for (uint32_t i = 0; i < info->cpu_count; i++) {
		if (info->cpu_apic_id[i] == apic_id) {
			info->cpu_apic_id[i] = info->cpu_apic_id[0];
			info->cpu_apic_id[0] = apic_id;
			return true;
		}
	}
	return fail(failure, LOADER_E_CPU_BOOT, "APIC id %u", apic_id);
}
