/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest_quotes.h"

#include <string.h>
#include <unistd.h>

#define UNAVAILABLE 503u

/* The guests whose reports the hypervisor has signed, as leaves of the tree. */
struct batch {
	size_t count;
	struct guest_quote *member[GUEST_QUOTES_MAX];
	uint8_t leaves[GUEST_QUOTES_MAX][SHA256_BYTES];
};

static bool add(int device, struct batch *batch, struct guest_quote *quote, struct failure *failure)
{
	bool own;

	if (!report_sign(device, &quote->report, &quote->signed_report, &own, failure))
		return false;
	quote->error = own ? QUOTE_OK : QUOTE_E_PARAMETER;
	if (!own)
		return true;
	tree_leaf(&quote->signed_report, sizeof(quote->signed_report), batch->leaves[batch->count]);
	batch->member[batch->count++] = quote;
	return true;
}

static bool answer(const struct evidence *evidence, const struct batch *batch, size_t index, struct failure *failure)
{
	const struct tree_place place = tree_place(batch->leaves, batch->count, index);
	struct guest_quote *quote = batch->member[index];

	quote->evidence = answer_guest(evidence, &quote->signed_report, &place);
	if (quote->evidence.body && quote->evidence.status == 200 && quote->evidence.bytes <= QUOTE_MAX_BYTES)
		return true;
	return failed_with(failure, UNAVAILABLE, "guest-evidence", NULL, "no memory, or %zu bytes are more than %u",
			   quote->evidence.bytes, QUOTE_MAX_BYTES);
}

static bool answer_all(const struct sources *sources, struct tpm *tpm, const struct batch *batch,
		       struct failure *failure)
{
	struct challenge challenge = {.purpose = "cloister-guest-1", .bytes = SHA256_BYTES};
	struct evidence evidence;
	bool ok;

	tree_root(batch->leaves, batch->count, challenge.data);
	ok = evidence_gather(sources, tpm, &challenge, &evidence, failure);
	for (size_t i = 0; ok && i < batch->count; i++)
		ok = answer(&evidence, batch, i, failure);
	evidence_free(&evidence);
	return ok;
}

bool guest_quotes_make(const struct sources *sources, struct tpm *tpm, struct guest_quote *quotes, size_t count,
		       struct failure *failure)
{
	struct batch batch = {.count = 0};
	const int device = reports_open(sources, failure);
	bool ok = device >= 0;

	for (size_t i = 0; ok && i < count; i++)
		ok = add(device, &batch, &quotes[i], failure);
	if (device >= 0)
		close(device);
	if (ok && batch.count > 0)
		ok = answer_all(sources, tpm, &batch, failure);
	for (size_t i = 0; !ok && i < count; i++) {
		reply_free(&quotes[i].evidence);
		quotes[i].error = QUOTE_E_UNEXPECTED;
	}
	return ok;
}
