/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol's requests over HTTP/1.1 (docs/protocol.md). */
#ifndef ATTESTD_HTTP_H
#define ATTESTD_HTTP_H

#include <stdint.h>

#include "options.h"
#include "queue.h"
#include "tls.h"

struct http;

/**
 * Starts to listen. Returns NULL after a message.
 * @tls: without a key for plain HTTP; stays the caller's, and stays until http_stop
 */
struct http *http_start(const struct options *options, const struct tls *tls, struct queue *queue);

/** The port that the service listens on. */
uint16_t http_port(const struct http *http);

/** Stops listening and ends all connections. No request may wait for the queue any more. */
void http_stop(struct http *http);

#endif
