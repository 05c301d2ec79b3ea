/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AFL++'s macros, empty, for a harness that another compiler builds: it runs files. */
#ifndef FUZZ_SHARED_WITHOUT_AFL_H
#define FUZZ_SHARED_WITHOUT_AFL_H

#define __AFL_FUZZ_INIT() _Static_assert(1, "")
#define __AFL_INIT() \
	do {         \
	} while (0)
#define __AFL_FUZZ_TESTCASE_BUF (&(const uint8_t){0})
#define __AFL_FUZZ_TESTCASE_LEN 0
#define __AFL_LOOP(runs)        false

#endif
