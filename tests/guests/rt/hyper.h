/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor, as its root guest sees it. */
#ifndef RT_HYPER_H
#define RT_HYPER_H

#include "trap.h"

#include <cloister/hypercall.h>

#include <stdbool.h>
#include <stdint.h>

/* True under Cloister, by its CPUID leaves. */
bool hypervisor_present(void);

/* True on a CPU with AMD's CPUID vendor: VMMCALL, and AMD's registers. */
bool cpu_is_amd(void);

/* The hypercall instruction of this CPU, as a FORM. */
const void *hypercall_form(void);

struct hypercall {
	uint64_t number, rdi, rsi, rdx, rcx;
};

/* The result; bails out if the instruction faults. */
int64_t hypercall(const struct hypercall *call);

/* A page for buffers, zeroed at first; each call gives another one. */
void *page_get(void);

/* The counters now, all zero if there is no answer. */
struct hv_stats stats_read(void);

#endif
