/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual machine control block (APM 2, appendix B) and the exit codes (appendix C). */
#ifndef CLOISTER_SVM_VMCB_H
#define CLOISTER_SVM_VMCB_H

#include <stddef.h>
#include <stdint.h>

#include "vmcb.inc"

struct vmcb_segment {
	uint16_t selector, attributes;
	uint32_t limit;
	uint64_t base;
};

#define ATTRIBUTE_LONG 0x200u /* CS.L: in the packed attributes bit 9 */

static inline struct vmcb_segment vmcb_segment(uint16_t attributes, uint32_t limit)
{
	return (struct vmcb_segment){.attributes = attributes, .limit = limit};
}

struct vmcb {
	/* Control area, table B-1. */
	uint16_t intercept_cr_read, intercept_cr_write;
	uint16_t intercept_dr_read, intercept_dr_write;
	uint32_t intercept_exceptions;
	uint32_t intercept_misc1, intercept_misc2, intercept_misc3;
	uint8_t reserved0[0x3c - 0x18];
	uint16_t pause_threshold, pause_count;
	uint64_t iopm_base, msrpm_base, tsc_offset;
	uint32_t asid;
	uint8_t tlb_control, reserved1[3];
	uint64_t virtual_interrupt;
	uint64_t interrupt_shadow;
	uint64_t exit_code, exit_info1, exit_info2, exit_interrupt_info;
	uint64_t nested_control;
	uint64_t avic_bar, ghcb;
	uint64_t event_injection;
	uint64_t nested_cr3;
	uint64_t lbr_control;
	uint32_t clean, reserved2;
	uint64_t next_rip;
	uint8_t reserved3[0x400 - 0xd0];

	/* State-save area, table B-2. */
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved4[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved5;
	uint64_t efer;
	uint8_t reserved6[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved7[0x5d8 - 0x580];
	uint64_t rsp, s_cet, ssp, isst_address, rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved8[0x668 - 0x648];
	uint64_t g_pat;
	uint8_t reserved9[0x1000 - 0x670];
};

_Static_assert(offsetof(struct vmcb, iopm_base) == 0x40, "APM table B-1");
_Static_assert(offsetof(struct vmcb, asid) == 0x58, "APM table B-1");
_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "APM table B-1");
_Static_assert(offsetof(struct vmcb, event_injection) == 0xa8, "APM table B-1");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "APM table B-1");
_Static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "APM table B-2");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "APM table B-2");
_Static_assert(offsetof(struct vmcb, cr4) == 0x548, "APM table B-2");
_Static_assert(offsetof(struct vmcb, rax) == VMCB_RAX, "APM table B-2");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640, "APM table B-2");
_Static_assert(offsetof(struct vmcb, g_pat) == 0x668, "APM table B-2");
_Static_assert(sizeof(struct vmcb) == 4096, "APM 2 15.5.1");

/* intercept_misc1: byte offset 0xC */
#define INTERCEPT_NMI      (1u << 1)
#define INTERCEPT_SMI      (1u << 2)
#define INTERCEPT_INIT     (1u << 3)
#define INTERCEPT_CPUID    (1u << 18)
#define INTERCEPT_RSM      (1u << 19)
#define INTERCEPT_IRET     (1u << 20)
#define INTERCEPT_INVD     (1u << 22)
#define INTERCEPT_INVLPGA  (1u << 26)
#define INTERCEPT_IO       (1u << 27)
#define INTERCEPT_MSR      (1u << 28)
#define INTERCEPT_SHUTDOWN (1u << 31)

/* intercept_misc2: byte offset 0x10 */
#define INTERCEPT_VMRUN   (1u << 0)
#define INTERCEPT_VMMCALL (1u << 1)
#define INTERCEPT_VMLOAD  (1u << 2)
#define INTERCEPT_VMSAVE  (1u << 3)
#define INTERCEPT_STGI    (1u << 4)
#define INTERCEPT_CLGI    (1u << 5)
#define INTERCEPT_SKINIT  (1u << 6)
#define INTERCEPT_XSETBV  (1u << 13)

/* AMD's bits of EFER */
#define EFER_SVME  (1ull << 12)
#define EFER_FFXSR (1ull << 14)
#define EFER_TCE   (1ull << 15)

#define NESTED_PAGING (1ull << 0)

#define TLB_KEEP      0u
#define TLB_FLUSH_ALL 1u /* tlb_control: every ASID, at the next VMRUN (APM 2 15.16.2) */

/* exit_info1 of an I/O exit (APM 2 15.10.2) */
#define IO_IN          (1u << 0)
#define IO_STRING      (1u << 2)
#define IO_REPEATED    (1u << 3)
#define IO_BYTES(info) ((uint8_t)((info) >> 4 & 7))
#define IO_PORT(info)  ((uint16_t)((info) >> 16))

/* exit_info1 of a nested page fault (APM 2 15.25.6) */
#define NPF_WRITE (1ull << 1)
#define NPF_FETCH (1ull << 4)

#define EXIT_EXCEPTION_DB 0x41u
#define EXIT_EXCEPTION_MC 0x52u
#define EXIT_NMI          0x61u
#define EXIT_SMI          0x62u
#define EXIT_INIT         0x63u
#define EXIT_CPUID        0x72u
#define EXIT_RSM          0x73u
#define EXIT_IRET         0x74u
#define EXIT_INVD         0x76u
#define EXIT_INVLPGA      0x7au
#define EXIT_IO           0x7bu
#define EXIT_MSR          0x7cu
#define EXIT_SHUTDOWN     0x7fu
#define EXIT_VMRUN        0x80u
#define EXIT_VMMCALL      0x81u
#define EXIT_VMLOAD       0x82u
#define EXIT_VMSAVE       0x83u
#define EXIT_STGI         0x84u
#define EXIT_CLGI         0x85u
#define EXIT_SKINIT       0x86u
#define EXIT_XSETBV       0x8du
#define EXIT_NPF          0x400u
#define EXIT_INVALID      0xffffffffu /* some CPUs write 64 ones, QEMU 32 */

#endif
