/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows: one entry of a page table each. */
#include "window.h"

#include "pte.h"
#include "x86/instructions.h"

static uint64_t index_of(uint32_t cpu, enum window window)
{
	return (uint64_t)cpu * WINDOWS_PER_CPU + window;
}

static void *address_of(uint64_t index)
{
	return (void *)(uintptr_t)(WINDOW_BASE + index * PAGE_BYTES);
}

/* A closed window is in no TLB: closing it flushed. */
static void *show(const struct paging *paging, uint64_t index, paddr_t page, uint64_t right)
{
	paging->window[index] = (page.value & PTE_ADDRESS) | PTE_LEAF | PTE_NX | right;
	return address_of(index);
}

static void hide(const struct paging *paging, uint64_t index)
{
	paging->window[index] = 0;
	invlpg(address_of(index));
}

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t page)
{
	return show(paging, index_of(cpu, window), page, PTE_RW);
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	hide(paging, index_of(cpu, window));
}

void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	const uint64_t index = index_of(cpu, WINDOW_COPY);
	const volatile uint8_t *const from = (uint8_t *)show(paging, index, address, 0) + (address.value & PAGE_MASK);

	for (uint32_t i = 0; i < bytes; i++)
		((uint8_t *)buffer)[i] = from[i];
	hide(paging, index);
}

void window_write(const struct paging *paging, uint32_t cpu, paddr_t address, const void *buffer, uint32_t bytes)
{
	const uint64_t index = index_of(cpu, WINDOW_COPY);
	volatile uint8_t *const to = (uint8_t *)show(paging, index, address, PTE_RW) + (address.value & PAGE_MASK);

	for (uint32_t i = 0; i < bytes; i++)
		to[i] = ((const uint8_t *)buffer)[i];
	hide(paging, index);
}
