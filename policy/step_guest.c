/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 11: the guest is the one that the tenant's policy describes, and it answers the tenant's nonce. */
#include <inttypes.h>

#include "policy/encoding.h"
#include "policy/guest_judgement.h"

/* A field of the report that is a hash, and what a mismatch is called. */
struct hash_field {
	enum refusal_code code;
	const uint8_t *found;
};

static struct hash_field hash_field(const struct hk_report *r, enum guest_hash_field field)
{
	const struct report_td_info *t = &r->td_info;
	const struct hash_field fields[GUEST_HASH_COUNT] = {
		[GUEST_MRTD] = {REFUSE_GUEST_MRTD, t->mrtd},
		[GUEST_RTMR0] = {REFUSE_GUEST_RTMR0, t->rtmr[0]},
		[GUEST_RTMR1] = {REFUSE_GUEST_RTMR1, t->rtmr[1]},
		[GUEST_RTMR2] = {REFUSE_GUEST_RTMR2, t->rtmr[2]},
		[GUEST_RTMR3] = {REFUSE_GUEST_RTMR3, t->rtmr[3]},
		[GUEST_MRCONFIGID] = {REFUSE_GUEST_MRCONFIGID, t->mrconfigid},
		[GUEST_MROWNER] = {REFUSE_GUEST_MROWNER, t->mrowner},
		[GUEST_MROWNERCONFIG] = {REFUSE_GUEST_MROWNERCONFIG, t->mrownerconfig},
		[GUEST_CPUID] = {REFUSE_GUEST_CPUID, r->tcb_info.domain.cpuid_hash},
	};

	return fields[field];
}

static bool is_listed(const struct guest_hashes *list, const uint8_t hash[REPORT_HASH_BYTES])
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(list->values[i].bytes, hash, REPORT_HASH_BYTES) == 0)
			return true;
	return false;
}

static void check_hash(struct guest_judgement *g, enum guest_hash_field field)
{
	const struct guest_hashes *list = &g->policy->hashes[field];
	const struct hash_field is = hash_field(&g->report, field);
	char first[2 * REPORT_HASH_BYTES + 1], found[2 * REPORT_HASH_BYTES + 1], expected[VERDICT_TEXT];

	if (guest_policy_unchecked(g->policy, field))
		verdict_on_condition(g->host.verdict, CONDITION_GUEST);
	if (list->count == 0 || is_listed(list, is.found))
		return;
	hex_encode(list->values[0].bytes, REPORT_HASH_BYTES, first);
	hex_encode(is.found, REPORT_HASH_BYTES, found);
	snprintf(expected, sizeof(expected), "%s: %s%s", g->policy->name, first,
		 list->count > 1 ? ", or another of the policy" : "");
	refuse(&g->host, is.code, expected, "%s", found);
}

static void check_attributes(struct guest_judgement *g)
{
	const uint64_t found = g->report.td_info.attributes;
	char expected[48];

	if ((found & GUEST_DEBUG) && !g->policy->allow_debug)
		refuse(&g->host, REFUSE_GUEST_DEBUG, "a guest that its host cannot read", "the debug attribute");
	snprintf(expected, sizeof(expected), "%016" PRIx64 ", without debug", g->policy->attributes);
	if ((found & ~GUEST_DEBUG) != g->policy->attributes)
		refuse(&g->host, REFUSE_GUEST_ATTRIBUTES, expected, "%016" PRIx64, found);
}

static void check_xfam(struct guest_judgement *g)
{
	const struct guest_numbers *list = &g->policy->xfam;
	const uint64_t found = g->report.td_info.xfam;
	char expected[64];

	for (size_t i = 0; i < list->count; i++)
		if (list->values[i] == found)
			return;
	if (list->count == 0)
		return;
	snprintf(expected, sizeof(expected), "%016" PRIx64 "%s", list->values[0],
		 list->count > 1 ? ", or another of the policy" : "");
	refuse(&g->host, REFUSE_GUEST_XFAM, expected, "%016" PRIx64, found);
}

/* How the hypervisor runs the guest. */
static void check_domain(struct guest_judgement *g)
{
	const struct report_domain *d = &g->report.tcb_info.domain;
	const struct guest_policy *p = g->policy;
	char expected[48];

	if (d->lazy > 1 || (d->lazy == 1 && !p->allow_lazy_acceptance))
		refuse(&g->host, REFUSE_GUEST_LAZY, "pages that the guest accepts", "lazy acceptance (%u)", d->lazy);
	snprintf(expected, sizeof(expected), "1 to %u vCPUs", p->max_vcpus);
	if (d->vcpus < 1 || d->vcpus > p->max_vcpus)
		refuse(&g->host, REFUSE_GUEST_VCPUS, expected, "%u", d->vcpus);
	if (d->removed_pages > 0 && !p->allow_removed_pages)
		refuse(&g->host, REFUSE_GUEST_REMOVED, "no page that the host removed", "%" PRIu64 " pages",
		       d->removed_pages);
	snprintf(expected, sizeof(expected), "vectors from %u to %u", p->first_vector, p->last_vector);
	if (d->vector_first > d->vector_last || d->vector_first < p->first_vector || d->vector_last > p->last_vector)
		refuse(&g->host, REFUSE_GUEST_VECTORS, expected, "from %u to %u", d->vector_first, d->vector_last);
}

static void check_data(struct guest_judgement *g)
{
	uint8_t data[REPORT_DATA_BYTES];
	char expected[2 * REPORT_DATA_BYTES + 1], found[2 * REPORT_DATA_BYTES + 1];

	guest_report_data(g->challenge, data);
	if (memcmp(g->report.data, data, sizeof(data)) == 0)
		return;
	hex_encode(data, sizeof(data), expected);
	hex_encode(g->report.data, sizeof(g->report.data), found);
	refuse(&g->host, REFUSE_REPORT_DATA, expected, "%s", found);
}

void step_guest(struct guest_judgement *g)
{
	if (!g->has_report) {
		verdict_skip(g->host.verdict, STEP_GUEST, "the report could not be read");
		return;
	}
	if (g->host.has_statement)
		check_report(g);
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++)
		check_hash(g, field);
	check_attributes(g);
	check_xfam(g);
	check_domain(g);
	check_data(g);
	if (!g->host.has_statement)
		verdict_skip(g->host.verdict, STEP_GUEST, "no key statement: nobody signed the report");
	else
		verdict_pass(g->host.verdict, STEP_GUEST);
}
