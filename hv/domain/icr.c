/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt command register (SDM 3A 11.6.1, 11.12.9). Fixed interrupts only: there is no start-up by INIT and SIPI
 * (docs/guest-abi.md, section 9), and NMIs have no user.
 */
#include "lapic.h"

#include "machine/apic.h"
#include "run.h"

#define MODE_FIXED 0u

static bool is_target(const struct td_vcpu *vcpu, uint32_t index, uint64_t icr)
{
	if (ICR_SHORTHAND(icr) != TO_DESTINATION)
		return ICR_SHORTHAND(icr) != (index == vcpu->index ? TO_OTHERS : TO_SELF);
	return icr_reaches(icr, vcpu->td->vcpu[index].apic_id);
}

void icr_send(struct td_vcpu *vcpu, uint64_t icr)
{
	if (ICR_MODE(icr) != MODE_FIXED || ICR_VECTOR(icr) < 16) /* SDM 3A 11.5.2 */
		return;
	for (uint32_t i = 0; i < vcpu->td->info.vcpus; i++) {
		if (!is_target(vcpu, i, icr))
			continue;
		if (i == vcpu->index)
			lapic_request(&vcpu->lapic, ICR_VECTOR(icr));
		else if (!run_send_interrupt(&vcpu->view, vcpu->td, i, ICR_VECTOR(icr)))
			vcpu->wakes = true;
	}
}
