/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 'cloister enrol': is there a real TPM, whose maker vouches for it, that has the host's attestation key? Then the key
 * is pinned for the host's name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "policy/encoding.h"
#include "policy/identity.h"
#include "policy/judge.h"
#include "tenant/authorities.h"
#include "tenant/commands.h"
#include "tenant/enrol_options.h"
#include "tenant/enrol_report.h"
#include "tenant/fetch.h"
#include "tenant/hosts.h"

/* One enrolment. */
struct enrolment {
	const struct enrol_options *options;
	struct verdict *verdict;
	struct identity identity;
	struct ek_public ek;
	struct tpm_public ak;
	struct ek_certificate certificate;
	struct enrolled host;   /* what is to be stored */
	struct enrolled before; /* what was stored of this name; only if known */
	bool known;
	bool store_failed; /* said on standard error */
};

static void refuse(struct enrolment *e, enum refusal_code code, const char *expected, const char *found)
{
	verdict_refuse(e->verdict, code, expected, found);
}

/* Asks, or records why there is no answer. */
static bool ask(struct enrolment *e, const char *path, const char *request, struct file *answer)
{
	struct transport_error error;

	if (fetch(&e->options->host, path, request, answer, &error))
		return true;
	refuse(e, error.code, error.expected, error.found);
	return false;
}

static void refuse_answer(struct enrolment *e, const struct parse_error *error)
{
	char found[300];

	snprintf(found, sizeof(found), "%s%s%s", error->where, error->where[0] ? " " : "", error->what);
	refuse(e, REFUSE_ANSWER, "an answer as of version 1 of the protocol", found);
}

static bool get_identity(struct enrolment *e)
{
	struct parse_error error;
	struct file answer;
	const bool answered = ask(e, "/v1/identity", NULL, &answer);
	const bool parsed = answered && identity_parse(file_bytes(&answer), &e->identity, &error);

	if (answered && !parsed)
		refuse_answer(e, &error);
	file_free(&answer);
	return parsed;
}

static void check_keys(struct enrolment *e, const struct ek_authorities *authorities)
{
	char found[64];

	if (!tpm_public_parse(e->identity.ak_public, &e->ak))
		refuse(e, REFUSE_AK_FORMAT, "a TPMT_PUBLIC of an ECC P-256 signing key", "bytes that are not");
	else
		ak_form_check(&e->ak, e->verdict);
	if (ek_public_parse(e->identity.ek_public, &e->ek)) {
		ek_certificates_check(authorities, e->identity.certificate, e->identity.certificate_count, &e->ek,
				      time(NULL), e->verdict, &e->certificate);
		return;
	}
	snprintf(found, sizeof(found), "%zu bytes that are not", e->identity.ek_public.len);
	refuse(e, REFUSE_EK_FORM, "the public area of template L-1 or L-2 of TCG's EK Credential Profile", found);
}

/* A member of the store is not empty. */
static void text_or_dash(const char *from, char *to, size_t size)
{
	snprintf(to, size, "%s", from[0] ? from : "-");
}

static void fill_host(struct enrolment *e)
{
	struct enrolled *host = &e->host;
	const time_t now = time(NULL);
	struct tm utc;

	host->ek_name = e->ek.name;
	host->ak_name = e->ak.name;
	text_or_dash(e->certificate.subject, host->subject, sizeof(host->subject));
	text_or_dash(e->certificate.issuer, host->issuer, sizeof(host->issuer));
	text_or_dash(e->certificate.root, host->root, sizeof(host->root));
	host->certificate = e->certificate.sha256;
	host->key = e->certificate.key_sha256;
	if (!gmtime_r(&now, &utc) || strftime(host->enrolled, sizeof(host->enrolled), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		strcpy(host->enrolled, "-");
}

static bool same_name(const struct tpm_name *a, const struct tpm_name *b)
{
	return memcmp(a->bytes, b->bytes, TPM_NAME_BYTES) == 0;
}

/* A TPM has more than one endorsement key: the attestation key can be the same under each. */
static bool same_tpm(const struct enrolled *a, const struct enrolled *b)
{
	return same_name(&a->ek_name, &b->ek_name) || same_name(&a->ak_name, &b->ak_name) ||
	       digest_equal(a->key, b->key);
}

/* Another host with this TPM. */
static bool find_elsewhere(const struct enrolled *host, void *context)
{
	struct enrolment *e = context;
	char expected[VERDICT_TEXT], found[VERDICT_TEXT];

	if (host->by_policy || !same_tpm(host, &e->host))
		return true;
	snprintf(expected, sizeof(expected), "a TPM that is not enrolled under another name than %s", e->host.name);
	snprintf(found, sizeof(found), "the TPM of %s, enrolled on %s", host->name, host->enrolled);
	refuse(e, REFUSE_EK_ELSEWHERE, expected, found);
	return true;
}

static void check_before(struct enrolment *e)
{
	char expected[VERDICT_TEXT];

	if (e->options->replace || !e->known || e->before.by_policy)
		return;
	snprintf(expected, sizeof(expected), "the key that was enrolled for %s on %s", e->before.name,
		 e->before.enrolled);
	if (!same_name(&e->before.ek_name, &e->host.ek_name))
		refuse(e, REFUSE_EK_REPLACED, expected, "another endorsement key");
	else if (!same_name(&e->before.ak_name, &e->host.ak_name))
		refuse(e, REFUSE_AK_REPLACED, expected, "another attestation key of the same TPM");
}

/* What the store says of this host and of others. */
static bool check_store(struct enrolment *e)
{
	const char *store = e->options->store;
	char line[200];
	const enum hosts_result before = hosts_read(store, e->host.name, &e->before);
	const enum hosts_result denied = hosts_denied(store, &e->host, line, sizeof(line));

	e->known = before == HOSTS_FOUND;
	/* A file that cannot be believed may be replaced, if that is what the user says. */
	e->store_failed = (before == HOSTS_BAD && !e->options->replace) || denied == HOSTS_BAD;
	if (e->store_failed)
		return false;
	if (denied == HOSTS_FOUND)
		refuse(e, REFUSE_KEY_DENIED, "a key that is not on the list of denied keys", line);
	check_before(e);
	e->store_failed = hosts_each(store, e->host.name, find_elsewhere, e) == HOSTS_BAD;
	return !e->store_failed;
}

/* The request's body (docs/protocol.md). */
static void write_request(const struct ek_credential *made, char *text, size_t size)
{
	unsigned char blob[4 * ((sizeof(made->blob) + 2) / 3) + 1], secret[4 * ((sizeof(made->secret) + 2) / 3) + 1];

	EVP_EncodeBlock(blob, made->blob, (int)made->blob_len);
	EVP_EncodeBlock(secret, made->secret, (int)made->secret_len);
	snprintf(text, size, "{\"credential_blob\": \"%s\", \"encrypted_secret\": \"%s\"}", blob, secret);
}

/* Can the host's TPM open what is sealed to the one key for the name of the other? */
static void challenge(struct enrolment *e)
{
	uint8_t credential[SHA256_BYTES];
	struct ek_credential made;
	struct parse_error error;
	struct file answer = {.data = NULL};
	char request[640];
	bool same = false;

	if (RAND_priv_bytes(credential, sizeof(credential)) != 1 ||
	    !ek_make_credential(&e->ek, &e->ak.name, credential, &made)) {
		refuse(e, REFUSE_EK_FORM, "a key to which a credential can be sealed", "libcrypto cannot use it");
		return;
	}
	write_request(&made, request, sizeof(request));
	if (ask(e, "/v1/enrol", request, &answer)) {
		if (!enrol_answer_parse(file_bytes(&answer), credential, &same, &error))
			refuse_answer(e, &error);
		else if (!same)
			refuse(e, REFUSE_CREDENTIAL, "the secret that was sealed", "another one");
	}
	file_free(&answer);
	OPENSSL_cleanse(credential, sizeof(credential));
}

static bool refused(const struct enrolment *e)
{
	return e->verdict->refusal_count > 0 || e->store_failed;
}

/* The host took its time: what other processes have written to the store meanwhile counts. */
static void store(struct enrolment *e)
{
	const int lock = hosts_lock(e->options->store);

	e->store_failed = lock < 0;
	if (lock < 0)
		return;
	if (check_store(e) && !refused(e)) {
		/* What was seen of the same TPM stays, unless the user replaces it. */
		if (e->known && !e->options->replace && same_name(&e->before.ak_name, &e->host.ak_name))
			e->host.memory = e->before.memory;
		e->store_failed = !hosts_write(e->options->store, &e->host);
	}
	close(lock);
}

static void enrol(struct enrolment *e, const struct ek_authorities *authorities)
{
	memcpy(e->host.name, e->options->name, sizeof(e->host.name));
	if (!get_identity(e))
		return;
	check_keys(e, authorities);
	fill_host(e);
	if (!check_store(e) || refused(e))
		return;
	challenge(e);
	if (!refused(e))
		store(e);
}

static int report(const struct enrolment *e)
{
	const struct enrol_result result = {&e->host, &e->certificate, e->verdict, e->ek.rsa};

	if (e->store_failed)
		return EXIT_USAGE;
	if (!(e->options->json ? enrol_print_json : enrol_print)(&result)) {
		fprintf(stderr, "cloister: the result could not be written: %s\n", strerror(errno));
		return EXIT_USAGE;
	}
	return refused(e) ? verdict_exit_code(e->verdict) : 0;
}

int command_enrol(int argc, char **argv)
{
	static struct verdict verdict;
	struct enrol_options options;
	struct ek_authorities *authorities = NULL;
	struct enrolment e = {.options = &options, .verdict = &verdict};
	int code = EXIT_USAGE;

	if (!enrol_options_parse(argc, argv, &options))
		return EXIT_USAGE;
	authorities = authorities_load(options.roots, options.certificates, options.crls);
	if (authorities) {
		verdict_init(&verdict);
		enrol(&e, authorities);
		code = report(&e);
	}
	identity_free(&e.identity);
	ek_authorities_free(authorities);
	return code;
}
