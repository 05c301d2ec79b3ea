/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UEFI entry: reads the firmware's tables, leaves boot services, takes the first CPU over. */
#include <efi.h>

#include "machine.h"
#include "acpi.h"
#include "clock.h"
#include "cpu.h"
#include "paging.h"
#include "serial.h"
#include "tap.h"

#define MAX_RANGES    512u
#define MAP_BYTES     32768u
#define LOW_MEMORY    0x9ffffu
#define LOW_PAGES     2u
#define EXIT_ATTEMPTS 4u

struct memory_range memory_map[MAX_RANGES];
uint32_t memory_ranges;
char program_argument[32];
const void *runtime_services;

static uint8_t map_buffer[MAP_BYTES] __attribute__((aligned(16)));

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static enum memory_kind kind_of(UINT32 type)
{
	switch (type) {
	case EfiReservedMemoryType:
	case EfiUnusableMemory: /* the hypervisor's and the pool's: loader/memory.c */
		return MEMORY_RESERVED;
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiConventionalMemory:
		return MEMORY_FREE;
	default:
		return MEMORY_OTHER;
	}
}

static void keep_map(UINTN bytes, UINTN descriptor_bytes)
{
	for (UINTN i = 0; i + descriptor_bytes <= bytes && memory_ranges < MAX_RANGES; i += descriptor_bytes) {
		const EFI_MEMORY_DESCRIPTOR *d = (const EFI_MEMORY_DESCRIPTOR *)(map_buffer + i);

		memory_map[memory_ranges++] =
			(struct memory_range){d->PhysicalStart, d->NumberOfPages * PAGE_BYTES, kind_of(d->Type)};
	}
}

/* The map's key is stale if the firmware allocated in between, so a second time may be needed (UEFI 2.10, 7.4.6). */
static void leave_boot_services(EFI_HANDLE image, EFI_BOOT_SERVICES *services)
{
	for (unsigned int i = 0; i < EXIT_ATTEMPTS; i++) {
		UINTN bytes = MAP_BYTES, key, descriptor_bytes;
		UINT32 version;

		if (services->GetMemoryMap(&bytes, (EFI_MEMORY_DESCRIPTOR *)map_buffer, &key, &descriptor_bytes,
					   &version) != EFI_SUCCESS)
			bail_out("the firmware's memory map is longer than %u bytes", MAP_BYTES);
		if (services->ExitBootServices(image, key) == EFI_SUCCESS) {
			keep_map(bytes, descriptor_bytes);
			return;
		}
	}
	bail_out("the firmware does not let go: ExitBootServices failed");
}

static void find_trampoline(EFI_BOOT_SERVICES *services)
{
	EFI_PHYSICAL_ADDRESS low = LOW_MEMORY;

	if (services->AllocatePages(AllocateMaxAddress, EfiLoaderData, LOW_PAGES, &low) != EFI_SUCCESS)
		bail_out("no two free pages below 640 KiB");
	trampoline_set(low, low + PAGE_BYTES);
}

static uint64_t find_rsdp(const EFI_SYSTEM_TABLE *system)
{
	static const EFI_GUID acpi20 = ACPI_20_TABLE_GUID;
	const uint64_t *wanted = (const uint64_t *)&acpi20;

	for (UINTN i = 0; i < system->NumberOfTableEntries; i++) {
		const uint64_t *guid = (const uint64_t *)&system->ConfigurationTable[i].VendorGuid;

		if (guid[0] == wanted[0] && guid[1] == wanted[1])
			return (uint64_t)system->ConfigurationTable[i].VendorTable;
	}
	return 0;
}

static void keep_argument(const CHAR16 *path)
{
	unsigned int n = 0;

	while (*path && *path != L'-')
		path++;
	while (*path && *++path && *path != L'.' && n < sizeof(program_argument) - 1)
		program_argument[n++] = (char)*path;
}

static void find_argument(EFI_HANDLE image, EFI_BOOT_SERVICES *services)
{
	EFI_GUID protocol = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	EFI_LOADED_IMAGE_PROTOCOL *loaded;
	const FILEPATH_DEVICE_PATH *path;

	if (services->HandleProtocol(image, &protocol, (void **)&loaded) != EFI_SUCCESS || !loaded->FilePath)
		return;
	path = (const FILEPATH_DEVICE_PATH *)loaded->FilePath;
	if (path->Header.Type == MEDIA_DEVICE_PATH && path->Header.SubType == MEDIA_FILEPATH_DP)
		keep_argument(path->PathName);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	serial_init();
	tap_start();
	runtime_services = system->RuntimeServices;
	find_argument(image, system->BootServices);
	find_trampoline(system->BootServices);
	acpi_init(find_rsdp(system));
	leave_boot_services(image, system->BootServices);
	__asm__ volatile("cli");
	paging_init();
	cpu_take(&cpus[0]);
	clock_init();
	test_main();
	finish();
}
