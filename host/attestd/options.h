/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attestd's command line. */
#ifndef ATTESTD_OPTIONS_H
#define ATTESTD_OPTIONS_H

#include <sys/socket.h>

#include "evidence.h"

struct options {
	struct sockaddr_storage listen;
	socklen_t listen_bytes;
	struct tpm_sources tpm;
	struct sources sources;
	unsigned timeout_s;             /* how long a request may wait for the TPM */
	const char *tls_key, *tls_cert; /* paths; NULL: a key is made at the start */
	bool plain_http;                /* no TLS */
	const char *guest_quotes;       /* the path of a socket; NULL: no quotes for guests */
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/** Parses the command line. OPTIONS_DONE after --help and --version, OPTIONS_WRONG after a message. */
enum options_result options_parse(int argc, char **argv, struct options *options);

/** Parses ADDRESS:PORT, both as numbers, IPv6 addresses in brackets. */
bool options_listen(const char *text, struct options *options);

#endif
