/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 3 to 5: what the key signed, and of which boot. */
#include <stdlib.h>

#include "lie.h"

static void other_nonce(struct built *b)
{
	b->challenge.nonce[0] ^= 1;
}

static void other_channel(struct built *b)
{
	b->challenge.channel[31] ^= 1;
}

static void no_channel(struct scenario *s)
{
	memset(s->challenge.channel, 0, sizeof(s->challenge.channel));
}

static void short_extra(struct scenario *s)
{
	s->extra_bytes = 31;
}

static void magic(struct scenario *s)
{
	s->magic = 0xff544348;
}

static void type_certify(struct scenario *s)
{
	s->type = 0x8017;
}

static void signed_by_other(struct scenario *s)
{
	s->quote_key = build_key(KEY_OTHER);
}

static void r_zero(struct built *b)
{
	memset(b->signature + 6, 0, 32);
}

static void s_zero(struct built *b)
{
	memset(b->signature + 40, 0, 32);
}

static void r_not_below_n(struct built *b)
{
	memset(b->signature + 6, 0xff, 32);
}

static void ak_not_on_curve(struct built *b)
{
	b->ak_public[b->evidence.ak_public.len - 1] ^= 1;
	pin_this(b);
}

static void resumed(struct scenario *s)
{
	s->restart_count = 1;
}

static void clock_unsafe(struct scenario *s)
{
	s->clock_unsafe = true;
}

static void reset_again(struct scenario *s)
{
	s->reset_count = 6;
}

static void statement_restarted(struct scenario *s)
{
	s->statement.tpm_restart_count = 1;
}

static const struct lie LIES[] = {
	{"replayed under a new nonce", NULL, NULL, other_nonce, {REFUSE_QUALIFYING, REFUSE_FRESH_QUALIFYING}, 13, NULL},
	{"right nonce, other channel",
	 NULL,
	 NULL,
	 other_channel,
	 {REFUSE_QUALIFYING, REFUSE_FRESH_QUALIFYING},
	 13,
	 NULL},
	{"right nonce, no channel", no_channel, NULL, NULL, {REFUSE_CHANNEL, REFUSE_FRESH_QUALIFYING}, 13, NULL},
	{"qualifying data of 31 bytes", short_extra, NULL, NULL, {REFUSE_QUALIFYING_LENGTH}, 13, NULL},
	{"not made by a TPM", magic, NULL, NULL, {REFUSE_QUOTE_MAGIC}, 13, NULL},
	{"not a quote", type_certify, NULL, NULL, {REFUSE_QUOTE_TYPE}, 13, NULL},
	{"signed by another key", signed_by_other, NULL, NULL, {REFUSE_SIGNATURE}, 14, NULL},
	{"r is 0", NULL, NULL, r_zero, {REFUSE_SIGNATURE_RANGE}, 14, NULL},
	{"s is 0", NULL, NULL, s_zero, {REFUSE_SIGNATURE_RANGE}, 14, NULL},
	{"r is not below n", NULL, NULL, r_not_below_n, {REFUSE_SIGNATURE_RANGE}, 14, NULL},
	{"key not on the curve", NULL, NULL, ak_not_on_curve, {REFUSE_AK_HIERARCHY, REFUSE_AK_POINT}, 12, NULL},
	{"resumed from sleep", resumed, NULL, NULL, {REFUSE_RESUMED}, 15, NULL},
	{"a clock that is not safe", clock_unsafe, NULL, NULL, {REFUSE_CLOCK_UNSAFE}, 15, "123456 ms"},
	{"another boot's quote", reset_again, NULL, NULL, {REFUSE_RESET_COUNT}, 15, NULL},
	{"statement after a resume", statement_restarted, NULL, NULL, {REFUSE_RESTART_COUNT}, 15, NULL},
};

int main(void)
{
	return run_lies("policy: quote", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
