/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/crypto.c policy/statement.c */
/* Step 10: which launch PCR 14 speaks of, with and without shim before it. */
#include "lie.h"

static void forged_first(struct scenario *s, struct digest digest)
{
	no_mark(s);
	scenario_event(s, 14, EV_IPL, "cloister-strong", sizeof("cloister-strong"))->digest = digest;
}

/*
 * tpm_binding = weak and an image of the attacker's, which extends PCR 17 to 19 at locality 2 as if it were approved.
 */
static void image_first(struct scenario *s)
{
	forged_first(s, digest_filled(0x42));
	scenario_event(s, 14, EV_IPL, "cloister-strong", sizeof("cloister-strong"));
}

static void approved_image_first(struct scenario *s)
{
	forged_first(s, s->image);
}

static void weak_mark_after_strong(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "cloister-weak", sizeof("cloister-weak"));
}

static void image_after_strong(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "cloister-image", sizeof("cloister-image"))->digest = s->image;
}

static void other_after_strong(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "MokList", 7); /* shim, which a chain-loading host starts after the launch */
}

static void weak_on_strong(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "cloister-weak", sizeof("cloister-weak"));
	s->weak = true; /* by the root guest, after the loader closed PCR 14 */
	s->statement.flags |= HK_FLAG_WEAK_BINDING;
	s->fresh.flags |= HK_FLAG_WEAK_BINDING;
}

static void weak_closed(struct built *b, struct scenario *s)
{
	(void)s;
	for (uint32_t pcr = 17; pcr <= 19; pcr++)
		b->pcr[pcr] =
			pcr_extend(digest_filled(0xff), sha256((struct bytes){(const uint8_t *)"cloister-weak", 14}));
}

static void weak_after_others(struct scenario *s)
{
	weak(s);
	insert_event(s, scenario_find(s, 14, EV_IPL), 14, EV_IPL, "MokList", 7);
}

static void weak_image(struct scenario *s)
{
	weak(s);
	image_byte(s);
}

static void weak_unmarked(struct scenario *s)
{
	weak(s);
	s->statement.flags &= ~HK_FLAG_WEAK_BINDING;
	s->fresh.flags &= ~HK_FLAG_WEAK_BINDING;
}

static void weak_without_mark(struct scenario *s)
{
	weak(s);
	no_mark(s);
}

static void weak_twice(struct scenario *s)
{
	weak(s);
	scenario_event(s, 14, EV_IPL, "cloister-weak", sizeof("cloister-weak"));
}

/* --- through shim --- */
static void add_program(struct built *b, const char *name, enum program_role role)
{
	struct reference_program *program = &b->policy.before_loader[b->policy.before_loader_count++];

	program->authenticode = sha256((struct bytes){(const uint8_t *)name, strlen(name)});
	program->role = role;
}

static void shim_listed(struct built *b)
{
	add_program(b, "shimx64.efi", PROGRAM_SHIM);
}

static void shim_listed_weak(struct built *b)
{
	shim_listed(b);
	weak_allowed(b);
}

/* A variable of shim's, measured by its contents and logged by its name, before the loader's mark. */
static void mok(struct scenario *s, const char *name, const void *data, size_t len)
{
	struct event *mark = scenario_find(s, 14, EV_IPL);

	while (strncmp(mark->data, "Mok", 3) == 0)
		mark++;
	insert_event(s, mark, 14, EV_IPL, name, strlen(name) + 1)->digest = sha256((struct bytes){data, len});
}

static void mok_text(struct scenario *s, const char *name, const char *text)
{
	mok(s, name, text, strlen(text) + 1);
}

static void shim_program(struct scenario *s)
{
	static const char name[] = "shimx64.efi";

	insert_event(s, scenario_find(s, 4, 0x80000003), 4, 0x80000003, name, strlen(name));
}

/* As shim of Debian 13 does without Secure Boot and without a MOK. */
static void through_shim(struct scenario *s)
{
	shim_program(s);
	mok_text(s, "MokList", "Debian's certificate");
	mok_text(s, "MokListX", "one digest of zeros");
	mok_text(s, "MokListTrusted", "\1");
}

static void through_shim_weak(struct scenario *s)
{
	weak(s);
	through_shim(s);
}

static void shim_all(struct scenario *s)
{
	shim_program(s);
	mok_text(s, "MokList", "1");
	mok_text(s, "MokListX", "2");
	mok_text(s, "MokSBState", "3");
	mok_text(s, "MokListTrusted", "4");
	mok_text(s, "MokPolicy", "5");
}

static void shim_one_more(struct scenario *s)
{
	shim_all(s);
	mok_text(s, "MokPolicy", "6");
}

static void shim_reordered(struct scenario *s)
{
	shim_program(s);
	mok_text(s, "MokListX", "2");
	mok_text(s, "MokList", "1");
}

static void shim_unknown(struct scenario *s)
{
	shim_program(s);
	mok_text(s, "MokNew", "1");
}

static void shim_longer_name(struct scenario *s)
{
	shim_program(s);
	mok_text(s, "MokListRT", "1");
}

static void mok_without_shim(struct scenario *s)
{
	mok_text(s, "MokList", "1");
}

/*
 * An attacker's image, launched by the genuine loader under the weak binding, has locality 2 for itself on a TPM with a
 * CRB and fills PCRs 17 to 19. Only PCR 14 shows it: shim was made to measure the strong mark before.
 */
static void strong_after_weak(struct scenario *s)
{
	shim_program(s);
	mok_text(s, "MokList", "1");
	scenario_event(s, 14, EV_IPL, "cloister-weak", sizeof("cloister-weak"));
	scenario_event(s, 14, EV_IPL, "cloister-image", 15)->digest = digest_filled(0x42);
}

static void strong_called_mok(struct scenario *s)
{
	static const char name[] = "MokPolicy";

	strong_after_weak(s);
	struct event *mark = scenario_find(s, 14, EV_IPL) + 1;
	memcpy(mark->data, name, sizeof(name));
	mark->data_len = sizeof(name);
}

/* Shim's variables hold a whole weak launch; then the genuine loader says weak and launches the attacker's image. */
static void weak_launch_in_variables(struct scenario *s)
{
	shim_program(s);
	no_mark(s);
	scenario_event(s, 14, EV_IPL, "MokList", 8)->digest = launch_mark(MARK_WEAK);
	s->weak = true; /* the launch that the evidence is about comes here, as MokListX to MokListTrusted */
	s->statement.flags |= HK_FLAG_WEAK_BINDING;
	s->fresh.flags |= HK_FLAG_WEAK_BINDING;
}

static void and_the_genuine_one(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);
	const struct digest digests[] = {launch_mark(MARK_WEAK), digest_filled(0x42)};
	static const uint8_t zeros[48];

	(void)s;
	for (size_t i = 0; i < 2; i++) {
		put_head(&w, 14, 2);
		put_le(&w, TPM_ALG_SHA256, 2);
		put_bytes(&w, digests[i].bytes, SHA256_BYTES);
		put_le(&w, TPM_ALG_SHA384, 2);
		put_bytes(&w, zeros, sizeof(zeros));
		put_le(&w, 0, 4);
		b->pcr[14] = pcr_extend(b->pcr[14], digests[i]);
	}
	log_append(b, &w);
}

/* The genuine loader launched under the strong binding; the root guest adds a weak launch, and shim comes first. */
static void weak_after_strong(struct scenario *s)
{
	static const char name[] = "MokPolicy";

	through_shim(s);
	struct event *mark = scenario_find(s, 14, EV_IPL) + 3;
	memcpy(mark->data, name, sizeof(name)); /* the strong mark, said to be a variable */
	mark->data_len = sizeof(name);
	weak_on_strong(s);
}

static const struct lie LIES[] = {
	{"weak binding, allowed", weak, NULL, weak_allowed, {0}, 0, NULL},
	{"weak binding, PCRs 17 to 19 closed", weak, weak_closed, weak_allowed, {0}, 0, NULL},
	{"weak binding, not allowed", weak, NULL, NULL, {REFUSE_WEAK_BINDING}, 21, NULL},
	{"weak binding after others", weak_after_others, NULL, weak_allowed, {REFUSE_WEAK_FIRST}, 21, NULL},
	{"weak binding, another image", weak_image, NULL, weak_allowed, {REFUSE_IMAGE}, 19, NULL},
	{"weak binding called strong",
	 weak_unmarked,
	 NULL,
	 NULL,
	 {REFUSE_IMAGE, REFUSE_CONFIG, REFUSE_KEY_PCR_RESET, REFUSE_STATEMENT_IMAGE, REFUSE_STATEMENT_CONFIG,
	  REFUSE_BINDING, REFUSE_STRONG_FIRST},
	 19,
	 NULL},
	{"PCR 14 extended by shim, later", other_after_strong, NULL, NULL, {0}, 0, NULL},
	{"weak binding where PCR 14 was closed", weak_on_strong, NULL, weak_allowed, {REFUSE_WEAK_FIRST}, 21, NULL},
	{"strong binding, an image in PCR 14 first", image_first, NULL, NULL, {REFUSE_STRONG_FIRST}, 21, "4242"},
	{"strong binding, the image in PCR 14 first",
	 approved_image_first,
	 NULL,
	 NULL,
	 {REFUSE_STRONG_FIRST},
	 21,
	 NULL},
	{"strong binding, PCR 14 says weak later",
	 weak_mark_after_strong,
	 NULL,
	 NULL,
	 {REFUSE_STRONG_FIRST},
	 21,
	 "another launch besides"},
	{"strong binding, a weak launch later", image_after_strong, NULL, NULL, {REFUSE_STRONG_FIRST}, 21, NULL},
	{"strong binding, PCR 14 without a mark", no_mark, NULL, NULL, {REFUSE_STRONG_FIRST}, 21, "no event of PCR 14"},
	{"through shim", through_shim, NULL, shim_listed, {0}, 0, NULL},
	{"through shim, all variables", shim_all, NULL, shim_listed, {0}, 0, NULL},
	{"through shim, weak binding", through_shim_weak, NULL, shim_listed_weak, {0}, 0, NULL},
	{"shim listed, and not used", NULL, NULL, shim_listed, {0}, 0, NULL},
	{"shim not listed", through_shim, NULL, NULL, {REFUSE_FOREIGN_PROGRAM, REFUSE_STRONG_FIRST}, 18, NULL},
	{"MokList without shim", mok_without_shim, NULL, shim_listed, {REFUSE_STRONG_FIRST}, 21, NULL},
	{"through shim, a variable too many", shim_one_more, NULL, shim_listed, {REFUSE_STRONG_FIRST}, 21, NULL},
	{"through shim, variables in another order",
	 shim_reordered,
	 NULL,
	 shim_listed,
	 {REFUSE_STRONG_FIRST},
	 21,
	 NULL},
	{"through shim, another variable", shim_unknown, NULL, shim_listed, {REFUSE_STRONG_FIRST}, 21, NULL},
	{"through shim, a longer name", shim_longer_name, NULL, shim_listed, {REFUSE_STRONG_FIRST}, 21, NULL},
	{"through shim, strong mark made up, weak launch",
	 strong_called_mok,
	 NULL,
	 shim_listed,
	 {REFUSE_STRONG_FIRST},
	 21,
	 "another launch besides"},
	{"through shim, weak launch in its variables",
	 weak_launch_in_variables,
	 and_the_genuine_one,
	 shim_listed_weak,
	 {REFUSE_WEAK_FIRST},
	 21,
	 "another launch besides"},
	{"through shim, weak launch after a strong one",
	 weak_after_strong,
	 NULL,
	 shim_listed_weak,
	 {REFUSE_WEAK_FIRST},
	 21,
	 NULL},
	{"weak binding without its mark", weak_without_mark, NULL, weak_allowed, {REFUSE_WEAK_FIRST}, 21, NULL},
	{"weak binding, its mark twice",
	 weak_twice,
	 NULL,
	 weak_allowed,
	 {REFUSE_IMAGE, REFUSE_CONFIG, REFUSE_STATEMENT_FOREIGN, REFUSE_STATEMENT_IMAGE, REFUSE_STATEMENT_CONFIG,
	  REFUSE_WEAK_FIRST},
	 19,
	 NULL},
};

int main(void)
{
	return run_lies("policy: binding", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
