/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/uefi.c */
/* as: loader-cpu */
/* Both rounds over all CPUs, on a firmware whose CPUs come, stay away, fail, or are on no list. */
#include "loader_test.h"

#include <cloister/errors.h>

#include "cpu.h"
#include "launch.h"
#include "uefi.h"

#define CPUS 3u

/* APIC IDs of the CPUs, the boot processor first, and of one that the MADT does not list. */
enum { BOOT = 0, FIRST = 2, SECOND = 7, UNKNOWN = 9 };

static struct {
	uint32_t here;              /* the APIC ID of the CPU that executes */
	uint32_t comes[CPUS];       /* to a round: up to a 0 */
	uint32_t checked, launched; /* a bit for each CPU, by its index */
	uint32_t error_of;          /* this CPU gives an error in the second round; 0 for none */
	bool boot_cpu_last;         /* when the boot processor was launched, the others had been */
} machine;

uint32_t cpu_apic_id(void)
{
	return machine.here;
}

static uint32_t check(uint32_t cpu)
{
	machine.checked |= 1u << cpu;
	return HV_OK;
}

static uint32_t launch(uint32_t cpu)
{
	if (cpu == 0)
		machine.boot_cpu_last = machine.launched == 6;
	machine.launched |= 1u << cpu;
	return cpu == machine.error_of && cpu != 0 ? HV_E_VMXON : HV_OK;
}

static EFI_STATUS EFIAPI start_all(EFI_MP_SERVICES_PROTOCOL *this, EFI_AP_PROCEDURE procedure, BOOLEAN one_by_one,
				   EFI_EVENT event, UINTN timeout, VOID *argument, UINTN **failed)
{
	(void)this, (void)one_by_one, (void)event, (void)failed;
	assert_true(timeout > 0);
	for (size_t i = 0; i < CPUS && machine.comes[i] != 0; i++) {
		machine.here = machine.comes[i];
		procedure(argument);
	}
	machine.here = BOOT;
	return EFI_SUCCESS; /* whatever happened */
}

static bool no_protocol;

static EFI_STATUS EFIAPI locate(EFI_GUID *protocol, VOID *registration, VOID **instance)
{
	static EFI_MP_SERVICES_PROTOCOL mp = {.StartupAllAPs = start_all};

	(void)protocol, (void)registration;
	*instance = &mp;
	return no_protocol ? EFI_NOT_FOUND : EFI_SUCCESS;
}

static const struct boot_info info = {
	.cpu_count = CPUS,
	.cpu_apic_id = {BOOT, FIRST, SECOND},
};

static struct boot_info with_functions(void)
{
	struct boot_info full = info;

	full.out.cpu_check = (uintptr_t)check;
	full.out.cpu_launch = (uintptr_t)launch;
	return full;
}

static int new_machine(void **state)
{
	static EFI_BOOT_SERVICES services = {.LocateProtocol = locate};
	(void)state;

	boot_services = &services;
	no_protocol = false;
	memset(&machine, 0, sizeof(machine));
	machine.comes[0] = FIRST;
	machine.comes[1] = SECOND;
	return 0;
}

static void all_come(void **state)
{
	const struct boot_info full = with_functions();
	struct failure failure;
	bool begun = false;
	(void)state;

	assert_true(launch_check(&full, &failure));
	assert_int_equal(machine.checked, 7);
	assert_int_equal(machine.launched, 0);
	assert_true(launch_all(&full, &begun, &failure));
	assert_int_equal(machine.launched, 7);
	assert_true(machine.boot_cpu_last);
	assert_true(begun);
}

static void one_does_not_come(void **state)
{
	const struct boot_info full = with_functions();
	struct failure failure;
	(void)state;

	machine.comes[1] = 0;
	assert_fails(launch_check(&full, &failure), failure, "HV_E_AP_LOST", "cpu_check, CPU 2 (APIC ID 7)");
}

/* It was there a moment ago: what it answered then does not count. The boot processor stays in the firmware. */
static void one_is_lost_between_the_rounds(void **state)
{
	const struct boot_info full = with_functions();
	struct failure failure;
	bool begun = false;
	(void)state;

	assert_true(launch_check(&full, &failure));
	machine.comes[1] = 0;
	assert_fails(launch_all(&full, &begun, &failure), failure, "HV_E_AP_LOST", "cpu_launch, CPU 2 (APIC ID 7)");
	assert_int_equal(machine.launched, 2);
	assert_true(begun);
}

static void one_fails(void **state)
{
	const struct boot_info full = with_functions();
	struct failure failure;
	bool begun = false;
	(void)state;

	machine.error_of = 1;
	assert_fails(launch_all(&full, &begun, &failure), failure, "HV_E_VMXON", "cpu_launch, CPU 1 (APIC ID 2)");
	assert_int_equal(machine.launched & 1, 0);
}

static void one_is_on_no_list(void **state)
{
	const struct boot_info full = with_functions();
	struct failure failure;
	bool begun = false;
	(void)state;

	machine.comes[2] = UNKNOWN;
	assert_fails(launch_check(&full, &failure), failure, "HV_E_CPU_INDEX", "cpu_check, APIC ID 9");
	assert_fails(launch_all(&full, &begun, &failure), failure, "HV_E_CPU_INDEX", "cpu_launch, APIC ID 9");
}

static void no_way_to_the_others(void **state)
{
	struct boot_info full = with_functions();
	struct failure failure;
	(void)state;

	no_protocol = true;
	assert_fails(launch_check(&full, &failure), failure, "LOADER_E_MP", "3 CPUs");
	full.cpu_count = 1;
	assert_true(launch_check(&full, &failure));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_come, new_machine),
		cmocka_unit_test_setup(one_does_not_come, new_machine),
		cmocka_unit_test_setup(one_is_lost_between_the_rounds, new_machine),
		cmocka_unit_test_setup(one_fails, new_machine),
		cmocka_unit_test_setup(one_is_on_no_list, new_machine),
		cmocka_unit_test_setup(no_way_to_the_others, new_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
