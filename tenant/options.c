/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of 'cloister verify'. */
#include "tenant/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "policy/encoding.h"

#define TIMEOUT_DEFAULT_S 30
#define TIMEOUT_MAX_S     3600

static bool complain(const char *what, const char *value)
{
	fprintf(stderr, "cloister verify: %s%s%s\n", what, value ? ": " : "", value ? value : "");
	fprintf(stderr, "try 'cloister --help'\n");
	return false;
}

/* A host's address; curl takes one without a scheme as HTTP. */
static bool check_url(const char *text)
{
	CURLU *url = curl_url();
	char *scheme = NULL;
	const bool right = curl_url_set(url, CURLUPART_URL, text, CURLU_DEFAULT_SCHEME) == CURLUE_OK &&
			   curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
			   (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	curl_free(scheme);
	curl_url_cleanup(url);
	return right || complain("not the address of a host, as http://host:8180 is", text);
}

/* XDG Base Directory Specification: a relative path is ignored. NULL if there is no home. */
static const char *default_cache(void)
{
	static char path[PATH_MAX];
	const char *base = getenv("XDG_CACHE_HOME"), *below = "";

	if (!base || base[0] != '/') {
		base = getenv("HOME");
		below = "/.cache";
	}
	if (!base || snprintf(path, sizeof(path), "%s%s/cloister", base, below) >= (int)sizeof(path))
		return NULL;
	return path;
}

static bool parse_seconds(const char *text, long *seconds)
{
	char *end;

	*seconds = strtol(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && *seconds >= 1 && *seconds <= TIMEOUT_MAX_S)
		return true;
	return complain("--timeout must be 1 to 3600 seconds", text);
}

static bool parse_channel(const char *text, uint8_t channel[NONCE_BYTES])
{
	if (strlen(text) == 2 * NONCE_BYTES && hex_decode(text, channel, NONCE_BYTES))
		return true;
	return complain("--channel must be 64 hexadecimal digits", text);
}

static bool take(int option, struct options *o)
{
	switch (option) {
	case 'p':
		o->policy = optarg;
		return true;
	case 'k':
		o->policy_key = optarg;
		return true;
	case 'e':
		o->evidence = optarg;
		return true;
	case 's':
		o->save = optarg;
		return true;
	case 'C':
		o->cache = optarg;
		return true;
	case 'N':
		o->cache = NULL;
		return true;
	case 'j':
		o->json = true;
		return true;
	case 'a':
		o->any_tpm = true;
		return true;
	case 't':
		return parse_seconds(optarg, &o->timeout_s);
	case 'c':
		return parse_channel(optarg, o->channel);
	default: /* getopt_long named it */
		fprintf(stderr, "try 'cloister --help'\n");
		return false;
	}
}

bool options_parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{"policy", required_argument, NULL, 'p'},
		{"policy-key", required_argument, NULL, 'k'},
		{"evidence", required_argument, NULL, 'e'},
		{"save", required_argument, NULL, 's'},
		{"timeout", required_argument, NULL, 't'},
		{"channel", required_argument, NULL, 'c'},
		{"cache", required_argument, NULL, 'C'},
		{"no-cache", no_argument, NULL, 'N'},
		{"json", no_argument, NULL, 'j'},
		{"any-tpm", no_argument, NULL, 'a'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "cloister verify";
	int option;

	*o = (struct options){.timeout_s = TIMEOUT_DEFAULT_S, .cache = default_cache()};
	argv[0] = name; /* for getopt_long's messages */
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take(option, o))
			return false;
	if (argc - optind > 1)
		return complain("one host at a time", argv[optind + 1]);
	o->url = argv[optind];
	if (!o->policy)
		return complain("--policy FILE is missing: what may run there is your decision", NULL);
	if (!o->url == !o->evidence)
		return complain("give either a URL or --evidence DIR", NULL);
	if (o->evidence && o->save)
		return complain("--save is for evidence from a host", NULL);
	return !o->url || check_url(o->url);
}
