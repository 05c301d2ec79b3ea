/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts the loader of its volume once for each fault of the MTRRs that a firmware could leave; it must refuse each
 * one and come back. The registers are restored after each. Prints where each case begins and ends.
 */
#include <efi.h>
#include <efilib.h>

#define LOADER     L"\\EFI\\cloister\\loader.efi"
#define MTRRCAP    0xfe
#define DEF_TYPE   0x2ff
#define PHYS_BASE0 0x200
#define VALID      (1ull << 11)
#define RAM        0x4000000ull /* 16 MiB of it, from 64 MiB on */
#define RAM_BYTES  0x1000000ull
#define RANGES     2

/* SDM 3A 12.11: memory types */
enum { UC = 0, WC = 1, WT = 4, WP = 5, WB = 6 };

struct fault {
	CHAR16 *name;
	BOOLEAN off;  /* all MTRRs */
	UINTN ranges; /* else: variable ranges over RAM, the last ones that the CPU has */
	UINT8 types[RANGES];
};

static const struct fault faults[] = {
	{L"off", TRUE, 0, {0}},
	{L"uncacheable", FALSE, 1, {UC}},
	{L"write-through", FALSE, 1, {WT}},
	{L"overlap", FALSE, 2, {WC, WP}},
};

struct saved {
	UINT64 def_type, base[RANGES], mask[RANGES];
};

static UINT64 rdmsr(UINT32 number)
{
	UINT32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return (UINT64)high << 32 | low;
}

static void wrmsr(UINT32 number, UINT64 value)
{
	__asm__ volatile("wrmsr" : : "c"(number), "a"((UINT32)value), "d"((UINT32)(value >> 32)) : "memory");
}

static UINT64 address_mask(void)
{
	UINT32 eax = 0x80000008, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return (1ull << (eax & 0xff)) - 1;
}

/* Register of the base of one of the last ranges; its mask's is the next. */
static UINT32 range_base(UINTN range)
{
	return PHYS_BASE0 + 2 * ((UINT32)(rdmsr(MTRRCAP) & 0xff) - RANGES + (UINT32)range);
}

static struct saved save(void)
{
	struct saved saved = {.def_type = rdmsr(DEF_TYPE)};

	for (UINTN i = 0; i < RANGES; i++) {
		saved.base[i] = rdmsr(range_base(i));
		saved.mask[i] = rdmsr(range_base(i) + 1);
	}
	return saved;
}

static void put_back(const struct saved *saved)
{
	for (UINTN i = 0; i < RANGES; i++) {
		wrmsr(range_base(i), saved->base[i]);
		wrmsr(range_base(i) + 1, saved->mask[i]);
	}
	wrmsr(DEF_TYPE, saved->def_type);
}

static void make(const struct fault *fault)
{
	if (fault->off)
		wrmsr(DEF_TYPE, 0);
	for (UINTN i = 0; i < fault->ranges; i++) {
		wrmsr(range_base(i), RAM | fault->types[i]);
		wrmsr(range_base(i) + 1, (address_mask() & ~(RAM_BYTES - 1)) | VALID);
	}
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
	EFI_LOADED_IMAGE *image;

	InitializeLib(self, system);
	if (EFI_ERROR(BS->HandleProtocol(self, &LoadedImageProtocol, (void **)&image)))
		return EFI_NOT_FOUND;
	for (UINTN i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct saved saved = save();

		Print(L"\nCASE %s BEGIN\n", faults[i].name);
		make(&faults[i]);
		const EFI_STATUS status = start_loader(self, image->DeviceHandle);
		put_back(&saved);
		Print(L"CASE %s END %r\n", faults[i].name, status);
	}
	Print(L"CASES DONE\n");
	BS->Stall(1000000);
	RT->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
