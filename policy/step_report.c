/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 11, first part: the report is the word of the hypervisor whose key the statement names. */
#include <inttypes.h>
#include <stddef.h>

#include <cloister/domain.h>

#include "policy/encoding.h"
#include "policy/guest_judgement.h"

#define GPA_BITS_MIN 32u

void read_report(struct guest_judgement *g)
{
	const struct bytes raw = g->evidence->report.data;

	g->has_report = hk_report_parse(raw, &g->report);
	if (!g->has_report)
		refuse(&g->host, REFUSE_REPORT_FORMAT, "a signed report of 944 bytes, version 1",
		       "%zu bytes that are not", raw.len);
}

/* Refuses bytes that are not those that are expected; 'expected' says what they should be. */
static void compare(struct guest_judgement *g, enum refusal_code code, const char *expected, struct bytes found,
		    struct bytes wanted)
{
	char text[2 * REPORT_HASH_BYTES + 1];

	if (bytes_equal(found, wanted.data, wanted.len))
		return;
	hex_encode(found.data, found.len < REPORT_HASH_BYTES ? found.len : REPORT_HASH_BYTES, text);
	refuse(&g->host, code, expected, "%s", text);
}

static void check_boot(struct guest_judgement *g)
{
	const struct hk_statement *s = &g->host.statement;
	char expected[2 * sizeof(s->boot_id) + 1];

	hex_encode(s->boot_id, sizeof(s->boot_id), expected);
	compare(g, REFUSE_REPORT_BOOT, expected, (struct bytes){g->report.boot_id, sizeof(g->report.boot_id)},
		(struct bytes){s->boot_id, sizeof(s->boot_id)});
}

/* Version numbers: the first four bytes are the statement's, the rest is zero, as is what would be another module's. */
static void check_svn(struct guest_judgement *g)
{
	static const uint8_t zeros[16];
	const struct report_tcb_info *t = &g->report.tcb_info;
	const uint32_t svn = g->host.statement.svn;
	const uint8_t wanted[16] = {(uint8_t)svn, (uint8_t)(svn >> 8), (uint8_t)(svn >> 16), (uint8_t)(svn >> 24)};
	char expected[64];

	snprintf(expected, sizeof(expected), "svn %u, as in the key statement, and no other", svn);
	compare(g, REFUSE_REPORT_SVN, expected, (struct bytes){t->svn, sizeof(t->svn)},
		(struct bytes){wanted, sizeof(wanted)});
	compare(g, REFUSE_REPORT_SVN, "no version of a second module", (struct bytes){t->svn2, sizeof(t->svn2)},
		(struct bytes){zeros, sizeof(zeros)});
}

/* MRSEAM and MRSIGNERSEAM: a digest and a text, each filled up with zeros. */
static void check_hypervisor(struct guest_judgement *g)
{
	const struct report_tcb_info *t = &g->report.tcb_info;
	const struct hk_statement *s = &g->host.statement;
	uint8_t image[REPORT_HASH_BYTES] = {0}, signer[REPORT_HASH_BYTES] = REPORT_SIGNER;
	char expected[2 * REPORT_HASH_BYTES + 1];

	memcpy(image, s->image_sha256, sizeof(s->image_sha256));
	hex_encode(image, sizeof(image), expected);
	compare(g, REFUSE_REPORT_IMAGE, expected, (struct bytes){t->mrseam, sizeof(t->mrseam)},
		(struct bytes){image, sizeof(image)});
	compare(g, REFUSE_REPORT_SIGNER, REPORT_SIGNER, (struct bytes){t->mrsignerseam, sizeof(t->mrsignerseam)},
		(struct bytes){signer, sizeof(signer)});
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t all = 0;

	for (size_t i = 0; i < len; i++)
		all |= bytes[i];
	return all == 0;
}

/* What has no meaning yet, or none here: no service TD, no attributes of the hypervisor. */
static void check_reserved(struct guest_judgement *g)
{
	const struct hk_report *r = &g->report;
	const struct report_tcb_info *t = &r->tcb_info;

	if (t->attributes != 0 || !is_zero(t->reserved, sizeof(t->reserved)) ||
	    !is_zero(r->reserved, sizeof(r->reserved)) || !is_zero(r->td_info.reserved, sizeof(r->td_info.reserved)))
		refuse(&g->host, REFUSE_REPORT_RESERVED, "zeros in the report's reserved fields", "other bytes");
	if (!is_zero(r->td_info.servtd_hash, sizeof(r->td_info.servtd_hash)))
		refuse(&g->host, REFUSE_REPORT_SERVTD, "no service TD", "the hash of one");
}

static void check_state(struct guest_judgement *g)
{
	const struct report_domain *d = &g->report.tcb_info.domain;
	char expected[80];

	if (d->gpa_bits < GPA_BITS_MIN || d->gpa_bits > DOMAIN_GPA_BITS_MAX)
		refuse(&g->host, REFUSE_REPORT_WIDTH, "addresses of 32 to 48 bits", "of %u bits", d->gpa_bits);
	if (!g->host.has_fresh || d->started_us <= g->host.fresh.uptime_us)
		return;
	snprintf(expected, sizeof(expected), "a start before the fresh answer, %" PRIu64 " us after the launch",
		 g->host.fresh.uptime_us);
	refuse(&g->host, REFUSE_REPORT_START, expected, "%" PRIu64 " us after the launch", d->started_us);
}

void check_report(struct guest_judgement *g)
{
	if (hk_verify(&g->host.statement, g->evidence->report.data) != P256_VALID)
		refuse(&g->host, REFUSE_REPORT_SIGNATURE, "a signature by the key in the statement",
		       "one that it did not make");
	check_boot(g);
	if (g->report.tcb_info.valid != REPORT_VALID)
		refuse(&g->host, REFUSE_REPORT_VALID, "fields 0x301ff of TEE_TCB_INFO", "fields 0x%" PRIx64,
		       g->report.tcb_info.valid);
	check_svn(g);
	check_hypervisor(g);
	check_reserved(g);
	check_state(g);
}
