/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt command register (SDM 3A 11.6.1, 11.12.9). Fixed interrupts only: there is no start-up by INIT and SIPI
 * (docs/guest-abi.md, section 9), and NMIs have no user.
 */
#include "lapic.h"

#include "run.h"

#define ICR_VECTOR(icr)    ((uint8_t)(icr))
#define ICR_MODE(icr)      ((icr) >> 8 & 7) /* 0: fixed */
#define ICR_LOGICAL        (1ull << 11)
#define ICR_SHORTHAND(icr) ((icr) >> 18 & 3)
#define BROADCAST          0xffffffffu

enum { TO_DESTINATION = 0, TO_SELF = 1, TO_OTHERS = 3 }; /* 2: to all */

static bool is_target(const struct td_vcpu *vcpu, uint32_t index, uint64_t icr)
{
	const uint32_t destination = (uint32_t)(icr >> 32), apic_id = vcpu->td->vcpu[index].apic_id;
	const uint32_t logical = LAPIC_LOGICAL_ID(apic_id), common = destination & logical;

	if (ICR_SHORTHAND(icr) != TO_DESTINATION)
		return ICR_SHORTHAND(icr) != (index == vcpu->index ? TO_OTHERS : TO_SELF);
	if (destination == BROADCAST)
		return true;
	if ((icr & ICR_LOGICAL) != 0) /* one cluster, and any of its bits */
		return destination >> 16 == logical >> 16 && (uint16_t)common != 0;
	return apic_id == destination;
}

void icr_send(struct td_vcpu *vcpu, uint64_t icr)
{
	if (ICR_MODE(icr) != 0 || ICR_VECTOR(icr) < 16) /* SDM 3A 11.5.2 */
		return;
	for (uint32_t i = 0; i < vcpu->td->vcpu_count; i++) {
		if (!is_target(vcpu, i, icr))
			continue;
		if (i == vcpu->index)
			lapic_request(&vcpu->lapic, ICR_VECTOR(icr));
		else if (!run_send_interrupt(&vcpu->view, vcpu->td, i, ICR_VECTOR(icr)))
			vcpu->wakes = true;
	}
}
