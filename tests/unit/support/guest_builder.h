/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence of a guest as an honest host would make it, from a description that a test may bend first. */
#ifndef TESTS_UNIT_POLICY_GUEST_BUILDER_H
#define TESTS_UNIT_POLICY_GUEST_BUILDER_H

#include "builder.h"
#include "policy/judge_guest.h"

struct guest_scenario {
	struct scenario host;
	struct hk_report report; /* but for boot id, image and signature, which are made */
	mbedtls_ecp_keypair *report_key;
	uint32_t index, count;  /* the report's place in the batch */
	uint8_t boot_id_change; /* by which the report's boot id, and image, differ from the statement's */
	uint8_t image_change;
};

struct guest_built {
	struct built host;
	struct guest_evidence evidence; /* its 'host' is host.evidence */
	struct guest_challenge challenge;
	struct guest_policy policy;
	uint8_t report[sizeof(struct hk_report)];
};

/* Leaves of a batch other than the report. */
#define BUILD_LEAF_BYTES 40u

/** The root of a tree of 'count' leaves, and the audit path of one, by RFC 6962's own definitions. */
struct digest build_tree(const struct bytes *leaves, uint32_t count);
size_t build_path(const struct bytes *leaves, uint32_t count, uint32_t index, struct digest *path);

/** An honest guest with one vCPU that is the only one in its batch, on the honest host with rules for its firmware. */
void guest_scenario_init(struct guest_scenario *s);

/** What accepts that guest. */
void build_guest_policy(struct guest_policy *policy);

/** Evidence of it, and all that judges it. */
void build_guest(struct guest_built *b, struct guest_scenario *s);

/** As the guest gets it. The caller frees it. */
json_t *build_guest_json(const struct guest_built *b);

void judge_built(const struct guest_built *b, struct verdict *v);

#endif
