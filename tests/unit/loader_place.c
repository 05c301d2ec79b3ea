// SPDX-License-Identifier: GPL-2.0-or-later
// Where the hypervisor's memory may lie and how it is given back, and what is left of the TPM's random bytes after its
// preparation.
#include "loader_test.h"

#include <cloister/errors.h>

#include "cpu.h"
#include "hypervisor.h"
#include "memory.h"
#include "uefi.h"

uint32_t mock_physical_bits;
struct cpuid mock_vendor;

static EFI_PHYSICAL_ADDRESS asked_below;
static uint64_t freed_pages;

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE type, EFI_MEMORY_TYPE memory, UINTN pages,
					EFI_PHYSICAL_ADDRESS *address)
{
	assert_int_equal(type, AllocateMaxAddress);
	assert_int_equal(memory, EfiUnusableMemory);
	asked_below = *address;
	*address = (*address - pages * 4096 + 1) & ~0xfffull; /* as high as allowed */
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages)
{
	assert_int_equal(address % 4096, 0);
	freed_pages += pages;
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

static bool path_of(const char vendor[12], const struct config *config, const char **path, struct failure *failure)
{
	memcpy(&mock_vendor.ebx, vendor, 4);
	memcpy(&mock_vendor.edx, vendor + 4, 4);
	memcpy(&mock_vendor.ecx, vendor + 8, 4);
	return hypervisor_path(config, path, failure);
}

/* An image for each vendor, and none for others. */
static void vendors(void **state)
{
	static const struct config config = {.image_svm = "svm", .image_vmx = "vmx"};
	struct failure failure;
	const char *path;
	(void)state;

	assert_true(path_of("AuthenticAMD", &config, &path, &failure));
	assert_string_equal(path, "svm");
	assert_true(path_of("HygonGenuine", &config, &path, &failure));
	assert_string_equal(path, "svm");
	assert_true(path_of("GenuineIntel", &config, &path, &failure));
	assert_string_equal(path, "vmx");
	assert_fails(path_of("CentaurHauls", &config, &path, &failure), failure, "LOADER_E_CPU_VENDOR",
		     "'CentaurHauls'");
}

static void widths(void **state)
{
	static const uint32_t wrong[] = {0, 35, 53, 255};
	struct boot_info info = {.ram_leaf_bytes = BOOT_LEAF_2MIB};
	struct failure failure;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		mock_physical_bits = wrong[i];
		assert_fails(hypervisor_place(NULL, &(struct elf_image){0}, 0, &info, &failure), failure,
			     "HV_E_PHYS_BITS", "CPUID leaf 80000008");
		assert_int_equal(info.region.bytes, 0);
	}
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
	bool small_leaves;
	(void)state;

	for (prepare_error = HV_OK; prepare_error <= HV_OK + 1; prepare_error++) {
		info = (struct boot_info){.region = {.base = (uint64_t)fake_prepare}};
		memset(info.tpm_random, 0x5a, sizeof(info.tpm_random));
		/* It gives back no addresses. */
		assert_false(hypervisor_prepare(&image, &info, &small_leaves, &failure));
		assert_false(small_leaves);
		assert_int_equal(seen[31], 0x5a);
		assert_memory_equal(info.tpm_random, zeros, sizeof(zeros));
	}
}

/* The one failure after which another try makes sense; and all memory comes back for it, wiped. */
static void asks_for_small_leaves(void **state)
{
	static _Alignas(4096) uint8_t region[2 * 4096], pool[4096];
	EFI_BOOT_SERVICES services = {.FreePages = free_pages};
	const struct elf_image image = {.entry = 0};
	struct boot_info info = {.region = {.base = (uint64_t)fake_prepare}};
	struct failure failure;
	bool small_leaves;
	(void)state;

	boot_services = &services;
	prepare_error = HV_E_SMALL_PAGES;
	assert_false(hypervisor_prepare(&image, &info, &small_leaves, &failure));
	assert_true(small_leaves);
	info.region = (struct boot_range){(uint64_t)region, sizeof(region)};
	info.pool = (struct boot_range){(uint64_t)pool, sizeof(pool)};
	region[sizeof(region) - 1] = 0x5a;
	freed_pages = 0;
	hypervisor_remove(&info);
	assert_int_equal(region[sizeof(region) - 1], 0);
	assert_int_equal(freed_pages, 3);
	assert_int_equal(info.region.bytes, 0);
	assert_int_equal(info.pool.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reservations),
		cmocka_unit_test(vendors),
		cmocka_unit_test(widths),
		cmocka_unit_test(random_is_wiped),
		cmocka_unit_test(asks_for_small_leaves),
	};

	return cmocka_run_group_tests_name("loader_place", tests, NULL, NULL);
}
