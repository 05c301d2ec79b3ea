/* SPDX-License-Identifier: GPL-2.0-or-later */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "tdx.h"

#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "guest_cpuid.h"
#include "hypercall.h"
#include "memory.h"

/* No leaf of CPUID can be set: the hypervisor's table is what the guest sees. */
static int capabilities(struct tdx_capabilities __user *argument)
{
	struct tdx_capabilities *answer __free(kfree) = kzalloc(sizeof(*answer), GFP_KERNEL);

	if (!answer)
		return -ENOMEM;
	answer->attributes = DOMAIN_ATTRIBUTES;
	answer->xfam = guest_xfam();
	return copy_to_user(argument, answer, sizeof(*answer)) ? -EFAULT : 0;
}

/* Leaves of CPUID follow, which have no effect. */
static int init_vm(struct vm *vm, const struct tdx_init_vm __user *argument)
{
	struct tdx_init_vm request;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	if (vm->stage != VM_NEW || request.attributes != DOMAIN_ATTRIBUTES || (request.xfam & ~guest_xfam()) != 0 ||
	    memchr_inv(request.reserved, 0, sizeof(request.reserved)))
		return -EINVAL;
	vm->params->version = 1;
	vm->params->attributes = request.attributes;
	vm->params->xfam = request.xfam;
	memcpy(vm->params->mrconfigid, request.mrconfigid, sizeof(request.mrconfigid));
	memcpy(vm->params->mrowner, request.mrowner, sizeof(request.mrowner));
	memcpy(vm->params->mrownerconfig, request.mrownerconfig, sizeof(request.mrownerconfig));
	vm->stage = VM_INITIALISED;
	return 0;
}

static int finalize(struct vm *vm)
{
	long result;

	if (vm->stage != VM_BUILDING)
		return -EINVAL;
	result = hypercall_patiently(HC_DOMAIN_FINALIZE, vm->domain, 0, 0, 0);
	if (result != 0)
		return hypercall_errno(result);
	WRITE_ONCE(vm->stage, VM_READY);
	return 0;
}

int tdx_vm_command(struct vm *vm, const struct tdx_command __user *argument)
{
	struct tdx_command command;
	void __user *data;

	if (vm->type != VM_TYPE_TDX)
		return -ENOTTY;
	if (copy_from_user(&command, argument, sizeof(command)))
		return -EFAULT;
	if (command.flags != 0)
		return -EINVAL;
	data = u64_to_user_ptr(command.data);
	guard(mutex)(&vm->lock);
	switch (command.id) {
	case TDX_CAPABILITIES:
		return capabilities(data);
	case TDX_INIT_VM:
		return init_vm(vm, data);
	case TDX_FINALIZE_VM:
		return finalize(vm);
	default:
		return -EINVAL;
	}
}

/* The first step that needs the domain makes it: by then the slots are complete. */
static int build(struct vm *vm)
{
	int error;

	if (vm->stage == VM_BUILDING)
		return 0;
	if (vm->stage != VM_INITIALISED)
		return -EINVAL;
	error = memory_create_domain(vm);
	if (!error)
		WRITE_ONCE(vm->stage, VM_BUILDING);
	return error;
}

static int init_vcpu(struct vcpu *vcpu, u64 rcx)
{
	const int error = build(vcpu->vm);
	long page;

	if (error)
		return error;
	if (vcpu->page != 0)
		return -EINVAL;
	page = memory_spend(vcpu->vm, HC_VCPU_CREATE, vcpu->apic_id, rcx, DOMAIN_VCPU_PAGES);
	if (page > 0)
		WRITE_ONCE(vcpu->page, page);
	return min(page, 0l);
}

static bool region_sane(const struct tdx_region *region)
{
	const u64 most = (~0ull - max(region->source, region->gpa)) / PAGE_SIZE;

	return PAGE_ALIGNED(region->source) && PAGE_ALIGNED(region->gpa) && region->pages != 0 && region->pages <= most;
}

/* vm->params has no other use once the domain exists. */
static int add_page(struct vm *vm, const struct tdx_region *region, bool measured)
{
	if (signal_pending(current))
		return -EINTR;
	if (copy_from_user(vm->params, u64_to_user_ptr(region->source), PAGE_SIZE))
		return -EFAULT;
	return memory_add(vm, region->gpa, measured);
}

/* What is done is told, so that the VMM can go on after a signal. */
static int init_region(struct vm *vm, struct tdx_region __user *argument, bool measured)
{
	struct tdx_region region;
	int error = build(vm);

	if (error)
		return error;
	if (copy_from_user(&region, argument, sizeof(region)))
		return -EFAULT;
	if (!region_sane(&region))
		return -EINVAL;
	while (region.pages != 0 && (error = add_page(vm, &region, measured)) == 0) {
		region.source += PAGE_SIZE;
		region.gpa += PAGE_SIZE;
		region.pages--;
		cond_resched();
	}
	return copy_to_user(argument, &region, sizeof(region)) ? -EFAULT : error;
}

int tdx_vcpu_command(struct vcpu *vcpu, const struct tdx_command __user *argument)
{
	struct tdx_command command;
	void __user *data;

	if (copy_from_user(&command, argument, sizeof(command)))
		return -EFAULT;
	if ((command.flags & ~(command.id == TDX_INIT_MEM_REGION ? TDX_MEASURE : 0)) != 0)
		return -EINVAL;
	data = u64_to_user_ptr(command.data);
	guard(mutex)(&vcpu->vm->lock);
	switch (command.id) {
	case TDX_INIT_VCPU:
		return init_vcpu(vcpu, command.data);
	case TDX_INIT_MEM_REGION:
		return init_region(vcpu->vm, data, command.flags != 0);
	case TDX_GET_CPUID:
		return put_user(0, &((struct kvm_cpuid2 __user *)data)->nent) ? -EFAULT : 0; /* a list without leaves */
	default:
		return -EINVAL;
	}
}
