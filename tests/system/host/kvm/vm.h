/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMM of a few hundred lines: it makes a TDX guest on /dev/kvm with the calls that QEMU makes, in QEMU's order. The
 * guest is the small one of tests/guests/rt (domain_guest.S), which does what a list says.
 */
#ifndef KVM_VM_H
#define KVM_VM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain_ops.h"
#include "tdx_uapi.h"

#define VCPUS          2u
#define RAM_BYTES      (32ul << 20)
#define SMALL_RAM      (4ul << 20)
#define FIRMWARE_BYTES 0x10000ul /* below 4 GiB */
#define TOLD_MAX       128u
#define END_PORT       0xf4
#define MMIO_BASE      0x40000000ul
#define HOLE           0x100000ul /* RAM without a page */
#define LARGE_HOLE     0x200000ul

struct vm {
	int kvm, fd, memory[2];
	int vcpu[VCPUS];
	struct kvm_run *run[VCPUS];
	uint8_t *ram, *firmware;
	uint64_t ram_bytes;
	unsigned vcpus;
	uint64_t told[TOLD_MAX];
	unsigned words, half, at;
	volatile bool stop; /* a signal is to end vm_run() */
};

/* Address bit that means shared memory. */
extern uint64_t shared_bit;

/* Has shared_bit right. Before anything else. */
void vm_find_shared_bit(void);

/* First step: a guest with empty memory. Its firmware and RAM are the caller's to fill. */
bool vm_create(struct vm *vm, unsigned vcpus, uint64_t ram_bytes);

/* Then its firmware is added, and @bytes of its RAM from @first on. */
bool vm_load(struct vm *vm, uint64_t first, uint64_t bytes);

/* The last step. */
bool vm_finish(struct vm *vm);

/* Makes a guest that does @ops, up to and with TDX_FINALIZE_VM. False: a call failed, which is told on stdout. */
bool vm_build(struct vm *vm, const struct op *ops, size_t count, unsigned vcpus, uint64_t ram_bytes);

/* The same, but for the last step. */
bool vm_begin(struct vm *vm, const struct op *ops, size_t count, unsigned vcpus, uint64_t ram_bytes);

/* Closes the VM, then its vCPUs, as QEMU does when a guest reboots; and all else. */
void vm_end(struct vm *vm);

/* KVM_RUN until an exit that is no report; the exit's reason, or the negative errno. */
int vm_run(struct vm *vm, unsigned vcpu);

/* Runs vCPU 0 until it writes to END_PORT. */
bool vm_run_to_end(struct vm *vm);

/* The next word that the guest told. */
uint64_t vm_told(struct vm *vm);

/* Passes @count words over. */
void vm_skip(struct vm *vm, unsigned count);

/* KVM_SET_GSI_ROUTING: GSI @gsi is vector @vector of the vCPU with APIC ID @apic_id, the others are nothing. */
int vm_route(struct vm *vm, uint32_t gsi, uint32_t apic_id, uint32_t vector);

/* A port's data. */
void *vm_port_data(struct vm *vm, unsigned vcpu);

#endif
