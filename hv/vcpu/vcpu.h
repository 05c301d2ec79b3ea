/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual CPU, and what the answers to its exits ask of the virtualisation hardware; exit.h is the other direction.
 * hv/svm and hv/vmx each define all of it; the linker chooses. Unless said otherwise a function works on a vCPU that is
 * loaded on the calling CPU, between an exit and the next entry, and needs no lock.
 */
#ifndef CLOISTER_VCPU_VCPU_H
#define CLOISTER_VCPU_VCPU_H

#include "cloister/hypercall.h"
#include "frame.h"
#include "root/startup.h"
#include "vendor.h"
#include "x86/registers.h"

struct cpu;
struct domain;

#define VCPU_ROOT_TAG  1u
#define VCPU_GUEST_TAG 2u /* the first of GUEST_TAGS, of domains' vCPUs */

struct vcpu {
	struct entry_frame *frame; /* its general registers, on the stack of the CPU that it runs on */
	struct cpu *cpu;           /* that CPU */
	struct domain *domain;     /* the guest that it belongs to */
	uint32_t tag;              /* of its translations in the TLB: ASID or VPID */
	struct vendor_vcpu vendor;
	struct startup startup; /* INIT and SIPI, set by other CPUs */

	uint64_t exits[HV_EXIT_KINDS];
	uint64_t refused_memory, refused_msr, refused_io, refused_instruction, refused_hypercall;
};

_Static_assert(sizeof(struct vcpu) <= PAGE_BYTES, "struct vcpu must fit its page");

/* Lengths of the instructions that exit, for CPUs that do not report them (no redundant prefixes). */
#define CPUID_BYTES  2u
#define RDMSR_BYTES  2u
#define INVD_BYTES   2u
#define VMCALL_BYTES 3u
#define XSETBV_BYTES 3u

/* The guest's view of its registers that are not in struct registers. */
uint64_t vcpu_cr4(const struct vcpu *vcpu); /* at least the bits that CPUID mirrors (CR4_MIRRORED) */
unsigned vcpu_cpl(const struct vcpu *vcpu);
uint64_t vcpu_rip(const struct vcpu *vcpu);

/*
 * Steps over the instruction that exited: RIP, interrupt shadow, single step. @bytes is used where the CPU reports
 * no length.
 */
void vcpu_advance(struct vcpu *vcpu, unsigned bytes);

/* Injects an exception at the next entry; the error code is used for the vectors that have one. */
void vcpu_inject(struct vcpu *vcpu, enum vector vector, uint32_t error_code);

/*
 * Lets the guest execute one instruction on the stage-2 table at @root, the detour (stage2_build_detour). The view may
 * stay for longer, where an interrupt or a fault comes first: it allows nothing more than the guest's own does.
 */
void vcpu_detour(struct vcpu *vcpu, paddr_t root);

/* Hands an NMI to the guest as soon as it can take one. */
void vcpu_inject_nmi(struct vcpu *vcpu);

/* EFER and PAT, which the guest has for itself; a PAT is valid. False: refuse with #GP. */
bool vcpu_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
bool vcpu_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value);

/* Each byte a memory type: 0, 1, 4 to 7 (APM 2 7.8.1). */
static inline bool vcpu_pat_valid(uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		const unsigned type = value >> 8 * i & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* Puts the guest into the state after INIT (SDM 3A table 10-1; APM 2 14.1.3), or after a SIPI with @vector. */
void vcpu_reset(struct vcpu *vcpu);
void vcpu_start(struct vcpu *vcpu, uint8_t vector);

/* Lets SMIs and NMIs that are held in the hypervisor come through for a moment. */
void vcpu_open_window(struct vcpu *vcpu);

/* An NMI arrived in the hypervisor. If it may have come after the last check before entry, forces an immediate exit. */
void vcpu_nmi_arrived(void);

#endif
