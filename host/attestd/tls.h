/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's TLS key. Its hash is the channel that evidence is bound to (docs/protocol.md). */
#ifndef ATTESTD_TLS_H
#define ATTESTD_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "encode.h"

/* TLS 1.3 alone: nothing can be renegotiated, and every cipher suite is an authenticated one. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3"

struct tls {
	char *key;                     /* PEM; NULL for plain HTTP */
	char *certificates;            /* PEM, the key's own first */
	uint8_t channel[SHA256_BYTES]; /* of the SubjectPublicKeyInfo; zeros for plain HTTP */
};

/**
 * Makes a P-256 key and a certificate that it signs itself. Returns false after a message;
 * tls_free in any case.
 */
bool tls_make(struct tls *tls);

/**
 * Reads a key without a password and its certificates, both PEM, at most 64 KiB each.
 * Returns false after a message, also if the first certificate is of another key; tls_free in any
 * case.
 */
bool tls_load(const char *key_path, const char *certificates_path, struct tls *tls);

/** Gives back what tls_make or tls_load took. The key is wiped. */
void tls_free(struct tls *tls);

#endif
