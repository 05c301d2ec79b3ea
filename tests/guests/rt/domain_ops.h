/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An entry of the small guest's list (domain_layout.h), and those that are calls (tdx/abi.h). */
#ifndef RT_DOMAIN_OPS_H
#define RT_DOMAIN_OPS_H

#include "domain_layout.h"

#include <stdint.h>

struct op {
	uint64_t number, in[11];
};

_Static_assert(sizeof(struct op) == OP_BYTES, "domain_layout.h");

#define TDCALL(...)                 \
	{                           \
		OP_TDCALL,          \
		{                   \
			__VA_ARGS__ \
		}                   \
	}
#define VMCALL(...)                                                 \
	{                                                           \
		OP_TDCALL,                                          \
		{                                                   \
			TDG_VP_VMCALL, 0xffcc, 0, 0, 0, __VA_ARGS__ \
		}                                                   \
	}
#define ACCEPT(address) TDCALL(TDG_MEM_PAGE_ACCEPT, address)

#endif
