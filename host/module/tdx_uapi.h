/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * What KVM's user space sees of TDX since Linux 6.16, and 6.12's headers lack
 * (Documentation/virt/kvm/x86/intel-tdx.rst). Names differ from those of later kernels, which may be included, too.
 */
#ifndef MODULE_TDX_UAPI_H
#define MODULE_TDX_UAPI_H

#include <linux/kvm.h>
#include <linux/types.h>

#define VM_TYPE_PLAIN 0
#define VM_TYPE_TDX   5

/* KVM_MEMORY_ENCRYPT_OP's argument: the first, second and fifth of the VM, the others of a vCPU. */
enum tdx_command_id {
	TDX_CAPABILITIES,
	TDX_INIT_VM,
	TDX_INIT_VCPU,
	TDX_INIT_MEM_REGION,
	TDX_FINALIZE_VM,
	TDX_GET_CPUID,
};

struct tdx_command {
	__u32 id, flags;
	__u64 data; /* user pointer; TDX_INIT_VCPU: initial RCX */
	__u64 hw_error;
};

/* A list of CPUID leaves follows. */
struct tdx_capabilities {
	__u64 attributes, xfam;
	__u64 vmcall_info[4];
	__u64 reserved[250];
	__u32 cpuid_count, cpuid_padding;
};

struct tdx_init_vm {
	__u64 attributes, xfam;
	__u8 mrconfigid[48], mrowner[48], mrownerconfig[48];
	__u64 reserved[12];
	__u32 cpuid_count, cpuid_padding;
};

#define TDX_MEASURE 1u /* flag of TDX_INIT_MEM_REGION */

struct tdx_region {
	__u64 source, gpa, pages;
};

#define EXIT_TDX          40
#define EVENT_TDX_FATAL   7
#define MAP_GPA_CALL      12
#define MAP_GPA_PRIVATE   (1u << 4)
#define TDX_GET_QUOTE     0x10002u
#define TDX_NOT_SUPPORTED 0x8000000000000003ull

/* struct kvm_run's part for EXIT_TDX, where all of these parts begin. */
struct exit_tdx {
	__u64 flags, number, result;
	__u64 gpa, bytes; /* of TDX_GET_QUOTE */
};

_Static_assert(sizeof(struct tdx_command) == 24, "ioctl layout");
_Static_assert(sizeof(struct tdx_capabilities) == 2056, "ioctl layout");
_Static_assert(sizeof(struct tdx_init_vm) == 264, "ioctl layout");

#endif
