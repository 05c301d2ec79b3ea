/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quote generation service for TDX guests: a socket to which QEMU connects for each GetQuote
 * (<quoteGenerationService> of libvirt). What comes while the TPM works is the next batch.
 *
 * Every user of the host may connect, and whoever holds the most loses: where there are too many connections, the user
 * that has the most gives way, and of that user's processes the one that has the most. That process loses its oldest
 * connection that has not asked yet, or else its oldest one.
 */
#ifndef ATTESTD_QUOTE_SERVER_H
#define ATTESTD_QUOTE_SERVER_H

#include "evidence.h"
#include "queue.h"

#define QUOTE_CLIENTS_MAX 128u /* one more, and another one goes */

struct quote_server;

/**
 * Listens on the Unix socket 'path', which takes an old one's place and is everybody's: only guests of this boot get
 * something. Starts a thread. Returns NULL after a message.
 * @queue: gets a job of kind JOB_GUESTS while guests wait
 */
struct quote_server *quote_server_start(const char *path, struct queue *queue);

/** Does one job of kind JOB_GUESTS; in the queue's thread. */
void quote_server_work(struct quote_server *server, const struct sources *sources, struct tpm *tpm);

/** Stops listening and ends all connections. The queue has ended, or its thread hangs. */
void quote_server_stop(struct quote_server *server);

#endif
