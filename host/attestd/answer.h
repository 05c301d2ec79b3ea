/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's answers in JSON (docs/protocol.md). */
#ifndef ATTESTD_ANSWER_H
#define ATTESTD_ANSWER_H

#include <stddef.h>

#include "evidence.h"
#include "hash_tree.h"

#define ANSWER_MAX_BYTES (2u << 20)

/* An HTTP answer. */
struct reply {
	unsigned status;
	const char *type; /* Content-Type */
	char *body;       /* allocated */
	size_t bytes;
	unsigned again_s; /* Retry-After, 0 for none */
};

/** 'statement' is NULL without a hypervisor. */
struct reply answer_identity(const struct tpm_identity *identity, const struct hk_statement *statement);
struct reply answer_evidence(const struct evidence *evidence, const struct evidence_request *request);
struct reply answer_guest(const struct evidence *evidence, const struct hk_report *report,
			  const struct tree_place *place);
struct reply answer_enrol(const struct tpm_secret *secret);
struct reply answer_failure(const struct failure *failure);

/** Gives a reply's memory back. */
void reply_free(struct reply *reply);

#endif
