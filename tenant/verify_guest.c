/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister verify-guest': judge what a guest got as its quote, together with its host. */
#include <stdio.h>
#include <time.h>

#include "policy/encoding.h"
#include "policy/judge_guest.h"
#include "tenant/cache.h"
#include "tenant/commands.h"
#include "tenant/fetch.h"
#include "tenant/guest_policy_load.h"
#include "tenant/known.h"
#include "tenant/options.h"
#include "tenant/signed_policy.h"
#include "tenant/verdict_report.h"

#define LOGS            2u
#define PATH_LOGS       "/v1/logs/"
#define BOUND_MAX_BYTES (1u << 20)

/* The user's files, and what else a verdict is made of. */
struct inquiry {
	struct guest_options options;
	struct policy policy;
	struct guest_policy guest_policy;
	struct file document, bound;
	struct enrolled host;
	struct known_host known;
	struct cache cache;
	struct file fetched[LOGS];
	struct verdict verdict;
};

/* A file that is too long is refused, as one that is malformed; false if there is none to judge. */
static bool read_document(struct inquiry *q, bool *fits)
{
	*fits = file_read(q->options.evidence, GUEST_EVIDENCE_MAX_BYTES, &q->document);
	return *fits || q->document.oversize;
}

/* What the user has of his own. */
static bool read_own(struct inquiry *q)
{
	const struct options *o = &q->options.host;

	return signed_policy_load(o->policy, o->policy_key, (int64_t)time(NULL), &q->policy) &&
	       guest_policy_load(q->options.policy, o->policy_key, &q->guest_policy) &&
	       (!q->options.bound || file_read(q->options.bound, BOUND_MAX_BYTES, &q->bound)) &&
	       known_load(o->store, o->name, true, &q->host, &q->known);
}

static void refuse(struct inquiry *q, enum refusal_code code, const char *expected, const char *found)
{
	verdict_init_guest(&q->verdict);
	verdict_refuse_all(&q->verdict, code, expected, found);
}

enum log_result { LOG_GIVEN, LOG_REFUSED, LOG_NONE };

static enum log_result fetch_log(struct inquiry *q, struct evidence_log *log, struct file *file)
{
	const struct host *host = &q->options.host.host;
	char path[sizeof(PATH_LOGS) + 2 * SHA256_BYTES] = PATH_LOGS;
	struct transport_error error;

	hex_encode(log->claimed.bytes, SHA256_BYTES, path + sizeof(PATH_LOGS) - 1);
	if (!host->url) {
		fprintf(stderr,
			"cloister: the log %s is not kept: give the host's address (--host https://...), or verify the "
			"host first\n",
			path + sizeof(PATH_LOGS) - 1);
		return LOG_NONE;
	}
	if (!fetch(host, path, NULL, file, &error)) {
		refuse(q, error.code, error.expected, error.found);
		return LOG_REFUSED;
	}
	log->data = file_bytes(file);
	return LOG_GIVEN;
}

/* Kept logs are those that they say; of one that is fetched, step 1 compares the digest. */
static enum log_result get_logs(struct inquiry *q, struct evidence *evidence)
{
	struct evidence_log *const logs[LOGS] = {&evidence->tcg_log, &evidence->hv_log};
	enum log_result result = LOG_GIVEN;

	for (size_t i = 0; i < LOGS && result == LOG_GIVEN; i++) {
		const struct evidence_log *kept = cache_find(&q->cache, logs[i]->claimed);

		if (kept)
			logs[i]->data = kept->data;
		else
			result = fetch_log(q, logs[i], &q->fetched[i]);
	}
	if (result == LOG_GIVEN && q->options.host.host.url)
		cache_store(&q->cache, evidence);
	return result;
}

static void judge_evidence(struct inquiry *q, const struct guest_evidence *evidence)
{
	const struct guest_policies policies = {&q->policy, &q->guest_policy};
	struct guest_challenge challenge = {.bound = file_bytes(&q->bound)};

	memcpy(challenge.nonce, q->options.nonce, sizeof(challenge.nonce));
	judge_guest(evidence, &challenge, &policies, &q->known, &q->verdict);
	known_check_denied(q->options.host.store, &q->host, &evidence->host, &q->verdict);
}

/* False if there is no verdict, which was said on standard error. */
static bool judge_document(struct inquiry *q)
{
	struct guest_evidence evidence;
	struct parse_error error;
	char found[300];

	if (!guest_evidence_parse(file_bytes(&q->document), &evidence, &error)) {
		snprintf(found, sizeof(found), "%s%s%s", error.where, error.where[0] ? " " : "", error.what);
		refuse(q, REFUSE_GUEST_EVIDENCE, "a guest's evidence, version 1", found);
		return true;
	}
	q->cache = (struct cache){.directory = q->options.host.cache, .url = q->options.host.host.url};
	const enum log_result result = get_logs(q, &evidence.host);
	if (result == LOG_GIVEN)
		judge_evidence(q, &evidence);
	guest_evidence_free(&evidence);
	return result != LOG_NONE;
}

static int inquire(struct inquiry *q)
{
	bool fits;

	if (!read_own(q) || !read_document(q, &fits))
		return EXIT_USAGE;
	q->known.any_tpm = q->options.host.any_tpm;
	if (!fits)
		refuse(q, REFUSE_GUEST_EVIDENCE, "at most 8192 bytes", "a longer file");
	else if (!judge_document(q))
		return EXIT_USAGE;
	return verdict_report(&q->verdict, q->options.host.json);
}

int command_verify_guest(int argc, char **argv)
{
	static struct inquiry inquiry; /* large */

	if (!guest_options_parse(argc, argv, &inquiry.options))
		return EXIT_USAGE;
	const int code = inquire(&inquiry);
	cache_free(&inquiry.cache);
	for (size_t i = 0; i < LOGS; i++)
		file_free(&inquiry.fetched[i]);
	file_free(&inquiry.document);
	file_free(&inquiry.bound);
	policy_free(&inquiry.policy);
	return code;
}
