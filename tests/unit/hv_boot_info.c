/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot_info: one that is right, and one wrong field at a time. */
#include "hv_test.h"

#include "machine.h"

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
	assert_int_equal(boot_info_check(&boot, PHYS_BITS), HV_OK);
	assert_int_equal(boot_info_check(&no_pool, PHYS_BITS), HV_OK);
}

/* One field set to a wrong value must give exactly @error. */
#define REFUSES(field, value, error)                                         \
	do {                                                                 \
		struct boot_info boot_ = valid();                            \
		boot_.field = value;                                         \
		assert_int_equal(boot_info_check(&boot_, PHYS_BITS), error); \
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
	REFUSES(dma_table_bytes, BOOT_MAX_DMA_TABLE + 1, HV_E_BOOT_INFO);
	REFUSES(ecam_base, 0xe0000800, HV_E_BOOT_INFO);
	REFUSES(ecam_base, 0xe0080000, HV_E_BOOT_INFO);
	REFUSES(ecam_base, (1ull << PHYS_BITS) - 4096, HV_E_BOOT_INFO);
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
	boot.cpu_count = BOOT_MAX_CPUS / 2;
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

/* A region for large leaves has no room for the tables of small ones. */
static void refuses_leaves(void **state)
{
	struct boot_info boot = valid();

	(void)state;
	boot.ram[1] = (struct boot_range){1024 * MIB, 2048 * MIB};
	assert_int_equal(boot_info_check(&boot, PHYS_BITS), HV_OK);
	boot.ram_leaf_bytes = BOOT_LEAF_4KIB;
	assert_int_equal(boot_info_check(&boot, PHYS_BITS), HV_E_REGION);
	boot.region.bytes = boot_region_bytes(&boot, PHYS_BITS);
	assert_int_equal(boot_info_check(&boot, PHYS_BITS), HV_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_valid), cmocka_unit_test(refuses_counts), cmocka_unit_test(refuses_region),
		cmocka_unit_test(region_size),   cmocka_unit_test(refuses_leaves), cmocka_unit_test(refuses_ranges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
