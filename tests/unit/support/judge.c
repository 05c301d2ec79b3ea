/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges one evidence after the other: tests/unit/policy/second_opinion, and second_opinion_guests, send them on
 * standard input, and read one line for each: the tool's exit code, then the names of the refusals. Each field lies in
 * memory of exactly its length, so the sanitisers see each byte too many.
 *
 *   judge POLICY
 *   judge POLICY GUEST_POLICY    evidence of guests: first what they bind and both logs, then their documents
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/judge_guest.h"

#define FIELDS 9u

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "judge: %s\n", what);
		exit(2);
	}
}

/* False at the end of the input. */
static bool read_number(uint32_t *number)
{
	return fread(number, sizeof(*number), 1, stdin) == 1;
}

/* A length, then so many bytes. */
static struct bytes read_field(void)
{
	uint32_t len;

	must(read_number(&len), "a field without its length");
	uint8_t *data = malloc(len);
	must(len == 0 || (data && fread(data, 1, len, stdin) == len), "a field is cut");
	return (struct bytes){data, len};
}

static struct digest take_digest(struct bytes field)
{
	struct digest digest;

	must(field.len == sizeof(digest.bytes), "a digest of another length");
	memcpy(digest.bytes, field.data, sizeof(digest.bytes));
	return digest;
}

/* A number of PCRs, then index and value of each; as evidence_parse does, only so many are kept. */
static void read_pcrs(struct evidence *evidence)
{
	uint32_t count;
	struct evidence_pcr pcr;

	must(read_number(&count), "no PCRs");
	evidence->pcr_count = count;
	for (uint32_t i = 0; i < count; i++) {
		must(read_number(&pcr.index) && fread(pcr.value.bytes, sizeof(pcr.value.bytes), 1, stdin) == 1,
		     "a PCR is cut");
		if (i < EVIDENCE_MAX_PCRS)
			evidence->pcrs[i] = pcr;
	}
}

static void print_verdict(const struct verdict *verdict)
{
	printf("%d", verdict_exit_code(verdict));
	for (size_t i = 0; i < verdict->refusal_count; i++)
		printf(" %s", refusal_name(verdict->refusals[i].code));
	putchar('\n');
}

static void judge_one(const struct policy *policy, const struct challenge *challenge)
{
	static const struct known_host nothing;
	struct bytes f[FIELDS];
	struct verdict verdict;

	for (size_t i = 0; i < FIELDS; i++)
		f[i] = read_field();
	struct evidence evidence = {.quote = f[0],
				    .signature = f[1],
				    .ak_public = f[2],
				    .tcg_log = {take_digest(f[4]), f[3]},
				    .hv_log = {take_digest(f[6]), f[5]},
				    .statement = f[7],
				    .fresh = f[8]};
	read_pcrs(&evidence);
	judge(&evidence, challenge, policy, &nothing, &verdict);
	for (size_t i = 0; i < FIELDS; i++)
		free((void *)f[i].data);
	print_verdict(&verdict);
}

/* What every guest of this run has in common. */
struct guests {
	struct guest_policies policies;
	struct guest_challenge challenge;
	struct bytes tcg_log, hv_log;
};

static void judge_document(const struct guests *guests, struct bytes document, struct verdict *verdict)
{
	static const struct known_host nothing;
	struct guest_evidence evidence;
	struct parse_error error;

	if (!guest_evidence_parse(document, &evidence, &error)) {
		verdict_init_guest(verdict);
		verdict_refuse(verdict, REFUSE_GUEST_EVIDENCE, "", error.where);
		return;
	}
	evidence.host.tcg_log.data = guests->tcg_log;
	evidence.host.hv_log.data = guests->hv_log;
	judge_guest(&evidence, &guests->challenge, &guests->policies, &nothing, verdict);
	guest_evidence_free(&evidence);
}

static void judge_one_guest(const struct guests *guests)
{
	const struct bytes document = read_field();
	struct verdict verdict;

	judge_document(guests, document, &verdict);
	free((void *)document.data);
	print_verdict(&verdict);
}

static struct bytes read_text(const char *path)
{
	static uint8_t text[1u << 20];
	FILE *file = fopen(path, "rb");

	must(file, path);
	const size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	return (struct bytes){text, len};
}

static void must_parse(bool parsed, const struct parse_error *error)
{
	if (!parsed)
		fprintf(stderr, "judge: %s: %s\n", error->where, error->what);
	must(parsed, "a policy that cannot be read");
}

static void judge_hosts(const struct policy *policy, const struct challenge *challenge)
{
	uint32_t more;

	while (read_number(&more)) {
		judge_one(policy, challenge);
		if (more == 0)
			fflush(stdout);
	}
}

static void judge_guests(const struct policy *policy, const char *path, const struct challenge *challenge)
{
	static struct guest_policy guest_policy;
	struct guests guests = {.policies = {policy, &guest_policy}};
	struct parse_error error;
	uint32_t more;

	must_parse(guest_policy_parse(read_text(path), &guest_policy, &error), &error);
	memcpy(guests.challenge.nonce, challenge->nonce, sizeof(guests.challenge.nonce));
	guests.challenge.bound = read_field();
	guests.tcg_log = read_field();
	guests.hv_log = read_field();
	while (read_number(&more)) {
		judge_one_guest(&guests);
		if (more == 0)
			fflush(stdout);
	}
	free((void *)guests.challenge.bound.data);
	free((void *)guests.tcg_log.data);
	free((void *)guests.hv_log.data);
}

int main(int argc, char **argv)
{
	static struct policy policy;
	struct challenge challenge;
	struct parse_error error;

	must(argc == 2 || argc == 3, "usage: judge POLICY [GUEST_POLICY]");
	must_parse(policy_parse(read_text(argv[1]), &policy, &error), &error);
	must(fread(&challenge, sizeof(challenge), 1, stdin) == 1, "no challenge");
	if (argc == 3)
		judge_guests(&policy, argv[2], &challenge);
	else
		judge_hosts(&policy, &challenge);
	policy_free(&policy);
	return 0;
}
