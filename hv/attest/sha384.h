/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-384 of what is fed to it piece by piece: a domain's measurements. */
#ifndef CLOISTER_ATTEST_SHA384_H
#define CLOISTER_ATTEST_SHA384_H

#include <stddef.h>
#include <stdint.h>

#define SHA384_BYTES 48u

/* Plain data, which may be copied: mbedTLS's context. */
struct sha384 {
	uint64_t context[27];
};

void sha384_start(struct sha384 *hash);
void sha384_add(struct sha384 *hash, const void *bytes, size_t length);
void sha384_finish(struct sha384 *hash, uint8_t digest[SHA384_BYTES]);

/* Of bytes that are all there. @digest may be among them. */
void sha384_of(const void *bytes, size_t length, uint8_t digest[SHA384_BYTES]);

#endif
