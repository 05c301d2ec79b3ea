/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into QEMU in a host: ioctls and capabilities of /dev/kvm that the variable DENY names, with commas in between,
 * are not there. For tests only.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tdx_uapi.h"

#define CALL(name) {#name, name}

struct named {
	const char *name;
	unsigned long number;
};

static const struct named calls[] = {
	CALL(KVM_GET_SUPPORTED_CPUID),
	CALL(KVM_GET_MSR_INDEX_LIST),
	CALL(KVM_X86_GET_MCE_CAP_SUPPORTED),
	CALL(KVM_X86_SETUP_MCE),
	CALL(KVM_SET_IDENTITY_MAP_ADDR),
	CALL(KVM_SET_TSS_ADDR),
	CALL(KVM_SET_TSC_KHZ),
	CALL(KVM_CREATE_GUEST_MEMFD),
	CALL(KVM_SET_USER_MEMORY_REGION2),
	CALL(KVM_SET_MEMORY_ATTRIBUTES),
	CALL(KVM_SET_GSI_ROUTING),
	CALL(KVM_IRQ_LINE_STATUS),
	CALL(KVM_SIGNAL_MSI),
	CALL(KVM_IRQFD),
	CALL(KVM_IOEVENTFD),
	CALL(KVM_GET_CLOCK),
	CALL(KVM_SET_CLOCK),
	CALL(KVM_MEMORY_ENCRYPT_OP),
	CALL(KVM_CREATE_VCPU),
	CALL(KVM_SET_CPUID2),
	CALL(KVM_SET_MSRS),
	CALL(KVM_SET_VAPIC_ADDR),
	CALL(KVM_ENABLE_CAP),
};

static const struct named capabilities[] = {
	CALL(KVM_CAP_USER_MEMORY),
	CALL(KVM_CAP_DESTROY_MEMORY_REGION_WORKS),
	CALL(KVM_CAP_JOIN_MEMORY_REGIONS_WORKS),
	CALL(KVM_CAP_INTERNAL_ERROR_DATA),
	CALL(KVM_CAP_IOEVENTFD),
	CALL(KVM_CAP_IOEVENTFD_ANY_LENGTH),
	CALL(KVM_CAP_SET_TSS_ADDR),
	CALL(KVM_CAP_SET_IDENTITY_MAP_ADDR),
	CALL(KVM_CAP_EXT_CPUID),
	CALL(KVM_CAP_MP_STATE),
	CALL(KVM_CAP_SIGNAL_MSI),
	CALL(KVM_CAP_IRQ_ROUTING),
	CALL(KVM_CAP_DEBUGREGS),
	CALL(KVM_CAP_XSAVE),
	CALL(KVM_CAP_VCPU_EVENTS),
	CALL(KVM_CAP_X86_ROBUST_SINGLESTEP),
	CALL(KVM_CAP_MCE),
	CALL(KVM_CAP_ADJUST_CLOCK),
	CALL(KVM_CAP_SYNC_MMU),
	CALL(KVM_CAP_IRQCHIP),
	CALL(KVM_CAP_IRQFD),
	CALL(KVM_CAP_VM_TYPES),
	CALL(KVM_CAP_MEMORY_ATTRIBUTES),
	CALL(KVM_CAP_GUEST_MEMFD),
	CALL(KVM_CAP_USER_MEMORY2),
	CALL(KVM_CAP_X86_APIC_BUS_CYCLES_NS),
	CALL(KVM_CAP_EXIT_HYPERCALL),
	CALL(KVM_CAP_SPLIT_IRQCHIP),
	CALL(KVM_CAP_MAX_VCPU_ID),
	CALL(KVM_CAP_NR_VCPUS),
	CALL(KVM_CAP_MAX_VCPUS),
	CALL(KVM_CAP_NR_MEMSLOTS),
};

static bool is_named(const char *name)
{
	const char *const denied = getenv("DENY"), *const at = denied ? strstr(denied, name) : NULL;
	const size_t length = strlen(name);

	return at && (at == denied || at[-1] == ',') && (at[length] == ',' || at[length] == '\0');
}

static bool is_denied(const struct named *list, size_t count, unsigned long number)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].number == number && is_named(list[i].name))
			return true;
	}
	return false;
}

#define DENIED(list, number) is_denied(list, sizeof(list) / sizeof((list)[0]), number)

int ioctl(int file, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (request == KVM_CHECK_EXTENSION && DENIED(capabilities, (unsigned long)argument))
		return 0;
	if (DENIED(calls, request)) {
		errno = ENOTTY;
		return -1;
	}
	if (request == KVM_ENABLE_CAP && DENIED(capabilities, ((struct kvm_enable_cap *)argument)->cap)) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_ioctl, file, request, argument);
}
