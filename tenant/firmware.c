/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister firmware': rules for step 7 out of a machine, out of another tool's file, and what an update changed. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "policy/firmware_learn.h"
#include "policy/judge.h"
#include "tenant/cache.h"
#include "tenant/commands.h"
#include "tenant/fetch.h"
#include "tenant/firmware_words.h"
#include "tenant/json_file.h"
#include "tenant/known.h"
#include "tenant/store.h"

#define COMMAND   "cloister firmware"
#define DIFFERENT 1 /* as of diff(1) */

static int usage(void)
{
	fprintf(stderr,
		"usage: cloister firmware learn URL|--evidence DIR --model NAME --output FILE [--name HOST]\n"
		"                               [--store DIR] [--any-tpm] [--pin PIN] [--cacert PEM] [--timeout S]\n"
		"       cloister firmware import FILE --model NAME --output FILE\n"
		"       cloister firmware diff A B   (folders of evidence, or TCG logs)\n");
	return EXIT_USAGE;
}

struct request {
	const char *subject, *evidence, *model, *output;
	struct host host;                   /* its address is 'subject' */
	const char *store;                  /* folder of enrolled hosts, or NULL */
	char name[HOST_NAME_MAX_CHARS + 1]; /* under which the host is enrolled; empty: none */
	bool any_tpm;
};

static bool take(int option, struct request *r)
{
	switch (option) {
	case 'e':
		r->evidence = optarg;
		return true;
	case 'm':
		r->model = optarg;
		return true;
	case 'o':
		r->output = optarg;
		return true;
	case 'n':
		return host_name_take(optarg, r->name);
	case 's':
		r->store = optarg;
		return true;
	case 'a':
		r->any_tpm = true;
		return true;
	case 'c':
		r->host.cacert = optarg;
		return true;
	case 'p':
		return host_parse_pin(&r->host, optarg, COMMAND);
	case 't':
		return host_parse_timeout(&r->host, optarg, COMMAND);
	default:
		return false;
	}
}

static bool parse(int argc, char **argv, struct request *r)
{
	static const struct option known[] = {
		{"evidence", required_argument, NULL, 'e'}, {"model", required_argument, NULL, 'm'},
		{"output", required_argument, NULL, 'o'},   {"name", required_argument, NULL, 'n'},
		{"store", required_argument, NULL, 's'},    {"any-tpm", no_argument, NULL, 'a'},
		{"cacert", required_argument, NULL, 'c'},   {"pin", required_argument, NULL, 'p'},
		{"timeout", required_argument, NULL, 't'},  {NULL, 0, NULL, 0}};
	int option;

	*r = (struct request){.host = {.timeout_s = HOST_TIMEOUT_S}, .store = hosts_default_folder()};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take(option, r))
			return false;
	r->subject = r->host.url = optind < argc ? argv[optind] : NULL;
	if (r->subject && !r->name[0] && !hosts_name_of_url(r->subject, r->name))
		r->name[0] = '\0';
	return argc - optind <= 1 && !r->subject != !r->evidence && r->model && r->model[0] && r->output &&
	       strlen(r->model) < RULES_MODEL;
}

static bool ask(const struct host *host, struct challenge *challenge, struct file *answer)
{
	static const struct known_logs none = {.count = 0};
	struct transport_error error;

	*challenge = (struct challenge){.channel = {0}};
	if (!host_check(host, COMMAND))
		return false;
	if (getrandom(challenge->nonce, sizeof(challenge->nonce), 0) != (ssize_t)sizeof(challenge->nonce)) {
		fprintf(stderr, "cloister: no random bytes for the nonce\n");
		return false;
	}
	if (fetch_evidence(host, challenge, &none, answer, &error))
		return true;
	fprintf(stderr, "cloister: %s: expected %s\n  found %s\n", host->url, error.expected, error.found);
	return false;
}

static void explain(const struct verdict *v, enum step step)
{
	bool unknown = false;

	fprintf(stderr, "cloister: nothing is learnt: step %d, %s, is not passed\n", step_number(step),
		step_name(step));
	for (size_t i = 0; i < v->refusal_count; i++) {
		const struct refusal *r = &v->refusals[i];

		if (refusal_step(r->code) != step)
			continue;
		fprintf(stderr, "  %s: expected %s\n  found %s\n", refusal_name(r->code), r->expected, r->found);
		unknown = unknown || r->code == REFUSE_IDENTITY_UNKNOWN;
	}
	if (unknown)
		fprintf(stderr,
			"  next: enrol the host first (cloister enrol), and name it (--name); or, if you know by\n"
			"  other means that this answer is the machine's, --any-tpm\n");
}

/* No log is learnt from unless a TPM quotes it, now, for us: the host's, unless the user says that any will do. */
static bool is_quoted(const struct evidence *evidence, const struct challenge *challenge, const struct request *r)
{
	static const enum step needed[] = {STEP_FORMAT,    STEP_IDENTITY, STEP_FRESHNESS,
					   STEP_SIGNATURE, STEP_COUNTERS, STEP_PCRS};
	static struct policy policy = {.firmware_unchecked = true}; /* judges nothing of the steps above */
	static struct verdict v;
	struct enrolled host;
	struct known_host known;

	if (!known_load(r->store, r->name, r->evidence != NULL, &host, &known))
		return false;
	known.any_tpm = r->any_tpm;
	policy.loader_count = policy.image_count = policy.config_count = 1;
	policy.serial = known.memory.policy_serial;
	judge(evidence, challenge, &policy, &known, &v);
	known_check_denied(r->store, &host, evidence, &v);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const bool any = needed[i] == STEP_IDENTITY && r->any_tpm && v.state[needed[i]] == STEP_NOT_EVALUATED;

		if (v.state[needed[i]] != STEP_PASSED && !any) {
			explain(&v, needed[i]);
			return false;
		}
	}
	if (!known.enrolled)
		fprintf(stderr, "cloister: any TPM would do (--any-tpm): the rules are worth what the way is worth on\n"
				"which the evidence came here\n");
	return true;
}

static bool learn_log(struct bytes raw, const struct request *r)
{
	struct tcg_log log;
	uint32_t where;
	char why[160];

	if (tcg_log_open(raw, &log, &where) != TCG_LOG_OK)
		return false; /* step 1 has said so */
	json_t *rules = firmware_learn(&log, r->model, why, sizeof(why));
	if (!rules) {
		fprintf(stderr, "cloister: nothing is learnt: %s\n", why);
		return false;
	}
	const bool written = json_file_write(r->output, rules);
	if (written)
		firmware_words(rules, &log, r->output);
	json_decref(rules);
	return written;
}

static int learn(int argc, char **argv)
{
	struct request r;
	struct challenge challenge;
	struct cache cache = {.directory = NULL};
	struct file answer = {.data = NULL};
	struct evidence evidence;
	struct parse_error error;
	bool ok;

	if (!parse(argc, argv, &r))
		return usage();
	if (r.evidence)
		cache_load_saved(&cache, r.evidence);
	ok = r.evidence ? store_load(r.evidence, &challenge, &answer) : ask(&r.host, &challenge, &answer);
	if (ok && !evidence_parse(file_bytes(&answer), &cache.known, &evidence, &error)) {
		fprintf(stderr, "cloister: the answer is no evidence: %s %s\n", error.where, error.what);
		ok = false;
	} else if (ok) {
		ok = is_quoted(&evidence, &challenge, &r) && learn_log(evidence.tcg_log.data, &r);
		evidence_free(&evidence);
	}
	cache_free(&cache);
	file_free(&answer);
	return ok ? 0 : EXIT_USAGE;
}

static int import(int argc, char **argv)
{
	struct request r;
	struct file file;
	char why[160];

	if (!parse(argc, argv, &r) || r.evidence)
		return usage();
	if (!file_read(r.subject, POLICY_MAX_BYTES, &file))
		return EXIT_USAGE;
	json_t *rules = firmware_import(file_bytes(&file), r.model, why, sizeof(why));
	file_free(&file);
	if (!rules)
		fprintf(stderr, "cloister: %s: %s\n", r.subject, why);
	const bool written = rules && json_file_write(r.output, rules);
	if (written)
		printf("%s: %zu events of PCR 0, %zu of PCR 2.\n"
		       "The file does not cover Secure Boot and settings: either state of Secure Boot passes, with\n"
		       "any keys, and no event in PCR 1, 3 and 6. Complete event_types; firmware learn shows how.\n"
		       "Nor does it say from which locality the TPM is started: startup_locality is 0.\n",
		       r.output, json_array_size(json_object_get(rules, "pcr0")),
		       json_array_size(json_object_get(rules, "pcr2")));
	json_decref(rules);
	return written ? 0 : EXIT_USAGE;
}

static int diff(int argc, char **argv)
{
	bool differ;

	if (argc != 3 || argv[1][0] == '-' || argv[2][0] == '-')
		return usage();
	return firmware_diff(argv[1], argv[2], &differ) ? (differ ? DIFFERENT : 0) : EXIT_USAGE;
}

int command_firmware(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "learn") == 0)
		return learn(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "import") == 0)
		return import(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "diff") == 0)
		return diff(argc - 1, argv + 1);
	return usage();
}
