/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cost of a CPUID and of a hypercall, seen from the root guest: the TSC before and after. With QEMU's
 * -icount shift=0, and on Bochs with one CPU, a tick is an instruction, so the figures count every instruction
 * in between, the hypervisor's included, and are the same at each run.
 */
#include <efi.h>
#include <efilib.h>

#include <cloister/hypercall.h>

#define ROUNDS     64
#define NO_SUCH_HC 0 /* answered at once, with HC_E_NUMBER */

static inline UINT64 rdtsc(void)
{
	UINT32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (UINT64)high << 32 | low;
}

static void nothing(void)
{
}

static void do_cpuid(void)
{
	UINT32 a = 0, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)::"memory");
}

static void do_vmmcall(void)
{
	UINT64 result = NO_SUCH_HC;

	__asm__ volatile("vmmcall" : "+a"(result) : "D"(0ull), "S"(0ull), "d"(0ull), "c"(0ull) : "memory");
}

static void do_vmcall(void)
{
	UINT64 result = NO_SUCH_HC;

	__asm__ volatile("vmcall" : "+a"(result) : "D"(0ull), "S"(0ull), "d"(0ull), "c"(0ull) : "memory");
}

static int is_amd(void)
{
	UINT32 a = 0, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b == 0x68747541; /* "Auth"enticAMD */
}

/* The least of some rounds: the first ones fill caches. */
static UINT64 least(void (*instruction)(void))
{
	UINT64 best = ~0ull;

	for (UINTN round = 0; round < ROUNDS; round++) {
		const UINT64 start = rdtsc();
		instruction();
		const UINT64 ticks = rdtsc() - start;
		if (ticks < best)
			best = ticks;
	}
	return best;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	InitializeLib(self, system);

	/* Timer interrupts of the firmware would count. */
	__asm__ volatile("cli");
	const UINT64 empty = least(nothing);
	const UINT64 cpuid = least(do_cpuid) - empty;
	const UINT64 hypercall = least(is_amd() ? do_vmmcall : do_vmcall) - empty;
	__asm__ volatile("sti");

	Print(L"BENCH cpuid %ld\nBENCH hypercall %ld\nBENCH DONE\n", cpuid, hypercall);
	RT->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
