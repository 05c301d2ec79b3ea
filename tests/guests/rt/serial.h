/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The port that results go to, and how the machine ends. */
#ifndef RT_SERIAL_H
#define RT_SERIAL_H

#include <stdbool.h>

/* COM2 where the machine has one, apart from the hypervisor's and the firmware's messages, else COM1. */
void serial_init(void);

void serial_put(char c);

/* Waits until all output has left: an end of the machine would lose the rest. */
void drain(void);

/* Lets the runner look at memory, and waits until it answers, by a character on COM1. */
void let_look(void);

/* @passed: what the runner learns from the emulator's exit code */
_Noreturn void machine_end(bool passed);

#endif
