/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request and its answer, between the files that serve it: http.c (HTTP) and routes.c (what a
 * path means).
 */
#ifndef ATTESTD_EXCHANGE_H
#define ATTESTD_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "guest_list.h"
#include "queue.h"
#include "tls.h"

#define UNAVAILABLE 503u

struct http {
	struct MHD_Daemon *daemon;
	struct queue *queue;
	const struct sources *sources;
	const struct tls *tls;
	struct guest_list guests;
};

struct exchange {
	struct http *http;
	struct MHD_Connection *connection;
	int slot;                    /* of the connection, in connections.h */
	const struct route *route;   /* NULL for none of ours */
	char digest[SHA256_HEX + 2]; /* of the path, after a route's prefix; one byte more shows that it is too long */
	char peer[64], method[8];    /* for the log */
	int64_t began_ms;
	char body[REQUEST_MAX_BYTES];
	size_t body_bytes; /* may be larger than 'body': the surplus is discarded */
	bool waits;        /* was handed to the queue */
	struct reply reply;
};

struct route {
	const char *path, *method;
	bool prefix;                              /* the path goes on */
	bool (*serve)(struct exchange *exchange); /* true: answered; false: the queue will */
};

/** The route of a URL's path, or NULL. */
const struct route *route_find(const char *url);

/** Does the exchange ask for evidence? */
bool exchange_is_evidence(const struct exchange *exchange);

/** Answers with a failure. Returns true: answered. */
bool exchange_refuse(struct exchange *exchange, const struct failure *failure);

#endif
