/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-mmio */
/* links: loader/uefi.c */
/* Units that are on or off, with and without a driver of the firmware. */
#include "loader_test.h"

#include "mmio.h"
#include "uefi.h"
#include "units.h"

static struct boot_dma dma;
static bool driver;
static uint64_t on; /* register of a unit that translates */
static uint32_t on_value;

uint32_t mmio_read_32(uint64_t address)
{
	return address == on ? on_value : 0;
}

static EFI_STATUS EFIAPI locate(EFI_GUID *protocol, void *registration, void **interface)
{
	(void)registration;
	assert_int_equal(protocol->Data1, 0x4e939de9);
	*interface = driver ? &driver : NULL;
	return driver ? EFI_SUCCESS : EFI_NOT_FOUND;
}

static bool check(uint32_t kind, uint64_t offset, uint32_t value, struct failure *failure)
{
	static EFI_BOOT_SERVICES services = {.LocateProtocol = locate};

	boot_services = &services;
	dma.kind = kind;
	dma.unit_count = 2;
	dma.unit[0] = (struct boot_range){0xfed90000, 4096};
	dma.unit[1] = (struct boot_range){0xfed92000, 4096};
	on = 0xfed92000 + offset;
	on_value = value;
	return units_check_driver(&dma, failure);
}

static void a_driver_and_a_unit_that_is_on(void **state)
{
	struct failure failure;
	(void)state;

	driver = true;
	assert_fails(check(BOOT_DMA_VTD, 0x1c, 1u << 31, &failure), failure, "HV_E_IOMMU_BUSY", "unit at 0xfed92000");
	assert_fails(check(BOOT_DMA_AMDVI, 0x18, 1, &failure), failure, "HV_E_IOMMU_BUSY", "unit at 0xfed92000");
	assert_true(check(BOOT_DMA_VTD, 0x1c, 1u << 30, &failure)); /* off, with a root table */
	assert_true(check(BOOT_DMA_AMDVI, 0x18, 2, &failure));
	driver = false;
	assert_true(check(BOOT_DMA_VTD, 0x1c, 1u << 31, &failure));
	assert_true(check(BOOT_DMA_AMDVI, 0x18, 1, &failure));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_and_a_unit_that_is_on),
	};

	return cmocka_run_group_tests_name("loader_units", tests, NULL, NULL);
}
