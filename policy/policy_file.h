/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tenant's policy (docs/protocol.md, "Policy file"). */
#ifndef POLICY_POLICY_FILE_H
#define POLICY_POLICY_FILE_H

#include "policy/evidence.h"
#include "policy/firmware_rules.h"
#include "policy/tpm_parse.h"

#define POLICY_VERSION        2u
#define POLICY_MAX_REFERENCES 64u
#define POLICY_MAX_AK_NAMES   256u
#define POLICY_MAX_NAME       64u
#define POLICY_MAX_VERSION    16u
#define POLICY_MAX_BYTES      (8u << 20)

struct reference_loader {
	char name[POLICY_MAX_NAME];
	struct digest authenticode;
};

/* A program that PCR 4 may hold before the loader's event. */
enum program_role {
	PROGRAM_SHIM,     /* starts the loader; its own events come first in PCR 14 */
	PROGRAM_FIRMWARE, /* an application of the firmware, which returns */
};

struct reference_program {
	char name[POLICY_MAX_NAME];
	struct digest authenticode;
	enum program_role role;
};

struct reference_image {
	char name[POLICY_MAX_NAME];
	struct digest sha256;
	char version_text[POLICY_MAX_VERSION];
	uint32_t version; /* major << 16 | minor << 8 | patch */
	uint32_t svn;
	bool debug;
};

struct reference_config {
	char name[POLICY_MAX_NAME];
	struct digest sha256;
	struct bytes text; /* in policy.storage */
};

/* A date that may be open. */
struct policy_date {
	bool is_set;
	int64_t seconds; /* since 1970, UTC */
};

struct policy {
	uint64_t serial; /* rises with every change; 0 is a template, not numbered yet */
	struct policy_date not_before, not_after;
	size_t loader_count;
	size_t before_loader_count;
	size_t image_count;
	size_t config_count;
	struct reference_loader loader[POLICY_MAX_REFERENCES];
	struct reference_program before_loader[POLICY_MAX_REFERENCES];
	struct reference_image image[POLICY_MAX_REFERENCES];
	struct reference_config config[POLICY_MAX_REFERENCES];
	uint32_t minimum_svn;
	bool allow_debug;
	bool allow_weak_binding;
	bool allow_no_tpm;
	bool require_dma_remapping;
	bool require_floor_closed;
	bool allow_smt_exposed;
	bool firmware_unchecked; /* said in so many words */
	struct firmware_rules *firmware;
	size_t firmware_count;
	size_t ak_name_count; /* 0: the policy pins no attestation key */
	struct tpm_name ak_names[POLICY_MAX_AK_NAMES];
	void *storage;
};

/** Reads a policy: every member, none missing, none unknown. On failure nothing is kept and 'error' says why. */
bool policy_parse(struct bytes text, struct policy *policy, struct parse_error *error);

enum policy_time { POLICY_IN_FORCE, POLICY_NOT_YET, POLICY_EXPIRED };

/** Whether a policy is in force at 'now' (seconds since 1970): from not_before on, up to and including not_after. */
enum policy_time policy_at(const struct policy *policy, int64_t now);

/** Is this one of the attestation keys that the policy pins? */
bool policy_pins(const struct policy *policy, const struct tpm_name *name);

void policy_free(struct policy *policy);

/** "1.2.3", each part at most 255, as major << 16 | minor << 8 | patch. */
bool version_parse(const char *text, uint32_t *version);

#endif
