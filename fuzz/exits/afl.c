/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AFL++ in persistent mode: inputs come through shared memory, and each starts from a machine after its launch. */
#include <unistd.h>

#include "world.h"

__AFL_FUZZ_INIT();

#define RUNS_PER_FORK 10000

int main(void)
{
	__AFL_INIT();
	const uint8_t *const data = __AFL_FUZZ_TESTCASE_BUF;

	while (__AFL_LOOP(RUNS_PER_FORK))
		run_exits(data, (size_t)__AFL_FUZZ_TESTCASE_LEN, false);
	return 0;
}
