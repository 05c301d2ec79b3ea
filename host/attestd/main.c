/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attestd: hands out evidence of how this host was started. It proves nothing itself; see docs/protocol.md. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "connections.h"
#include "event.h"
#include "http.h"
#include "metrics.h"
#include "options.h"
#include "queue.h"
#include "quote_server.h"
#include "tls.h"

#define JOBS_MAX     64u
#define TICK_MS      200
#define HTTP_OK      200u
#define STOP_WAIT_MS 2000
#define FILES_NEEDED (CONNECTIONS_MAX + QUOTE_CLIENTS_MAX + 64u) /* descriptors: connections', and others */

enum exit_code { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct service {
	const struct sources *sources;
	struct tpm *tpm;
};

static bool identity(struct service *service, struct reply *reply, struct failure *failure)
{
	const struct tpm_identity *keys = tpm_identity(service->tpm, failure);
	struct hk_statement statement;
	bool present;

	if (!keys || !statement_read(service->sources, &statement, &present, failure))
		return false;
	*reply = answer_identity(keys, present ? &statement : NULL);
	return true;
}

static bool evidence(struct service *service, const struct evidence_request *request, struct reply *reply,
		     struct failure *failure)
{
	struct challenge challenge = {.purpose = "cloister-evidence-1", .bytes = 2 * sizeof(request->nonce)};
	struct evidence gathered;
	bool ok;

	memcpy(challenge.data, request->nonce, sizeof(request->nonce));
	memcpy(challenge.data + sizeof(request->nonce), request->channel, sizeof(request->channel));
	ok = evidence_gather(service->sources, service->tpm, &challenge, &gathered, failure);

	if (ok)
		*reply = answer_evidence(&gathered, request);
	evidence_free(&gathered);
	return ok;
}

static bool enrol(struct service *service, const struct enrol_request *request, struct reply *reply,
		  struct failure *failure)
{
	struct tpm_secret secret;

	if (!tpm_activate(service->tpm, request, &secret, failure))
		return false;
	*reply = answer_enrol(&secret);
	return true;
}

/* Their answers go to their own connections. */
static bool guests(const struct service *service, struct quote_server *server, struct reply *reply)
{
	quote_server_work(server, service->sources, service->tpm);
	*reply = (struct reply){.status = HTTP_OK};
	return true;
}

/* One job, in the queue's thread. */
static struct reply work(void *context, const struct job *job)
{
	struct reply reply = {0};
	struct failure failure;
	bool ok;

	switch (job->kind) {
	case JOB_IDENTITY:
		ok = identity(context, &reply, &failure);
		break;
	case JOB_EVIDENCE:
		ok = evidence(context, &job->request, &reply, &failure);
		break;
	case JOB_ENROL:
		ok = enrol(context, &job->enrol, &reply, &failure);
		break;
	case JOB_GUESTS:
		ok = guests(context, job->guests, &reply);
		break;
	default:
		ok = failed_with(&failure, 503, "bad-job", NULL, "unknown kind of job; report this as a defect");
	}
	return ok ? reply : answer_failure(&failure);
}

/* A TPM that hangs holds the queue's thread here, not the end of the service. */
static void leave(void *context)
{
	const struct service *service = context;

	tpm_close(service->tpm);
}

/* The first job is the service's own: later requests find the TPM open, and its keys made. */
static void told_ready(void *owner, struct reply reply)
{
	(void)owner;
	event("%s", reply.status == HTTP_OK ? "ready" : "not ready: the TPM or the hypervisor has no answer yet");
	reply_free(&reply);
}

/* The default of 1,024 descriptors is less than the connections that are allowed. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_NEEDED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_NEEDED ? limit.rlim_max : FILES_NEEDED;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		event("at most %llu files can be open: %s", (unsigned long long)limit.rlim_cur, strerror(errno));
}

static sigset_t stop_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	return signals;
}

/* Until a signal says stop: gives up what waits too long. */
static void watch(struct queue *queue)
{
	const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
	const sigset_t signals = stop_signals();

	while (sigtimedwait(&signals, NULL, &tick) < 0) {
		const unsigned expired = connections_expire(clock_ms());

		queue_expire(queue, clock_ms());
		if (expired > 0)
			event("%u connections shut down after %d s", expired, CONNECTION_LIFE_MS / 1000);
	}
}

/* What listens, and hands jobs to the queue. */
struct listeners {
	struct http *http;
	struct quote_server *guests; /* NULL: no quotes for guests */
};

static bool listen_all(const struct options *options, const struct tls *tls, struct queue *queue,
		       struct listeners *listeners)
{
	listeners->http = http_start(options, tls, queue);
	if (!listeners->http) {
		event("cannot listen, or out of memory; see --listen");
		return false;
	}
	event("%s: listening on port %u, %s", CLOISTER_VERSION, http_port(listeners->http),
	      tls->key ? "TLS" : "plain HTTP");
	if (!options->guest_quotes)
		return true;
	listeners->guests = quote_server_start(options->guest_quotes, queue);
	if (listeners->guests)
		event("quotes for guests at %s", options->guest_quotes);
	return listeners->guests != NULL;
}

/* Ends what was started, whether or not all of it was. */
static void end_all(struct queue *queue, const struct listeners *listeners, enum exit_code code)
{
	const bool idle = queue_stop(queue, STOP_WAIT_MS);

	if (listeners->http)
		http_stop(listeners->http);
	event("stopped");
	if (!idle)
		_exit(code); /* the TPM still holds the queue's thread */
	if (listeners->guests)
		quote_server_stop(listeners->guests);
	queue_free(queue);
}

static enum exit_code run(const struct options *options, const struct tls *tls, struct service *service)
{
	const struct queue_hooks hooks = {.work = work, .end = leave, .context = service};
	struct queue *queue = queue_start(&hooks, JOBS_MAX, (int64_t)options->timeout_s * 1000);
	struct listeners listeners = {NULL, NULL};
	enum exit_code code = EXIT_FAILED;

	if (!queue) {
		event("out of memory");
		return EXIT_FAILED;
	}
	if (listen_all(options, tls, queue, &listeners)) {
		code = EXIT_STOPPED;
		queue_submit(queue, &(struct job){.kind = JOB_IDENTITY, .done = told_ready}, service);
		watch(queue);
	}
	end_all(queue, &listeners, code);
	return code;
}

/* For plain HTTP there is none. */
static bool get_key(const struct options *options, struct tls *tls)
{
	char hash[BASE64_32 + 1];

	if (options->plain_http)
		return true;
	if (!(options->tls_key ? tls_load(options->tls_key, options->tls_cert, tls) : tls_make(tls)))
		return false;
	base64_32(tls->channel, hash);
	event("TLS: tenants may ask with --pin sha256//%s", hash);
	return true;
}

int main(int argc, char **argv)
{
	const sigset_t signals = stop_signals();
	struct tls tls = {0};
	struct service service;
	struct options options;
	enum exit_code code;

	switch (options_parse(argc, argv, &options)) {
	case OPTIONS_DONE:
		return EXIT_STOPPED;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	setenv("TSS2_LOG", "all+none", 0); /* event() reports errors */
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	allow_files();
	service = (struct service){.sources = &options.sources, .tpm = tpm_new(&options.tpm)};
	code = service.tpm && get_key(&options, &tls) ? run(&options, &tls, &service) : EXIT_FAILED;
	tls_free(&tls);
	tpm_free(service.tpm);
	return code;
}
