/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first serial port, by calls of the VMM, and the guest's end (Guest-Host Communication Interface,
 * TDG.VP.VMCALL<Instruction.IO> and <ReportFatalError>).
 */
#include "serial.h"

#include "tdx.h"
#include "x86.h"

/* PC16550D data sheet, section 8. */
#define COM1     0x3f8u
#define LSR      (COM1 + 5)
#define LSR_THRE 0x20u
#define POLLS    10000u

#define PASS_TEXT (PASS_R10_TO_R15 | 1u << 2 | 1u << 3 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9)

/* A VMM without the port does not keep the suite from its end. */
void serial_put(char c)
{
	for (unsigned i = 0; i < POLLS && (vmcall(VMCALL_IO, 1, 0, LSR, 0).r11 & LSR_THRE) == 0; i++)
		;
	(void)vmcall(VMCALL_IO, 1, 1, COM1, (uint8_t)c);
}

/* The only end that each VMM knows. The text is for its log. */
void machine_end(bool passed)
{
	uint64_t words[2];

	__builtin_memcpy(words, passed ? "tdx-guest passed" : "tdx-guest failed", sizeof(words));
	for (;;)
		(void)tdcall_with((struct gprs){.rax = TDG_VP_VMCALL,
						.rcx = PASS_TEXT,
						.r11 = VMCALL_FATAL_ERROR,
						.r14 = words[0],
						.r15 = words[1]});
}
