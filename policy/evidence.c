/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to POST /v1/evidence (docs/protocol.md). */
#include "policy/evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/evidence_members.h"

#define QUALIFYING_PREFIX "cloister-evidence-1"
#define PCRS_MAX_SENT     4096u /* a longer list than a TPM has is counted and refused by name */

static const char *const ANSWER[] = {"version", "quote",  "signature", "ak_public",    "pcrs",
				     "tcg_log", "hv_log", "fresh",     "hk_statement", NULL};
static const char *const LOG[] = {"sha256", NULL};
static const char *const LOG_DATA[] = {"data", NULL};
static const char *const PCR[] = {"index", "sha256", NULL};
static const char *const NONE[] = {NULL};

const struct evidence_log *known_log(const struct known_logs *known, struct digest digest)
{
	for (size_t i = 0; known && i < known->count; i++)
		if (digest_equal(known->log[i].claimed, digest))
			return &known->log[i];
	return NULL;
}

/* The data may be absent if we have it. */
static void read_log(struct members *m, const json_t *root, const char *name, const struct known_logs *known,
		     struct evidence_log *log)
{
	const json_t *object = json_object_get(root, name);

	members_exactly(m, object, name, LOG, LOG_DATA);
	log->claimed = member_digest(m, (struct member){object, name, "sha256"});
	const struct evidence_log *had = json_object_get(object, "data") ? NULL : known_log(known, log->claimed);
	log->data = had ? had->data : member_base64(m, (struct member){object, name, "data"});
}

static void read_pcrs(struct members *m, const json_t *root, struct evidence *evidence)
{
	const json_t *list = member_array(m, (struct member){root, "", "pcrs"}, 0, PCRS_MAX_SENT);

	evidence->pcr_count = json_array_size(list);
	for (size_t i = 0; i < evidence->pcr_count && i < EVIDENCE_MAX_PCRS && !m->failed; i++) {
		const json_t *object = json_array_get(list, i);
		char where[32];

		snprintf(where, sizeof(where), "pcrs[%zu]", i);
		members_exactly(m, object, where, PCR, NONE);
		evidence->pcrs[i].index =
			(uint32_t)member_number(m, (struct member){object, where, "index"}, UINT32_MAX);
		evidence->pcrs[i].value = member_digest_base64(m, (struct member){object, where, "sha256"});
	}
}

/* What a host without a hypervisor gives as null. */
static struct bytes read_optional(struct members *m, const json_t *root, const char *name)
{
	const struct member from = {root, "", name};

	return member_is_null(from) ? (struct bytes){NULL, 0} : member_base64(m, from);
}

void evidence_read_quote(struct members *m, const json_t *root, struct evidence *evidence)
{
	if (member_number(m, (struct member){root, "", "version"}, UINT32_MAX) != 1)
		members_fail(m, "version", "must be 1: the host speaks another version of the protocol");
	evidence->quote = member_base64(m, (struct member){root, "", "quote"});
	evidence->signature = member_base64(m, (struct member){root, "", "signature"});
	evidence->ak_public = member_base64(m, (struct member){root, "", "ak_public"});
	read_pcrs(m, root, evidence);
}

static void read_answer(struct members *m, const json_t *root, const struct known_logs *known,
			struct evidence *evidence)
{
	members_exactly(m, root, "", ANSWER, NONE);
	evidence_read_quote(m, root, evidence);
	read_log(m, root, "tcg_log", known, &evidence->tcg_log);
	read_log(m, root, "hv_log", known, &evidence->hv_log);
	evidence->statement = read_optional(m, root, "hk_statement");
	evidence->fresh = read_optional(m, root, "fresh");
}

bool evidence_parse(struct bytes answer, const struct known_logs *known, struct evidence *evidence,
		    struct parse_error *error)
{
	struct members m;

	*evidence = (struct evidence){.pcr_count = 0};
	*error = (struct parse_error){.where = "", .what = "longer than 2 MiB"};
	if (answer.len > ANSWER_MAX_BYTES)
		return false;
	json_t *root = members_open(&m, answer, error);
	if (root)
		read_answer(&m, root, known, evidence);
	json_decref(root);
	evidence->storage = m.storage;
	if (!m.failed)
		return true;
	evidence_free(evidence);
	return false;
}

void evidence_free(struct evidence *evidence)
{
	free(evidence->storage);
	*evidence = (struct evidence){.pcr_count = 0};
}

struct digest evidence_qualify(const char *label, struct bytes what, const struct evidence *evidence)
{
	const struct digest tcg_log = sha256(evidence->tcg_log.data);
	const struct digest hv_log = sha256(evidence->hv_log.data);
	const struct digest statement = sha256(evidence->statement);
	const struct bytes pieces[] = {
		{(const uint8_t *)label, strlen(label)},    {what.data, what.len},
		{tcg_log.bytes, sizeof(tcg_log.bytes)},     {hv_log.bytes, sizeof(hv_log.bytes)},
		{statement.bytes, sizeof(statement.bytes)},
	};

	return sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]));
}

struct digest evidence_qualifying_data(const struct evidence *evidence, const struct challenge *challenge)
{
	uint8_t asked[2 * NONCE_BYTES];

	memcpy(asked, challenge->nonce, NONCE_BYTES);
	memcpy(asked + NONCE_BYTES, challenge->channel, NONCE_BYTES);
	return evidence_qualify(QUALIFYING_PREFIX, (struct bytes){asked, sizeof(asked)}, evidence);
}
