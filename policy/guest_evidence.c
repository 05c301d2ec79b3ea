/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The quote that a guest gets (docs/protocol.md). */
#include "policy/guest_evidence.h"

#include <stdio.h>

#include "policy/evidence_members.h"

#define QUALIFYING_PREFIX "cloister-guest-1"

static const char *const GUEST[] = {"version", "report",  "batch",  "quote",        "signature", "ak_public",
				    "pcrs",    "tcg_log", "hv_log", "hk_statement", "fresh",     NULL};
static const char *const BATCH[] = {"index", "count", "path", NULL};
static const char *const LOG[] = {"sha256", NULL};
static const char *const NONE[] = {NULL};

static struct digest read_log_digest(struct members *m, const json_t *root, const char *name)
{
	const json_t *object = json_object_get(root, name);

	members_exactly(m, object, name, LOG, NONE);
	return member_digest(m, (struct member){object, name, "sha256"});
}

static void read_path(struct members *m, const json_t *batch, struct merkle_leaf *report)
{
	const json_t *list = member_array(m, (struct member){batch, "batch", "path"}, 0, MERKLE_MAX_PATH);

	report->path_len = json_array_size(list);
	for (size_t i = 0; i < report->path_len && !m->failed; i++) {
		char where[48];

		snprintf(where, sizeof(where), "batch.path[%zu]", i);
		report->path[i] = element_digest_base64(m, json_array_get(list, i), where);
	}
}

/* Every path of the right length leads to a root; that the quote is for this root, the judgement says. */
static void read_batch(struct members *m, const json_t *root, struct guest_evidence *evidence)
{
	const json_t *batch = json_object_get(root, "batch");
	struct merkle_leaf *report = &evidence->report;

	members_exactly(m, batch, "batch", BATCH, NONE);
	report->index = (uint32_t)member_number(m, (struct member){batch, "batch", "index"}, MERKLE_MAX_LEAVES - 1);
	report->count = (uint32_t)member_number(m, (struct member){batch, "batch", "count"}, MERKLE_MAX_LEAVES);
	read_path(m, batch, report);
	if (!m->failed && report->index >= report->count)
		members_fail(m, "batch.index", "must be less than batch.count");
	if (!m->failed && !merkle_root(report, &evidence->batch))
		members_fail(m, "batch.path", "must have the length of the path of that index and count");
}

static void read_guest(struct members *m, const json_t *root, struct guest_evidence *evidence)
{
	members_exactly(m, root, "", GUEST, NONE);
	evidence_read_quote(m, root, &evidence->host);
	evidence->host.tcg_log.claimed = read_log_digest(m, root, "tcg_log");
	evidence->host.hv_log.claimed = read_log_digest(m, root, "hv_log");
	evidence->host.statement = member_base64(m, (struct member){root, "", "hk_statement"});
	evidence->host.fresh = member_base64(m, (struct member){root, "", "fresh"});
	evidence->report.data = member_base64(m, (struct member){root, "", "report"});
	read_batch(m, root, evidence);
}

bool guest_evidence_parse(struct bytes document, struct guest_evidence *evidence, struct parse_error *error)
{
	struct members m;

	*evidence = (struct guest_evidence){.batch = digest_filled(0)};
	*error = (struct parse_error){.where = "", .what = "longer than 8192 bytes"};
	if (document.len > GUEST_EVIDENCE_MAX_BYTES)
		return false;
	json_t *root = members_open(&m, document, error);
	if (root)
		read_guest(&m, root, evidence);
	json_decref(root);
	evidence->host.storage = m.storage;
	if (!m.failed)
		return true;
	guest_evidence_free(evidence);
	return false;
}

void guest_evidence_free(struct guest_evidence *evidence)
{
	evidence_free(&evidence->host);
	*evidence = (struct guest_evidence){.batch = digest_filled(0)};
}

struct digest guest_evidence_qualifying_data(const struct guest_evidence *evidence)
{
	return evidence_qualify(QUALIFYING_PREFIX, (struct bytes){evidence->batch.bytes, SHA256_BYTES},
				&evidence->host);
}

void guest_report_data(const struct guest_challenge *challenge, uint8_t data[REPORT_DATA_BYTES])
{
	const struct bytes pieces[] = {{challenge->nonce, NONCE_BYTES}, challenge->bound};

	sha512_pieces(pieces, 2, data);
}
