/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: clock_gettime getsockopt guest_quotes_make queue_submit */
/*
 * The guests' quote socket while it is full: whose connection is closed for one more, and who gets a quote first. The
 * peers' users and processes are played, time stands still.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/sockios.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "guest_quotes.h"
#include "quote_server.h"

#define PATIENCE_MS 60000 /* for what takes no time */
#define QEMUS       64055u
#define STRANGER    1000u

/* Room for a name with a user, a process and a number. */
#define NAME "attestd-test %d: %u %d %u"

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_getsockopt(int socket, int level, int name, void *value, socklen_t *bytes);
int __real_getsockopt(int socket, int level, int name, void *value, socklen_t *bytes);
bool __wrap_guest_quotes_make(const struct sources *sources, struct tpm *tpm, struct guest_quote *quotes, size_t count,
			      struct failure *failure);
bool __wrap_queue_submit(struct queue *queue, const struct job *job, void *owner);

static struct quote_server *server;
static char path[64];
static int clients[QUOTE_CLIENTS_MAX];
static unsigned numbers;
static sem_t submitted;
static void (*end_of_job)(void *owner, struct reply reply);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){.tv_sec = 1};
	return 0;
}

/* The kernel says that it is this process; a client's address says who it plays. */
int __wrap_getsockopt(int socket, int level, int name, void *value, socklen_t *bytes)
{
	struct sockaddr_un address = {0};
	struct ucred *peer = value;
	socklen_t length = sizeof(address) - 1;
	unsigned number;
	int test;

	assert_int_equal(*bytes, sizeof(*peer));
	assert_int_equal(__real_getsockopt(socket, level, name, value, bytes), 0);
	assert_int_equal(peer->uid, getuid());
	assert_int_equal(peer->pid, getpid());
	assert_int_equal(getpeername(socket, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(sscanf(address.sun_path + 1, NAME, &test, &peer->uid, &peer->pid, &number), 4);
	return 0;
}

bool __wrap_guest_quotes_make(const struct sources *sources, struct tpm *tpm, struct guest_quote *quotes, size_t count,
			      struct failure *failure)
{
	(void)sources;
	(void)tpm;
	(void)failure;
	for (size_t i = 0; i < count; i++)
		quotes[i].error = QUOTE_E_PARAMETER;
	return true;
}

/* The TPM takes its time. */
bool __wrap_queue_submit(struct queue *queue, const struct job *job, void *owner)
{
	(void)queue;
	assert_ptr_equal(owner, server);
	end_of_job = job->done;
	sem_post(&submitted);
	return true;
}

static int start(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/attestd-quotes-%d", (int)getpid());
	for (size_t i = 0; i < QUOTE_CLIENTS_MAX; i++)
		clients[i] = -1;
	sem_init(&submitted, 0, 0);
	server = quote_server_start(path, NULL);
	return server ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	quote_server_stop(server);
	sem_destroy(&submitted);
	unlink(path);
	for (size_t i = 0; i < QUOTE_CLIENTS_MAX; i++)
		if (clients[i] >= 0)
			close(clients[i]);
	return 0;
}

static int connect_as(uid_t user, pid_t process)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX}, address = {.sun_family = AF_UNIX};
	const int length =
		snprintf(own.sun_path + 1, sizeof(own.sun_path) - 1, NAME, (int)getpid(), user, process, numbers++);
	const int client = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(client, (const struct sockaddr *)&own,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)),
			 0);
	strcpy(address.sun_path, path);
	assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof(address)), 0);
	return client;
}

/* Connections of processes 1, 2 and so on, or of process 'process' alone. */
static void connect_many(uid_t user, pid_t process, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		clients[i] = connect_as(user, process != 0 ? process : (pid_t)i + 1);
}

/* A whole request, and waits until it was read. */
static void ask(int client)
{
	uint8_t request[QUOTE_REQUEST_BYTES] = {0, 0, 4, 24, 1, 0, 1, 0, 0, 0, 0, 0, 24, 4, 0, 0, 0, 0, 0, 0, 0, 4};
	int unread = 1;

	assert_int_equal(send(client, request, sizeof(request), 0), sizeof(request));
	for (unsigned ms = 0; unread != 0 && ms < PATIENCE_MS; ms++) {
		assert_int_equal(ioctl(client, SIOCOUTQ, &unread), 0);
		usleep(1000);
	}
	assert_int_equal(unread, 0);
}

/* What the service says to a client: bytes of an answer, 0 at the end of the connection, -1 if there is nothing. */
static ssize_t hear(int client, int patience_ms)
{
	struct pollfd polled = {.fd = client, .events = POLLIN};
	uint8_t byte;

	return poll(&polled, 1, patience_ms) == 1 ? recv(client, &byte, 1, 0) : -1;
}

/* One that asks for no quote: the answer needs no TPM. */
static void is_served(int client)
{
	static const uint8_t wrong_length[4] = {0xff, 0xff, 0xff, 0xff};

	assert_int_equal(send(client, wrong_length, sizeof(wrong_length), MSG_NOSIGNAL), sizeof(wrong_length));
	assert_int_equal(hear(client, PATIENCE_MS), 1);
	close(client);
}

static void only_this_one_was_closed(size_t closed)
{
	for (size_t i = 0; i < QUOTE_CLIENTS_MAX; i++) {
		if (hear(clients[i], 0) != (i == closed ? 0 : -1))
			fail_msg("connection %zu", i);
	}
}

/* However many processes the user has. */
static void a_user_with_all_connections_gives_way(void **state)
{
	(void)state;
	connect_many(STRANGER, 0, 0, QUOTE_CLIENTS_MAX);
	is_served(connect_as(QEMUS, 1));
	only_this_one_was_closed(0);
}

static void who_has_asked_gives_way_too(void **state)
{
	(void)state;
	connect_many(STRANGER, 0, 0, QUOTE_CLIENTS_MAX);
	for (size_t i = 0; i < QUOTE_CLIENTS_MAX; i++)
		ask(clients[i]);
	is_served(connect_as(QEMUS, 1));
	only_this_one_was_closed(0);
}

/* Those that have asked stay. */
static void who_has_not_asked_gives_way_first(void **state)
{
	(void)state;
	connect_many(STRANGER, 7, 0, QUOTE_CLIENTS_MAX);
	for (size_t i = 0; i < QUOTE_CLIENTS_MAX; i++)
		if (i != 70 && i != 80)
			ask(clients[i]);
	is_served(connect_as(QEMUS, 1));
	only_this_one_was_closed(70);
}

/* A user with fewer connections keeps them, although they are older and have not asked. */
static void the_user_with_the_most_gives_way(void **state)
{
	(void)state;
	connect_many(QEMUS, 0, 0, 60);
	connect_many(STRANGER, 0, 60, QUOTE_CLIENTS_MAX - 60);
	is_served(connect_as(QEMUS, 99));
	only_this_one_was_closed(60);
}

/* All QEMUs are one user's: one of them cannot keep out the others. */
static void of_a_user_the_process_with_the_most_gives_way(void **state)
{
	(void)state;
	connect_many(QEMUS, 0, 0, 100);
	connect_many(QEMUS, 1000, 100, QUOTE_CLIENTS_MAX - 100);
	is_served(connect_as(QEMUS, 2000));
	only_this_one_was_closed(100);
}

/* Where none has more than others, those that wait for the TPM go on, and the one that was too many ends. */
static void guests_that_wait_stay(void **state)
{
	int late;

	(void)state;
	connect_many(QEMUS, 0, 0, QUOTE_CLIENTS_MAX);
	for (size_t i = 0; i < QUOTE_CLIENTS_MAX; i++)
		ask(clients[i]);
	late = connect_as(QEMUS, 2000);
	assert_int_equal(hear(late, PATIENCE_MS), 0);
	close(late);
	only_this_one_was_closed(QUOTE_CLIENTS_MAX);
}

/* The queue's thread does the job. */
static void make_quotes(void)
{
	sem_wait(&submitted);
	quote_server_work(server, NULL, NULL);
	end_of_job(server, (struct reply){.status = 200});
}

/* Whoever comes again at once does not keep those that wait from the next quote. */
static void guests_get_quotes_in_the_order_in_which_they_came(void **state)
{
	const size_t late = 100;

	(void)state;
	connect_many(QEMUS, 0, 0, late);
	for (size_t i = 0; i < late; i++)
		ask(clients[i]);
	make_quotes();
	for (size_t i = 0; i < GUEST_QUOTES_MAX; i++) {
		for (size_t k = 0; k < QUOTE_ANSWER_BYTES(0); k++)
			assert_int_equal(hear(clients[i], PATIENCE_MS), 1);
		assert_int_equal(hear(clients[i], PATIENCE_MS), 0);
		close(clients[i]);
	}
	connect_many(STRANGER, 0, 0, GUEST_QUOTES_MAX);
	for (size_t i = 0; i < GUEST_QUOTES_MAX; i++)
		ask(clients[i]);
	make_quotes();
	for (size_t i = GUEST_QUOTES_MAX; i < late; i++)
		assert_int_equal(hear(clients[i], PATIENCE_MS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_user_with_all_connections_gives_way, start, stop),
		cmocka_unit_test_setup_teardown(who_has_asked_gives_way_too, start, stop),
		cmocka_unit_test_setup_teardown(who_has_not_asked_gives_way_first, start, stop),
		cmocka_unit_test_setup_teardown(the_user_with_the_most_gives_way, start, stop),
		cmocka_unit_test_setup_teardown(of_a_user_the_process_with_the_most_gives_way, start, stop),
		cmocka_unit_test_setup_teardown(guests_that_wait_stay, start, stop),
		cmocka_unit_test_setup_teardown(guests_get_quotes_in_the_order_in_which_they_came, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
