/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory, through the boot services. */
#include "memory.h"

#include <string.h>

#include "cpu.h"
#include "ranges.h"
#include "uefi.h"

#define PAGE_BYTES  4096ull
#define ALIGN_BYTES 0x200000ull
#define REACH_BITS  47u   /* the hypervisor maps its memory where it lies: the lower half of four levels */
#define MAP_SLACK   2048u /* descriptors that the allocation for the map itself may add */

bool memory_map_read(struct memory_map *map, struct failure *failure)
{
	UINTN key, bytes = 0;
	UINT32 version;

	boot_services->GetMemoryMap(&bytes, NULL, &key, &map->stride, &version);
	map->bytes = bytes += MAP_SLACK;
	map->data = uefi_allocate(bytes);
	if (!map->data)
		return fail(failure, LOADER_E_MEMORY, "memory map of %lu bytes", bytes);
	if (EFI_ERROR(boot_services->GetMemoryMap(&map->bytes, (EFI_MEMORY_DESCRIPTOR *)map->data, &key, &map->stride,
						  &version)) ||
	    map->stride < sizeof(EFI_MEMORY_DESCRIPTOR))
		return fail(failure, LOADER_E_MEMORY_MAP, "GetMemoryMap, %lu bytes", map->bytes);
	return true;
}

static const EFI_MEMORY_DESCRIPTOR *descriptor(const struct memory_map *map, uint64_t index)
{
	return (const EFI_MEMORY_DESCRIPTOR *)(map->data + index * map->stride);
}

static bool map_contains(const struct memory_map *map, uint64_t address)
{
	for (uint64_t i = 0; i < map->bytes / map->stride; i++) {
		const EFI_MEMORY_DESCRIPTOR *d = descriptor(map, i);
		if (d->Type != EfiMemoryMappedIO && d->Type != EfiMemoryMappedIOPortSpace &&
		    address >= d->PhysicalStart && (address - d->PhysicalStart) / PAGE_BYTES < d->NumberOfPages)
			return true;
	}
	return address < 0x100000; /* the BIOS area: old firmware keeps the RSDP there and lists nothing */
}

bool memory_map_copy(const void *map, uint64_t address, void *to, size_t bytes)
{
	if (bytes > UINT64_MAX - address)
		return false;
	for (uint64_t at = address; at < address + bytes; at = (at & ~(PAGE_BYTES - 1)) + PAGE_BYTES) {
		if (!map_contains(map, at))
			return false;
	}
	memcpy(to, (const void *)address, bytes);
	return true;
}

static bool is_ram(uint32_t type)
{
	switch (type) {
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiRuntimeServicesCode:
	case EfiRuntimeServicesData:
	case EfiConventionalMemory:
	case EfiACPIReclaimMemory:
	case EfiACPIMemoryNVS:
		return true;
	default:
		return false;
	}
}

/* Appends the RAM of the map to 'list', which has room for all descriptors. Returns the count, or UINT32_MAX. */
static uint32_t collect_ram(const struct memory_map *map, struct boot_range *list)
{
	uint32_t count = 0;

	for (uint64_t i = 0; i < map->bytes / map->stride; i++) {
		const EFI_MEMORY_DESCRIPTOR *d = descriptor(map, i);
		if (!is_ram(d->Type))
			continue;
		if (d->PhysicalStart % PAGE_BYTES || d->PhysicalStart >> 52 || d->NumberOfPages >> 40)
			return UINT32_MAX;
		list[count++] = (struct boot_range){d->PhysicalStart, d->NumberOfPages * PAGE_BYTES};
	}
	return ranges_normalise(list, count);
}

bool memory_map_ram(const struct memory_map *map, struct boot_info *info, struct failure *failure)
{
	struct boot_range *list = uefi_allocate(map->bytes / map->stride * sizeof(*list) + 1);

	if (!list)
		return fail(failure, LOADER_E_MEMORY, "list of RAM");
	info->ram_count = collect_ram(map, list);
	const bool fits = info->ram_count && info->ram_count <= BOOT_MAX_RAM;
	if (fits)
		memcpy(info->ram, list, info->ram_count * sizeof(*list));
	uefi_free(list);
	return fits ||
	       fail(failure, LOADER_E_MEMORY_MAP, "%u ranges of RAM, 1 to %u expected", info->ram_count, BOOT_MAX_RAM);
}

static void free_pages(uint64_t base, uint64_t bytes)
{
	if (bytes)
		boot_services->FreePages(base, bytes / PAGE_BYTES);
}

bool memory_reserve(uint64_t bytes, enum loader_error error, struct boot_range *range, struct failure *failure)
{
	const uint32_t bits = cpu_physical_bits();
	const uint64_t taken = bytes + ALIGN_BYTES - PAGE_BYTES;
	EFI_PHYSICAL_ADDRESS base = (1ull << (bits < REACH_BITS ? bits : REACH_BITS)) - 1;

	/*
	 * Not EfiReservedMemoryType: firmware made from EDK II keeps as much of that type together as the boot before
	 * used, and resets the machine when a boot option returns that used more.
	 */
	if (EFI_ERROR(boot_services->AllocatePages(AllocateMaxAddress, EfiUnusableMemory, taken / PAGE_BYTES, &base)))
		return fail(failure, error, "%lu MiB", bytes >> 20);
	range->base = (base + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
	range->bytes = bytes;
	free_pages(base, range->base - base);
	free_pages(range->base + bytes, base + taken - range->base - bytes);
	return true;
}

void memory_release(struct boot_range *range)
{
	free_pages(range->base, range->bytes);
	*range = (struct boot_range){0, 0};
}

bool memory_allow_execution(uint64_t base, uint64_t bytes, struct failure *failure)
{
	static const EFI_GUID guid = EFI_MEMORY_ATTRIBUTE_PROTOCOL_GUID;
	EFI_MEMORY_ATTRIBUTE_PROTOCOL *protocol = uefi_locate(&guid);

	if (protocol && EFI_ERROR(protocol->ClearMemoryAttributes(protocol, base, bytes, EFI_MEMORY_XP)))
		return fail(failure, LOADER_E_MEMORY_REGION, "the firmware refuses to make 0x%lx executable", base);
	return true;
}

/* A variable of one byte. False: there is none. */
static bool get_byte(CHAR16 *name, EFI_GUID *guid, UINT32 *attributes, UINT8 *value)
{
	UINTN bytes = sizeof(*value);

	return !EFI_ERROR(system_table->RuntimeServices->GetVariable(name, guid, attributes, &bytes, value)) &&
	       bytes == sizeof(*value);
}

static bool set_byte(CHAR16 *name, EFI_GUID *guid, UINT32 attributes, UINT8 value)
{
	return !EFI_ERROR(system_table->RuntimeServices->SetVariable(name, guid, attributes, sizeof(value), &value));
}

/*
 * TCG Platform Reset Attack Mitigation Specification 1.10, sections 4.1 (ClearMemory) and 4.2 (the lock, revision 1).
 */
const char *memory_wipe_at_reset(void)
{
	static EFI_GUID guid = {0xe20939be, 0x32d4, 0x41be, {0xa1, 0x50, 0x89, 0x7f, 0x85, 0xd4, 0x98, 0x29}};
	static EFI_GUID lock_guid = {0xbb983ccf, 0x151d, 0x40e1, {0xa0, 0x7b, 0x4a, 0x17, 0xbe, 0x16, 0x82, 0x92}};
	static CHAR16 name[] = L"MemoryOverwriteRequestControl", lock_name[] = L"MemoryOverwriteRequestControlLock";
	const UINT8 clear_memory = 1, lock = 1;
	UINT32 attributes, lock_attributes;
	UINT8 value, locked;

	if (!get_byte(name, &guid, &attributes, &value))
		return "the firmware does not wipe memory at a reset";
	if (!(value & clear_memory) && !set_byte(name, &guid, attributes, value | clear_memory))
		return "the firmware refuses to wipe memory at the next reset";
	if (!get_byte(lock_name, &lock_guid, &lock_attributes, &locked) ||
	    (!locked && !set_byte(lock_name, &lock_guid, lock_attributes, lock)))
		return "the host can take back that the firmware wipes memory at a reset: there is no lock";
	return NULL;
}
