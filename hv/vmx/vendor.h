/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-x's part of struct vcpu. */
#ifndef CLOISTER_VMX_VENDOR_H
#define CLOISTER_VMX_VENDOR_H

#include "memory/address.h"

#define VENDOR_PAGES        2           /* VMXON region, VMCS */
#define VENDOR_MSR_LAST     0xc0001fffu /* the registers above are AMD's */
#define VENDOR_DOMAIN_PAGES 3           /* I/O bitmaps A and B, MSR bitmap (SDM 3C 24.6.4, 24.6.9) */

/* Registers of a domain's vCPU that the hardware does not switch; each CPU has them. */
#define VENDOR_GUEST_MSRS IA32_STAR, IA32_STAR + 1, IA32_STAR + 2, IA32_FMASK, IA32_KERNEL_GS_BASE

struct vendor_vcpu {
	paddr_t vmxon, vmcs;
	uint32_t reason;     /* of the exit that is being answered */
	uint32_t delivering; /* the event whose delivery it interrupted: IDT-vectoring information */
	bool nmi_pending;    /* an NMI waits for the guest's NMI window */
	uint64_t cr4;        /* the guest's OSXSAVE and PKE, which CPUID mirrors: kept, so CPUID reads no CR4 */
};

#endif
