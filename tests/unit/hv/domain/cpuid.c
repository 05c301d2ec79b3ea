/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* CPUID on a CPU that reports everything: each leaf of docs/guest-abi.md, section 7, and 0 for all others. */
#include "hv_test.h"

#include "domain/cpuid.h"
#include "guest_vcpu.h"
#include "x86/registers.h"

#define B(n) (1u << (n))

static struct td_vcpu *vcpu;

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 1));
	vcpu = bed_guest(0);
	vcpu->td->info.params.xfam = 0xe7;
	return 0;
}

static struct cpuid_result ask(uint32_t leaf, uint32_t subleaf)
{
	bed.pool.guest.cpuid_version = guest_cpuid_version(); /* as at the launch, on the CPU that the test has now */
	struct cpuid_result r;

	guest_cpuid(vcpu, leaf, subleaf, &r);
	return r;
}

static void assert_answer(uint32_t leaf, uint32_t subleaf, struct cpuid_result expected)
{
	const struct cpuid_result found = ask(leaf, subleaf);

	if (memcmp(&found, &expected, sizeof(found)) != 0)
		fail_msg("leaf %x.%x: %x %x %x %x, not %x %x %x %x", leaf, subleaf, found.eax, found.ebx, found.ecx,
			 found.edx, expected.eax, expected.ebx, expected.ecx, expected.edx);
}

#define LEAF1_ECX                                                                                                     \
	(B(0) | B(1) | B(9) | B(13) | B(17) | B(19) | B(20) | B(21) | B(22) | B(23) | B(24) | B(25) | B(26) | B(30) | \
	 B(31))
#define LEAF1_ECX_OF_AVX (B(12) | B(28) | B(29))
#define LEAF1_EDX                                                                                               \
	(B(0) | B(1) | B(2) | B(3) | B(4) | B(5) | B(6) | B(8) | B(9) | B(11) | B(13) | B(15) | B(16) | B(19) | \
	 B(23) | B(24) | B(25) | B(26))
#define LEAF7_EBX           (B(0) | B(3) | B(7) | B(8) | B(9) | B(10) | B(18) | B(19) | B(20) | B(23) | B(24) | B(29))
#define LEAF7_EBX_OF_AVX    B(5)
#define LEAF7_EBX_OF_AVX512 (B(16) | B(17) | B(21) | B(28) | B(30) | B(31))
#define LEAF7_ECX           (B(2) | B(8) | B(22))
#define LEAF7_ECX_OF_AVX    (B(9) | B(10))
#define LEAF7_ECX_OF_AVX512 (B(1) | B(6) | B(11) | B(12) | B(14))
#define LEAF7_EDX           (B(4) | B(10) | B(26) | B(27) | B(28) | B(29) | B(31))

static const struct {
	uint32_t leaf, subleaf;
	bool any; /* subleaf */
	struct cpuid_result expected;
} table[] = {
	{0, 0, true, {0x21, 0x756e6547, 0x6c65746e, 0x49656e69}},
	{1, 0, true, {~0u, 0x05000800, LEAF1_ECX | LEAF1_ECX_OF_AVX, LEAF1_EDX}},
	{2, 0, true, {0x00feff01, 0, 0, 0}},
	{6, 0, true, {4, 0, 0, 0}},
	{7,
	 0,
	 false,
	 {0, LEAF7_EBX | LEAF7_EBX_OF_AVX | LEAF7_EBX_OF_AVX512, LEAF7_ECX | LEAF7_ECX_OF_AVX | LEAF7_ECX_OF_AVX512,
	  LEAF7_EDX}},
	{0xb, 0, false, {0, 1, 0x100, 5}},
	{0xb, 1, false, {6, 3, 0x201, 5}},
	{0xb, 2, false, {0, 0, 2, 5}},
	{0xb, 3, false, {0, 0, 3, 5}},
	{0x1f, 0, false, {0, 1, 0x100, 5}},
	{0x1f, 1, false, {6, 3, 0x201, 5}},
	{0x1f, 2, false, {0, 0, 2, 5}},
	{0x1f, 3, false, {0, 0, 3, 5}},
	{0xd, 0, false, {0xe7, 0x240, 0xa80, 0}},
	{0xd, 1, false, {7, 0x340, 0, 0}},
	{0xd, 2, false, {0x100, 0x240, 0, 0}},
	{0xd, 5, false, {0x40, 0x440, 0, 0}},
	{0xd, 6, false, {0x200, 0x480, 0, 0}},
	{0xd, 7, false, {0x400, 0x680, 0, 0}},
	{0x15, 0, true, {1, 1, 2000000000, 0}},
	{0x16, 0, true, {2000, 2000, 100, 0}},
	{0x21, 0, false, {0, 0x65746e49, 0x20202020, 0x5844546c}},
	{0x40000000, 0, true, {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d}},
	{0x80000000, 0, true, {0x80000008, 0, 0, 0}},
	{0x80000001, 0, true, {0, 0, B(0) | B(5) | B(8), B(11) | B(20) | B(26) | B(27) | B(29)}},
	{0x80000002, 0, true, {~0u, ~0u, ~0u, ~0u}},
	{0x80000003, 0, true, {~0u, ~0u, ~0u, ~0u}},
	{0x80000004, 0, true, {~0u, ~0u, ~0u, ~0u}},
	{0x80000007, 0, true, {0, 0, 0, B(8)}},
	{0x80000008, 0, true, {48 | 48 << 8, B(12) | B(14) | B(15) | B(24), 0, 0}}, /* IBPB, IBRS, STIBP, SSBD */
};

static struct cpuid_result expected(uint32_t leaf, uint32_t subleaf)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].leaf == leaf && (table[i].any || table[i].subleaf == subleaf))
			return table[i].expected;
	}
	return (struct cpuid_result){0, 0, leaf == 0xb || leaf == 0x1f ? subleaf & 0xff : 0,
				     leaf == 0xb || leaf == 0x1f ? 5 : 0};
}

static void each_leaf(void **state)
{
	static const uint32_t firsts[] = {0,          0x20000000, 0x3fffff80, 0x40000000, 0x40000080,
					  0x7fffff80, 0x80000000, 0x8fffff00, 0xc0000000, 0xffffff80};
	static const uint32_t subleaves[] = {0,  1,  2,  3,  4,  5,  6,    7,     8,          9,
					     31, 32, 34, 63, 64, 66, 0xff, 0x102, 0x80000000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		for (uint32_t leaf = firsts[i]; leaf - firsts[i] < 0x80; leaf++) {
			for (size_t j = 0; j < sizeof(subleaves) / sizeof(subleaves[0]); j++)
				assert_answer(leaf, subleaves[j], expected(leaf, subleaves[j]));
		}
	}
}

/* An instruction whose registers the domain does not have is #UD: it is not promised. */
static void vector_instructions_are_those_of_xfam(void **state)
{
	(void)state;
	vcpu->td->info.params.xfam = 7;
	assert_int_equal(ask(1, 0).ecx, LEAF1_ECX | LEAF1_ECX_OF_AVX);
	assert_int_equal(ask(7, 0).ebx, LEAF7_EBX | LEAF7_EBX_OF_AVX);
	assert_int_equal(ask(7, 0).ecx, LEAF7_ECX | LEAF7_ECX_OF_AVX);
	vcpu->td->info.params.xfam = 3;
	assert_int_equal(ask(1, 0).ecx, LEAF1_ECX);
	assert_int_equal(ask(7, 0).ebx, LEAF7_EBX);
	assert_int_equal(ask(7, 0).ecx, LEAF7_ECX);
	assert_answer(7, 1, (struct cpuid_result){0, 0, 0, 0});
}

static void xsave_components_are_those_of_xfam(void **state)
{
	(void)state;
	vcpu->td->info.params.xfam = 7;
	assert_answer(0xd, 0, (struct cpuid_result){7, 0x240, 0x340, 0});
	assert_answer(0xd, 2, (struct cpuid_result){0x100, 0x240, 0, 0});
	for (uint32_t part = 3; part < 70; part++)
		assert_answer(0xd, part, (struct cpuid_result){0, 0, 0, 0});
	vcpu->td->info.params.xfam = 3;
	assert_answer(0xd, 0, (struct cpuid_result){3, 0x240, 0x240, 0});
	assert_answer(0xd, 2, (struct cpuid_result){0, 0, 0, 0});
}

static struct cpuid_result nothing(uint32_t leaf, uint32_t subleaf)
{
	return leaf == 0 || leaf == 0x80000000 ? bed_cpuid(leaf, subleaf) : (struct cpuid_result){0, 0, 0, 0};
}

/* Nothing is invented but what the hypervisor provides itself. */
static void a_poor_cpu_is_shown_as_such(void **state)
{
	(void)state;
	bed.cpuid = nothing;
	assert_answer(1, 0, (struct cpuid_result){0, 0x05000800, B(21) | B(24) | B(31), B(9)});
	assert_answer(7, 0, (struct cpuid_result){0, 0, 0, B(29)});
	assert_answer(0x80000001, 0, (struct cpuid_result){0, 0, 0, 0});
	assert_answer(0x80000007, 0, (struct cpuid_result){0, 0, 0, 0});
	assert_int_equal(ask(0x80000008, 0).ebx, 0);
}

/* What the CPU answers above its last leaf is not that leaf's. */
static void no_xsave_components_of_a_leaf_above_the_last_one(void **state)
{
	(void)state;
	bed.last_leaf = 0xb;
	for (uint32_t part = 1; part < 70; part++)
		assert_answer(0xd, part, (struct cpuid_result){0, 0, 0, 0});
}

static void amd_is_shown_as_intel(void **state)
{
	(void)state;
	bed.vendor = "AuthenticAMD";
	assert_int_equal(ask(0, 0).ebx, 0x756e6547);
	assert_int_equal(ask(1, 0).eax, 0x306a9);
	assert_int_equal(guest_cpuid_version(), 0x306a9);
}

static void osxsave_is_the_guests(void **state)
{
	(void)state;
	bed.fake[0].cr4 = CR4_OSXSAVE;
	assert_int_equal(ask(1, 0).ecx, LEAF1_ECX | LEAF1_ECX_OF_AVX | B(27));
	bed.fake[0].cr4 = ~CR4_OSXSAVE;
	assert_int_equal(ask(1, 0).ecx & B(27), 0);
}

/* The host chooses the IDs. */
static void any_x2apic_id_has_its_bits(void **state)
{
	static const struct {
		uint32_t id, bits;
	} rows[] = {{0, 0},     {1, 1},           {2, 2},           {0xff, 8},
		    {0x100, 9}, {0x7fffffff, 31}, {0x80000000, 32}, {0xfffffffe, 32}};

	(void)state;
	vcpu->td->info.vcpus = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		vcpu->apic_id = vcpu->td->vcpu[0].apic_id = rows[i].id;
		assert_answer(0xb, 1, (struct cpuid_result){rows[i].bits, 1, 0x201, rows[i].id});
		assert_int_equal(ask(1, 0).ebx >> 24, rows[i].id & 0xff);
	}
}

/* ECX x EBX / EAX: Linux' clock. */
static void any_tsc_frequency_is_told(void **state)
{
	static const uint64_t khz[] = {1000000, 2593907, 4294967, 4294968, 4700001, 9999999};

	(void)state;
	for (size_t i = 0; i < sizeof(khz) / sizeof(khz[0]); i++) {
		bed.machine.boot.tsc_khz = khz[i];
		const struct cpuid_result r = ask(0x15, 0);
		const uint64_t told = (uint64_t)r.ecx * r.ebx / r.eax;

		assert_true(told <= khz[i] * 1000 && khz[i] * 1000 - told < 3);
		assert_answer(0x16, 0,
			      (struct cpuid_result){(uint32_t)(khz[i] / 1000), (uint32_t)(khz[i] / 1000), 100, 0});
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_leaf, start, bed_stop),
		cmocka_unit_test_setup_teardown(vector_instructions_are_those_of_xfam, start, bed_stop),
		cmocka_unit_test_setup_teardown(xsave_components_are_those_of_xfam, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_poor_cpu_is_shown_as_such, start, bed_stop),
		cmocka_unit_test_setup_teardown(no_xsave_components_of_a_leaf_above_the_last_one, start, bed_stop),
		cmocka_unit_test_setup_teardown(amd_is_shown_as_intel, start, bed_stop),
		cmocka_unit_test_setup_teardown(osxsave_is_the_guests, start, bed_stop),
		cmocka_unit_test_setup_teardown(any_x2apic_id_has_its_bits, start, bed_stop),
		cmocka_unit_test_setup_teardown(any_tsc_frequency_is_told, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
