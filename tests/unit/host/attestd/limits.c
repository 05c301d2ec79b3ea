/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: host/attestd/options.c host/attestd/queue.c host/attestd/tpm_ek.c */
/* attestd's limits: the queue, addresses, padded certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"
#include "queue.h"
#include "tpm_internal.h"

#define LIMIT       3u
#define PATIENCE_MS 5000
#define STOP_MS     60000 /* it takes no time */

/* A TPM that works on command, and the jobs that wait for it. */
static struct {
	sem_t started, go;
	sem_t done, leave;
	bool left;
} tpm;

struct waiter {
	unsigned status; /* 0: has no answer yet */
	uint8_t nonce;
};

static struct reply work(void *context, const struct job *job)
{
	char *body = malloc(1);

	assert_ptr_equal(context, &tpm);
	sem_post(&tpm.started);
	sem_wait(&tpm.go);
	body[0] = (char)job->request.nonce[0];
	return (struct reply){.status = 200, .body = body, .bytes = 1};
}

static void done(void *owner, struct reply reply)
{
	struct waiter *waiter = owner;

	assert_int_equal(waiter->status, 0);
	waiter->status = reply.status;
	waiter->nonce = (uint8_t)reply.body[0];
	reply_free(&reply);
	sem_post(&tpm.done);
}

static void end(void *context)
{
	assert_ptr_equal(context, &tpm);
	assert_false(tpm.left);
	sem_wait(&tpm.leave);
	tpm.left = true;
}

static struct queue *start(void)
{
	const struct queue_hooks hooks = {.work = work, .end = end, .context = &tpm};

	tpm.left = false;

	sem_init(&tpm.started, 0, 0);
	sem_init(&tpm.go, 0, 0);
	sem_init(&tpm.done, 0, 0);
	sem_init(&tpm.leave, 0, 1);
	return queue_start(&hooks, LIMIT, PATIENCE_MS);
}

static bool submit_from(struct queue *queue, struct waiter *waiter, uint8_t nonce, uint64_t source)
{
	const struct job job = {.kind = JOB_EVIDENCE, .done = done, .source = source, .request = {.nonce = {nonce}}};

	return queue_submit(queue, &job, waiter);
}

static bool submit(struct queue *queue, struct waiter *waiter, uint8_t nonce)
{
	return submit_from(queue, waiter, nonce, 1);
}

static void stop(struct queue *queue)
{
	struct waiter late = {0};

	assert_true(queue_stop(queue, STOP_MS));
	assert_true(tpm.left);
	assert_false(submit(queue, &late, 1));
	queue_free(queue);
}

static void jobs_are_done_in_order(void **state)
{
	struct queue *queue = start();
	struct waiter waiters[LIMIT] = {0};

	(void)state;
	for (uint8_t i = 0; i < LIMIT; i++)
		assert_true(submit(queue, &waiters[i], (uint8_t)(i + 1)));
	for (size_t i = 0; i < LIMIT; i++) {
		sem_post(&tpm.go);
		sem_wait(&tpm.done);
		assert_int_equal(waiters[i].status, 200);
		assert_int_equal(waiters[i].nonce, i + 1);
	}
	stop(queue);
}

/* One job is done; it must have been this one. */
static void expect_done(struct waiter *waiter)
{
	assert_int_equal(waiter->status, 0);
	sem_post(&tpm.go);
	sem_wait(&tpm.done);
	assert_int_equal(waiter->status, 200);
}

/* A newcomer passes all but the first of each earlier client, and no later one passes it. */
static void sources_take_turns(void **state)
{
	struct queue *queue = start();
	struct waiter running = {0}, greedy[2] = {0}, modest = {0}, later = {0};

	(void)state;
	assert_true(submit_from(queue, &running, 1, 1));
	sem_wait(&tpm.started);
	assert_true(submit_from(queue, &greedy[0], 2, 1));
	assert_true(submit_from(queue, &greedy[1], 3, 1));
	assert_true(submit_from(queue, &modest, 4, 2));
	expect_done(&running);
	expect_done(&greedy[0]);
	assert_true(submit_from(queue, &later, 5, 2)); /* its first one has not been served */
	expect_done(&modest);
	expect_done(&greedy[1]);
	expect_done(&later);
	stop(queue);
}

/* The last job of who has most waits no longer; the newcomer's second job has no earlier turn than what is there. */
static void full_queue_makes_room_for_others(void **state)
{
	struct queue *queue = start();
	struct waiter running = {0}, greedy[LIMIT] = {0}, modest = {0}, more[2] = {0};

	(void)state;
	assert_true(submit_from(queue, &running, 1, 1));
	sem_wait(&tpm.started);
	for (size_t i = 0; i < LIMIT; i++)
		assert_true(submit_from(queue, &greedy[i], 2, 1));
	assert_false(submit_from(queue, &more[0], 3, 1));
	assert_true(submit_from(queue, &modest, 4, 2));
	sem_wait(&tpm.done);
	assert_int_equal(greedy[LIMIT - 1].status, 503);
	assert_false(submit_from(queue, &more[1], 5, 2));
	expect_done(&running);
	expect_done(&greedy[0]);
	expect_done(&modest);
	expect_done(&greedy[1]);
	stop(queue);
}

static void full_queue_refuses(void **state)
{
	struct queue *queue = start();
	struct waiter waiters[LIMIT + 2] = {0};

	(void)state;
	assert_true(submit(queue, &waiters[0], 1));
	sem_wait(&tpm.started); /* from here on it does not wait any more, it runs */
	for (size_t i = 1; i <= LIMIT; i++)
		assert_true(submit(queue, &waiters[i], 1));
	assert_false(submit(queue, &waiters[LIMIT + 1], 1));
	for (size_t i = 0; i <= LIMIT; i++)
		sem_post(&tpm.go);
	for (size_t i = 0; i <= LIMIT; i++)
		sem_wait(&tpm.done);
	assert_int_equal(waiters[LIMIT + 1].status, 0);
	stop(queue);
}

static void who_waits_too_long_is_told(void **state)
{
	struct queue *queue = start();
	struct waiter running = {0}, waiting = {0}, later = {0};
	const int64_t begun_ms = clock_ms();

	(void)state;
	assert_true(submit(queue, &running, 1));
	sem_wait(&tpm.started);
	assert_true(submit(queue, &waiting, 2));
	queue_expire(queue, begun_ms + PATIENCE_MS - 1);
	assert_int_equal(running.status, 0);
	queue_expire(queue, clock_ms() + PATIENCE_MS);
	assert_int_equal(running.status, 503);
	assert_int_equal(waiting.status, 503);

	/* The late answer is dropped, the job that was given up is not begun. */
	sem_post(&tpm.go);
	assert_true(submit(queue, &later, 3));
	sem_wait(&tpm.started);
	sem_post(&tpm.go);
	for (int i = 0; i < 3; i++)
		sem_wait(&tpm.done);
	assert_int_equal(later.status, 200);
	assert_int_equal(later.nonce, 3);
	stop(queue);
}

static void stops_although_the_tpm_does_not_answer(void **state)
{
	struct queue *queue = start();
	struct waiter waiter = {0};

	(void)state;
	assert_true(submit(queue, &waiter, 1));
	sem_wait(&tpm.started);
	assert_false(queue_stop(queue, 0));
	assert_int_equal(waiter.status, 503);
	assert_false(submit(queue, &waiter, 1));
	sem_post(&tpm.go);
	stop(queue);
}

static void stops_although_the_tpm_cannot_be_left(void **state)
{
	struct queue *queue = start();

	(void)state;
	sem_wait(&tpm.leave);
	assert_false(queue_stop(queue, 0));
	sem_post(&tpm.leave);
	stop(queue);
}

static void listen_address_is_numeric_with_a_port(void **state)
{
	static const char *const wrong[] = {"",
					    ":",
					    "8180",
					    ":8180",
					    "127.0.0.1",
					    "127.0.0.1:",
					    "127.0.0.1:65536",
					    "127.0.0.1:-1",
					    "127.0.0.1: 1",
					    "127.0.0.1:0x10",
					    "::1:80",
					    "[::1]",
					    "[]:80",
					    "[::1:80",
					    "localhost:80",
					    "256.0.0.1:80"};
	struct options options;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&options.listen;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&options.listen;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(options_listen(wrong[i], &options));
	assert_true(options_listen("10.1.2.3:65535", &options));
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohs(v4->sin_port), 65535);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0x0a010203);
	assert_int_equal(options.listen_bytes, sizeof(*v4));
	assert_true(options_listen("[::1]:80", &options));
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(v6->sin6_port), 80);
	assert_int_equal(options.listen_bytes, sizeof(*v6));
}

/* An NV index may be larger than its certificate. */
static void padding_of_certificates(void **state)
{
	uint8_t data[1024] = {0x30, 0x82, 0x01, 0x00};

	(void)state;
	assert_int_equal(tpm_der_length(data, sizeof(data)), 4 + 256);
	assert_int_equal(tpm_der_length(data, 4 + 256), 4 + 256);
	assert_int_equal(tpm_der_length(data, 4 + 255), 0);
	assert_int_equal(tpm_der_length(data, 3), 0);
	assert_int_equal(tpm_der_length(data, 0), 0);
	data[2] = 0xff;
	assert_int_equal(tpm_der_length(data, sizeof(data)), 0);
	data[0] = 0x31;
	assert_int_equal(tpm_der_length(data, sizeof(data)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_are_done_in_order),
		cmocka_unit_test(full_queue_refuses),
		cmocka_unit_test(who_waits_too_long_is_told),
		cmocka_unit_test(stops_although_the_tpm_does_not_answer),
		cmocka_unit_test(stops_although_the_tpm_cannot_be_left),
		cmocka_unit_test(sources_take_turns),
		cmocka_unit_test(full_queue_makes_room_for_others),
		cmocka_unit_test(listen_address_is_numeric_with_a_port),
		cmocka_unit_test(padding_of_certificates),
	};

	return cmocka_run_group_tests_name("host_attestd_limits", tests, NULL, NULL);
}
