/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-cpu */
/* links: loader/ranges.c loader/uefi.c */
/* The firmware's memory map: what of it is RAM, and from where a table may be copied. */
#include "loader_test.h"

#include "cpu.h"
#include "memory.h"
#include "uefi.h"

#define PAGE 4096u

uint32_t mock_physical_bits;
struct cpuid mock_vendor;

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, VOID **memory)
{
	assert_int_equal(type, EfiLoaderData);
	*memory = malloc(bytes);
	return *memory ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

static EFI_STATUS EFIAPI free_pool(VOID *memory)
{
	free(memory);
	return EFI_SUCCESS;
}

static int firmware(void **state)
{
	static EFI_BOOT_SERVICES services = {.AllocatePool = allocate_pool, .FreePool = free_pool};
	(void)state;

	boot_services = &services;
	return 0;
}

/* A map of one descriptor, which is longer than this version of it, as firmware has it. */
static bool ram_of(uint32_t type, uint64_t start, uint64_t pages, struct boot_info *info)
{
	struct {
		EFI_MEMORY_DESCRIPTOR descriptor;
		uint64_t more;
	} one = {{.Type = type, .PhysicalStart = start, .NumberOfPages = pages}, 0};
	const struct memory_map map = {(uint8_t *)&one, sizeof(one), sizeof(one)};
	struct failure failure;

	if (memory_map_ram(&map, info, &failure))
		return true;
	assert_string_equal(failure.name, "LOADER_E_MEMORY_MAP");
	return false;
}

/* All that the operating system may use, and what stays the firmware's but holds its code and data. */
static void what_is_ram(void **state)
{
	static const bool is_ram[EfiMaxMemoryType] = {
		[EfiLoaderCode] = true,         [EfiLoaderData] = true,          [EfiBootServicesCode] = true,
		[EfiBootServicesData] = true,   [EfiRuntimeServicesCode] = true, [EfiRuntimeServicesData] = true,
		[EfiConventionalMemory] = true, [EfiACPIReclaimMemory] = true,   [EfiACPIMemoryNVS] = true,
	};
	struct boot_info info;
	(void)state;

	for (uint32_t type = 0; type < EfiMaxMemoryType; type++) {
		assert_int_equal(ram_of(type, 0x100000, 16, &info), is_ram[type]);
		if (!is_ram[type])
			continue;
		assert_int_equal(info.ram_count, 1);
		assert_int_equal(info.ram[0].base, 0x100000);
		assert_int_equal(info.ram[0].bytes, 16 * PAGE);
	}
	assert_false(ram_of(0x80000000, 0x100000, 16, &info)); /* an OEM's own */
}

static void ram_that_cannot_be(void **state)
{
	struct boot_info info;
	(void)state;

	assert_false(ram_of(EfiConventionalMemory, 0x100800, 16, &info));
	assert_false(ram_of(EfiConventionalMemory, 1ull << 52, 16, &info));
	assert_false(ram_of(EfiConventionalMemory, 0x100000, 1ull << 40, &info));
}

/* From memory that the map has, whole; devices' registers are not read. */
static void copies_from_memory(void **state)
{
	static _Alignas(PAGE) uint8_t pages[2 * PAGE];
	EFI_MEMORY_DESCRIPTOR one = {
		.Type = EfiACPIReclaimMemory, .PhysicalStart = (uint64_t)pages, .NumberOfPages = 2};
	const struct memory_map map = {(uint8_t *)&one, sizeof(one), sizeof(one)};
	uint8_t to[2 * PAGE] = {0};
	(void)state;

	pages[PAGE] = 0x5a;
	assert_true(memory_map_copy(&map, (uint64_t)pages, to, sizeof(pages)));
	assert_int_equal(to[PAGE], 0x5a);
	assert_true(memory_map_copy(&map, (uint64_t)pages + 2 * PAGE - 1, to, 1));
	assert_false(memory_map_copy(&map, (uint64_t)pages + 2 * PAGE - 1, to, 2));
	assert_false(memory_map_copy(&map, (uint64_t)pages - 1, to, 2));
	assert_false(memory_map_copy(&map, UINT64_MAX, to, 1));
	one.Type = EfiMemoryMappedIO;
	assert_false(memory_map_copy(&map, (uint64_t)pages, to, 1));
}

/* A length that wraps around ends below where it began: no page of it would be looked at. */
static void wraps_around(void **state)
{
	static _Alignas(PAGE) uint8_t pages[PAGE];
	EFI_MEMORY_DESCRIPTOR one = {
		.Type = EfiACPIReclaimMemory, .PhysicalStart = (uint64_t)pages, .NumberOfPages = 1};
	const struct memory_map map = {(uint8_t *)&one, sizeof(one), sizeof(one)};
	uint8_t to[16];
	(void)state;

	assert_false(memory_map_copy(&map, (uint64_t)pages, to, (size_t)(UINT64_MAX - (uint64_t)pages + 1)));
	assert_false(memory_map_copy(&map, UINT64_MAX - 7, to, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_ram, firmware),
		cmocka_unit_test_setup(ram_that_cannot_be, firmware),
		cmocka_unit_test_setup(copies_from_memory, firmware),
		cmocka_unit_test_setup(wraps_around, firmware),
	};

	return cmocka_run_group_tests_name("loader_memory", tests, NULL, NULL);
}
