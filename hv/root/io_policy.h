/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports exit, and what a write to them would do. Values and ports only: nothing here touches one. */
#ifndef CLOISTER_ROOT_IO_POLICY_H
#define CLOISTER_ROOT_IO_POLICY_H

#include "cloister/boot_info.h"
#include "vcpu/exit.h"

/* Does any access to @port exit? */
bool io_policy_exits(const struct boot_info *boot, uint16_t port);

/* Sets the bits of all ports that exit, in a bitmap with one bit a port. */
void io_policy_apply(const struct boot_info *boot, uint8_t bitmap[8192]);

/*
 * Does a write touch a register of one byte and its neighbours? What each byte of it does depends on the chipset; no
 * software needs it.
 */
bool io_policy_too_wide(struct io_access access);

/*
 * Would the keyboard controller's next data byte drive the output port, whose bit 0 is the CPU's reset? A20 is always
 * on, so no software needs it.
 */
bool io_policy_output_command(struct io_access access, uint32_t value);

/*
 * @value with A20 on. Masked, it is bit 20 of the hypervisor's own addresses that is 0 (AMD-V; VMX operation blocks
 * it).
 */
uint32_t io_policy_with_a20(struct io_access access, uint32_t value);

/* Would writing @value put the machine into a sleep that the loader did not allow? Such a write is dropped. */
bool io_policy_sleep_refused(const struct boot_info *boot, struct io_access access, uint32_t value);

/* Does writing @value put the machine to sleep or reset it? */
bool io_policy_ends(const struct boot_info *boot, struct io_access access, uint32_t value);

#endif
