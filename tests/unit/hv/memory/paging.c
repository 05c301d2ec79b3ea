/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own page tables: what is mapped, and that nothing writable is executable. */
#include "hv_test.h"

#include <stdlib.h>

#include "memory/paging.h"
#include "x86/instructions.h"

/* An image: two pages of text, one of constants, two of data. */
__asm__(".pushsection .data\n"
	".balign 4096\n"
	".globl image_text_start, image_text_end, image_rodata_start, image_rodata_end\n"
	"image_text_start: .skip 8192\n"
	"image_text_end:\n"
	"image_rodata_start: .skip 4096\n"
	"image_rodata_end: .skip 8192\n"
	".popsection");
extern const char image_text_start[], image_rodata_start[], image_rodata_end[];

#define IMAGE_PAGES 5u
#define TABLE_PAGES 64u
#define PRESENT     (1ull << 0)
#define WRITABLE    (1ull << 1)
#define USER        (1ull << 2)
#define UNCACHED    (3ull << 3)
#define NO_EXECUTE  (1ull << 63)
#define ADDRESS     0x000ffffffffff000ull

static struct paging paging;
static struct region region;
static uint64_t image;

void invlpg(const volatile void *address)
{
	(void)address;
}

/* The level-1 entry, or 0 where no table leads to it. Tables are writable, none is a user's. */
static uint64_t entry_of(uint64_t address)
{
	uint64_t entry = paging.root.value | PRESENT;

	for (unsigned level = 4; level > 0; level--) {
		const uint64_t *const table = region_pointer(paddr(entry & ADDRESS));

		entry = table[address >> (12 + 9 * (level - 1)) & 511];
		assert_int_equal(entry & USER, 0);
		if ((entry & PRESENT) == 0)
			return 0;
	}
	return entry;
}

static uint64_t leaves_below(paddr_t table, unsigned level)
{
	const uint64_t *const entries = region_pointer(table);
	uint64_t count = 0;

	for (unsigned i = 0; i < 512; i++) {
		if ((entries[i] & PRESENT) != 0)
			count += level == 1 ? 1 : leaves_below(paddr(entries[i] & ADDRESS), level - 1);
	}
	return count;
}

static int build(void **state)
{
	void *const memory = aligned_alloc(PAGE_BYTES, TABLE_PAGES * PAGE_BYTES);

	assert_non_null(memory);
	*state = memory;
	image = (uintptr_t)image_text_start;
	region = (struct region){(uintptr_t)memory, (uintptr_t)memory + TABLE_PAGES * PAGE_BYTES};
	paging_build(&paging, &region, &(struct boot_range){image, IMAGE_PAGES * PAGE_BYTES}, 4);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void each_page_has_its_rights(void **state)
{
	static const uint64_t rights[IMAGE_PAGES] = {0, 0, NO_EXECUTE, NO_EXECUTE | WRITABLE, NO_EXECUTE | WRITABLE};

	(void)state;
	assert_int_equal((uintptr_t)image_rodata_start - image, 2 * PAGE_BYTES);
	assert_int_equal((uintptr_t)image_rodata_end - image, 3 * PAGE_BYTES);
	for (unsigned i = 0; i < IMAGE_PAGES; i++) {
		const uint64_t at = image + i * PAGE_BYTES, entry = entry_of(at);

		assert_int_equal(entry & ADDRESS, at);
		assert_int_equal(entry & (NO_EXECUTE | WRITABLE), rights[i]);
		assert_int_equal(entry & UNCACHED, 0);
	}
}

static void nothing_else_is_mapped(void **state)
{
	(void)state;
	assert_int_equal(entry_of(image - PAGE_BYTES), 0);
	assert_int_equal(entry_of(image + IMAGE_PAGES * PAGE_BYTES), 0);
	assert_int_equal(leaves_below(paging.root, 4), IMAGE_PAGES);
}

static void guards(void **state)
{
	(void)state;
	paging_guard(&paging, paddr(image + 3 * PAGE_BYTES));
	assert_int_equal(entry_of(image + 3 * PAGE_BYTES), 0);
	assert_int_not_equal(entry_of(image + 2 * PAGE_BYTES), 0);
	assert_int_not_equal(entry_of(image + 4 * PAGE_BYTES), 0);
	assert_int_equal(leaves_below(paging.root, 4), IMAGE_PAGES - 1);
}

static void devices_are_uncached(void **state)
{
	(void)state;
	paging_map_device(&paging, &region, paddr(0xfed90000), 2 * PAGE_BYTES);
	for (uint64_t at = 0xfed90000; at < 0xfed92000; at += PAGE_BYTES) {
		assert_int_equal(entry_of(at) & ADDRESS, at);
		assert_int_equal(entry_of(at) & (NO_EXECUTE | WRITABLE | UNCACHED), NO_EXECUTE | WRITABLE | UNCACHED);
	}
	assert_int_equal(leaves_below(paging.root, 4), IMAGE_PAGES + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_page_has_its_rights, build, teardown),
		cmocka_unit_test_setup_teardown(nothing_else_is_mapped, build, teardown),
		cmocka_unit_test_setup_teardown(guards, build, teardown),
		cmocka_unit_test_setup_teardown(devices_are_uncached, build, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
