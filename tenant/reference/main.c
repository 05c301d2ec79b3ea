/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the policy that hosts of this build satisfy: nothing goes in but the files named, so that the same build
 * gives the same bytes (docs/protocol.md, "Policy file").
 *
 *   make-reference --version V --svn N --output FILE [--sign-key PEM] --loader FILE --image FILE...
 *                  [--debug-image FILE]... --config FILE... [--serial N] [--not-before TIME] [--not-after TIME]
 */
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "policy/authenticode.h"
#include "policy/encoding.h"
#include "policy/policy_file.h"
#include "tenant/reference/sign.h"
#include "tenant/file.h"

#define IMAGE_MAX_BYTES  (16u << 20)
#define CONFIG_MAX_BYTES 12288u /* docs/protocol.md, "cloister.conf" */

struct request {
	const char *version, *output, *sign_key, *not_before, *not_after;
	json_int_t svn, serial;
	json_t *loader, *hypervisor, *config;
};

static bool complain(const char *path, const char *why)
{
	fprintf(stderr, "make-reference: %s: %s\n", path, why);
	return false;
}

static void digest_text(struct digest digest, char text[2 * SHA256_BYTES + 1])
{
	hex_encode(digest.bytes, SHA256_BYTES, text);
}

/* Takes what jansson made; NULL is out of memory. */
static bool append(json_t *list, json_t *entry, const char *path)
{
	return json_array_append_new(list, entry) == 0 || complain(path, "out of memory, or not UTF-8");
}

/* basename(3) may write to its argument. */
static const char *name_of(char *path)
{
	return basename(path);
}

static bool add_loader(struct request *r, char *path)
{
	char text[2 * SHA256_BYTES + 1];
	struct digest digest;
	struct file file;

	if (!file_read(path, IMAGE_MAX_BYTES, &file))
		return false;
	const char *wrong = authenticode_sha256(file_bytes(&file), &digest);
	file_free(&file);
	if (wrong)
		return complain(path, wrong);
	digest_text(digest, text);
	return append(r->loader, json_pack("{s:s, s:s}", "name", name_of(path), "authenticode_sha256", text), path);
}

static bool add_image(struct request *r, char *path, bool debug)
{
	char text[2 * SHA256_BYTES + 1];
	struct file file;

	if (!file_read(path, IMAGE_MAX_BYTES, &file))
		return false;
	digest_text(sha256(file_bytes(&file)), text);
	file_free(&file);
	return append(r->hypervisor,
		      json_pack("{s:s, s:s, s:s, s:I, s:b}", "name", name_of(path), "sha256", text, "version",
				r->version, "svn", r->svn, "debug", debug),
		      path);
}

static bool add_config(struct request *r, char *path)
{
	char text[2 * SHA256_BYTES + 1];
	struct file file;

	if (!file_read(path, CONFIG_MAX_BYTES, &file))
		return false;
	digest_text(sha256(file_bytes(&file)), text);
	json_t *entry = json_pack("{s:s, s:s, s:s#}", "name", name_of(path), "sha256", text, "text",
				  (const char *)file.data, (int)file.len);
	file_free(&file);
	return append(r->config, entry, path);
}

static bool take(struct request *r, int option, char *value)
{
	switch (option) {
	case 'v':
		r->version = value;
		return true;
	case 'n':
		r->svn = strtoll(value, NULL, 10);
		return true;
	case 's':
		r->serial = strtoll(value, NULL, 10);
		return true;
	case 'b':
		r->not_before = value;
		return true;
	case 'a':
		r->not_after = value;
		return true;
	case 'o':
		r->output = value;
		return true;
	case 'k':
		r->sign_key = value;
		return true;
	case 'l':
		return add_loader(r, value);
	case 'i':
		return add_image(r, value, false);
	case 'd':
		return add_image(r, value, true);
	case 'c':
		return add_config(r, value);
	default:
		return false;
	}
}

/* A policy that the verifier would not read is not written. */
static bool write_policy(const struct request *r, struct bytes text)
{
	static struct policy policy;
	struct parse_error error;
	uint8_t signature[SIGN_MAX_BYTES];
	char path[4096];
	size_t len;

	if (!policy_parse(text, &policy, &error)) {
		fprintf(stderr, "make-reference: %s %s\n", error.where, error.what);
		return false;
	}
	policy_free(&policy);
	if (!file_write(r->output, text))
		return false;
	if (!r->sign_key)
		return true;
	const char *wrong = sign_deterministic(r->sign_key, text, signature, &len);
	if (wrong)
		return complain(r->sign_key, wrong);
	snprintf(path, sizeof(path), "%s.sig", r->output);
	return file_write(path, (struct bytes){signature, len});
}

/*
 * The strictest policy that the build satisfies. What a build cannot know is left open, and refuses every host: which
 * firmware the machines have, and which keys; 'cloister policy check' says so.
 */
static char *policy_text(const struct request *r)
{
	json_t *root = json_pack(
		"{s:i, s:I, s:s?, s:s?, s:O, s:[], s:O, s:O, s:[], s:{s:[]}, s:I, s:b, s:b, s:b, s:b, s:b, s:b}",
		"version", POLICY_VERSION, "serial", r->serial, "not_before", r->not_before, "not_after", r->not_after,
		"loader", r->loader, "before_loader", "hypervisor", r->hypervisor, "config", r->config, "firmware",
		"identity", "ak_names", "minimum_svn", r->svn, "allow_debug", 0, "allow_weak_binding", 0,
		"allow_no_tpm", 0, "allow_smt_exposed", 0, "require_dma_remapping", 1, "require_floor_closed", 1);
	char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;

	json_decref(root);
	return text;
}

static bool run(struct request *r)
{
	char *text = policy_text(r);

	if (!text)
		return complain(r->output, "out of memory, or a config that is not UTF-8");
	const size_t len = strlen(text);
	text[len] = '\n'; /* in place of the NUL: a text file ends with a line end */
	const bool ok = write_policy(r, (struct bytes){(const uint8_t *)text, len + 1});
	free(text);
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{"version", required_argument, NULL, 'v'},   {"svn", required_argument, NULL, 'n'},
		{"serial", required_argument, NULL, 's'},    {"not-before", required_argument, NULL, 'b'},
		{"not-after", required_argument, NULL, 'a'}, {"output", required_argument, NULL, 'o'},
		{"sign-key", required_argument, NULL, 'k'},  {"loader", required_argument, NULL, 'l'},
		{"image", required_argument, NULL, 'i'},     {"debug-image", required_argument, NULL, 'd'},
		{"config", required_argument, NULL, 'c'},    {NULL, 0, NULL, 0},
	};
	struct request r = {.loader = json_array(), .hypervisor = json_array(), .config = json_array()};
	bool ok = true;
	int option;

	while (ok && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		ok = take(&r, option, optarg);
	if (ok && (!r.version || !r.output || optind != argc))
		ok = complain("usage", "--version V --svn N --output FILE --loader FILE --image FILE --config FILE");
	ok = ok && run(&r);
	json_decref(r.loader);
	json_decref(r.hypervisor);
	json_decref(r.config);
	return ok ? 0 : 1;
}
