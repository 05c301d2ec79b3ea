/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers of an enrolment: a host's keys and certificates, and its answer to a credential. */
#include "fuzz/shared/harness.h"
#include "policy/identity.h"

void fuzz_one(struct bytes input)
{
	static const uint8_t credential[SHA256_BYTES] = "the credential of the seed file.";
	struct identity identity;
	struct parse_error error;
	bool same = false;

	if (identity_parse(input, &identity, &error)) {
		PROMISE(identity.certificate_count <= EK_CERTIFICATES_MAX);
		identity_free(&identity);
	} else {
		PROMISE(error.what[0] != '\0' && identity.storage == NULL);
	}
	if (!enrol_answer_parse(input, credential, &same, &error))
		PROMISE(error.what[0] != '\0');
}
