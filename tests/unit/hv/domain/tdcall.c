/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* The leaves of TDCALL: what each answers to good and to bad arguments, and that no other register changes. */
#include "hv_test.h"

#include <openssl/evp.h>

#include "domain/tdcall.h"
#include "guest_vcpu.h"

#define INVALID      0xc000010000000000ull
#define LAZY         0x91100003434c0001ull
#define CTLS         0x1110000300000017ull
#define CALL_RESULTS (BIT(RAX) | BIT(RCX) | BIT(RDX) | BIT(R8) | BIT(R9) | BIT(R10) | BIT(R11))

static struct registers *guest;

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 1));
	guest = bed_registers(0);
	return 0;
}

static void call(uint64_t rax, uint64_t rcx, uint64_t rdx)
{
	bed_secrets();
	guest->rax = rax;
	guest->rcx = rcx;
	guest->rdx = rdx;
	bed.before = *guest;
	tdcall(bed_guest(0));
}

/* It is complete, with this status; of the other registers only those of @mask changed. */
static void assert_done(uint64_t status, unsigned mask)
{
	assert_int_equal(guest->rax, status);
	assert_int_equal(bed.fake[0].advanced, 4);
	assert_int_equal(bed.fake[0].exception, -1);
	bed_assert_changed(mask | BIT(RAX));
	assert_non_null(bed.cpu[0].guest);
}

static void assert_repeated(void)
{
	assert_int_equal(bed.fake[0].advanced, 0);
	bed_assert_changed(0);
	assert_non_null(bed.cpu[0].guest);
}

static void unknown_leaves(void **state)
{
	(void)state;
	for (uint64_t leaf = 0; leaf < 0x200; leaf++) {
		if (leaf <= 10 || leaf == 22)
			continue;
		call(leaf, 0, 0);
		assert_done(INVALID, 0);
	}
	call(0xffff, 0, 0);
	assert_done(INVALID, 0);
}

static void versions_and_reserved_bits(void **state)
{
	(void)state;
	for (uint64_t leaf = 0; leaf < 11; leaf++) {
		for (unsigned i = 16; i < 64; i++) {
			call(leaf | 1ull << i, 0, 0);
			assert_done(INVALID, 0);
		}
	}
}

static void info(void **state)
{
	(void)state;
	call(1, 0, 0);
	assert_done(0, CALL_RESULTS);
	assert_int_equal(guest->rcx, 48);
	assert_int_equal(guest->rdx, 1 << 28);
	assert_int_equal(guest->r8, 3 | 3ull << 32);
	assert_int_equal(guest->r9, 1);
	assert_int_equal(guest->r10 | guest->r11, 0);
}

static void rtmr_extend(void **state)
{
	uint8_t expected[48] = {0}, *const data = bed_memory(0x2fc0);
	EVP_MD_CTX *const hash = EVP_MD_CTX_new();

	(void)state;
	for (unsigned i = 0; i < 48; i++)
		data[i] = (uint8_t)(i * 5 + 1);
	for (unsigned times = 0; times < 2; times++) {
		EVP_DigestInit(hash, EVP_sha384());
		EVP_DigestUpdate(hash, expected, 48);
		EVP_DigestUpdate(hash, data, 48);
		EVP_DigestFinal(hash, expected, 0);
		call(2, 0x2fc0, 3);
		assert_done(0, 0);
		assert_memory_equal(bed_guest(0)->td->rtmr[3], expected, 48);
	}
	EVP_MD_CTX_free(hash);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(bed_guest(0)->td->rtmr[i][0], 0);
}

static void rtmr_extend_refuses(void **state)
{
	static const struct {
		uint64_t rcx, rdx, operand;
	} bad[] = {
		{0x2fc0, 4, 2},
		{0x2fc0, 1ull << 32, 2},
		{0x2fc0, UINT64_MAX, 2},
		{0x2fc1, 0, 1},
		{0x2fe0, 0, 1},
		{0x20000, 0, 1},                    /* absent */
		{0x30000, 0, 1},                    /* pending */
		{0x2fc0 | DOMAIN_SHARED_BIT, 0, 1}, /* shared */
		{0x2fc0 | 1ull << 48, 0, 1},        /* no address of the guest */
		{0x2fc0 | 1ull << 63, 0, 1},
	};

	(void)state;
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x30000, BED_FREE, 0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(2, bad[i].rcx, bad[i].rdx);
		assert_done(INVALID | bad[i].operand, 0);
	}
	for (unsigned i = 0; i < 4 * 48; i++)
		assert_int_equal(bed_guest(0)->td->rtmr[i / 48][i % 48], 0);
}

static void ve_info(void **state)
{
	const unsigned results = BIT(RCX) | BIT(RDX) | BIT(R8) | BIT(R9) | BIT(R10);

	(void)state;
	bed_guest(0)->ve = (struct ve_info){true, 48, 2, 0x183, 0xffff800012345678, 0x800012345678};
	call(3, 0, 0);
	assert_done(0, results);
	assert_int_equal(guest->rcx, 48);
	assert_int_equal(guest->rdx, 0x183);
	assert_int_equal(guest->r8, 0xffff800012345678);
	assert_int_equal(guest->r9, 0x800012345678);
	assert_int_equal(guest->r10, 2);
	call(3, 0, 0); /* once */
	assert_done(0xc000070400000000, results);
	assert_int_equal(guest->rcx | guest->rdx | guest->r8 | guest->r9 | guest->r10, 0);
}

static void cpuidve_set(void **state)
{
	(void)state;
	for (uint64_t rcx = 0; rcx < 4; rcx++) {
		call(5, rcx, 0);
		assert_done(0, 0);
	}
	for (unsigned i = 2; i < 64; i++) {
		call(5, 1ull << i, 0);
		assert_done(INVALID | 1, 0);
	}
}

static void augment(uint64_t address, uint64_t level, uint64_t page)
{
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, address | level, page, 0), 0);
}

static void accept_a_page(void **state)
{
	(void)state;
	augment(0x10000, DOMAIN_LEVEL_4KIB, BED_FREE);
	call(6, 0x10000, 0);
	assert_done(0, 0);
	call(2, 0x10000, 0); /* it is there */
	assert_done(0, 0);
	call(6, 0x10000, 0);
	assert_done(0x00000b0a00000000, 0);
	call(6, 0x3000, 0);
	assert_done(0x00000b0a00000000, 0);
}

static void accept_2_mib(void **state)
{
	(void)state;
	augment(0x200000, DOMAIN_LEVEL_2MIB, BED_LARGE);
	call(6, 0x200001, 0);
	assert_done(0, 0);
	call(6, 0x200001, 0);
	assert_done(0x00000b0a00000001, 0);
	call(6, 0x200000, 0);
	assert_done(0x00000b0a00000000, 0);
}

static void accept_2_mib_in_pages(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 512; i++) {
		if (i >= BED_PRIVATE && i != 300)
			augment(i * PAGE_BYTES, DOMAIN_LEVEL_4KIB, BED_LARGE + i);
	}
	call(6, 1, 0);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PAGE, .address = 300 * PAGE_BYTES}});
	augment(300 * PAGE_BYTES, DOMAIN_LEVEL_4KIB, BED_FREE);
	assert_true(bed_enter(0, 1));
	assert_int_equal(bed.fake[0].advanced, 0); /* again */
	call(6, 1, 0);
	assert_done(0xc0000b0b00000001, 0); /* some are private */
	for (uint64_t i = BED_PRIVATE; i < 512; i++) {
		call(6, i * PAGE_BYTES, 0);
		assert_done(0, 0);
	}
	call(6, 1, 0);
	assert_done(0x00000b0a00000001, 0);
}

static void accept_refuses(void **state)
{
	static const uint64_t bad[] = {
		2,
		0x10002,
		0x200002,
		3,
		4,
		5,
		6,
		7, /* levels */
		0x201001,
		0x1001, /* not aligned to its size */
		BED_RAM,
		BED_RAM | 1,
		0xffc00000,
		0x10000 | DOMAIN_SHARED_BIT,
		0x10000 | 1ull << 48,
		0x10000 | 1ull << 52,
		0x10000 | 1ull << 63,
		0xfffffffffffff000,
		0xffffffffffe00001,
	};

	(void)state;
	augment(0x10000, DOMAIN_LEVEL_4KIB, BED_FREE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(6, bad[i], 0);
		assert_done(INVALID | 1, 0);
	}
	for (unsigned i = 3; i < 12; i++) {
		call(6, 0x10000 | 1ull << i, 0);
		assert_done(INVALID | 1, 0);
	}
}

/* What the guest gave away is not accepted where it is. */
static void accept_of_released_memory(void **state)
{
	uint64_t bytes = PAGE_BYTES;

	(void)state;
	assert_int_equal(domain_convert(&bed_guest(0)->view, bed_guest(0)->td, gpa(0x3000), &bytes, true), MEMORY_DONE);
	call(6, 0x3000, 0);
	assert_done(INVALID | 1, 0);
	call(6, 1, 0);
	assert_done(INVALID | 1, 0);
}

static void accept_of_what_is_absent_asks_the_host(void **state)
{
	(void)state;
	call(6, 0x20000, 0);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PAGE, .address = 0x20000}});
	assert_true(bed_enter(0, 1));
	bed_assert_changed(0); /* the same call again */
	assert_int_equal(bed.fake[0].advanced, 0);
	augment(0x400000, DOMAIN_LEVEL_2MIB, BED_LARGE);
	call(6, 0x401000, 0);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_TABLE, .address = 0x401000}});
}

static uint64_t field(uint64_t number, uint64_t id)
{
	call(number, 0, id);
	assert_done(0, BIT(R8));
	return guest->r8;
}

static void set_field(uint64_t id, uint64_t value, uint64_t mask, uint64_t status, uint64_t old)
{
	bed_secrets();
	*guest = (struct registers){.rax = 8, .rdx = id, .r8 = value, .r9 = mask, .rbx = 0x5ec4e7};
	bed.before = *guest;
	tdcall(bed_guest(0));
	assert_done(status, BIT(R8));
	assert_int_equal(guest->r8, old);
}

static void fields(void **state)
{
	(void)state;
	assert_int_equal(field(7, 0x1110000300000000), 1 << 28);
	assert_int_equal(field(7, 0x1110000300000016), 2);
	assert_int_equal(field(7, CTLS), 1);
	assert_int_equal(field(7, 0x9100000000000010), 0);
	assert_int_equal(field(7, 0x9110000300000010), 0);
	assert_int_equal(field(7, 0x9100000000000019), 1);
	assert_int_equal(field(7, LAZY), 0);
}

static void fields_that_are_none(void **state)
{
	static const uint64_t bad[] = {0, 1, UINT64_MAX, CTLS + 1, CTLS ^ 1ull << 63, CTLS ^ 1ull << 36, LAZY + 1};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint64_t leaf = 7; leaf <= 8; leaf++) {
			call(leaf, 0, bad[i]);
			assert_done(0xc0000c0000000000, BIT(R8));
			assert_int_equal(guest->r8, 0);
		}
	}
	for (uint64_t leaf = 7; leaf <= 8; leaf++) {
		call(leaf, 1, CTLS); /* of another domain */
		assert_done(INVALID | 1, BIT(R8));
		assert_int_equal(guest->r8, 0);
	}
	for (uint64_t leaf = 9; leaf <= 10; leaf++) {
		call(leaf, 0, CTLS);
		assert_done(0xc0000c0000000000, 0);
	}
}

static void fields_that_are_written(void **state)
{
	(void)state;
	set_field(CTLS, 0xb, UINT64_MAX, 0, 1);
	assert_int_equal(field(7, CTLS), 0xb);
	set_field(CTLS, 0xffffffffffffff00, 0x2, 0, 0xb); /* the mask says which bits */
	assert_int_equal(field(7, CTLS), 0x9);
	set_field(CTLS, 0, UINT64_MAX, 0xc0000c0300000000, 0); /* bit 0 stays */
	set_field(CTLS, 0, 1, 0xc0000c0300000000, 0);
	for (unsigned i = 4; i < 64; i++)
		set_field(CTLS, 1 | 1ull << i, UINT64_MAX, 0xc0000c0300000000, 0);
	assert_int_equal(field(7, CTLS), 0x9);
	set_field(0x9100000000000010, 0, UINT64_MAX, 0, 0);
	set_field(0x9100000000000010, 1, 0, 0, 0);
	set_field(0x9100000000000010, 1, 1, 0xc0000c0300000000, 0);
	set_field(0x9110000300000010, 1ull << 63, UINT64_MAX, 0xc0000c0300000000, 0);
	set_field(0x1110000300000000, 1, UINT64_MAX, 0xc0000c0100000000, 0);
	set_field(0x1110000300000016, 0, UINT64_MAX, 0xc0000c0100000000, 0);
	set_field(0x9100000000000019, 0, UINT64_MAX, 0xc0000c0100000000, 0);
	assert_int_equal(field(7, 0x1110000300000000), 1 << 28);
}

static void lazy_acceptance_is_asked_for(void **state)
{
	(void)state;
	augment(0x10000, DOMAIN_LEVEL_4KIB, BED_FREE);
	set_field(LAZY, 2, UINT64_MAX, 0xc0000c0300000000, 0);
	set_field(LAZY, 1, UINT64_MAX, 0, 0);
	assert_int_equal(field(7, LAZY), 1);
	augment(0x11000, DOMAIN_LEVEL_4KIB, BED_FREE + 1);
	call(6, 0x11000, 0);
	assert_done(0x00000b0a00000000, 0);
	call(6, 0x10000, 0);
	assert_done(0, 0);
	set_field(LAZY, 0, UINT64_MAX, 0, 1);
}

/* Another CPU has the domain: the guest asks again. */
static void a_domain_that_is_busy(void **state)
{
	static const uint64_t locked[] = {2, 4, 6, 7, 8};

	(void)state;
	assert_int_equal(pool_lock_domain(&bed_guest(0)->view, BED_DOMAIN), POOL_LOCKED);
	for (size_t i = 0; i < sizeof(locked) / sizeof(locked[0]); i++) {
		call(locked[i], 0, 0);
		assert_repeated();
	}
	pool_unlock_domain(&bed_guest(0)->view, BED_DOMAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unknown_leaves, start, bed_stop),
		cmocka_unit_test_setup_teardown(versions_and_reserved_bits, start, bed_stop),
		cmocka_unit_test_setup_teardown(info, start, bed_stop),
		cmocka_unit_test_setup_teardown(rtmr_extend, start, bed_stop),
		cmocka_unit_test_setup_teardown(rtmr_extend_refuses, start, bed_stop),
		cmocka_unit_test_setup_teardown(ve_info, start, bed_stop),
		cmocka_unit_test_setup_teardown(cpuidve_set, start, bed_stop),
		cmocka_unit_test_setup_teardown(accept_a_page, start, bed_stop),
		cmocka_unit_test_setup_teardown(accept_2_mib, start, bed_stop),
		cmocka_unit_test_setup_teardown(accept_2_mib_in_pages, start, bed_stop),
		cmocka_unit_test_setup_teardown(accept_refuses, start, bed_stop),
		cmocka_unit_test_setup_teardown(accept_of_released_memory, start, bed_stop),
		cmocka_unit_test_setup_teardown(accept_of_what_is_absent_asks_the_host, start, bed_stop),
		cmocka_unit_test_setup_teardown(fields, start, bed_stop),
		cmocka_unit_test_setup_teardown(fields_that_are_none, start, bed_stop),
		cmocka_unit_test_setup_teardown(fields_that_are_written, start, bed_stop),
		cmocka_unit_test_setup_teardown(lazy_acceptance_is_asked_for, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_domain_that_is_busy, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
