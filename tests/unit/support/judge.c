/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges one evidence after the other: tests/unit/policy/second_opinion sends them on standard input, and reads one
 * line for each: the exit code of 'cloister verify', then the names of the refusals. Each field lies in memory of
 * exactly its length, so the sanitisers see each byte too many.
 *
 *   judge POLICY
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/judge.h"

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

static void load_policy(const char *path, struct policy *policy)
{
	static uint8_t text[1u << 20];
	struct parse_error error;
	FILE *file = fopen(path, "rb");

	must(file, path);
	const size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (!policy_parse((struct bytes){text, len}, policy, &error)) {
		fprintf(stderr, "judge: %s: %s\n", error.where, error.what);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct policy policy;
	struct challenge challenge;
	uint32_t more;

	must(argc == 2, "usage: judge POLICY");
	load_policy(argv[1], &policy);
	must(fread(&challenge, sizeof(challenge), 1, stdin) == 1, "no challenge");
	while (read_number(&more)) {
		judge_one(&policy, &challenge);
		if (more == 0)
			fflush(stdout);
	}
	policy_free(&policy);
	return 0;
}
