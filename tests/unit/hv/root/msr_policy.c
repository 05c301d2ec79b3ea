/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MSR allow-list: what must be denied is, and the bitmap says the same as the table. */
#include "hv_test.h"

#include "root/msr_policy.h"
#include "vcpu/domain.h"
#include "vcpu/launch.h"
#include "x86/msr.h"

/* By number on purpose: the test must not share a wrong constant with the code. */
static const uint32_t never_written[] = {
	0x3a,       /* IA32_FEATURE_CONTROL */
	0x79,       /* IA32_BIOS_UPDT_TRIG */
	0x9e,       /* IA32_SMBASE */
	0x480,      /* IA32_VMX_BASIC */
	0x48b,      /* IA32_VMX_PROCBASED_CTLS2 */
	0x560,      /* IA32_RTIT_OUTPUT_BASE */
	0x570,      /* IA32_RTIT_CTL */
	0xc0000104, /* TSC ratio */
	0xc0010010, /* SYSCFG */
	0xc0010016, /* IORRBase0 */
	0xc0010019, /* IORRMask1 */
	0xc001001a, /* TOP_MEM */
	0xc001001d, /* TOM2 */
	0xc0010020, /* PATCH_LOADER */
	0xc0010058, /* MMIO_CFG_BASE */
	0xc0010111, /* SMM_BASE */
	0xc0010112, /* SMM_ADDR */
	0xc0010113, /* SMM_MASK */
	0xc0010114, /* VM_CR */
	0xc0010117, /* VM_HSAVE_PA */
	0xc0010118, /* SVM_KEY */
	0xc0010130, /* GHCB */
	0x4b564d00, /* KVM */
};

static void msrs_never_written_are_denied(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(never_written) / sizeof(never_written[0]); i++)
		assert_int_equal(msr_policy_find(never_written[i])->write, MSR_DENY);
	assert_int_equal(msr_policy_find(0xc00000e9)->read, MSR_DENY); /* a domain's instructions, counted */
	assert_int_equal(msr_policy_find(0xffffffff)->read, MSR_DENY);
	assert_int_equal(msr_policy_find(0xffffffff)->write, MSR_DENY);
}

static void looked_at(void **state)
{
	const uint32_t checked[] = {0x1b, 0x277, 0x830, 0xda0, 0xc0000080};
	/* TSC, memory types, branch records, what clears buffers, errata, faults of CPUID */
	const uint32_t frozen[] = {0x10,       0x3b,  0x1d9, 0x123, 0x1a0, 0x8b,  0xe2,  0xe7,  0xc0010015, 0xc0011020,
				   0xc0011029, 0x1fc, 0x200, 0x21f, 0x250, 0x258, 0x268, 0x26f, 0x2ff,      0x140};

	(void)state;
	for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++)
		assert_int_equal(msr_policy_find(checked[i])->write, MSR_CHECK);
	for (size_t i = 0; i < sizeof(frozen) / sizeof(frozen[0]); i++)
		assert_int_equal(msr_policy_find(frozen[i])->write, MSR_FROZEN);
	assert_int_equal(msr_policy_find(0x1fc)->read, MSR_NATIVE); /* intel_idle reads it on each CPU of a server */
	assert_int_equal(msr_policy_find(0x831)->write, MSR_NATIVE);
	assert_int_equal(msr_policy_find(0x83f)->write, MSR_NATIVE);
	assert_int_equal(msr_policy_find(0xc0000102)->write, MSR_NATIVE);
}

static const struct domain guest;
static uint32_t calls;
static bool write_icr, write_efer, read_fs_base;

void vcpu_allow_msr(const struct domain *domain, uint32_t msr, bool write)
{
	const struct msr_policy *const policy = msr_policy_find(msr);

	calls++;
	assert_ptr_equal(domain, &guest);
	assert_int_equal(write ? policy->write : policy->read, MSR_NATIVE);
	write_icr |= msr == 0x830 && write;
	write_efer |= msr == 0xc0000080;
	read_fs_base |= msr == 0xc0000100 && !write;
}

static void bitmap_follows_table(void **state)
{
	(void)state;
	msr_policy_apply(&guest);
	assert_true(calls > 300);
	assert_false(write_icr);
	assert_false(write_efer);
	assert_true(read_fs_base);
}

/* Every register has one rule: ranges ascend and do not overlap. */
static void ranges_ascend_without_overlap(void **state)
{
	const struct msr_policy *last = NULL;

	(void)state;
	for (uint64_t msr = 0; msr <= 0xc0012000; msr = msr == 0x2000 ? 0xc0000000 : msr + 1) {
		const struct msr_policy *const policy = msr_policy_find((uint32_t)msr);

		if (policy->read == MSR_DENY && policy->write == MSR_DENY)
			continue;
		assert_true(last == NULL || policy == last || (policy > last && policy->first == msr));
		assert_true(policy->first <= policy->last);
		last = policy;
	}
	assert_non_null(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msrs_never_written_are_denied),
		cmocka_unit_test(looked_at),
		cmocka_unit_test(bitmap_follows_table),
		cmocka_unit_test(ranges_ascend_without_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
