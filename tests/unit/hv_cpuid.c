/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID: what is masked on a CPU that reports everything. */
#include "hv_test.h"

#include "vcpu.h"

static uint64_t guest_cr4;
static unsigned advanced;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return (struct cpuid_result){~0u, ~0u, ~0u, ~0u};
}

uint64_t vcpu_cr4(const struct cpu *cpu)
{
	(void)cpu;
	return guest_cr4;
}

void vcpu_advance(struct cpu *cpu, unsigned bytes)
{
	(void)cpu;
	advanced += bytes;
}

static struct registers ask(uint32_t leaf, uint32_t subleaf)
{
	struct entry_frame frame = {.guest = {.rax = 0xdead000000000000ull | leaf, .rcx = subleaf}};
	struct cpu cpu = {.frame = &frame};

	advanced = 0;
	exit_cpuid(&cpu);
	assert_int_equal(advanced, 2);
	assert_int_equal(cpu.exits[HV_EXIT_CPUID], 1);
	assert_int_equal((frame.guest.rax | frame.guest.rbx | frame.guest.rcx | frame.guest.rdx) >> 32, 0);
	return frame.guest;
}

static void masks_features(void **state)
{
	(void)state;
	guest_cr4 = ~0ull;
	assert_int_equal(ask(1, 0).rcx, ~(1u << 5 | 1u << 6));
	assert_int_equal(ask(1, 0).rdx, ~0u);
	assert_int_equal(ask(7, 0).rbx, ~(1u << 2 | 1u << 25));
	assert_int_equal(ask(7, 0).rcx, ~(1u << 30));
	assert_int_equal(ask(0x80000001, 0).rcx, ~(1u << 2 | 1u << 12));
	assert_int_equal(ask(0, 0).rbx, ~0u);
}

static void empties_leaves(void **state)
{
	const uint32_t empty[] = {0x12, 0x14, 0x8000000a, 0x8000001f, 0x40000001, 0x40000002, 0x400000ff, 0x4fffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		const struct registers r = ask(empty[i], 0);

		assert_int_equal(r.rax | r.rbx | r.rcx | r.rdx, 0);
	}
}

static void mirrors_guest(void **state)
{
	(void)state;
	guest_cr4 = 0;
	assert_int_equal(ask(1, 0).rcx & (1u << 27), 0);
	assert_int_equal(ask(7, 0).rcx & (1u << 4), 0);
	assert_int_equal(ask(7, 1).rcx & (1u << 4), 1u << 4); /* other subleaves have no such bit */
	guest_cr4 = CR4_OSXSAVE | CR4_PKE;
	assert_int_equal(ask(1, 0).rcx & (1u << 27), 1u << 27);
	assert_int_equal(ask(7, 0).rcx & (1u << 4), 1u << 4);
}

static void check_signature(uint32_t leaf, const char signature[12])
{
	const struct registers r = ask(leaf, 0);
	const uint32_t words[] = {(uint32_t)r.rbx, (uint32_t)r.rcx, (uint32_t)r.rdx};

	assert_memory_equal(words, signature, sizeof(words));
}

static void names_itself(void **state)
{
	(void)state;
	check_signature(0x40000000, "KVMKVMKVM\0\0");
	check_signature(0x40000100, "CloisterHV\0");
	const struct registers r = ask(0x40000101, 0);

	assert_int_equal(r.rbx, 0x00010203);
	assert_int_equal(r.rcx, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_features),
		cmocka_unit_test(empties_leaves),
		cmocka_unit_test(mirrors_guest),
		cmocka_unit_test(names_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
