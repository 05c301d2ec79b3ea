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

static void uncap(struct scenario *s, uint32_t pcr)
{
	scenario_find(s, pcr, EV_SEPARATOR)->digest.bytes[0] ^= 1;
}

static void uncapped(struct scenario *s)
{
	uncap(s, 2);
}

static void uncapped_first(struct scenario *s)
{
	uncap(s, 0);
}

static void uncapped_last(struct scenario *s)
{
	uncap(s, 7);
}

/* --- capping --- */
/* As an attacker fills a bank that the firmware left alone: events with a known digest come at the end. */
static void separator_last(struct scenario *s, uint32_t pcr)
{
	remove_event(s, scenario_find(s, pcr, EV_SEPARATOR));
	scenario_event(s, pcr, EV_SEPARATOR, "\0\0\0\0", 4);
}

static void separator_last_4(struct scenario *s)
{
	separator_last(s, 4);
}

static void separator_last_2(struct scenario *s)
{
	separator_last(s, 2);
}

static void separator_of_ones(struct scenario *s)
{
	struct event *separator = scenario_find(s, 3, EV_SEPARATOR);

	memset(separator->data, 0xff, 4);
	separator->digest = sha256((struct bytes){(const uint8_t *)separator->data, 4});
}

static void error_separator(struct scenario *s, uint32_t pcr)
{
	insert_event(s, scenario_find(s, pcr, EV_SEPARATOR), pcr, EV_SEPARATOR, "\1\0\0\0", 4);
}

static void error_separator_5(struct scenario *s)
{
	error_separator(s, 5);
}

static void error_separator_4(struct scenario *s)
{
	error_separator(s, 4);
}

static void error_after_separator(struct scenario *s)
{
	scenario_event(s, 6, EV_SEPARATOR, "\1\0\0\0", 4)->type = EV_IPL; /* its digest counts */
}

/* Some clouds measure a value with that digest. */
static void error_separator_1(struct scenario *s)
{
	error_separator(s, 1);
}

static void only_version(struct scenario *s)
{
	remove_event(s, scenario_find(s, 0, 0x8000000a));
}

static void firmware_after_separator(struct scenario *s)
{
	struct event *separator = scenario_find(s, 0, EV_SEPARATOR);
	struct event *version = scenario_find(s, 0, 0x00000008);
	const struct event moved = *separator;

	*separator = *version;
	*version = moved;
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
	{"PCR 0 not capped", uncapped_first, NULL, NULL, {REFUSE_SEPARATOR}, 16, "PCR 0"},
	{"PCR 7 not capped", uncapped_last, NULL, NULL, {REFUSE_SEPARATOR}, 16, "PCR 7"},
	{"separators of ones", separator_of_ones, NULL, NULL, {0}, 0, NULL},
	{"PCR 4's separator last", separator_last_4, NULL, NULL, {REFUSE_SEPARATOR_LATE}, 16, "PCR 4"},
	{"PCR 2's separator last", separator_last_2, NULL, NULL, {REFUSE_SEPARATOR_LATE}, 16, "PCR 2"},
	{"error separator, then a good one", error_separator_5, NULL, NULL, {REFUSE_SEPARATOR_ERROR}, 16, "PCR 5"},
	{"error separator in PCR 4",
	 error_separator_4,
	 NULL,
	 NULL,
	 {REFUSE_SEPARATOR_ERROR, REFUSE_FOREIGN_PROGRAM},
	 16,
	 NULL},
	{"error separator, called a program", error_after_separator, NULL, NULL, {REFUSE_SEPARATOR_ERROR}, 16, NULL},
	{"its digest in PCR 1", error_separator_1, NULL, NULL, {0}, 0, NULL},
	{"PCR 0 without the firmware", only_version, NULL, NULL, {REFUSE_FIRMWARE_UNMEASURED}, 16, "1 events"},
	{"PCR 0, firmware after the separator",
	 firmware_after_separator,
	 NULL,
	 NULL,
	 {REFUSE_FIRMWARE_UNMEASURED},
	 16,
	 "0 events"},
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
};

int main(void)
{
	return run_lies("policy: pcrs", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
