/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: shutdown */
/* attestd's open connections: who must go, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "connections.h"

#define OPENED_MS 1000

static int shut_down[CONNECTIONS_MAX + 1];
int __wrap_shutdown(int socket, int how);

int __wrap_shutdown(int socket, int how)
{
	assert_int_equal(how, SHUT_RDWR);
	shut_down[socket]++;
	return 0;
}

static int slots[CONNECTIONS_MAX + 1];

static int start(void **state)
{
	(void)state;
	memset(shut_down, 0, sizeof(shut_down));
	for (size_t i = 0; i <= CONNECTIONS_MAX; i++)
		slots[i] = -1;
	return 0;
}

/* Whatever a test did, nothing is left of it: the counts come out even. */
static int end(void **state)
{
	struct connections_state now;

	(void)state;
	for (size_t i = 0; i <= CONNECTIONS_MAX; i++)
		connection_closed(slots[i]);
	now = connections_now();
	assert_int_equal(now.open, 0);
	assert_int_equal(now.waiting, 0);
	assert_int_equal(now.answers, 0);
	return 0;
}

/* Socket 'number' is opened, from an IPv4 address. */
static void open_from(int number, uint32_t address, int64_t now_ms)
{
	const struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr = {htonl(address)}};

	slots[number] = connection_opened(number, (const struct sockaddr *)&peer, now_ms);
	assert_in_range(slots[number], 0, CONNECTIONS_MAX - 1);
}

static unsigned ended(void)
{
	unsigned count = 0;

	for (size_t i = 0; i <= CONNECTIONS_MAX; i++)
		count += shut_down[i] != 0;
	return count;
}

static void each_phase_has_its_time(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		open_from(i, 1, OPENED_MS);
	connection_enters(slots[1], CONNECTION_BODY, OPENED_MS + 10);
	connection_enters(slots[2], CONNECTION_WAITS, OPENED_MS + 10);
	connection_enters(slots[3], CONNECTION_SENDS, OPENED_MS + 10);
	assert_int_equal(connections_expire(OPENED_MS + CONNECTION_HEAD_MS - 1), 0);
	assert_int_equal(connections_expire(OPENED_MS + CONNECTION_HEAD_MS), 1);
	assert_int_equal(shut_down[0], 1);
	assert_int_equal(connections_expire(OPENED_MS + 10 + CONNECTION_BODY_MS - 1), 0);
	assert_int_equal(connections_expire(OPENED_MS + 10 + CONNECTION_BODY_MS), 1);
	assert_int_equal(shut_down[1], 1);
	assert_int_equal(connections_expire(OPENED_MS + CONNECTION_LIFE_MS - 1), 0);
	assert_int_equal(connections_expire(OPENED_MS + CONNECTION_LIFE_MS), 2);
	assert_int_equal(connections_expire(INT64_MAX), 0); /* each once */
	assert_int_equal(ended(), 4);
}

/* One address opens far more than another: its oldest goes, and what waits or is sent is left alone. */
static void whoever_has_most_loses(void **state)
{
	const int last = (int)CONNECTIONS_OPEN;

	(void)state;
	open_from(0, 7, 1); /* the oldest of all, of an address that has no other */
	for (int i = 1; i < last; i++)
		open_from(i, 1, OPENED_MS - i); /* the last of these is the oldest */
	connection_enters(slots[last - 1], CONNECTION_WAITS, OPENED_MS);
	connection_enters(slots[last - 2], CONNECTION_SENDS, OPENED_MS);
	connection_enters(slots[last - 3], CONNECTION_BODY, OPENED_MS);
	assert_int_equal(ended(), 0);
	open_from(last, 9, OPENED_MS);
	assert_int_equal(ended(), 1);
	assert_int_equal(shut_down[last - 3], 1);
	open_from(last + 1, 9, OPENED_MS);
	assert_int_equal(shut_down[last - 4], 1);
	connection_closed(slots[5]);
	slots[5] = -1;
	open_from(last + 2, 9, OPENED_MS); /* the place that became free */
	assert_int_equal(ended(), 2);
	assert_int_equal(connections_now().open, CONNECTIONS_OPEN);
}

/* All have asked: none can be displaced, up to the table's end. */
static void nobody_who_asked_goes(void **state)
{
	(void)state;
	for (int i = 0; i < (int)CONNECTIONS_MAX; i++) {
		open_from(i, 1, OPENED_MS);
		connection_enters(slots[i], CONNECTION_WAITS, OPENED_MS);
	}
	assert_int_equal(ended(), 0);
	slots[CONNECTIONS_MAX] = connection_opened(CONNECTIONS_MAX, NULL, OPENED_MS);
	assert_int_equal(slots[CONNECTIONS_MAX], -1);
	connection_enters(-1, CONNECTION_BODY, 0);
	assert_false(connection_reserve(-1, true));
	assert_int_equal(connection_source(-1), 0);
}

static void answers_leave_room_for_evidence(void **state)
{
	unsigned reserved = 0;

	(void)state;
	for (int i = 0; i < (int)ANSWERS_MAX + 1; i++)
		open_from(i, 1, OPENED_MS);
	for (int i = 0; i < (int)ANSWERS_MAX; i++)
		reserved += connection_reserve(slots[i], false);
	assert_int_equal(reserved, ANSWERS_MAX - ANSWERS_FOR_QUOTES);
	for (unsigned i = reserved; i < ANSWERS_MAX; i++)
		assert_true(connection_reserve(slots[i], true));
	assert_false(connection_reserve(slots[ANSWERS_MAX], true));
	assert_int_equal(connections_now().answers, ANSWERS_MAX);
	assert_int_equal(ended(), 0);
}

/* Of the address with the most answers, the oldest that is being sent goes; one that has as many gets none. */
static void slow_readers_lose_their_answer(void **state)
{
	const int last = (int)ANSWERS_MAX;

	(void)state;
	for (int i = 0; i < last; i++) {
		open_from(i, 1, OPENED_MS + i);
		assert_true(connection_reserve(slots[i], true));
	}
	open_from(last, 2, OPENED_MS);
	assert_false(connection_reserve(slots[last], true)); /* all wait for the TPM */
	for (int i = 3; i < last; i++)
		connection_enters(slots[i], CONNECTION_SENDS, OPENED_MS);
	assert_true(connection_reserve(slots[last], true));
	assert_int_equal(ended(), 1);
	assert_int_equal(shut_down[3], 1);
	open_from(last + 1, 1, OPENED_MS);
	assert_false(connection_reserve(slots[last + 1], true));
	assert_int_equal(ended(), 1);
	connection_enters(slots[3], CONNECTION_SENDS, OPENED_MS); /* it has ended already */
	connection_closed(slots[3]);
	slots[3] = -1;
	assert_int_equal(connections_now().answers, ANSWERS_MAX);
}

static uint64_t source_of(const char *text)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
	uint64_t source;
	int slot;

	assert_int_equal(inet_pton(AF_INET6, text, &peer.sin6_addr), 1);
	slot = connection_opened(0, (const struct sockaddr *)&peer, OPENED_MS);
	source = connection_source(slot);
	connection_closed(slot);
	return source;
}

static void an_ipv6_network_is_one_address(void **state)
{
	(void)state;
	assert_int_equal(source_of("2001:db8:1:2::1"), source_of("2001:db8:1:2:ffff::2"));
	assert_int_not_equal(source_of("2001:db8:1:2::1"), source_of("2001:db8:1:3::1"));
	assert_int_not_equal(source_of("::ffff:10.0.0.1"), source_of("::ffff:10.0.0.2"));
	open_from(0, 0x0a000001, OPENED_MS);
	assert_int_equal(connection_source(slots[0]), source_of("::ffff:10.0.0.1"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_phase_has_its_time),        TEST(whoever_has_most_loses),
		TEST(nobody_who_asked_goes),          TEST(answers_leave_room_for_evidence),
		TEST(slow_readers_lose_their_answer), TEST(an_ipv6_network_is_one_address),
	};

	return cmocka_run_group_tests_name("host_attestd_connections", tests, NULL, NULL);
}
