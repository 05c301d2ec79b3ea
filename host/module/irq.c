/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "irq.h"

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "hypercall.h"

int irq_set_routes(struct vm *vm, const struct kvm_irq_routing __user *argument)
{
	struct kvm_irq_routing_entry *entries = NULL;
	struct kvm_irq_routing head;
	struct routes *routes;
	u32 gsis;
	int error;

	if (copy_from_user(&head, argument, sizeof(head)))
		return -EFAULT;
	if (head.nr > ROUTES_MAX || head.flags != 0)
		return -EINVAL;
	if (head.nr != 0) {
		entries = vmemdup_user(argument->entries, head.nr * sizeof(*entries));
		if (IS_ERR(entries))
			return PTR_ERR(entries);
	}
	error = routes_check(entries, head.nr, &gsis);
	routes = error ? NULL : kvzalloc(struct_size(routes, message, gsis), GFP_KERNEL_ACCOUNT);
	if (routes) {
		routes->count = gsis;
		routes_fill(routes, entries, head.nr);
		spin_lock_irq(&vm->routes_lock);
		swap(vm->routes, routes);
		spin_unlock_irq(&vm->routes_lock);
	} else if (!error) {
		error = -ENOMEM;
	}
	kvfree(routes); /* those before */
	kvfree(entries);
	return error;
}

static struct message message_of(struct vm *vm, u32 gsi)
{
	struct message message;
	unsigned long flags;

	spin_lock_irqsave(&vm->routes_lock, flags);
	message = routes_find(vm->routes, gsi);
	spin_unlock_irqrestore(&vm->routes_lock, flags);
	return message;
}

/* One try. Any context. Returns how many vCPUs it reached, or -EBUSY: again, all of it; it is one interrupt still. */
static int try_send(struct vm *vm, struct message message)
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
		reached = try_send(vm, message);
	while (reached == -EBUSY && hypercall_again(&tries));
	return reached;
}

int irq_raise(struct vm *vm, u32 gsi)
{
	return gsi < ROUTES_MAX ? irq_send(vm, message_of(vm, gsi)) : -EINVAL;
}

/* An eventfd that is a GSI. It has the file, so that the eventfd cannot go first. */
struct irqfd {
	struct list_head link;
	struct vm *vm;
	u32 gsi;
	struct file *file;
	struct eventfd_ctx *context;
	wait_queue_entry_t wait;
	poll_table table;
	struct work_struct work;
};

static void work(struct work_struct *item)
{
	struct irqfd *irqfd = container_of(item, struct irqfd, work);

	irq_raise(irqfd->vm, irqfd->gsi);
}

/* In the context of whoever signals, with interrupts off: at once where it can be. */
static int signalled(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	u64 count;

	if ((key_to_poll(key) & EPOLLIN) == 0)
		return 0;
	eventfd_ctx_do_read(irqfd->context, &count);
	if (try_send(irqfd->vm, message_of(irqfd->vm, irqfd->gsi)) == -EBUSY)
		schedule_work(&irqfd->work);
	return 1;
}

static void enqueue(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct irqfd *irqfd = container_of(table, struct irqfd, table);

	add_wait_queue(head, &irqfd->wait);
}

static void irqfd_free(struct irqfd *irqfd)
{
	eventfd_ctx_put(irqfd->context);
	fput(irqfd->file);
	kfree(irqfd);
}

static void irqfd_remove(struct irqfd *irqfd)
{
	u64 count;

	list_del(&irqfd->link);
	irqfd->vm->irqfd_count--;
	eventfd_ctx_remove_wait_queue(irqfd->context, &irqfd->wait, &count);
	cancel_work_sync(&irqfd->work);
	irqfd_free(irqfd);
}

static struct irqfd *irqfd_find(struct vm *vm, const struct eventfd_ctx *context, u32 gsi)
{
	struct irqfd *irqfd;

	list_for_each_entry(irqfd, &vm->irqfds, link)
	{
		if (irqfd->context == context && irqfd->gsi == gsi)
			return irqfd;
	}
	return NULL;
}

static void irqfd_add(struct irqfd *irqfd)
{
	INIT_WORK(&irqfd->work, work);
	init_waitqueue_func_entry(&irqfd->wait, signalled);
	init_poll_funcptr(&irqfd->table, enqueue);
	list_add(&irqfd->link, &irqfd->vm->irqfds);
	irqfd->vm->irqfd_count++;
	if (vfs_poll(irqfd->file, &irqfd->table) & EPOLLIN)
		schedule_work(&irqfd->work);
}

/* Takes what it needs of the new one, or gives it back. What is not assigned is deassigned without an error. */
static int irqfd_change(struct vm *vm, struct irqfd *irqfd, bool assign)
{
	struct irqfd *old = irqfd_find(vm, irqfd->context, irqfd->gsi);
	int error = 0;

	if (assign && old)
		error = -EBUSY;
	else if (assign && vm->irqfd_count >= ROUTES_MAX)
		error = -ENOSPC;
	else if (assign)
		irqfd_add(irqfd);
	else if (old)
		irqfd_remove(old);
	if (!assign || error)
		irqfd_free(irqfd);
	return error;
}

int irqfd_set(struct vm *vm, const struct kvm_irqfd *request)
{
	struct irqfd *irqfd;
	int error;

	if ((request->flags & ~KVM_IRQFD_FLAG_DEASSIGN) != 0 || request->gsi >= ROUTES_MAX)
		return -EINVAL;
	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return -ENOMEM;
	irqfd->vm = vm;
	irqfd->gsi = request->gsi;
	irqfd->file = fget(request->fd);
	irqfd->context = irqfd->file ? eventfd_ctx_fileget(irqfd->file) : ERR_PTR(-EBADF);
	if (IS_ERR(irqfd->context)) {
		error = PTR_ERR(irqfd->context);
		if (irqfd->file)
			fput(irqfd->file);
		kfree(irqfd);
		return error;
	}
	mutex_lock(&vm->irqfds_lock);
	error = irqfd_change(vm, irqfd, (request->flags & KVM_IRQFD_FLAG_DEASSIGN) == 0);
	mutex_unlock(&vm->irqfds_lock);
	return error;
}

void irqfd_end(struct vm *vm)
{
	struct irqfd *irqfd, *next;

	list_for_each_entry_safe(irqfd, next, &vm->irqfds, link) irqfd_remove(irqfd);
	kvfree(vm->routes);
	vm->routes = NULL;
}
