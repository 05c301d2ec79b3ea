/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A protected guest that checks its own interface, on any host that runs TDX guests: docs/testing.md, "The guest's own
 * checks". The first vCPU comes here from guest-shim/start.S, with its first registers.
 */
#include "clock.h"
#include "layout.h"
#include "suite.h"

#define LEAF_TSC 0x15u

/* guest-shim/start.S */
_Noreturn void guest_main(uint32_t gpa_bits, uint32_t index, uint32_t version);
extern uint64_t shared_entry[2];

/* The start code's tables have shared addresses from here on. */
static void map_shared(void)
{
	shared_entry[0] = LEAF | shared_bit;
	shared_entry[1] = shared_entry[0] + DEVICE_BASE;
}

/* TSC's rate: the crystal's, times a ratio (SDM 2A, CPUID). */
static void start_clock(void)
{
	const struct cpuid_result r = cpuid(LEAF_TSC, 0);

	if (r.eax == 0)
		bail_out("CPUID has no rate of the TSC");
	clock_set((uint64_t)r.ecx * r.ebx / r.eax / 1000);
}

void guest_main(uint32_t gpa_bits, uint32_t index, uint32_t version)
{
	const struct start start = {gpa_bits, index, version};

	ve_handle_on(&cpus[0]);
	cpu_take(&cpus[0]);
	tap_start();
	shared_bit = 1ull << (gpa_bits - 1);
	map_shared();
	start_clock();
	suite_learn_host();
	test_leaves(&start);
	test_reports();
	test_cpuid(&start);
	test_msrs();
	test_exceptions();
	test_virtualization_exceptions();
	test_vmcalls();
	test_memory();
	test_interrupts();
	test_second_vcpu();
	finish();
}
