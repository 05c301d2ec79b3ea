/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole answer, judged and printed: whatever it is, policies that name other references never trust it. One of them
 * knows firmware, a program before the loader, and shim.
 */
#include "harness.h"
#include "policy/firmware_rules.h"
#include "policy/judge.h"

static struct digest digest_of(const char *text)
{
	return sha256((struct bytes){(const uint8_t *)text, strlen(text)});
}

/* Firmware rules of the seed that went through shim. */
static void set_rules(struct firmware_rules *rules)
{
	static struct digest code[2], driver, mode;
	static struct signature_entry entry = {.kind = ENTRY_SHA256};

	code[0] = digest_of("version");
	code[1] = digest_of("volume");
	driver = digest_of("driver");
	mode = digest_of("DeployedMode");
	*rules = (struct firmware_rules){.model = "seed",
					 .pcr0 = {code, 2},
					 .pcr2 = {&driver, 1},
					 .kinds[KIND_PCR1] = {{0x80000002}, 1},
					 .secure_boot = SECURE_BOOT_ON,
					 .pcr7 = {&mode, 1}};
	for (enum database i = 0; i < DATABASES; i++)
		rules->databases[i] = (struct database_rule){.forbidden = {&entry, 1}, .others = true};
}

/* Everything is allowed, but the image and the config are nobody's. */
static void set_policy(struct policy *policy)
{
	static struct firmware_rules rules;

	*policy = (struct policy){
		.loader_count = 1,
		.image_count = 1,
		.config_count = 1,
		.loader[0] = {.name = "loader", .authenticode = digest_of("loader")},
		.image[0] = {.name = "image", .version_text = "0.1.0", .version = 0x000100, .svn = 1},
		.config[0] = {.name = "config"},
		.allow_weak_binding = true,
		.allow_debug = true,
		.allow_no_tpm = true,
		.allow_smt_exposed = true,
		.firmware_unchecked = true,
	};
	policy[1] = policy[0];
	policy[1].before_loader_count = 2;
	policy[1].before_loader[0] =
		(struct reference_program){.name = "app", .authenticode = digest_of("app"), .role = PROGRAM_FIRMWARE};
	policy[1].before_loader[1] =
		(struct reference_program){.name = "shim", .authenticode = digest_of("shim"), .role = PROGRAM_SHIM};
	policy[1].firmware_unchecked = false;
	policy[1].firmware = &rules;
	policy[1].firmware_count = 1;
	set_rules(&rules);
}

static void check_verdict(const struct verdict *verdict)
{
	PROMISE(!verdict_accepted(verdict));
	PROMISE(verdict_exit_code(verdict) >= 11);
	FILE *null = fopen("/dev/null", "w");
	if (!null)
		return;
	verdict_print(verdict, null, true);
	PROMISE(verdict_print_json(verdict, null)); /* every text in it is clean */
	fclose(null);
}

void fuzz_one(struct bytes input)
{
	static const struct challenge challenge;
	static const struct known_logs known = {.count = 1}; /* its digest is all zeros */
	static const struct known_host known_host = {.any_tpm = true};
	static struct policy policies[2];
	static struct verdict verdict;
	struct evidence evidence;
	struct parse_error error;

	if (policies[0].loader_count == 0)
		set_policy(policies);
	if (!evidence_parse(input, &known, &evidence, &error)) {
		PROMISE(error.what[0] != '\0');
		return;
	}
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		judge(&evidence, &challenge, &policies[i], &known_host, &verdict);
		check_verdict(&verdict);
	}
	evidence_free(&evidence);
}
