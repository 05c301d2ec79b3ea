/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "changing_memory.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100

static struct {
	uint8_t *pages;
	size_t bytes;
	unsigned left; /* accesses */
	void (*change)(uint8_t *at);
} memory;

static void protect(int how)
{
	if (mprotect(memory.pages, memory.bytes, how) != 0)
		abort();
}

/* The instruction is executed again, and after it comes a trap. */
static void on_access(int number, siginfo_t *info, void *context)
{
	uint8_t *const at = info->si_addr;

	if (at < memory.pages || at >= memory.pages + memory.bytes) {
		signal(number, SIG_DFL);
		return;
	}
	protect(PROT_READ | PROT_WRITE);
	memory.change(at);
	if (--memory.left > 0)
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	protect(PROT_NONE);
}

void changing_memory(uint8_t *pages, size_t bytes, unsigned accesses, void (*change)(uint8_t *at))
{
	const struct sigaction access = {.sa_sigaction = on_access, .sa_flags = SA_SIGINFO};
	const struct sigaction step = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};

	memory.pages = pages;
	memory.bytes = bytes;
	memory.left = accesses;
	memory.change = change;
	if (sigaction(SIGSEGV, &access, NULL) != 0 || sigaction(SIGTRAP, &step, NULL) != 0)
		abort();
	if (accesses > 0)
		protect(PROT_NONE);
}

void changing_memory_rests(void)
{
	if (memory.pages)
		protect(PROT_READ | PROT_WRITE);
}
