/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU without work sleeps here; its local APIC's deadline is a timer, which wakes it, or interrupts its CPU. So does
 * one that asked for a quote: its kernel would look for it once a second.
 */
#include "vm.h"

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include <asm/tsc.h>

#define LONGEST_NS (3600ull * NSEC_PER_SEC) /* then it is looked at again */

/* The buffer of TDG.VP.VMCALL<GetQuote>: its version, then its status (Guest-Host Communication Interface 1.5, 3.3). */
#define QUOTE_STATUS    8u
#define QUOTE_IN_FLIGHT (~0ull)
#define QUOTE_LONGEST   HZ /* a TPM's quote takes less */

void wait_quote_begin(struct vcpu *vcpu, u64 gpa)
{
	const struct slot *slot;

	vcpu->quote_end = jiffies + QUOTE_LONGEST;
	guard(mutex)(&vcpu->vm->lock);
	slot = slots_find(&vcpu->vm->slots, gpa);
	vcpu->quote = slot ? u64_to_user_ptr(slot->user + (gpa - slot->gpa) + QUOTE_STATUS) : NULL;
}

/* Where KVM_RUN is to end it returns early, and is called again by the next one. */
void wait_quote(struct vcpu *vcpu)
{
	u64 status;

	while (vcpu->quote && !READ_ONCE(vcpu->run->immediate_exit__unsafe) && !signal_pending(current)) {
		if (get_user(status, vcpu->quote) != 0 || status != QUOTE_IN_FLIGHT ||
		    time_after(jiffies, vcpu->quote_end) || READ_ONCE(vcpu->vm->dead))
			vcpu->quote = NULL;
		else
			usleep_range(500, 1000);
	}
}

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	vcpu_wake(container_of(timer, struct vcpu, timer));
	return HRTIMER_NORESTART;
}

void wait_init(struct vcpu *vcpu)
{
	init_waitqueue_head(&vcpu->wait);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&vcpu->timer, expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
#else
	hrtimer_init(&vcpu->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	vcpu->timer.function = expired;
#endif
}

void wait_end(struct vcpu *vcpu)
{
	hrtimer_cancel(&vcpu->timer);
}

/* Rounded up, and at most LONGEST_NS. */
static u64 ns_until(u64 deadline)
{
	const u64 now = rdtsc();
	const u64 ticks = deadline > now ? deadline - now : 0;

	return ticks / tsc_khz >= LONGEST_NS / NSEC_PER_MSEC ? LONGEST_NS
							     : mul_u64_u32_div(ticks, NSEC_PER_MSEC, tsc_khz) + 1;
}

/* A timer that came too early, by the clock's drift, or by LONGEST_NS, is set again. */
void wait_arm(struct vcpu *vcpu)
{
	const u64 deadline = vcpu->exchange->exit.deadline;
	const int cpu = smp_processor_id();

	if (deadline == 0) {
		hrtimer_try_to_cancel(&vcpu->timer);
	} else if (deadline != vcpu->deadline || cpu != vcpu->timer_cpu || !hrtimer_active(&vcpu->timer)) {
		vcpu->timer_cpu = cpu;
		hrtimer_start(&vcpu->timer, ns_to_ktime(ns_until(deadline)), HRTIMER_MODE_REL_PINNED);
	}
	vcpu->deadline = deadline;
}

void wait_idle(struct vcpu *vcpu)
{
	local_irq_disable();
	wait_arm(vcpu);
	local_irq_enable();
	/* A signal ends it, and vcpu_run() sees it. */
	(void)wait_event_interruptible(vcpu->wait, READ_ONCE(vcpu->wake) || READ_ONCE(vcpu->vm->dead));
}
