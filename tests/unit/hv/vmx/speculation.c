/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/features.c */
/* What is done at VM entry, by CPU. */
#include "hv_test.h"

#include "machine/machine.h"
#include "vendor_machine.h"
#include "x86/instructions.h"

#define MD_CLEAR  (1u << 10)
#define L1D_FLUSH (1u << 28)
#define ARCH_CAP  (1u << 29)

static uint32_t leaf7_edx, last_leaf = 0x1b, thread_bits;
static uint64_t capabilities;
static unsigned flushes, verws, lines;
static struct vendor_machine vendor;
static struct machine m = {.vendor = &vendor};

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0xb)
		return (struct cpuid_result){thread_bits, 2, 0x100, 0};
	return leaf == 0 ? (struct cpuid_result){last_leaf, 0, 0, 0} : (struct cpuid_result){0, 0, 0, leaf7_edx};
}

uint64_t rdmsr(uint32_t msr)
{
	assert_int_equal(msr, 0x10a);
	assert_true(leaf7_edx & ARCH_CAP); /* without it the register does not exist */
	return capabilities;
}

void wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(msr, 0x10b);
	assert_int_equal(value, 1);
	flushes++;
}

void verw(uint16_t selector)
{
	assert_int_equal(selector, 0x10);
	verws++;
}

void console_line(struct machine *to, const char *format, ...)
{
	assert_ptr_equal(to, &m);
	assert_non_null(format);
	lines++;
}

static void expect(uint32_t edx, uint64_t arch_capabilities, unsigned flush, unsigned clear)
{
	leaf7_edx = edx;
	capabilities = arch_capabilities;
	flushes = verws = lines = 0;
	vendor = (struct vendor_machine){0};
	m.boot = (struct boot_info){0};
	speculation_choose(&m);
	assert_int_equal(lines, 3);
	assert_int_equal(vendor.speculation.itlb_multihit, (arch_capabilities & 1u << 6) == 0);
	assert_int_equal(vendor.speculation.needed, flush + clear != 0);
	speculation_before_entry(&vendor.speculation);
	assert_int_equal(flushes, flush);
	assert_int_equal(verws, clear);
}

static void mitigations_follow_the_cpus_promises(void **state)
{
	const uint64_t rdcl_no = 1u << 0, skip_l1d = 1u << 3, mds_no = 1u << 5, taa_no = 1u << 8, fbsdp_no = 1u << 14;
	const uint64_t rfds_no = 1u << 27, rfds_clear = 1u << 28, buffers_no = mds_no | taa_no | fbsdp_no;

	(void)state;
	expect(0, 0, 0, 0);                    /* no microcode for it: nothing can be done */
	expect(MD_CLEAR | L1D_FLUSH, 0, 1, 1); /* Skylake */
	expect(MD_CLEAR | L1D_FLUSH | ARCH_CAP, 0, 1, 1);
	expect(MD_CLEAR | L1D_FLUSH | ARCH_CAP, rdcl_no, 0, 1);
	expect(MD_CLEAR | L1D_FLUSH | ARCH_CAP, skip_l1d, 0, 1);
	expect(MD_CLEAR | L1D_FLUSH | ARCH_CAP, rdcl_no | buffers_no, 0, 0);
	expect(MD_CLEAR | ARCH_CAP, rdcl_no | mds_no | taa_no, 0, 1);
	expect(MD_CLEAR | ARCH_CAP, rdcl_no | mds_no | fbsdp_no, 0, 1);
	expect(MD_CLEAR | ARCH_CAP, rdcl_no | buffers_no | rfds_clear, 0, 1);
	expect(MD_CLEAR | ARCH_CAP, rdcl_no | buffers_no | rfds_clear | rfds_no, 0, 0);
	expect(ARCH_CAP, rdcl_no, 0, 0);
	expect(ARCH_CAP, rdcl_no | 1u << 6, 0, 0); /* PSCHANGE_MC_NO */
}

static bool exposed(uint32_t edx, uint64_t arch_capabilities, uint32_t second)
{
	leaf7_edx = edx;
	capabilities = arch_capabilities;
	vendor = (struct vendor_machine){0};
	m.boot = (struct boot_info){0};
	m.boot.cpu_count = 3;
	m.boot.cpu_apic_id[1] = second;
	m.boot.cpu_apic_id[2] = 8;
	speculation_choose(&m);
	return vendor.speculation.smt_exposed;
}

/* APIC IDs 0 and 1 are threads of one core, 0 and 2 of two. */
static void threads_of_one_core_are_exposed(void **state)
{
	const uint64_t all = 1u << 0 | 1u << 5 | 1u << 8;

	(void)state;
	thread_bits = 1;
	assert_true(exposed(0, 0, 1)); /* the CPU does not tell what it withstands */
	assert_true(exposed(ARCH_CAP, 0, 1));
	assert_true(exposed(ARCH_CAP, all & ~(1u << 0), 1));
	assert_true(exposed(ARCH_CAP, all & ~(1u << 5), 1));
	assert_true(exposed(ARCH_CAP, all & ~(1u << 8), 1));
	assert_false(exposed(ARCH_CAP, all, 1));
	assert_false(exposed(ARCH_CAP, 0, 2));
	assert_true(exposed(ARCH_CAP, 0, 9)); /* with the third one */
	thread_bits = 0;
	assert_false(exposed(ARCH_CAP, 0, 1));
	thread_bits = 1;
	last_leaf = 0xa;
	assert_false(exposed(ARCH_CAP, 0, 1));
	last_leaf = 0x1b;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mitigations_follow_the_cpus_promises),
					   cmocka_unit_test(threads_of_one_core_are_exposed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
