/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister verify': ask a host, judge its answer, say so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "policy/judge.h"
#include "tenant/cache.h"
#include "tenant/commands.h"
#include "tenant/fetch.h"
#include "tenant/known.h"
#include "tenant/options.h"
#include "tenant/signed_policy.h"
#include "tenant/store.h"
#include "tenant/verdict_report.h"

static bool ask(const struct options *o, struct challenge *challenge, const struct known_logs *known,
		struct file *answer, struct verdict *v)
{
	struct transport_error error;

	if (fetch_evidence(&o->host, challenge, known, answer, &error))
		return true;
	verdict_init(v);
	verdict_refuse_all(v, error.code, error.expected, error.found);
	return false;
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
		known_check_denied(o->store, host, &evidence, v);
		if (verdict_accepted(v) && !o->evidence && (known->enrolled || policy_pins(policy, &v->ak_name)))
			saved = hosts_remember(o->store, o->name, &v->ak_name, !known->enrolled, &v->seen) && saved;
		evidence_free(&evidence);
	} else {
		snprintf(found, sizeof(found), "%s%s%s", error.where, error.where[0] ? " " : "", error.what);
		verdict_init(v);
		verdict_refuse_all(v, REFUSE_ANSWER, "evidence as of version 1 of the protocol", found);
	}
	return saved;
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
	verdict_init(v);
	verdict_refuse_all(v, REFUSE_ANSWER, "an answer of at most 2 MiB", "a longer file");
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
	if (known_load(options.store, options.name, options.evidence != NULL, &host, &known) &&
	    get_answer(&options, &challenge, &cache, &answer, &answered, &verdict)) {
		known.any_tpm = options.any_tpm;
		if (answered)
			saved = judge_answer(&options, &challenge, file_bytes(&answer), &cache, &policy, &host, &known,
					     &verdict);
		/* What was not kept is not said: the next verdict would not know of it. */
		if (verdict_accepted(&verdict) && !saved)
			fprintf(stderr, "cloister: no verdict is given, because something of it could not be kept\n");
		else
			code = verdict_report(&verdict, options.json);
	}
	cache_free(&cache);
	file_free(&answer);
	policy_free(&policy);
	return code;
}
