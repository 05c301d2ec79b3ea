/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a request was not answered. */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

#define AGAIN_S 2u

bool failed_with(struct failure *failure, unsigned status, const char *code, const char *field, const char *format, ...)
{
	va_list arguments;

	failure->status = status;
	failure->code = code;
	failure->again_s = AGAIN_S;
	snprintf(failure->field, sizeof(failure->field), "%s", field ? field : "");
	va_start(arguments, format);
	vsnprintf(failure->message, sizeof(failure->message), format, arguments);
	va_end(arguments);
	return false;
}
