/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/sleep.c loader/dmar.c loader/ivrs.c loader/dma_table.c */
/* The ACPI walker over a small physical memory with tables of the test's own making. */
#include "loader_test.h"

#include "acpi.h"

#define BASE         0xe0000u /* of the memory */
#define MEMORY_BYTES 0x10000u
#define RSDP         (BASE + 0x10)
#define XSDT         (BASE + 0x100)
#define RSDT         (BASE + 0x200)
#define MADT         (BASE + 0x8000)
#define FADT         (BASE + 0x3000)
#define MCFG         (BASE + 0x4000)
#define TPM2         (BASE + 0x5000)
#define DMAR         (BASE + 0x6000)
#define IVRS         (BASE + 0x7000)

static uint8_t memory[MEMORY_BYTES];
static uint8_t buffer[ACPI_MAX_TABLE_BYTES];
static struct acpi_info info;
static struct failure failure;
static uint64_t changing; /* an address whose contents differ at each read; 0 for none */

static bool read_memory(const void *context, uint64_t address, void *to, size_t bytes)
{
	assert_ptr_equal(context, memory);
	if (address < BASE || bytes > MEMORY_BYTES || address - BASE > MEMORY_BYTES - bytes)
		return false;
	if (address == changing)
		memory[address - BASE + 4]++;
	memcpy(to, memory + (address - BASE), bytes);
	return true;
}

static const struct acpi_view view = {read_memory, memory, buffer};

static uint8_t *at(uint64_t address)
{
	return memory + (address - BASE);
}

static void put32(uint64_t address, uint32_t value)
{
	memcpy(at(address), &value, sizeof(value));
}

static void put64(uint64_t address, uint64_t value)
{
	memcpy(at(address), &value, sizeof(value));
}

static void fix_checksum(uint64_t address, uint32_t bytes, uint32_t field)
{
	uint8_t sum = 0;

	at(address)[field] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + at(address)[i]);
	at(address)[field] = (uint8_t)(0u - sum);
}

/* Writes a table's header around what is there. */
static void finish(uint64_t address, const char *signature, uint32_t bytes)
{
	memcpy(at(address), signature, 4);
	put32(address + 4, bytes);
	fix_checksum(address, bytes, 9);
}

static void add_local_apic(uint32_t *bytes, uint8_t id, uint32_t flags)
{
	uint8_t *entry = at(MADT + *bytes);

	entry[0] = 0;
	entry[1] = 8;
	entry[3] = id;
	put32(MADT + *bytes + 4, flags);
	*bytes += 8;
}

static void add_x2apic(uint32_t *bytes, uint32_t id, uint32_t flags)
{
	uint8_t *entry = at(MADT + *bytes);

	entry[0] = 9;
	entry[1] = 16;
	put32(MADT + *bytes + 4, id);
	put32(MADT + *bytes + 8, flags);
	*bytes += 16;
}

/* RSDP and XSDT over these tables. */
static void make_root(uint32_t count, const uint64_t *tables)
{
	memcpy(at(RSDP), "RSD PTR ", 8);
	at(RSDP)[15] = 2;
	put32(RSDP + 16, RSDT);
	put32(RSDP + 20, 36);
	put64(RSDP + 24, XSDT);
	fix_checksum(RSDP, 20, 8);
	fix_checksum(RSDP, 36, 32);
	for (uint32_t i = 0; i < count; i++) {
		put64(XSDT + 36 + 8 * i, tables[i]);
		put32(RSDT + 36 + 4 * i, (uint32_t)tables[i]);
	}
	finish(XSDT, "XSDT", 36 + 8 * count);
	finish(RSDT, "RSDT", 36 + 4 * count);
}

static void make_fadt(void)
{
	put32(FADT + 64, 0x604);
	put32(FADT + 112, 1u << 10);
	at(FADT + 116)[0] = 1; /* RESET_REG: I/O */
	put64(FADT + 120, 0xcf9);
	at(FADT + 128)[0] = 6;
	finish(FADT, "FACP", 276);
}

static int good_machine(void **state)
{
	static const uint64_t tables[] = {FADT, MADT, MCFG, TPM2};
	uint32_t bytes = 44;
	(void)state;

	memset(memory, 0, sizeof(memory));
	changing = 0;
	make_root(4, tables);
	add_local_apic(&bytes, 0, 1);
	add_local_apic(&bytes, 2, 1);
	add_local_apic(&bytes, 4, 0);         /* disabled */
	add_local_apic(&bytes, 6, 2);         /* online capable only */
	memcpy(at(MADT + bytes), "\1\14", 2); /* an I/O APIC, of no interest */
	bytes += 12;
	add_x2apic(&bytes, 0x100, 1);
	add_x2apic(&bytes, 2, 1); /* once more */
	finish(MADT, "APIC", bytes);
	make_fadt();
	put64(MCFG + 44, 0xe0000000);
	finish(MCFG, "MCFG", 60);
	put32(TPM2 + 48, ACPI_TPM2_START_TIS);
	finish(TPM2, "TPM2", 76);
	return 0;
}

static bool walk(void)
{
	return acpi_walk(&view, RSDP, &info, &failure);
}

static void refused(const char *error, const char *where)
{
	assert_fails(walk(), failure, error, where);
}

static void reads_everything(void **state)
{
	(void)state;
	assert_true(walk());
	assert_int_equal(info.cpu_count, 3);
	assert_int_equal(info.cpu_apic_id[0], 0);
	assert_int_equal(info.cpu_apic_id[1], 2);
	assert_int_equal(info.cpu_apic_id[2], 0x100);
	assert_int_equal(info.sleep_port[0], 0x605);
	assert_int_equal(info.sleep_port[1], 0);
	assert_int_equal(info.sleep_port[2], 0);
	assert_int_equal(info.reset_port, 0xcf9);
	assert_int_equal(info.reset_value, 6);
	assert_false(info.sleep_unwatched);
	assert_int_equal(info.sleep.off, 0);
	assert_int_equal(info.ecam_base, 0xe0000000);
	assert_int_equal(info.tpm2_start_method, ACPI_TPM2_START_TIS);
}

static void old_machine_with_rsdt(void **state)
{
	(void)state;
	at(RSDP)[15] = 0;
	fix_checksum(RSDP, 20, 8);
	assert_true(walk());
	assert_int_equal(info.cpu_count, 3);
}

static void empty_xsdt_address_means_rsdt(void **state)
{
	(void)state;
	put64(RSDP + 24, 0);
	fix_checksum(RSDP, 36, 32);
	assert_true(walk());
}

static void boot_cpu_comes_first(void **state)
{
	(void)state;
	assert_true(walk());
	assert_true(acpi_boot_cpu_first(&info, 0x100, &failure));
	assert_int_equal(info.cpu_apic_id[0], 0x100);
	assert_int_equal(info.cpu_apic_id[2], 0);
	assert_fails(acpi_boot_cpu_first(&info, 4, &failure), failure, "LOADER_E_CPU_BOOT", "4");
}

static void bad_rsdp(void **state)
{
	(void)state;
	at(RSDP)[8]++;
	refused("LOADER_E_ACPI_RSDP", "RSDP");
	at(RSDP)[15] = 0; /* the old form */
	refused("LOADER_E_ACPI_RSDP", "RSDP");
	good_machine(NULL);
	at(RSDP)[32]++;
	refused("LOADER_E_ACPI_RSDP", "revision 2");
	good_machine(NULL);
	put32(RSDP + 20, 4096);
	fix_checksum(RSDP, 36, 32);
	refused("LOADER_E_ACPI_RSDP", "revision 2");
	assert_fails(acpi_walk(&view, UINT64_MAX - 3, &info, &failure), failure, "LOADER_E_ACPI_RSDP", "RSDP");
	good_machine(NULL);
	put64(RSDP + 24, UINT64_MAX);
	fix_checksum(RSDP, 36, 32);
	refused("LOADER_E_ACPI_TABLE", "not memory");
}

static void bad_root(void **state)
{
	(void)state;
	finish(XSDT, "RSDT", 68);
	refused("LOADER_E_ACPI_TABLE", "XSDT");
	finish(XSDT, "XSDT", 66);
	refused("LOADER_E_ACPI_TABLE", "XSDT");
	finish(XSDT, "XSDT", 35);
	refused("LOADER_E_ACPI_TABLE", "XSDT");
	finish(XSDT, "XSDT", 36 + 8 * 257);
	refused("LOADER_E_ACPI_TABLE", "XSDT");
	good_machine(NULL);
	put64(XSDT + 36, 0x1000);
	finish(XSDT, "XSDT", 68);
	refused("LOADER_E_ACPI_TABLE", "entry 0: 0x1000 is not memory");
}

static void root_that_lists_itself(void **state)
{
	static const uint64_t tables[] = {XSDT, XSDT, MADT, FADT};
	(void)state;

	make_root(4, tables);
	assert_true(walk());
}

static void bad_headers(void **state)
{
	static const struct {
		uint64_t address;
		const char *name;
	} tables[] = {{MADT, "APIC (MADT)"}, {FADT, "FACP (FADT)"}, {MCFG, "MCFG"}, {TPM2, "TPM2"}};
	(void)state;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		good_machine(NULL);
		at(tables[i].address)[9]++;
		refused("LOADER_E_ACPI_TABLE", "wrong checksum");
		refused("LOADER_E_ACPI_TABLE", tables[i].name);
		good_machine(NULL);
		put32(tables[i].address + 4, 35);
		refused("LOADER_E_ACPI_TABLE", "length 35");
		put32(tables[i].address + 4, UINT32_MAX);
		refused("LOADER_E_ACPI_TABLE", "length 4294967295, 36 to 65536 expected");
		put32(tables[i].address + 4, MEMORY_BYTES);
		refused("LOADER_E_ACPI_TABLE", "leaves memory");
		good_machine(NULL);
		finish(tables[i].address, tables[i].name, 40); /* right checksum, but too short for its kind */
		refused("LOADER_E_ACPI_TABLE", "length 40");
	}
}

static void table_that_changes(void **state)
{
	(void)state;
	changing = MADT;
	refused("LOADER_E_ACPI_TABLE", "changed while it was read");
}

static void missing_tables(void **state)
{
	static const uint64_t no_madt[] = {FADT, MCFG, TPM2}, no_fadt[] = {MADT, MCFG, TPM2}, least[] = {MADT, FADT};
	(void)state;

	make_root(3, no_madt);
	refused("LOADER_E_ACPI_MISSING", "MADT");
	make_root(3, no_fadt);
	refused("LOADER_E_ACPI_MISSING", "FADT");
	make_root(0, NULL);
	refused("LOADER_E_ACPI_MISSING", "MADT");
	make_root(2, least);
	assert_true(walk());
	assert_int_equal(info.ecam_base, 0);
	assert_int_equal(info.tpm2_start_method, 0);
}

static void bad_madt_entries(void **state)
{
	static const struct {
		uint8_t type, length;
	} bad[] = {{0, 0}, {0, 1}, {0, 7}, {0, 255}, {9, 15}, {1, 0}, {77, 1}, {77, 200}};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_machine(NULL);
		at(MADT + 44)[0] = bad[i].type;
		at(MADT + 44)[1] = bad[i].length;
		finish(MADT, "APIC", 44 + 80);
		refused("LOADER_E_ACPI_TABLE", "MADT");
	}
	good_machine(NULL);
	at(MADT + 44)[1] = 4; /* the next entry starts inside this one, as it were */
	at(MADT + 48)[1] = 4;
	finish(MADT, "APIC", 44 + 80);
	refused("LOADER_E_ACPI_TABLE", "MADT: entry of type 0 has length 4");
	finish(MADT, "APIC", 45); /* one byte of an entry */
	refused("LOADER_E_ACPI_TABLE", "MADT: entry at offset 44");
	finish(MADT, "APIC", 44);
	refused("LOADER_E_ACPI_TABLE", "no enabled processor");
}

static void many_cpus(void **state)
{
	uint32_t bytes = 44;
	(void)state;

	for (uint32_t id = 0; id < BOOT_MAX_CPUS; id++)
		add_x2apic(&bytes, 0x1000 + id, 1);
	finish(MADT, "APIC", bytes);
	assert_true(walk());
	assert_int_equal(info.cpu_count, BOOT_MAX_CPUS);
	add_local_apic(&bytes, 5, 0); /* disabled */
	finish(MADT, "APIC", bytes);
	assert_true(walk());
	add_x2apic(&bytes, 5, 1);
	finish(MADT, "APIC", bytes);
	refused("LOADER_E_CPU_COUNT", "1024");
}

/* One CPU in both forms is one CPU; in one form twice it is a table that does not describe the machine. */
static void cpus_listed_twice(void **state)
{
	uint32_t bytes = 44;
	(void)state;

	add_local_apic(&bytes, 1, 1);
	add_x2apic(&bytes, 1, 1);
	add_x2apic(&bytes, 1, 0);
	finish(MADT, "APIC", bytes);
	assert_true(walk());
	assert_int_equal(info.cpu_count, 1);
	add_x2apic(&bytes, 0x17161514, 1);
	add_x2apic(&bytes, 0x17161514, 1);
	finish(MADT, "APIC", bytes);
	refused("LOADER_E_ACPI_TABLE", "MADT: two entries of type 9 with APIC id 387323156");
	bytes -= 16;
	add_local_apic(&bytes, 1, 1);
	finish(MADT, "APIC", bytes);
	refused("LOADER_E_ACPI_TABLE", "MADT: two entries of type 0 with APIC id 1");
}

static void fadt_ports(void **state)
{
	(void)state;
	at(FADT + 172)[0] = 1; /* X_PM1a wins, X_PM1b in memory space is reported */
	put64(FADT + 176, 0x1804);
	at(FADT + 184)[0] = 0;
	put64(FADT + 188, 0x2000);
	put32(FADT + 68, 0x1814);
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_int_equal(info.sleep_port[0], 0x1805);
	assert_int_equal(info.sleep_port[1], 0x1815);
	assert_true(info.sleep_unwatched);
	assert_false(acpi_check_sleep(&info, 2, &failure));
	finish(FADT, "FACP", 180); /* ends inside X_PM1a */
	assert_true(walk());
	assert_int_equal(info.sleep_port[0], 0x605);
	assert_false(info.sleep_unwatched);
	put32(FADT + 112, 0); /* no reset register */
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_int_equal(info.reset_port, 0);
	finish(FADT, "FACP", 116); /* the shortest */
	assert_true(walk());
}

/* On most machines that have one it is the port of SMI commands or the keyboard controller's. */
static void fadt_reset(void **state)
{
	static const uint16_t ports[] = {0xb2, 0x64};
	static const uint8_t values[] = {0xbe, 0xfe};

	(void)state;
	for (int i = 0; i < 2; i++) {
		put64(FADT + 120, ports[i]);
		at(FADT + 128)[0] = values[i];
		finish(FADT, "FACP", 276);
		assert_true(walk());
		assert_int_equal(info.reset_port, ports[i]);
		assert_int_equal(info.reset_value, values[i]);
		assert_false(info.reset_unwatched);
	}
	at(FADT + 116)[0] = 0; /* in memory */
	put64(FADT + 120, 0xfed80cf9);
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_int_equal(info.reset_port, 0);
	assert_true(info.reset_unwatched && !info.sleep_unwatched);
	assert_true(acpi_check_sleep(&info, 2, &failure));
	put32(FADT + 112, 0); /* and not there */
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_false(info.reset_unwatched);
}

/* A hardware-reduced FADT (5.2.9): no PM1 control, sleep control in its place. */
static void fadt_sleep_control(void **state)
{
	(void)state;
	put32(FADT + 64, 0);
	at(FADT + 244)[0] = 1;
	put64(FADT + 248, 0x606);
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_int_equal(info.sleep_port[0], 0);
	assert_int_equal(info.sleep_port[2], 0x606);
	assert_false(info.sleep_unwatched);
	at(FADT + 244)[0] = 0;
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_int_equal(info.sleep_port[2], 0);
	assert_true(info.sleep_unwatched);
	assert_true(acpi_check_sleep(&info, 0, &failure));
	assert_false(acpi_check_sleep(&info, 2, &failure));
	assert_string_equal(failure.name, "LOADER_E_ACPI_SLEEP");
	assert_non_null(strstr(failure.where, "pool_mib = 2"));
	at(FADT + 244)[0] = 1;
	put64(FADT + 248, 0x10606);
	finish(FADT, "FACP", 276);
	refused("LOADER_E_ACPI_TABLE", "sleep control register at 0x10606");
}

#define DSDT (BASE + 0x6000) /* where no DMAR and no IVRS is */
#define SSDT (BASE + 0x7000)

static void sleep_states(void **state)
{
	/* Name (_S5_, Package {7, 7, 0, 0}), as two compilers write it; Name (\_S3_, Package {5, 1}); a look-alike. */
	static const char s5[] = "\x08_S5_\x12\x08\x04\x0a\x07\x0a\x07\x00\x00",
			  s4[] = "\x08\\_S4_\x12\x06\x04\x0a\x06\x00\x00\x00";
	static const char s3[] = "\x08\\_S3_\x12\x46\x00\x02\x0a\x05\x01",
			  s3_method[] = "\x14\x09_S3_\x00\xa4\x12\x04\x02\x01\x01";
	static const uint64_t tables[] = {FADT, MADT, SSDT};

	(void)state;
	make_root(3, tables);
	put32(FADT + 40, DSDT);
	finish(FADT, "FACP", 276);
	memcpy(at(DSDT + 100), s5, sizeof(s5));
	memcpy(at(DSDT + 200), s3_method, sizeof(s3_method));
	memcpy(at(DSDT + 300), "\x08_S5", 4); /* ends there */
	finish(DSDT, "DSDT", 304);
	memcpy(at(SSDT + 50), s4, sizeof(s4));
	memcpy(at(SSDT + 90), s3, sizeof(s3));
	finish(SSDT, "SSDT", 200);
	assert_true(walk());
	assert_int_equal(info.sleep.off, 1u << 7 | 1u << 6 | 1u << 0);
	assert_int_equal(info.sleep.kept, 1);
	assert_true(info.sleep.name[0].table == SSDT && info.sleep.name[0].offset == 92);
	sleep_hide(at(SSDT), info.sleep.name[0].offset);
	assert_memory_equal(at(SSDT + 92), "XS3_", 4);
	uint8_t sum = 0;
	for (int i = 0; i < 200; i++)
		sum = (uint8_t)(sum + at(SSDT)[i]);
	assert_int_equal(sum, 0);
	assert_true(walk());
	assert_int_equal(info.sleep.kept, 0);
	put64(FADT + 140, 0x10); /* X_DSDT wins; what is no memory is passed over */
	finish(FADT, "FACP", 276);
	assert_true(walk());
	assert_int_equal(info.sleep.off, 1u << 6 | 1u << 0);
}

static void bad_fadt_ports(void **state)
{
	(void)state;
	put32(FADT + 64, 0x10000);
	finish(FADT, "FACP", 276);
	refused("LOADER_E_ACPI_TABLE", "PM1 control block at 0x10000");
	good_machine(NULL);
	put64(FADT + 120, 0x100000cf9);
	finish(FADT, "FACP", 276);
	refused("LOADER_E_ACPI_TABLE", "reset register");
}

static void mcfg_entries(void **state)
{
	(void)state;
	at(MCFG + 52)[0] = 1; /* segment 1 */
	finish(MCFG, "MCFG", 60);
	assert_true(walk());
	assert_int_equal(info.ecam_base, 0);
	put64(MCFG + 60, 0xb0000000);
	finish(MCFG, "MCFG", 76);
	assert_true(walk());
	assert_int_equal(info.ecam_base, 0xb0000000);
	put64(MCFG + 60, 0xb0001000);
	finish(MCFG, "MCFG", 76);
	refused("LOADER_E_ACPI_TABLE", "MCFG: base 0xb0001000");
	finish(MCFG, "MCFG", 70);
	refused("LOADER_E_ACPI_TABLE", "MCFG: 10 bytes");
}

/* A unit for all devices; @flags are the table's. */
static void make_dmar(uint8_t flags)
{
	at(DMAR)[37] = flags;
	at(DMAR + 50)[0] = 16;
	at(DMAR + 52)[0] = 1;
	put64(DMAR + 56, 0xfed90000);
	finish(DMAR, "DMAR", 64);
}

static void make_ivrs(void)
{
	at(IVRS + 48)[0] = 0x10;
	at(IVRS + 50)[0] = 24;
	put64(IVRS + 56, 0xfed80000);
	finish(IVRS, "IVRS", 72);
}

static void dma_tables(void **state)
{
	static const uint64_t neither[] = {FADT, MADT}, amd[] = {FADT, MADT, IVRS}, both[] = {FADT, MADT, IVRS, DMAR};

	(void)state;
	make_dmar(2);
	make_ivrs();
	make_root(2, neither);
	assert_true(walk());
	assert_int_equal(info.dma_table, 0);
	assert_int_equal(info.dma.records.unit_count, 0);
	make_root(3, amd);
	assert_true(walk());
	assert_int_equal(info.dma_table, IVRS);
	assert_int_equal(info.dma.records.kind, BOOT_DMA_AMDVI);
	assert_int_equal(info.dma.records.unit[0].base, 0xfed80000);
	make_root(4, both);
	assert_true(walk());
	assert_int_equal(info.dma_table, DMAR);
	assert_int_equal(info.dma.records.kind, BOOT_DMA_VTD);
	assert_int_equal(info.dma.records.unit[0].base, 0xfed90000);
	assert_true(info.dma.x2apic_opt_out);
	at(DMAR)[40]++;
	refused("LOADER_E_ACPI_TABLE", "DMAR");
	at(DMAR + 50)[0] = 15;
	finish(DMAR, "DMAR", 64);
	refused("HV_E_DMA_TABLE", "DMAR, at 0x30");
}

/* The same table under another name: no system finds it, and it is not damaged. */
static void hidden_dma_table(void **state)
{
	static const uint64_t tables[] = {FADT, MADT, DMAR};
	uint8_t sum = 0;

	(void)state;
	make_dmar(0);
	make_root(3, tables);
	acpi_hide(at(DMAR));
	for (uint32_t i = 0; i < 64; i++)
		sum = (uint8_t)(sum + at(DMAR)[i]);
	assert_int_equal(sum, 0);
	assert_memory_equal(at(DMAR), "XMAR", 4);
	assert_true(walk());
	assert_int_equal(info.dma_table, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_everything, good_machine),
		cmocka_unit_test_setup(old_machine_with_rsdt, good_machine),
		cmocka_unit_test_setup(empty_xsdt_address_means_rsdt, good_machine),
		cmocka_unit_test_setup(boot_cpu_comes_first, good_machine),
		cmocka_unit_test_setup(bad_rsdp, good_machine),
		cmocka_unit_test_setup(bad_root, good_machine),
		cmocka_unit_test_setup(root_that_lists_itself, good_machine),
		cmocka_unit_test_setup(bad_headers, good_machine),
		cmocka_unit_test_setup(table_that_changes, good_machine),
		cmocka_unit_test_setup(missing_tables, good_machine),
		cmocka_unit_test_setup(bad_madt_entries, good_machine),
		cmocka_unit_test_setup(many_cpus, good_machine),
		cmocka_unit_test_setup(cpus_listed_twice, good_machine),
		cmocka_unit_test_setup(fadt_ports, good_machine),
		cmocka_unit_test_setup(bad_fadt_ports, good_machine),
		cmocka_unit_test_setup(fadt_reset, good_machine),
		cmocka_unit_test_setup(fadt_sleep_control, good_machine),
		cmocka_unit_test_setup(sleep_states, good_machine),
		cmocka_unit_test_setup(mcfg_entries, good_machine),
		cmocka_unit_test_setup(dma_tables, good_machine),
		cmocka_unit_test_setup(hidden_dma_table, good_machine),
	};

	return cmocka_run_group_tests_name("loader_acpi", tests, NULL, NULL);
}
