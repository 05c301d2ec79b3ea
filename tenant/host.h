/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host to ask, and what must be true of the connection to it. */
#ifndef TENANT_HOST_H
#define TENANT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/evidence.h"

struct host {
	const char *url;    /* "https://host:port", also without "https://"; or "http://..." */
	const char *cacert; /* authorities, PEM: one must vouch for the host; NULL: none need */
	bool pinned;
	uint8_t pin[NONCE_BYTES]; /* if pinned: the hash that its key must have, as channel_of gives it */
	long timeout_s;           /* for everything together, 1 or more */
};

#define HOST_TIMEOUT_S 30 /* unless the user says otherwise */

/**
 * Reads the values of --pin and --timeout. On failure says why on standard error, in the name of
 * 'command'.
 */
bool host_parse_pin(struct host *host, const char *text, const char *command);
bool host_parse_timeout(struct host *host, const char *text, const char *command);

/** Can that be asked? On failure says why on standard error. Call it when all options were read. */
bool host_check(const struct host *host, const char *command);

#endif
