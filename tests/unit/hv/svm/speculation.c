/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/features.c */
/* What is done at #VMEXIT and VMRUN, by CPU. */
#include "hv_test.h"

#include "machine/machine.h"
#include "vendor_machine.h"
#include "x86/instructions.h"

#define IBPB       (1u << 12)
#define BTC_NO     (1u << 29)
#define IBPB_RET   (1u << 30)
#define VERW_CLEAR (1u << 5)
#define SRSO_NO    (1u << 29)
#define TSA_SQ_NO  (1u << 1)
#define TSA_L1_NO  (1u << 2)

static uint32_t last_leaf, ext8_ebx, ext21_eax, ext21_ecx;
static unsigned lines;
static struct vendor_machine vendor;
static struct machine m = {.vendor = &vendor};

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0x80000000)
		return (struct cpuid_result){last_leaf, 0, 0, 0};
	assert_true(leaf <= last_leaf); /* above it, leaves answer anything */
	if (leaf == 0x80000008)
		return (struct cpuid_result){0x3030, ext8_ebx, 0, 0};
	assert_int_equal(leaf, 0x80000021);
	return (struct cpuid_result){ext21_eax, 0, ext21_ecx, 0};
}

void console_line(struct machine *to, const char *format, ...)
{
	assert_ptr_equal(to, &m);
	assert_non_null(format);
	lines++;
}

static void expect(uint32_t ebx, uint32_t eax, uint32_t ecx, bool flush, bool clear)
{
	ext8_ebx = ebx;
	ext21_eax = eax;
	ext21_ecx = ecx;
	lines = 0;
	vendor = (struct vendor_machine){0};
	speculation_choose(&m);
	assert_int_equal(lines, 1);
	assert_int_equal(vendor.speculation.flush_predictors, flush);
	assert_int_equal(vendor.speculation.clear_buffers, clear);
	assert_int_equal(vendor.speculation.returns_stay, (ebx & (IBPB | IBPB_RET)) == IBPB);
}

static void by_cpu(void **state)
{
	(void)state;
	last_leaf = 0x80000021;
	expect(IBPB, 0, 0, true, false);                            /* Zen 2 */
	expect(IBPB | BTC_NO, VERW_CLEAR, 0, true, true);           /* Zen 3, Zen 4 */
	expect(IBPB | BTC_NO | IBPB_RET, SRSO_NO, 0, false, false); /* Zen 5 */
	expect(IBPB, SRSO_NO, 0, true, false);
	expect(0, 0, 0, false, false); /* nothing that could be done */
	expect(IBPB, VERW_CLEAR, TSA_SQ_NO, true, true);
	expect(IBPB, VERW_CLEAR, TSA_L1_NO, true, true);
	expect(IBPB, VERW_CLEAR, TSA_SQ_NO | TSA_L1_NO, true, false);
}

static void old_leaves(void **state)
{
	(void)state;
	last_leaf = 0x8000001f;
	expect(IBPB | BTC_NO, ~0u, 0, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_cpu), cmocka_unit_test(old_leaves)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
