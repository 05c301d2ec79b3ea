/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quote_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

void quote_client_begin(struct quote_client *client, int connection, uint64_t number)
{
	socklen_t bytes = sizeof(client->peer);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &client->peer, &bytes) != 0)
		client->peer = (struct ucred){.uid = (uid_t)-1};
	client->state = CLIENT_READS;
	client->socket = connection;
	client->number = number;
	client->deadline_ms = clock_ms() + CLIENT_SILENCE_MS;
	client->got = 0;
}

void quote_client_close(struct quote_client *client)
{
	close(client->socket);
	client->state = CLIENT_FREE;
}

void quote_client_answer(struct quote_client *client, enum quote_error error, const void *quote, size_t bytes)
{
	client->answer_bytes = quote_answer(error, quote, error == QUOTE_OK ? bytes : 0, client->answer);
	client->sent = 0;
	client->deadline_ms = clock_ms() + CLIENT_SILENCE_MS;
	client->state = CLIENT_WRITES;
}

/* A whole request, or the beginning of what can be none. */
static void take_request(struct quote_client *client)
{
	enum quote_error error;

	if (client->got >= 4 && !quote_request_length(client->request)) {
		quote_client_answer(client, QUOTE_E_SIZE, NULL, 0);
	} else if (client->got == sizeof(client->request)) {
		error = quote_request_parse(client->request, &client->report);
		if (error != QUOTE_OK)
			quote_client_answer(client, error, NULL, 0);
		else
			client->state = CLIENT_WAITS;
	}
}

static bool can_try_again(ssize_t bytes)
{
	return bytes < 0 && (errno == EAGAIN || errno == EINTR);
}

static void read_part(struct quote_client *client)
{
	const ssize_t bytes =
		recv(client->socket, client->request + client->got, sizeof(client->request) - client->got, 0);

	if (can_try_again(bytes))
		return;
	if (bytes <= 0) {
		quote_client_close(client);
		return;
	}
	client->got += (size_t)bytes;
	client->deadline_ms = clock_ms() + CLIENT_SILENCE_MS;
	take_request(client);
}

static void write_part(struct quote_client *client)
{
	const ssize_t bytes =
		send(client->socket, client->answer + client->sent, client->answer_bytes - client->sent, MSG_NOSIGNAL);

	if (can_try_again(bytes))
		return;
	client->sent += bytes > 0 ? (size_t)bytes : 0;
	client->deadline_ms = clock_ms() + CLIENT_SILENCE_MS;
	if (bytes < 0 || client->sent == client->answer_bytes)
		quote_client_close(client);
}

void quote_client_go_on(struct quote_client *client)
{
	if (client->state == CLIENT_READS)
		read_part(client);
	else if (client->state == CLIENT_WRITES)
		write_part(client);
}

void quote_client_expire(struct quote_client *client, int64_t now_ms)
{
	if ((client->state == CLIENT_READS || client->state == CLIENT_WRITES) && client->deadline_ms < now_ms)
		quote_client_close(client);
}
