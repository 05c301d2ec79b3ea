/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a small guest is to do (rt/domain_guest.S), what it told, and the host's acts meanwhile. */
#ifndef TD_SCRIPT_H
#define TD_SCRIPT_H

#include "domain.h"

#include <tdx/abi.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define END {OP_END, {0}}

#define RAISED_WORD(vector) ((uint64_t)RAISED << 32 | (vector))
#define RAISED_VE(reason)   ((uint64_t)(RAISED | (reason)) << 32 | 20)

/* RAM of the guest without a page. */
#define HOLE       0x100000ul
#define OTHER_HOLE 0x101000ul
#define NO_RAM     0x40000000ul

extern uint64_t first; /* page of the pool that is not a record's */
extern struct built built;
extern uint8_t *shared_page; /* of this program */

/* What the guest told is the next words of a test. */
extern unsigned at;
uint64_t told(void);

/* A result of two words: this one and 0. */
bool counts(uint64_t value);

/* Results of a TDCALL: RAX first. */
bool tells(uint64_t rax);

/* Those of a VMCALL: its status. */
bool vmcall_tells(uint64_t status);

bool is(uint64_t expected, uint64_t found);
bool answers(int64_t expected, int64_t result);

bool start(unsigned vcpus, const struct op *ops, unsigned count);

/* The next exit is of a kind, about an address. */
bool exits(int64_t kind, uint64_t address);

/* A free page becomes the guest's, to be accepted. */
bool augment(uint64_t address);

/* Ends the domain; a result. */
void gone(void);

/* A vCPU's turn on another CPU, by cpu_run(): until an exit that is for the host; and that CPU gives the vCPU up. */
struct turn {
	struct built *built;
	unsigned vcpu;
	volatile int64_t result;
};
void take_turn(void *turn);
void give_up(void *turn);

/* Another CPU interrupts a guest, whatever that does. */
bool interrupt(const struct built *whose, unsigned vcpu);

/* The host's timer ends the turn of this CPU's guest soon. */
void set_timer(void);

/* Interrupts that this CPU has had. */
uint64_t interrupts_taken(void);

#endif
