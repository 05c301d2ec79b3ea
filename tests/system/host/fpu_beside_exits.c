/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU 1 restores its FPU again and again, CPU 0 exits to the hypervisor by CPUID: neither may change the other. QEMU
 * can lose a switch of the first CPU's mode at that, see tests/qemu/mend.c.
 *
 *   fpu_beside_exits COUNT    (of the exits)
 */
#include <cpuid.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay_on(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		perror("fpu_beside_exits");
		exit(1);
	}
}

static void restore_fpu(void)
{
	static uint8_t state[512] __attribute__((aligned(16)));

	__asm__ volatile("fxsave %0" : "=m"(state));
	for (;;)
		__asm__ volatile("fxrstor %0" ::"m"(state));
}

int main(int argc, char **argv)
{
	const unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	const pid_t child = fork();
	uint32_t eax, ebx, ecx, edx;

	stay_on(child == 0 ? 1 : 0);
	if (child == 0)
		restore_fpu();
	for (unsigned long i = 0; i < count; i++)
		__cpuid_count(0, 0, eax, ebx, ecx, edx);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("fpu_beside_exits: %lu exits\n", count);
	return count == 0;
}
