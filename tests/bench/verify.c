/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Full verifications of the recorded host in a second of CPU time, and what OpenSSL's bare ECDSA P-256 verification
 * does in it: a verification checks three signatures, parses everything, and replays the logs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "policy/firmware_learn.h"
#include "policy/launch.h"
#include "policy/statement.h"
#include "policy/judge.h"

#define FOLDER        "tests/unit/policy/recorded/"
#define ROUNDS        10
#define ROUND_S       0.3
#define RATE_MIN      1000.0
#define SHARE_MIN     0.3
#define SIGNATURES    3.0
#define SIGNATURE_MAX 80u

static uint8_t answer[64u << 10];
static size_t answer_len;
static struct challenge challenge;
static struct policy policy;
static struct firmware_rules rules;
static struct known_host known = {.enrolled = true};
static EVP_PKEY_CTX *bare;
static uint8_t signature[SIGNATURE_MAX];
static size_t signature_len = SIGNATURE_MAX;
static const uint8_t DIGEST[32] = "any";

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "verify: %s\n", what);
	exit(1);
}

static size_t read_file(const char *path, void *to, size_t size)
{
	FILE *file = fopen(path, "rb");

	must(file != NULL, path);
	const size_t len = fread(to, 1, size, file);
	fclose(file);
	return len;
}

/* The rules that the host's own log gives. */
static void learn(const struct tcg_log *log)
{
	struct parse_error error;
	void *storage; /* kept to the end */
	char why[160];
	json_t *json = firmware_learn(log, "recorded", why, sizeof(why));

	must(json != NULL, "learns nothing");
	char *text = json_dumps(json, 0);
	must(text && firmware_rules_parse((struct bytes){(uint8_t *)text, strlen(text)}, &rules, &storage, &error),
	     "rules");
	free(text);
	json_decref(json);
}

/* A policy that the recorded host satisfies: its references are its own. */
static void prepare(const struct evidence *evidence)
{
	struct launch launch;
	struct tcg_log log;
	struct tcg_cursor cursor;
	struct tcg_event event;
	struct tpm_public ak;
	uint32_t where;

	must(tcg_log_open(evidence->hv_log.data, &launch.log, &where) == TCG_LOG_OK && launch_parse(&launch) &&
		     tcg_log_open(evidence->tcg_log.data, &log, &where) == TCG_LOG_OK &&
		     tpm_public_parse(evidence->ak_public, &ak),
	     "recorded evidence");
	known.ak_name = ak.name;
	policy.loader_count = policy.image_count = policy.config_count = policy.firmware_count = 1;
	cursor = tcg_log_events(&log);
	while (tcg_log_next_of(&cursor, 4, &event))
		if (event.type == 0x80000003) {
			policy.loader[0].authenticode = event.sha256;
			break;
		}
	policy.image[0] = (struct reference_image){
		.sha256 = launch.events[LAUNCH_IMAGE].sha256, .version_text = "0.1.0", .version = 0x000100, .svn = 1};
	policy.config[0].sha256 = launch.events[LAUNCH_CONFIG].sha256;
	policy.firmware = &rules;
	learn(&log);
}

static void make_bare(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *signer = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;

	bare = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	must(signer && bare && EVP_PKEY_sign_init(signer) == 1 &&
		     EVP_PKEY_sign(signer, signature, &signature_len, DIGEST, sizeof(DIGEST)) == 1 &&
		     EVP_PKEY_verify_init(bare) == 1,
	     "P-256");
	EVP_PKEY_CTX_free(signer);
	EVP_PKEY_free(key);
}

static bool verify_bare(void)
{
	return EVP_PKEY_verify(bare, signature, signature_len, DIGEST, sizeof(DIGEST)) == 1;
}

/* All that 'cloister verify' does with an answer. */
static bool verify_full(void)
{
	static struct verdict verdict;
	struct evidence evidence;
	struct parse_error error;

	if (!evidence_parse((struct bytes){answer, answer_len}, NULL, &evidence, &error))
		return false;
	judge(&evidence, &challenge, &policy, &known, &verdict);
	evidence_free(&evidence);
	return verdict_trusted(&verdict);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Calls in a second of this process's CPU time: other processes count for little. */
static double rate(bool (*call)(void))
{
	const double start = now();
	unsigned int count = 0;
	double spent;

	do {
		for (int i = 0; i < 16; i++, count++)
			must(call(), "not accepted");
		spent = now() - start;
	} while (spent < ROUND_S);
	return count / spent;
}

int main(void)
{
	struct evidence evidence;
	struct parse_error error;
	double full = 0, alone = 0;

	answer_len = read_file(FOLDER "answer.json", answer, sizeof(answer));
	read_file(FOLDER "nonce", challenge.nonce, sizeof(challenge.nonce));
	read_file(FOLDER "channel", challenge.channel, sizeof(challenge.channel));
	must(evidence_parse((struct bytes){answer, answer_len}, NULL, &evidence, &error), "recorded answer");
	prepare(&evidence);
	make_bare();
	for (int i = 0; i < ROUNDS; i++) { /* by turns: a change of the clock rate affects both */
		full += rate(verify_full) / ROUNDS;
		alone += rate(verify_bare) / ROUNDS;
	}
	const double share = full / (alone / SIGNATURES);
	printf("full verifications         %8.0f /s   at least %.0f\n", full, RATE_MIN);
	printf("bare P-256 verifications   %8.0f /s\n", alone);
	printf("share of three signatures' %8.2f      at least %.2f\n", share, SHARE_MIN);
	EVP_PKEY_CTX_free(bare);
	evidence_free(&evidence);
	return full >= RATE_MIN && share >= SHARE_MIN ? 0 : 1;
}
