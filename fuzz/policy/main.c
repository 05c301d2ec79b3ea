/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of every harness. */
#include "harness.h"

__AFL_FUZZ_INIT();

#define INPUT_MAX_BYTES (1u << 20)
#define RUNS_PER_FORK   10000

static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		return;
	if (len > 0)
		memcpy(exact, data, len);
	fuzz_one((struct bytes){exact, len});
	free(exact);
}

static int run_file(const char *path)
{
	static uint8_t data[INPUT_MAX_BYTES];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return 1;
	}
	const size_t len = fread(data, 1, sizeof(data), file);
	fclose(file);
	run_exact(data, len);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return run_file(argv[1]);
	__AFL_INIT();
	const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(RUNS_PER_FORK))
		run_exact(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
