/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMX instructions as the unit tests of hv/vmx see them: in front of instructions.h, whose place it takes. */
#ifndef HV_VMX_INSTRUCTIONS_H
#define HV_VMX_INSTRUCTIONS_H

#include <stdint.h>

#include "types.h"
#include "vmcs.h"

uint64_t vmread(uint32_t field);

#endif
