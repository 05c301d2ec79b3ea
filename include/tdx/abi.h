/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants of the guest ABI (docs/guest-abi.md): TDCALL leaves, sub-functions of TDG.VP.VMCALL, and what they answer
 * (Intel TDX module ABI specification; Guest-Host Communication Interface).
 */
#ifndef TDX_ABI_H
#define TDX_ABI_H

#define TDG_VP_VMCALL       0u
#define TDG_VP_INFO         1u
#define TDG_MR_RTMR_EXTEND  2u
#define TDG_VP_VEINFO_GET   3u
#define TDG_MR_REPORT       4u
#define TDG_VP_CPUIDVE_SET  5u
#define TDG_MEM_PAGE_ACCEPT 6u
#define TDG_VM_RD           7u
#define TDG_VM_WR           8u
#define TDG_VP_RD           9u
#define TDG_VP_WR           10u
#define TDG_MR_VERIFYREPORT 22u

/* Completion status: class in bits 63:32, operand or level in bits 31:0 */
#define TDX_SUCCESS               0ull
#define TDX_OPERAND_INVALID       0xc000010000000000ull
#define TDX_NO_VALID_VE_INFO      0xc000070400000000ull
#define TDX_PAGE_ALREADY_ACCEPTED 0x00000b0a00000000ull
#define TDX_PAGE_SIZE_MISMATCH    0xc0000b0b00000000ull
#define TDX_FIELD_ID_INCORRECT    0xc0000c0000000000ull
#define TDX_FIELD_NOT_WRITABLE    0xc0000c0100000000ull
#define TDX_FIELD_VALUE_NOT_VALID 0xc0000c0300000000ull
enum { OPERAND_RAX = 0, OPERAND_RCX = 1, OPERAND_RDX = 2, OPERAND_R8 = 8, OPERAND_R9 = 9 };

/* Sub-functions of TDG.VP.VMCALL in R11; those of instructions are VT-x's exit reasons */
#define VMCALL_CPUID       10u
#define VMCALL_HLT         12u
#define VMCALL_IO          30u
#define VMCALL_RDMSR       31u
#define VMCALL_WRMSR       32u
#define VMCALL_MMIO        48u
#define VMCALL_WBINVD      54u
#define VMCALL_GET_INFO    0x10000u
#define VMCALL_MAP_GPA     0x10001u
#define VMCALL_GET_QUOTE   0x10002u
#define VMCALL_FATAL_ERROR 0x10003u

/* Their status in R10 */
#define VMCALL_SUCCESS             0ull
#define VMCALL_RETRY               1ull
#define VMCALL_INVALID_OPERAND     0x8000000000000000ull
#define VMCALL_ALIGN_ERROR         0x8000000000000002ull
#define VMCALL_SUBFUNC_UNSUPPORTED 0x8000000000000003ull

/* TDG.VM.RD and WR: fields of the domain */
#define TD_ATTRIBUTES          0x1110000300000000ull
#define TD_CONFIG_FLAGS        0x1110000300000016ull
#define TD_CTLS                0x1110000300000017ull
#define TD_NOTIFY_ENABLES      0x9100000000000010ull
#define TD_NOTIFY_ENABLES_OLD  0x9110000300000010ull
#define TD_TOPOLOGY_CONFIGURED 0x9100000000000019ull
#define TD_CLOISTER_LAZY       0x91100003434c0001ull /* ours: 1 asks for lazy acceptance */

#define CONFIG_FLEXIBLE_PENDING_VE (1ull << 1)
#define TD_CTLS_PENDING_VE_DISABLE (1ull << 0)
#define TD_CTLS_KNOWN              15ull

/* #VE: exception 20; the two reasons that are ever given */
#define VE_REASON_IO   30u
#define VE_REASON_MMIO 48u

#endif
