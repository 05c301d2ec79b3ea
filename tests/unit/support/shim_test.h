/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guest-shim's unit tests share. */
#ifndef SHIM_TEST_H
#define SHIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
