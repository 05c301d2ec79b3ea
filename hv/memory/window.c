/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows: one entry of a page table each. */
#include "window.h"

#include "pte.h"
#include "x86/instructions.h"

#define INDEX(cpu, window) ((cpu) * WINDOWS_PER_CPU + (window))

/* A closed window is in no TLB: closing it flushed. */
void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t page, bool writable)
{
	const uint32_t index = INDEX(cpu, window);

	paging->window[index] = (page.value & PTE_ADDRESS) | PTE_LEAF | PTE_NX | (writable ? PTE_RW : 0);
	return (void *)(uintptr_t)(WINDOW_BASE + index * PAGE_BYTES);
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	const uint32_t index = INDEX(cpu, window);

	paging->window[index] = 0;
	invlpg((const void *)(uintptr_t)(WINDOW_BASE + index * PAGE_BYTES));
}

/* Each byte once, whatever the compiler knows of what is done with it. */
static void copy(void *to, const void *from, uint64_t bytes)
{
	uint64_t words = bytes / 8, rest = bytes % 8;

	__asm__ volatile("rep movsq; mov %3, %2; rep movsb" : "+D"(to), "+S"(from), "+c"(words) : "r"(rest) : "memory");
}

void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	const uint8_t *const page = window_open(paging, cpu, WINDOW_COPY, address, false);

	copy(buffer, page + (address.value & PAGE_MASK), bytes);
	window_close(paging, cpu, WINDOW_COPY);
}

void window_write(const struct paging *paging, uint32_t cpu, paddr_t address, const void *buffer, uint32_t bytes)
{
	uint8_t *const page = window_open(paging, cpu, WINDOW_COPY, address, true);

	copy(page + (address.value & PAGE_MASK), buffer, bytes);
	window_close(paging, cpu, WINDOW_COPY);
}
