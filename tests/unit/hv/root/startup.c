/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INIT and SIPI as state: who is a target, what reaches the APIC, and the state machine of a CPU. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "root/root.h"
#include "root/startup.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

#define INIT    (5ull << 8)
#define SIPI    (6ull << 8)
#define NMI     (4ull << 8)
#define ASSERT  (1ull << 14)
#define LEVEL   (1ull << 15)
#define LOGICAL (1ull << 11)
#define SELF    (1ull << 18)
#define ALL     (2ull << 18)
#define OTHERS  (3ull << 18)
#define TO(id)  ((uint64_t)(id) << 32)

#define CPUS 4

static struct root root;
static struct machine test_machine = {.root = &root};
static struct cpu cpus[CPUS];
static struct vcpu vcpus[CPUS];
static unsigned kicks[CPUS], resets[CPUS], starts[CPUS], lines, passed;
static uint8_t started_at;
static uint64_t passed_value;
static uint64_t next_icr; /* what another CPU writes while one waits for its SIPI */

void wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(msr, 0x830);
	passed++;
	passed_value = value;
}

void cpu_kick(struct cpu *cpu)
{
	kicks[cpu->index]++;
}

void vcpu_reset(struct vcpu *vcpu)
{
	resets[vcpu->cpu->index]++;
}

void vcpu_start(struct vcpu *vcpu, uint8_t vector)
{
	starts[vcpu->cpu->index]++;
	started_at = vector;
}

void vcpu_open_window(struct vcpu *vcpu)
{
	(void)vcpu;
	assert_int_not_equal(next_icr, 0); /* otherwise the wait would never end */
	assert_true(startup_icr_write(&vcpus[0], next_icr));
	next_icr = next_icr == (TO(1) | INIT | ASSERT) ? (TO(1) | SIPI | 0x9a) : 0;
}

void console_line(struct machine *m, const char *format, ...)
{
	(void)m;
	(void)format;
	lines++;
}

static int setup(void **state)
{
	const uint32_t ids[CPUS] = {0, 1, 17, 0x105};

	(void)state;
	memset(cpus, 0, sizeof(cpus));
	memset(vcpus, 0, sizeof(vcpus));
	memset(kicks, 0, sizeof(kicks));
	memset(resets, 0, sizeof(resets));
	memset(starts, 0, sizeof(starts));
	lines = passed = 0;
	next_icr = 0;
	test_machine.boot.cpu_count = CPUS;
	for (uint32_t i = 0; i < CPUS; i++) {
		vcpus[i].cpu = &cpus[i];
		cpus[i].vcpu = root.vcpus[i] = &vcpus[i];
		cpus[i].machine = &test_machine;
		cpus[i].index = i;
		cpus[i].apic_id = ids[i];
		cpus[i].is_bsp = i == 0;
		cpus[i].launched = true;
		test_machine.cpus[i] = &cpus[i];
	}
	return 0;
}

/* Bit i: an INIT waits for CPU i. Takes them. */
static unsigned inits(void)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < CPUS; i++) {
		mask |= (unsigned)vcpus[i].startup.init << i;
		vcpus[i].startup.init = false;
	}
	return mask;
}

static unsigned targets(struct vcpu *sender, uint64_t icr)
{
	assert_true(startup_icr_write(sender, icr));
	return inits();
}

static void icr_destinations_name_the_right_cpus(void **state)
{
	(void)state;
	assert_int_equal(targets(&vcpus[0], TO(1) | INIT | ASSERT), 1u << 1);
	assert_int_equal(targets(&vcpus[0], TO(17) | INIT | ASSERT), 1u << 2);
	assert_int_equal(targets(&vcpus[0], TO(2) | INIT | ASSERT), 0);
	assert_int_equal(targets(&vcpus[0], TO(0xffffffff) | INIT | ASSERT), 0xf);
	assert_int_equal(targets(&vcpus[0], OTHERS | INIT | ASSERT), 0xe);
	assert_int_equal(targets(&vcpus[2], OTHERS | INIT | ASSERT), 0xb);
	assert_int_equal(targets(&vcpus[1], TO(1) | INIT | ASSERT), 1u << 1);              /* itself, by ID */
	assert_int_equal(targets(&vcpus[0], TO(0x00000003) | LOGICAL | INIT | ASSERT), 3); /* cluster 0, bits 0 and 1 */
	assert_int_equal(targets(&vcpus[0], TO(0x00010002) | LOGICAL | INIT | ASSERT), 1u << 2);
	assert_int_equal(targets(&vcpus[0], TO(0x00100020) | LOGICAL | INIT | ASSERT), 1u << 3);
	assert_int_equal(passed, 0);
}

static void launched_only(void **state)
{
	(void)state;
	cpus[3].launched = false;
	assert_int_equal(targets(&vcpus[0], OTHERS | INIT | ASSERT), 0x6);
}

static void kicks_targets(void **state)
{
	(void)state;
	targets(&vcpus[0], TO(1) | INIT | ASSERT);
	assert_int_equal(kicks[1], 1);
	targets(&vcpus[1], TO(1) | INIT | ASSERT); /* itself: it is out of its guest already */
	assert_int_equal(kicks[1], 1);
	targets(&vcpus[0], TO(1) | INIT | LEVEL); /* de-assert */
	assert_int_equal(kicks[1], 1);
	assert_int_equal(targets(&vcpus[0], TO(1) | INIT | LEVEL | ASSERT), 2);
}

static void passes_interrupts(void **state)
{
	const uint64_t native[] = {TO(1) | 0xfd, SELF | 0x30,           ALL | 0x30, OTHERS | 0xf2, TO(1) | NMI,
				   OTHERS | NMI, TO(1) | 1u << 8 | 0x40};

	(void)state;
	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		assert_true(startup_icr_write(&vcpus[0], native[i]));
		assert_int_equal(passed, i + 1);
		assert_int_equal(passed_value, native[i]);
	}
	assert_int_equal(inits(), 0);
}

static void drops_and_refuses(void **state)
{
	const uint64_t dropped[] = {SELF | INIT | ASSERT, ALL | INIT | ASSERT, SELF | SIPI,
				    ALL | SIPI,           SELF | NMI,          ALL | NMI,
				    TO(1) | 2u << 8,      TO(1) | 3u << 8,     TO(1) | 7u << 8};
	const uint64_t reserved[] = {1u << 12, 1u << 13, 1u << 16, 1u << 20, 1u << 31};

	(void)state;
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		assert_int_equal(targets(&vcpus[0], dropped[i]), 0);
		assert_int_equal(lines, i + 1);
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		assert_false(startup_icr_write(&vcpus[0], TO(1) | reserved[i]));
	assert_int_equal(passed, 0);
}

static void sipi_without_init(void **state)
{
	(void)state;
	assert_true(startup_icr_write(&vcpus[0], TO(1) | SIPI | 0x10));
	assert_false(vcpus[1].startup.sipi);
	assert_int_equal(kicks[1], 0);
}

static void init_sipi_sipi(void **state)
{
	(void)state;
	startup_icr_write(&vcpus[0], TO(1) | INIT | ASSERT);
	startup_icr_write(&vcpus[0], TO(1) | SIPI | 0x9f);
	startup_icr_write(&vcpus[0], TO(1) | SIPI | 0x11); /* the first one counts */
	exit_startup(&vcpus[1]);
	assert_int_equal(resets[1], 1);
	assert_int_equal(starts[1], 1);
	assert_int_equal(started_at, 0x9f);
	assert_false(vcpus[1].startup.waiting);
	startup_icr_write(&vcpus[0], TO(1) | SIPI | 0x12); /* it runs: no SIPI any more */
	assert_false(vcpus[1].startup.sipi);
}

static void init_while_waiting(void **state)
{
	(void)state;
	startup_icr_write(&vcpus[0], TO(1) | INIT | ASSERT);
	next_icr = TO(1) | INIT | ASSERT; /* and a SIPI after it */
	exit_startup(&vcpus[1]);
	assert_int_equal(resets[1], 1);
	assert_int_equal(starts[1], 1);
	assert_int_equal(started_at, 0x9a);
	assert_false(vcpus[1].startup.init);
}

static void init_cancels_sipi(void **state)
{
	(void)state;
	startup_icr_write(&vcpus[0], TO(1) | INIT | ASSERT);
	startup_icr_write(&vcpus[0], TO(1) | SIPI | 0x44);
	startup_icr_write(&vcpus[0], TO(1) | INIT | ASSERT);
	next_icr = TO(1) | SIPI | 0x55;
	exit_startup(&vcpus[1]);
	assert_int_equal(started_at, 0x55);
}

static void bsp_does_not_wait(void **state)
{
	(void)state;
	startup_icr_write(&vcpus[1], TO(0) | INIT | ASSERT);
	exit_startup(&vcpus[0]);
	assert_int_equal(resets[0], 1);
	assert_int_equal(starts[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(icr_destinations_name_the_right_cpus, setup),
		cmocka_unit_test_setup(launched_only, setup),
		cmocka_unit_test_setup(kicks_targets, setup),
		cmocka_unit_test_setup(passes_interrupts, setup),
		cmocka_unit_test_setup(drops_and_refuses, setup),
		cmocka_unit_test_setup(sipi_without_init, setup),
		cmocka_unit_test_setup(init_sipi_sipi, setup),
		cmocka_unit_test_setup(init_while_waiting, setup),
		cmocka_unit_test_setup(init_cancels_sipi, setup),
		cmocka_unit_test_setup(bsp_does_not_wait, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
