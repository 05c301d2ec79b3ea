/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor needs of any CPU. */
#ifndef CLOISTER_MACHINE_FEATURES_H
#define CLOISTER_MACHINE_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "cloister/errors.h"
#include "x86/instructions.h"

/**
 * An extended leaf of CPUID (80000001 and up), all zero where the CPU has none: above the last one it answers anything.
 */
struct cpuid_result cpu_extended_leaf(uint32_t leaf);

/** Is @name, such as "AuthenticAMD", the CPU's vendor? */
bool cpu_vendor_is(const char *name);

/** Physical address width, 0 if the CPU does not report it. */
uint32_t cpu_phys_bits(void);

/** Can its memory be mapped: an address width of 36 to 52, and 4 levels of the firmware's tables? */
enum hv_error cpu_paging_check(void);

/* x2APIC, 1 GiB pages, NX, SMEP, SMAP, XSAVE. Returns HV_OK or the error that names what is missing. */
enum hv_error cpu_features_check(void);

#endif
