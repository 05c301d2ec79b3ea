/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of Bochs that begin with a jump to ours. */
#ifndef TESTS_BOCHS_REDIRECT_H
#define TESTS_BOCHS_REDIRECT_H

#include <stdint.h>

#define REDIRECT_BYTES 12u

/* Makes the function at @from begin with "mov rax, @to; jmp rax". @before: what it began with; null: not wanted */
void redirect(void *from, uintptr_t to, uint8_t before[REDIRECT_BYTES]);

/* Makes it begin with @code. */
void write_code(void *at, const uint8_t code[REDIRECT_BYTES]);

_Noreturn void give_up(const char *what);

#endif
