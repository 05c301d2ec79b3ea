/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of guest-shim/memory.h: the test's memory (support/shim_vmm.c). */
#ifndef GUEST_SHIM_MEMORY_H
#define GUEST_SHIM_MEMORY_H

#include <stdint.h>

void *memory_at(uint64_t address);

#endif
