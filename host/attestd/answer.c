/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's answers in JSON (docs/protocol.md). */
#include "answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define OK          200u
#define UNAVAILABLE 503u

/* Base64 of the largest logs, and everything else, fit into an answer. */
_Static_assert((TCG_LOG_MAX + HV_LOG_MAX + 32768) / 3 * 4 < ANSWER_MAX_BYTES, "an answer may get too long");

/* Takes over 'root', which is NULL without memory. */
static struct reply json_reply(unsigned status, json_t *root)
{
	static const char no_memory[] =
		"{\"error\":{\"code\":\"out-of-memory\",\"field\":null,\"message\":\"ask again later\"}}";
	struct reply reply = {.status = status, .type = "application/json"};

	reply.body = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (!reply.body) {
		reply.status = UNAVAILABLE;
		reply.again_s = 1;
		reply.body = strdup(no_memory);
	}
	reply.bytes = reply.body ? strlen(reply.body) : 0;
	return reply;
}

static json_t *structure(const void *data, size_t bytes)
{
	return data ? json_base64(data, bytes) : json_null();
}

static json_t *public_area(const struct tpm_public *public)
{
	return json_base64(public->bytes, public->length);
}

static json_t *certificates(const struct tpm_identity *identity)
{
	json_t *list = json_array();

	for (size_t i = 0; i < identity->certificate_count; i++)
		json_array_append_new(list,
				      json_base64(identity->certificates[i].der, identity->certificates[i].length));
	return list;
}

struct reply answer_identity(const struct tpm_identity *identity, const struct hk_statement *statement)
{
	return json_reply(OK, json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "version", 1, "attestd", CLOISTER_VERSION,
					"ek_certificates", certificates(identity), "ek_public",
					public_area(&identity->ek), "ak_public", public_area(&identity->ak),
					"hk_statement", structure(statement, sizeof(*statement))));
}

static json_t *pcr_values(const struct tpm_quote *quote)
{
	json_t *list = json_array();

	for (size_t i = 0; i < TPM_PCR_COUNT; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}", "index", (int)tpm_pcrs[i], "sha256",
						      json_base64(quote->values[i], sizeof(quote->values[i]))));
	return list;
}

/* Without a request, as in a guest's evidence, a log has no data. */
static json_t *log_object(const struct log *log, const struct evidence_request *request)
{
	char hex[SHA256_HEX + 1];

	hex_encode(log->sha256, hex);
	if (!request || evidence_request_knows(request, log->sha256))
		return json_pack("{s:s}", "sha256", hex);
	return json_pack("{s:s, s:o}", "sha256", hex, "data", json_base64(log->content.data, log->content.bytes));
}

/* What evidence of a host and of a guest have in common. Takes over the logs. */
static json_t *evidence_object(const struct evidence *evidence, json_t *tcg_log, json_t *hv_log)
{
	const struct tpm_quote *quote = &evidence->quote;
	const struct hk_statement *statement = evidence->hypervisor ? &evidence->statement : NULL;
	const struct hk_fresh *fresh = evidence->hypervisor ? &evidence->fresh : NULL;

	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", 1, "quote",
			 json_base64(quote->attest, quote->attest_length), "signature",
			 json_base64(quote->signature, quote->signature_length), "ak_public", public_area(&quote->ak),
			 "pcrs", pcr_values(quote), "tcg_log", tcg_log, "hv_log", hv_log, "hk_statement",
			 structure(statement, sizeof(*statement)), "fresh", structure(fresh, sizeof(*fresh)));
}

struct reply answer_evidence(const struct evidence *evidence, const struct evidence_request *request)
{
	return json_reply(OK, evidence_object(evidence, log_object(&evidence->logs.tcg, request),
					      log_object(&evidence->logs.hv, request)));
}

static json_t *batch(const struct tree_place *place)
{
	json_t *path = json_array();

	for (size_t i = 0; i < place->path_length; i++)
		json_array_append_new(path, json_base64(place->path[i], SHA256_BYTES));
	return json_pack("{s:i, s:i, s:o}", "index", (int)place->index, "count", (int)place->count, "path", path);
}

struct reply answer_guest(const struct evidence *evidence, const struct hk_report *report,
			  const struct tree_place *place)
{
	json_t *root =
		evidence_object(evidence, log_object(&evidence->logs.tcg, NULL), log_object(&evidence->logs.hv, NULL));
	const bool whole = json_object_set_new(root, "report", json_base64(report, sizeof(*report))) == 0 &&
			   json_object_set_new(root, "batch", batch(place)) == 0;

	if (!whole)
		json_decref(root);
	return json_reply(OK, whole ? root : NULL);
}

struct reply answer_enrol(const struct tpm_secret *secret)
{
	return json_reply(OK,
			  json_pack("{s:i, s:o}", "version", 1, "secret", json_base64(secret->bytes, secret->length)));
}

struct reply answer_failure(const struct failure *failure)
{
	json_t *field = failure->field[0] ? json_string(failure->field) : json_null();

	struct reply reply =
		json_reply(failure->status, json_pack("{s:{s:s, s:o, s:s}}", "error", "code", failure->code, "field",
						      field, "message", failure->message));

	if (reply.status == UNAVAILABLE)
		reply.again_s = failure->again_s;
	return reply;
}

void reply_free(struct reply *reply)
{
	free(reply->body);
	*reply = (struct reply){0};
}
