/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/boot/dma_records.c */
/* boot_info: one that is right, and one wrong field at a time. */
#include "hv_test.h"

#include "boot/boot_info.h"

#define PHYS_BITS 40u
#define MIB       (1ull << 20)

static struct boot_info valid(void)
{
	struct boot_info boot = {
		.magic = BOOT_INFO_MAGIC,
		.version = BOOT_INFO_VERSION,
		.bytes = sizeof(boot),
		.cpu_count = 2,
		.ram_count = 2,
		.hidden_count = 1,
		.region = {256 * MIB, 4 * MIB},
		.pool = {512 * MIB, 64 * MIB},
		.image_bytes = 0x15000,
		.ram_leaf_bytes = BOOT_LEAF_2MIB,
		.tsc_khz = 1000000,
		.cpu_apic_id = {0, 1},
		.ram = {{0, 640 * 1024}, {1 * MIB, 255 * MIB}},
		.hidden = {{0xfed41000, 0x4000}},
	};
	return boot;
}

static void accepts_valid(void **state)
{
	const struct boot_info boot = valid();
	struct boot_info no_pool = valid();

	(void)state;
	no_pool.pool = (struct boot_range){0, 0};
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).error, HV_OK);
	assert_int_equal(boot_info_check(&no_pool, PHYS_BITS).error, HV_OK);
}

/* One field set to a wrong value must give exactly @error. */
#define REFUSES(field, value, error_)                                               \
	do {                                                                        \
		struct boot_info boot_ = valid();                                   \
		boot_.field = value;                                                \
		assert_int_equal(boot_info_check(&boot_, PHYS_BITS).error, error_); \
	} while (0)

static void refuses_counts(void **state)
{
	(void)state;
	REFUSES(magic, 0, HV_E_BOOT_INFO);
	REFUSES(version, BOOT_INFO_VERSION - 1, HV_E_BOOT_INFO);
	REFUSES(bytes, sizeof(struct boot_info) - 8, HV_E_BOOT_INFO);
	REFUSES(flags, 1, HV_E_BOOT_INFO);
	REFUSES(flags, 1u << 31, HV_E_BOOT_INFO);
	REFUSES(cpu_count, 0, HV_E_BOOT_INFO);
	REFUSES(cpu_count, BOOT_MAX_CPUS + 1, HV_E_BOOT_INFO);
	REFUSES(ram_count, 0, HV_E_BOOT_INFO);
	REFUSES(ram_count, BOOT_MAX_RAM + 1, HV_E_BOOT_INFO);
	REFUSES(hidden_count, BOOT_MAX_HIDDEN + 1, HV_E_BOOT_INFO);
	REFUSES(log_bytes, BOOT_MAX_LOG + 1, HV_E_BOOT_INFO);
	REFUSES(dma.kind, BOOT_DMA_AMDVI + 1, HV_E_BOOT_INFO);
	REFUSES(dma.unit_count, BOOT_MAX_UNITS + 1, HV_E_BOOT_INFO);
	REFUSES(dma.reserved_count, BOOT_MAX_RESERVED + 1, HV_E_BOOT_INFO);
	REFUSES(floor.range_count, BOOT_MAX_FLOOR + 1, HV_E_BOOT_INFO);
	REFUSES(floor.function_count, BOOT_MAX_FLOOR + 1, HV_E_BOOT_INFO);
	REFUSES(floor.range_count, 1, HV_E_BOOT_INFO); /* of no bytes */
	REFUSES(floor, ((struct boot_floor){.range_count = 1, .range = {{0xe0000000, 0x200000}}}), HV_E_BOOT_INFO);
	REFUSES(floor, ((struct boot_floor){.range_count = 1, .range = {{0xe0000000, 0x800}}}), HV_E_BOOT_INFO);
	REFUSES(floor, ((struct boot_floor){.range_count = 1, .range = {{1ull << PHYS_BITS, 0x1000}}}), HV_E_BOOT_INFO);
	REFUSES(dma.setting_count, BOOT_MAX_SETTINGS + 1, HV_E_BOOT_INFO);
	REFUSES(ecam_base, 0xe0000800, HV_E_BOOT_INFO);
	REFUSES(ecam_base, 0xe0080000, HV_E_BOOT_INFO);
	REFUSES(ecam_base, (1ull << PHYS_BITS) - 4096, HV_E_BOOT_INFO);
	REFUSES(on_crash, BOOT_CRASH_STOP + 1, HV_E_BOOT_INFO);
	REFUSES(ram_leaf_bytes, 0, HV_E_BOOT_INFO);
	REFUSES(ram_leaf_bytes, 1 << 30, HV_E_BOOT_INFO);
	REFUSES(tsc_khz, 0, HV_E_BOOT_INFO);
	REFUSES(tsc_khz, ~0ull, HV_E_BOOT_INFO);
	REFUSES(cpu_apic_id[1], 0, HV_E_BOOT_INFO);
}

static void refuses_region(void **state)
{
	(void)state;
	REFUSES(region.base, 256 * MIB + 4096, HV_E_REGION);
	REFUSES(region.base, 1ull << PHYS_BITS, HV_E_REGION);
	REFUSES(region.base, ~0ull << 21, HV_E_REGION);
	REFUSES(region.bytes, 0, HV_E_REGION);
	REFUSES(region.bytes, 4 * MIB + 4096, HV_E_REGION);
	REFUSES(region.bytes, ~0ull << 21, HV_E_REGION);
	REFUSES(image_bytes, 4 * MIB, HV_E_REGION);
	REFUSES(image_bytes, 4097, HV_E_REGION);
	REFUSES(image_bytes, ~0xfffull, HV_E_REGION);
}

/* The budget: 16 MiB and 8 KiB for each GiB of RAM; with 4 KiB leaves 2 MiB for each GiB and what maps them. */
static void region_size(void **state)
{
	const uint64_t gib = 1024 * MIB;
	struct boot_info boot = valid();

	(void)state;
	boot.cpu_count = 128;
	for (uint64_t ram = gib; ram <= 4096 * gib; ram *= 2) {
		boot.ram[1].bytes = ram - MIB;
		boot.ram_leaf_bytes = BOOT_LEAF_2MIB;
		assert_int_equal(boot_ram_tables(&boot), ram / gib);
		assert_in_range(boot_region_bytes(&boot, 46), 0, 16 * MIB + ram / gib * 8192);
		boot.ram_leaf_bytes = BOOT_LEAF_4KIB;
		assert_int_equal(boot_ram_tables(&boot), ram / gib * 513);
		assert_in_range(boot_region_bytes(&boot, 46), ram / gib * (513 + 1) * 4096,
				16 * MIB + ram / gib * (2 * MIB + 5 * 4096));
	}
}

/* The CPU concerned is named, where there is one. */
static void names_cpu(void **state)
{
	struct boot_info boot = valid();

	(void)state;
	boot.cpu_count = 4;
	boot.cpu_apic_id[2] = 7;
	boot.cpu_apic_id[3] = 9;
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).cpu, HV_NO_CPU);
	boot.cpu_apic_id[3] = 1;
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).error, HV_E_BOOT_INFO);
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).cpu, 3);
	boot.magic++;
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).cpu, HV_NO_CPU);
}

/* A region for large leaves has no room for the tables of small ones. */
static void refuses_leaves(void **state)
{
	struct boot_info boot = valid();

	(void)state;
	boot.ram[1] = (struct boot_range){1024 * MIB, 2048 * MIB};
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).error, HV_OK);
	boot.ram_leaf_bytes = BOOT_LEAF_4KIB;
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).error, HV_E_REGION);
	boot.region.bytes = boot_region_bytes(&boot, PHYS_BITS);
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).error, HV_OK);
}

static void refuses_ranges(void **state)
{
	(void)state;
	REFUSES(pool.base, 258 * MIB, HV_E_BOOT_INFO); /* overlaps the region */
	REFUSES(pool.base, 512 * MIB + 4096, HV_E_BOOT_INFO);
	REFUSES(pool.bytes, 0, HV_E_BOOT_INFO);
	REFUSES(pool.bytes, ~0ull << 21, HV_E_BOOT_INFO);
	REFUSES(ram[0].base, 1, HV_E_BOOT_INFO);
	REFUSES(ram[1].base, 4096, HV_E_BOOT_INFO);       /* not sorted */
	REFUSES(ram[1].bytes, 256 * MIB, HV_E_BOOT_INFO); /* reaches into the region */
	REFUSES(ram[1].bytes, 0, HV_E_BOOT_INFO);
	REFUSES(ram[1].bytes, ~0xfffull, HV_E_BOOT_INFO); /* wraps around */
	REFUSES(hidden[0].base, 0xfed41001, HV_E_BOOT_INFO);
	REFUSES(hidden[0].base, 2 * MIB, HV_E_BOOT_INFO); /* RAM of the root guest */
	REFUSES(hidden[0].bytes, 1ull << PHYS_BITS, HV_E_BOOT_INFO);
}

/* Two units and reserved memory, of which one is changed. */
static struct boot_info with_units(void)
{
	struct boot_info boot = valid();

	boot.dma.unit_count = 2;
	boot.dma.unit[0] = (struct boot_range){0xfed90000, 0x1000};
	boot.dma.unit[1] = (struct boot_range){0xfed92000, 0x2000};
	boot.dma.reserved_count = 1;
	boot.dma.reserved[0] = (struct boot_range){0x7d000000, 0x100000};
	return boot;
}

static enum hv_error check_unit(uint64_t base, uint64_t bytes)
{
	struct boot_info boot = with_units();

	boot.dma.unit[1] = (struct boot_range){base, bytes};
	assert_int_equal(boot_info_check(&boot, PHYS_BITS).error, HV_OK);
	const struct hv_failure failure = boot_dma_check(&boot, PHYS_BITS);

	assert_int_equal(failure.where, failure.error != HV_OK ? base : 0);
	assert_int_equal(failure.cpu, HV_NO_CPU);
	return failure.error;
}

static void units_in_places(void **state)
{
	(void)state;
	assert_int_equal(check_unit(0xfed92000, 0x2000), HV_OK);
	assert_int_equal(check_unit((1ull << PHYS_BITS) - 8192, 0x2000), HV_OK);
	assert_int_equal(check_unit((1ull << PHYS_BITS) - 4096, 0x2000), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0, 0x2000), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0xfed92008, 0x2000), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0xfed92000, 0x2008), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0xfed92000, 0), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(1ull << PHYS_BITS, 0x2000), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(~0xfffull, 0x2000), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0xfed90000, 0x2000), HV_E_DMA_TABLE); /* the other unit */
	assert_int_equal(check_unit(0xfed8f000, 0x2000), HV_E_DMA_TABLE); /* its second page is */
	assert_int_equal(check_unit(0xfed40000, 0x2000), HV_E_DMA_TABLE); /* TPM */
	assert_int_equal(check_unit(2 * MIB, 0x2000), HV_E_DMA_TABLE);    /* RAM */
	assert_int_equal(check_unit(257 * MIB, 0x2000), HV_E_DMA_TABLE);  /* the hypervisor */
	assert_int_equal(check_unit(513 * MIB, 0x2000), HV_E_DMA_TABLE);  /* the pool */
	assert_int_equal(check_unit(0xfed92000, ~0xfffull), HV_E_DMA_TABLE);
}

/* Above what page tables map one to one there are no registers, however wide addresses are. */
static void units_within_reach(void **state)
{
	struct boot_info boot = with_units();

	(void)state;
	boot.dma.unit[1].base = (1ull << 47) - 0x2000;
	assert_int_equal(boot_dma_check(&boot, 52).error, HV_OK);
	boot.dma.unit[1].base = 1ull << 47;
	assert_int_equal(boot_dma_check(&boot, 52).error, HV_E_DMA_TABLE);
}

static enum hv_error check_reserved(uint64_t base, uint64_t bytes)
{
	struct boot_info boot = with_units();

	boot.dma.reserved[0] = (struct boot_range){base, bytes};
	const struct hv_failure failure = boot_dma_check(&boot, PHYS_BITS);

	assert_int_equal(failure.where, failure.error != HV_OK ? base : 0);
	return failure.error;
}

static void reserved_memory_in_places(void **state)
{
	(void)state;
	assert_int_equal(check_reserved(2 * MIB, MIB), HV_OK); /* RAM may be */
	assert_int_equal(check_reserved(0, 4096), HV_OK);
	assert_int_equal(check_reserved(256 * MIB - 4096, 4096), HV_OK);
	assert_int_equal(check_reserved(256 * MIB - 4096, 8192), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(257 * MIB, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(0, 1ull << 39), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(512 * MIB - 4096, 8192), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(575 * MIB, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(0xfed44000, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(0xfed93000, 4096), HV_E_DMA_RESERVED); /* the second unit */
	assert_int_equal(check_reserved(1ull << PHYS_BITS, 4096), HV_E_DMA_TABLE);
	assert_int_equal(check_reserved(0x7d000001, 4096), HV_E_DMA_TABLE);
	assert_int_equal(check_reserved(0x7d000000, 1), HV_E_DMA_TABLE);
	assert_int_equal(check_reserved(0x7d000000, 0), HV_E_DMA_TABLE);
}

static enum hv_error check_setting(uint16_t first, uint16_t last, uint32_t sysmgt)
{
	struct boot_info boot = with_units();

	boot.dma.setting_count = 2;
	boot.dma.setting[0] = (struct boot_setting){0, 0xffff, 3};
	boot.dma.setting[1] = (struct boot_setting){first, last, sysmgt};
	return boot_dma_check(&boot, PHYS_BITS).error;
}

static void device_settings_keep_their_bounds(void **state)
{
	(void)state;
	assert_int_equal(check_setting(8, 8, 1), HV_OK);
	assert_int_equal(check_setting(9, 8, 1), HV_E_BOOT_INFO);
	assert_int_equal(check_setting(8, 8, 0), HV_E_BOOT_INFO);
	assert_int_equal(check_setting(8, 8, 4), HV_E_BOOT_INFO);
}

/* Room for what each unit needs, and AMD-Vi's device table. */
static void region_for_units(void **state)
{
	struct boot_info boot = valid(), none = valid();

	(void)state;
	boot.dma.unit_count = BOOT_MAX_UNITS;
	assert_in_range(boot_region_bytes(&boot, PHYS_BITS) - boot_region_bytes(&none, PHYS_BITS),
			BOOT_MAX_UNITS * 6 * 4096 - 2 * MIB, BOOT_MAX_UNITS * 6 * 4096 + 2 * MIB);
	boot = none;
	boot.dma.kind = BOOT_DMA_AMDVI;
	assert_int_equal(boot_region_bytes(&boot, PHYS_BITS), boot_region_bytes(&none, PHYS_BITS) + 2 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_valid),
		cmocka_unit_test(refuses_counts),
		cmocka_unit_test(refuses_region),
		cmocka_unit_test(region_size),
		cmocka_unit_test(names_cpu),
		cmocka_unit_test(refuses_leaves),
		cmocka_unit_test(refuses_ranges),
		cmocka_unit_test(units_in_places),
		cmocka_unit_test(units_within_reach),
		cmocka_unit_test(reserved_memory_in_places),
		cmocka_unit_test(device_settings_keep_their_bounds),
		cmocka_unit_test(region_for_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
