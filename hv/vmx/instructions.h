/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMX instructions (SDM 3C chapter 30). One that fails where it never may raises #UD, so the crash record shows
 * where. Unit tests put a header of the same guard in front of this one.
 */
#ifndef CLOISTER_VMX_INSTRUCTIONS_H
#define CLOISTER_VMX_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/address.h"
#include "vmcs.h"
#include "x86/instructions.h"

/* @field: enum vmcs_field, or SEGMENT_FIELD() */
static inline uint64_t vmread(uint32_t field)
{
	uint64_t value;

	__asm__ volatile("vmread %1, %0; ja 1f; ud2; 1:" : "=r"(value) : "r"((uint64_t)field) : "cc");
	return value;
}

static inline void vmwrite(uint32_t field, uint64_t value)
{
	__asm__ volatile("vmwrite %0, %1; ja 1f; ud2; 1:" : : "r"(value), "r"((uint64_t)field) : "cc", "memory");
}

static inline bool vmxon(paddr_t region)
{
	bool success;

	__asm__ volatile("vmxon %1" : "=@cca"(success) : "m"(region.value) : "memory");
	return success;
}

static inline void vmclear(paddr_t vmcs)
{
	__asm__ volatile("vmclear %0; ja 1f; ud2; 1:" : : "m"(vmcs.value) : "cc", "memory");
}

static inline void vmptrld(paddr_t vmcs)
{
	__asm__ volatile("vmptrld %0; ja 1f; ud2; 1:" : : "m"(vmcs.value) : "cc", "memory");
}

/* The current VMCS, all ones if there is none. */
static inline paddr_t vmptrst(void)
{
	paddr_t vmcs;

	__asm__ volatile("vmptrst %0" : "=m"(vmcs.value) : : "cc", "memory");
	return vmcs;
}

#define INVALIDATE_SINGLE 1ull
#define INVALIDATE_ALL    2ull

static inline void invept(uint64_t type, uint64_t ept_pointer)
{
	const struct {
		uint64_t ept_pointer, reserved;
	} descriptor = {ept_pointer, 0};

	__asm__ volatile("invept %0, %1; ja 1f; ud2; 1:" : : "m"(descriptor), "r"(type) : "cc", "memory");
}

static inline void invvpid(uint64_t type, uint64_t vpid)
{
	const struct {
		uint64_t vpid, address;
	} descriptor = {vpid, 0};

	__asm__ volatile("invvpid %0, %1; ja 1f; ud2; 1:" : : "m"(descriptor), "r"(type) : "cc", "memory");
}

/* To the handler of NMIs, after an exit for one: its IRET ends the blocking of NMIs. */
static inline void raise_nmi(void)
{
	__asm__ volatile("int $2" : : : "memory");
}

#endif
