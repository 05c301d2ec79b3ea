/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lie per row: the evidence of an honest host, changed in one way, must give exactly the refusals of that row.
 * The unchanged evidence must pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder.h"
#include "policy/steps.h"

#define MAX_CODES 8

struct lie {
	const char *name;
	void (*bend)(struct scenario *);                   /* before anything is made */
	void (*change)(struct built *, struct scenario *); /* logs, statement, PCRs: before the quote */
	void (*damage)(struct built *);                    /* bytes received, and the policy */
	enum refusal_code codes[MAX_CODES];                /* in the order of the steps; the rest 0 */
	int exit_code;
	const char *words; /* of the first refusal, where its code alone is not enough; or NULL */
};

/* --- format --- */
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
	s->statement.flags |= 1u << 6;
}
static void statement_long(struct built *b, struct scenario *s)
{
	(void)s;
	b->evidence.statement.len--;
}
static void fresh_reserved(struct scenario *s)
{
	s->fresh.reserved = 1;
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

/* --- TCG log; made before the quote, so that only the log is wrong --- */
static struct writer log_end(struct built *b)
{
	return (struct writer){b->tcg_log, b->evidence.tcg_log.data.len, sizeof(b->tcg_log)};
}
static void log_append(struct built *b, struct writer *w)
{
	b->evidence.tcg_log.data.len = w->len;
}
static void put_head(struct writer *w, uint32_t pcr, uint32_t count)
{
	put_le(w, pcr, 4);
	put_le(w, EV_POST_CODE, 4);
	put_le(w, count, 4);
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
	memmove(&s->events[1], &s->events[0], s->event_count * sizeof(s->events[0]));
	s->event_count++;
	s->events[0] = (struct event){.type = EV_NO_ACTION, .data = "StartupLocality\0\3", .data_len = 17};
}
static void locality_started(struct built *b, struct scenario *s)
{
	b->pcr[0] = digest_filled(0);
	b->pcr[0].bytes[31] = 3;
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].pcr == 0 && s->events[i].type != EV_NO_ACTION)
			b->pcr[0] = pcr_extend(b->pcr[0], s->events[i].digest);
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

/* --- identity --- */
static void ak_other_tpm(struct scenario *s)
{
	s->ak = s->quote_key = build_key(KEY_OTHER);
}
static void ak_unrestricted(struct scenario *s)
{
	s->ak_attributes &= ~TPMA_RESTRICTED;
}
static void ak_exportable(struct scenario *s)
{
	s->ak_attributes &= ~(TPMA_FIXED_TPM | TPMA_FIXED_PARENT);
}
static void ak_reserved_bit(struct scenario *s)
{
	s->ak_attributes |= 1u << 31;
}
static void ak_owner(struct scenario *s)
{
	s->hierarchy = TPM_RH_OWNER;
}
static void ak_under_a_key(struct scenario *s)
{
	s->hierarchy = 0x81010001; /* as if a persistent key were its parent */
}
static void ak_schnorr(struct scenario *s)
{
	s->ak_scheme = 0x001c; /* TPM_ALG_ECSCHNORR */
}
static void pin_this(struct built *b)
{
	struct tpm_public ak;

	assert_true(tpm_public_parse(b->evidence.ak_public, &ak));
	b->policy.ak_name = ak.name;
}

/* --- freshness and signature --- */
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

/* --- counters --- */
static void resumed(struct scenario *s)
{
	s->restart_count = 1;
}
static void reset_again(struct scenario *s)
{
	s->reset_count = 6;
}
static void statement_restarted(struct scenario *s)
{
	s->statement.tpm_restart_count = 1;
}

/* --- PCRs --- */
/* As by a loader that was told tpm_binding = weak: it leaves PCR 14 to the launch. */
static void no_mark(struct scenario *s)
{
	struct event *mark = scenario_find(s, 14, EV_IPL);

	memmove(mark, mark + 1, (size_t)(&s->events[--s->event_count] - mark) * sizeof(*mark));
}
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

/* --- boot path --- */
static void insert_program(struct scenario *s, const char *name)
{
	struct event *loader = scenario_find(s, 4, 0x80000003);
	const size_t at = (size_t)(loader - s->events);

	scenario_event(s, 4, 0x80000003, name, strlen(name));
	const struct event made = s->events[s->event_count - 1];
	memmove(loader + 1, loader, (s->event_count - 1 - at) * sizeof(*loader));
	*loader = made;
}
static void foreign_program(struct scenario *s)
{
	insert_program(s, "rootkit.efi");
}
static void foreign_action(struct scenario *s)
{
	insert_program(s, "rootkit.efi");
	scenario_find(s, 4, 0x80000003)->type = 0x80000007; /* a program that calls itself an action */
}
static void boot_retry(struct scenario *s)
{
	insert_program(s, "Calling EFI Application from Boot Option");
	insert_program(s, "Returning from EFI Application from Boot Option");
}
static void no_program(struct scenario *s)
{
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].type == 0x80000003)
			s->events[i].pcr = 8;
}
static void not_the_loader(struct scenario *s)
{
	struct event *loader = scenario_find(s, 4, 0x80000003);

	loader->digest.bytes[0] ^= 1;
}

/* --- hypervisor, config --- */
static void without_hypervisor(struct scenario *s)
{
	s->no_hypervisor = true;
	not_the_loader(s);
}
static void launch_failed(struct scenario *s)
{
	s->no_hypervisor = true;
}
static void capped(struct built *b, struct scenario *s)
{
	(void)s;
	for (uint32_t pcr = 17; pcr <= 19; pcr++)
		b->pcr[pcr] = pcr_extend(b->pcr[pcr], digest_filled(0x42));
}
/* What the loader extends PCR 14 with when it gives up. */
static void error_mark(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "cloister-error", sizeof("cloister-error"));
}
static void error_text(struct scenario *s)
{
	static const char error[] = "cloister-error\0the CPU has no SVM";

	scenario_event(s, 14, EV_IPL, error, sizeof(error) - 1);
}
static void weak_launch_failed(struct scenario *s)
{
	s->no_hypervisor = true;
	no_mark(s);
	error_mark(s);
	error_text(s);
}
static void strong_launch_failed(struct scenario *s)
{
	s->no_hypervisor = true;
	error_mark(s);
	error_text(s);
}
static void failed_without_text(struct scenario *s)
{
	s->no_hypervisor = true;
	error_mark(s);
}
/* After a failure others filled in whatever was missing, and renamed the event: its digest counts. */
static void completed_after_error(struct scenario *s)
{
	error_mark(s);
	memcpy(s->events[s->event_count - 1].data, "harmless", 8);
}
static void forged_first(struct scenario *s, struct digest digest)
{
	no_mark(s);
	scenario_event(s, 14, EV_IPL, "cloister-strong", sizeof("cloister-strong"))->digest = digest;
}
/* tpm_binding = weak and an image of the attacker's, which extends PCR 17 to 19 at locality 2 as if it were approved. */
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
	s->weak = true; /* by the root guest, after the loader closed PCR 14 */
	s->statement.flags |= HK_FLAG_WEAK_BINDING;
	s->fresh.flags |= HK_FLAG_WEAK_BINDING;
}
static void image_byte(struct scenario *s)
{
	s->image.bytes[0] ^= 1;
}
static void config_flag(struct scenario *s)
{
	s->config = "# Cloister\npool_mib = 0\nserial = none\nboot = kernel\nkernel = \\vmlinuz\n";
}
static void svn_zero(struct scenario *s)
{
	s->statement.svn = 0;
}
static void svn_of_policy(struct built *b)
{
	b->policy.image[0].svn = 0;
}
static void debug(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_DEBUG;
	s->fresh.flags |= HK_FLAG_DEBUG;
}
static void debug_of_policy(struct built *b)
{
	b->policy.image[0].debug = true;
}
static void debug_allowed(struct built *b)
{
	b->policy.image[0].debug = true;
	b->policy.allow_debug = true;
}
static void dma_needed(struct built *b)
{
	b->policy.require_dma_remapping = true;
}
static void dma_on(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_DMA_PRESENT;
	s->statement.dma_units = 1;
	s->statement.dma_protections = HK_DMA_ALL;
	s->fresh.flags |= HK_FLAG_DMA_PRESENT;
}
static void dma_without_tpm(struct scenario *s)
{
	dma_on(s);
	s->statement.dma_protections &= ~(1u << HK_DMA_TPM);
}
static void dma_flag_only(struct scenario *s)
{
	dma_on(s);
	s->statement.dma_units = s->statement.dma_protections = 0;
}
static void dma_units_only(struct scenario *s)
{
	s->statement.dma_units = 1;
}
static void dma_protections_only(struct scenario *s)
{
	s->statement.dma_protections = 1;
}
static void dma_protection_unknown(struct scenario *s)
{
	dma_on(s);
	s->statement.dma_protections |= 1u << HK_DMA_COUNT;
}
static void dma_promised(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_DMA_REQUIRED;
	s->fresh.flags |= HK_FLAG_DMA_REQUIRED;
}
static void dma_lost(struct scenario *s)
{
	dma_on(s);
	s->fresh.flags &= ~HK_FLAG_DMA_PRESENT;
}
static void no_tpm(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_NO_TPM;
	s->fresh.flags |= HK_FLAG_NO_TPM;
}

/* --- hypervisor's key --- */
static void unmeasured(struct scenario *s)
{
	s->statement_unmeasured = true;
}
static void swap_statement(struct built *b, struct scenario *s, uint32_t reset_count)
{
	const struct bytes old_log = b->evidence.hv_log.data;
	uint8_t log[sizeof(b->hv_log)];
	struct digest pcr[24];

	memcpy(log, b->hv_log, old_log.len);
	memcpy(pcr, b->pcr, sizeof(pcr));
	s->statement.tpm_reset_count = reset_count;
	s->statement.boot_id[0] ^= 1;
	s->fresh.boot_id[0] ^= 1;
	build_logs(b, s);
	memcpy(b->hv_log, log, old_log.len);
	memcpy(b->pcr, pcr, sizeof(pcr));
	b->evidence.hv_log.data.len = old_log.len;
}
static void earlier_statement(struct built *b, struct scenario *s)
{
	swap_statement(b, s, 6);
}
static void foreign_statement(struct built *b, struct scenario *s)
{
	swap_statement(b, s, 7);
}
/* The statement was changed after it was made: measure it as it is now. */
static void measure_statement(struct built *b)
{
	const struct digest digest = sha256(b->evidence.statement);
	uint8_t *data = b->hv_log + b->evidence.hv_log.data.len - sizeof(struct hk_statement);

	memcpy(data, b->statement, sizeof(struct hk_statement));
	/* the event's SHA-256 digest stands before the SHA-384 one, the data's size and its name */
	memcpy(data - sizeof("cloister-statement") - 4 - 48 - 2 - 32, digest.bytes, 32);
	b->pcr[19] = pcr_extend(digest_filled(0xff), digest);
}
static void statement_signature(struct built *b, struct scenario *s)
{
	(void)s;
	b->statement[offsetof(struct hk_statement, signature)] ^= 1;
	measure_statement(b);
}
static void sign_statement(struct built *b, struct scenario *s, size_t changed)
{
	uint8_t *signature = b->statement + offsetof(struct hk_statement, signature);

	b->statement[changed] ^= 1;
	build_sign(s->hk, (struct bytes){b->statement, offsetof(struct hk_statement, signature)}, signature);
	measure_statement(b);
}
static void statement_image(struct built *b, struct scenario *s)
{
	sign_statement(b, s, offsetof(struct hk_statement, image_sha256));
}
static void statement_config(struct built *b, struct scenario *s)
{
	sign_statement(b, s, offsetof(struct hk_statement, config_sha256));
}
static void no_statement(struct built *b, struct scenario *s)
{
	(void)s;
	b->evidence.statement.len = 0;
}
static void weak(struct scenario *s)
{
	no_mark(s);
	s->weak = true;
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
static void error_after_launch(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);
	const struct digest digest = sha256((struct bytes){(const uint8_t *)"cloister-error", 15});
	static const uint8_t zeros[48];

	(void)s;
	put_head(&w, 14, 2);
	put_le(&w, TPM_ALG_SHA256, 2);
	put_bytes(&w, digest.bytes, sizeof(digest.bytes));
	put_le(&w, TPM_ALG_SHA384, 2);
	put_bytes(&w, zeros, sizeof(zeros));
	put_le(&w, 0, 4);
	log_append(b, &w);
	b->pcr[14] = pcr_extend(b->pcr[14], digest);
}
static void weak_after_others(struct scenario *s)
{
	weak(s);
	scenario_event(s, 14, EV_IPL, "MokList", 7);
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
static void weak_allowed(struct built *b)
{
	b->policy.allow_weak_binding = true;
}
static void no_fresh(struct built *b)
{
	b->evidence.fresh.len = 0;
}
static void fresh_of_other_key(struct scenario *s)
{
	s->fresh_key = build_key(KEY_OTHER);
}
static void fresh_boot(struct scenario *s)
{
	s->fresh.boot_id[0] ^= 1;
}
static void fresh_flags(struct scenario *s)
{
	s->fresh.flags |= HK_FLAG_DEBUG;
}
static void fresh_parked(struct scenario *s)
{
	s->fresh.cpus_in_control = 1;
	s->fresh.cpus_parked = 1;
}
static void fresh_cpu_outside(struct scenario *s)
{
	s->fresh.cpus_in_control = 1;
}
static void fresh_cpu_gone(struct scenario *s)
{
	s->fresh.cpus_parked = 1;
}
static void fresh_old(struct built *b)
{
	struct scenario s;
	struct built *old = test_malloc(sizeof(*old));

	scenario_init(&s);
	s.challenge.nonce[0] ^= 1;
	build_logs(old, &s);
	/* the statement is signed anew each time: take the one that is judged */
	memcpy(old->statement, b->statement, sizeof(old->statement));
	memcpy(old->hv_log, b->hv_log, sizeof(old->hv_log));
	build_quote(old, &s);
	memcpy(b->fresh, old->fresh, sizeof(b->fresh));
	test_free(old);
}

static const struct lie LIES[] = {
	{"nothing", NULL, NULL, NULL, {0}, 0, NULL},
	/* legal, and rare */
	{"log longer than 64 KiB", NULL, long_log, NULL, {0}, 0, NULL},
	{"StartupLocality 3", early_locality, locality_started, NULL, {0}, 0, NULL},
	{"boot entry tried twice", boot_retry, NULL, NULL, {0}, 0, NULL},
	{"debug, allowed", debug, NULL, debug_allowed, {0}, 0, NULL},
	{"DMA remapping on, as needed", dma_on, NULL, dma_needed, {0}, 0, NULL},
	{"PCR 14 extended by shim, later", other_after_strong, NULL, NULL, {0}, 0, NULL},
	{"weak binding, allowed", weak, NULL, weak_allowed, {0}, 0, NULL},
	{"weak binding, PCRs 17 to 19 closed", weak, weak_closed, weak_allowed, {0}, 0, NULL},

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
	{"DMA remapping without a unit", dma_flag_only, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"DMA units without the flag", dma_units_only, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"DMA protections without a unit", dma_protections_only, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"an unknown DMA protection", dma_protection_unknown, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"statement cut", NULL, statement_long, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"fresh answer with reserved bits", fresh_reserved, NULL, NULL, {REFUSE_FRESH_FORMAT}, 11, NULL},
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
	{"TCG log: late StartupLocality", late_locality, NULL, NULL, {REFUSE_TCG_LOG}, 11, "StartupLocality"},

	{"AK of another TPM", ak_other_tpm, NULL, NULL, {REFUSE_AK_NAME}, 12, NULL},
	{"AK not restricted", ak_unrestricted, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK not fixed to its TPM", ak_exportable, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK with a reserved attribute", ak_reserved_bit, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK in the owner hierarchy", ak_owner, NULL, NULL, {REFUSE_AK_HIERARCHY}, 12, "owner hierarchy"},
	{"AK under another key", ak_under_a_key, NULL, NULL, {REFUSE_AK_HIERARCHY}, 12, NULL},
	{"AK with another scheme", ak_schnorr, NULL, pin_this, {REFUSE_AK_SCHEME}, 12, NULL},

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
	{"another boot's quote", reset_again, NULL, NULL, {REFUSE_RESET_COUNT}, 15, NULL},
	{"statement after a resume", statement_restarted, NULL, NULL, {REFUSE_RESTART_COUNT}, 15, NULL},

	{"SHA-1 bank", sha1_bank, NULL, NULL, {REFUSE_PCR_BANK}, 16, NULL},
	{"quote without PCR 14", selection_less, NULL, NULL, {REFUSE_PCR_SELECTION}, 16, NULL},
	{"quote with PCR 16", selection_more, NULL, NULL, {REFUSE_PCR_SELECTION}, 16, NULL},
	{"a value changed", NULL, NULL, value_changed, {REFUSE_PCR_DIGEST, REFUSE_PCR_REPLAY}, 16, NULL},
	{"a bank not capped", uncapped, NULL, NULL, {REFUSE_SEPARATOR}, 16, NULL},
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

	{"foreign program before the loader", foreign_program, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"foreign program, called an action", foreign_action, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"no program in PCR 4", no_program, NULL, NULL, {REFUSE_LOADER_MISSING}, 18, NULL},
	{"another loader", not_the_loader, NULL, NULL, {REFUSE_LOADER_MISSING}, 18, NULL},

	{"same kernel without the hypervisor",
	 without_hypervisor,
	 NULL,
	 NULL,
	 {REFUSE_LOADER_MISSING, REFUSE_NO_HYPERVISOR},
	 18,
	 NULL},
	{"hypervisor gone", launch_failed, NULL, NULL, {REFUSE_NO_HYPERVISOR}, 19, NULL},
	{"loader failed, firmware went on", launch_failed, capped, NULL, {REFUSE_LAUNCH_FAILED}, 19, NULL},
	{"loader failed, weak binding",
	 weak_launch_failed,
	 NULL,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 "the CPU has no SVM"},
	{"loader failed, strong binding",
	 strong_launch_failed,
	 capped,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 "the CPU has no SVM"},
	{"loader failed, text not logged",
	 failed_without_text,
	 capped,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 "not in the log"},
	{"loader failed, a launch completed by others",
	 completed_after_error,
	 NULL,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 NULL},
	{"loader failed, a weak launch completed by others",
	 weak,
	 error_after_launch,
	 weak_allowed,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 NULL},
	{"one byte of the hypervisor", image_byte, NULL, NULL, {REFUSE_IMAGE}, 19, NULL},
	{"statement and policy differ", NULL, NULL, debug_of_policy, {REFUSE_REFERENCE}, 19, NULL},
	{"SVN too low", svn_zero, NULL, svn_of_policy, {REFUSE_SVN}, 19, NULL},
	{"debug build", debug, NULL, debug_of_policy, {REFUSE_DEBUG}, 19, NULL},
	{"DMA remapping off, policy", NULL, NULL, dma_needed, {REFUSE_DMA}, 19, NULL},
	{"DMA remapping off, config", dma_promised, NULL, NULL, {REFUSE_DMA}, 19, NULL},
	{"devices reach the TPM", dma_without_tpm, NULL, dma_needed, {REFUSE_DMA_PARTIAL}, 19, "unit-registers"},
	{"started without a TPM", no_tpm, NULL, NULL, {REFUSE_NO_TPM}, 19, NULL},
	{"one config flag", config_flag, NULL, NULL, {REFUSE_CONFIG}, 20, "line 3: serial = none"},

	{"statement withheld", NULL, no_statement, NULL, {REFUSE_STATEMENT_MISSING}, 21, NULL},
	{"PCR 19 still FF..FF", unmeasured, NULL, NULL, {REFUSE_PCR_REPLAY, REFUSE_KEY_PCR_RESET}, 16, NULL},
	{"PCR 19 of an earlier boot",
	 NULL,
	 earlier_statement,
	 NULL,
	 {REFUSE_RESET_COUNT, REFUSE_STATEMENT_EARLIER},
	 15,
	 NULL},
	{"statement of another host", NULL, foreign_statement, NULL, {REFUSE_STATEMENT_FOREIGN}, 21, NULL},
	{"statement with a bad signature", NULL, statement_signature, NULL, {REFUSE_STATEMENT_SIGNATURE}, 21, NULL},
	{"statement names another image", NULL, statement_image, NULL, {REFUSE_STATEMENT_IMAGE}, 21, NULL},
	{"statement names another config", NULL, statement_config, NULL, {REFUSE_STATEMENT_CONFIG}, 21, NULL},
	{"weak binding, not allowed", weak, NULL, NULL, {REFUSE_WEAK_BINDING}, 21, NULL},
	{"weak binding after others", weak_after_others, NULL, weak_allowed, {REFUSE_WEAK_FIRST}, 21, NULL},
	{"weak binding where PCR 14 was closed", weak_on_strong, NULL, weak_allowed, {REFUSE_WEAK_FIRST}, 21, NULL},
	{"strong binding, PCR 14 without a mark", no_mark, NULL, NULL, {REFUSE_STRONG_FIRST}, 21, "no event of PCR 14"},
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
	 "a weak launch after it"},
	{"strong binding, a weak launch later", image_after_strong, NULL, NULL, {REFUSE_STRONG_FIRST}, 21, NULL},
	{"weak binding, another image", weak_image, NULL, weak_allowed, {REFUSE_IMAGE}, 19, NULL},
	{"weak binding called strong",
	 weak_unmarked,
	 NULL,
	 NULL,
	 {REFUSE_IMAGE, REFUSE_CONFIG, REFUSE_KEY_PCR_RESET, REFUSE_STATEMENT_IMAGE, REFUSE_STATEMENT_CONFIG,
	  REFUSE_BINDING, REFUSE_STRONG_FIRST},
	 19,
	 NULL},
	{"fresh answer missing", NULL, NULL, no_fresh, {REFUSE_FRESH_MISSING}, 21, NULL},
	{"fresh answer over another nonce", NULL, NULL, fresh_old, {REFUSE_FRESH_QUALIFYING}, 21, NULL},
	{"fresh answer by another key", fresh_of_other_key, NULL, NULL, {REFUSE_FRESH_SIGNATURE}, 21, NULL},
	{"fresh answer of another boot", fresh_boot, NULL, NULL, {REFUSE_FRESH_BOOT}, 21, NULL},
	{"fresh answer with other flags", fresh_flags, NULL, NULL, {REFUSE_FRESH_FLAGS}, 21, NULL},
	{"DMA remapping lost", dma_lost, NULL, NULL, {REFUSE_FRESH_DMA}, 21, NULL},
	{"a CPU parked", fresh_parked, NULL, NULL, {REFUSE_FRESH_CPUS}, 21, NULL},
	{"a CPU outside", fresh_cpu_outside, NULL, NULL, {REFUSE_FRESH_CPUS}, 21, NULL},
	{"a CPU parked besides", fresh_cpu_gone, NULL, NULL, {REFUSE_FRESH_CPUS}, 21, NULL},
};

/* One of the codes may come alone or with others of its kind: the list must be the row's. */
static void compare(const struct verdict *v, const struct lie *lie)
{
	size_t count = 0;

	while (count < MAX_CODES && lie->codes[count] != 0)
		count++;
	for (size_t i = 0; i < v->refusal_count; i++) {
		if (i < count && v->refusals[i].code == lie->codes[i])
			continue;
		verdict_print(v, stderr, false);
		fail_msg("refusal %zu is %s", i, refusal_name(v->refusals[i].code));
	}
	assert_int_equal(v->refusal_count, count);
	if (lie->words && !strstr(v->refusals[0].found, lie->words))
		fail_msg("found '%s' does not say '%s'", v->refusals[0].found, lie->words);
	assert_int_equal(verdict_exit_code(v), lie->exit_code);
	assert_int_equal(verdict_trusted(v), lie->exit_code == 0);
}

static void test_lie(void **state)
{
	const struct lie *lie = *state;
	struct built *b = test_malloc(sizeof(*b));
	struct scenario honest, s;
	struct verdict v;

	scenario_init(&honest);
	s = honest;
	build_logs(b, &s);
	build_quote(b, &s);
	build_policy(b, &honest);
	b->challenge = honest.challenge;
	s = honest;
	if (lie->bend)
		lie->bend(&s);
	build_logs(b, &s);
	if (lie->change)
		lie->change(b, &s);
	build_quote(b, &s);
	if (lie->damage)
		lie->damage(b);
	judge(&b->evidence, &b->challenge, &b->policy, &v);
	compare(&v, lie);
	test_free(b);
}

static int free_keys(void **state)
{
	(void)state;
	build_keys_free();
	return 0;
}

int main(void)
{
	enum { COUNT = sizeof(LIES) / sizeof(LIES[0]) };
	struct CMUnitTest tests[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){LIES[i].name, test_lie, NULL, NULL, (void *)(uintptr_t)&LIES[i]};
	return cmocka_run_group_tests_name("policy: refusals", tests, NULL, free_keys);
}
