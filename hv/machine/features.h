/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor needs of any CPU. */
#ifndef CLOISTER_MACHINE_FEATURES_H
#define CLOISTER_MACHINE_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "cloister/errors.h"
#include "x86/instructions.h"

/**
 * A basic or extended leaf of CPUID, all zero where the CPU has none: above the last basic one an Intel CPU answers
 * with the data of that one (SDM 2A CPUID).
 */
struct cpuid_result cpu_leaf(uint32_t leaf, uint32_t subleaf);

/** Is @name, such as "AuthenticAMD", the CPU's vendor? */
bool cpu_vendor_is(const char *name);

/** IA32_ARCH_CAPABILITIES, 0 where the CPU has none (SDM 4 table 2-2). */
uint64_t cpu_arch_capabilities(void);

/*
 * Of them, what holds for a guest on this CPU and promises no register but MCU_OPT_CTRL: bits 0 to 6, 8, 13 to 15, 17,
 * 19, 20, 24, 26 to 28, 62. Set in each guest: there is a register IA32_XAPIC_DISABLE.
 */
#define ARCH_CAPABILITIES_SHOWN 0x400000001d1ae17full
#define XAPIC_DISABLE_STATUS    (1ull << 21)

/** Physical address width, 0 if the CPU does not report it. */
uint32_t cpu_phys_bits(void);

/** Can its memory be mapped: an address width of 36 to 52, and 4 levels of the firmware's tables? */
enum hv_error cpu_paging_check(void);

/* x2APIC, 1 GiB pages, NX, SMEP, SMAP, XSAVE. Returns HV_OK or the error that names what is missing. */
enum hv_error cpu_features_check(void);

#endif
