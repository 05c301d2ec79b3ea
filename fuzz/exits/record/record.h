/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recorder that is linked into a debug image around its exit handler. It prints a real boot's exits as lines on
 * the serial port between the other ones, each the first of its kind.
 */
#ifndef FUZZ_EXITS_RECORD_H
#define FUZZ_EXITS_RECORD_H

#include "vcpu/vcpu.h"

/*
 * The harness's part of an exit (fuzz/exits/svm.c, vmx_guest.c), by the vendor's numbers. @kind: its difference to
 * others of its code: a leaf, a register, a port.
 */
struct recorded {
	uint64_t code, kind, info1, info2, rip, event;
	uint64_t cr0, cr4, efer, rflags, rights; /* of CS */
};

/*
 * Of CPUID: the leaf, and the subleaf where the leaf has some. Systems look for a hypervisor's leaf at each 256th:
 * one is enough.
 */
uint64_t leaf_of(const struct registers *guest);

void record(const struct vcpu *vcpu, const struct recorded *exit);

#endif
