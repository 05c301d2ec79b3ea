/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tenant's policy (docs/protocol.md, "Policy file"). */
#ifndef POLICY_POLICY_FILE_H
#define POLICY_POLICY_FILE_H

#include "policy/evidence.h"
#include "policy/tpm.h"

#define POLICY_MAX_REFERENCES 64u
#define POLICY_MAX_NAME       64u
#define POLICY_MAX_VERSION    16u
#define POLICY_MAX_BYTES      (8u << 20)

struct reference_loader {
	char name[POLICY_MAX_NAME];
	struct digest authenticode;
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

struct policy {
	size_t loader_count;
	size_t image_count;
	size_t config_count;
	struct reference_loader loader[POLICY_MAX_REFERENCES];
	struct reference_image image[POLICY_MAX_REFERENCES];
	struct reference_config config[POLICY_MAX_REFERENCES];
	uint32_t minimum_svn;
	bool allow_debug;
	bool allow_weak_binding;
	bool allow_no_tpm;
	bool require_dma_remapping;
	bool has_ak_name;
	struct tpm_name ak_name;
	void *storage;
};

/** Reads a policy: every member, none missing, none unknown. On failure nothing is kept and 'error' says why. */
bool policy_parse(struct bytes text, struct policy *policy, struct parse_error *error);

void policy_free(struct policy *policy);

/** "1.2.3", each part at most 255, as major << 16 | minor << 8 | patch. */
bool version_parse(const char *text, uint32_t *version);

#endif
