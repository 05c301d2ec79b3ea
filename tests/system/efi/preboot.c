/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acts as firmware with pre-boot DMA protection: switches the DMA remapping unit on, with its own tables, which map
 * memory one to one. Then it starts the loader of its volume, which must take the unit over, and prints the
 * hypervisor's counts. QEMU's units are where QEMU has them.
 */
#include <efi.h>
#include <efilib.h>

#include "stats.h"

#define LOADER L"\\EFI\\cloister\\loader.efi"
#define VTD    0xfed90000ull
#define AMDVI  0xfed80000ull

/* VT-d 5.1, chapter 11 */
enum { GCMD = 0x18, GSTS = 0x1c, RTADDR = 0x20, IQT = 0x88, IQA = 0x90 };
#define TE   (1u << 31)
#define SRTP (1u << 30)
#define QIE  (1u << 26)

/* AMD I/O Virtualization Technology 3.08, chapter 3: IOMMU_EN, EVENT_EN, CMDBUF_EN */
enum { DEVICE_TABLE = 0x00, COMMANDS = 0x08, EVENTS = 0x10, CONTROL = 0x18 };
#define ON (1ull | 1ull << 2 | 1ull << 12)

static volatile UINT32 *reg32(UINT64 base, UINT64 offset)
{
	return (volatile UINT32 *)(base + offset);
}

static volatile UINT64 *reg64(UINT64 base, UINT64 offset)
{
	return (volatile UINT64 *)(base + offset);
}

static UINT64 *pages(UINTN count)
{
	EFI_PHYSICAL_ADDRESS at = 0;

	if (EFI_ERROR(BS->AllocatePages(AllocateAnyPages, EfiBootServicesData, count, &at)))
		return NULL;
	ZeroMem((void *)at, count * 4096);
	return (UINT64 *)at;
}

/* The first 512 GiB: a top-level table whose first entry leads to 512 leaves of 1 GiB. */
static UINT64 one_to_one(UINT64 table_bits, UINT64 leaf_bits)
{
	UINT64 *const top = pages(1), *const leaves = pages(1);

	top[0] = (UINT64)leaves | table_bits;
	for (UINT64 i = 0; i < 512; i++)
		leaves[i] = i << 30 | leaf_bits;
	return (UINT64)top;
}

static void command(UINT32 bits, UINT32 state)
{
	*reg32(VTD, GCMD) = bits;
	while ((*reg32(VTD, GSTS) & state) == 0)
		;
}

static void switch_vtd_on(void)
{
	UINT64 *const root = pages(1), *const contexts = pages(1), *const queue = pages(1);
	const UINT64 top = one_to_one(3, 0x83);

	for (UINTN i = 0; i < 256; i++) {
		root[2 * i] = (UINT64)contexts | 1;
		contexts[2 * i] = top | 1;
		contexts[2 * i + 1] = 2 | 7 << 8; /* four levels, domain 7 */
	}
	*reg64(VTD, RTADDR) = (UINT64)root;
	command(SRTP, SRTP);
	*reg64(VTD, IQT) = 0;
	*reg64(VTD, IQA) = (UINT64)queue;
	command(QIE, QIE);
	queue[0] = 1 | 1 << 4;              /* all contexts */
	queue[2] = 2 | 1 << 4;              /* all of the IOTLB */
	queue[4] = 5 | 1 << 5 | 1ull << 32; /* then a status is stored: QEMU ends no queue that does not wait */
	queue[5] = (UINT64)(queue + 16);
	*reg64(VTD, IQT) = 48;
	command(QIE | TE, TE);
	Print(L"PREBOOT vtd root %lx\n", (UINT64)root);
}

static void switch_amdvi_on(void)
{
	UINT64 *const devices = pages(512);
	const UINT64 rights = 3ull << 61;
	const UINT64 top = one_to_one(1 | 3 << 9 | rights, 1 | rights);

	for (UINTN i = 0; i < 65536; i++) {
		devices[4 * i] = top | 3 | 4 << 9 | rights;
		devices[4 * i + 1] = 7;
	}
	*reg64(AMDVI, DEVICE_TABLE) = (UINT64)devices | 511;
	*reg64(AMDVI, COMMANDS) = (UINT64)pages(1) | 8ull << 56;
	*reg64(AMDVI, EVENTS) = (UINT64)pages(1) | 8ull << 56;
	*reg64(AMDVI, CONTROL) = ON;
	Print(L"PREBOOT amdvi root %lx\n", (UINT64)devices);
}

static EFI_STATUS start_loader(EFI_HANDLE self, EFI_HANDLE volume)
{
	EFI_DEVICE_PATH *path = FileDevicePath(volume, LOADER);
	EFI_HANDLE image;
	EFI_STATUS status = BS->LoadImage(FALSE, self, path, NULL, 0, &image);

	FreePool(path);
	return EFI_ERROR(status) ? status : BS->StartImage(image, NULL, NULL);
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	static struct hv_stats stats __attribute__((aligned(512)));
	EFI_LOADED_IMAGE *own;

	InitializeLib(self, system);
	if (EFI_ERROR(BS->HandleProtocol(self, &LoadedImageProtocol, (void **)&own)))
		return EFI_NOT_FOUND;
	if (*reg32(VTD, 0) != 0 && *reg32(VTD, 0) != ~0u)
		switch_vtd_on();
	else
		switch_amdvi_on();
	const EFI_STATUS status = start_loader(self, own->DeviceHandle);

	Print(L"PREBOOT loader %r\n", status);
	if (read_stats(&stats) == sizeof(stats))
		Print(L"PREBOOT units %d refused %ld\n", stats.iommu_units, stats.refused_dma);
	Print(L"PREBOOT DONE\n");
	for (;;)
		BS->Stall(1000000);
}
