/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's reset: by the register that the firmware names, then by those that PCs have, at last by a triple fault.
 */
#include "reset.h"

#include "cpu.h"
#include "wait.h"
#include "x86/instructions.h"

#define PATIENCE_US 100000u

static void pause(const struct machine *m)
{
	(void)wait_until(false, m->boot.tsc_khz, PATIENCE_US);
}

void machine_reset(struct cpu *cpu)
{
	const struct machine *const m = cpu->machine;

	pause(m); /* a signature that another CPU makes ends, and clears what it left in memory */
	if (m->boot.reset_port != 0) {
		outb(m->boot.reset_port, m->boot.reset_value);
		cpu_open_window(cpu); /* often it is the port of SMI commands */
		pause(m);
	}
	outb(RESET_CONTROL, RESET_CONTROL_SYS_RST);
	outb(RESET_CONTROL, RESET_CONTROL_SYS_RST | RESET_CONTROL_RST_CPU);
	pause(m);
	outb(KEYBOARD_COMMAND, KEYBOARD_COMMAND_RESET);
	pause(m);
	triple_fault();
}
