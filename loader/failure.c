/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of failure.h. */
#include "failure.h"

#include <cloister/errors.h>
#include <string.h>

#include "hv_errors.h"
#include "text.h"

struct error_text {
	const char *name;
	const char *what;
	const char *next;
};

#define LOADER_ERROR_TEXT(name, what, next) {#name, what, next},
static const struct error_text loader_errors[] = {LOADER_ERRORS(LOADER_ERROR_TEXT)};

#define HV_ERROR_TEXT(name, what, next) [name] = {#name, what, next},
static const struct error_text hv_errors[] = {HV_ERROR_TEXTS(HV_ERROR_TEXT)};
#define ONE(name, what, next) +1
_Static_assert(0 HV_ERROR_TEXTS(ONE) == HV_ERROR_COUNT, "a text for each error");

static const struct error_text unknown_error = {"HV_E_UNKNOWN", "the hypervisor gave an unknown error",
						"install loader and hypervisor image from the same build"};

static void fill(struct failure *failure, const struct error_text *text, const char *format, va_list arguments)
{
	failure->name = text->name;
	failure->what = text->what;
	failure->next = text->next;
	text_vformat(failure->where, sizeof(failure->where), format, arguments);
}

bool fail(struct failure *failure, enum loader_error error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(failure, &loader_errors[error], format, arguments);
	va_end(arguments);
	return false;
}

bool fail_hv(struct failure *failure, uint32_t error, const char *format, ...)
{
	const bool known = error < sizeof(hv_errors) / sizeof(hv_errors[0]) && hv_errors[error].name;
	va_list arguments;

	va_start(arguments, format);
	fill(failure, known ? &hv_errors[error] : &unknown_error, format, arguments);
	va_end(arguments);
	if (!known) {
		const size_t used = strlen(failure->where);
		text_format(failure->where + used, sizeof(failure->where) - used, ": error %u", error);
	}
	return false;
}

size_t failure_text(const struct failure *failure, char *to, size_t capacity)
{
	return text_format(to, capacity, "%s: %s: %s", failure->name, failure->what, failure->where);
}
