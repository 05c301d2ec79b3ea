/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of keys that are denied, DIRECTORY/denied: on each line a TPM name (68 hexadecimal digits) of an endorsement
 * key or attestation key, or SHA-256 (64) of an endorsement key's SubjectPublicKeyInfo; then whatever the tenant wants
 * to remember. Lines that are empty or begin with '#' are skipped. A certificate's digest denies nothing: it covers the
 * signature, and who has an ECDSA signature can make a second one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/encoding.h"
#include "tenant/file.h"
#include "tenant/hosts.h"

#define DENIED           "denied"
#define DENIED_MAX_BYTES (4u << 20)
#define HEX_DIGITS       "0123456789abcdefABCDEF"

static bool matches(const uint8_t *value, size_t len, const struct enrolled *host)
{
	if (len == TPM_NAME_BYTES)
		return memcmp(value, host->ek_name.bytes, len) == 0 || memcmp(value, host->ak_name.bytes, len) == 0;
	return memcmp(value, host->key.bytes, len) == 0;
}

/* HOSTS_FOUND: it denies the host. */
static enum hosts_result judge_line(char *line, const struct enrolled *host)
{
	const size_t digits = strspn(line, HEX_DIGITS);
	uint8_t value[TPM_NAME_BYTES];

	if (line[0] == '#' || line[strspn(line, " \t\r")] == '\0')
		return HOSTS_NONE;
	if ((digits != 2 * TPM_NAME_BYTES && digits != 2 * SHA256_BYTES) || !strchr(" \t\r", line[digits]))
		return HOSTS_BAD;
	const char after = line[digits];
	line[digits] = '\0';
	const bool ok = hex_decode(line, value, digits / 2);
	line[digits] = after;
	return ok && matches(value, digits / 2, host) ? HOSTS_FOUND : HOSTS_NONE;
}

/* 'text' ends with a NUL. */
static enum hosts_result judge_list(const char *directory, char *text, const struct enrolled *host, char *found,
				    size_t size)
{
	enum hosts_result result = HOSTS_NONE;
	unsigned number = 1;

	for (char *line = text, *next; line && result != HOSTS_BAD; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		const enum hosts_result one = judge_line(line, host);
		if (one == HOSTS_FOUND)
			text_clean((struct bytes){(const uint8_t *)line, strlen(line)}, found, size);
		if (one == HOSTS_BAD)
			fprintf(stderr, "cloister: %s/" DENIED ": line %u: begin it with 68 or 64 hexadecimal digits\n",
				directory, number);
		if (one != HOSTS_NONE)
			result = one;
	}
	return result;
}

enum hosts_result hosts_denied(const char *directory, const struct enrolled *host, char *found, size_t size)
{
	struct file file;

	if (!file_is_there(directory, DENIED))
		return HOSTS_NONE;
	if (!file_read_in(directory, DENIED, DENIED_MAX_BYTES, &file))
		return HOSTS_BAD;
	char *text = malloc(file.len + 1);
	enum hosts_result result = HOSTS_BAD;
	if (file.len > 0 && memchr(file.data, '\0', file.len)) {
		fprintf(stderr, "cloister: %s/" DENIED ": is no text\n", directory);
	} else if (text) {
		if (file.len > 0)
			memcpy(text, file.data, file.len);
		text[file.len] = '\0';
		result = judge_list(directory, text, host, found, size);
	}
	free(text);
	file_free(&file);
	return result;
}
