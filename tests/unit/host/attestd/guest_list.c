/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: ioctl clock_gettime */
/* How often the list of guests is read, on a clock and a hypervisor that this test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cloister_ioctl.h"
#include "guest_list.h"

#define DEVICE 77

static struct {
	unsigned reads;
	int64_t now_ms, takes_ms;
	int error;
} hypervisor;

int __wrap_ioctl(int device, unsigned long command, void *argument);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/* There are no guests. */
int __wrap_ioctl(int device, unsigned long command, void *argument)
{
	const struct cloister_read *request = argument;

	assert_int_equal(device, DEVICE);
	assert_int_equal(command, CLOISTER_READ);
	hypervisor.reads++;
	hypervisor.now_ms += hypervisor.takes_ms;
	errno = hypervisor.error;
	if (hypervisor.error)
		return -1;
	*(struct domain_list *)(uintptr_t)request->buffer =
		(struct domain_list){.version = 1, .bytes = sizeof(struct domain_list)};
	return sizeof(struct domain_list);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*now = (struct timespec){hypervisor.now_ms / 1000, hypervisor.now_ms % 1000 * 1000000};
	return 0;
}

/* Whether there is a list, and whether it was read for that. */
static void expect(struct guest_list *list, int64_t now_ms, bool there, unsigned reads)
{
	hypervisor.now_ms = now_ms;
	assert_int_equal(guest_list_take(list, DEVICE) != NULL, there);
	guest_list_done(list);
	assert_int_equal(hypervisor.reads, reads);
}

static void read_once_a_second(void **state)
{
	struct guest_list list;

	(void)state;
	memset(&hypervisor, 0, sizeof(hypervisor));
	guest_list_init(&list);
	expect(&list, 5000, true, 1);
	expect(&list, 5000, true, 1);
	expect(&list, 5999, true, 1);
	expect(&list, 6000, true, 2);
	guest_list_free(&list);
}

static void what_takes_long_is_done_seldom(void **state)
{
	struct guest_list list;

	(void)state;
	memset(&hypervisor, 0, sizeof(hypervisor));
	hypervisor.takes_ms = 3000;
	guest_list_init(&list);
	expect(&list, 5000, true, 1);
	expect(&list, 8000 + 1000 + 60000 - 1, true, 1);
	expect(&list, 8000 + 1000 + 60000, true, 2);
	guest_list_free(&list);
}

static void failure_is_kept_as_long(void **state)
{
	struct guest_list list;

	(void)state;
	memset(&hypervisor, 0, sizeof(hypervisor));
	hypervisor.error = EIO;
	guest_list_init(&list);
	expect(&list, 5000, false, 1);
	hypervisor.error = 0;
	expect(&list, 5999, false, 1);
	expect(&list, 6000, true, 2);
	guest_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_once_a_second),
		cmocka_unit_test(what_takes_long_is_done_seldom),
		cmocka_unit_test(failure_is_kept_as_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
