/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into QEMU: mends three faults of its emulation, and leaves a build alone that has other code. All
 * functions are found by their names.
 *
 * VMRUN can deliver an injected interrupt twice. helper_vmrun() writes the vector into exception_index, delivers it, and
 * leaves it there. If another thread kicks the CPU (exit_request) before its next exit, QEMU's loop takes what it finds
 * for an exception that is still to be raised. A domain then has a #VE without information, and Linux stops: "Buggy TDX
 * module". The store is taken out. It is the last one to a field of CPUState, which lies below the registers'
 * structure, before the call of do_interrupt_x86_hardirq().
 *
 * A CPU that restores its FPU (FXRSTOR, XRSTOR) can undo a change of the first CPU's mode. cpu_clear_ignne() clears a
 * flag of the first CPU, whichever CPU calls it, by an AND without LOCK on the word that also holds the flags of nested
 * paging and of GIF. What the first CPU's thread writes at that moment is lost: its guest's nested paging stays on in
 * the host, which then ends in a triple fault, or writes its registers into the guest's VMCB. The flag belongs to FPU
 * errors by way of interrupt 13 and port F0, which no 64-bit system uses: the function is made to return at once.
 *
 * An exit can lose an interrupt. do_vmexit() clears the flag of a virtual interrupt by an AND without LOCK, on the word
 * in which other threads set the flag of an external one. What is lost at that moment comes with the next interrupt; if
 * it was the timer's, a CPU that sleeps has none. Linux then stands still: "RCU grace-period kthread stack dump".
 * helper_vmrun() sets the flag by such an OR. The two become BTR and BTS with LOCK, which are a byte shorter.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUNCTION_BYTES 0x1000u /* more than helper_vmrun() and do_vmexit() have */
#define DISTANCE_BYTES 64u     /* from the store to the call */

#define VIRQ_BIT 8u /* CPU_INTERRUPT_VIRQ */

#define RET_OPCODE                 0xc3u
#define CALL_OPCODE                0xe8u
#define CALL_BYTES                 5u
#define STORE_OPCODE               0x89u /* MOV to memory, from a 32-bit register (SDM 2B) */
#define STORE_BYTES                6u
#define GROUP_1_OPCODE             0x81u /* on memory, with 32 immediate bits; the operation is in ModRM (SDM 2D A.4.2) */
#define GROUP_1_BYTES              10u
#define GROUP_1_OR                 1u
#define GROUP_1_AND                4u
#define GROUP_8_BTS                5u
#define GROUP_8_BTR                6u
#define OPERATION(modrm)           ((modrm) >> 3 & 7u)
#define IS_BASE_AND_32_BITS(modrm) (((modrm) & 0xc0u) == 0x80u && ((modrm) & 7u) != 4u)

static int32_t displacement(const uint8_t *at)
{
	int32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint8_t *find_call(uint8_t *function, const void *target)
{
	for (uint8_t *at = function; at < function + FUNCTION_BYTES; at++) {
		if (*at == CALL_OPCODE && at + CALL_BYTES + displacement(at + 1) == target)
			return at;
	}
	return NULL;
}

/* AND or OR of a constant and a field of CPUState. */
static uint8_t *find_change(uint8_t *function, uint8_t operation, uint32_t constant)
{
	for (uint8_t *at = function; at < function + FUNCTION_BYTES; at++) {
		if (at[0] == GROUP_1_OPCODE && IS_BASE_AND_32_BITS(at[1]) && OPERATION(at[1]) == operation &&
		    displacement(at + 2) < 0 && memcmp(at + 6, &constant, sizeof(constant)) == 0)
			return at;
	}
	return NULL;
}

static uint8_t *find_store(uint8_t *call)
{
	for (uint8_t *at = call - STORE_BYTES; at >= call - DISTANCE_BYTES; at--) {
		if (at[0] == STORE_OPCODE && IS_BASE_AND_32_BITS(at[1]) && displacement(at + 2) < 0)
			return at;
	}
	return NULL;
}

/* Puts bytes in the place of code. */
static void replace(uint8_t *code, const void *with, size_t bytes)
{
	const uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t first = (uintptr_t)code & ~(page_bytes - 1);
	const size_t touched = (uintptr_t)code + bytes - first;

	if (mprotect((void *)first, touched, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
		perror("mend: making QEMU's code writable");
		exit(EXIT_FAILURE);
	}
	memcpy(code, with, bytes);
	if (mprotect((void *)first, touched, PROT_READ | PROT_EXEC) != 0) {
		perror("mend: making QEMU's code executable");
		exit(EXIT_FAILURE);
	}
}

static void mend_vmrun(uint8_t *vmrun)
{
	static const uint8_t nop[STORE_BYTES] = {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00};
	const void *const deliver = dlsym(RTLD_DEFAULT, "do_interrupt_x86_hardirq");
	uint8_t *const call = deliver ? find_call(vmrun, deliver) : NULL;
	uint8_t *const store = call ? find_store(call) : NULL;

	if (store)
		replace(store, nop, sizeof(nop));
	fprintf(stderr, "mend: VMRUN %s\n", store ? "delivers interrupts twice, mended" : "is another one, left alone");
}

/* LOCK, the opcode of two bytes, the same operand with another operation, the number of the bit, and a NOP. */
static void replace_by_bit(uint8_t *code, uint8_t operation, uint8_t bit)
{
	uint8_t locked[GROUP_1_BYTES] = {0xf0, 0x0f, 0xba, (uint8_t)((code[1] & 0xc7u) | operation << 3u)};

	memcpy(locked + 4, code + 2, sizeof(int32_t));
	locked[8] = bit;
	locked[9] = 0x90;
	replace(code, locked, sizeof(locked));
}

static void mend_exit(uint8_t *vmrun)
{
	uint8_t *const vmexit = dlsym(RTLD_DEFAULT, "do_vmexit");
	uint8_t *const clear = vmexit ? find_change(vmexit, GROUP_1_AND, ~(1u << VIRQ_BIT)) : NULL;
	uint8_t *const set = find_change(vmrun, GROUP_1_OR, 1u << VIRQ_BIT);

	if (clear && set) {
		replace_by_bit(clear, GROUP_8_BTR, VIRQ_BIT);
		replace_by_bit(set, GROUP_8_BTS, VIRQ_BIT);
	}
	fprintf(stderr, "mend: exits %s\n", clear && set ? "lose interrupts, mended" : "are other ones, left alone");
}

static void mend_fpu(void)
{
	static const uint8_t ret[] = {RET_OPCODE};
	uint8_t *const clear = dlsym(RTLD_DEFAULT, "cpu_clear_ignne");

	if (clear)
		replace(clear, ret, sizeof(ret));
	fprintf(stderr, "mend: FPU restores %s\n",
		clear ? "change the first CPU, mended" : "are other ones, left alone");
}

__attribute__((constructor)) static void mend_qemu(void)
{
	uint8_t *const vmrun = dlsym(RTLD_DEFAULT, "helper_vmrun");

	if (!vmrun)
		return; /* a program on the way to QEMU */
	mend_vmrun(vmrun);
	mend_exit(vmrun);
	mend_fpu();
}
