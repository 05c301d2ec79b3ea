/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdcall.h"

#include "tdx/abi.h"

#define PASS_R10_TO_R15 0xfc00ull
#define PASS_TEXT       (PASS_R10_TO_R15 | 1u << 2 | 1u << 3 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9)
#define COM1            0x3f8u
#define PREFIX          "guest-shim: "

/* All that a TDCALL takes and gives. A fatal error's text is in the last eight (Guest-Host Communication Interface). */
struct registers {
	uint64_t rax, rcx, r10, r11, r12, r13;
	union {
		struct {
			uint64_t r14, r15, rbx, rdi, rsi, r8, r9, rdx;
		};
		char text[64];
	};
};

static void tdcall(struct registers *r)
{
	register uint64_t r8 __asm__("r8") = r->r8;
	register uint64_t r9 __asm__("r9") = r->r9;
	register uint64_t r10 __asm__("r10") = r->r10;
	register uint64_t r11 __asm__("r11") = r->r11;
	register uint64_t r12 __asm__("r12") = r->r12;
	register uint64_t r13 __asm__("r13") = r->r13;
	register uint64_t r14 __asm__("r14") = r->r14;
	register uint64_t r15 __asm__("r15") = r->r15;

	__asm__ volatile(".byte 0x66, 0x0f, 0x01, 0xcc"
			 : "+a"(r->rax), "+b"(r->rbx), "+c"(r->rcx), "+d"(r->rdx), "+S"(r->rsi), "+D"(r->rdi), "+r"(r8),
			   "+r"(r9), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
			 :
			 : "memory");
	r->r8 = r8;
	r->r10 = r10;
	r->r11 = r11;
}

/* TDG.VP.VMCALL, whose number in RAX is 0: the VMM's answer is R10. */
static struct registers vmcall(uint64_t function, uint64_t r12, uint64_t r13, uint64_t r14, uint64_t r15)
{
	struct registers r = {.rcx = PASS_R10_TO_R15, .r11 = function, .r12 = r12, .r13 = r13, .r14 = r14, .r15 = r15};

	tdcall(&r);
	return r;
}

/* To the first serial port, where QEMU has one. */
static void print(char letter)
{
	(void)vmcall(VMCALL_IO, 1, 1, COM1, (uint8_t)letter);
}

_Noreturn void td_fatal(const char *text)
{
	struct registers words = {.rcx = PASS_TEXT, .r11 = VMCALL_FATAL_ERROR, .text = PREFIX};

	for (uint32_t i = sizeof(PREFIX) - 1; i < sizeof(words.text) && *text; i++)
		words.text[i] = *text++;
	for (uint32_t i = 0; i < sizeof(words.text) && words.text[i]; i++)
		print(words.text[i]);
	print('\n');
	for (;;) {
		struct registers r = words;

		tdcall(&r);
	}
}

void td_accept_lazily(void)
{
	struct registers r = {.rax = TDG_VM_WR, .rdx = TD_CLOISTER_LAZY, .r8 = 1, .r9 = UINT64_MAX};

	tdcall(&r);
	td_require(r.rax == TDX_SUCCESS, "this host is not Cloister: use OVMF there");
}

uint32_t td_vcpus(void)
{
	struct registers r = {.rax = TDG_VP_INFO};

	tdcall(&r);
	td_require(r.rax == TDX_SUCCESS, "TDG.VP.INFO failed");
	return (uint32_t)r.r8;
}

void td_extend(uint32_t rtmr, const uint8_t *digest)
{
	struct registers r = {.rax = TDG_MR_RTMR_EXTEND, .rcx = (uint64_t)(uintptr_t)digest, .rdx = rtmr};

	tdcall(&r);
	td_require(r.rax == TDX_SUCCESS, "TDG.MR.RTMR.EXTEND failed");
}

/* The hypervisor converts a part at a time, and says in R11 where to go on. */
void td_share(uint64_t base, uint64_t bytes, uint64_t bit)
{
	struct registers r = {.r10 = VMCALL_RETRY, .r11 = base | bit};
	const uint64_t end = r.r11 + bytes;

	while (r.r10 == VMCALL_RETRY && r.r11 < end)
		r = vmcall(VMCALL_MAP_GPA, r.r11, end - r.r11, 0, 0);
	td_require(r.r10 == VMCALL_SUCCESS, "the host refused to share memory (MapGPA)");
}

uint32_t td_port(uint16_t port, enum td_direction direction, uint32_t value)
{
	const struct registers r = vmcall(VMCALL_IO, sizeof(value), direction, port, value);

	td_require(r.r10 == VMCALL_SUCCESS, "the host refused an access to a port");
	return (uint32_t)r.r11;
}
