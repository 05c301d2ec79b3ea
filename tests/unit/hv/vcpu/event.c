/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: vmx */
/* Exceptions on top of each other: plain, double fault, shutdown. */
#include "hv_test.h"

#include "vcpu/event.h"

#define EXCEPTION (EVENT_VALID | EVENT_TYPE_EXCEPTION)
#define INTERRUPT EVENT_VALID

static void a_lone_exception_stays_as_it_is(void **state)
{
	uint32_t code = 0x18;

	(void)state;
	assert_int_equal(event_exception(0, VECTOR_GP, &code), EXCEPTION | EVENT_ERROR_VALID | 13);
	assert_int_equal(code, 0x18);
	assert_int_equal(event_exception(0, VECTOR_UD, &code), EXCEPTION | 6);
	assert_int_equal(event_exception(0, VECTOR_DB, &code), EXCEPTION | 1);
	assert_int_equal(event_exception(0, VECTOR_PF, &code), EXCEPTION | EVENT_ERROR_VALID | 14);
	assert_int_equal(event_exception(0, VECTOR_AC, &code), EXCEPTION | EVENT_ERROR_VALID | 17);
	assert_int_equal(event_exception(0, VECTOR_CP, &code), EXCEPTION | EVENT_ERROR_VALID | 21);
	assert_int_equal(code, 0x18);
}

/* A vector without the valid bit is the rest of an earlier event. */
static void not_delivering(void **state)
{
	uint32_t code = 0;

	(void)state;
	assert_int_equal(event_exception(EVENT_TYPE_EXCEPTION | 8, VECTOR_GP, &code),
			 EXCEPTION | EVENT_ERROR_VALID | 13);
}

static void during_delivery(void **state)
{
	const uint32_t first[] = {0, 10, 11, 12, 13, 14};
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		code = 7;
		assert_int_equal(event_exception(EXCEPTION | first[i], VECTOR_GP, &code),
				 EXCEPTION | EVENT_ERROR_VALID | 8);
		assert_int_equal(code, 0);
	}
	code = 7;
	assert_int_equal(event_exception(EXCEPTION | 1, VECTOR_GP, &code), EXCEPTION | EVENT_ERROR_VALID | 13);
	assert_int_equal(event_exception(INTERRUPT | 13, VECTOR_GP, &code), EXCEPTION | EVENT_ERROR_VALID | 13);
	assert_int_equal(event_exception(EVENT_VALID | EVENT_TYPE_NMI | 2, VECTOR_GP, &code),
			 EXCEPTION | EVENT_ERROR_VALID | 13);
	assert_int_equal(code, 7);
}

static void during_double_fault(void **state)
{
	uint32_t code = 0;

	(void)state;
	assert_int_equal(event_exception(EXCEPTION | EVENT_ERROR_VALID | 8, VECTOR_GP, &code), 0);
	assert_int_equal(event_exception(EXCEPTION | EVENT_ERROR_VALID | 8, VECTOR_UD, &code), 0);
	assert_int_equal(event_exception(INTERRUPT | 8, VECTOR_GP, &code), EXCEPTION | EVENT_ERROR_VALID | 13);
}

static void an_interrupted_event_is_delivered_again(void **state)
{
	(void)state;
	assert_int_equal(event_interrupted(0), 0);
	assert_int_equal(event_interrupted(0x7fffffff), 0);
	assert_int_equal(event_interrupted(0xffffffff), 0x80000fff);
	assert_int_equal(event_interrupted(EXCEPTION | EVENT_ERROR_VALID | 1u << 12 | 14),
			 EXCEPTION | EVENT_ERROR_VALID | 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_exception_stays_as_it_is),
		cmocka_unit_test(not_delivering),
		cmocka_unit_test(during_delivery),
		cmocka_unit_test(during_double_fault),
		cmocka_unit_test(an_interrupted_event_is_delivered_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
