/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a host gave no answer, from libcurl's result or from the service's error answer. */
#include "tenant/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "policy/encoding.h"

static enum refusal_code connect_error(CURL *curl)
{
	long error = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
	switch (error) {
	case ECONNREFUSED:
		return REFUSE_CONNECTION;
	case ETIMEDOUT:
		return REFUSE_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EACCES:
	case EPERM:
	case EADDRNOTAVAIL:
	case EINVAL:
		return REFUSE_ROUTE;
	default:
		return REFUSE_TRANSPORT;
	}
}

/* Only the status of its answer to CONNECT shows that a proxy opens no tunnel. */
static bool proxy_refused(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &status);
	return status != 0 && status / 100 != 2;
}

static enum refusal_code cause_of(CURL *curl, CURLcode code)
{
	if (proxy_refused(curl))
		return REFUSE_PROXY;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return REFUSE_PROXY;
	case CURLE_COULDNT_RESOLVE_HOST:
		return REFUSE_NAME;
	case CURLE_COULDNT_CONNECT:
		return connect_error(curl);
	case CURLE_OPERATION_TIMEDOUT:
		return REFUSE_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return REFUSE_TLS_CERTIFICATE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_USE_SSL_FAILED:
		return REFUSE_TLS;
	default:
		return REFUSE_TRANSPORT;
	}
}

void transport_failed(CURL *curl, CURLcode code, const char *text, struct transport_error *error)
{
	const char *why = text[0] ? text : curl_easy_strerror(code);

	error->code = cause_of(curl, code);
	text_clean((struct bytes){(const uint8_t *)why, strlen(why)}, error->found, sizeof(error->found));
}

/* attestd's error codes (docs/protocol.md) that say more than that it refused. */
static enum refusal_code meaning_of(const char *code)
{
	static const struct {
		const char *code;
		enum refusal_code refusal;
	} known[] = {
		{"other-channel", REFUSE_OTHER_CHANNEL},
		{"bad-credential", REFUSE_CREDENTIAL},
		{"tpm-lockout", REFUSE_TPM_LOCKOUT},
		{"tpm-gone", REFUSE_TPM},
		{"tpm-bank", REFUSE_TPM},
		{"tpm-busy", REFUSE_BUSY},
		{"pcrs-moved", REFUSE_BUSY},
		{"overloaded", REFUSE_BUSY},
		{"hypervisor-failed", REFUSE_HYPERVISOR_FAILED},
		{"hypervisor-gone", REFUSE_HYPERVISOR_FAILED},
		{"hypervisor-key-wiped", REFUSE_HYPERVISOR_FAILED},
	};

	for (size_t i = 0; code && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(code, known[i].code) == 0)
			return known[i].refusal;
	return REFUSE_HTTP;
}

/* A member's text, clean for people. */
static const char *member(const json_t *error, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(error, name));

	text_clean((struct bytes){(const uint8_t *)value, value ? strlen(value) : 0}, text, size);
	return value;
}

/* An error answer's own words: {"error": {"code", "field", "message"}}. */
void transport_refused(CURL *curl, struct bytes body, struct transport_error *error)
{
	json_t *root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *object = json_object_get(root, "error");
	char message[200], field[40], again[64] = "";
	curl_off_t after_s = 0;
	long status = 0;

	if (!member(object, "message", message, sizeof(message)))
		snprintf(message, sizeof(message), "no message");
	const bool has_field = member(object, "field", field, sizeof(field));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after_s);
	if (after_s > 0)
		snprintf(again, sizeof(again), " (again in %lld s)", (long long)after_s);
	error->code = meaning_of(json_string_value(json_object_get(object, "code")));
	snprintf(error->expected, sizeof(error->expected), "status 200");
	snprintf(error->found, sizeof(error->found), "status %ld: %s%s%s%s", status, field, has_field ? ": " : "",
		 message, again);
	json_decref(root);
}
