/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ioeventfd.h"

#include <linux/eventfd.h>
#include <linux/slab.h>

#define MAX_COUNT 1000u /* as KVM */

struct ioeventfd {
	struct list_head link;
	struct eventfd_ctx *context;
	u64 address, value; /* value 0 where any_value */
	u32 bytes;          /* 0: any */
	bool port, any_value;
};

static bool sane(const struct kvm_ioeventfd *request)
{
	const bool known = (request->flags & ~KVM_IOEVENTFD_VALID_FLAG_MASK) == 0 &&
			   (request->flags & KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY) == 0;
	const bool any = (request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) == 0;

	return known &&
	       (request->len == 1 || request->len == 2 || request->len == 4 || request->len == 8 ||
		(request->len == 0 && any)) &&
	       request->addr + request->len >= request->addr;
}

static bool same(const struct ioeventfd *a, const struct ioeventfd *b)
{
	return a->address == b->address && a->bytes == b->bytes && a->port == b->port && a->any_value == b->any_value &&
	       a->value == b->value;
}

/* With another that is like it, whichever eventfd that has. */
static struct ioeventfd *find(struct vm *vm, const struct ioeventfd *wanted)
{
	struct ioeventfd *found;

	list_for_each_entry(found, &vm->ioeventfds, link)
	{
		if (same(found, wanted))
			return found;
	}
	return NULL;
}

static void release(struct ioeventfd *ioeventfd)
{
	eventfd_ctx_put(ioeventfd->context);
	kfree(ioeventfd);
}

/* Adds @new, or takes away what is like it. What is left over is in *@new; null: nothing is. */
static int change(struct vm *vm, struct ioeventfd **new, bool assign)
{
	struct ioeventfd *old = find(vm, *new);

	if (assign && old)
		return -EEXIST;
	if (assign && vm->ioeventfd_count >= MAX_COUNT)
		return -ENOSPC;
	if (!assign && (!old || old->context != (*new)->context))
		return -ENOENT;
	if (assign) {
		list_add_tail(&(*new)->link, &vm->ioeventfds);
		vm->ioeventfd_count++;
		*new = NULL;
	} else {
		list_del(&old->link);
		vm->ioeventfd_count--;
		eventfd_ctx_put(old->context); /* not the last reference: the new one has one */
		kfree(old);
	}
	return 0;
}

int ioeventfd_set(struct vm *vm, const struct kvm_ioeventfd *request)
{
	struct eventfd_ctx *context;
	struct ioeventfd *new;
	int error;

	if (!sane(request))
		return -EINVAL;
	context = eventfd_ctx_fdget(request->fd);
	if (IS_ERR(context))
		return PTR_ERR(context);
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new) {
		eventfd_ctx_put(context);
		return -ENOMEM;
	}
	new->context = context;
	new->address = request->addr;
	new->bytes = request->len;
	new->port = (request->flags & KVM_IOEVENTFD_FLAG_PIO) != 0;
	new->any_value = (request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) == 0;
	new->value = new->any_value ? 0 : request->datamatch;
	spin_lock(&vm->ioeventfds_lock);
	error = change(vm, &new, (request->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) == 0);
	spin_unlock(&vm->ioeventfds_lock);
	if (new)
		release(new);
	return error;
}

void ioeventfd_end(struct vm *vm)
{
	struct ioeventfd *ioeventfd, *next;

	list_for_each_entry_safe(ioeventfd, next, &vm->ioeventfds, link)
	{
		list_del(&ioeventfd->link);
		release(ioeventfd);
	}
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
	bool found = false;

	spin_lock(&vm->ioeventfds_lock);
	list_for_each_entry(ioeventfd, &vm->ioeventfds, link)
	{
		if (!matches(ioeventfd, exit))
			continue;
		eventfd_signal(ioeventfd->context);
		found = true;
		break;
	}
	spin_unlock(&vm->ioeventfds_lock);
	return found;
}
