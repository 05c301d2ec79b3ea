/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol's requests over HTTP/1.1. One thread serves all connections; a request that needs the TPM is
 * suspended while it waits in the queue. Everything that a client can make grow has a limit here.
 */
#include "http.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connections.h"
#include "event.h"
#include "exchange.h"
#include "metrics.h"

#define SILENCE_S     10u    /* a connection that says nothing for so long is closed */
#define HEADERS_BYTES 16384u /* memory per connection: request line and headers */
#define BACKLOG       4096u
#define DISCARD_MAX   65536u /* of a body that is too long, so much is read to be able to answer */

static const char *header(struct exchange *exchange, const char *name)
{
	const char *value = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	const size_t length = sizeof(json) - 1;

	return strncasecmp(type, json, length) == 0 && strchr("; ", type[length]); /* its end, or parameters */
}

static bool too_large(struct failure *failure)
{
	return failed_with(failure, MHD_HTTP_CONTENT_TOO_LARGE, "too-large", NULL,
			   "a request body has at most %u bytes", REQUEST_MAX_BYTES);
}

/* Checks of the headers alone. */
static bool acceptable(struct exchange *exchange, const char *method, struct failure *failure)
{
	const struct route *route = exchange->route;

	if (!route)
		return failed_with(failure, MHD_HTTP_NOT_FOUND, "no-such-path", NULL,
				   "no such path; see docs/protocol.md");
	if (strcmp(method, route->method) != 0)
		return failed_with(failure, MHD_HTTP_METHOD_NOT_ALLOWED, "bad-method", NULL, "%s takes %s only",
				   route->path, route->method);
	if (strtoull(header(exchange, "Content-Length"), NULL, 10) > REQUEST_MAX_BYTES)
		return too_large(failure);
	if (strcmp(method, "POST") == 0 && !is_json(header(exchange, "Content-Type")))
		return failed_with(failure, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "bad-type", NULL,
				   "Content-Type must be application/json");
	return true;
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;
	struct MHD_Response *response =
		reply->body || reply->bytes == 0
			? MHD_create_response_from_buffer_with_free_callback(reply->bytes, reply->body, free)
			: NULL;
	enum MHD_Result result;
	char again[16];

	if (!response)
		return MHD_NO;
	connection_enters(exchange->slot, CONNECTION_SENDS, clock_ms());
	reply->body = NULL; /* the response's now */
	MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "Connection", "close");
	snprintf(again, sizeof(again), "%u", reply->again_s);
	if (reply->again_s > 0)
		MHD_add_response_header(response, "Retry-After", again);
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", exchange->route->method);
	result = MHD_queue_response(exchange->connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static void note_peer(struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *peer = info ? info->client_addr : NULL;
	const socklen_t bytes =
		peer && peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (!peer || getnameinfo(peer, bytes, exchange->peer, sizeof(exchange->peer), NULL, 0, NI_NUMERICHOST) != 0)
		strcpy(exchange->peer, "?");
}

/* What on_connection has noted. */
static int slot_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? (int)(intptr_t)info->socket_context : -1;
}

/* First call for a request: its headers are there. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *url, const char *method,
			     void **context)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	struct failure failure;

	if (!exchange)
		return MHD_NO;
	*context = exchange;
	exchange->http = http;
	exchange->connection = connection;
	exchange->began_ms = clock_ms();
	exchange->slot = slot_of(connection);
	connection_enters(exchange->slot, CONNECTION_BODY, exchange->began_ms);
	exchange->route = route_find(url);
	note_peer(exchange);
	snprintf(exchange->method, sizeof(exchange->method), "%s", method);
	if (exchange->route && exchange->route->prefix)
		snprintf(exchange->digest, sizeof(exchange->digest), "%s", url + strlen(exchange->route->path));
	if (acceptable(exchange, method, &failure))
		return MHD_YES;
	exchange_refuse(exchange, &failure);
	return send_reply(exchange);
}

/* The length of a chunked body is not known beforehand. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *bytes)
{
	const size_t have = exchange->body_bytes;

	if (*bytes > DISCARD_MAX - have)
		return MHD_NO;
	if (*bytes <= sizeof(exchange->body) && have <= sizeof(exchange->body) - *bytes)
		memcpy(exchange->body + have, data, *bytes);
	exchange->body_bytes = have + *bytes;
	*bytes = 0;
	return MHD_YES;
}

/* The request is complete. */
static enum MHD_Result serve(struct exchange *exchange)
{
	struct failure failure;

	if (exchange->body_bytes > sizeof(exchange->body)) {
		too_large(&failure);
		exchange_refuse(exchange, &failure);
		return send_reply(exchange);
	}
	return exchange->route->serve(exchange) ? send_reply(exchange) : MHD_YES;
}

/* libmicrohttpd calls this once for the headers, for each part of the body, at its end, and after a resumption. */
static enum MHD_Result on_request(void *http, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *data, size_t *bytes, void **context)
{
	struct exchange *exchange = *context;

	(void)version;
	if (!exchange)
		return begin(http, connection, url, method, context);
	if (*bytes > 0)
		return take_body(exchange, data, bytes);
	return exchange->waits ? send_reply(exchange) : serve(exchange);
}

static void count_exchange(const struct exchange *exchange, bool sent)
{
	const unsigned status = exchange->reply.status;

	count(sent ? COUNT_REQUESTS : COUNT_CUT);
	if (status >= 400 && status < 500)
		count(COUNT_REFUSED);
	if (status == UNAVAILABLE)
		count(COUNT_UNAVAILABLE);
	if (sent && status == MHD_HTTP_OK && exchange_is_evidence(exchange))
		count(COUNT_EVIDENCE);
}

/* A request is over, answered or not. */
static void on_completed(void *unused, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *context;
	const bool sent = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;

	(void)unused;
	(void)connection;
	if (!exchange)
		return;
	count_exchange(exchange, sent);
	event("%s %s %s: %u, %zu bytes, %lld ms%s", exchange->peer, exchange->method,
	      exchange->route ? exchange->route->path : "-", exchange->reply.status, exchange->reply.bytes,
	      (long long)(clock_ms() - exchange->began_ms), sent ? "" : ", connection cut");
	reply_free(&exchange->reply);
	free(exchange);
	*context = NULL;
}

/* What MHD_get_connection_info returns is overwritten by its next call. */
static int note_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const int socket = info ? info->connect_fd : -1;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return socket < 0 ? -1 : connection_opened(socket, info ? info->client_addr : NULL, clock_ms());
}

static void on_connection(void *unused, struct MHD_Connection *connection, void **slot,
			  enum MHD_ConnectionNotificationCode code)
{
	(void)unused;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*slot = (void *)(intptr_t)note_connection(connection);
	else
		connection_closed((int)(intptr_t)*slot);
}

static void on_message(void *unused, const char *format, va_list arguments)
{
	(void)unused;
	event_list(format, arguments);
}

static struct MHD_Daemon *start_daemon(struct http *http, const struct options *options)
{
	const struct tls *tls = http->tls;
	struct MHD_OptionItem secure[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificates},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	if (tls->key)
		flags |= MHD_USE_TLS;
	else
		secure[0] = secure[3];
	if (options->listen.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
		MHD_OPTION_SOCK_ADDR_LEN, options->listen_bytes, &options->listen, MHD_OPTION_LISTEN_BACKLOG_SIZE,
		BACKLOG, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_ARRAY, secure, MHD_OPTION_END);
}

struct http *http_start(const struct options *options, const struct tls *tls, struct queue *queue)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->queue = queue;
	http->tls = tls;
	http->sources = &options->sources;
	guest_list_init(&http->guests);
	http->daemon = start_daemon(http, options);
	if (!http->daemon) {
		guest_list_free(&http->guests);
		free(http);
		return NULL;
	}
	return http;
}

uint16_t http_port(const struct http *http)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

void http_stop(struct http *http)
{
	MHD_stop_daemon(http->daemon);
	guest_list_free(&http->guests);
	free(http);
}
