/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/features.c hv/root/msr_policy.c */
/* RDMSR, WRMSR and XSETBV: which values reach the CPU, and which are a #GP of the guest's. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "root/startup.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"
#include "x86/msr.h"

#define NONE      0xffu /* no exception */
#define APIC_BASE 0xfee00d00ull
#define PAT_RESET 0x0007040600070406ull
#define XSAVES    (1u << 3)

static struct machine m;
static struct entry_frame frame;
static struct cpu cpu;
static struct vcpu vcpu;

static struct {
	uint32_t last_leaf, xcr0, xss; /* what the CPU has */
	bool xsaves;
	uint64_t cr4;
	unsigned cpl;
	/* what happened */
	unsigned vector, advances, to_apic;
	uint32_t written_msr;
	uint64_t written, pat, set;
} world;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	if (leaf == 0)
		return (struct cpuid_result){world.last_leaf, 0, 0, 0};
	if (leaf == 7)
		return (struct cpuid_result){0, 0, 0, 1u << 29};
	assert_int_equal(leaf, 0xd);
	if (subleaf == 0)
		return (struct cpuid_result){world.xcr0, 0, 0, 0};
	return (struct cpuid_result){world.xsaves ? XSAVES : 0, 0, world.xss, 0};
}

uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case IA32_APIC_BASE:
		return APIC_BASE;
	case IA32_ARCH_CAPABILITIES:
	case IA32_MCG_CAP:
		return UINT64_MAX;
	default:
		fail_msg("read of MSR %x", msr);
		return 0;
	}
}

void wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(world.written_msr, 0);
	world.written_msr = msr;
	world.written = value;
}

void xsetbv(uint32_t index, uint64_t value)
{
	assert_int_equal(index, 0);
	world.set = value;
}

uint64_t vcpu_cr4(const struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	return world.cr4;
}

unsigned vcpu_cpl(const struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	return world.cpl;
}

uint64_t vcpu_rip(const struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	return 0;
}

void vcpu_advance(struct vcpu *at, unsigned bytes)
{
	assert_ptr_equal(at, &vcpu);
	assert_true(bytes == RDMSR_BYTES || bytes == XSETBV_BYTES);
	world.advances++;
}

void vcpu_inject(struct vcpu *at, enum vector vector, uint32_t error_code)
{
	assert_ptr_equal(at, &vcpu);
	assert_int_equal(error_code, 0);
	world.vector = vector;
}

bool vcpu_msr_read(struct vcpu *at, uint32_t msr, uint64_t *value)
{
	assert_ptr_equal(at, &vcpu);
	*value = PAT_RESET;
	return msr == IA32_PAT;
}

bool vcpu_msr_write(struct vcpu *at, uint32_t msr, uint64_t value)
{
	assert_ptr_equal(at, &vcpu);
	world.pat = value;
	return msr == IA32_PAT;
}

bool startup_icr_write(struct vcpu *sender, uint64_t icr)
{
	assert_ptr_equal(sender, &vcpu);
	world.to_apic++;
	return icr != UINT64_MAX;
}

void exit_note_refusal(const struct vcpu *at, const char *access, const char *object, uint64_t number)
{
	(void)at, (void)access, (void)number;
	assert_string_equal(object, "of MSR");
}

static int new_cpu(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.vector = NONE;
	world.cr4 = CR4_OSXSAVE;
	world.last_leaf = 0xd;
	world.xcr0 = UINT32_MAX;
	world.xss = UINT32_MAX;
	world.xsaves = true;
	memset(&cpu, 0, sizeof(cpu));
	memset(&vcpu, 0, sizeof(vcpu));
	cpu.machine = &m;
	vcpu.cpu = &cpu;
	vcpu.frame = &frame;
	return 0;
}

/* The exception, or NONE: then the instruction was stepped over, and not otherwise. */
static unsigned answer(void (*exit)(struct vcpu *), uint32_t rcx, uint64_t value)
{
	world.vector = NONE;
	world.advances = 0;
	world.written_msr = 0;
	frame.guest = (struct registers){.rax = (uint32_t)value | 0xdead00000000, .rdx = value >> 32, .rcx = rcx};
	exit(&vcpu);
	assert_int_equal(world.advances, world.vector == NONE);
	return world.vector;
}

static unsigned write_msr(uint32_t msr, uint64_t value)
{
	return answer(exit_wrmsr, msr, value);
}

static unsigned set_xcr0(uint64_t value)
{
	world.set = 0;
	const unsigned vector = answer(exit_xsetbv, 0, value);

	assert_int_equal(world.set, vector == NONE ? value : 0);
	return vector;
}

/* The components that go together, with every subset of them; every bit alone with x87, SSE and AVX. */
static void xcr0_components(void **state)
{
	static const struct {
		uint64_t bits, needs;
	} groups[] = {{3ull << 3, 0}, {7ull << 5, 4}, {3ull << 17, 0}};
	(void)state;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const uint64_t bits = groups[i].bits;

		for (uint64_t part = bits; part != 0; part = (part - 1) & bits)
			assert_int_equal(set_xcr0(7 | part), part == bits ? NONE : VECTOR_GP);
		assert_int_equal(set_xcr0((7 & ~groups[i].needs) | bits), groups[i].needs != 0 ? VECTOR_GP : NONE);
	}
	for (unsigned bit = 0; bit < 64; bit++)
		assert_int_equal(set_xcr0(7 | 1ull << bit), bit < 3 || bit == 9 ? NONE : VECTOR_GP);
	assert_int_equal(set_xcr0(6), VECTOR_GP);
	assert_int_equal(set_xcr0(5), VECTOR_GP);
	assert_int_equal(set_xcr0(0), VECTOR_GP);
	assert_int_equal(set_xcr0(1), NONE);
}

static void xcr0_of_a_smaller_cpu(void **state)
{
	(void)state;
	world.xcr0 = 7;
	assert_int_equal(set_xcr0(7), NONE);
	assert_int_equal(set_xcr0(7 | 7ull << 5), VECTOR_GP);
	assert_int_equal(set_xcr0(7 | 3ull << 17), VECTOR_GP);
	assert_int_equal(set_xcr0(7 | 1ull << 9), VECTOR_GP);
}

/* Above its last leaf an Intel CPU answers with the last one's data: there is no state to switch on. */
static void a_cpu_without_the_leaf_has_no_extended_state(void **state)
{
	(void)state;
	world.last_leaf = 0xb;
	assert_int_equal(set_xcr0(1), VECTOR_GP);
	assert_int_equal(set_xcr0(7), VECTOR_GP);
	assert_int_equal(write_msr(IA32_XSS, 0), VECTOR_GP);
	assert_int_equal(world.written_msr, 0);
}

static void xsetbv_of_whom(void **state)
{
	(void)state;
	for (world.cpl = 1; world.cpl <= 3; world.cpl++)
		assert_int_equal(set_xcr0(7), VECTOR_GP);
	world.cpl = 0;
	assert_int_equal(answer(exit_xsetbv, 1, 7), VECTOR_GP);
	world.cr4 = ~(uint64_t)CR4_OSXSAVE;
	assert_int_equal(set_xcr0(7), VECTOR_UD);
}

static void xss_is_for_cet(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		const bool cet = bit == 11 || bit == 12;

		assert_int_equal(write_msr(IA32_XSS, 1ull << bit), cet ? NONE : VECTOR_GP);
		assert_int_equal(world.written_msr, cet ? IA32_XSS : 0);
	}
	world.xss = 1u << 11;
	assert_int_equal(write_msr(IA32_XSS, 1ull << 12), VECTOR_GP);
	world.xsaves = false;
	assert_int_equal(write_msr(IA32_XSS, 0), VECTOR_GP);
	assert_int_equal(world.written_msr, 0);
}

static void pat_types(void **state)
{
	(void)state;
	for (unsigned at = 0; at < 8; at++) {
		for (uint64_t type = 0; type < 256; type++) {
			const bool valid = type < 8 && type != 2 && type != 3;
			const uint64_t value = (PAT_RESET & ~(0xffull << 8 * at)) | type << 8 * at;

			assert_int_equal(write_msr(IA32_PAT, value), valid ? NONE : VECTOR_GP);
			if (valid)
				assert_int_equal(world.pat, value);
		}
	}
}

/* Only what is there already: the x2APIC stays on, and where it is. */
static void apic_base_stays(void **state)
{
	(void)state;
	assert_int_equal(write_msr(IA32_APIC_BASE, APIC_BASE), NONE);
	for (unsigned bit = 0; bit < 64; bit++)
		assert_int_equal(write_msr(IA32_APIC_BASE, APIC_BASE ^ 1ull << bit), VECTOR_GP);
	assert_int_equal(world.written_msr, 0);
}

static void machine_checks_stay(void **state)
{
	(void)state;
	assert_int_equal(write_msr(IA32_MCG_STATUS, 0), NONE);
	assert_int_equal(world.written_msr, IA32_MCG_STATUS);
	assert_int_equal(world.written, 0);
	for (unsigned bit = 0; bit < 64; bit++) {
		assert_int_equal(write_msr(IA32_MCG_STATUS, 1ull << bit), VECTOR_GP);
		assert_int_equal(world.written_msr, 0);
	}
}

/* Refused, frozen and handed on. */
static void writes_follow_the_rule_of_their_msr(void **state)
{
	(void)state;
	assert_int_equal(write_msr(0x3a, 0), VECTOR_GP); /* IA32_FEATURE_CONTROL */
	assert_int_equal(answer(exit_rdmsr, 0x3a, 0), VECTOR_GP);
	assert_int_equal(vcpu.refused_msr, 2);
	assert_int_equal(write_msr(IA32_TSC, 1), NONE);
	assert_int_equal(world.written_msr, 0);
	assert_int_equal(write_msr(PERF_EVT_SEL_0, 0), NONE);
	assert_int_equal(write_msr(PERF_EVT_SEL_0, 1), VECTOR_GP);
	assert_int_equal(write_msr(IA32_X2APIC_ICR, 1), NONE);
	assert_int_equal(write_msr(IA32_X2APIC_ICR, UINT64_MAX), VECTOR_GP);
	assert_int_equal(world.to_apic, 2);
}

static uint64_t read_msr(uint32_t msr)
{
	assert_int_equal(answer(exit_rdmsr, msr, 0), NONE);
	assert_int_equal(frame.guest.rax >> 32, 0);
	return frame.guest.rdx << 32 | frame.guest.rax;
}

static void capabilities_are_cut(void **state)
{
	(void)state;
	assert_int_equal(read_msr(IA32_PAT), PAT_RESET);
	assert_int_equal(read_msr(IA32_XAPIC_DISABLE), 1);
	assert_int_equal(read_msr(IA32_ARCH_CAPABILITIES), 0x400000001d3ae17full);
	assert_int_equal(read_msr(IA32_MCG_CAP), 0x10009ff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(xcr0_components, new_cpu),
		cmocka_unit_test_setup(xcr0_of_a_smaller_cpu, new_cpu),
		cmocka_unit_test_setup(a_cpu_without_the_leaf_has_no_extended_state, new_cpu),
		cmocka_unit_test_setup(xsetbv_of_whom, new_cpu),
		cmocka_unit_test_setup(xss_is_for_cet, new_cpu),
		cmocka_unit_test_setup(pat_types, new_cpu),
		cmocka_unit_test_setup(apic_base_stays, new_cpu),
		cmocka_unit_test_setup(machine_checks_stay, new_cpu),
		cmocka_unit_test_setup(writes_follow_the_rule_of_their_msr, new_cpu),
		cmocka_unit_test_setup(capabilities_are_cut, new_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
