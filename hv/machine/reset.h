/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resetting the machine, and the ports through which a PC is reset. */
#ifndef CLOISTER_MACHINE_RESET_H
#define CLOISTER_MACHINE_RESET_H

#define RESET_CONTROL          0xcf9u
#define RESET_CONTROL_SYS_RST  (1u << 1) /* a hard reset, not an INIT */
#define RESET_CONTROL_RST_CPU  (1u << 2) /* its rising edge resets */
#define KEYBOARD_COMMAND       0x64u
#define KEYBOARD_COMMAND_RESET 0xfeu

struct cpu;

/** Resets the machine by each means in turn. The secrets are wiped already. Takes no lock. */
_Noreturn void machine_reset(struct cpu *cpu);

#endif
