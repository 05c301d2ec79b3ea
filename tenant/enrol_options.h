/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of 'cloister enrol'. */
#ifndef TENANT_ENROL_OPTIONS_H
#define TENANT_ENROL_OPTIONS_H

#include "tenant/host.h"
#include "tenant/hosts.h"

struct enrol_options {
	struct host host;
	char name[HOST_NAME_MAX_CHARS + 1];
	const char *roots;        /* folder */
	const char *certificates; /* folder, or NULL */
	const char *crls;         /* folder, or NULL */
	const char *store;        /* folder */
	bool replace;             /* whatever is stored for the name */
	bool json;                /* for programs */
};

/** Reads the arguments after 'enrol'. On failure says what is wrong on standard error. */
bool enrol_options_parse(int argc, char **argv, struct enrol_options *options);

#endif
