/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key at the far end of a TLS connection. libcurl must be the one that is built on OpenSSL, as
 * Debian's is.
 */
#include "tenant/channel.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "policy/encoding.h"

#define PREFIX       "sha256//"
#define PREFIX_CHARS (sizeof(PREFIX) - 1)
#define HASH_CHARS   44u

static SSL *connection_of(CURL *curl)
{
	struct curl_tlssessioninfo *session = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session ||
	    session->backend != CURLSSLBACKEND_OPENSSL)
		return NULL;
	return session->internals;
}

bool channel_of(CURL *curl, uint8_t channel[NONCE_BYTES])
{
	SSL *connection = connection_of(curl);
	X509 *certificate = connection ? SSL_get1_peer_certificate(connection) : NULL;
	unsigned char *der = NULL;
	const int len = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der) : -1;
	const bool hashed = len > 0 && EVP_Digest(der, (size_t)len, channel, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	X509_free(certificate);
	return hashed;
}

bool channel_parse_pin(const char *text, uint8_t pin[NONCE_BYTES])
{
	uint8_t bytes[HASH_CHARS];
	size_t len;

	if (strncmp(text, PREFIX, PREFIX_CHARS) != 0 || strlen(text) != PREFIX_CHARS + HASH_CHARS ||
	    !base64_decode(text + PREFIX_CHARS, HASH_CHARS, bytes, &len) || len != NONCE_BYTES)
		return false;
	memcpy(pin, bytes, NONCE_BYTES);
	return true;
}

void channel_write_pin(const uint8_t pin[NONCE_BYTES], char text[PIN_TEXT])
{
	memcpy(text, PREFIX, PREFIX_CHARS);
	EVP_EncodeBlock((unsigned char *)text + PREFIX_CHARS, pin, NONCE_BYTES);
}
