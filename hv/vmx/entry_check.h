/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks that a CPU makes at VM entry (SDM 3C 26.2, 26.3), as code, so that an invalid state has a name. */
#ifndef CLOISTER_VMX_ENTRY_CHECK_H
#define CLOISTER_VMX_ENTRY_CHECK_H

#include <stdint.h>

struct vcpu;

/* Before each entry. Debug images: stops this CPU with a message if the VMCS is invalid. Release images: nothing. */
void entry_check(struct vcpu *vcpu);

/* The first thing that is wrong, such as "guest TR type", 3, "11". @field is null if there is none. */
struct entry_fault {
	const char *field;
	uint64_t value;
	const char *must_be;
};

/* Checks the current VMCS. Debug images and unit tests only. */
struct entry_fault entry_fault_find(uint32_t phys_bits);

#endif
