/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user may say of a host to ask. */
#include "tenant/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "tenant/channel.h"

#define TIMEOUT_MAX_S 3600

static bool complain(const char *command, const char *what, const char *value)
{
	fprintf(stderr, "%s: %s: %s\ntry 'cloister --help'\n", command, what, value);
	return false;
}

bool host_parse_pin(struct host *host, const char *text, const char *command)
{
	host->pinned = channel_parse_pin(text, host->pin);
	return host->pinned ||
	       complain(command, "--pin must be sha256// and 32 bytes in base64, as attestd's log has it", text);
}

bool host_parse_timeout(struct host *host, const char *text, const char *command)
{
	char *end;

	host->timeout_s = strtol(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && host->timeout_s >= 1 && host->timeout_s <= TIMEOUT_MAX_S)
		return true;
	return complain(command, "--timeout must be 1 to 3600 seconds", text);
}

/* The scheme of an address, HTTPS unless it says so; curl_free it. NULL for no address. */
static char *scheme_of(const char *text)
{
	CURLU *url = curl_url();
	char *scheme = NULL;

	if (curl_url_set(url, CURLUPART_URL, text, CURLU_DEFAULT_SCHEME) == CURLUE_OK)
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	curl_url_cleanup(url);
	return scheme;
}

/*
 * A path is added to the address: it could only end up in a query or a fragment. A name and
 * password go nowhere.
 */
static bool check_parts(const char *text, const char *command)
{
	if (strpbrk(text, "?#"))
		return complain(command, "an address with a query or a fragment; leave out what begins at '?' or '#'",
				text);
	if (strchr(text, '@'))
		return complain(command, "an address with a user's name; leave out what ends at '@'", "not shown");
	return true;
}

static bool check_cacert(const char *path, const char *command)
{
	X509_STORE *store = X509_STORE_new();
	const bool holds = store && X509_STORE_load_file(store, path) == 1;

	X509_STORE_free(store);
	ERR_clear_error();
	return holds || complain(command, "--cacert: not a file with a certificate in PEM", path);
}

bool host_check(const struct host *host, const char *command)
{
	char *scheme;
	bool plain, secure;

	if (!check_parts(host->url, command))
		return false;
	scheme = scheme_of(host->url);
	plain = scheme && strcmp(scheme, "http") == 0;
	secure = scheme && strcmp(scheme, "https") == 0;
	curl_free(scheme);
	if (!plain && !secure)
		return complain(command, "not the address of a host, as https://host:8180 is", host->url);
	if (plain && (host->cacert || host->pinned))
		return complain(command, "--cacert and --pin need an https:// address", host->url);
	return !host->cacert || check_cacert(host->cacert, command);
}
