/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bodies of POST /v1/evidence and POST /v1/enrol (docs/protocol.md): parsed once, strictly. */
#include "request.h"

#include <jansson.h>
#include <string.h>

#define BAD_REQUEST 400u

/* The answer repeats a member's name only where it is short and plain. */
static const char *printable(const char *name)
{
	const size_t length = strlen(name);

	if (length == 0 || length >= sizeof(((struct failure *)0)->field))
		return "(unnamed)";
	for (size_t i = 0; i < length; i++)
		if (name[i] < ' ' || name[i] > '~')
			return "(unnamed)";
	return name;
}

static bool parse_32_bytes(json_t *root, const char *name, uint8_t out[32], struct failure *failure)
{
	const json_t *value = json_object_get(root, name);
	int64_t bytes;

	if (!value)
		return failed_with(failure, BAD_REQUEST, "missing-field", name, "give 32 bytes in base64");
	if (!json_is_string(value))
		return failed_with(failure, BAD_REQUEST, "bad-field", name, "must be a string, 32 bytes in base64");
	bytes = base64_decode(json_string_value(value), json_string_length(value), out, 32);
	if (bytes < 0)
		return failed_with(failure, BAD_REQUEST, "bad-field", name, "must be standard base64 with padding");
	if (bytes != 32)
		return failed_with(failure, BAD_REQUEST, "bad-field", name, "must be 32 bytes, is %lld",
				   (long long)bytes);
	return true;
}

static bool parse_known_logs(json_t *root, struct evidence_request *request, struct failure *failure)
{
	const json_t *list = json_object_get(root, "known_logs");
	const json_t *entry;
	size_t index;

	request->known_count = 0;
	if (!list)
		return true;
	if (!json_is_array(list))
		return failed_with(failure, BAD_REQUEST, "bad-field", "known_logs", "must be a list of digests");
	if (json_array_size(list) > KNOWN_LOGS_MAX)
		return failed_with(failure, BAD_REQUEST, "bad-field", "known_logs",
				   "must have at most %u entries, has %zu", KNOWN_LOGS_MAX, json_array_size(list));
	json_array_foreach(list, index, entry)
	{
		const char *text = json_string_value(entry);

		if (!text || !hex_decode(text, request->known_logs[index]))
			return failed_with(failure, BAD_REQUEST, "bad-field", "known_logs",
					   "entry %zu must be a SHA-256 digest in lower-case hexadecimal", index);
	}
	request->known_count = json_array_size(list);
	return true;
}

/* @names: of the members, as the message has them: "nonce, channel" */
static bool only_known_members(json_t *root, const char *const *known, const char *names, struct failure *failure)
{
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
	{
		const char *const *at = known;

		while (*at && strcmp(name, *at) != 0)
			at++;
		if (!*at)
			return failed_with(failure, BAD_REQUEST, "unknown-field", printable(name), "the members are %s",
					   names);
	}
	return true;
}

/* The object of a body, or NULL. */
static json_t *parse_object(const char *body, size_t bytes, struct failure *failure)
{
	json_error_t error;
	json_t *root = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		failed_with(failure, BAD_REQUEST, "bad-json", NULL, "not valid JSON at byte %d", error.position);
	if (!root || json_is_object(root))
		return root;
	failed_with(failure, BAD_REQUEST, "bad-json", NULL, "must be an object");
	json_decref(root);
	return NULL;
}

bool evidence_request_parse(const char *body, size_t bytes, struct evidence_request *request, struct failure *failure)
{
	static const char *const known[] = {"nonce", "channel", "known_logs", NULL};
	json_t *root = parse_object(body, bytes, failure);
	const bool ok = root && only_known_members(root, known, "nonce, channel, known_logs", failure) &&
			parse_32_bytes(root, "nonce", request->nonce, failure) &&
			parse_32_bytes(root, "channel", request->channel, failure) &&
			parse_known_logs(root, request, failure);

	json_decref(root);
	return ok;
}

/* 1 to 'max' bytes. */
static bool parse_some_bytes(json_t *root, const char *name, uint8_t *out, size_t max, size_t *count,
			     struct failure *failure)
{
	const json_t *value = json_object_get(root, name);

	if (!value)
		return failed_with(failure, BAD_REQUEST, "missing-field", name, "give bytes in base64");
	const int64_t bytes = json_is_string(value)
				      ? base64_decode(json_string_value(value), json_string_length(value), out, max)
				      : -1;
	if (bytes < 0)
		return failed_with(failure, BAD_REQUEST, "bad-field", name, "must be standard base64 with padding");
	if (bytes < 1 || (uint64_t)bytes > max)
		return failed_with(failure, BAD_REQUEST, "bad-field", name, "must be 1 to %zu bytes, is %lld", max,
				   (long long)bytes);
	*count = (size_t)bytes;
	return true;
}

bool enrol_request_parse(const char *body, size_t bytes, struct enrol_request *request, struct failure *failure)
{
	static const char *const known[] = {"credential_blob", "encrypted_secret", NULL};
	json_t *root = parse_object(body, bytes, failure);
	const bool ok = root && only_known_members(root, known, "credential_blob, encrypted_secret", failure) &&
			parse_some_bytes(root, "credential_blob", request->credential, CREDENTIAL_MAX_BYTES,
					 &request->credential_bytes, failure) &&
			parse_some_bytes(root, "encrypted_secret", request->secret, SECRET_MAX_BYTES,
					 &request->secret_bytes, failure);

	json_decref(root);
	return ok;
}

bool evidence_request_knows(const struct evidence_request *request, const uint8_t digest[SHA256_BYTES])
{
	for (size_t i = 0; i < request->known_count; i++)
		if (memcmp(request->known_logs[i], digest, SHA256_BYTES) == 0)
			return true;
	return false;
}
