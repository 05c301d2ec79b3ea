/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the paths of the protocol mean (docs/protocol.md), and the limits on what an answer costs.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connections.h"
#include "device.h"
#include "exchange.h"
#include "http.h"
#include "metrics.h"

#define PATH_LOGS "/v1/logs/"

static bool answer(struct exchange *exchange, struct reply reply)
{
	exchange->reply = reply;
	return true;
}

bool exchange_refuse(struct exchange *exchange, const struct failure *failure)
{
	return answer(exchange, answer_failure(failure));
}

/* Reserves memory for an answer with logs. */
static bool reserve(struct exchange *exchange, struct failure *failure)
{
	if (connection_reserve(exchange->slot, exchange_is_evidence(exchange)))
		return true;
	return failed_with(failure, UNAVAILABLE, "overloaded", NULL,
			   "as many requests are being served as there is room for; ask again later");
}

static void done(void *owner, struct reply reply)
{
	struct exchange *exchange = owner;

	exchange->reply = reply;
	MHD_resume_connection(exchange->connection); /* from here on it may be gone */
}

/* Suspends the request until the queue has its answer. */
static bool submit(struct exchange *exchange, struct job *job)
{
	struct failure failure;

	job->done = done;
	job->source = connection_source(exchange->slot);
	if (!reserve(exchange, &failure))
		return exchange_refuse(exchange, &failure);
	exchange->waits = true;
	connection_enters(exchange->slot, CONNECTION_WAITS, clock_ms());
	MHD_suspend_connection(exchange->connection);
	if (!queue_submit(exchange->http->queue, job, exchange)) {
		failed_with(&failure, UNAVAILABLE, "overloaded", NULL,
			    "too many requests wait for the TPM; ask again later");
		done(exchange, answer_failure(&failure));
	}
	return false;
}

static bool serve_identity(struct exchange *exchange)
{
	return submit(exchange, &(struct job){.kind = JOB_IDENTITY});
}

/*
 * Whoever ends a tenant's TLS connection in between has another key. Evidence for that channel is never made here, so
 * nothing in between can pass it on.
 */
static bool own_channel(const struct tls *tls, const struct evidence_request *request, struct failure *failure)
{
	if (memcmp(request->channel, tls->channel, sizeof(tls->channel)) == 0)
		return true;
	if (!tls->key)
		return failed_with(
			failure, MHD_HTTP_BAD_REQUEST, "other-channel", "channel",
			"must be zeros: this service speaks plain HTTP, so it is not at your connection's end");
	return failed_with(failure, MHD_HTTP_BAD_REQUEST, "other-channel", "channel",
			   "must be the SHA-256 of this service's TLS key: something in between ends your connection");
}

static bool serve_evidence(struct exchange *exchange)
{
	struct job job = {.kind = JOB_EVIDENCE};
	struct failure failure;

	if (!evidence_request_parse(exchange->body, exchange->body_bytes, &job.request, &failure) ||
	    !own_channel(exchange->http->tls, &job.request, &failure))
		return exchange_refuse(exchange, &failure);
	return submit(exchange, &job);
}

static bool serve_enrol(struct exchange *exchange)
{
	struct job job = {.kind = JOB_ENROL};
	struct failure failure;

	if (!enrol_request_parse(exchange->body, exchange->body_bytes, &job.enrol, &failure))
		return exchange_refuse(exchange, &failure);
	return submit(exchange, &job);
}

/* Takes over a log's bytes. */
static struct reply log_reply(struct log *log)
{
	const struct reply reply = {.status = MHD_HTTP_OK,
				    .type = "application/octet-stream",
				    .body = (char *)log->content.data,
				    .bytes = log->content.bytes};

	log->content = (struct blob){0};
	return reply;
}

/* The log with a digest. */
static bool find_log(const struct sources *sources, const char *digest, struct reply *reply, struct failure *failure)
{
	uint8_t wanted[SHA256_BYTES];
	struct logs logs;
	bool found;

	if (!hex_decode(digest, wanted))
		return failed_with(failure, MHD_HTTP_BAD_REQUEST, "bad-field", "sha256",
				   "must be a SHA-256 digest in lower-case hexadecimal");
	found = logs_read(sources, &logs, failure);
	if (found && memcmp(wanted, logs.tcg.sha256, sizeof(wanted)) == 0)
		*reply = log_reply(&logs.tcg);
	else if (found && memcmp(wanted, logs.hv.sha256, sizeof(wanted)) == 0)
		*reply = log_reply(&logs.hv);
	else if (found)
		found = failed_with(failure, MHD_HTTP_NOT_FOUND, "no-such-log", "sha256",
				    "no log of this boot has that digest");
	logs_free(&logs);
	return found;
}

static bool serve_log(struct exchange *exchange)
{
	struct reply reply = {0};
	struct failure failure;

	if (!reserve(exchange, &failure) || !find_log(exchange->http->sources, exchange->digest, &reply, &failure))
		return exchange_refuse(exchange, &failure);
	return answer(exchange, reply);
}

static bool serve_metrics(struct exchange *exchange)
{
	struct reply reply = {.status = MHD_HTTP_OK, .type = "text/plain; version=0.0.4"};
	const int device = device_open(exchange->http->sources->device);
	struct hv_stats stats;
	const bool there = device >= 0 && device_stats(device, &stats) == 0;
	const struct domains *guests = guest_list_take(&exchange->http->guests, device);

	reply.body = metrics_text(there ? &stats : NULL, there ? guests : NULL, &reply.bytes);
	guest_list_done(&exchange->http->guests);
	if (device >= 0)
		close(device);
	return answer(exchange, reply);
}

static const struct route routes[] = {
	{"/v1/identity", "GET", false, serve_identity},
	{"/v1/evidence", "POST", false, serve_evidence},
	{PATH_LOGS, "GET", true, serve_log},
	{"/v1/metrics", "GET", false, serve_metrics},
	{"/v1/enrol", "POST", false, serve_enrol},
};

const struct route *route_find(const char *url)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const size_t length = strlen(routes[i].path);

		if (strncmp(url, routes[i].path, length) == 0 && (routes[i].prefix || url[length] == '\0'))
			return &routes[i];
	}
	return NULL;
}

bool exchange_is_evidence(const struct exchange *exchange)
{
	return exchange->route && exchange->route->serve == serve_evidence;
}
