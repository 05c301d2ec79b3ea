/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command lines of 'cloister verify' and 'cloister verify-guest'. */
#include "tenant/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/encoding.h"

/* What both take. */
#define SHARED_OPTIONS                                                                               \
	{"policy", required_argument, NULL, 'p'}, {"policy-key", required_argument, NULL, 'k'},      \
		{"timeout", required_argument, NULL, 't'}, {"cacert", required_argument, NULL, 'A'}, \
		{"cache", required_argument, NULL, 'C'}, {"no-cache", no_argument, NULL, 'N'},       \
		{"pin", required_argument, NULL, 'P'}, {"json", no_argument, NULL, 'j'},             \
		{"any-tpm", no_argument, NULL, 'a'}, {"name", required_argument, NULL, 'n'},         \
		{"store", required_argument, NULL, 'S'}

static bool complain(const struct options *o, const char *what, const char *value)
{
	fprintf(stderr, "%s: %s%s%s\n", o->command, what, value ? ": " : "", value ? value : "");
	fprintf(stderr, "try 'cloister --help'\n");
	return false;
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
	case 'n':
		return host_name_take(optarg, o->name) ||
		       complain(o, "--name takes letters, digits and . _ : -", optarg);
	case 'S':
		o->store = optarg;
		return true;
	case 'a':
		o->any_tpm = true;
		return true;
	case 't':
		return host_parse_timeout(&o->host, optarg, o->command);
	case 'P':
		return host_parse_pin(&o->host, optarg, o->command);
	case 'A':
		o->host.cacert = optarg;
		return true;
	default: /* getopt_long named it */
		fprintf(stderr, "try 'cloister --help'\n");
		return false;
	}
}

static struct options defaults(const char *command)
{
	return (struct options){.command = command,
				.host.timeout_s = HOST_TIMEOUT_S,
				.cache = default_cache(),
				.store = hosts_default_folder()};
}

/* What is missing, or does not fit together. */
static bool check(const struct options *o)
{
	if (!o->policy)
		return complain(o, "--policy FILE is missing: what may run there is your decision", NULL);
	if (!o->host.url == !o->evidence)
		return complain(o, "give either a URL or --evidence DIR", NULL);
	if (o->evidence && o->save)
		return complain(o, "--save is for evidence from a host", NULL);
	if (o->evidence && (o->host.cacert || o->host.pinned))
		return complain(o, "--cacert and --pin are for a host", NULL);
	return true;
}

/* Takes the host's name out of its address, and checks the address. One that cannot be a name was never enrolled. */
static bool check_url(struct options *o)
{
	if (!o->name[0] && !hosts_name_of_url(o->host.url, o->name))
		o->name[0] = '\0';
	return host_check(&o->host, o->command);
}

bool options_parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {SHARED_OPTIONS,
					      {"evidence", required_argument, NULL, 'e'},
					      {"save", required_argument, NULL, 's'},
					      {NULL, 0, NULL, 0}};
	static char name[] = "cloister verify";
	int option;

	*o = defaults(name);
	argv[0] = name; /* for getopt_long's messages */
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take(option, o))
			return false;
	if (argc - optind > 1)
		return complain(o, "one host at a time", argv[optind + 1]);
	o->host.url = argv[optind];
	return check(o) && (!o->host.url || check_url(o));
}

/* An address has a scheme here, which sets it apart from a name. */
static bool take_host(const char *text, struct options *o)
{
	if (strstr(text, "://")) {
		o->host.url = text;
		return true;
	}
	return host_name_take(text, o->name) ||
	       complain(o, "--host takes an address with its https://, or the name of a host", text);
}

static bool take_nonce(const char *text, struct guest_options *o)
{
	o->has_nonce = hex_decode(text, o->nonce, NONCE_BYTES);
	return o->has_nonce || complain(&o->host, "--nonce takes the 64 hexadecimal digits of 32 bytes", text);
}

static bool take_guest(int option, struct guest_options *o)
{
	switch (option) {
	case 'h':
		return take_host(optarg, &o->host);
	case 'g':
		o->policy = optarg;
		return true;
	case 'o':
		return take_nonce(optarg, o);
	case 'b':
		o->bound = optarg;
		return true;
	default:
		return take(option, &o->host);
	}
}

static bool check_guest(const struct guest_options *o)
{
	if (!o->evidence)
		return complain(&o->host, "give the file with what the guest got as its quote", NULL);
	if (!o->host.policy)
		return complain(&o->host, "--policy FILE is missing: what may run on the host is your decision", NULL);
	if (!o->policy)
		return complain(&o->host, "--guest-policy FILE is missing: what the guest may be is your decision",
				NULL);
	if (!o->has_nonce)
		return complain(&o->host, "--nonce HEX is missing: without it, an old quote would do", NULL);
	if (!o->host.host.url && !o->host.name[0])
		return complain(&o->host, "--host is missing: the address or the name of the guest's host", NULL);
	if (!o->host.host.url && (o->host.host.cacert || o->host.host.pinned))
		return complain(&o->host, "--cacert and --pin need --host with an address", NULL);
	return true;
}

bool guest_options_parse(int argc, char **argv, struct guest_options *o)
{
	static const struct option known[] = {SHARED_OPTIONS,
					      {"host", required_argument, NULL, 'h'},
					      {"guest-policy", required_argument, NULL, 'g'},
					      {"nonce", required_argument, NULL, 'o'},
					      {"bound", required_argument, NULL, 'b'},
					      {NULL, 0, NULL, 0}};
	static char name[] = "cloister verify-guest";
	int option;

	*o = (struct guest_options){.host = defaults(name)};
	argv[0] = name;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take_guest(option, o))
			return false;
	if (argc - optind > 1)
		return complain(&o->host, "one guest at a time", argv[optind + 1]);
	o->evidence = argv[optind];
	return check_guest(o) && (!o->host.host.url || check_url(&o->host));
}
