/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's vCPU: what its pages in the pool hold. */
#ifndef CLOISTER_DOMAIN_VCPU_H
#define CLOISTER_DOMAIN_VCPU_H

#include "domain.h"
#include "lapic.h"
#include "vcpu/guest.h"

/* Pages of a vCPU, by their order: struct td_vcpu; what the hardware calls VMCB or VMCS. */
enum vcpu_page { VCPU_STATE, VCPU_CONTROL };

/* Which of the tags a vCPU has, by its page. Where two share one, what the other left in the TLB goes first. */
#define VCPU_TAG(page) ((page) / DOMAIN_VCPU_PAGES % GUEST_TAGS)

/* An XSAVE area up to AVX-512; where MXCSR lies in it, and its initial value (SDM 1 13.4, 13.5, 13.6). */
#define VCPU_XSAVE_BYTES 2688u
#define XSAVE_MXCSR      6u /* in words of 32 bits */
#define MXCSR_RESET      0x1f80u

/* What TDG.VP.VEINFO.GET tells of the last #VE. */
struct ve_info {
	bool valid;
	uint32_t reason, length;
	uint64_t qualification, linear, physical;
};

/* The page with the guest's last TDCALL: of which linear page, under which CR3. No address: none. */
struct call_site {
	uint64_t linear, cr3;
	paddr_t address;
};

/* The contents of the first page of a vCPU. */
struct td_vcpu {
	struct vcpu vcpu; /* first: an exit finds the rest by it */
	struct domain domain;
	struct entry_frame frame; /* an exit saves its general registers here */
	struct guest_state state;

	/* While it runs: its domain, in a window; where the host looks for its exit; what the root guest had. */
	struct td *td;
	struct pool_view view;
	paddr_t run;
	struct guest_state root_state;

	uint32_t owner, index, apic_id; /* the domain it is a part of, and its place there */
	bool started, dead;
	bool wakes; /* vCPUs that do not run have got an interrupt from it */
	enum halt { NOT_HALTED, HALTED, HALTED_FOR_GOOD } halt;
	bool asked;                 /* the host has to answer at the next entry */
	uint32_t answer_bytes;      /* of the value that it is asked for, 0: none */
	uint64_t reported_deadline; /* the host knows of it */
	uint64_t entered, entries;  /* of this run: the TSC at its start, how often the guest was entered */
	struct lapic lapic;
	struct ve_info ve;
	struct call_site site; /* forgotten when a translation is taken away */

	uint32_t xsave[VCPU_XSAVE_BYTES / sizeof(uint32_t)] __attribute__((aligned(64)));
};

_Static_assert(sizeof(struct td_vcpu) <= PAGE_BYTES, "a vCPU's state is one page");

/* The vCPU of a domain whose exit is being answered. */
static inline struct td_vcpu *td_vcpu_of(struct vcpu *vcpu)
{
	return (struct td_vcpu *)vcpu;
}

#endif
