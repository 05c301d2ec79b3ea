/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record that is written when a CPU cannot go on: an error of the hypervisor, or of its guest. */
#ifndef CLOISTER_MACHINE_CRASH_H
#define CLOISTER_MACHINE_CRASH_H

#include <stdint.h>

struct cpu;

enum crash_kind {
	CRASH_NONE,
	CRASH_HOST_EXCEPTION, /* exception in the hypervisor: code = vector, detail = error code, address = CR2 */
	CRASH_GUEST_SHUTDOWN, /* triple fault of the guest */
	CRASH_MACHINE_CHECK,  /* #MC */
	CRASH_ENTRY_REFUSED,  /* the CPU refused the guest's state */
	CRASH_UNKNOWN_EXIT,   /* code = exit code; detail, address = exit information */
};

struct crash_record {
	uint32_t kind;
	uint32_t cpu;
	uint64_t code, detail, address;
	uint64_t rip, rsp; /* where: the hypervisor's for CRASH_HOST_EXCEPTION, the guest's otherwise */
};

/**
 * Keeps the record, wipes the secrets, writes the record to console and serial port, resets the machine or
 * parks this CPU (boot_info.on_crash).
 * Takes no lock that the interrupted code may hold.
 */
_Noreturn void crash(struct cpu *cpu, const struct crash_record *record);

#endif
