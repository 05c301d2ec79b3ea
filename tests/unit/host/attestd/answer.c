/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: host/attestd/encode.c host/attestd/evidence.c host/attestd/failure.c host/attestd/file.c host/attestd/metrics.c */
/* links: host/lib/device.c host/lib/domains.c */
/* What attestd answers: JSON, metrics, and the files that it reads for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "metrics.h"

static json_t *parse(struct reply *reply, unsigned status)
{
	json_t *root = json_loadb(reply->body, reply->bytes, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	assert_int_equal(reply->status, status);
	assert_string_equal(reply->type, "application/json");
	reply_free(reply);
	return root;
}

static const char *text(const json_t *root, const char *name)
{
	return json_string_value(json_object_get(root, name));
}

static size_t bytes_of(const json_t *root, const char *name, uint8_t *out, size_t capacity)
{
	const json_t *value = json_object_get(root, name);
	const int64_t bytes = base64_decode(json_string_value(value), json_string_length(value), out, capacity);

	assert_in_range(bytes, 0, capacity);
	return (size_t)bytes;
}

static void a_failure_becomes_an_error_reply(void **state)
{
	struct failure failure;
	struct reply reply;
	json_t *root, *error;

	(void)state;
	assert_false(failed_with(&failure, 400, "bad-field", "nonce", "must be \"%d\"", 32));
	reply = answer_failure(&failure);
	root = parse(&reply, 400);
	error = json_object_get(root, "error");
	assert_int_equal(json_object_size(root), 1);
	assert_int_equal(json_object_size(error), 3);
	assert_string_equal(text(error, "code"), "bad-field");
	assert_string_equal(text(error, "field"), "nonce");
	assert_string_equal(text(error, "message"), "must be \"32\"");
	json_decref(root);

	failed_with(&failure, 503, "tpm-busy", NULL, "later");
	reply = answer_failure(&failure);
	root = parse(&reply, 503);
	assert_true(json_is_null(json_object_get(json_object_get(root, "error"), "field")));
	json_decref(root);
}

static void long_failures_are_cut(void **state)
{
	struct failure failure;
	char name[500];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	failed_with(&failure, 400, "bad-field", name, "%s%s", name, name);
	assert_int_equal(strlen(failure.field), sizeof(failure.field) - 1);
	assert_int_equal(strlen(failure.message), sizeof(failure.message) - 1);
}

static void identity_reply_has_the_keys_and_the_statement(void **state)
{
	struct tpm_identity *keys = calloc(1, sizeof(*keys));
	const struct hk_statement statement = {.magic = HK_STATEMENT_MAGIC};
	uint8_t out[sizeof(statement)];
	struct reply reply;
	json_t *root;

	(void)state;
	keys->ak = (struct tpm_public){.bytes = {1, 2, 3}, .length = 3};
	keys->ek = (struct tpm_public){.bytes = {4, 5}, .length = 2};
	keys->certificates[0] = (struct tpm_certificate){.der = {0x30}, .length = 1};
	keys->certificate_count = 1;
	reply = answer_identity(keys, &statement);
	root = parse(&reply, 200);
	assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
	assert_string_equal(text(root, "attestd"), CLOISTER_VERSION);
	assert_string_equal(text(root, "ak_public"), "AQID");
	assert_string_equal(text(root, "ek_public"), "BAU=");
	assert_string_equal(json_string_value(json_array_get(json_object_get(root, "ek_certificates"), 0)), "MA==");
	assert_int_equal(bytes_of(root, "hk_statement", out, sizeof(out)), sizeof(statement));
	assert_memory_equal(out, &statement, sizeof(statement));
	json_decref(root);

	keys->certificate_count = 0;
	reply = answer_identity(keys, NULL);
	root = parse(&reply, 200);
	assert_int_equal(json_array_size(json_object_get(root, "ek_certificates")), 0);
	assert_true(json_is_null(json_object_get(root, "hk_statement")));
	json_decref(root);
	free(keys);
}

/* Evidence whose every part is recognisable. */
static struct evidence *example(bool hypervisor)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));

	evidence->hypervisor = hypervisor;
	evidence->logs.tcg = (struct log){{(uint8_t *)strdup("tcg"), 3}, {0x11}};
	evidence->logs.hv.sha256[0] = 0x22;
	evidence->quote.attest[0] = 7;
	evidence->quote.attest_length = 1;
	evidence->quote.signature_length = 2;
	for (uint8_t i = 0; i < TPM_PCR_COUNT; i++)
		evidence->quote.values[i][31] = i;
	return evidence;
}

static void evidence_members(void **state)
{
	static const int indices[] = {0, 1, 2, 3, 4, 5, 6, 7, 14, 17, 18, 19};
	struct evidence *evidence = example(true);
	struct evidence_request request = {0};
	struct reply reply = answer_evidence(evidence, &request);
	json_t *root = parse(&reply, 200);
	json_t *pcrs = json_object_get(root, "pcrs");
	uint8_t out[sizeof(struct hk_statement)];

	(void)state;
	assert_int_equal(json_object_size(root), 9);
	assert_string_equal(text(root, "quote"), "Bw==");
	assert_string_equal(text(root, "signature"), "AAA=");
	assert_string_equal(text(json_object_get(root, "tcg_log"), "data"), "dGNn");
	assert_string_equal(text(json_object_get(root, "hv_log"), "data"), "");
	assert_int_equal(strncmp(text(json_object_get(root, "hv_log"), "sha256"), "2200", 4), 0);
	assert_int_equal(bytes_of(root, "hk_statement", out, sizeof(out)), sizeof(struct hk_statement));
	assert_int_equal(bytes_of(root, "fresh", out, sizeof(out)), sizeof(struct hk_fresh));
	assert_int_equal(json_array_size(pcrs), TPM_PCR_COUNT);
	for (size_t i = 0; i < TPM_PCR_COUNT; i++) {
		const json_t *pcr = json_array_get(pcrs, i);

		assert_int_equal(json_integer_value(json_object_get(pcr, "index")), indices[i]);
		assert_int_equal(bytes_of(pcr, "sha256", out, sizeof(out)), 32);
		assert_int_equal(out[31], i);
	}
	json_decref(root);
	evidence_free(evidence);
	free(evidence);
}

static void known_log_is_left_out(void **state)
{
	struct evidence *evidence = example(false);
	struct evidence_request request = {.known_count = 1, .known_logs = {{0x11}}};
	struct reply reply = answer_evidence(evidence, &request);
	json_t *root = parse(&reply, 200);

	(void)state;
	assert_null(json_object_get(json_object_get(root, "tcg_log"), "data"));
	assert_non_null(json_object_get(json_object_get(root, "hv_log"), "data"));
	assert_true(json_is_null(json_object_get(root, "hk_statement")));
	assert_true(json_is_null(json_object_get(root, "fresh")));
	json_decref(root);
	evidence_free(evidence);
	free(evidence);
}

static void largest_logs_fit_into_an_answer(void **state)
{
	struct evidence *evidence = example(true);
	struct evidence_request request = {0};
	struct reply reply;

	(void)state;
	evidence_free(evidence);
	evidence->logs.tcg.content = (struct blob){calloc(1, TCG_LOG_MAX), TCG_LOG_MAX};
	evidence->logs.hv.content = (struct blob){calloc(1, HV_LOG_MAX), HV_LOG_MAX};
	evidence->quote.attest_length = sizeof(evidence->quote.attest);
	evidence->quote.signature_length = sizeof(evidence->quote.signature);
	reply = answer_evidence(evidence, &request);
	assert_int_equal(reply.status, 200);
	assert_in_range(reply.bytes, 1, ANSWER_MAX_BYTES);
	reply_free(&reply);
	evidence_free(evidence);
	free(evidence);
}

static void assert_line(const char *metrics, const char *line)
{
	char whole[200];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	if (!strstr(metrics, whole))
		fail_msg("no line '%s' in:\n%s", line, metrics);
}

static void metrics_without_hypervisor(void **state)
{
	size_t bytes;
	char *metrics;

	(void)state;
	count(COUNT_CUT);
	count(COUNT_CUT);
	metrics = metrics_text(NULL, NULL, &bytes);
	assert_int_equal(strlen(metrics), bytes);
	assert_line(metrics, "attestd_cut_total 2");
	assert_line(metrics, "# TYPE attestd_evidence_total counter");
	assert_line(metrics, "attestd_evidence_total 0");
	assert_line(metrics, "cloister_up 0");
	assert_null(strstr(metrics, "cloister_exits"));
	free(metrics);
}

static void metrics_of_the_hypervisor(void **state)
{
	const struct hv_stats stats = {
		.cpus_in_control = 2,
		.uptime_us = 12000034,
		.exits = {[HV_EXIT_CPUID] = UINT64_MAX, [HV_EXIT_OTHER] = 5},
		.pool_bytes = 1ull << 40,
		.iommu_units = 3,
		.refused_dma = UINT64_MAX,
		.lost_dma = UINT32_MAX,
	};
	size_t bytes, kinds = 0;
	char *metrics = metrics_text(&stats, NULL, &bytes);

	(void)state;
	assert_line(metrics, "cloister_up 1");
	assert_line(metrics, "cloister_cpus_in_control 2");
	assert_line(metrics, "cloister_uptime_seconds 12.000034");
	assert_line(metrics, "cloister_pool_bytes 1099511627776");
	assert_line(metrics, "cloister_iommu_units 3");
	assert_line(metrics, "cloister_refused_dma_total 18446744073709551615");
	assert_line(metrics, "cloister_lost_dma_total 4294967295");
	assert_line(metrics, "cloister_exits_total{reason=\"cpuid\"} 18446744073709551615");
	assert_line(metrics, "cloister_exits_total{reason=\"other\"} 5");
	for (const char *at = metrics; (at = strstr(at, "\ncloister_exits_total{")); at++)
		kinds++;
	assert_int_equal(kinds, HV_EXIT_KINDS);
	assert_null(strstr(metrics, "cloister_domain"));
	free(metrics);
}

static unsigned lines_of(const char *metrics, const char *start)
{
	unsigned lines = 0;

	for (const char *at = metrics; (at = strstr(at, start)); at++)
		lines++;
	return lines;
}

static void metrics_of_domains(void **state)
{
	const struct hv_stats stats = {0};
	struct known_domain known[] = {
		{.info = {.domain = 513,
			  .vcpus = 2,
			  .private_pages = 1000,
			  .pending_pages = 400,
			  .tables = 5,
			  .shared_pages = UINT32_MAX,
			  .started_us = 1000001,
			  .run_ticks = 5000005000,
			  .tsc_khz = 2500000,
			  .answered = UINT64_MAX,
			  .exits = {[DOMAIN_EXIT_PREEMPTED] = 7, [DOMAIN_EXIT_DEAD] = 1}},
		 .name = "secret\n"},
		{.info = {.domain = 70000}},
	};
	struct domains domains = {known, 2};
	size_t bytes;
	char *metrics = metrics_text(&stats, &domains, &bytes);

	(void)state;
	assert_line(metrics, "cloister_domains 2");
	assert_line(metrics, "cloister_domain_vcpus{domain=\"513\"} 2");
	assert_line(metrics, "cloister_domain_started_seconds{domain=\"513\"} 1.000001");
	assert_line(metrics, "cloister_domain_cpu_seconds_total{domain=\"513\"} 2.000002");
	assert_line(metrics, "cloister_domain_memory_bytes{domain=\"513\",state=\"private\"} 2457600");
	assert_line(metrics, "cloister_domain_memory_bytes{domain=\"513\",state=\"pending\"} 1638400");
	assert_line(metrics, "cloister_domain_memory_bytes{domain=\"513\",state=\"shared\"} 17592186040320");
	assert_line(metrics, "cloister_domain_exits_total{domain=\"513\",kind=\"preempted\"} 7");
	assert_line(metrics, "cloister_domain_answered_exits_total{domain=\"513\"} 18446744073709551615");
	assert_line(metrics, "cloister_domain_cpu_seconds_total{domain=\"70000\"} 0.000000");
	assert_int_equal(lines_of(metrics, "\ncloister_domain_exits_total{"), 2 * DOMAIN_EXIT_KINDS);
	assert_int_equal(lines_of(metrics, "# TYPE cloister_domain_exits_total counter\n"), 1);
	assert_null(strstr(metrics, "secret"));
	free(metrics);
	domains.count = 0;
	metrics = metrics_text(&stats, &domains, &bytes);
	assert_line(metrics, "cloister_domains 0");
	assert_null(strstr(metrics, "\ncloister_domain_"));
	free(metrics);
}

static void file_is_read_whole_or_refused(void **state)
{
	char path[] = "/tmp/host_answer-XXXXXX";
	const int file = mkstemp(path);
	uint8_t data[200000];
	struct blob blob;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(file_read(path, 10, &blob), 0);
	assert_int_equal(blob.bytes, 0);
	blob_free(&blob);
	assert_int_equal(write(file, data, sizeof(data)), sizeof(data));
	assert_int_equal(file_read(path, sizeof(data), &blob), 0);
	assert_int_equal(blob.bytes, sizeof(data));
	assert_memory_equal(blob.data, data, sizeof(data));
	blob_free(&blob);
	assert_int_equal(file_read(path, sizeof(data) - 1, &blob), -EFBIG);
	assert_null(blob.data);
	close(file);
	unlink(path);
	assert_int_equal(file_read(path, 10, &blob), -ENOENT);
	assert_int_equal(file_read("/proc", 10, &blob), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_becomes_an_error_reply),
		cmocka_unit_test(long_failures_are_cut),
		cmocka_unit_test(identity_reply_has_the_keys_and_the_statement),
		cmocka_unit_test(evidence_members),
		cmocka_unit_test(known_log_is_left_out),
		cmocka_unit_test(largest_logs_fit_into_an_answer),
		cmocka_unit_test(metrics_without_hypervisor),
		cmocka_unit_test(metrics_of_the_hypervisor),
		cmocka_unit_test(metrics_of_domains),
		cmocka_unit_test(file_is_read_whole_or_refused),
	};

	return cmocka_run_group_tests_name("host_attestd_answer", tests, NULL, NULL);
}
