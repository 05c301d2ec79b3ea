/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of 'cloister verify'. */
#include "tenant/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define COMMAND "cloister verify"

static bool complain(const char *what, const char *value)
{
	fprintf(stderr, COMMAND ": %s%s%s\n", what, value ? ": " : "", value ? value : "");
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
		return host_name_take(optarg, o->name) || complain("--name takes letters, digits and . _ : -", optarg);
	case 'S':
		o->store = optarg;
		return true;
	case 'a':
		o->any_tpm = true;
		return true;
	case 't':
		return host_parse_timeout(&o->host, optarg, COMMAND);
	case 'P':
		return host_parse_pin(&o->host, optarg, COMMAND);
	case 'A':
		o->host.cacert = optarg;
		return true;
	default: /* getopt_long named it */
		fprintf(stderr, "try 'cloister --help'\n");
		return false;
	}
}

bool options_parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{"policy", required_argument, NULL, 'p'},   {"policy-key", required_argument, NULL, 'k'},
		{"evidence", required_argument, NULL, 'e'}, {"save", required_argument, NULL, 's'},
		{"timeout", required_argument, NULL, 't'},  {"cacert", required_argument, NULL, 'A'},
		{"cache", required_argument, NULL, 'C'},    {"no-cache", no_argument, NULL, 'N'},
		{"pin", required_argument, NULL, 'P'},      {"json", no_argument, NULL, 'j'},
		{"any-tpm", no_argument, NULL, 'a'},        {"name", required_argument, NULL, 'n'},
		{"store", required_argument, NULL, 'S'},    {NULL, 0, NULL, 0},
	};
	static char name[] = COMMAND;
	int option;

	*o = (struct options){
		.host.timeout_s = HOST_TIMEOUT_S, .cache = default_cache(), .store = hosts_default_folder()};
	argv[0] = name; /* for getopt_long's messages */
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take(option, o))
			return false;
	if (argc - optind > 1)
		return complain("one host at a time", argv[optind + 1]);
	o->host.url = argv[optind];
	if (!o->policy)
		return complain("--policy FILE is missing: what may run there is your decision", NULL);
	if (!o->host.url == !o->evidence)
		return complain("give either a URL or --evidence DIR", NULL);
	if (o->evidence && o->save)
		return complain("--save is for evidence from a host", NULL);
	if (o->evidence && (o->host.cacert || o->host.pinned))
		return complain("--cacert and --pin are for a host", NULL);
	if (!o->host.url)
		return true;
	/* An address that cannot be a name was never enrolled without one. */
	if (!o->name[0] && !hosts_name_of_url(o->host.url, o->name))
		o->name[0] = '\0';
	return host_check(&o->host, COMMAND);
}
