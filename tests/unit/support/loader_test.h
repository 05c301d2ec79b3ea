/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loader's unit tests share. */
#ifndef LOADER_TEST_H
#define LOADER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* cmocka's macro */
#include "failure.h"

/* The call must fail with this error, and the failure's 'where' must hold this text. */
#define assert_fails(call, failure, error_name, where_text)                            \
	do {                                                                           \
		assert_false(call);                                                    \
		assert_string_equal((failure).name, error_name);                       \
		if (!strstr((failure).where, where_text)) {                            \
			print_error("'%s' lacks '%s'\n", (failure).where, where_text); \
			_fail(__FILE__, __LINE__);                                     \
		}                                                                      \
	} while (0)

#endif
