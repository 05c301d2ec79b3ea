/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "caps.h"

#include <linux/errno.h>
#include <linux/kernel.h>

#include "vm.h"

#define MCE_BANKS 32

/*
 * What QEMU does not start without, and IMMEDIATE_EXIT. Some of it no VMM of a protected guest ever uses. TSC
 * frequencies are left out: QEMU would hold the machine's to Intel's steps of 25 MHz, at a guest's reboot.
 */
static const struct {
	unsigned long capability;
	int value;
} announced[] = {
	{KVM_CAP_IRQCHIP, 1},
	{KVM_CAP_USER_MEMORY, 1},
	{KVM_CAP_SET_TSS_ADDR, 1},
	{KVM_CAP_EXT_CPUID, 1},
	{KVM_CAP_NR_VCPUS, DOMAIN_MAX_VCPUS},
	{KVM_CAP_NR_MEMSLOTS, SLOTS_MAX},
	{KVM_CAP_MP_STATE, 1},
	{KVM_CAP_SYNC_MMU, 1},
	{KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1},
	{KVM_CAP_IRQ_ROUTING, ROUTES_MAX},
	{KVM_CAP_IRQ_INJECT_STATUS, 1},
	{KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1},
	{KVM_CAP_MCE, MCE_BANKS},
	{KVM_CAP_IRQFD, 1},
	{KVM_CAP_SET_IDENTITY_MAP_ADDR, 1},
	{KVM_CAP_IOEVENTFD, 1},
	{KVM_CAP_ADJUST_CLOCK, 1},
	{KVM_CAP_INTERNAL_ERROR_DATA, 1},
	{KVM_CAP_VCPU_EVENTS, 1},
	{KVM_CAP_DEBUGREGS, 1},
	{KVM_CAP_X86_ROBUST_SINGLESTEP, 1},
	{KVM_CAP_XSAVE, 1},
	{KVM_CAP_MAX_VCPUS, DOMAIN_MAX_VCPUS},
	{KVM_CAP_SIGNAL_MSI, 1},
	{KVM_CAP_IOEVENTFD_ANY_LENGTH, 1},
	{KVM_CAP_MAX_VCPU_ID, APIC_IDS},
	{KVM_CAP_IMMEDIATE_EXIT, 1},
	{KVM_CAP_USER_MEMORY2, 1},
	{KVM_CAP_MEMORY_ATTRIBUTES, KVM_MEMORY_ATTRIBUTE_PRIVATE},
	{KVM_CAP_GUEST_MEMFD, 1},
	{KVM_CAP_VM_TYPES, 1 << VM_TYPE_TDX},
	{KVM_CAP_X86_APIC_BUS_CYCLES_NS, 1},
};

int caps_check(unsigned long capability)
{
	__u32 i;

	for (i = 0; i < ARRAY_SIZE(announced); i++) {
		if (announced[i].capability == capability)
			return announced[i].value;
	}
	return 0;
}

int caps_enable(const struct kvm_enable_cap *request)
{
	if (request->flags != 0)
		return -EINVAL;
	switch (request->cap) {
	case KVM_CAP_EXIT_HYPERCALL:
		return (request->args[0] & ~(1ull << MAP_GPA_CALL)) == 0 ? 0 : -EINVAL;
	case KVM_CAP_SPLIT_IRQCHIP:
		return request->args[0] <= ROUTES_MAX ? 0 : -EINVAL;
	case KVM_CAP_MAX_VCPU_ID:
		return request->args[0] <= APIC_IDS ? 0 : -EINVAL;
	case KVM_CAP_X86_APIC_BUS_CYCLES_NS:
		return request->args[0] != 0 ? 0 : -EINVAL; /* the guest's APIC has a deadline, and no such cycles */
	default:
		return -EINVAL;
	}
}
