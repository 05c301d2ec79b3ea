/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 1: structures, logs and lists that are not what they must be. */
#include <stdlib.h>

#include "lie.h"

static void cut_quote(struct built *b)
{
	b->evidence.quote.len--;
}

static void long_quote(struct built *b)
{
	b->evidence.quote.len++;
}

static void long_signature(struct built *b)
{
	b->evidence.signature.len++;
}

static void rsa_signature(struct built *b)
{
	b->signature[1] = 0x14; /* TPM_ALG_RSASSA */
}

static void rsa_ak(struct built *b)
{
	b->ak_public[1] = 0x01; /* TPM_ALG_RSA */
}

static void wrong_log_digest(struct built *b)
{
	b->evidence.tcg_log.claimed.bytes[5] ^= 1;
}

static void pcr_short(struct built *b)
{
	b->evidence.pcr_count--;
}

static void pcr_swapped(struct built *b)
{
	const struct evidence_pcr first = b->evidence.pcrs[2];

	b->evidence.pcrs[2] = b->evidence.pcrs[3];
	b->evidence.pcrs[3] = first;
}

static void pcr_twice(struct built *b)
{
	b->evidence.pcrs[3] = b->evidence.pcrs[2];
}

static void pcr_many(struct built *b)
{
	b->evidence.pcr_count = 33;
}

static void pcr_other(struct built *b)
{
	b->evidence.pcrs[11].index = 23;
}

static void statement_version(struct built *b, struct scenario *s)
{
	(void)s;
	b->statement[8] = HK_STATEMENT_VERSION + 1;
}

static void statement_flag(struct scenario *s)
{
	s->statement.flags |= 1u << 10;
}

static void statement_long(struct built *b, struct scenario *s)
{
	(void)s;
	b->evidence.statement.len--;
}

/* 2^32 pages: their numbers have 32 bits. */
static void fresh_pool(struct scenario *s)
{
	s->fresh.pool_mib = 1u << 24;
}

static void fresh_flag(struct scenario *s)
{
	s->fresh.flags |= ~(uint32_t)HK_FLAG_ALL;
}

static void launch_order(struct built *b, struct scenario *s)
{
	(void)s;
	b->hv_log[69] = 18; /* the first event's PCR, after a Spec ID event of 32 + 37 bytes */
}

static void launch_cut(struct built *b, struct scenario *s)
{
	(void)s;
	b->evidence.hv_log.data.len--;
}

static void put_two_digests(struct writer *w, uint16_t first, uint16_t second)
{
	static const uint8_t zeros[48];

	put_le(w, first, 2);
	put_bytes(w, zeros, 32);
	put_le(w, second, 2);
	put_bytes(w, zeros, 48);
}

static void log_oversize(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);

	(void)s;
	put_head(&w, 8, 2);
	put_two_digests(&w, TPM_ALG_SHA256, TPM_ALG_SHA384);
	put_le(&w, 0xfffffff0, 4);
	log_append(b, &w);
}

static void log_algorithm(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);

	(void)s;
	put_head(&w, 8, 2);
	put_two_digests(&w, 0x1234, TPM_ALG_SHA384);
	put_le(&w, 0, 4);
	log_append(b, &w);
}

static void log_digest_twice(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);

	(void)s;
	put_head(&w, 8, 2);
	put_two_digests(&w, TPM_ALG_SHA256, TPM_ALG_SHA256);
	put_le(&w, 0, 4);
	log_append(b, &w);
}

static void log_count(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);
	static const uint8_t zeros[32];

	(void)s;
	put_head(&w, 8, 1);
	put_le(&w, TPM_ALG_SHA256, 2);
	put_bytes(&w, zeros, sizeof(zeros));
	put_le(&w, 0, 4);
	log_append(b, &w);
}

static void log_pcr(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);

	(void)s;
	put_head(&w, 24, 2);
	put_two_digests(&w, TPM_ALG_SHA256, TPM_ALG_SHA384);
	put_le(&w, 0, 4);
	log_append(b, &w);
}

static void log_cut(struct built *b, struct scenario *s)
{
	(void)s;
	b->evidence.tcg_log.data.len -= 3;
}

static void log_tail(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);

	(void)s;
	put_be(&w, UINT64_MAX, 8);
	put_be(&w, UINT64_MAX, 8);
	log_append(b, &w);
}

static void log_sha1_only(struct built *b, struct scenario *s)
{
	(void)s;
	b->tcg_log[60] = TPM_ALG_SHA1; /* the first bank's algorithm, and its size */
	b->tcg_log[62] = 20;
}

static void log_no_spec_id(struct built *b, struct scenario *s)
{
	(void)s;
	b->tcg_log[32] = 'X';
}

static void late_locality(struct scenario *s)
{
	scenario_event(s, 0, EV_NO_ACTION, "StartupLocality\0\3", 17);
}

static void early_locality(struct scenario *s)
{
	start_from(s, 3, 17);
}

/* coreboot's is longer */
static void padded_locality(struct scenario *s)
{
	start_from(s, 3, 50);
}

static void short_locality(struct scenario *s)
{
	start_from(s, 3, 16);
}

static void padded_with_more(struct scenario *s)
{
	start_from(s, 3, 50);
	s->events[0].data[49] = 1;
}

static void no_action_everywhere(struct scenario *s)
{
	insert_event(s, &s->events[0], 0xffffffff, EV_NO_ACTION, "x", 1);
	insert_event(s, &s->events[3], 24, EV_NO_ACTION, "y", 1);
}

/* The log of a TPM 1.2, or of a TPM 2.0 whose SHA-256 bank is off. */
static void log_old_format(struct built *b, struct scenario *s)
{
	static const uint8_t zeros[20];
	struct writer w = {b->tcg_log, 0, sizeof(b->tcg_log)};

	(void)s;
	for (uint32_t pcr = 0; pcr < 8; pcr++) {
		put_le(&w, pcr, 4);
		put_le(&w, EV_SEPARATOR, 4);
		put_bytes(&w, zeros, sizeof(zeros));
		put_le(&w, 4, 4);
		put_le(&w, 0, 4);
	}
	log_append(b, &w);
}

static void one_bank(struct scenario *s)
{
	s->spec_banks = 1;
}

static void long_log(struct built *b, struct scenario *s)
{
	static const uint8_t zeros[100u << 10];
	struct writer w = log_end(b);

	(void)s;
	put_head(&w, 8, 2);
	put_two_digests(&w, TPM_ALG_SHA256, TPM_ALG_SHA384);
	put_le(&w, sizeof(zeros), 4);
	put_bytes(&w, zeros, sizeof(zeros));
	log_append(b, &w);
}

static const struct lie LIES[] = {
	{"log longer than 64 KiB", NULL, long_log, NULL, {0}, 0, NULL},
	{"StartupLocality 3", early_locality, started, NULL, {0}, 0, NULL},
	{"StartupLocality 3, padded", padded_locality, started, NULL, {0}, 0, NULL},
	{"EV_NO_ACTION of PCRs above 23", no_action_everywhere, NULL, NULL, {0}, 0, NULL},
	{"quote cut", NULL, NULL, cut_quote, {REFUSE_QUOTE_FORMAT, REFUSE_SIGNATURE}, 11, NULL},
	{"quote with a byte more", NULL, NULL, long_quote, {REFUSE_QUOTE_FORMAT, REFUSE_SIGNATURE}, 11, NULL},
	{"signature with a byte more", NULL, NULL, long_signature, {REFUSE_SIGNATURE_FORMAT}, 11, NULL},
	{"signature of another algorithm", NULL, NULL, rsa_signature, {REFUSE_SIGNATURE_FORMAT}, 11, NULL},
	{"key of another algorithm", NULL, NULL, rsa_ak, {REFUSE_AK_FORMAT}, 11, NULL},
	{"log with another digest", NULL, NULL, wrong_log_digest, {REFUSE_LOG_DIGEST}, 11, NULL},
	{"PCR list short", NULL, NULL, pcr_short, {REFUSE_PCRS_SHORT}, 11, NULL},
	{"PCR list reordered", NULL, NULL, pcr_swapped, {REFUSE_PCRS_ORDER}, 11, NULL},
	{"PCR list with a duplicate", NULL, NULL, pcr_twice, {REFUSE_PCRS_DUPLICATE}, 11, NULL},
	{"PCR list longer than 32", NULL, NULL, pcr_many, {REFUSE_PCRS_LONG}, 11, NULL},
	{"PCR list with another PCR", NULL, NULL, pcr_other, {REFUSE_PCRS_OTHER}, 11, NULL},
	{"statement of version 2", NULL, statement_version, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"statement with an unknown flag", statement_flag, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"statement cut", NULL, statement_long, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"fresh answer with too large a pool", fresh_pool, NULL, NULL, {REFUSE_FRESH_FORMAT}, 11, NULL},
	{"fresh answer with an unknown flag", fresh_flag, NULL, NULL, {REFUSE_FRESH_FORMAT}, 11, NULL},
	{"launch log in another order", NULL, launch_order, NULL, {REFUSE_HV_LOG_SHAPE}, 11, NULL},
	{"launch log cut", NULL, launch_cut, NULL, {REFUSE_HV_LOG}, 11, NULL},
	{"TCG log: oversize event", NULL, log_oversize, NULL, {REFUSE_TCG_LOG}, 11, "longer than 1 MiB"},
	{"TCG log: unknown algorithm", NULL, log_algorithm, NULL, {REFUSE_TCG_LOG}, 11, "is unknown, repeated"},
	{"TCG log: one algorithm twice", NULL, log_digest_twice, NULL, {REFUSE_TCG_LOG}, 11, "is unknown, repeated"},
	{"TCG log: wrong digest count", NULL, log_count, NULL, {REFUSE_TCG_LOG}, 11, "one digest for each bank"},
	{"TCG log: PCR 24", NULL, log_pcr, NULL, {REFUSE_TCG_LOG}, 11, "PCR above 23"},
	{"TCG log: truncated", NULL, log_cut, NULL, {REFUSE_TCG_LOG}, 11, "ends in the middle"},
	{"TCG log: 0xFF tail", NULL, log_tail, NULL, {REFUSE_TCG_LOG}, 11, "filling bytes"},
	{"TCG log: no SHA-256", NULL, log_sha1_only, NULL, {REFUSE_TCG_LOG}, 11, "no SHA-256 digests"},
	{"TCG log: no Spec ID", NULL, log_no_spec_id, NULL, {REFUSE_TCG_LOG}, 11, "Spec ID event"},
	{"TCG log: SHA-1 bank only", one_bank, log_sha1_only, NULL, {REFUSE_TCG_LOG}, 11, "SHA-1 digests only"},
	{"TCG log: old format", NULL, log_old_format, NULL, {REFUSE_TCG_LOG}, 11, "SHA-1 digests only"},
	{"TCG log: StartupLocality cut", short_locality, NULL, NULL, {REFUSE_TCG_LOG}, 11, "StartupLocality"},
	{"TCG log: StartupLocality with more", padded_with_more, NULL, NULL, {REFUSE_TCG_LOG}, 11, "StartupLocality"},
	{"TCG log: late StartupLocality", late_locality, NULL, NULL, {REFUSE_TCG_LOG}, 11, "StartupLocality"},
};

int main(void)
{
	return run_lies("policy: format", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
