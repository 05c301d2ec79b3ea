/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/judge_guest.c policy/report.c policy/step_report.c */
/*
 * Step 11: each field of a report that is wrong is refused with its own code, and what is right passes. The lies are the
 * hypervisor's, as far as it signs them: what is changed after that is no report of its own (guest_evidence.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest_builder.h"
#include "lie.h"

struct guest_lie {
	void (*bend)(struct guest_scenario *); /* before the report is signed */
	void (*damage)(struct guest_built *);  /* what judges it, and what was received */
	struct lie says;                       /* name, codes and exit code */
};

/* One byte of a field of the report, which the row's second function names. */
#define FIELD(function, field)                          \
	static void function(struct guest_scenario *s)  \
	{                                               \
		((uint8_t *)&s->report.field)[0] ^= 2u; \
	}

FIELD(mrtd, td_info.mrtd)
FIELD(rtmr0, td_info.rtmr[0])
FIELD(rtmr1, td_info.rtmr[1])
FIELD(rtmr2, td_info.rtmr[2])
FIELD(rtmr3, td_info.rtmr[3])
FIELD(mrconfigid, td_info.mrconfigid)
FIELD(mrowner, td_info.mrowner)
FIELD(mrownerconfig, td_info.mrownerconfig)
FIELD(cpuid, tcb_info.domain.cpuid_hash)
FIELD(xfam, td_info.xfam)
FIELD(attributes, td_info.attributes)
FIELD(servtd, td_info.servtd_hash)
FIELD(signer, tcb_info.mrsignerseam)
FIELD(valid, tcb_info.valid)
FIELD(svn, tcb_info.svn)
FIELD(svn2, tcb_info.svn2)
FIELD(tcb_attributes, tcb_info.attributes)
FIELD(tcb_reserved, tcb_info.reserved)
FIELD(reserved, reserved)
FIELD(td_reserved, td_info.reserved)
FIELD(data, data)

static void mrtd_end(struct guest_scenario *s)
{
	s->report.td_info.mrtd[47] ^= 1;
}

static void svn_high(struct guest_scenario *s)
{
	s->report.tcb_info.svn[15] = 1;
}

static void signer_end(struct guest_scenario *s)
{
	s->report.tcb_info.mrsignerseam[47] = 1;
}

static void data_end(struct guest_scenario *s)
{
	s->report.data[63] ^= 1;
}

static void debug(struct guest_scenario *s)
{
	s->report.td_info.attributes |= GUEST_DEBUG;
}

static void debug_and_more(struct guest_scenario *s)
{
	s->report.td_info.attributes |= GUEST_DEBUG | 1ull << 63;
}

static void boot_id(struct guest_scenario *s)
{
	s->boot_id_change = 1;
}

static void image(struct guest_scenario *s)
{
	s->image_change = 1;
}

static void mrseam_end(struct guest_scenario *s)
{
	s->report.tcb_info.mrseam[47] = 1;
}

static void other_key(struct guest_scenario *s)
{
	s->report_key = build_key(KEY_OTHER);
}

static void lazy(struct guest_scenario *s)
{
	s->report.tcb_info.domain.lazy = 1;
}

static void lazy_2(struct guest_scenario *s)
{
	s->report.tcb_info.domain.lazy = 2;
}

static void vcpus_0(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vcpus = 0;
}

static void vcpus_2(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vcpus = 2;
}

static void vcpus_3(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vcpus = 3;
}

static void removed(struct guest_scenario *s)
{
	s->report.tcb_info.domain.removed_pages = 1;
}

static void vector_low(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vector_first = 0x1f;
}

static void vector_high(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vector_last = 0xeb;
}

static void vectors_swapped(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vector_first = 0x80;
	s->report.tcb_info.domain.vector_last = 0x7f;
}

static void vectors_fewer(struct guest_scenario *s)
{
	s->report.tcb_info.domain.vector_first = 0x30;
	s->report.tcb_info.domain.vector_last = 0x40;
}

static void width_31(struct guest_scenario *s)
{
	s->report.tcb_info.domain.gpa_bits = 31;
}

static void width_49(struct guest_scenario *s)
{
	s->report.tcb_info.domain.gpa_bits = 49;
}

static void started_last(struct guest_scenario *s)
{
	s->report.tcb_info.domain.started_us = s->host.fresh.uptime_us;
}

static void started_later(struct guest_scenario *s)
{
	s->report.tcb_info.domain.started_us = s->host.fresh.uptime_us + 1;
}

static void batch_of_64(struct guest_scenario *s)
{
	s->index = 40;
	s->count = 64;
}

/* A hypervisor that the host policy does not know, with a guest that the guest policy does. */
static void other_image(struct guest_scenario *s)
{
	s->host.image.bytes[0] ^= 1;
}

static void no_hypervisor(struct guest_built *b)
{
	b->evidence.host.statement.len = 0;
}

static void cut_report(struct guest_built *b)
{
	b->evidence.report.data.len--;
}

static void another_nonce(struct guest_built *b)
{
	b->challenge.nonce[31] ^= 1;
}

static void other_bound(struct guest_built *b)
{
	b->challenge.bound.len--;
}

static void nothing_bound(struct guest_built *b)
{
	b->challenge.bound = (struct bytes){NULL, 0};
}

static void debug_allowed(struct guest_built *b)
{
	b->policy.allow_debug = true;
}

static void lazy_allowed(struct guest_built *b)
{
	b->policy.allow_lazy_acceptance = true;
}

static void removed_allowed(struct guest_built *b)
{
	b->policy.allow_removed_pages = true;
}

static void any_cpu(struct guest_built *b)
{
	b->policy.hashes[GUEST_CPUID].count = 0;
	b->policy.xfam.count = 0;
}

static void registers_unchecked(struct guest_built *b)
{
	b->policy.hashes[GUEST_RTMR2].count = 0;
}

/* The right value is the last of several. */
static void several(struct guest_built *b)
{
	struct guest_hashes *mrtd = &b->policy.hashes[GUEST_MRTD];

	mrtd->values[2] = mrtd->values[0];
	mrtd->values[0].bytes[0] ^= 1;
	mrtd->values[1].bytes[0] ^= 2;
	mrtd->count = 3;
	b->policy.xfam = (struct guest_numbers){2, {3, 7}};
}

/* The only right value is past the end of the list. */
static void several_wrong(struct guest_built *b)
{
	several(b);
	b->policy.hashes[GUEST_MRTD].count = 2;
	b->policy.xfam.count = 1;
}

static void replayed(struct guest_built *b)
{
	b->evidence.batch.bytes[0] ^= 1;
}

#define REFUSED(name, bend, damage, ...)                                \
	{                                                               \
		bend, damage,                                           \
		{                                                       \
			name, NULL, NULL, NULL, {__VA_ARGS__}, 22, NULL \
		}                                                       \
	}
#define PASSES(name, bend, damage)                           \
	{                                                    \
		bend, damage,                                \
		{                                            \
			name, NULL, NULL, NULL, {0}, 0, NULL \
		}                                            \
	}

static const struct guest_lie LIES[] = {
	PASSES("nothing", NULL, NULL),
	PASSES("in a batch of 64", batch_of_64, NULL),
	PASSES("as many vCPUs as may be", vcpus_2, NULL),
	PASSES("fewer vectors than may be", vectors_fewer, NULL),
	PASSES("started right before the fresh answer", started_last, NULL),
	PASSES("debug, allowed", debug, debug_allowed),
	PASSES("lazy acceptance, allowed", lazy, lazy_allowed),
	PASSES("removed pages, allowed", removed, removed_allowed),
	PASSES("one of several values", NULL, several),
	PASSES("any CPU: CPUID", cpuid, any_cpu),
	PASSES("any CPU: XFAM", xfam, any_cpu),
	REFUSED("report by another key", other_key, NULL, REFUSE_REPORT_SIGNATURE),
	REFUSED("report of another boot", boot_id, NULL, REFUSE_REPORT_BOOT),
	REFUSED("valid fields", valid, NULL, REFUSE_REPORT_VALID),
	REFUSED("svn", svn, NULL, REFUSE_REPORT_SVN),
	REFUSED("svn, high bytes", svn_high, NULL, REFUSE_REPORT_SVN),
	REFUSED("svn of a second module", svn2, NULL, REFUSE_REPORT_SVN),
	REFUSED("MRSEAM", image, NULL, REFUSE_REPORT_IMAGE),
	REFUSED("MRSEAM, high bytes", mrseam_end, NULL, REFUSE_REPORT_IMAGE),
	REFUSED("MRSIGNERSEAM", signer, NULL, REFUSE_REPORT_SIGNER),
	REFUSED("MRSIGNERSEAM, last byte", signer_end, NULL, REFUSE_REPORT_SIGNER),
	REFUSED("attributes of the module", tcb_attributes, NULL, REFUSE_REPORT_RESERVED),
	REFUSED("reserved bytes of TEE_TCB_INFO", tcb_reserved, NULL, REFUSE_REPORT_RESERVED),
	REFUSED("reserved bytes", reserved, NULL, REFUSE_REPORT_RESERVED),
	REFUSED("reserved bytes of TDINFO", td_reserved, NULL, REFUSE_REPORT_RESERVED),
	REFUSED("service TD", servtd, NULL, REFUSE_REPORT_SERVTD),
	REFUSED("addresses too narrow", width_31, NULL, REFUSE_REPORT_WIDTH),
	REFUSED("addresses too wide", width_49, NULL, REFUSE_REPORT_WIDTH),
	REFUSED("started after the fresh answer", started_later, NULL, REFUSE_REPORT_START),
	REFUSED("MRTD", mrtd, NULL, REFUSE_GUEST_MRTD),
	REFUSED("MRTD, last byte", mrtd_end, NULL, REFUSE_GUEST_MRTD),
	REFUSED("RTMR 0", rtmr0, NULL, REFUSE_GUEST_RTMR0),
	REFUSED("RTMR 1", rtmr1, NULL, REFUSE_GUEST_RTMR1),
	REFUSED("RTMR 2", rtmr2, NULL, REFUSE_GUEST_RTMR2),
	REFUSED("RTMR 3", rtmr3, NULL, REFUSE_GUEST_RTMR3),
	REFUSED("MRCONFIGID", mrconfigid, NULL, REFUSE_GUEST_MRCONFIGID),
	REFUSED("MROWNER", mrowner, NULL, REFUSE_GUEST_MROWNER),
	REFUSED("MROWNERCONFIG", mrownerconfig, NULL, REFUSE_GUEST_MROWNERCONFIG),
	REFUSED("CPUID", cpuid, NULL, REFUSE_GUEST_CPUID),
	REFUSED("debug", debug, NULL, REFUSE_GUEST_DEBUG),
	REFUSED("debug allowed, another attribute not", debug_and_more, debug_allowed, REFUSE_GUEST_ATTRIBUTES),
	REFUSED("ATTRIBUTES", attributes, NULL, REFUSE_GUEST_ATTRIBUTES),
	REFUSED("XFAM", xfam, NULL, REFUSE_GUEST_XFAM),
	REFUSED("lazy acceptance", lazy, NULL, REFUSE_GUEST_LAZY),
	REFUSED("lazy acceptance that is no flag", lazy_2, lazy_allowed, REFUSE_GUEST_LAZY),
	REFUSED("no vCPU", vcpus_0, NULL, REFUSE_GUEST_VCPUS),
	REFUSED("too many vCPUs", vcpus_3, NULL, REFUSE_GUEST_VCPUS),
	REFUSED("removed pages", removed, NULL, REFUSE_GUEST_REMOVED),
	REFUSED("vectors of exceptions", vector_low, NULL, REFUSE_GUEST_VECTORS),
	REFUSED("vectors of the system", vector_high, NULL, REFUSE_GUEST_VECTORS),
	REFUSED("vectors in the wrong order", vectors_swapped, NULL, REFUSE_GUEST_VECTORS),
	REFUSED("report data", data, NULL, REFUSE_REPORT_DATA),
	REFUSED("report data, last byte", data_end, NULL, REFUSE_REPORT_DATA),
	REFUSED("another nonce", NULL, another_nonce, REFUSE_REPORT_DATA),
	REFUSED("other bytes bound", NULL, other_bound, REFUSE_REPORT_DATA),
	REFUSED("nothing bound", NULL, nothing_bound, REFUSE_REPORT_DATA),
	REFUSED("none of several values", NULL, several_wrong, REFUSE_GUEST_MRTD, REFUSE_GUEST_XFAM),
	{other_image, NULL, {"a hypervisor of no policy", NULL, NULL, NULL, {REFUSE_IMAGE}, 19, NULL}},
	{NULL,
	 replayed,
	 {"a quote for another batch", NULL, NULL, NULL, {REFUSE_QUALIFYING, REFUSE_FRESH_QUALIFYING}, 13, NULL}},
	{NULL, cut_report, {"a report that is cut", NULL, NULL, NULL, {REFUSE_REPORT_FORMAT}, 11, NULL}},
	{NULL, registers_unchecked, {"a register unchecked", NULL, NULL, NULL, {0}, EXIT_CONDITIONAL, NULL}},
};

static void test_lie(void **state)
{
	const struct guest_lie *lie = *state;
	struct guest_built *b = test_malloc(sizeof(*b));
	struct guest_scenario s;
	struct verdict v;

	guest_scenario_init(&s);
	if (lie->bend)
		lie->bend(&s);
	build_guest(b, &s);
	if (lie->damage)
		lie->damage(b);
	judge_built(b, &v);
	expect_refusals(&v, &lie->says, lie->says.exit_code == EXIT_CONDITIONAL);
	test_free(b);
}

static void a_register_unchecked_is_a_condition(void **state)
{
	struct guest_built *b = test_malloc(sizeof(*b));
	struct guest_scenario s;
	struct verdict v;

	(void)state;
	guest_scenario_init(&s);
	build_guest(b, &s);
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++) {
		const size_t count = b->policy.hashes[field].count;

		b->policy.hashes[field].count = 0;
		judge_built(b, &v);
		assert_int_equal(v.conditions, guest_policy_unchecked(&b->policy, field) ? 1u << CONDITION_GUEST : 0);
		b->policy.hashes[field].count = count;
	}
	test_free(b);
}

/* Nobody signed the report: what can be compared is, and the step stays open. */
static void without_a_hypervisor_nothing_passes(void **state)
{
	struct guest_built *b = test_malloc(sizeof(*b));
	struct guest_scenario s;
	struct verdict v;

	(void)state;
	guest_scenario_init(&s);
	build_guest(b, &s);
	no_hypervisor(b);
	judge_built(b, &v);
	assert_int_equal(v.state[STEP_GUEST], STEP_NOT_EVALUATED);
	assert_false(verdict_accepted(&v));
	another_nonce(b);
	judge_built(b, &v);
	assert_int_equal(v.state[STEP_GUEST], STEP_REFUSED);
	test_free(b);
}

static void a_report_that_cannot_be_read_is_never_accepted(void **state)
{
	struct guest_built *b = test_malloc(sizeof(*b));
	struct guest_scenario s;
	struct verdict v;

	(void)state;
	guest_scenario_init(&s);
	build_guest(b, &s);
	cut_report(b);
	judge_built(b, &v);
	assert_int_equal(v.state[STEP_GUEST], STEP_NOT_EVALUATED);
	assert_false(v.complete);
	test_free(b);
}

/* Of the statement's, report's and policies' bytes, each counts; so does each of the nonce. */
static void each_byte_of_the_nonce_counts(void **state)
{
	struct guest_built *b = test_malloc(sizeof(*b));
	struct guest_scenario s;
	struct verdict v;

	(void)state;
	guest_scenario_init(&s);
	build_guest(b, &s);
	for (size_t i = 0; i < NONCE_BYTES; i++) {
		b->challenge.nonce[i] ^= (uint8_t)(1u << i % 8);
		judge_built(b, &v);
		assert_int_equal(v.refusal_count, 1);
		assert_int_equal(v.refusals[0].code, REFUSE_REPORT_DATA);
		b->challenge.nonce[i] ^= (uint8_t)(1u << i % 8);
	}
	test_free(b);
}

/* The verdict on a guest as text or JSON; the caller frees it. */
static char *printed(const struct guest_built *b, bool json)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct verdict v;

	assert_non_null(to);
	judge_built(b, &v);
	if (json)
		assert_true(verdict_print_json(&v, to));
	else
		verdict_print(&v, to, false);
	fclose(to);
	return text;
}

static void an_accepted_guest_is_shown(void **state)
{
	struct guest_built *b = test_malloc(sizeof(*b));
	struct guest_scenario s;

	(void)state;
	guest_scenario_init(&s);
	s.report.tcb_info.domain.removed_pages = 3;
	s.report.tcb_info.domain.lazy = 1;
	debug(&s);
	build_guest(b, &s);
	removed_allowed(b);
	lazy_allowed(b);
	debug_allowed(b);
	char *text = printed(b, false), *json = printed(b, true);
	assert_non_null(strstr(text, "guest: web, 1 vCPU, domain 5, started 1 s after the launch, 3 pages removed by "
				     "the host, lazy acceptance, DEBUG: its host can read it\n"));
	assert_non_null(strstr(text, " 11 guest           pass\n"));
	assert_non_null(strstr(json, "\"started_us\": 1000000"));
	free(text);
	free(json);
	b->challenge.nonce[0] ^= 1;
	text = printed(b, false), json = printed(b, true);
	assert_null(strstr(text, "guest: web"));
	assert_non_null(strstr(json, "\"guest\": null"));
	free(text);
	free(json);
	test_free(b);
}

static int free_keys(void **state)
{
	(void)state;
	build_keys_free();
	return 0;
}

#define LIE_COUNT (sizeof(LIES) / sizeof(LIES[0]))

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_register_unchecked_is_a_condition),
		cmocka_unit_test(without_a_hypervisor_nothing_passes),
		cmocka_unit_test(a_report_that_cannot_be_read_is_never_accepted),
		cmocka_unit_test(each_byte_of_the_nonce_counts),
		cmocka_unit_test(an_accepted_guest_is_shown),
	};
	struct CMUnitTest tests[LIE_COUNT + sizeof(others) / sizeof(others[0])];

	for (size_t i = 0; i < LIE_COUNT; i++)
		tests[i] = (struct CMUnitTest){LIES[i].says.name, test_lie, NULL, NULL, (void *)(uintptr_t)&LIES[i]};
	memcpy(tests + LIE_COUNT, others, sizeof(others));
	return cmocka_run_group_tests_name("policy: guest", tests, NULL, free_keys);
}
