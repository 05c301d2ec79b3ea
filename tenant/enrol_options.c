/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of 'cloister enrol'. */
#include "tenant/enrol_options.h"

#include <getopt.h>
#include <stdio.h>

#define COMMAND "cloister enrol"

static bool complain(const char *what, const char *value)
{
	fprintf(stderr, COMMAND ": %s%s%s\n", what, value ? ": " : "", value ? value : "");
	fprintf(stderr, "try 'cloister --help'\n");
	return false;
}

static bool take(int option, struct enrol_options *o)
{
	switch (option) {
	case 'n':
		return host_name_take(optarg, o->name) || complain("--name takes letters, digits and . _ : -", optarg);
	case 'r':
		o->roots = optarg;
		return true;
	case 'c':
		o->certificates = optarg;
		return true;
	case 'l':
		o->crls = optarg;
		return true;
	case 's':
		o->store = optarg;
		return true;
	case 'x':
		o->replace = true;
		return true;
	case 'j':
		o->json = true;
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

static bool check(struct enrol_options *o)
{
	if (!host_check(&o->host, COMMAND))
		return false;
	if (!o->roots)
		return complain("--roots DIR is missing: whom you trust to vouch for TPMs; 'make roots' makes one",
				NULL);
	if (!o->store)
		return complain("there is no home folder: give --store DIR", NULL);
	return o->name[0] || hosts_name_of_url(o->host.url, o->name) ||
	       complain("give --name HOST: the address cannot serve as one", o->host.url);
}

bool enrol_options_parse(int argc, char **argv, struct enrol_options *o)
{
	static const struct option known[] = {
		{"name", required_argument, NULL, 'n'},
		{"roots", required_argument, NULL, 'r'},
		{"certificates", required_argument, NULL, 'c'},
		{"crls", required_argument, NULL, 'l'},
		{"store", required_argument, NULL, 's'},
		{"replace", no_argument, NULL, 'x'},
		{"timeout", required_argument, NULL, 't'},
		{"cacert", required_argument, NULL, 'A'},
		{"pin", required_argument, NULL, 'P'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = COMMAND;
	int option;

	*o = (struct enrol_options){.host.timeout_s = HOST_TIMEOUT_S, .store = hosts_default_folder()};
	argv[0] = name; /* for getopt_long's messages */
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take(option, o))
			return false;
	if (argc - optind != 1)
		return complain("give the address of one host", NULL);
	o->host.url = argv[optind];
	return check(o);
}
