/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 6: PCR values that the logs do not explain, and banks that the firmware did not fill. */
#include <stdlib.h>

#include "lie.h"

static void sha1_bank(struct scenario *s)
{
	s->bank = TPM_ALG_SHA1;
}

static void selection_less(struct scenario *s)
{
	s->pcr_mask &= ~(1u << 14);
}

static void selection_more(struct scenario *s)
{
	s->pcr_mask |= 1u << 16;
}

static void value_changed(struct built *b)
{
	b->evidence.pcrs[8].value.bytes[0] ^= 1; /* PCR 14 */
}

static void uncapped(struct scenario *s)
{
	struct event *separator = scenario_find(s, 2, EV_SEPARATOR);

	separator->digest.bytes[0] ^= 1;
}

static void unlogged_14(struct scenario *s)
{
	no_mark(s);
	scenario_event(s, 14, EV_IPL, "x", 1)->unlogged = true;
}

static void unlogged_14_later(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "x", 1)->unlogged = true;
}

static void unlogged_7(struct scenario *s)
{
	scenario_event(s, 7, EV_IPL, "x", 1)->unlogged = true;
}

static void only_logged(struct scenario *s)
{
	scenario_event(s, 7, EV_IPL, "x", 1)->logged_only = true;
}

static void relabelled(struct scenario *s)
{
	scenario_find(s, 7, 0x80000001)->type = EV_NO_ACTION; /* extended, and logged as if it were not */
}

static void extend_relabelled(struct built *b, struct scenario *s)
{
	b->pcr[7] = digest_filled(0);
	b->pcr[7] = pcr_extend(b->pcr[7], scenario_find(s, 7, EV_NO_ACTION)->digest);
	b->pcr[7] = pcr_extend(b->pcr[7], scenario_find(s, 7, EV_SEPARATOR)->digest);
}

static void drtm_reset(struct built *b, struct scenario *s)
{
	b->pcr[17] = pcr_extend(digest_filled(0x00), s->image);
}

static const struct lie LIES[] = {
	{"SHA-1 bank", sha1_bank, NULL, NULL, {REFUSE_PCR_BANK}, 16, NULL},
	{"quote without PCR 14", selection_less, NULL, NULL, {REFUSE_PCR_SELECTION}, 16, NULL},
	{"quote with PCR 16", selection_more, NULL, NULL, {REFUSE_PCR_SELECTION}, 16, NULL},
	{"a value changed", NULL, NULL, value_changed, {REFUSE_PCR_DIGEST, REFUSE_PCR_REPLAY}, 16, NULL},
	{"a bank not capped", uncapped, NULL, NULL, {REFUSE_SEPARATOR, REFUSE_DRIVER}, 16, NULL},
	{"PCR 14 without an event", unlogged_14, NULL, NULL, {REFUSE_PCR_NO_EVENT, REFUSE_STRONG_FIRST}, 16, NULL},
	{"PCR 14 with an unlogged event", unlogged_14_later, NULL, NULL, {REFUSE_PCR_REPLAY}, 16, NULL},
	{"PCR 7 with an unlogged event", unlogged_7, NULL, NULL, {REFUSE_PCR_REPLAY}, 16, NULL},
	{"PCR 7 with an event only logged", only_logged, NULL, NULL, {REFUSE_PCR_REPLAY}, 16, "the log goes on"},
	{"an event relabelled", relabelled, extend_relabelled, NULL, {REFUSE_PCR_REPLAY}, 16, NULL},
	{"PCR 17 from a DRTM's reset",
	 NULL,
	 drtm_reset,
	 NULL,
	 {REFUSE_PCR_REPLAY, REFUSE_IMAGE, REFUSE_STATEMENT_IMAGE},
	 16,
	 NULL},
	{"strong binding, PCR 14 without a mark", no_mark, NULL, NULL, {REFUSE_STRONG_FIRST}, 21, "no event of PCR 14"},
};

int main(void)
{
	return run_lies("policy: pcrs", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
