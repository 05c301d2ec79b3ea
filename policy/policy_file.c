/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy file (docs/protocol.md). Nothing in it has a default: what is not said is an error. */
#include "policy/policy_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/encoding.h"
#include "policy/members.h"

static const char *const POLICY[] = {
	"version",     "loader",       "hypervisor",         "config",  "minimum_svn",
	"allow_debug", "allow_no_tpm", "allow_weak_binding", "ak_name", "require_dma_remapping",
	NULL};
static const char *const LOADER[] = {"name", "authenticode_sha256", NULL};
static const char *const IMAGE[] = {"name", "sha256", "version", "svn", "debug", NULL};
static const char *const CONFIG[] = {"name", "sha256", "text", NULL};
static const char *const NONE[] = {NULL};

bool version_parse(const char *text, uint32_t *version)
{
	*version = 0;
	for (int part = 0; part < 3; part++) {
		uint32_t value = 0;
		int digits = 0;

		for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
			value = value * 10 + (uint32_t)(*text - '0');
		if (digits == 0 || value > 255 || *text != (part < 2 ? '.' : '\0'))
			return false;
		text++;
		*version = *version << 8 | value;
	}
	return true;
}

static void read_loader(struct members *m, const json_t *object, const char *where, struct policy *policy, size_t i)
{
	struct reference_loader *loader = &policy->loader[i];

	members_exactly(m, object, where, LOADER, NONE);
	member_string(m, (struct member){object, where, "name"}, loader->name, sizeof(loader->name));
	loader->authenticode = member_digest(m, (struct member){object, where, "authenticode_sha256"});
}

static void read_image(struct members *m, const json_t *object, const char *where, struct policy *policy, size_t i)
{
	struct reference_image *image = &policy->image[i];

	members_exactly(m, object, where, IMAGE, NONE);
	member_string(m, (struct member){object, where, "name"}, image->name, sizeof(image->name));
	member_string(m, (struct member){object, where, "version"}, image->version_text, sizeof(image->version_text));
	image->sha256 = member_digest(m, (struct member){object, where, "sha256"});
	image->svn = (uint32_t)member_number(m, (struct member){object, where, "svn"}, UINT32_MAX);
	image->debug = member_bool(m, (struct member){object, where, "debug"});
	if (!m->failed && !version_parse(image->version_text, &image->version))
		members_fail(m, where, "version must be three numbers up to 255 with dots between");
}

static void read_config(struct members *m, const json_t *object, const char *where, struct policy *policy, size_t i)
{
	struct reference_config *config = &policy->config[i];

	members_exactly(m, object, where, CONFIG, NONE);
	member_string(m, (struct member){object, where, "name"}, config->name, sizeof(config->name));
	config->sha256 = member_digest(m, (struct member){object, where, "sha256"});
	config->text = member_text(m, (struct member){object, where, "text"});
	if (!m->failed && !digest_equal(sha256(config->text), config->sha256))
		members_fail(m, where, "sha256 is not the digest of text");
}

typedef void read_reference(struct members *, const json_t *, const char *where, struct policy *, size_t);

/* A list of at least one reference: a policy that accepts nothing is a mistake. */
static size_t read_list(struct members *m, const json_t *root, struct policy *policy, const char *name,
			read_reference *read_one)
{
	const json_t *list = member_array(m, (struct member){root, "", name}, 1, POLICY_MAX_REFERENCES);
	const size_t count = json_array_size(list);

	for (size_t i = 0; i < count && !m->failed; i++) {
		char where[48];

		snprintf(where, sizeof(where), "%s[%zu]", name, i);
		read_one(m, json_array_get(list, i), where, policy, i);
	}
	return count;
}

static void read_ak_name(struct members *m, const json_t *root, struct policy *policy)
{
	const struct member from = {root, "", "ak_name"};
	const char *text = json_string_value(json_object_get(root, "ak_name"));

	if (m->failed || member_is_null(from))
		return;
	policy->has_ak_name = true;
	if (!text || !hex_decode(text, policy->ak_name.bytes, TPM_NAME_BYTES))
		members_fail(m, "ak_name", "must be null, or a TPM name of 68 hexadecimal digits (000b...)");
}

static void read_policy(struct members *m, const json_t *root, struct policy *policy)
{
	members_exactly(m, root, "", POLICY, NONE);
	if (member_number(m, (struct member){root, "", "version"}, UINT32_MAX) != 1)
		members_fail(m, "version", "must be 1");
	policy->loader_count = read_list(m, root, policy, "loader", read_loader);
	policy->image_count = read_list(m, root, policy, "hypervisor", read_image);
	policy->config_count = read_list(m, root, policy, "config", read_config);
	policy->minimum_svn = (uint32_t)member_number(m, (struct member){root, "", "minimum_svn"}, UINT32_MAX);
	policy->allow_debug = member_bool(m, (struct member){root, "", "allow_debug"});
	policy->allow_weak_binding = member_bool(m, (struct member){root, "", "allow_weak_binding"});
	policy->allow_no_tpm = member_bool(m, (struct member){root, "", "allow_no_tpm"});
	policy->require_dma_remapping = member_bool(m, (struct member){root, "", "require_dma_remapping"});
	read_ak_name(m, root, policy);
}

bool policy_parse(struct bytes text, struct policy *policy, struct parse_error *error)
{
	struct members m;

	*policy = (struct policy){.loader_count = 0};
	*error = (struct parse_error){.where = "", .what = "longer than 8 MiB"};
	if (text.len > POLICY_MAX_BYTES)
		return false;
	json_t *root = members_open(&m, text, error);
	if (root)
		read_policy(&m, root, policy);
	json_decref(root);
	policy->storage = m.storage;
	if (!m.failed)
		return true;
	policy_free(policy);
	return false;
}

void policy_free(struct policy *policy)
{
	free(policy->storage);
	*policy = (struct policy){.loader_count = 0};
}
