/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command lines of 'cloister verify' and 'cloister verify-guest'. */
#ifndef TENANT_OPTIONS_H
#define TENANT_OPTIONS_H

#include "tenant/host.h"
#include "tenant/hosts.h"

struct options {
	const char *command;  /* its name, for messages */
	struct host host;     /* to be asked if it has an address, or */
	const char *evidence; /* a folder of saved evidence */
	const char *policy;
	const char *policy_key; /* NULL: the policy needs no signature */
	const char *save;       /* NULL: keep nothing */
	const char *cache;      /* folder of logs that came before; NULL: none */
	bool json;
	const char *store;                  /* folder of enrolled hosts, or NULL */
	char name[HOST_NAME_MAX_CHARS + 1]; /* under which the host is enrolled; empty: none */
	bool any_tpm;                       /* a host that nothing identifies may pass, on that condition */
};

/** Reads the arguments after 'verify'. On failure says what is wrong on standard error. */
bool options_parse(int argc, char **argv, struct options *options);

struct guest_options {
	struct options host; /* without an address, only the cache is looked at */
	const char *evidence, *policy;
	const char *bound; /* a file with what the guest binds, or NULL: nothing */
	bool has_nonce;
	uint8_t nonce[NONCE_BYTES];
};

/** Reads the arguments after 'verify-guest', likewise. */
bool guest_options_parse(int argc, char **argv, struct guest_options *options);

#endif
