/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   exits --random N   runs N inputs of a fixed pseudo-random sequence: the unit test
 *   exits --show N     the same, and shows the exits: the last ones lead to the broken promise
 *   exits FILE...      runs inputs and shows the exits, to look at a finding
 */
#include <string.h>

#include "world.h"

static uint8_t buffer[1 << 16];

static void run_random(unsigned long count, bool verbose)
{
	uint64_t state = 88172645463325252ull;

	for (unsigned long i = 0; i < count; i++) {
		for (size_t k = 0; k < 512; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			buffer[k] = (uint8_t)(state >> 32);
		}
		run_exits(buffer, 512, verbose);
	}
	printf("TAP version 13\n1..1\nok 1 - %lu random sequences of exits keep every promise\n", count);
}

int main(int argc, char **argv)
{
	const bool show = argc == 3 && strcmp(argv[1], "--show") == 0;

	if (show || (argc == 3 && strcmp(argv[1], "--random") == 0)) {
		run_random(strtoul(argv[2], NULL, 10), show);
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		FILE *const file = fopen(argv[i], "rb");

		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		run_exits(buffer, fread(buffer, 1, sizeof(buffer), file), true);
		fclose(file);
	}
	return 0;
}
