/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps 1 to 10 of a verification, and the verdict's print. The host is the recorded one; an input is a policy's
 * choices, then the bytes in place of the recorded fields. They are not signed, so only the host's own fields are
 * accepted.
 */
#include "fuzz/shared/harness.h"
#include "policy/firmware_learn.h"
#include "policy/judge.h"
#include "policy/launch.h"

#define FOLDER     "tests/unit/policy/recorded/"
#define AS_HOST    0xffffu /* in place of a length: the field is the recorded one */
#define PCR_BYTES  (1u + SHA256_BYTES)
#define LOGS_RIGHT 0x01u /* the host says the right digests of its logs */
#define PRINTED    0x02u
#define PINNED     0x04u /* the policy names the key */
#define ENROLLED   0x08u
#define ANY_TPM    0x10u
#define SEEN       0x20u /* the host was accepted before */
#define LEARNT     0x40u /* the policy knows the firmware */
#define REFERENCES 0x80u /* the policy names the host's programs */
/* Of the second byte, whose other bits are the policy's. */
#define SHIM 0x40u /* the policy knows another firmware, a program before the loader, and shim */

static struct evidence host;
static struct challenge challenge;
static struct policy reference;
static struct firmware_rules rules, shim_rules;
static struct tpm_name ak_name;

static size_t read_file(const char *path, uint8_t *to, size_t size)
{
	FILE *const file = fopen(path, "rb");

	PROMISE(file != NULL);
	const size_t len = fread(to, 1, size, file);
	fclose(file);
	return len;
}

static void learn(const struct tcg_log *log)
{
	struct parse_error error;
	void *storage; /* for as long as the program runs */
	char why[160];
	json_t *const learnt = firmware_learn(log, "model", why, sizeof(why));
	char *const text = json_dumps(learnt, 0);

	PROMISE(text && firmware_rules_parse((struct bytes){(uint8_t *)text, strlen(text)}, &rules, &storage, &error));
	free(text);
	json_decref(learnt);
}

static struct digest digest_of(const char *text)
{
	return sha256((struct bytes){(const uint8_t *)text, strlen(text)});
}

/* The firmware of the seed that went through shim. */
static void set_shim_rules(void)
{
	static struct digest code[2], driver, mode;
	static const struct signature_entry entry = {.kind = ENTRY_SHA256};

	code[0] = digest_of("version");
	code[1] = digest_of("volume");
	driver = digest_of("driver");
	mode = digest_of("DeployedMode");
	shim_rules = (struct firmware_rules){.model = "seed",
					     .pcr0 = {code, 2},
					     .pcr2 = {&driver, 1},
					     .kinds[KIND_PCR1] = {{0x80000002}, 1},
					     .secure_boot = SECURE_BOOT_ON,
					     .pcr7 = {&mode, 1}};
	for (enum database i = 0; i < DATABASES; i++)
		shim_rules.databases[i] = (struct database_rule){.forbidden = {&entry, 1}, .others = true};
}

static struct digest first_program(const struct tcg_log *log)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;

	while (tcg_log_next_of(&cursor, 4, &event))
		if (event.type == 0x80000003)
			return event.sha256;
	return digest_filled(0);
}

/* The reference values are taken out of the answer. Before the first input: no input runs more than its own lines. */
__attribute__((constructor)) static void load(void)
{
	static uint8_t answer[64u << 10];
	static struct launch launch;
	struct tcg_log log;
	struct parse_error error;
	struct tpm_public ak;
	uint32_t where;

	const size_t len = read_file(FOLDER "answer.json", answer, sizeof(answer));
	PROMISE(read_file(FOLDER "nonce", challenge.nonce, NONCE_BYTES) == NONCE_BYTES);
	PROMISE(read_file(FOLDER "channel", challenge.channel, NONCE_BYTES) == NONCE_BYTES);
	PROMISE(evidence_parse((struct bytes){answer, len}, NULL, &host, &error));
	PROMISE(tpm_public_parse(host.ak_public, &ak));
	PROMISE(tcg_log_open(host.tcg_log.data, &log, &where) == TCG_LOG_OK);
	PROMISE(tcg_log_open(host.hv_log.data, &launch.log, &where) == TCG_LOG_OK && launch_parse(&launch));
	learn(&log);
	set_shim_rules();
	ak_name = ak.name;
	reference = (struct policy){.loader_count = 1, .image_count = 1, .config_count = 1, .minimum_svn = 1};
	reference.loader[0].authenticode = first_program(&log);
	reference.image[0] = (struct reference_image){
		.sha256 = launch.events[LAUNCH_IMAGE].sha256, .version_text = "0.1.0", .version = 0x000100, .svn = 1};
	reference.config[0] = (struct reference_config){.sha256 = launch.events[LAUNCH_CONFIG].sha256,
							.text = launch.contents[LAUNCH_CONFIG]};
}

static void know_shim(struct policy *policy)
{
	policy->loader[0].authenticode = digest_of("loader");
	policy->before_loader_count = 2;
	policy->before_loader[0] =
		(struct reference_program){.name = "app", .authenticode = digest_of("app"), .role = PROGRAM_FIRMWARE};
	policy->before_loader[1] =
		(struct reference_program){.name = "shim", .authenticode = digest_of("shim"), .role = PROGRAM_SHIM};
	policy->firmware = &shim_rules;
}

static struct bytes take(struct bytes *input, size_t len)
{
	const size_t taken = len < input->len ? len : input->len;
	const struct bytes part = {input->data, taken};

	*input = (struct bytes){input->data + taken, input->len - taken};
	return part;
}

static unsigned take_byte(struct bytes *input)
{
	const struct bytes byte = take(input, 1);

	return byte.len == 1 ? byte.data[0] : 0;
}

/* In memory of exactly its length, so a read past its end is seen. The caller frees it. */
static struct bytes take_field(struct bytes *input, struct bytes recorded)
{
	const unsigned low = take_byte(input), len = take_byte(input) << 8 | low;
	const struct bytes field = len == AS_HOST ? recorded : take(input, len);
	uint8_t *const copy = malloc(field.len);

	PROMISE(copy || field.len == 0);
	if (field.len > 0)
		memcpy(copy, field.data, field.len);
	return (struct bytes){copy, field.len};
}

static struct evidence_log take_log(struct bytes *input, const struct evidence_log *recorded, unsigned choices)
{
	const struct bytes data = take_field(input, recorded->data);

	return (struct evidence_log){(choices & LOGS_RIGHT) != 0 ? sha256(data) : recorded->claimed, data};
}

static void take_pcrs(struct bytes *input, struct evidence *evidence)
{
	memcpy(evidence->pcrs, host.pcrs, sizeof(evidence->pcrs));
	evidence->pcr_count = host.pcr_count;
	for (size_t i = 0; input->len >= PCR_BYTES && i < EVIDENCE_MAX_PCRS; i++) {
		evidence->pcrs[i].index = take_byte(input);
		memcpy(evidence->pcrs[i].value.bytes, take(input, SHA256_BYTES).data, SHA256_BYTES);
		evidence->pcr_count = i + 1;
	}
}

static struct evidence take_evidence(struct bytes *input, unsigned choices)
{
	struct evidence evidence = {
		.quote = take_field(input, host.quote),
		.signature = take_field(input, host.signature),
		.ak_public = take_field(input, host.ak_public),
		.tcg_log = take_log(input, &host.tcg_log, choices),
		.hv_log = take_log(input, &host.hv_log, choices),
		.statement = take_field(input, host.statement),
		.fresh = take_field(input, host.fresh),
	};

	take_pcrs(input, &evidence);
	return evidence;
}

static void give_back(const struct evidence *evidence)
{
	const struct bytes fields[] = {evidence->quote,        evidence->signature,   evidence->ak_public,
				       evidence->tcg_log.data, evidence->hv_log.data, evidence->statement,
				       evidence->fresh};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		free((void *)(uintptr_t)fields[i].data);
}

static void choose_policy(struct policy *policy, unsigned choices, unsigned allowed)
{
	*policy = reference;
	if ((choices & REFERENCES) == 0) {
		policy->loader[0].authenticode = digest_filled(0);
		policy->image[0].sha256 = policy->config[0].sha256 = digest_filled(0);
	}
	policy->allow_weak_binding = allowed & 1;
	policy->allow_debug = allowed & 2;
	policy->allow_no_tpm = allowed & 4;
	policy->allow_smt_exposed = allowed & 8;
	policy->require_dma_remapping = allowed & 16;
	policy->require_floor_closed = allowed & 32;
	policy->ak_names[0] = ak_name;
	policy->ak_name_count = (choices & PINNED) != 0;
	policy->firmware = &rules;
	policy->firmware_count = (choices & LEARNT) != 0;
	policy->firmware_unchecked = (choices & LEARNT) == 0;
	if ((allowed & SHIM) != 0)
		know_shim(policy);
}

static bool same(struct bytes a, struct bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static void check_accepted(const struct evidence *evidence, unsigned choices)
{
	PROMISE((choices & REFERENCES) != 0);
	PROMISE((choices & (PINNED | ENROLLED | ANY_TPM)) != 0);
	PROMISE(same(evidence->quote, host.quote) && same(evidence->fresh, host.fresh));
	PROMISE(same(evidence->statement, host.statement));
	PROMISE(same(evidence->tcg_log.data, host.tcg_log.data) && same(evidence->hv_log.data, host.hv_log.data));
}

static void print(const struct verdict *verdict)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	PROMISE(nowhere);
	verdict_print(verdict, nowhere, true);
	PROMISE(verdict_print_json(verdict, nowhere)); /* every text in it is clean */
}

void fuzz_one(struct bytes input)
{
	static struct policy policy;
	static struct verdict verdict;

	const unsigned choices = take_byte(&input);
	choose_policy(&policy, choices, take_byte(&input));
	const struct known_host known = {.any_tpm = (choices & ANY_TPM) != 0,
					 .enrolled = (choices & ENROLLED) != 0,
					 .ak_name = ak_name,
					 .memory = {.seen = (choices & SEEN) != 0}};
	const struct evidence evidence = take_evidence(&input, choices);

	judge(&evidence, &challenge, &policy, &known, &verdict);
	PROMISE(verdict_accepted(&verdict) == (verdict_exit_code(&verdict) < 11));
	if (verdict_accepted(&verdict))
		check_accepted(&evidence, choices);
	if ((choices & PRINTED) != 0)
		print(&verdict);
	give_back(&evidence);
}
