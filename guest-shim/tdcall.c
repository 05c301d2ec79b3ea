/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdcall.h"

#include <string.h>

#include "cloister/guest_shim.h"
#include "tdx/abi.h"

#define TDCALL          ".byte 0x66, 0x0f, 0x01, 0xcc"
#define PASS_R10_TO_R15 0xfc00ull
#define PASS_TEXT       (PASS_R10_TO_R15 | 1u << 2 | 1u << 3 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9)
#define DIGEST_ALIGNED  64
#define COM1            0x3f8u

/* A leaf that answers in registers. */
struct leaf {
	uint64_t rcx, rdx, r8, r9;
};

static uint64_t tdcall(uint64_t leaf, struct leaf *l)
{
	register uint64_t r8 __asm__("r8") = l->r8;
	register uint64_t r9 __asm__("r9") = l->r9;

	__asm__ volatile(TDCALL
			 : "+a"(leaf), "+c"(l->rcx), "+d"(l->rdx), "+r"(r8), "+r"(r9)
			 :
			 : "r10", "r11", "memory");
	l->r8 = r8;
	return leaf;
}

/* TDG.VP.VMCALL: status; @r11: function, then what it answers */
static uint64_t vmcall(uint64_t *function, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r11 __asm__("r11") = *function;
	register uint64_t r12 __asm__("r12") = a;
	register uint64_t r13 __asm__("r13") = b;
	register uint64_t r14 __asm__("r14") = c;
	register uint64_t r15 __asm__("r15") = d;
	uint64_t rax = TDG_VP_VMCALL;

	__asm__ volatile(TDCALL
			 : "+a"(rax), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
			 : "c"(PASS_R10_TO_R15)
			 : "memory");
	*function = r11;
	return r10;
}

/* To the first serial port, where QEMU has one. */
static void print(const char *text)
{
	for (; *text; text++) {
		uint64_t function = VMCALL_IO;

		(void)vmcall(&function, 1, 1, COM1, (uint8_t)*text);
	}
}

_Noreturn void td_fatal(const char *text)
{
	uint64_t words[TD_TEXT_BYTES / 8] = {0};

	for (uint32_t i = 0; i < TD_TEXT_BYTES && text[i]; i++)
		words[i / 8] |= (uint64_t)(uint8_t)text[i] << i % 8 * 8;
	print(text);
	print("\r\n");
	register uint64_t r8 __asm__("r8") = words[5];
	register uint64_t r9 __asm__("r9") = words[6];
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r11 __asm__("r11") = VMCALL_FATAL_ERROR;
	register uint64_t r12 __asm__("r12") = 0;
	register uint64_t r13 __asm__("r13") = 0;
	register uint64_t r14 __asm__("r14") = words[0];
	register uint64_t r15 __asm__("r15") = words[1];

	for (;;)
		__asm__ volatile(TDCALL
				 :
				 : "a"(TDG_VP_VMCALL), "c"(PASS_TEXT), "b"(words[2]), "D"(words[3]), "S"(words[4]),
				   "d"(words[7]), "r"(r8), "r"(r9), "r"(r10), "r"(r11), "r"(r12), "r"(r13), "r"(r14),
				   "r"(r15)
				 : "memory");
}

void td_accept_lazily(void)
{
	struct leaf l = {.rdx = TD_CLOISTER_LAZY, .r8 = 1, .r9 = UINT64_MAX};

	if (tdcall(TDG_VM_WR, &l) != TDX_SUCCESS)
		td_fatal("guest-shim: this host is not Cloister: use OVMF there");
}

uint32_t td_vcpus(void)
{
	struct leaf l = {.r8 = 0};

	if (tdcall(TDG_VP_INFO, &l) != TDX_SUCCESS)
		td_fatal("guest-shim: TDG.VP.INFO failed");
	return (uint32_t)l.r8;
}

void td_extend(uint32_t rtmr, const uint8_t *digest)
{
	_Alignas(DIGEST_ALIGNED) uint8_t aligned[SHIM_DIGEST_BYTES];
	struct leaf l = {.rcx = (uint64_t)(uintptr_t)aligned, .rdx = rtmr};

	memcpy(aligned, digest, sizeof(aligned));
	if (tdcall(TDG_MR_RTMR_EXTEND, &l) != TDX_SUCCESS)
		td_fatal("guest-shim: TDG.MR.RTMR.EXTEND failed");
}

/* The hypervisor converts a part at a time, and says in R11 where to go on. */
void td_share(uint64_t base, uint64_t bytes, uint64_t bit)
{
	const uint64_t start = base | bit;
	uint64_t next = start, status = VMCALL_RETRY;

	while (status == VMCALL_RETRY && next - start < bytes) {
		uint64_t answer = VMCALL_MAP_GPA;

		status = vmcall(&answer, next, bytes - (next - start), 0, 0);
		if (status == VMCALL_RETRY)
			next = answer;
	}
	if (status != VMCALL_SUCCESS)
		td_fatal("guest-shim: the host refused to share memory (MapGPA)");
}

void td_out(uint16_t port, uint32_t bytes, uint32_t value)
{
	uint64_t function = VMCALL_IO;

	if (vmcall(&function, bytes, 1, port, value) != VMCALL_SUCCESS)
		td_fatal("guest-shim: the host refused a write to a port");
}

uint32_t td_in(uint16_t port, uint32_t bytes)
{
	uint64_t function = VMCALL_IO;

	if (vmcall(&function, bytes, 0, port, 0) != VMCALL_SUCCESS)
		td_fatal("guest-shim: the host refused a read from a port");
	return (uint32_t)function;
}
