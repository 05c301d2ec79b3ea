/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLS connection that evidence is bound to (docs/protocol.md, "The channel"). */
#ifndef TENANT_CHANNEL_H
#define TENANT_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "policy/evidence.h"

/**
 * SHA-256 of the SubjectPublicKeyInfo of the key that the far end of curl's present connection has
 * proved to hold.
 * Call it while the connection is open, as from CURLOPT_PREREQFUNCTION. False if there is no such
 * key.
 */
bool channel_of(CURL *curl, uint8_t channel[NONCE_BYTES]);

/** Reads "sha256//" and 32 bytes in base64, curl's way to write a pin. */
bool channel_parse_pin(const char *text, uint8_t pin[NONCE_BYTES]);

#define PIN_TEXT 56u /* "sha256//", 44 characters, NUL; with room */

/** Writes what channel_parse_pin reads. */
void channel_write_pin(const uint8_t pin[NONCE_BYTES], char text[PIN_TEXT]);

#endif
