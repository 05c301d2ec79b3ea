/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's TLS key, by GnuTLS: made at each start, or read from files. */
#include "tls.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "file.h"

#define FILE_MAX     65536u
#define NAME         "attestd"
#define SERIAL_BYTES 16u

static bool failed(const char *what, int error)
{
	event("TLS: %s: %s", what, gnutls_strerror(error));
	return false;
}

/* Takes over GnuTLS's memory; NULL without memory. */
static char *text_of(gnutls_datum_t *datum)
{
	char *text = strndup((const char *)datum->data, datum->size);

	gnutls_memset(datum->data, 0, datum->size);
	gnutls_free(datum->data);
	return text;
}

/*
 * RFC 5280: a certificate whose end is unknown. Tenants check the key, not the clock of this host.
 */
static int fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	uint8_t serial[SERIAL_BYTES];
	int error = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and no leading zero */
	if (error == 0)
		error = gnutls_x509_crt_set_version(certificate, 3);
	if (error == 0)
		error = gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
	if (error == 0)
		error = gnutls_x509_crt_set_activation_time(certificate, 0);
	if (error == 0)
		error = gnutls_x509_crt_set_expiration_time(certificate, (time_t)-1);
	if (error == 0)
		error = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, NAME,
						      sizeof(NAME) - 1);
	if (error == 0)
		error = gnutls_x509_crt_set_key(certificate, key);
	return error == 0 ? gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0) : error;
}

static int make(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, struct tls *tls)
{
	const unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	gnutls_datum_t pem = {0};
	int error = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0);

	if (error == 0)
		error = fill(certificate, key);
	if (error == 0)
		error = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	if (error == 0)
		tls->key = text_of(&pem);
	if (error == 0)
		error = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem);
	if (error == 0)
		tls->certificates = text_of(&pem);
	return error == 0 && (!tls->key || !tls->certificates) ? GNUTLS_E_MEMORY_ERROR : error;
}

/* GnuTLS's identifier of a key is the hash of its SubjectPublicKeyInfo. */
static int channel_of(gnutls_x509_crt_t certificate, uint8_t channel[SHA256_BYTES])
{
	size_t bytes = SHA256_BYTES;

	return gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, channel, &bytes);
}

/* A certificate and a key to work with. */
struct pair {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

static int pair_new(struct pair *pair)
{
	const int error = gnutls_x509_crt_init(&pair->certificate);

	return error == 0 ? gnutls_x509_privkey_init(&pair->key) : error;
}

static void pair_free(struct pair *pair)
{
	gnutls_x509_crt_deinit(pair->certificate);
	gnutls_x509_privkey_deinit(pair->key);
}

bool tls_make(struct tls *tls)
{
	struct pair pair = {0};
	int error;

	*tls = (struct tls){0};
	error = pair_new(&pair);
	if (error == 0)
		error = make(pair.certificate, pair.key, tls);
	if (error == 0)
		error = channel_of(pair.certificate, tls->channel);
	pair_free(&pair);
	return error == 0 || failed("making a key", error);
}

static char *read_text(const char *path)
{
	struct blob blob;
	char *text = NULL;
	const int error = file_read(path, FILE_MAX, &blob);

	if (error != 0) {
		event("TLS: %s: %s", path, strerror(-error));
		return NULL;
	}
	text = blob.data ? strndup((const char *)blob.data, blob.bytes) : strdup("");
	if (blob.data)
		gnutls_memset(blob.data, 0, blob.bytes);
	blob_free(&blob);
	return text;
}

static gnutls_datum_t datum_of(char *text)
{
	return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

/* Are the first certificate and the key of one pair? */
static bool belong_together(const struct pair *pair, struct tls *tls)
{
	uint8_t of_key[SHA256_BYTES];
	size_t bytes = sizeof(of_key);
	int error = channel_of(pair->certificate, tls->channel);

	if (error == 0)
		error = gnutls_x509_privkey_get_key_id(pair->key, GNUTLS_KEYID_USE_SHA256, of_key, &bytes);
	if (error != 0)
		return failed("the configured key", error);
	if (memcmp(of_key, tls->channel, sizeof(of_key)) == 0)
		return true;
	event("TLS: the first certificate of --tls-cert is not one of the key of --tls-key");
	return false;
}

static bool import(const struct pair *pair, const char *key_path, const char *certificates_path, struct tls *tls)
{
	gnutls_datum_t text = datum_of(tls->key);
	int error = gnutls_x509_privkey_import2(pair->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);

	if (error != 0)
		return failed(key_path, error);
	text = datum_of(tls->certificates);
	error = gnutls_x509_crt_import(pair->certificate, &text, GNUTLS_X509_FMT_PEM);
	return error == 0 || failed(certificates_path, error);
}

bool tls_load(const char *key_path, const char *certificates_path, struct tls *tls)
{
	struct pair pair = {0};
	bool ok;
	int error;

	*tls = (struct tls){.key = read_text(key_path)};
	tls->certificates = tls->key ? read_text(certificates_path) : NULL;
	if (!tls->certificates)
		return false;
	error = pair_new(&pair);
	ok = error == 0 ? import(&pair, key_path, certificates_path, tls) && belong_together(&pair, tls)
			: failed("reading a key", error);
	pair_free(&pair);
	return ok;
}

void tls_free(struct tls *tls)
{
	if (tls->key)
		gnutls_memset(tls->key, 0, strlen(tls->key));
	free(tls->key);
	free(tls->certificates);
	*tls = (struct tls){0};
}
