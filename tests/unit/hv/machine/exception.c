/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions in the hypervisor: who gets them, and what a crash record has of them. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "machine/exception.h"
#include "x86/instructions.h"
#include "x86/registers.h"

#define SECRET 0x5ec4e7ull /* a domain's CR2, which is loaded while its exits are answered */

static struct cpu cpu, *current;
static jmp_buf ended;
static bool parked;
static unsigned nmis, inits;
static struct crash_record record;

struct cpu *cpu_current(void)
{
	return current;
}
void cpu_park(void)
{
	parked = true;
	longjmp(ended, 1);
}
uint64_t read_cr2(void)
{
	return SECRET;
}
void exception_nmi(struct cpu *of)
{
	assert_ptr_equal(of, &cpu);
	nmis++;
}
void exception_init(struct cpu *of)
{
	assert_ptr_equal(of, &cpu);
	inits++;
}
void crash(struct cpu *of, const struct crash_record *why)
{
	assert_ptr_equal(of, &cpu);
	record = *why;
	longjmp(ended, 1);
}

static int setup(void **state)
{
	(void)state;
	current = &cpu;
	parked = false;
	nmis = inits = 0;
	record = (struct crash_record){.kind = CRASH_NONE};
	return 0;
}

static void arrives(uint64_t vector)
{
	if (setjmp(ended) == 0)
		host_exception(
			&(struct exception_frame){.vector = vector, .error_code = 2, .rip = 0x1000, .rsp = 0x2000});
}

static void of_the_guest(void **state)
{
	(void)state;
	arrives(VECTOR_NMI);
	assert_true(nmis == 1 && inits == 0);
	arrives(VECTOR_SX);
	assert_true(nmis == 1 && inits == 1);
	assert_int_equal(record.kind, CRASH_NONE);
}

/* Only a page fault's CR2 is the hypervisor's own. */
static void the_end(void **state)
{
	(void)state;
	for (uint64_t vector = 0; vector < 32; vector++) {
		if (vector == VECTOR_NMI || vector == VECTOR_SX)
			continue;
		arrives(vector);
		assert_int_equal(record.kind, vector == VECTOR_MC ? CRASH_MACHINE_CHECK : CRASH_HOST_EXCEPTION);
		assert_int_equal(record.code, vector);
		assert_int_equal(record.detail, 2);
		assert_int_equal(record.address, vector == VECTOR_PF ? SECRET : 0);
		assert_true(record.rip == 0x1000 && record.rsp == 0x2000);
	}
}

static void before_the_cpu_is_known(void **state)
{
	(void)state;
	current = NULL;
	arrives(VECTOR_NMI);
	assert_true(parked && nmis == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(of_the_guest, setup),
		cmocka_unit_test_setup(the_end, setup),
		cmocka_unit_test_setup(before_the_cpu_is_known, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
