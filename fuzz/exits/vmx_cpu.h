/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-x under the harness: shared by its CPU (vmx_cpu.c), the guest on it (vmx_guest.c) and the promises (vmx.c). */
#ifndef FUZZ_EXITS_VMX_CPU_H
#define FUZZ_EXITS_VMX_CPU_H

#include "hv/vmx/vmx.h"
#include "world.h"

/* Of FEATURE_VENDOR. */
#define FEATURE_FLUSH_L1D     (1u << FEATURE_VENDOR)
#define FEATURE_CLEAR_BUFFERS (2u << FEATURE_VENDOR)

#define CR4_OWNED 0x440000ull /* OSXSAVE and PKE, in the mask of this CPU */

/* A VMCS is as many words as there can be fields: 4 widths, 4 kinds (appendix B), and 32 are enough of each. */
#define FIELDS         512u
#define FIELD_SLOT(f)  (((f) >> 13 & 3) << 7 | ((f) >> 10 & 3) << 5 | ((f) >> 1 & 31))
#define SLOT_KIND(s)   ((s) >> 5 & 3)
#define KIND_CONTROL   0u
#define KIND_READ_ONLY 1u
#define KIND_GUEST     2u
#define KIND_HOST      3u

struct vmx_cpu {
	uint64_t vmcs[FIELDS];
	bool nmis_blocked; /* in the hypervisor: since an NMI was an exit, until an IRET */
	bool owed;         /* the guest is to get an NMI */
	/* While an exit is answered. */
	unsigned moment;   /* instructions until something arrives; 0: nothing will */
	bool init_arrives; /* an INIT from another CPU, and not an NMI from a device */
	bool stale;        /* translations mean something else by now */
	bool l1d, buffers; /* flushed, cleared */
};

extern struct vmx_cpu vmx_cpus[CPUS];

/* A field of the running CPU, for the guest and the checks: as it is, whatever its kind. */
static inline uint64_t *field(uint32_t which)
{
	return &vmx_cpus[world.running->index].vmcs[FIELD_SLOT(which)];
}

/* A general register by its number in an instruction. */
uint64_t *guest_register(struct cpu *cpu, unsigned number);

/* Delivers an event that can arrive between two instructions. */
void between_instructions(void);

#endif
