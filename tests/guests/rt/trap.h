/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts: one instruction form is run with chosen registers, and its result is recorded: nothing, or an exception
 * with its vector, error code and RIP. An exception outside an attempt ends the program.
 */
#ifndef RT_TRAP_H
#define RT_TRAP_H

#include <stdbool.h>
#include <stdint.h>

struct gprs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
};

/* The stack after entry.S saved the registers; error is 0 where the vector has none. */
struct frame {
	struct gprs gprs;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

#define NO_FAULT 0x100u

struct outcome {
	uint32_t vector; /* NO_FAULT, or the exception's */
	uint32_t error;
	uint64_t rip;
};

/*
 * An instruction form: code for attempt(). RIP of a fault in its first instruction is its own address.
 * The text may change every general register but RSP.
 */
#define FORM(name, text)                                                \
	extern const char name[] __attribute__((visibility("hidden"))); \
	__asm__(".pushsection .text\n" #name ":\n" text "\nret\n.popsection")

/**
 * Runs code on this CPU.
 * @code: a FORM, or any address, as code
 * @regs: loaded before, and stored after or at the exception
 */
struct outcome attempt(const void *code, struct gprs *regs);

/* The same at CPL 3, in 64-bit mode. */
struct outcome attempt_cpl3(const void *code, struct gprs *regs);

/* True if the attempt faulted as given, in the code's first instruction; else prints the result. */
bool faulted(const struct outcome *o, uint32_t vector, uint32_t error, const void *rip);

/* True if nothing happened; else prints the result. */
bool completed(const struct outcome *o);

/* A handler that sees a trap on this CPU first; true: dealt with, return from it. NULL removes it. */
typedef bool (*trap_hook)(struct frame *);
void trap_set_hook(trap_hook hook);

/* Loads the IDT, common to all CPUs. */
void idt_load(void);

#endif
