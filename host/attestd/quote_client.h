/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to the quote generation service: a request, and an answer. */
#ifndef ATTESTD_QUOTE_CLIENT_H
#define ATTESTD_QUOTE_CLIENT_H

#include <sys/socket.h>

#include "quote_message.h"

#define CLIENT_SILENCE_MS 5000 /* a client that sends or takes nothing is cut off */

/* READS, then WAITS for the queue's thread, IN_WORK there, WRITES. */
enum quote_client_state { CLIENT_FREE, CLIENT_READS, CLIENT_WAITS, CLIENT_IN_WORK, CLIENT_WRITES };

struct quote_client {
	enum quote_client_state state;
	int socket;        /* does not block */
	struct ucred peer; /* who connected */
	uint64_t number;   /* of the connection: a slot may be taken again while its quote is made */
	int64_t deadline_ms;
	uint8_t request[QUOTE_REQUEST_BYTES];
	struct report report; /* the request's, from CLIENT_WAITS on */
	uint8_t answer[QUOTE_ANSWER_BYTES(QUOTE_MAX_BYTES)];
	size_t got, sent, answer_bytes;
};

/** Begins to read from a socket, which the client takes over. */
void quote_client_begin(struct quote_client *client, int connection, uint64_t number);

/** Reads or writes what can be; the state says what came of it. */
void quote_client_go_on(struct quote_client *client);

/** Closes the connection of a client that has been silent for too long. */
void quote_client_expire(struct quote_client *client, int64_t now_ms);

/** From here on the answer is written: a quote of 'bytes' bytes, or an error without one. */
void quote_client_answer(struct quote_client *client, enum quote_error error, const void *quote, size_t bytes);

/** Closes the connection. */
void quote_client_close(struct quote_client *client);

#endif
