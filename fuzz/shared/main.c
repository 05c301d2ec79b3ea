/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of every harness. With '--random N' in place of files a program runs N inputs of a fixed pseudo-random
 * sequence: a unit test.
 */
#include "fuzz/shared/harness.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

__AFL_FUZZ_INIT();

#define INPUT_MAX_BYTES (1u << 20)
#define RUNS_PER_FORK   10000

/* Room for the largest input, and a page after it that must not be touched. */
static uint8_t *guarded(void)
{
	static uint8_t *room;

	if (room)
		return room;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	room = mmap(NULL, INPUT_MAX_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED || mprotect(room + INPUT_MAX_BYTES, page, PROT_NONE) != 0)
		abort();
	return room;
}

static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *exact = guarded() + INPUT_MAX_BYTES - len;

	if (len > 0)
		memcpy(exact, data, len);
	fuzz_one((struct bytes){exact, len});
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

#define RANDOM_BYTES 512u

static int run_random(unsigned long count)
{
	static uint8_t data[RANDOM_BYTES];
	uint64_t state = 88172645463325252ull;

	for (unsigned long i = 0; i < count; i++) {
		for (size_t k = 0; k < RANDOM_BYTES; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			data[k] = (uint8_t)(state >> 32);
		}
		run_exact(data, RANDOM_BYTES);
	}
	printf("TAP version 13\n1..1\nok 1 - %lu random inputs keep every promise\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--random") == 0)
		return run_random(strtoul(argv[2], NULL, 10));
	for (int i = 1; i < argc; i++) {
		if (run_file(argv[i]) != 0)
			return 1;
	}
	if (argc > 1)
		return 0;
	__AFL_INIT();
	const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(RUNS_PER_FORK))
		run_exact(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
