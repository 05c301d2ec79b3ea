/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EFI_MP_SERVICES_PROTOCOL runs a function of the hypervisor on every application processor; each one finds its
 * index by its APIC ID and leaves its answer in its own slot. The slots decide, not the firmware's status.
 */
#include "launch.h"

#include <cloister/errors.h>

#include "cpu.h"
#include "text.h"
#include "uefi.h"

#define TIMEOUT_US 10000000u
#define NO_ANSWER  UINT32_MAX

typedef uint32_t cpu_function_t(uint32_t cpu);

struct round {
	const struct boot_info *info;
	cpu_function_t *function;
	volatile uint32_t answer[BOOT_MAX_CPUS];
	volatile uint32_t unknown_cpu;         /* a CPU came that is not in the MADT ... */
	volatile uint32_t unknown_cpu_apic_id; /* ... this one */
};

static struct round round;

static void EFIAPI run_here(void *argument)
{
	struct round *r = argument;
	const uint32_t apic_id = cpu_apic_id();

	for (uint32_t cpu = 0; cpu < r->info->cpu_count; cpu++) {
		if (r->info->cpu_apic_id[cpu] == apic_id) {
			r->answer[cpu] = r->function(cpu);
			return;
		}
	}
	r->unknown_cpu_apic_id = apic_id;
	r->unknown_cpu = 1;
}

static void begin_round(const struct boot_info *info, uint64_t function)
{
	round.info = info;
	round.function = (cpu_function_t *)function;
	round.unknown_cpu = 0;
	for (uint32_t cpu = 0; cpu < BOOT_MAX_CPUS; cpu++)
		round.answer[cpu] = NO_ANSWER;
}

static bool run_on_others(const struct boot_info *info, struct failure *failure)
{
	static const EFI_GUID guid = {0x3fdda605, 0xa76e, 0x4f46, {0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08}};
	EFI_MP_SERVICES_PROTOCOL *mp = uefi_locate(&guid);

	if (!mp)
		return info->cpu_count == 1 || fail(failure, LOADER_E_MP, "%u CPUs in the MADT", info->cpu_count);
	mp->StartupAllAPs(mp, run_here, FALSE, NULL, TIMEOUT_US, &round, NULL);
	return true;
}

static void run_on_boot_cpu(void)
{
	const uint64_t flags = interrupts_off();

	run_here(&round);
	interrupts_restore(flags);
}

/* The CPUs that gave no answer, as text. */
static bool name_lost(const struct boot_info *info, uint32_t first, uint32_t end, char *to, size_t capacity)
{
	size_t used = 0;

	to[0] = '\0';
	for (uint32_t cpu = first; cpu < end; cpu++) {
		if (round.answer[cpu] == NO_ANSWER)
			used += text_format(to + used, capacity - used, " %u (APIC ID %u)", cpu,
					    info->cpu_apic_id[cpu]);
	}
	return used != 0;
}

/* Of the CPUs from @first up to, but not with, @end. */
static bool judge(const struct boot_info *info, const char *step, uint32_t first, uint32_t end, struct failure *failure)
{
	char lost[FAILURE_WHERE_BYTES];

	if (round.unknown_cpu)
		return fail_hv(failure, HV_E_CPU_INDEX, "%s, APIC ID %u", step, round.unknown_cpu_apic_id);
	for (uint32_t cpu = first; cpu < end; cpu++) {
		if (round.answer[cpu] != HV_OK && round.answer[cpu] != NO_ANSWER)
			return fail_hv(failure, round.answer[cpu], "%s, CPU %u (APIC ID %u)", step, cpu,
				       info->cpu_apic_id[cpu]);
	}
	return !name_lost(info, first, end, lost, sizeof(lost)) ||
	       fail_hv(failure, HV_E_AP_LOST, "%s, CPU%s", step, lost);
}

bool launch_check(const struct boot_info *info, struct failure *failure)
{
	begin_round(info, info->out.cpu_check);
	run_on_boot_cpu();
	return judge(info, "cpu_check", 0, 1, failure) && run_on_others(info, failure) &&
	       judge(info, "cpu_check", 0, info->cpu_count, failure);
}

bool launch_all(const struct boot_info *info, bool *begun, struct failure *failure)
{
	begin_round(info, info->out.cpu_launch);
	*begun = true;
	if (!run_on_others(info, failure) || !judge(info, "cpu_launch", 1, info->cpu_count, failure))
		return false;
	run_on_boot_cpu();
	return judge(info, "cpu_launch", 0, info->cpu_count, failure);
}
