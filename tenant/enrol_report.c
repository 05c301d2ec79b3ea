/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of an enrolment, in words and as JSON. */
#include "tenant/enrol_report.h"

#include <stdio.h>

#include "policy/encoding.h"
#include "tenant/verdict_report.h"

struct names {
	char ek[2 * TPM_NAME_BYTES + 1], ak[2 * TPM_NAME_BYTES + 1];
};

static struct names names_of(const struct enrolled *host)
{
	struct names names;

	hex_encode(host->ek_name.bytes, TPM_NAME_BYTES, names.ek);
	hex_encode(host->ak_name.bytes, TPM_NAME_BYTES, names.ak);
	return names;
}

static const char *kind(const struct enrol_result *result)
{
	return result->rsa ? "RSA 2048" : "ECC P-256";
}

static bool flushed(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

bool enrol_print(const struct enrol_result *result)
{
	const struct enrolled *host = result->host;
	const struct names names = names_of(host);

	if (result->verdict->refusal_count > 0) {
		verdict_print_refusals(result->verdict, stdout, wants_colour());
		printf("\nNOT ENROLLED: nothing was stored for %s\n", host->name);
		return flushed();
	}
	printf("TPM              %s\n  certified by   %s\n  root           %s\n", host->subject, host->issuer,
	       host->root);
	for (enum ek_fault fault = 0; fault < EK_FAULT_COUNT; fault++)
		if (result->certificate->faults & 1u << fault)
			printf("  tolerated      %s\n", ek_fault_name(fault));
	printf("endorsement key  %s, %s\nattestation key  %s\n\nENROLLED: %s is this machine from now on\n", names.ek,
	       kind(result), names.ak, host->name);
	return flushed();
}

static json_t *faults_json(uint32_t faults)
{
	json_t *array = json_array();

	for (enum ek_fault fault = 0; fault < EK_FAULT_COUNT; fault++)
		if (faults & 1u << fault)
			json_array_append_new(array, json_string(ek_fault_name(fault)));
	return array;
}

static json_t *tpm_json(const struct enrol_result *result)
{
	const struct enrolled *host = result->host;
	const struct names names = names_of(host);
	char certificate[2 * SHA256_BYTES + 1], key[2 * SHA256_BYTES + 1];

	hex_encode(host->certificate.bytes, SHA256_BYTES, certificate);
	hex_encode(host->key.bytes, SHA256_BYTES, key);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "ek_name", names.ek, "ek_kind", kind(result),
			 "ak_name", names.ak, "subject", host->subject, "issuer", host->issuer, "root", host->root,
			 "certificate_sha256", certificate, "key_sha256", key, "tolerated",
			 faults_json(result->certificate->faults));
}

bool enrol_print_json(const struct enrol_result *result)
{
	const bool enrolled = result->verdict->refusal_count == 0;
	json_t *root = json_pack("{s:i, s:b, s:s, s:i, s:o, s:o}", "version", 1, "enrolled", enrolled, "host",
				 result->host->name, "exit_code", enrolled ? 0 : verdict_exit_code(result->verdict),
				 "refusals", verdict_refusals_json(result->verdict), "tpm",
				 enrolled ? tpm_json(result) : json_null());
	const bool written =
		root && json_dumpf(root, stdout, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF;

	json_decref(root);
	return written && flushed();
}
