/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-V's part of struct vcpu. */
#ifndef CLOISTER_SVM_VENDOR_H
#define CLOISTER_SVM_VENDOR_H

#include "memory/address.h"

#define VENDOR_PAGES        3 /* guest VMCB, host VMCB, host save area */
#define VENDOR_MSR_LAST     0xc0011fffu
#define VENDOR_DOMAIN_PAGES 5 /* I/O permission map: 3 pages, MSR permission map: 2 pages (APM 2 15.10, 15.11) */

/* Registers of a domain's vCPU that the hardware does not switch; each CPU has them. */
#define VENDOR_GUEST_MSRS IA32_DEBUGCTL

struct vmcb;

struct vendor_vcpu {
	struct vmcb *vmcb;
	struct vmcb *host_vmcb; /* the hypervisor's FS, GS, TR, LDTR and system-call MSRs, for VMLOAD */
	paddr_t host_save;
	bool nmi_blocked; /* the guest handles an NMI: until its IRET */
	bool nmi_pending; /* one more NMI waits for that IRET */
	bool over_iret;   /* the step that is under way is the one over that IRET */
	bool guest_tf;    /* TF as the guest had it before the step */
};

#endif
