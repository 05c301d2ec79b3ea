/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results in the Test Anything Protocol on the serial port: COM2 where the machine has one, apart from
 * the hypervisor's and the firmware's messages, else COM1. Only the first CPU prints.
 */
#ifndef RT_TAP_H
#define RT_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* Formats: %s %c %u %x (32 bits), %lu %lx (64 bits), %d; nothing else. */
#define TAP_FORMAT(n) __attribute__((format(printf, n, n + 1)))

void serial_init(void);

/* One result; returns 'passed'. */
bool ok(bool passed, const char *format, ...) TAP_FORMAT(2);

/* A test that this machine cannot run. */
void skip(const char *name, const char *reason);

/* A line for a person: the next failure's circumstances. */
void diag(const char *format, ...) TAP_FORMAT(1);

/* Lets the runner look at memory, and waits until it answers, by a character on COM1. */
void let_look(void);

/* Bytes that the runner checks with its own tools. */
void data(const char *name, const void *bytes, uint32_t len);

/* Names the test that is about to run; if it hangs, the runner reports this name. */
void begin(const char *name);

/* Waits until all output has left: an end of the machine would lose the rest. */
void drain(void);

/* Gives up: the program cannot go on. */
_Noreturn void bail_out(const char *format, ...) TAP_FORMAT(1);

/* Prints the plan and ends the machine. */
_Noreturn void finish(void);

#endif
