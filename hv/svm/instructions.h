/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of AMD-V that C has no words for (APM 3). */
#ifndef CLOISTER_SVM_INSTRUCTIONS_H
#define CLOISTER_SVM_INSTRUCTIONS_H

#include "memory/address.h"
#include "x86/instructions.h"

struct vmcb;

/* FS, GS, TR, LDTR with their hidden parts, and the system-call MSRs (APM 2 15.5.2). */
static inline void vmsave(struct vmcb *vmcb)
{
	__asm__ volatile("vmsave" : : "a"(region_paddr(vmcb).value) : "memory");
}

/* Holds NMIs, SMIs and INITs until the next VMRUN. */
static inline void clgi(void)
{
	__asm__ volatile("clgi" : : : "memory");
}

#endif
