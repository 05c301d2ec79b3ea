/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions on top of each other. */
#include "event.h"

static bool has_error_code(enum vector vector)
{
	return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC ||
	       vector == VECTOR_CP;
}

static bool is_exception(uint32_t event)
{
	return (event & (EVENT_VALID | EVENT_TYPE_MASK)) == (EVENT_VALID | EVENT_TYPE_EXCEPTION);
}

static bool contributory(uint32_t vector)
{
	return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_PF);
}

uint32_t event_exception(uint32_t delivering, enum vector vector, uint32_t *error_code)
{
	const uint32_t first = delivering & EVENT_VECTOR_MASK;

	if (is_exception(delivering) && first == VECTOR_DF)
		return 0;
	if (is_exception(delivering) && contributory(first) && vector == VECTOR_GP) {
		vector = VECTOR_DF;
		*error_code = 0;
	}
	return EVENT_VALID | EVENT_TYPE_EXCEPTION | (has_error_code(vector) ? EVENT_ERROR_VALID : 0) | vector;
}
