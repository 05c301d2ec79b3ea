/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eventfds.h"

#include <linux/cleanup.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "irq.h"

#define IOEVENTFDS_MAX 1000u /* as KVM */

DEFINE_FREE(eventfd_ctx_put, struct eventfd_ctx *, if (!IS_ERR_OR_NULL(_T)) eventfd_ctx_put(_T))

/* Raises a GSI when it is signalled. */
struct irqfd {
	struct list_head link;
	struct vm *vm;
	u32 gsi;
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
	if (irq_try_raise(irqfd->vm, irqfd->gsi) == -EBUSY)
		schedule_work(&irqfd->work);
	return 1;
}

static void enqueue(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct irqfd *irqfd = container_of(table, struct irqfd, table);

	add_wait_queue(head, &irqfd->wait);
}

static int irqfd_add(struct vm *vm, struct file *file, u32 gsi)
{
	struct irqfd *irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);

	if (!irqfd)
		return -ENOMEM;
	irqfd->vm = vm;
	irqfd->gsi = gsi;
	irqfd->context = eventfd_ctx_fileget(file);
	INIT_WORK(&irqfd->work, work);
	init_waitqueue_func_entry(&irqfd->wait, signalled);
	init_poll_funcptr(&irqfd->table, enqueue);
	list_add(&irqfd->link, &vm->irqfds);
	vm->irqfd_count++;
	if (vfs_poll(file, &irqfd->table) & EPOLLIN)
		schedule_work(&irqfd->work);
	return 0;
}

static void irqfd_remove(struct irqfd *irqfd)
{
	u64 count;

	list_del(&irqfd->link);
	irqfd->vm->irqfd_count--;
	eventfd_ctx_remove_wait_queue(irqfd->context, &irqfd->wait, &count);
	cancel_work_sync(&irqfd->work);
	eventfd_ctx_put(irqfd->context);
	kfree(irqfd);
}

/* An eventfd raises one GSI of a VM: who signals it has interrupts off for all of them. */
static struct irqfd *irqfd_find(struct vm *vm, const struct eventfd_ctx *context)
{
	struct irqfd *irqfd;

	list_for_each_entry(irqfd, &vm->irqfds, link)
	{
		if (irqfd->context == context)
			return irqfd;
	}
	return NULL;
}

/* What is not assigned is deassigned without an error. */
int irqfd_set(struct vm *vm, const struct kvm_irqfd *request)
{
	struct eventfd_ctx *context __free(eventfd_ctx_put) = NULL;
	struct irqfd *old;

	if ((request->flags & ~KVM_IRQFD_FLAG_DEASSIGN) != 0 || request->gsi >= ROUTES_MAX)
		return -EINVAL;
	CLASS(fd, file)(request->fd);
	if (!fd_file(file))
		return -EBADF;
	context = eventfd_ctx_fileget(fd_file(file));
	if (IS_ERR(context))
		return PTR_ERR(context);
	guard(mutex)(&vm->lock);
	old = irqfd_find(vm, context);
	if (request->flags != 0) {
		if (old && old->gsi == request->gsi)
			irqfd_remove(old);
		return 0;
	}
	if (old)
		return -EBUSY;
	return vm->irqfd_count < ROUTES_MAX ? irqfd_add(vm, fd_file(file), request->gsi) : -ENOSPC;
}

/* Is signalled when the guest writes to a port or a register. */
struct ioeventfd {
	struct list_head link;
	struct eventfd_ctx *context;
	u64 address, value; /* value 0 where any_value */
	u32 bytes;          /* 0: any */
	bool port, any_value;
};

static bool sane(const struct kvm_ioeventfd *request)
{
	const u32 known = KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_DEASSIGN;
	const bool any_length = request->len == 0 && (request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) == 0;

	return (request->flags & ~known) == 0 && (any_length || (is_power_of_2(request->len) && request->len <= 8)) &&
	       request->addr + request->len >= request->addr;
}

/* For the same writes as @wanted, whichever eventfd it signals. */
static struct ioeventfd *ioeventfd_find(struct vm *vm, const struct ioeventfd *wanted)
{
	struct ioeventfd *found;

	list_for_each_entry(found, &vm->ioeventfds, link)
	{
		if (found->address == wanted->address && found->bytes == wanted->bytes && found->port == wanted->port &&
		    found->any_value == wanted->any_value && found->value == wanted->value)
			return found;
	}
	return NULL;
}

static void ioeventfd_remove(struct vm *vm, struct ioeventfd *ioeventfd)
{
	list_del(&ioeventfd->link);
	vm->ioeventfd_count--;
	eventfd_ctx_put(ioeventfd->context);
	kfree(ioeventfd);
}

int ioeventfd_set(struct vm *vm, const struct kvm_ioeventfd *request)
{
	const bool any = (request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) == 0;
	struct eventfd_ctx *context __free(eventfd_ctx_put) = NULL;
	struct ioeventfd *new __free(kfree) = NULL;
	struct ioeventfd *old;

	if (!sane(request))
		return -EINVAL;
	context = eventfd_ctx_fdget(request->fd);
	if (IS_ERR(context))
		return PTR_ERR(context);
	new = kmalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	*new = (struct ioeventfd){
		.address = request->addr,
		.value = any ? 0 : request->datamatch,
		.bytes = request->len,
		.port = (request->flags & KVM_IOEVENTFD_FLAG_PIO) != 0,
		.any_value = any,
	};
	guard(spinlock)(&vm->ioeventfds_lock);
	old = ioeventfd_find(vm, new);
	if ((request->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) != 0) {
		if (!old || old->context != context)
			return -ENOENT;
		ioeventfd_remove(vm, old); /* @context is one more reference: this is not the last one */
		return 0;
	}
	if (old)
		return -EEXIST;
	if (vm->ioeventfd_count >= IOEVENTFDS_MAX)
		return -ENOSPC;
	new->context = no_free_ptr(context);
	list_add_tail(&no_free_ptr(new)->link, &vm->ioeventfds);
	vm->ioeventfd_count++;
	return 0;
}

static bool matches(const struct ioeventfd *ioeventfd, const struct domain_exit *exit)
{
	return ioeventfd->port == (exit->kind == DOMAIN_EXIT_IO) && ioeventfd->address == exit->address &&
	       (ioeventfd->bytes == 0 || ioeventfd->bytes == exit->bytes) &&
	       (ioeventfd->any_value || ioeventfd->value == exit->value);
}

bool ioeventfd_signal(struct vm *vm, const struct domain_exit *exit)
{
	struct ioeventfd *ioeventfd;

	guard(spinlock)(&vm->ioeventfds_lock);
	list_for_each_entry(ioeventfd, &vm->ioeventfds, link)
	{
		if (!matches(ioeventfd, exit))
			continue;
		eventfd_signal(ioeventfd->context);
		return true;
	}
	return false;
}

void eventfds_end(struct vm *vm)
{
	struct ioeventfd *ioeventfd, *next_ioeventfd;
	struct irqfd *irqfd, *next_irqfd;

	list_for_each_entry_safe(irqfd, next_irqfd, &vm->irqfds, link) irqfd_remove(irqfd);
	list_for_each_entry_safe(ioeventfd, next_ioeventfd, &vm->ioeventfds, link) ioeventfd_remove(vm, ioeventfd);
}
