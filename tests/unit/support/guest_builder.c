/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An honest guest, made of bytes. */
#include "guest_builder.h"

#include <stddef.h>
#include <stdlib.h>

#include <cloister/domain.h>

#include "policy/encoding.h"
#include "policy/judgement.h"
#include "policy/steps.h"

static const char BOUND[] = "the guest's key";

static struct digest hash(uint8_t kind, struct bytes left, struct bytes right)
{
	const struct bytes pieces[] = {{&kind, 1}, left, right};

	return sha256_pieces(pieces, 3);
}

/* The largest power of two less than 'count'. */
static uint32_t split(uint32_t count)
{
	uint32_t power = 1;

	while (2 * power < count)
		power *= 2;
	return power;
}

struct digest build_tree(const struct bytes *leaves, uint32_t count)
{
	if (count == 1)
		return hash(0, leaves[0], (struct bytes){NULL, 0});
	const uint32_t k = split(count);
	const struct digest left = build_tree(leaves, k), right = build_tree(leaves + k, count - k);
	return hash(1, (struct bytes){left.bytes, SHA256_BYTES}, (struct bytes){right.bytes, SHA256_BYTES});
}

size_t build_path(const struct bytes *leaves, uint32_t count, uint32_t index, struct digest *path)
{
	if (count == 1)
		return 0;
	const uint32_t k = split(count);
	const bool left = index < k;
	const size_t len =
		left ? build_path(leaves, k, index, path) : build_path(leaves + k, count - k, index - k, path);
	path[len] = left ? build_tree(leaves + k, count - k) : build_tree(leaves, k);
	return len + 1;
}

static void fill(uint8_t *hash_bytes, uint8_t value)
{
	memset(hash_bytes, value, REPORT_HASH_BYTES);
}

static void init_report(struct hk_report *r)
{
	struct report_td_info *t = &r->td_info;

	r->tcb_info.valid = REPORT_VALID;
	r->tcb_info.svn[0] = 1;
	memcpy(r->tcb_info.mrsignerseam, REPORT_SIGNER, sizeof(REPORT_SIGNER));
	r->tcb_info.domain = (struct report_domain){.domain = 5,
						    .vcpus = 1,
						    .started_us = 1000000,
						    .vector_first = 0x20,
						    .vector_last = 0xea,
						    .gpa_bits = 48};
	fill(r->tcb_info.domain.cpuid_hash, 0xc0);
	t->attributes = DOMAIN_ATTRIBUTES;
	t->xfam = 7;
	fill(t->mrtd, 0xa0);
	fill(t->mrconfigid, 0xa1);
	fill(t->mrowner, 0xa2);
	fill(t->mrownerconfig, 0xa3);
	for (uint8_t i = 0; i < 4; i++)
		fill(t->rtmr[i], 0xb0 + i);
}

static struct guest_challenge honest_challenge(void)
{
	struct guest_challenge challenge = {.bound = {(const uint8_t *)BOUND, sizeof(BOUND)}};

	memset(challenge.nonce, 0x44, sizeof(challenge.nonce));
	return challenge;
}

void guest_scenario_init(struct guest_scenario *s)
{
	const struct guest_challenge challenge = honest_challenge();

	*s = (struct guest_scenario){.report_key = build_key(KEY_HK), .count = 1};
	scenario_init(&s->host);
	init_report(&s->report);
	guest_report_data(&challenge, s->report.data);
}

static void allow(struct guest_policy *policy, enum guest_hash_field field, uint8_t value)
{
	policy->hashes[field].count = 1;
	fill(policy->hashes[field].values[0].bytes, value);
}

void build_guest_policy(struct guest_policy *policy)
{
	*policy = (struct guest_policy){.name = "web",
					.xfam = {1, {7}},
					.attributes = DOMAIN_ATTRIBUTES,
					.max_vcpus = 2,
					.first_vector = 0x20,
					.last_vector = 0xea};
	allow(policy, GUEST_MRTD, 0xa0);
	allow(policy, GUEST_MRCONFIGID, 0xa1);
	allow(policy, GUEST_MROWNER, 0xa2);
	allow(policy, GUEST_MROWNERCONFIG, 0xa3);
	allow(policy, GUEST_RTMR0, 0xb0);
	allow(policy, GUEST_RTMR1, 0xb1);
	allow(policy, GUEST_RTMR2, 0xb2);
	allow(policy, GUEST_RTMR3, 0xb3);
	allow(policy, GUEST_CPUID, 0xc0);
}

static void make_report(struct guest_built *b, struct guest_scenario *s)
{
	struct hk_report *r = &s->report;

	memcpy(r->magic, HK_REPORT_MAGIC, sizeof(r->magic));
	r->version = HK_REPORT_VERSION;
	r->bytes = sizeof(*r);
	memcpy(r->boot_id, s->host.statement.boot_id, sizeof(r->boot_id));
	memcpy(r->tcb_info.mrseam, s->host.statement.image_sha256, SHA256_BYTES);
	r->boot_id[31] ^= s->boot_id_change;
	r->tcb_info.mrseam[31] ^= s->image_change;
	build_sign(s->report_key, (struct bytes){(const uint8_t *)r, offsetof(struct hk_report, signature)},
		   r->signature);
	memcpy(b->report, r, sizeof(*r));
}

/* The other leaves are any bytes. */
static void make_batch(struct guest_built *b, const struct guest_scenario *s)
{
	static uint8_t others[MERKLE_MAX_LEAVES][BUILD_LEAF_BYTES];
	struct bytes leaves[MERKLE_MAX_LEAVES];
	struct merkle_leaf *leaf = &b->evidence.report;

	for (uint8_t i = 0; i < s->count; i++) {
		memset(others[i], i, BUILD_LEAF_BYTES);
		leaves[i] = (struct bytes){others[i], BUILD_LEAF_BYTES};
	}
	leaves[s->index] = (struct bytes){b->report, sizeof(b->report)};
	*leaf = (struct merkle_leaf){.data = leaves[s->index], .index = s->index, .count = s->count};
	leaf->path_len = build_path(leaves, s->count, s->index, leaf->path);
	b->evidence.batch = build_tree(leaves, s->count);
}

void build_guest(struct guest_built *b, struct guest_scenario *s)
{
	struct scenario honest;

	scenario_init(&honest);
	b->challenge = honest_challenge();
	build_logs(&b->host, &s->host);
	build_claims(&b->host);
	make_report(b, s);
	make_batch(b, s);
	b->evidence.host = b->host.evidence;
	build_quote_for(&b->host, &s->host, guest_evidence_qualifying_data(&b->evidence));
	b->evidence.host = b->host.evidence;
	build_policy(&b->host, &honest);
	build_rules(&b->host);
	build_guest_policy(&b->policy);
}

static json_t *batch_json(const struct merkle_leaf *leaf)
{
	json_t *path = json_array();

	for (size_t i = 0; i < leaf->path_len; i++)
		json_array_append_new(path, build_base64((struct bytes){leaf->path[i].bytes, SHA256_BYTES}));
	return json_pack("{s:i, s:i, s:o}", "index", (int)leaf->index, "count", (int)leaf->count, "path", path);
}

json_t *build_guest_json(const struct guest_built *b)
{
	const struct evidence *e = &b->evidence.host;
	json_t *root = build_quote_json(e);

	json_object_set_new(root, "report", build_base64(b->evidence.report.data));
	json_object_set_new(root, "batch", batch_json(&b->evidence.report));
	json_object_set_new(root, "tcg_log", json_pack("{s:s}", "sha256", digest_hex(e->tcg_log.claimed).text));
	json_object_set_new(root, "hv_log", json_pack("{s:s}", "sha256", digest_hex(e->hv_log.claimed).text));
	json_object_set_new(root, "hk_statement", build_base64(e->statement));
	json_object_set_new(root, "fresh", build_base64(e->fresh));
	return root;
}

void judge_built(const struct guest_built *b, struct verdict *v)
{
	const struct guest_policies policies = {&b->host.policy, &b->policy};

	judge_guest(&b->evidence, &b->challenge, &policies, &b->host.known, v);
}
