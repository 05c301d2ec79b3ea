/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include "machine/console.h"
#include "machine/lock.h"
#include "machine/cpu.h"

#define KINDS 1024u /* of two exits that fall on one place, the second is left out */

uint64_t leaf_of(const struct registers *guest)
{
	const uint32_t asked = (uint32_t)guest->rax, leaf = asked >> 16 == 0x4000 ? asked & 0xffff00ff : asked;
	const bool has_subleaves = leaf == 4 || leaf == 7 || (leaf >= 0xb && leaf < 0x40) || leaf == 0x8000001d;

	return (uint64_t)leaf << 32 | (has_subleaves ? (uint32_t)guest->rcx : 0);
}

static bool is_first_of_kind(const struct recorded *exit)
{
	static bool seen[KINDS];
	bool *const place = &seen[(exit->code * 0x9e3779b97f4a7c15 + exit->kind * 0xd1b54a32d192ed03) >> 54];

	if (*place)
		return false;
	*place = true;
	return true;
}

static __attribute__((format(printf, 2, 3))) void say(uint16_t port, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	const uint32_t length = console_format(line, format, arguments);
	va_end(arguments);
	serial_write(port, line, length - 1); /* a part of one: without the newline */
}

void record(const struct vcpu *vcpu, const struct recorded *exit)
{
	static lock_t lock;
	const uint16_t port = vcpu->cpu->machine->console.serial_port;
	const struct registers *const guest = &vcpu->frame->guest;

	lock_take(&lock);
	if (is_first_of_kind(exit)) {
		say(port, "<exit %u %lx %lx %lx %lx %lx", vcpu->cpu->index, exit->code, exit->info1, exit->info2,
		    exit->rip, exit->event);
		say(port, " %lx %lx %lx %lx %lx", exit->cr0, exit->cr4, exit->efer, exit->rflags, exit->rights);
		say(port, " %lx %lx %lx %lx %lx>\n", guest->rax, guest->rcx, guest->rdx, guest->rdi, guest->rsi);
	}
	lock_release(&lock);
}
