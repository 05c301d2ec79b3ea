/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/tpm2.c */
/* The launch log: its bounds, and that tpm2_eventlog, which knows nothing of us, reads what we wrote. */
#include "loader_test.h"

#include <unistd.h>

#include "log.h"

static const struct tpm2_banks banks = {2, {{TPM_ALG_SHA256, 32}, {TPM_ALG_SHA384, 48}}};
static const struct tpm2_digests digests = {{2, {{TPM_ALG_SHA256, 32}, {TPM_ALG_SHA384, 48}}}, {{0xab}, {0xcd}}};
static const struct log_data event = {"cloister-image", "\\hv.elf", 7};

static void log_lengths_match_its_events(void **state)
{
	uint8_t bytes[512];
	struct writer log = {.to = bytes, .capacity = sizeof(bytes)};
	(void)state;

	log_start(&log, &banks);
	assert_int_equal(log.used, 32 + 16 + 8 + 4 + 8 + 1);
	assert_int_equal(get_le32(bytes + 28), log.used - 32);
	const size_t header = log.used;
	log_event(&log, 17, &digests, &event);
	assert_int_equal(log.used - header, log_event_bytes(&banks, &event));
	assert_int_equal(get_le32(bytes + header), 17);
	assert_false(log.full);
}

static void a_full_log_takes_no_event(void **state)
{
	uint8_t bytes[512];
	struct writer log = {.to = bytes, .capacity = sizeof(bytes)};
	(void)state;

	log_start(&log, &banks);
	log.capacity = log.used + log_event_bytes(&banks, &event) - 1;
	const size_t used = log.used;
	log_event(&log, 17, &digests, &event);
	assert_true(log.full);
	assert_int_equal(log.used, used);
	log.full = false;
	log.capacity++;
	log_event(&log, 17, &digests, &event);
	assert_false(log.full);
}

static void write_log(const char *path)
{
	uint8_t bytes[1024];
	struct writer log = {.to = bytes, .capacity = sizeof(bytes)};

	log_start(&log, &banks);
	for (uint32_t pcr = 17; pcr <= 19; pcr++)
		log_event(&log, pcr, &digests, &event);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, log.used, file), log.used);
	assert_int_equal(fclose(file), 0);
}

static void tpm2_eventlog_reads_it(void **state)
{
	char path[] = "/tmp/loader_log.XXXXXX", command[64], line[256];
	unsigned int events = 0, pcr_17 = 0, digests_256 = 0;
	const int fd = mkstemp(path);
	(void)state;

	assert_true(fd >= 0);
	close(fd);
	write_log(path);
	snprintf(command, sizeof(command), "tpm2_eventlog %s 2>&1", path);
	FILE *output = popen(command, "r");
	assert_non_null(output);
	while (fgets(line, sizeof(line), output)) {
		events += strstr(line, "EventType: EV_IPL") != NULL;
		pcr_17 += strstr(line, "PCRIndex: 17") != NULL;
		digests_256 += strstr(line, "Digest: \"ab00") != NULL;
	}
	assert_int_equal(pclose(output), 0);
	unlink(path);
	assert_int_equal(events, 3);
	assert_int_equal(pcr_17, 1);
	assert_int_equal(digests_256, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_lengths_match_its_events),
		cmocka_unit_test(a_full_log_takes_no_event),
		cmocka_unit_test(tpm2_eventlog_reads_it),
	};

	return cmocka_run_group_tests_name("loader_log", tests, NULL, NULL);
}
