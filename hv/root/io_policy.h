/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports exit, and which writes end the hypervisor's reign. */
#ifndef CLOISTER_ROOT_IO_POLICY_H
#define CLOISTER_ROOT_IO_POLICY_H

#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

/* Does any access to @port exit? */
bool io_policy_exits(const struct boot_info *boot, uint16_t port);

/* Sets the bits of all ports that exit, in a bitmap with one bit a port. */
void io_policy_apply(const struct boot_info *boot, uint8_t bitmap[8192]);

/* Would writing @value put the machine into a sleep that the loader did not allow? Such a write is dropped. */
bool io_policy_sleep_refused(const struct boot_info *boot, struct io_access access, uint32_t value);

/* Does writing @value put the machine to sleep or reset it? */
bool io_policy_ends(const struct boot_info *boot, struct io_access access, uint32_t value);

#endif
