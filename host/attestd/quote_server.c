/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quote_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "event.h"
#include "guest_quotes.h"
#include "metrics.h"
#include "quote_client.h"

#define HTTP_OK 200u
#define SLOTS   (QUOTE_CLIENTS_MAX + 1) /* one is free: for the next one, for which another one goes */
#define DEAF_MS 100                     /* after a connection that could not be taken, for want of files or memory */

struct quote_server {
	struct queue *queue;
	int listener, wake; /* a socket; an eventfd */
	pthread_t thread;
	pthread_mutex_t lock; /* for everything below */
	bool stopping;
	bool job; /* the queue has one */
	bool deaf;
	uint64_t numbers;
	struct quote_client clients[SLOTS];
};

static void wake_up(const struct quote_server *server)
{
	const uint64_t one = 1;

	(void)!write(server->wake, &one, sizeof(one)); /* it cannot fail but when it is full, and then it wakes */
}

/* The functions on clients are called with the lock held. */

static struct quote_client *find_free(struct quote_server *server)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (server->clients[i].state == CLIENT_FREE)
			return &server->clients[i];
	return NULL;
}

/* What makes a connection give way. */
struct share {
	unsigned of_user, of_process; /* connections */
	bool asked;
	uint64_t number;
};

static struct share share_of(const struct quote_server *server, const struct quote_client *client)
{
	struct share share = {.asked = client->state != CLIENT_READS, .number = client->number};

	for (size_t i = 0; i < SLOTS; i++) {
		const struct quote_client *other = &server->clients[i];
		const bool same_user = other->state != CLIENT_FREE && other->peer.uid == client->peer.uid;

		share.of_user += same_user;
		share.of_process += same_user && other->peer.pid == client->peer.pid;
	}
	return share;
}

/* Users come first: a process can fork. Among QEMUs, which are all one user's, the processes count. */
static bool gives_way(const struct share *share, const struct share *other)
{
	if (share->of_user != other->of_user)
		return share->of_user > other->of_user;
	if (share->of_process != other->of_process)
		return share->of_process > other->of_process;
	if (share->asked != other->asked)
		return other->asked;
	return share->number < other->number;
}

/* Closes one of the connections, which take all slots. */
static void make_room(struct quote_server *server)
{
	struct quote_client *closed = &server->clients[0];
	struct share most = share_of(server, closed);

	for (size_t i = 1; i < SLOTS; i++) {
		const struct share share = share_of(server, &server->clients[i]);

		if (gives_way(&share, &most)) {
			closed = &server->clients[i];
			most = share;
		}
	}
	quote_client_close(closed);
	count(COUNT_DISPLACED);
}

static void welcome(struct quote_server *server)
{
	const int connection = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	server->deaf = connection < 0;
	if (connection < 0)
		return;
	quote_client_begin(find_free(server), connection, ++server->numbers);
	if (!find_free(server))
		make_room(server);
}

/* Of those that wait, the one that came first; NULL if none does. */
static struct quote_client *first_waiting(struct quote_server *server)
{
	struct quote_client *first = NULL;

	for (size_t i = 0; i < SLOTS; i++) {
		struct quote_client *client = &server->clients[i];

		if (client->state == CLIENT_WAITS && (!first || client->number < first->number))
			first = client;
	}
	return first;
}

/* All that wait, or are in work, have no quote. */
static void fail_all(struct quote_server *server)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (server->clients[i].state == CLIENT_WAITS || server->clients[i].state == CLIENT_IN_WORK)
			quote_client_answer(&server->clients[i], QUOTE_E_UNEXPECTED, NULL, 0);
}

/* The queue's job is over, or was given up. */
static void done(void *owner, struct reply reply)
{
	struct quote_server *server = owner;

	pthread_mutex_lock(&server->lock);
	server->job = false;
	if (reply.status != HTTP_OK)
		fail_all(server);
	pthread_mutex_unlock(&server->lock);
	reply_free(&reply);
	wake_up(server);
}

/* The queue may call done() in here. */
static void submit(struct quote_server *server)
{
	const struct job job = {.kind = JOB_GUESTS, .done = done, .guests = server};
	bool needed;

	pthread_mutex_lock(&server->lock);
	needed = !server->job && first_waiting(server);
	server->job = server->job || needed;
	pthread_mutex_unlock(&server->lock);
	if (needed && !queue_submit(server->queue, &job, server))
		done(server, (struct reply){0});
}

/* What is to be polled: the listener and the eventfd come first. Returns how many. */
static nfds_t fill(struct quote_server *server, struct pollfd *polled, struct quote_client **of)
{
	nfds_t count = 2;

	polled[0] = (struct pollfd){.fd = server->deaf ? -1 : server->listener, .events = POLLIN};
	polled[1] = (struct pollfd){.fd = server->wake, .events = POLLIN};
	for (size_t i = 0; i < SLOTS; i++) {
		struct quote_client *client = &server->clients[i];

		if (client->state != CLIENT_READS && client->state != CLIENT_WRITES)
			continue;
		of[count] = client;
		polled[count++] = (struct pollfd){.fd = client->socket,
						  .events = client->state == CLIENT_READS ? POLLIN : POLLOUT};
	}
	return count;
}

static void serve(struct quote_server *server, const struct pollfd *polled, struct quote_client **of, nfds_t count)
{
	for (nfds_t i = 2; i < count; i++) {
		if (polled[i].revents != 0)
			quote_client_go_on(of[i]);
		quote_client_expire(of[i], clock_ms());
	}
	if (polled[0].revents != 0)
		welcome(server);
}

/* How long to poll, in milliseconds; -1: until something comes. */
static int patience(const struct quote_server *server, nfds_t count)
{
	if (server->deaf)
		return DEAF_MS;
	return count > 2 ? CLIENT_SILENCE_MS : -1;
}

static void *loop(void *argument)
{
	struct quote_server *server = argument;
	struct pollfd polled[SLOTS + 2];
	struct quote_client *of[SLOTS + 2];
	uint64_t woken;

	pthread_mutex_lock(&server->lock);
	while (!server->stopping) {
		const nfds_t count = fill(server, polled, of);
		const int patience_ms = patience(server, count);

		server->deaf = false;
		pthread_mutex_unlock(&server->lock);
		poll(polled, count, patience_ms);
		if (polled[1].revents != 0)
			(void)!read(server->wake, &woken, sizeof(woken));
		pthread_mutex_lock(&server->lock);
		serve(server, polled, of, count);
		pthread_mutex_unlock(&server->lock);
		submit(server);
		pthread_mutex_lock(&server->lock);
	}
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

/* The next guests, in the order in which they came, and whose they are. Returns how many. */
static size_t take_batch(struct quote_server *server, struct guest_quote *quotes, struct quote_client **of,
			 uint64_t *numbers)
{
	struct quote_client *client;
	size_t count = 0;

	while (count < GUEST_QUOTES_MAX && (client = first_waiting(server)) != NULL) {
		client->state = CLIENT_IN_WORK;
		quotes[count].report = client->report;
		of[count] = client;
		numbers[count++] = client->number;
	}
	return count;
}

static void give_answers(const struct guest_quote *quotes, size_t count, struct quote_client **of,
			 const uint64_t *numbers)
{
	for (size_t i = 0; i < count; i++)
		if (of[i]->state == CLIENT_IN_WORK && of[i]->number == numbers[i])
			quote_client_answer(of[i], quotes[i].error, quotes[i].evidence.body, quotes[i].evidence.bytes);
}

static void make(struct quote_server *server, const struct sources *sources, struct tpm *tpm,
		 struct guest_quote *quotes)
{
	struct quote_client *of[GUEST_QUOTES_MAX];
	uint64_t numbers[GUEST_QUOTES_MAX];
	struct failure failure;
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = take_batch(server, quotes, of, numbers);
	pthread_mutex_unlock(&server->lock);
	if (count > 0 && !guest_quotes_make(sources, tpm, quotes, count, &failure))
		event("no evidence for %zu guests: %s: %s", count, failure.code, failure.message);
	pthread_mutex_lock(&server->lock);
	give_answers(quotes, count, of, numbers);
	pthread_mutex_unlock(&server->lock);
	for (size_t i = 0; i < count; i++)
		reply_free(&quotes[i].evidence);
}

void quote_server_work(struct quote_server *server, const struct sources *sources, struct tpm *tpm)
{
	struct guest_quote *quotes = calloc(GUEST_QUOTES_MAX, sizeof(*quotes));

	if (quotes) {
		make(server, sources, tpm, quotes);
	} else {
		pthread_mutex_lock(&server->lock);
		fail_all(server);
		pthread_mutex_unlock(&server->lock);
	}
	free(quotes);
}

/* What an earlier service left; nothing else is removed. */
static void remove_old(const char *path)
{
	struct stat found;

	if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode))
		unlink(path);
}

/* Connecting needs the right to write to the socket. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (listener < 0 || strlen(path) >= sizeof(address.sun_path)) {
		errno = listener < 0 ? errno : ENAMETOOLONG;
	} else {
		strcpy(address.sun_path, path);
		remove_old(path);
		if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0 && chmod(path, 0666) == 0 &&
		    listen(listener, SOMAXCONN) == 0)
			return listener;
	}
	event("--guest-quotes %s: %s", path, strerror(errno));
	if (listener >= 0)
		close(listener);
	return -1;
}

struct quote_server *quote_server_start(const char *path, struct queue *queue)
{
	const int listener = listen_at(path);
	struct quote_server *server = listener >= 0 ? calloc(1, sizeof(*server)) : NULL;

	if (!server) {
		if (listener >= 0)
			close(listener);
		return NULL;
	}
	server->queue = queue;
	server->listener = listener;
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&server->lock, NULL);
	if (server->wake >= 0 && pthread_create(&server->thread, NULL, loop, server) == 0)
		return server;
	event("--guest-quotes: no thread for it");
	if (server->wake >= 0)
		close(server->wake);
	close(listener);
	free(server);
	return NULL;
}

void quote_server_stop(struct quote_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_mutex_unlock(&server->lock);
	wake_up(server);
	pthread_join(server->thread, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		if (server->clients[i].state != CLIENT_FREE)
			quote_client_close(&server->clients[i]);
	close(server->listener);
	close(server->wake);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
