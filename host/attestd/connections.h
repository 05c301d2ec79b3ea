/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The open connections and their age. libmicrohttpd ends a connection that is silent; one that sends a byte now
 * and then, or reads its answer that slowly, would live for ever without this.
 */
#ifndef ATTESTD_CONNECTIONS_H
#define ATTESTD_CONNECTIONS_H

#include <stdint.h>

#define CONNECTIONS_MAX    1024u
#define CONNECTION_LIFE_MS 60000

/** Notes a new connection. Returns its slot, or -1 without a free one. */
int connection_opened(int socket, int64_t now_ms);

/** The connection in 'slot' is about to be closed; -1 is allowed. */
void connection_closed(int slot);

/** Shuts down what is older than CONNECTION_LIFE_MS. Returns how many. */
unsigned connections_expire(int64_t now_ms);

#endif
