/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* The walk of the guest's page tables, and its code: private memory alone. */
#include "hv_test.h"

#include "domain/code.h"
#include "domain/memory.h"
#include "guest_vcpu.h"
#include "vcpu/guest_exit.h"

/* Tables of the guest in its memory: pages 1 to 4, from the top down. Page 5 and then page 7 are code. */
#define TOP    0x1000u
#define P      1ull
#define PS     0x80ull
#define LINEAR 0xffffff8000200000ull /* entry 511, 0, 1, 0 */

static struct td_vcpu *vcpu;

static void set_entry(unsigned page, unsigned index, uint64_t value)
{
	((uint64_t *)bed_memory(page * PAGE_BYTES))[index] = value;
}

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 0));
	vcpu = bed_guest(0);
	for (unsigned i = 0; i < BED_PRIVATE * PAGE_BYTES; i++)
		*(uint8_t *)bed_memory(i) = 0;
	set_entry(1, 511, 0x2000 | P);
	set_entry(2, 0, 0x3000 | P);
	set_entry(3, 1, 0x4000 | P);
	set_entry(4, 0, 0x5000 | P | 1ull << 63);
	set_entry(4, 1, 0x7000 | P);
	for (unsigned i = 0; i < PAGE_BYTES; i++) {
		*(uint8_t *)bed_memory(0x5000 + i) = (uint8_t)(i * 3 + 1);
		*(uint8_t *)bed_memory(0x7000 + i) = (uint8_t)(i * 5 + 2);
	}
	bed.fake[0].mode = GUEST_64BIT;
	bed.fake[0].cr3 = TOP;
	bed.fake[0].rip = LINEAR;
	return 0;
}

static bool reads(uint64_t rip)
{
	uint8_t code[4];

	bed.fake[0].rip = rip;
	return guest_code_read(&vcpu->vcpu, 0, code, sizeof(code));
}

static void code_at_any_offset(void **state)
{
	uint8_t code[8];

	(void)state;
	for (uint32_t offset = 0; offset < 2 * PAGE_BYTES - 8; offset += 1) {
		bed.fake[0].rip = LINEAR + offset - offset % 4;
		assert_true(guest_code_read(&vcpu->vcpu, offset % 4, code, sizeof(code)));
		for (uint32_t i = 0; i < 8; i++) {
			const uint32_t at = offset + i;

			assert_int_equal(code[i], at < PAGE_BYTES ? (uint8_t)(at * 3 + 1)
								  : (uint8_t)((at - PAGE_BYTES) * 5 + 2));
		}
	}
}

static void flags_are_no_address(void **state)
{
	(void)state;
	bed.fake[0].cr3 = TOP | 0xfff; /* PCID */
	set_entry(1, 511, 0x2000 | 0xfff | 0x7ffull << 52 | 1ull << 63);
	assert_true(reads(LINEAR));
}

static void missing_entries(void **state)
{
	(void)state;
	assert_false(reads(LINEAR + 2 * PAGE_BYTES));
	assert_false(reads(LINEAR + 2 * PAGE_BYTES - 2)); /* its second part */
	assert_false(reads(0));
	set_entry(4, 0, 0x5000);
	assert_false(reads(LINEAR));
	set_entry(4, 0, 0x5000 | P);
	set_entry(1, 511, 0x2000);
	assert_false(reads(LINEAR));
}

/* 1 GiB and 2 MiB at once: of the first memory, so that its pages 5 and 6 are seen. */
static void large_pages(void **state)
{
	(void)state;
	set_entry(3, 1, 0 | P | PS | 0x1fe000); /* bits below the span are flags */
	assert_true(reads(LINEAR + 0x5000));
	assert_false(reads(LINEAR + 0x20000));
	set_entry(2, 0, 0 | P | PS);
	assert_true(reads(0xffffff8000005000));
	assert_false(reads(0xffffff8000020000));
	set_entry(1, 511, 0 | P | PS); /* no page of 512 GiB: a table at 0 */
	assert_false(reads(0xffffff8000005000));
}

/* The host must not feed the hypervisor, nor learn from what it does. */
static void shared_memory_is_not_read(void **state)
{
	static const uint64_t bad[] = {DOMAIN_SHARED_BIT, 1ull << 48, 1ull << 51, 0x20000, 0xffffff000};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(reads(LINEAR));
		bed.fake[0].cr3 = TOP | bad[i];
		assert_false(reads(LINEAR));
		bed.fake[0].cr3 = TOP;
		set_entry(1, 511, (0x2000 | P) + bad[i]);
		assert_false(reads(LINEAR));
		set_entry(1, 511, 0x2000 | P);
		set_entry(4, 0, (0x5000 | P) + bad[i]);
		assert_false(reads(LINEAR));
		set_entry(4, 0, 0x5000 | P);
	}
}

static void without_paging_and_with_another(void **state)
{
	(void)state;
	bed.fake[0].mode = GUEST_UNPAGED;
	assert_true(reads(0x5000));
	assert_true(reads(1ull << 32 | 0x5000)); /* of 32 bits */
	assert_false(reads(0x8000));
	assert_false(reads(0x7fff));
	assert_false(reads(DOMAIN_SHARED_BIT >> 16 | 0x20000));
	bed.fake[0].mode = GUEST_PAGED;
	assert_false(reads(0x5000));
}

static void memory_that_is_pending_or_released(void **state)
{
	uint64_t bytes = PAGE_BYTES;

	(void)state;
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x30000, BED_FREE, 0), 0);
	set_entry(4, 0, 0x30000 | P);
	assert_false(reads(LINEAR));
	set_entry(4, 0, 0x5000 | P);
	assert_int_equal(domain_convert(&vcpu->view, vcpu->td, gpa(0x5000), &bytes, true), MEMORY_DONE);
	assert_false(reads(LINEAR));
	assert_int_equal(bed_call(1, HC_SHARED_MAP, BED_DOMAIN, 0x5000, (uintptr_t)bed.ram, 0), 0);
	assert_false(reads(LINEAR));
}

static void memory_in_2_mib(void **state)
{
	uint8_t code[4];

	(void)state;
	bed.machine.boot.ram_leaf_bytes = BOOT_LEAF_2MIB;
	vcpu->td->lazy = true;
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x200000 | DOMAIN_LEVEL_2MIB, BED_LARGE, 0), 0);
	memset(bed.memory + (BED_LARGE + 0x123) * PAGE_BYTES, 0x42, PAGE_BYTES);
	set_entry(4, 0, 0x323000 | P);
	assert_true(guest_code_read(&vcpu->vcpu, 0, code, sizeof(code)));
	assert_int_equal(code[0], 0x42);
	assert_int_equal(bed_call(1, HC_TABLE_ADD, BED_DOMAIN, 0x200000, BED_FREE, 0), 0); /* now in 4 KiB */
	code[0] = 0;
	assert_true(guest_code_read(&vcpu->vcpu, 0, code, sizeof(code)));
	assert_int_equal(code[0], 0x42);
}

static void copies_of_private_memory(void **state)
{
	uint8_t bytes[16] = {1, 2, 3};

	(void)state;
	assert_true(private_write(vcpu, gpa(0x5ff0), bytes, sizeof(bytes)));
	assert_memory_equal(bed_memory(0x5ff0), bytes, sizeof(bytes));
	assert_true(private_read(vcpu, gpa(0x7000), bytes, sizeof(bytes)));
	assert_memory_equal(bed_memory(0x7000), bytes, sizeof(bytes));
	assert_false(private_write(vcpu, gpa(0x5ff0 | DOMAIN_SHARED_BIT), bytes, sizeof(bytes)));
	assert_false(private_write(vcpu, gpa(0x5ff0 | 1ull << 48), bytes, sizeof(bytes)));
	assert_false(private_read(vcpu, gpa(0x8000), bytes, sizeof(bytes)));
	assert_false(private_read(vcpu, gpa(UINT64_MAX & ~15ull), bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(code_at_any_offset, start, bed_stop),
		cmocka_unit_test_setup_teardown(flags_are_no_address, start, bed_stop),
		cmocka_unit_test_setup_teardown(missing_entries, start, bed_stop),
		cmocka_unit_test_setup_teardown(large_pages, start, bed_stop),
		cmocka_unit_test_setup_teardown(shared_memory_is_not_read, start, bed_stop),
		cmocka_unit_test_setup_teardown(without_paging_and_with_another, start, bed_stop),
		cmocka_unit_test_setup_teardown(memory_that_is_pending_or_released, start, bed_stop),
		cmocka_unit_test_setup_teardown(memory_in_2_mib, start, bed_stop),
		cmocka_unit_test_setup_teardown(copies_of_private_memory, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
