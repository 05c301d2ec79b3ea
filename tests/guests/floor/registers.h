/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of docs/floor.md that the bed's machines have, and all ways in which a CPU writes them. */
#ifndef FLOOR_REGISTERS_H
#define FLOOR_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define CLASS_HOST_BRIDGE 0x0600u
#define CLASS_ISA_BRIDGE  0x0601u
#define CLASS_IOMMU       0x0806u

/* Is the function of one of these classes? */
bool routes_memory(uint32_t function);

/* Does the register read as before after a write of its complement in each way? Says which way changed it. */
bool register_keeps(uint32_t function, uint32_t at);

/* Tries that on each register of the function's configuration space, the extended part included. */
bool function_keeps(uint32_t function);

/*
 * By name, each register of this machine's chipset that docs/floor.md lists; and where no chipset is known, a
 * failure.
 */
void registers_test_named(void);

/* A sleep where root would have the ACPI block: it stays where it is. */
void registers_test_sleep(void);

/* Registers in memory, which the starter put where a device is (tests/system/efi/mchbar.c). */
void registers_test_memory(void);

#endif
