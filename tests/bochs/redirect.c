/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Noreturn void give_up(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

void write_code(void *at, const uint8_t code[REDIRECT_BYTES])
{
	const uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)at & ~(page_bytes - 1);
	const size_t bytes = (uintptr_t)at + REDIRECT_BYTES - first;

	if (mprotect((void *)first, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		give_up("mend: making Bochs's code writable");
	memcpy(at, code, REDIRECT_BYTES);
	if (mprotect((void *)first, bytes, PROT_READ | PROT_EXEC) != 0)
		give_up("mend: making Bochs's code executable");
}

void redirect(void *from, uintptr_t to, uint8_t before[REDIRECT_BYTES])
{
	uint8_t code[REDIRECT_BYTES] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};

	if (before)
		memcpy(before, from, REDIRECT_BYTES);
	memcpy(code + 2, &to, sizeof(to));
	write_code(from, code);
}
