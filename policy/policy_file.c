/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy file (docs/protocol.md). Nothing in it has a default: a missing member is an error. */
#include "policy/policy_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/date.h"
#include "policy/encoding.h"
#include "policy/members.h"

static const char *const POLICY[] = {"version",
				     "serial",
				     "not_before",
				     "not_after",
				     "loader",
				     "before_loader",
				     "hypervisor",
				     "config",
				     "firmware",
				     "identity",
				     "minimum_svn",
				     "allow_debug",
				     "allow_no_tpm",
				     "allow_smt_exposed",
				     "allow_weak_binding",
				     "require_dma_remapping",
				     "require_floor_closed",
				     NULL};
static const char *const LOADER[] = {"name", "authenticode_sha256", NULL};
static const char *const PROGRAM[] = {"name", "authenticode_sha256", "role", NULL};
static const char *const IDENTITY[] = {"ak_names", NULL};
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

static void read_program(struct members *m, const json_t *object, const char *where, struct policy *policy, size_t i)
{
	struct reference_program *program = &policy->before_loader[i];
	char role[24];

	members_exactly(m, object, where, PROGRAM, NONE);
	member_string(m, (struct member){object, where, "name"}, program->name, sizeof(program->name));
	program->authenticode = member_digest(m, (struct member){object, where, "authenticode_sha256"});
	member_string(m, (struct member){object, where, "role"}, role, sizeof(role));
	program->role = strcmp(role, "shim") == 0 ? PROGRAM_SHIM : PROGRAM_FIRMWARE;
	if (!m->failed && program->role != PROGRAM_SHIM && strcmp(role, "firmware-program") != 0)
		members_fail(m, where, "role must be \"shim\" or \"firmware-program\"");
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

/* @min: 1 where a policy that lists none accepts nothing, which is a mistake */
static size_t read_list(struct members *m, const json_t *root, struct policy *policy, const char *name, size_t min,
			read_reference *read_one)
{
	const json_t *list = member_array(m, (struct member){root, "", name}, min, POLICY_MAX_REFERENCES);
	const size_t count = json_array_size(list);

	for (size_t i = 0; i < count && !m->failed; i++) {
		char where[48];

		snprintf(where, sizeof(where), "%s[%zu]", name, i);
		read_one(m, json_array_get(list, i), where, policy, i);
	}
	return count;
}

static void read_date(struct members *m, const json_t *root, const char *name, struct policy_date *date)
{
	const char *text = json_string_value(json_object_get(root, name));

	if (m->failed || member_is_null((struct member){root, "", name}))
		return;
	date->is_set = true;
	if (!text || !date_parse(text, &date->seconds))
		members_fail(m, name, "must be null, or a time in UTC such as \"2026-01-31T00:00:00Z\"");
}

static void read_dates(struct members *m, const json_t *root, struct policy *policy)
{
	read_date(m, root, "not_before", &policy->not_before);
	read_date(m, root, "not_after", &policy->not_after);
	if (policy->not_before.is_set && policy->not_after.is_set &&
	    policy->not_before.seconds > policy->not_after.seconds)
		members_fail(m, "not_after", "is earlier than not_before");
}

static void read_identity(struct members *m, const json_t *root, struct policy *policy)
{
	const json_t *identity = json_object_get(root, "identity");

	members_exactly(m, identity, "identity", IDENTITY, NONE);
	const json_t *names =
		member_array(m, (struct member){identity, "identity", "ak_names"}, 0, POLICY_MAX_AK_NAMES);
	policy->ak_name_count = json_array_size(names);
	for (size_t i = 0; i < policy->ak_name_count && !m->failed; i++) {
		const char *text = json_string_value(json_array_get(names, i));
		char where[48];

		snprintf(where, sizeof(where), "identity.ak_names[%zu]", i);
		if (!text || !hex_decode(text, policy->ak_names[i].bytes, TPM_NAME_BYTES))
			members_fail(m, where, "must be a TPM name of 68 hexadecimal digits (000b...)");
	}
}

static void read_models(struct members *m, const json_t *array, struct policy *policy)
{
	const size_t count = json_array_size(array);

	policy->firmware = calloc(count ? count : 1, sizeof(*policy->firmware));
	if (!policy->firmware)
		members_fail(m, "firmware", "out of memory");
	for (size_t i = 0; i < count && !m->failed; i++) {
		char where[48];

		snprintf(where, sizeof(where), "firmware[%zu]", i);
		firmware_rules_read(m, json_array_get(array, i), where, &policy->firmware[i]);
		policy->firmware_count++;
	}
}

static void read_firmware(struct members *m, const json_t *root, struct policy *policy)
{
	const json_t *firmware = json_object_get(root, "firmware");

	if (m->failed)
		return;
	if (json_is_string(firmware) && strcmp(json_string_value(firmware), "unchecked") == 0)
		policy->firmware_unchecked = true;
	else if (json_is_array(firmware) && json_array_size(firmware) <= RULES_MAX_MODELS)
		read_models(m, firmware, policy);
	else
		members_fail(m, "firmware", "must be a list of rules, or \"unchecked\"");
}

static void read_policy(struct members *m, const json_t *root, struct policy *policy)
{
	members_exactly(m, root, "", POLICY, NONE);
	if (member_number(m, (struct member){root, "", "version"}, UINT32_MAX) != POLICY_VERSION)
		members_fail(m, "version", "must be 2: make the policy again (make reference)");
	policy->serial = member_number(m, (struct member){root, "", "serial"}, INT64_MAX);
	read_dates(m, root, policy);
	policy->loader_count = read_list(m, root, policy, "loader", 1, read_loader);
	policy->before_loader_count = read_list(m, root, policy, "before_loader", 0, read_program);
	policy->image_count = read_list(m, root, policy, "hypervisor", 1, read_image);
	policy->config_count = read_list(m, root, policy, "config", 1, read_config);
	policy->minimum_svn = (uint32_t)member_number(m, (struct member){root, "", "minimum_svn"}, UINT32_MAX);
	policy->allow_debug = member_bool(m, (struct member){root, "", "allow_debug"});
	policy->allow_weak_binding = member_bool(m, (struct member){root, "", "allow_weak_binding"});
	policy->allow_no_tpm = member_bool(m, (struct member){root, "", "allow_no_tpm"});
	policy->require_dma_remapping = member_bool(m, (struct member){root, "", "require_dma_remapping"});
	policy->require_floor_closed = member_bool(m, (struct member){root, "", "require_floor_closed"});
	policy->allow_smt_exposed = member_bool(m, (struct member){root, "", "allow_smt_exposed"});
	read_firmware(m, root, policy);
	read_identity(m, root, policy);
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

enum policy_time policy_at(const struct policy *policy, int64_t now)
{
	if (policy->not_before.is_set && now < policy->not_before.seconds)
		return POLICY_NOT_YET;
	if (policy->not_after.is_set && now > policy->not_after.seconds)
		return POLICY_EXPIRED;
	return POLICY_IN_FORCE;
}

bool policy_pins(const struct policy *policy, const struct tpm_name *name)
{
	for (size_t i = 0; i < policy->ak_name_count; i++)
		if (memcmp(policy->ak_names[i].bytes, name->bytes, TPM_NAME_BYTES) == 0)
			return true;
	return false;
}

void policy_free(struct policy *policy)
{
	free(policy->firmware);
	free(policy->storage);
	*policy = (struct policy){.loader_count = 0};
}
