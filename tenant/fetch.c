/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP by libcurl: bounded in time and size, no redirects, nothing but HTTP. */
#include "tenant/fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "policy/encoding.h"

#define HTTP_OK 200

/* What curl writes into. */
struct body {
	struct file *file;
	bool oversize;
};

static size_t take(char *data, size_t size, size_t count, void *to)
{
	struct body *body = to;
	const size_t len = size * count; /* curl: size is 1 */

	if (len > ANSWER_MAX_BYTES - body->file->len) {
		body->oversize = true;
		return 0;
	}
	memcpy(body->file->data + body->file->len, data, len);
	body->file->len += len;
	return len;
}

static void base64_32(const uint8_t bytes[NONCE_BYTES], char text[48])
{
	EVP_EncodeBlock((unsigned char *)text, bytes, NONCE_BYTES); /* 44 characters */
}

static bool set_options(CURL *curl, const char *address, const char *request, long timeout_s,
			struct curl_slist *headers, struct body *body)
{
	return curl_easy_setopt(curl, CURLOPT_URL, address) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK;
}

/* An error answer's own words: {"error": {"code", "field", "message"}}. */
static void explain_status(long status, struct bytes body, char *why, size_t size)
{
	json_t *root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *error = json_object_get(root, "error");
	const char *message = json_string_value(json_object_get(error, "message"));
	const char *field = json_string_value(json_object_get(error, "field"));
	char clean[200] = "no message", field_clean[40] = "";

	if (message)
		text_clean((struct bytes){(const uint8_t *)message, strlen(message)}, clean, sizeof(clean));
	if (field)
		text_clean((struct bytes){(const uint8_t *)field, strlen(field)}, field_clean, sizeof(field_clean));
	snprintf(why, size, "status %ld: %s%s%s", status, field_clean, field ? ": " : "", clean);
	json_decref(root);
}

static enum fetch_result perform(CURL *curl, struct body *body, char *why, size_t size)
{
	char error[CURL_ERROR_SIZE] = "";
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	const CURLcode code = curl_easy_perform(curl);
	if (body->oversize) {
		snprintf(why, size, "more than %u bytes", ANSWER_MAX_BYTES);
		return FETCH_OVERSIZE;
	}
	if (code != CURLE_OK) {
		snprintf(why, size, "%s", error[0] ? error : curl_easy_strerror(code));
		return FETCH_FAILED;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == HTTP_OK)
		return FETCH_OK;
	explain_status(status, file_bytes(body->file), why, size);
	return FETCH_REFUSED;
}

/* The service's address with the request's path, one slash between. */
static void address_of(const char *url, char *address, size_t size)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	snprintf(address, size, "%.*s/v1/evidence", (int)len, url);
}

/* The request's body (docs/protocol.md). */
static void write_request(const struct challenge *challenge, const struct known_logs *known, char *text, size_t size)
{
	char nonce[48], channel[48], digest[2 * SHA256_BYTES + 1];
	size_t len;

	base64_32(challenge->nonce, nonce);
	base64_32(challenge->channel, channel);
	len = (size_t)snprintf(text, size, "{\"nonce\": \"%s\", \"channel\": \"%s\", \"known_logs\": [", nonce,
			       channel);
	for (size_t i = 0; i < known->count; i++) {
		hex_encode(known->log[i].claimed.bytes, SHA256_BYTES, digest);
		len += (size_t)snprintf(text + len, size - len, "%s\"%s\"", i ? ", " : "", digest);
	}
	snprintf(text + len, size - len, "]}");
}

enum fetch_result fetch_evidence(const char *url, const struct challenge *challenge, const struct known_logs *known,
				 long timeout_s, struct file *answer, char *why, size_t why_size)
{
	char address[2048], request[160 + KNOWN_LOGS_MAX * (2 * SHA256_BYTES + 4)];
	struct body body = {.file = answer};
	enum fetch_result result = FETCH_FAILED;

	*answer = (struct file){malloc(ANSWER_MAX_BYTES), 0};
	snprintf(why, why_size, "out of memory");
	write_request(challenge, known, request, sizeof(request));
	if (strlen(url) > sizeof(address) - sizeof("/v1/evidence")) {
		snprintf(why, why_size, "the address is too long");
		return FETCH_FAILED;
	}
	address_of(url, address, sizeof(address));
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURL *curl = curl_easy_init();
	if (answer->data && curl && headers && set_options(curl, address, request, timeout_s, headers, &body))
		result = perform(curl, &body, why, why_size);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return result;
}
