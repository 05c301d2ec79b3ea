/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results in the Test Anything Protocol on the serial port (serial.h). Only the first CPU prints. */
#ifndef RT_TAP_H
#define RT_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* Formats: %s %c %u %x (32 bits), %lu %lx (64 bits), %d; nothing else. */
#define TAP_FORMAT(n) __attribute__((format(printf, n, n + 1)))

void tap_start(void);

/* One result; returns 'passed'. */
bool ok(bool passed, const char *format, ...) TAP_FORMAT(2);

/* A test that this machine cannot run. */
void skip(const char *name, const char *reason);

/* A line for a person: the next failure's circumstances. */
void diag(const char *format, ...) TAP_FORMAT(1);

/* Bytes that the runner checks with its own tools. */
void data(const char *name, const void *bytes, uint32_t len);

/* Names the test that is about to run; if it hangs, the runner reports this name. */
void begin(const char *name);

/* Gives up: the program cannot go on. */
_Noreturn void bail_out(const char *format, ...) TAP_FORMAT(1);

/* Prints the plan and ends the machine. */
_Noreturn void finish(void);

#endif
