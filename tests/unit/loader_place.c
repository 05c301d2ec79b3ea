// SPDX-License-Identifier: GPL-2.0-or-later
// Where the hypervisor's memory may lie, and what is left of the TPM's random bytes after its preparation.
#include "loader_test.h"

#include <cloister/errors.h>

#include "cpu.h"
#include "hypervisor.h"
#include "memory.h"
#include "uefi.h"

uint32_t mock_physical_bits;

static EFI_PHYSICAL_ADDRESS asked_below;

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE type, EFI_MEMORY_TYPE memory, UINTN pages,
					EFI_PHYSICAL_ADDRESS *address)
{
	assert_int_equal(type, AllocateMaxAddress);
	assert_int_equal(memory, EfiReservedMemoryType);
	asked_below = *address;
	*address = (*address - pages * 4096 + 1) & ~0xfffull; /* as high as allowed */
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages)
{
	(void)address;
	(void)pages;
	return EFI_SUCCESS;
}

static void reserved_below(uint32_t bits, uint64_t limit)
{
	EFI_BOOT_SERVICES services = {.AllocatePages = allocate_pages, .FreePages = free_pages};
	struct boot_range range;
	struct failure failure;

	boot_services = &services;
	mock_physical_bits = bits;
	assert_true(memory_reserve(4ull << 20, LOADER_E_MEMORY_REGION, &range, &failure));
	assert_int_equal(asked_below, limit - 1);
	assert_int_equal(range.base % (2ull << 20), 0);
	assert_true(range.base + range.bytes <= limit);
}

static void reservations(void **state)
{
	(void)state;
	reserved_below(39, 1ull << 39);
	reserved_below(47, 1ull << 47);
	reserved_below(48, 1ull << 47);
	reserved_below(52, 1ull << 47);
}

static uint32_t prepare_error;
static uint8_t seen[32];

static uint32_t fake_prepare(struct boot_info *info)
{
	memcpy(seen, info->tpm_random, sizeof(seen));
	return prepare_error;
}

/* Whether the preparation succeeds or not. */
static void random_is_wiped(void **state)
{
	static const uint8_t zeros[32];
	const struct elf_image image = {.entry = 0};
	struct boot_info info;
	struct failure failure;
	(void)state;

	for (prepare_error = HV_OK; prepare_error <= HV_OK + 1; prepare_error++) {
		info = (struct boot_info){.region = {.base = (uint64_t)fake_prepare}};
		memset(info.tpm_random, 0x5a, sizeof(info.tpm_random));
		assert_false(hypervisor_prepare(&image, &info, &failure)); /* it gives back no addresses */
		assert_int_equal(seen[31], 0x5a);
		assert_memory_equal(info.tpm_random, zeros, sizeof(zeros));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reservations),
		cmocka_unit_test(random_is_wiped),
	};

	return cmocka_run_group_tests_name("loader_place", tests, NULL, NULL);
}
