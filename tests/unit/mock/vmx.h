/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMX instructions as the unit tests of hv/vmx see them: in front of instructions.h, whose place it takes. */
#ifndef CLOISTER_VMX_INSTRUCTIONS_H
#define CLOISTER_VMX_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/address.h"
#include "vmcs.h"

uint64_t vmread(uint32_t field);
void vmwrite(uint32_t field, uint64_t value);
bool vmxon(paddr_t region);
void vmclear(paddr_t vmcs);
void vmptrld(paddr_t vmcs);
paddr_t vmptrst(void);
void invept(uint64_t type, uint64_t ept_pointer);
void invvpid(uint64_t type, uint64_t vpid);
void raise_nmi(void);

#define INVALIDATE_SINGLE 1ull
#define INVALIDATE_ALL    2ull

#endif
