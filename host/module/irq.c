/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "irq.h"

#include <linux/cleanup.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hypercall.h"

int irq_set_routes(struct vm *vm, const struct kvm_irq_routing *head, const struct kvm_irq_routing_entry __user *from)
{
	struct kvm_irq_routing_entry *entries __free(kvfree) = NULL;
	struct routes *routes __free(kvfree) = NULL;
	struct routes *before;
	int error;

	if (head->nr > ROUTES_MAX || head->flags != 0)
		return -EINVAL;
	entries = vmemdup_user(from, head->nr * sizeof(*entries));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	routes = kvzalloc(sizeof(*routes), GFP_KERNEL_ACCOUNT);
	if (!routes)
		return -ENOMEM;
	error = routes_fill(routes, entries, head->nr);
	if (error)
		return error;
	guard(mutex)(&vm->lock);
	before = rcu_replace_pointer(vm->routes, no_free_ptr(routes), lockdep_is_held(&vm->lock));
	kvfree_rcu_mightsleep(before);
	return 0;
}

static struct message message_of(struct vm *vm, u32 gsi)
{
	guard(rcu)();
	return routes_find(rcu_dereference(vm->routes), gsi);
}

/*
 * One try. Returns how many vCPUs it reached, or -EBUSY: again, all of it; it is one interrupt still. @atomic: any
 * context; a message to several vCPUs is for another one.
 */
static int try_send(struct vm *vm, struct message message, bool atomic)
{
	const u32 count = smp_load_acquire(&vm->vcpu_count);
	int reached = 0;
	u32 i;

	if (!message_is_interrupt(message))
		return 0;
	for (i = 0; i < count; i++) {
		struct vcpu *vcpu = vm->vcpu[i];
		const unsigned long page = READ_ONCE(vcpu->page);
		bool only;
		long result;

		if (page == 0 || !message_is_for(message, vcpu->apic_id, &only))
			continue;
		if (atomic && !only)
			return -EBUSY;
		result = hypercall(HC_INTERRUPT, vm->domain, page, message.data & 0xff, 0);
		if (result == HC_E_BUSY)
			return -EBUSY;
		if (result != 0)
			continue;
		reached++;
		vcpu_wake(vcpu);
		if (only)
			break;
	}
	return reached;
}

int irq_send(struct vm *vm, struct message message)
{
	int reached, tries = 0;

	do
		reached = try_send(vm, message, false);
	while (reached == -EBUSY && hypercall_again(&tries));
	return reached;
}

int irq_raise(struct vm *vm, u32 gsi)
{
	return gsi < ROUTES_MAX ? irq_send(vm, message_of(vm, gsi)) : -EINVAL;
}

int irq_try_raise(struct vm *vm, u32 gsi)
{
	return try_send(vm, message_of(vm, gsi), true);
}
