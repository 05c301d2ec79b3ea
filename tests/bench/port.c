/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In a protected guest: what an access to a port costs that the VMM answers, in ticks of the TSC. The guest's kernel makes
 * two for a read of PCI configuration, 0xCF8 and 0xCFC. A read of /dev/zero takes the same way to the kernel, and is
 * subtracted.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <x86intrin.h>

#define CONFIGURATION "/sys/bus/pci/devices/0000:00:00.0/config"
#define ACCESSES      2
#define TIMES         200

static int compare(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* The median: the host's own work, its timer's, comes in between. */
static uint64_t ticks(const char *path)
{
	const int file = open(path, O_RDONLY);
	uint64_t taken[TIMES];
	uint32_t word;

	for (int i = 0; i < TIMES; i++) {
		const uint64_t start = __rdtsc();

		if (pread(file, &word, sizeof(word), 0) != sizeof(word)) {
			perror(path);
			exit(1);
		}
		taken[i] = __rdtsc() - start;
	}
	qsort(taken, TIMES, sizeof(taken[0]), compare);
	return taken[TIMES / 2];
}

int main(void)
{
	const uint64_t accesses = ticks(CONFIGURATION), none = ticks("/dev/zero");

	printf("BENCH port %llu\n", (unsigned long long)(accesses > none ? accesses - none : 0) / ACCESSES);
	return accesses > none ? 0 : 1;
}
