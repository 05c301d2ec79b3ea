/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The open connections: how long each may take in its phase, and which is closed when there are too many.
 * libmicrohttpd ends a connection that is silent; one that sends a byte now and then, or reads its answer that slowly,
 * ends here.
 *
 * Whoever opens the most loses: where a limit is reached, the oldest connection of the address that has the most is
 * shut down, so that a newcomer is always served. An address is an IPv4 address or an IPv6 network of 64 bits.
 */
#ifndef ATTESTD_CONNECTIONS_H
#define ATTESTD_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX    2048u /* also those that were shut down and are about to be closed */
#define CONNECTIONS_OPEN   1984u /* one more, and another one goes */
#define CONNECTION_HEAD_MS 15000 /* from its start, TLS included, until its headers are there */
#define CONNECTION_BODY_MS 15000 /* from then until its body is there */
#define CONNECTION_LIFE_MS 60000 /* in all */
#define ANSWERS_MAX        96u   /* answers with logs that are in memory at a time */
#define ANSWERS_FOR_QUOTES 32u   /* of them, so many are for evidence alone */

/* The phase of a connection. The first two can be displaced by a newcomer, the last one by another answer. */
enum connection_phase { CONNECTION_HEAD, CONNECTION_BODY, CONNECTION_WAITS, CONNECTION_SENDS };

/** Notes a new connection, and shuts down another one if there are too many. Its slot, or -1 without a free one. */
int connection_opened(int socket, const struct sockaddr *peer, int64_t now_ms);

/** The connection goes on to another phase. -1 is allowed, as everywhere below. */
void connection_enters(int slot, enum connection_phase phase, int64_t now_ms);

/**
 * Reserves memory for an answer with logs, until the connection is closed.
 * @evidence: is it evidence? Other answers leave some room for that.
 * Returns false where there is none, and no address has more connections than this one that could lose an answer.
 */
bool connection_reserve(int slot, bool evidence);

/** A number for the address of the peer; 0 if it has none. */
uint64_t connection_source(int slot);

/** The connection is about to be closed. */
void connection_closed(int slot);

/** Shuts down connections that have been in their phase for too long. Returns how many. */
unsigned connections_expire(int64_t now_ms);

struct connections_state {
	unsigned open, waiting, answers;
};

/** The numbers of those that are open, wait for the TPM, and have an answer in memory. */
struct connections_state connections_now(void);

#endif
