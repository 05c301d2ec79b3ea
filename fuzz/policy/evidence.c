/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole answer, judged and printed: whatever it is, a policy that names other references never trusts it. */
#include "harness.h"
#include "policy/judge.h"

static struct policy policy = {
	.loader_count = 1,
	.image_count = 1,
	.config_count = 1,
	.loader[0] = {.name = "loader"},
	.image[0] = {.name = "image", .version_text = "0.1.0", .version = 0x000100, .svn = 1},
	.config[0] = {.name = "config"},
	.allow_weak_binding = true,
	.allow_debug = true,
	.allow_no_tpm = true,
	.allow_smt_exposed = true,
	.firmware_unchecked = true,
};

void fuzz_one(struct bytes input)
{
	static const struct challenge challenge;
	static const struct known_logs known = {.count = 1}; /* its digest is all zeros */
	static const struct known_host known_host = {.any_tpm = true};
	static struct verdict verdict;
	struct evidence evidence;
	struct parse_error error;

	if (!evidence_parse(input, &known, &evidence, &error)) {
		PROMISE(error.what[0] != '\0');
		return;
	}
	judge(&evidence, &challenge, &policy, &known_host, &verdict);
	evidence_free(&evidence);
	PROMISE(!verdict_accepted(&verdict));
	PROMISE(verdict_exit_code(&verdict) >= 11);
	FILE *null = fopen("/dev/null", "w");
	if (!null)
		return;
	verdict_print(&verdict, null, true);
	PROMISE(verdict_print_json(&verdict, null)); /* every text in it is clean */
	fclose(null);
}
