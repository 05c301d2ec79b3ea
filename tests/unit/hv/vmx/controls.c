/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Negotiation of controls: a CPU with everything, and the same CPU with one thing missing at a time. */
#include "hv_test.h"

#include "controls.h"

/* Capability MSRs 0x480 to 0x490 of the CPU under test. */
static uint64_t capability[0x11];

uint64_t rdmsr(uint32_t msr)
{
	assert_in_range(msr, 0x480, 0x490);
	return capability[msr - 0x480];
}

#define MSR(number) capability[(number) - 0x480]

/* As on a CPU of 2021: low half must be 1, high half may be 1. */
static int setup(void **state)
{
	(void)state;
	MSR(0x480) = 1ull << 55 | 0x13;
	MSR(0x481) = 0x0000007f00000016;
	MSR(0x482) = 0xfff9fffe0401e172;
	MSR(0x483) = 0x01ffffff00036dff;
	MSR(0x484) = 0x0003ffff000011ff;
	MSR(0x48b) = 0x0fffffff00000000;
	MSR(0x48c) = 0x00000f0106734141;
	MSR(0x48d) = 0x0000007f00000016;
	MSR(0x48e) = 0xfff9fffe04006172;
	MSR(0x48f) = 0x01ffffff00036dfb;
	MSR(0x490) = 0x0003ffff000011fb;
	return 0;
}

static void controls_on_a_cpu_that_allows_everything(void **state)
{
	struct controls controls;

	(void)state;
	assert_int_equal(controls_negotiate(&controls), HV_OK);
	assert_int_equal(controls.revision, 0x13);
	assert_int_equal(controls.word[WORD_PIN], 0x16 | 1u << 3 | 1u << 5);
	assert_int_equal(controls.word[WORD_PRIMARY], 0x04006172 | 1u << 31 | 1u << 28 | 1u << 25);
	assert_int_equal(controls.word[WORD_SECONDARY],
			 1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 12 | 1u << 20 | 1u << 26);
	assert_int_equal(controls.word[WORD_EXIT],
			 0x36dfb | 1u << 2 | 1u << 9 | 1u << 18 | 1u << 19 | 1u << 20 | 1u << 21);
	assert_int_equal(controls.word[WORD_ENTRY], 0x11fb | 1u << 2 | 1u << 9 | 1u << 14 | 1u << 15);
}

/* Instructions of the guest that only some CPUs have. */
static void optional_missing(void **state)
{
	struct controls controls;

	(void)state;
	MSR(0x48b) &= ~((1ull << 3 | 1ull << 12 | 1ull << 20 | 1ull << 26) << 32);
	assert_int_equal(controls_negotiate(&controls), HV_OK);
	assert_int_equal(controls.word[WORD_SECONDARY], 1u << 1 | 1u << 5 | 1u << 7);
}

struct missing {
	uint32_t msr, bit;
	enum hv_error error;
};

static const struct missing required[] = {
	{0x48d, 3, HV_E_NO_VIRTUAL_NMI},  {0x48d, 5, HV_E_NO_VIRTUAL_NMI}, {0x48e, 31, HV_E_NO_EPT},
	{0x48e, 25, HV_E_NO_BITMAPS},     {0x48e, 28, HV_E_NO_BITMAPS},    {0x48e, 22, HV_E_NO_VIRTUAL_NMI},
	{0x48e, 27, HV_E_NO_TRAP_FLAG},   {0x48b, 1, HV_E_NO_EPT},         {0x48b, 5, HV_E_NO_VPID},
	{0x48b, 7, HV_E_NO_UNRESTRICTED}, {0x48f, 2, HV_E_NO_MSR_SWITCH},  {0x48f, 9, HV_E_NO_MSR_SWITCH},
	{0x48f, 18, HV_E_NO_MSR_SWITCH},  {0x48f, 19, HV_E_NO_MSR_SWITCH}, {0x48f, 20, HV_E_NO_MSR_SWITCH},
	{0x48f, 21, HV_E_NO_MSR_SWITCH},  {0x490, 2, HV_E_NO_MSR_SWITCH},  {0x490, 9, HV_E_NO_MSR_SWITCH},
	{0x490, 14, HV_E_NO_MSR_SWITCH},  {0x490, 15, HV_E_NO_MSR_SWITCH}, {0x48d, 0, HV_E_NO_BITMAPS},
	{0x48e, 2, HV_E_NO_BITMAPS},      {0x48e, 7, HV_E_NO_BITMAPS},     {0x48e, 10, HV_E_NO_BITMAPS},
	{0x48e, 11, HV_E_NO_BITMAPS},     {0x48e, 19, HV_E_NO_BITMAPS},    {0x48e, 20, HV_E_NO_BITMAPS},
	{0x48e, 29, HV_E_NO_BITMAPS},     {0x48b, 6, HV_E_NO_BITMAPS},
};

static void required_missing(void **state)
{
	struct controls controls;

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		setup(state);
		MSR(required[i].msr) &= ~(1ull << (32 + required[i].bit));
		assert_int_equal(controls_negotiate(&controls), required[i].error);
	}
}

static void capabilities_missing(void **state)
{
	const unsigned ept[] = {6, 14, 16, 17, 20, 25, 26}, vpid[] = {32, 41, 42};
	struct controls controls;

	for (size_t i = 0; i < sizeof(ept) / sizeof(ept[0]); i++) {
		setup(state);
		MSR(0x48c) &= ~(1ull << ept[i]);
		assert_int_equal(controls_negotiate(&controls), HV_E_NO_EPT);
	}
	for (size_t i = 0; i < sizeof(vpid) / sizeof(vpid[0]); i++) {
		setup(state);
		MSR(0x48c) &= ~(1ull << vpid[i]);
		assert_int_equal(controls_negotiate(&controls), HV_E_NO_VPID);
	}
}

/* Without the TRUE MSRs, exits at CR3 accesses are stuck on. */
static void no_true_msrs(void **state)
{
	struct controls controls;

	(void)state;
	MSR(0x480) &= ~(1ull << 55);
	assert_int_equal(controls_negotiate(&controls), HV_E_CR3_EXITS);
	MSR(0x482) &= ~(1ull << 15);
	assert_int_equal(controls_negotiate(&controls), HV_E_CR3_EXITS);
	MSR(0x482) &= ~(1ull << 16);
	assert_int_equal(controls_negotiate(&controls), HV_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(controls_on_a_cpu_that_allows_everything, setup),
		cmocka_unit_test_setup(optional_missing, setup),
		cmocka_unit_test_setup(required_missing, setup),
		cmocka_unit_test_setup(capabilities_missing, setup),
		cmocka_unit_test_setup(no_true_msrs, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
