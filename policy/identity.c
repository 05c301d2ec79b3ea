/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to GET /v1/identity and POST /v1/enrol (docs/protocol.md). */
#include "policy/identity.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "policy/members.h"

static const char *const IDENTITY[] = {"version",      "attestd", "ek_certificates", "ek_public", "ak_public",
				       "hk_statement", NULL};
static const char *const ENROL[] = {"version", "secret", NULL};
static const char *const NONE[] = {NULL};

static void check_version(struct members *m, const json_t *root)
{
	if (member_number(m, (struct member){root, "", "version"}, UINT32_MAX) != 1)
		members_fail(m, "version", "must be 1: the host speaks another version of the protocol");
}

static void read_certificates(struct members *m, const json_t *root, struct identity *identity)
{
	const json_t *list = member_array(m, (struct member){root, "", "ek_certificates"}, 0, EK_CERTIFICATES_MAX);

	for (size_t i = 0; i < json_array_size(list) && !m->failed; i++) {
		char where[40];

		snprintf(where, sizeof(where), "ek_certificates[%zu]", i);
		identity->certificate[identity->certificate_count++] =
			element_base64(m, json_array_get(list, i), where);
	}
}

static void read_identity(struct members *m, const json_t *root, struct identity *identity)
{
	char version[64];

	members_exactly(m, root, "", IDENTITY, NONE);
	check_version(m, root);
	member_string(m, (struct member){root, "", "attestd"}, version, sizeof(version));
	identity->ek_public = member_base64(m, (struct member){root, "", "ek_public"});
	identity->ak_public = member_base64(m, (struct member){root, "", "ak_public"});
	if (!member_is_null((struct member){root, "", "hk_statement"}))
		member_base64(m, (struct member){root, "", "hk_statement"});
	read_certificates(m, root, identity);
}

bool identity_parse(struct bytes answer, struct identity *identity, struct parse_error *error)
{
	struct members m;

	*identity = (struct identity){.certificate_count = 0};
	json_t *root = members_open(&m, answer, error);
	if (root)
		read_identity(&m, root, identity);
	json_decref(root);
	identity->storage = m.storage;
	if (!m.failed)
		return true;
	identity_free(identity);
	return false;
}

void identity_free(struct identity *identity)
{
	free(identity->storage);
	*identity = (struct identity){.certificate_count = 0};
}

bool enrol_answer_parse(struct bytes answer, const uint8_t credential[SHA256_BYTES], bool *same,
			struct parse_error *error)
{
	struct members m;

	json_t *root = members_open(&m, answer, error);
	if (root) {
		members_exactly(&m, root, "", ENROL, NONE);
		check_version(&m, root);
		const struct bytes secret = member_base64(&m, (struct member){root, "", "secret"});
		*same = secret.len == SHA256_BYTES && CRYPTO_memcmp(secret.data, credential, SHA256_BYTES) == 0;
	}
	json_decref(root);
	free(m.storage);
	return !m.failed;
}
