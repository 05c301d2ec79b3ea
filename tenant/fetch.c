/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP by libcurl: bounded in time and size, no redirects, nothing but HTTP, and TLS 1.3. */
#include "tenant/fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>
#include <openssl/evp.h>

#include "policy/encoding.h"
#include "tenant/channel.h"

#define HTTP_OK       200
#define BASE64_CHARS  44u /* of 32 bytes */
#define PATH_EVIDENCE "/v1/evidence"

/* One request while curl works on it. */
struct transfer {
	CURL *curl;
	const struct host *host;
	struct file *answer;
	bool oversize;
	struct challenge *challenge; /* NULL: the request has no channel */
	char *channel;               /* where the channel's base64 goes in the request */
	bool other_key;              /* the key is not the pinned one, or there is none: 'error' says so */
	struct transport_error *error;
};

static size_t take(char *data, size_t size, size_t count, void *to)
{
	struct transfer *transfer = to;
	struct file *answer = transfer->answer;
	const size_t len = size * count; /* curl: size is 1 */

	if (len > ANSWER_MAX_BYTES - answer->len) {
		transfer->oversize = true;
		return 0;
	}
	memcpy(answer->data + answer->len, data, len);
	answer->len += len;
	return len;
}

static void base64_32(const uint8_t bytes[NONCE_BYTES], char text[BASE64_CHARS + 1])
{
	EVP_EncodeBlock((unsigned char *)text, bytes, NONCE_BYTES);
}

/* What was seen in place of the key that must be there. */
static int refuse_key(struct transfer *transfer, enum refusal_code code, const uint8_t *seen)
{
	struct transport_error *error = transfer->error;
	char pin[PIN_TEXT] = "any key", found[PIN_TEXT] = "none";

	if (transfer->host->pinned)
		channel_write_pin(transfer->host->pin, pin);
	if (seen)
		channel_write_pin(seen, found);
	error->code = code;
	snprintf(error->expected, sizeof(error->expected), "a TLS key: %s", pin);
	snprintf(error->found, sizeof(error->found), "%s", found);
	transfer->other_key = true;
	return CURL_PREREQFUNC_ABORT;
}

/*
 * The connection is there, and nothing was said on it yet: its key is checked, and becomes the
 * request's channel.
 */
static int connected(void *to, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *transfer = to;
	char text[BASE64_CHARS + 1], *scheme = NULL;
	uint8_t channel[NONCE_BYTES] = {0};

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	curl_easy_getinfo(transfer->curl, CURLINFO_SCHEME, &scheme);
	const bool plain = scheme && strcasecmp(scheme, "http") == 0;
	if (!plain && !channel_of(transfer->curl, channel))
		return refuse_key(transfer, REFUSE_TLS, NULL);
	if (transfer->host->pinned && memcmp(channel, transfer->host->pin, sizeof(channel)) != 0)
		return refuse_key(transfer, REFUSE_TLS_PIN, channel);
	if (transfer->challenge) {
		memcpy(transfer->challenge->channel, channel, sizeof(channel));
		base64_32(channel, text);
		memcpy(transfer->channel, text, BASE64_CHARS);
	}
	return CURL_PREREQFUNC_OK;
}

/* Without an authority any certificate will do: the evidence proves its key. */
static bool set_tls(CURL *curl, const struct host *host)
{
	return curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, host->cacert ? 1L : 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, host->cacert ? 2L : 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAINFO, host->cacert) == CURLE_OK;
}

/* @request: NULL for GET; curl reads it after 'connected' has filled in the channel */
static bool set_request(struct transfer *transfer, const char *request, struct curl_slist *headers)
{
	CURL *curl = transfer->curl;

	if (request && (curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request) != CURLE_OK ||
			curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(request)) != CURLE_OK ||
			curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK))
		return false;
	return curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, connected) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
}

static bool set_limits(CURL *curl, const char *address, long timeout_s)
{
	return curl_easy_setopt(curl, CURLOPT_URL, address) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEFAULT_PROTOCOL, "https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s) == CURLE_OK;
}

static bool perform(struct transfer *transfer)
{
	struct transport_error *error = transfer->error;
	char text[CURL_ERROR_SIZE] = "";
	long status = 0;

	curl_easy_setopt(transfer->curl, CURLOPT_ERRORBUFFER, text);
	const CURLcode code = curl_easy_perform(transfer->curl);
	if (transfer->other_key)
		return false;
	if (transfer->oversize) {
		error->code = REFUSE_ANSWER;
		snprintf(error->expected, sizeof(error->expected), "an answer of at most 2 MiB");
		snprintf(error->found, sizeof(error->found), "more than %u bytes", ANSWER_MAX_BYTES);
		return false;
	}
	if (code != CURLE_OK) {
		transport_failed(transfer->curl, code, text, error);
		return false;
	}
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != HTTP_OK)
		transport_refused(transfer->curl, file_bytes(transfer->answer), error);
	return status == HTTP_OK;
}

/* The service's address with the request's path, one slash between. */
static bool address_of(const char *url, const char *path, char *address, size_t size)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return (size_t)snprintf(address, size, "%.*s%s", (int)len, url, path) < size;
}

/* Failures before anything was sent are reported as a cause without a name. */
static bool prepare(struct transfer *transfer, const char *address, struct transport_error *error)
{
	*error = (struct transport_error){.code = REFUSE_TRANSPORT, .found = "out of memory"};
	*transfer->answer = (struct file){.data = malloc(ANSWER_MAX_BYTES)};
	transfer->error = error;
	transfer->curl = curl_easy_init();
	snprintf(error->expected, sizeof(error->expected), "an answer from %.250s", address);
	return transfer->curl && transfer->answer->data && set_tls(transfer->curl, transfer->host) &&
	       set_limits(transfer->curl, address, transfer->host->timeout_s);
}

static bool run(struct transfer *transfer, const char *path, const char *request, struct transport_error *error)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	char address[2048];
	bool ok;

	if (!address_of(transfer->host->url, path, address, sizeof(address)))
		address[0] = '\0'; /* too long: curl says that it is no address */
	ok = prepare(transfer, address, error) && headers && set_request(transfer, request, headers) &&
	     perform(transfer);
	curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(headers);
	return ok;
}

bool fetch(const struct host *host, const char *path, const char *request, struct file *answer,
	   struct transport_error *error)
{
	struct transfer transfer = {.host = host, .answer = answer};

	return run(&transfer, path, request, error);
}

/* The request's body (docs/protocol.md), the channel left open. Returns the channel's place. */
static char *write_request(const struct challenge *challenge, const struct known_logs *known, char *text, size_t size)
{
	static const char middle[] = "\", \"channel\": \"";
	char nonce[BASE64_CHARS + 1], digest[2 * SHA256_BYTES + 1];
	size_t len;

	base64_32(challenge->nonce, nonce);
	len = (size_t)snprintf(text, size, "{\"nonce\": \"%s%s%*s\", \"known_logs\": [", nonce, middle,
			       (int)BASE64_CHARS, "");
	for (size_t i = 0; i < known->count; i++) {
		hex_encode(known->log[i].claimed.bytes, SHA256_BYTES, digest);
		len += (size_t)snprintf(text + len, size - len, "%s\"%s\"", i ? ", " : "", digest);
	}
	snprintf(text + len, size - len, "]}");
	return strstr(text, middle) + sizeof(middle) - 1;
}

bool fetch_evidence(const struct host *host, struct challenge *challenge, const struct known_logs *known,
		    struct file *answer, struct transport_error *error)
{
	char request[160 + KNOWN_LOGS_MAX * (2 * SHA256_BYTES + 4)];
	struct transfer transfer = {.host = host, .answer = answer, .challenge = challenge};

	transfer.channel = write_request(challenge, known, request, sizeof(request));
	return run(&transfer, PATH_EVIDENCE, request, error);
}
