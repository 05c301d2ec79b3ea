/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of authorities' certificates and of revocations. */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "policy/ek_internal.h"

struct ek_authorities *ek_authorities_new(void)
{
	struct ek_authorities *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->store = X509_STORE_new();
	a->intermediate = sk_X509_new_null();
	if (a->store && a->intermediate)
		return a;
	ek_authorities_free(a);
	return NULL;
}

void ek_authorities_free(struct ek_authorities *a)
{
	if (!a)
		return;
	X509_STORE_free(a->store);
	sk_X509_pop_free(a->intermediate, X509_free);
	free(a);
}

/* Takes a certificate over. */
static enum ek_file add_certificate(struct ek_authorities *a, enum ek_role role, X509 *certificate)
{
	bool ok;

	if (role != EK_ROOTS)
		return sk_X509_push(a->intermediate, certificate) > 0 ? EK_FILE_TAKEN
								      : (X509_free(certificate), EK_FILE_NO_MEMORY);
	ok = X509_STORE_add_cert(a->store, certificate) == 1; /* one that is there already counts as added */
	X509_free(certificate);
	return ok ? EK_FILE_TAKEN : EK_FILE_NO_MEMORY;
}

/* Takes a CRL over. */
static enum ek_file add_crl(struct ek_authorities *a, X509_CRL *crl)
{
	const bool ok = X509_STORE_add_crl(a->store, crl) == 1;

	X509_CRL_free(crl);
	a->revocations++;
	return ok ? EK_FILE_TAKEN : EK_FILE_NO_MEMORY;
}

/* One object in DER that fills 'der'. */
static enum ek_file add_der(struct ek_authorities *a, enum ek_role role, struct bytes der, size_t *count)
{
	const unsigned char *at = der.data, *const end = der.data + der.len;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);

	if (certificate && at == end) {
		++*count;
		return add_certificate(a, role, certificate);
	}
	X509_free(certificate);
	at = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
	if (crl && at == end) {
		++*count;
		return add_crl(a, crl);
	}
	X509_CRL_free(crl);
	at = der.data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	EVP_PKEY_free(key);
	return key ? EK_FILE_PRIVATE_KEY : EK_FILE_UNKNOWN;
}

static enum ek_file add_block(struct ek_authorities *a, enum ek_role role, const char *name, struct bytes der,
			      size_t *count)
{
	if (strstr(name, "PRIVATE KEY"))
		return EK_FILE_PRIVATE_KEY;
	if (strcmp(name, PEM_STRING_X509) != 0 && strcmp(name, PEM_STRING_X509_CRL) != 0)
		return EK_FILE_UNKNOWN;
	return add_der(a, role, der, count);
}

/* Every block of a PEM file; what is between them is comment. */
static enum ek_file add_pem(struct ek_authorities *a, enum ek_role role, struct bytes file, size_t *count)
{
	BIO *in = BIO_new_mem_buf(file.data, (int)file.len);
	enum ek_file result = in ? EK_FILE_TAKEN : EK_FILE_NO_MEMORY;
	char *name, *header;
	unsigned char *data;
	size_t blocks = 0;
	long len;

	while (result == EK_FILE_TAKEN && PEM_read_bio(in, &name, &header, &data, &len) == 1) {
		result = add_block(a, role, name, (struct bytes){data, (size_t)len}, count);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
		blocks++;
	}
	BIO_free(in);
	return result == EK_FILE_TAKEN && blocks == 0 ? EK_FILE_UNKNOWN : result;
}

static size_t occurrences(struct bytes file, const char *text)
{
	const uint8_t *at = file.data;
	size_t left = file.len, count = 0;

	for (const uint8_t *found; left > 0 && (found = memmem(at, left, text, strlen(text))); count++) {
		left -= (size_t)(found - at) + 1;
		at = found + 1;
	}
	return count;
}

enum ek_file ek_authorities_add(struct ek_authorities *a, enum ek_role role, struct bytes file, size_t *count)
{
	const size_t begun = file.len ? occurrences(file, "-----BEGIN ") : 0, before = *count;

	if (file.len == 0 || file.len > EK_FILE_MAX_BYTES)
		return EK_FILE_UNKNOWN;
	a->revocations_asked |= role == EK_REVOCATIONS;
	if (occurrences(file, "PRIVATE KEY-----") > 0)
		return EK_FILE_PRIVATE_KEY;
	if (begun == 0)
		return add_der(a, role, file, count);
	const enum ek_file result = add_pem(a, role, file, count);
	/* A block that is cut or damaged ends the loop above. */
	return result == EK_FILE_TAKEN && *count - before != begun ? EK_FILE_UNKNOWN : result;
}
