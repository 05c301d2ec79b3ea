/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attack.h"

#include "hyper.h"
#include "log.h"
#include "paging.h"
#include "tap.h"
#include "text.h"
#include "trap.h"
#include "x86.h"

#define LARGE_PAGE 0x200000ul

FORM(load_8, "movb (%rdi), %al");

const struct edu *attacker;
uint8_t *allowed;
bool amdvi;

bool page_refused(uint64_t address)
{
	struct gprs r = {.rdi = address};

	return attempt(load_8, &r).vector == VEC_GP;
}

unsigned int reserved_runs(struct memory_range found[RESERVED_RUNS])
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < memory_ranges && count < RESERVED_RUNS; i++) {
		const struct memory_range *m = &memory_map[i];
		const uint64_t base = (m->base + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
		uint64_t a = base;

		while (m->kind == MEMORY_RESERVED && a + LARGE_PAGE <= m->base + m->bytes && page_refused(a))
			a += LARGE_PAGE;
		if (a != base)
			found[count++] = (struct memory_range){base, a - base, MEMORY_RESERVED};
	}
	return count;
}

void transfer(bool to_memory, uint64_t address, uint32_t bytes)
{
	edu_transfer(attacker, to_memory, address, bytes);
}

static void expected_line(char *to, bool write, uint64_t address, unsigned int reason)
{
	to = append_text(to, "dma: device ");
	to = append_number(to, attacker->source >> 8, 16);
	to = append_text(to, ":");
	to = append_number(to, attacker->source >> 3 & 31, 16);
	to = append_text(to, ".");
	to = append_number(to, attacker->source & 7, 10);
	to = append_text(to, write ? ": write of " : ": read of ");
	to = append_number(to, address & ~(PAGE_BYTES - 1), 16);
	to = append_text(to, " refused, reason ");
	to = append_number(to, reason, 16);
	*append_text(to, "\n") = '\0';
}

/* What the buffer has at first. */
static uint8_t mark(uint32_t at)
{
	return (uint8_t)(at * 7 + 1);
}

void load_buffer(void)
{
	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		allowed[i] = mark(i);
	transfer(false, (uint64_t)allowed, PAGE_BYTES);
}

bool buffer_tells_nothing(uint32_t from, uint32_t bytes)
{
	bool old = true, zero = true;

	transfer(true, (uint64_t)allowed, PAGE_BYTES);
	for (uint32_t i = from; i < bytes; i++) {
		old &= allowed[i] == mark(i);
		zero &= allowed[i] == 0;
	}
	return old || zero;
}

/* One fault more, and it says so. */
static bool recorded(uint64_t before, uint32_t seen, const char *line)
{
	const uint64_t faults = stats_read().refused_dma - before;

	(void)log_read();
	if (faults >= 1 && log_count(seen, line) == 1)
		return true;
	diag("%lu faults, wanted: %s", faults, line);
	return false;
}

bool refused_at(bool write, uint64_t address, uint32_t bytes, uint64_t page, unsigned int reason)
{
	const uint64_t before = stats_read().refused_dma, page_end = (page | (PAGE_BYTES - 1)) + 1;
	const uint32_t seen = log_read();
	char line[160];

	transfer(write, address, bytes);
	expected_line(line, write, page, reason);
	if (!amdvi && !recorded(before, seen, line))
		return false;
	return write || /* the runner sees its effect there */
	       buffer_tells_nothing(page > address ? (uint32_t)(page - address) : 0,
				    address + bytes < page_end ? bytes : (uint32_t)(page_end - address));
}

bool refused_both(uint64_t address, uint32_t bytes, uint64_t page)
{
	load_buffer();
	return refused_at(true, address, bytes, page, NOT_WRITABLE) &&
	       refused_at(false, address, bytes, page, NOT_READABLE);
}

bool works(uint64_t offset, uint32_t bytes)
{
	const uint64_t before = stats_read().refused_dma;

	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		allowed[i] = (uint8_t)(i * 7 + bytes);
	transfer(false, (uint64_t)allowed + offset, bytes);
	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		allowed[i] = 0;
	transfer(true, (uint64_t)allowed + offset, bytes);
	for (uint32_t i = 0; i < PAGE_BYTES; i++) {
		const bool inside = i >= offset && i < offset + bytes;

		if (allowed[i] != (inside ? (uint8_t)(i * 7 + bytes) : 0))
			return false;
	}
	return stats_read().refused_dma == before;
}
