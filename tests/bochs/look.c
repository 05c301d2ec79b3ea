/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into Bochs: where the environment names a file in BOCHS_MEMORY, the machine's memory, of BOCHS_MEMORY_MIB, is
 * written there with ".1" behind the name, and so on, at each SIGUSR1, and with ".end" at the machine's end: at a reset,
 * from which Bochs would go on, and as it switches itself off. A file that has its name is whole.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redirect.h"

#define PAGE_BYTES 4096u

/* Bochs's functions, by their C++ names. */
#define HOST_PAGE "_ZN16BX_MEMORY_STUB_C14getHostMemAddrEP8BX_CPU_Cmj"
#define RESET     "_ZN14bx_pc_system_c5ResetEj"
#define AT_EXIT   "_Z9bx_atexitv"

typedef uint8_t *host_page_function(void *cpu, uint64_t address, unsigned access);
typedef int reset_function(void *system, unsigned type);
typedef void at_exit_function(void);

static const char *path;
static uint64_t bytes; /* of the memory */
static unsigned looks, resets;
static host_page_function *host_page;
static reset_function *reset;
static at_exit_function *at_exit;
static uint8_t reset_code[REDIRECT_BYTES], at_exit_code[REDIRECT_BYTES];

/* All of it, from address 0 on. */
static void write_memory(const char *suffix)
{
	char *part, *whole;

	if (asprintf(&whole, "%s.%s", path, suffix) < 0 || asprintf(&part, "%s.part", whole) < 0)
		give_up("mend: a name for the machine's memory");
	const int file = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	for (uint64_t at = 0; file >= 0 && at < bytes; at += PAGE_BYTES) {
		if (write(file, host_page(NULL, at, 0), PAGE_BYTES) != PAGE_BYTES)
			give_up("mend: writing the machine's memory");
	}
	if (file < 0 || close(file) != 0 || rename(part, whole) != 0)
		give_up("mend: writing the machine's memory");
	free(part);
	free(whole);
}

/* It interrupts Bochs in a guest that waits: the memory is not being changed. */
static void look(int signal)
{
	char number[16];

	(void)signal;
	(void)snprintf(number, sizeof(number), "%u", ++looks);
	write_memory(number);
}

static int look_and_reset(void *system, unsigned type)
{
	if (++resets == 2) /* the first one is the start */
		write_memory("end");
	write_code((void *)reset, reset_code);
	const int result = reset(system, type);

	redirect((void *)reset, (uintptr_t)look_and_reset, NULL);
	return result;
}

static void look_and_exit(void)
{
	write_code((void *)at_exit, at_exit_code);
	if (resets == 1)
		write_memory("end");
	at_exit();
}

static void *find(const char *name)
{
	void *const found = dlsym(RTLD_DEFAULT, name);

	if (!found)
		give_up("mend: Bochs has no function or memory of a name that tests/bochs/look.c needs");
	return found;
}

__attribute__((constructor)) static void look_at_bochs(void)
{
	path = getenv("BOCHS_MEMORY");
	const char *const mib = getenv("BOCHS_MEMORY_MIB");

	if (!path || !mib || !dlsym(RTLD_DEFAULT, RESET)) /* what starts Bochs is no Bochs */
		return;
	bytes = strtoull(mib, NULL, 10) << 20;
	host_page = (host_page_function *)find(HOST_PAGE);
	reset = (reset_function *)find(RESET);
	at_exit = (at_exit_function *)find(AT_EXIT);
	redirect((void *)reset, (uintptr_t)look_and_reset, reset_code);
	redirect((void *)at_exit, (uintptr_t)look_and_exit, at_exit_code);
	if (signal(SIGUSR1, look) == SIG_ERR)
		give_up("mend: SIGUSR1");
}
