/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input: a stream of bytes, zeros after its end, and a hostile guest's choices made of them. */
#ifndef FUZZ_EXITS_INPUT_H
#define FUZZ_EXITS_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "hv/vcpu/exit.h"
#include "hv/vcpu/vcpu.h"

#define RAM_BASE  0x100000ull
#define RAM_BYTES 0x8000ull
#define ECAM_BASE 0xe0000000ull /* memory-mapped configuration space, whose first page is a host bridge's */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct input {
	const uint8_t *data;
	size_t left;
};

/* @bytes: 0 to 8 */
uint64_t take(struct input *input, unsigned bytes);

/* A register: often a number that means something. */
uint64_t take_register(struct input *input);

/* A call that gets past its first check, most of the time. */
void take_hypercall(struct input *input, struct registers *guest);

/* A register that is looked at, and a value for it, most of the time. */
void take_msr(struct input *input, struct registers *guest);

/* A value of XCR0 that a CPU may take, most of the time. */
void take_xcr0(struct input *input, struct registers *guest);

/* An access near a port that is looked at. */
struct io_access take_io(struct input *input, struct registers *guest);

#endif
