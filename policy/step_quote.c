/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 3 to 5: what the quote is for, who signed it, and of which boot it is. */
#include "policy/encoding.h"
#include "policy/steps.h"

/* Is the quote for the challenge, but for no channel? Both logs are hashed again: only for a quote that is refused. */
static bool is_unbound(const struct judgement *j, struct bytes found)
{
	if (!j->challenge)
		return false;
	struct challenge no_channel = *j->challenge;
	memset(no_channel.channel, 0, sizeof(no_channel.channel));
	const struct digest without = evidence_qualifying_data(j->evidence, &no_channel);
	return bytes_equal(found, without.bytes, SHA256_BYTES);
}

static void check_qualifying_data(struct judgement *j)
{
	const struct bytes found = j->quote.extra_data;
	char text[2 * 64 + 1];

	hex_encode(found.data, found.len, text);
	if (found.len != SHA256_BYTES) {
		refuse(j, REFUSE_QUALIFYING_LENGTH, "32 bytes", "%zu bytes", found.len);
		return;
	}
	if (bytes_equal(found, j->qualifying.bytes, SHA256_BYTES))
		return;
	refuse(j, is_unbound(j, found) ? REFUSE_CHANNEL : REFUSE_QUALIFYING, digest_hex(j->qualifying).text, "%s",
	       text);
}

void step_freshness(struct judgement *j)
{
	if (!j->has_quote) {
		verdict_skip(j->verdict, STEP_FRESHNESS, "the quote could not be read");
		return;
	}
	if (j->quote.magic != TPM_GENERATED_VALUE)
		refuse(j, REFUSE_QUOTE_MAGIC, "0xff544347, which a TPM signs only itself", "0x%08x", j->quote.magic);
	else if (j->quote.type != TPM_ST_ATTEST_QUOTE)
		refuse(j, REFUSE_QUOTE_TYPE, "0x8018, TPM_ST_ATTEST_QUOTE", "0x%04x", j->quote.type);
	else
		check_qualifying_data(j);
	verdict_pass(j->verdict, STEP_FRESHNESS);
}

void step_signature(struct judgement *j)
{
	if (!j->has_ak || !j->has_signature || j->evidence->quote.len == 0) {
		verdict_skip(j->verdict, STEP_SIGNATURE, "quote, signature or key could not be read");
		return;
	}
	switch (p256_verify(&j->ak.point, &j->signature, j->evidence->quote)) {
	case P256_VALID:
		break;
	case P256_RANGE:
		refuse(j, REFUSE_SIGNATURE_RANGE, "r and s from 1 to n-1", "r or s outside");
		break;
	case P256_BAD_KEY:
		refuse(j, REFUSE_AK_POINT, "a point of P-256", "another point");
		break;
	case P256_INVALID:
		refuse(j, REFUSE_SIGNATURE, "a signature of these bytes by the attestation key",
		       "one that key %s did not make", name_hex(&j->ak.name).text);
		break;
	}
	verdict_pass(j->verdict, STEP_SIGNATURE);
}

/* Both counters of the statement were read by the loader, at this boot. */
static void compare_counters(struct judgement *j)
{
	const struct tpm_quote *quote = &j->quote;
	const struct hk_statement *statement = &j->statement;
	char expected[48];

	snprintf(expected, sizeof(expected), "%u, as in the key statement", statement->tpm_reset_count);
	if (quote->reset_count != statement->tpm_reset_count)
		refuse(j, REFUSE_RESET_COUNT, expected, "resetCount %u in the quote", quote->reset_count);
	if (quote->restart_count == 0 && statement->tpm_restart_count != 0)
		refuse(j, REFUSE_RESTART_COUNT, "restartCount 0", "%u in the key statement",
		       statement->tpm_restart_count);
}

void step_counters(struct judgement *j)
{
	if (!j->has_quote || !j->quote.is_quote) {
		verdict_skip(j->verdict, STEP_COUNTERS, "the quote could not be read");
		return;
	}
	if (j->quote.restart_count != 0)
		refuse(j, REFUSE_RESUMED, "restartCount 0", "%u in the quote", j->quote.restart_count);
	if (!j->quote.safe)
		refuse(j, REFUSE_CLOCK_UNSAFE, "a clock that the TPM calls safe", "clock %llu ms, not safe",
		       (unsigned long long)j->quote.clock);
	check_memory(j);
	if (!j->has_statement) {
		verdict_skip(j->verdict, STEP_COUNTERS, "no key statement to compare with");
		return;
	}
	compare_counters(j);
	verdict_pass(j->verdict, STEP_COUNTERS);
}
