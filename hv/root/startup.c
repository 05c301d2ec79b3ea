/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INIT and SIPI, kept as state. No INIT may reach a CPU: it would end virtualisation on hardware whose INIT intercept
 * fails, and lose the hypervisor's state. So each ICR write is looked at, INIT and SIPI are noted under the target's
 * lock, and the target is kicked out of its guest (SDM 3A 9.4.4, 11.12.9; APM 2 16.5).
 */
#include "startup.h"

#include "machine/apic.h"
#include "machine/cpu.h"
#include "root.h"
#include "x86/msr.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

#define ICR_ASSERT  (1ull << 14)
#define ICR_LEVEL   (1ull << 15)
#define ICR_DEFINED 0xffffffff000ccfffull /* delivery status and reserved bits are refused by the APIC */

enum { MODE_FIXED = 0, MODE_LOWEST = 1, MODE_NMI = 4, MODE_INIT = 5, MODE_SIPI = 6 };

static bool is_target(const struct vcpu *vcpu, const struct vcpu *sender, uint64_t icr)
{
	return ICR_SHORTHAND(icr) == TO_OTHERS ? vcpu != sender : icr_reaches(icr, vcpu->cpu->apic_id);
}

void startup_post_init(struct vcpu *vcpu)
{
	lock_take(&vcpu->startup.lock);
	vcpu->startup.init = true;
	vcpu->startup.sipi = false;
	lock_release(&vcpu->startup.lock);
}

/* A SIPI counts only for a CPU that waits for it or is about to. */
static void post_sipi(struct vcpu *vcpu, uint8_t vector)
{
	lock_take(&vcpu->startup.lock);
	if ((vcpu->startup.init || vcpu->startup.waiting) && !vcpu->startup.sipi) {
		vcpu->startup.sipi = true;
		vcpu->startup.sipi_vector = vector;
	}
	lock_release(&vcpu->startup.lock);
}

static void post_to_targets(struct vcpu *sender, uint64_t icr)
{
	struct machine *const m = sender->cpu->machine;

	for (uint32_t i = 0; i < m->boot.cpu_count; i++) {
		struct vcpu *const vcpu = m->root->vcpus[i];

		if (!vcpu->cpu->launched || !is_target(vcpu, sender, icr))
			continue;
		if (ICR_MODE(icr) == MODE_SIPI) {
			post_sipi(vcpu, ICR_VECTOR(icr));
		} else {
			startup_post_init(vcpu);
			if (vcpu != sender)
				cpu_kick(vcpu->cpu);
		}
	}
}

/* INIT level de-assert is an arbitration message of the past: no CPU acts on it. */
static bool is_deassert(uint64_t icr)
{
	return ICR_MODE(icr) == MODE_INIT && (icr & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL;
}

bool startup_icr_write(struct vcpu *sender, uint64_t icr)
{
	const uint64_t mode = ICR_MODE(icr), shorthand = ICR_SHORTHAND(icr);

	if ((icr & ~ICR_DEFINED) != 0)
		return false;
	if (mode == MODE_FIXED || (mode == MODE_LOWEST && shorthand != TO_SELF && shorthand != TO_ALL) ||
	    (mode == MODE_NMI && shorthand != TO_SELF && shorthand != TO_ALL)) {
		wrmsr(IA32_X2APIC_ICR, icr);
		return true;
	}
	/*
	 * Self and all-including-self are for fixed interrupts only; SMI, ExtINT and reserved modes have no user here.
	 */
	if ((mode != MODE_INIT && mode != MODE_SIPI) || shorthand == TO_SELF || shorthand == TO_ALL) {
		console_line(sender->cpu->machine, "cpu %u: ICR write %lx dropped", sender->cpu->index, icr);
		return true;
	}
	if (!is_deassert(icr))
		post_to_targets(sender, icr);
	return true;
}

/* Waits until the SIPI is there; SMIs come through, and NMIs are dropped as a waiting CPU drops them. */
static uint8_t wait_for_sipi(struct vcpu *vcpu)
{
	struct startup *const startup = &vcpu->startup;

	for (;;) {
		lock_take(&startup->lock);
		const bool arrived = startup->sipi;
		const uint8_t vector = startup->sipi_vector;

		startup->init = startup->sipi = false; /* INIT changes nothing in wait-for-SIPI */
		startup->waiting = !arrived;
		lock_release(&startup->lock);
		if (arrived)
			return vector;
		vcpu_open_window(vcpu);
		cpu_relax();
	}
}

void exit_startup(struct vcpu *vcpu)
{
	struct startup *const startup = &vcpu->startup;

	lock_take(&startup->lock);
	startup->init = false;
	startup->waiting = !vcpu->cpu->is_bsp;
	lock_release(&startup->lock);
	vcpu_reset(vcpu);
	if (!vcpu->cpu->is_bsp)
		vcpu_start(vcpu, wait_for_sipi(vcpu));
	vcpu->cpu->nmi_seen = false;
}
