/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister verify': ask a host, judge its answer, say so. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "policy/judge.h"
#include "tenant/cache.h"
#include "tenant/commands.h"
#include "tenant/fetch.h"
#include "tenant/options.h"
#include "tenant/signed_policy.h"
#include "tenant/store.h"

/* Everything after the step that failed is open. */
static void refuse_all(struct verdict *v, enum refusal_code code, const char *expected, const char *found)
{
	verdict_init(v);
	verdict_refuse(v, code, expected, found);
	for (enum step step = refusal_step(code) + 1; step < STEP_COUNT; step++)
		verdict_skip(v, step, "no evidence");
}

static bool ask(const struct options *o, struct challenge *challenge, const struct known_logs *known,
		struct file *answer, struct verdict *v)
{
	struct transport_error error;

	if (fetch_evidence(&o->host, challenge, known, answer, &error))
		return true;
	refuse_all(v, error.code, error.expected, error.found);
	return false;
}

/* What the store knows of the host. False if it cannot be believed, which is said on standard error. */
static bool know_host(const struct options *o, struct enrolled *host, struct known_host *known)
{
	*known = (struct known_host){.any_tpm = o->any_tpm};
	*host = (struct enrolled){.enrolled = ""};
	if (!o->store || !o->name[0])
		return true;
	const enum hosts_result result = hosts_read(o->store, o->name, host);
	known->enrolled = result == HOSTS_FOUND;
	known->ak_name = host->ak_name;
	if (!o->evidence) /* what was saved is older than what was seen since */
		known->memory = host->memory;
	return result != HOSTS_BAD;
}

/* A key may be denied after it was enrolled. */
static void check_denied(const struct options *o, const struct enrolled *host, const struct evidence *evidence,
			 struct verdict *v)
{
	struct enrolled answering = *host;
	struct tpm_public ak;
	char line[200] = "a list that cannot be read";

	if (!o->store)
		return;
	if (tpm_public_parse(evidence->ak_public, &ak))
		answering.ak_name = ak.name;
	if (hosts_denied(o->store, &answering, line, sizeof(line)) != HOSTS_NONE)
		verdict_refuse(v, REFUSE_KEY_DENIED, "a key that is not on the list of denied keys", line);
}

/* Judges an answer that came; keeps it first, so that a refused one can be looked at. */
static bool judge_answer(const struct options *o, const struct challenge *challenge, struct bytes answer,
			 const struct cache *cache, const struct policy *policy, const struct enrolled *host,
			 const struct known_host *known, struct verdict *v)
{
	struct evidence evidence;
	struct parse_error error;
	char found[300];

	const bool parsed = evidence_parse(answer, &cache->known, &evidence, &error);
	bool saved = !o->save || store_save(o->save, challenge, answer, parsed ? &evidence : NULL);
	if (parsed) {
		cache_store(cache, &evidence);
		judge(&evidence, challenge, policy, known, v);
		check_denied(o, host, &evidence, v);
		if (verdict_accepted(v) && known->enrolled && !o->evidence)
			saved = hosts_remember(o->store, o->name, &v->seen) && saved;
		evidence_free(&evidence);
	} else {
		snprintf(found, sizeof(found), "%s%s%s", error.where, error.where[0] ? " " : "", error.what);
		refuse_all(v, REFUSE_ANSWER, "evidence as of version 1 of the protocol", found);
	}
	return saved;
}

bool wants_colour(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

static int report(const struct options *o, const struct verdict *v)
{
	bool written = true;

	if (o->json)
		written = verdict_print_json(v, stdout);
	else
		verdict_print(v, stdout, wants_colour());
	if (!written || fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "cloister: the verdict could not be written: %s\n", strerror(errno));
		return EXIT_USAGE;
	}
	return verdict_exit_code(v);
}

/* Saved evidence that is too long is refused, as it would be on its way here. */
static bool load(const char *directory, struct challenge *challenge, struct file *answer, bool *answered,
		 struct verdict *v)
{
	if (store_load(directory, challenge, answer))
		return true;
	if (!answer->oversize)
		return false;
	*answered = false;
	refuse_all(v, REFUSE_ANSWER, "an answer of at most 2 MiB", "a longer file");
	return true;
}

/* A nonce of our own, or the one that was saved. False if there is none; *asked says whether an answer came. */
static bool get_answer(const struct options *o, struct challenge *challenge, struct cache *cache, struct file *answer,
		       bool *answered, struct verdict *v)
{
	if (o->evidence) {
		*answered = true;
		cache_load_saved(cache, o->evidence);
		return load(o->evidence, challenge, answer, answered, v);
	}
	if (getrandom(challenge->nonce, sizeof(challenge->nonce), 0) != (ssize_t)sizeof(challenge->nonce)) {
		fprintf(stderr, "cloister: no random bytes for the nonce: %s\n", strerror(errno));
		return false;
	}
	if (strncasecmp(o->host.url, "http:", 5) == 0)
		fprintf(stderr, "cloister: plain HTTP: the evidence is not bound to this connection\n");
	cache_load(cache, o->cache, o->host.url);
	*answered = ask(o, challenge, &cache->known, answer, v);
	return true;
}

int command_verify(int argc, char **argv)
{
	static struct policy policy; /* large */
	static struct verdict verdict;
	struct challenge challenge;
	struct enrolled host;
	struct known_host known;
	struct options options;
	struct file answer = {.data = NULL};
	struct cache cache = {.directory = NULL};
	bool answered, saved = true;

	if (!options_parse(argc, argv, &options) ||
	    !signed_policy_load(options.policy, options.policy_key, (int64_t)time(NULL), &policy))
		return EXIT_USAGE;
	int code = EXIT_USAGE;
	if (know_host(&options, &host, &known) &&
	    get_answer(&options, &challenge, &cache, &answer, &answered, &verdict)) {
		if (answered)
			saved = judge_answer(&options, &challenge, file_bytes(&answer), &cache, &policy, &host, &known,
					     &verdict);
		code = report(&options, &verdict);
	}
	cache_free(&cache);
	file_free(&answer);
	policy_free(&policy);
	return verdict_accepted(&verdict) && !saved ? EXIT_USAGE : code;
}
