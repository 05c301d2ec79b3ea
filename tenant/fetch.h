/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a host's attestation service. */
#ifndef TENANT_FETCH_H
#define TENANT_FETCH_H

#include "policy/evidence.h"
#include "tenant/file.h"
#include "tenant/host.h"
#include "tenant/transport.h"

/**
 * POST, or GET without a request. Nothing proves whose answer it is, unless the host has a pin or
 * an authority.
 * @path:    "/v1/identity"
 * @request: JSON, or NULL
 * @answer:  the body; free with file_free whatever the result
 * Returns false with the cause in 'error'.
 */
bool fetch(const struct host *host, const char *path, const char *request, struct file *answer,
	   struct transport_error *error);

/**
 * POST /v1/evidence.
 * @challenge: its channel is set to that of the connection of the request, zeros over plain HTTP
 * @known:     logs that the host need not send
 * @answer, result: as of fetch
 */
bool fetch_evidence(const struct host *host, struct challenge *challenge, const struct known_logs *known,
		    struct file *answer, struct transport_error *error);

#endif
