/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked into the hypervisor's image for VT-x, around entry_check(): the second VM entry has a guest state that no CPU
 * accepts. The image reports it as it would report its own defect.
 */
#include "entry_check.h"
#include "instructions.h"
#include "vmcs.h"
#include "vmx.h"

#define RIGHTS_BUSY_TSS_16 0x83u /* SDM 3C 26.3.1.2: not in IA-32e mode */
#define WRONG_ENTRY        2u

void __real_entry_check(struct vcpu *vcpu);
void __wrap_entry_check(struct vcpu *vcpu);

void __wrap_entry_check(struct vcpu *vcpu)
{
	static unsigned entries;

	if (++entries == WRONG_ENTRY)
		vmwrite(SEGMENT_FIELD(GUEST_ES_RIGHTS, SEGMENT_TR), RIGHTS_BUSY_TSS_16);
	__real_entry_check(vcpu);
}
