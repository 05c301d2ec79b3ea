/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/tpm.c loader/tpm2.c loader/digest.c loader/log.c loader/uefi.c */
/* Which PCRs are extended with what, on machines with every kind of TPM, and what is done when it does not answer. */
#include "loader_test.h"

#include "crb.h"
#include "digest.h"
#include "measure.h"
#include "tcg2.h"
#include "tis.h"
#include "uefi.h"

#define TPM_CC_GET_CAPABILITY 0x17au
#define TPM_CC_GET_RANDOM     0x17bu
#define TPM_CC_PCR_EXTEND     0x182u
#define RC_FAILURE            0x101u
#define RC_RETRY              0x922u

/* The machine under test. */
static struct {
	enum tis_interface interface;
	bool tis_refuses;     /* cannot be taken */
	uint32_t banks_code;  /* TPM2_GetCapability's answer */
	uint32_t pcr_refused; /* TPM2_PCR_Extend of this one fails */
	bool tcg2, tcg2_refuses;

	bool tis_taken, crb_taken;
	unsigned int count; /* of extends */
	struct {
		uint32_t pcr, banks;
		bool firmware;
		uint8_t sha256[32];
		char data[64];
	} extend[8];
	uint8_t *response; /* where the last one was put */
	uint8_t random;    /* bytes that TPM2_GetRandom gives at a time */
} machine;

static void answer(uint8_t *response, size_t *bytes, uint32_t code, const void *body, size_t body_bytes)
{
	struct writer w = {.to = response, .capacity = *bytes};

	put_be16(&w, 0x8001);
	put_be32(&w, (uint32_t)(10 + body_bytes));
	put_be32(&w, code);
	put_bytes(&w, body, body_bytes);
	*bytes = w.used;
	machine.response = response;
}

static uint32_t take_extend(const uint8_t *command)
{
	const uint32_t pcr = get_be32(command + 10);

	assert_true(machine.count < 8);
	if (pcr == machine.pcr_refused)
		return RC_FAILURE;
	machine.extend[machine.count].pcr = pcr;
	machine.extend[machine.count].banks = get_be32(command + 27);
	memcpy(machine.extend[machine.count++].sha256, command + 33, 32);
	return 0;
}

bool tis_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		  struct failure *failure)
{
	static const uint8_t banks[] = "\0\0\0\0\5\0\0\0\2\0\x0b\3\xff\xff\xff\0\x0c\3\xff\xff\xff";
	uint8_t random[34];
	(void)bytes;
	(void)failure;

	assert_true(machine.tis_taken);
	memset(random, 0x5a, sizeof(random));
	random[0] = 0;
	random[1] = machine.random;
	switch (get_be32(command + 6)) {
	case TPM_CC_GET_CAPABILITY:
		answer(response, response_bytes, machine.banks_code, banks, sizeof(banks) - 1);
		return true;
	case TPM_CC_GET_RANDOM:
		answer(response, response_bytes, 0, random, 2u + machine.random);
		return true;
	default:
		assert_int_equal(get_be32(command + 6), TPM_CC_PCR_EXTEND);
		answer(response, response_bytes, take_extend(command), NULL, 0);
		return true;
	}
}

enum tis_interface tis_interface(void)
{
	return machine.interface;
}

bool tis_open(struct failure *failure)
{
	if (machine.interface != TIS_FIFO || machine.tis_refuses)
		return fail(failure, LOADER_E_TPM_LOCALITY, "test");
	machine.tis_taken = true;
	return true;
}

void tis_close(void)
{
	machine.tis_taken = false;
}

/* The same by the other interface. */
bool crb_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		  struct failure *failure)
{
	assert_true(machine.crb_taken);
	return tis_transmit(command, bytes, response, response_bytes, failure);
}

bool crb_open(struct failure *failure)
{
	(void)failure;
	assert_int_equal(machine.interface, TIS_CRB_LOCALITIES);
	machine.tis_taken = machine.crb_taken = true;
	return true;
}

void crb_close(void)
{
	assert_true(machine.crb_taken);
	machine.tis_taken = machine.crb_taken = false;
}

bool tcg2_offered(void)
{
	return machine.tcg2;
}

bool tcg2_present(void)
{
	return machine.tcg2 && !machine.tcg2_refuses;
}

bool tcg2_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		   struct failure *failure)
{
	(void)command;
	(void)bytes;
	(void)response;
	(void)response_bytes;
	return fail(failure, LOADER_E_TPM_FIRMWARE, "test");
}

bool tcg2_measure(uint32_t pcr, const void *data, size_t bytes, const struct log_data *event, struct failure *failure)
{
	const struct tpm2_banks banks = {1, {{TPM_ALG_SHA256, 32}}};
	struct tpm2_digests digests;

	assert_false(machine.tis_taken); /* the firmware needs its locality back */
	assert_true(machine.count < 8);
	if (!machine.tcg2 || machine.tcg2_refuses)
		return fail(failure, LOADER_E_TPM_FIRMWARE, "test");
	digest_all(&banks, data, bytes, &digests);
	machine.extend[machine.count].pcr = pcr;
	machine.extend[machine.count].firmware = true;
	memcpy(machine.extend[machine.count].sha256, digests.value[0], 32);
	if (event->bytes)
		memcpy(machine.extend[machine.count].data, event->data, event->bytes < 64 ? event->bytes : 63);
	machine.count++;
	return true;
}

static EFI_STATUS EFIAPI stall(UINTN microseconds)
{
	(void)microseconds;
	return EFI_SUCCESS;
}

static int new_machine(void **state)
{
	static EFI_BOOT_SERVICES services = {.Stall = stall};
	(void)state;

	memset(&machine, 0, sizeof(machine));
	machine.interface = TIS_FIFO;
	machine.random = 32;
	machine.tcg2 = true;
	boot_services = &services;
	return 0;
}

static void assert_extended(unsigned int at, uint32_t pcr, const char *text)
{
	const struct tpm2_banks banks = {1, {{TPM_ALG_SHA256, 32}}};
	struct tpm2_digests digests;

	digest_all(&banks, text, strlen(text) + 1, &digests);
	assert_true(at < machine.count);
	assert_int_equal(machine.extend[at].pcr, pcr);
	assert_memory_equal(machine.extend[at].sha256, digests.value[0], 32);
}

static void assert_strong_extended(const char *text, uint32_t banks)
{
	for (uint32_t i = 0; i < 3; i++) {
		assert_extended(i, 17 + i, text);
		assert_int_equal(machine.extend[i].banks, banks);
	}
}

static bool cap(struct measure *measure)
{
	struct failure failure;

	fail(&failure, LOADER_E_CONFIG_KEY, "line 3");
	return measure_cap(measure, &failure);
}

/* --- marks through the firmware --- */
static void marks_are_told_apart(void **state)
{
	struct failure failure;
	(void)state;

	assert_true(measure_loader_runs(&failure));
	assert_extended(0, 4, "cloister-loader");
	assert_true(measure_begin_strong(&failure));
	assert_extended(1, 14, "cloister-strong");
	assert_true(measure_begin_weak(&failure));
	assert_extended(2, 14, "cloister-weak");
	assert_int_equal(machine.count, 3);
	for (unsigned int i = 0; i < machine.count; i++)
		assert_true(machine.extend[i].firmware); /* which extends all banks, and logs it */
}

static void no_mark_where_the_firmware_refuses(void **state)
{
	struct failure failure;
	(void)state;

	machine.tcg2_refuses = true;
	assert_fails(measure_loader_runs(&failure), failure, "LOADER_E_TPM_FIRMWARE", "test");
	assert_fails(measure_begin_strong(&failure), failure, "LOADER_E_TPM_FIRMWARE", "test");
	assert_fails(measure_begin_weak(&failure), failure, "LOADER_E_TPM_FIRMWARE", "test");
	assert_int_equal(machine.count, 0);
}

/* --- before a launch that is not under the strong binding --- */
static void closed_where_locality_2_answers(void **state)
{
	struct failure failure;
	(void)state;

	assert_true(measure_close_strong(&failure));
	assert_strong_extended("cloister-weak", 2);
	assert_int_equal(machine.count, 3);
	assert_false(machine.tis_taken);
}

/* A CRB with localities is closed, and capped, as a FIFO is; it is given back by the way that it was taken. */
static void by_crb(void **state)
{
	struct measure measure = {0};
	struct failure failure;
	(void)state;

	machine.interface = TIS_CRB_LOCALITIES;
	assert_true(measure_close_strong(&failure));
	assert_strong_extended("cloister-weak", 2);
	assert_false(machine.crb_taken);
	machine.count = 0;
	assert_true(measure_close_unreported(&failure));
	assert_strong_extended("cloister-weak", 2);
	machine.count = 0;
	assert_true(cap(&measure));
	assert_strong_extended("cloister-error", 2);
	assert_false(machine.crb_taken);
}

static void nothing_to_close(void **state)
{
	struct failure failure;
	(void)state;

	machine.interface = TIS_NONE;
	assert_true(measure_close_strong(&failure));
	machine.interface = TIS_CRB;
	assert_true(measure_close_strong(&failure));
	assert_int_equal(machine.count, 0);
}

static void no_launch_if_it_cannot_be_closed(void **state)
{
	struct failure failure;
	(void)state;

	for (uint32_t pcr = 17; pcr <= 19; pcr++) {
		machine.pcr_refused = pcr;
		assert_fails(measure_close_strong(&failure), failure, "LOADER_E_TPM_RESPONSE", "0x101");
		assert_false(machine.tis_taken);
		machine.count = 0;
	}
	machine.banks_code = RC_FAILURE;
	assert_fails(measure_close_strong(&failure), failure, "LOADER_E_TPM_RESPONSE", "0x101");
	machine.tis_refuses = true;
	assert_fails(measure_close_strong(&failure), failure, "LOADER_E_TPM_LOCALITY", "test");
	assert_false(machine.tis_taken);
}

static void none_told_of(void **state)
{
	struct failure failure;
	(void)state;

	assert_true(measure_close_unreported(&failure));
	assert_strong_extended("cloister-weak", 2);
	machine.interface = TIS_NONE;
	assert_true(measure_close_unreported(&failure));
	machine.interface = TIS_CRB; /* which the loader cannot use: nothing could be closed */
	assert_fails(measure_close_unreported(&failure), failure, "LOADER_E_TPM_HIDDEN", "CRB");
	assert_int_equal(machine.count, 3);
}

static void busy_for_ever(void **state)
{
	struct tpm tpm;
	struct failure failure;
	(void)state;

	machine.banks_code = RC_RETRY;
	assert_fails(tpm_open(&tpm, TPM_LOCALITY_2, &failure), failure, "LOADER_E_TPM_TIMEOUT", "0x17a: busy");
	assert_false(machine.tis_taken);
}

/* A TPM may give less at a time than it was asked for; what it gives in all is as much, or there is no launch. */
static void random_bytes_in_parts(void **state)
{
	struct failure failure;
	uint8_t random[32];
	struct tpm tpm;
	(void)state;

	assert_true(tpm_open(&tpm, TPM_LOCALITY_2, &failure));
	for (machine.random = 0; machine.random < 4; machine.random++)
		assert_fails(tpm_random(&tpm, random, sizeof(random), &failure), failure, "LOADER_E_TPM_RESPONSE",
			     "bytes are missing");
	memset(random, 0, sizeof(random));
	assert_true(tpm_random(&tpm, random, sizeof(random), &failure));
	for (size_t i = 0; i < sizeof(random); i++)
		assert_int_equal(random[i], 0x5a);
}

/* --- the launch --- */
static bool launch(enum tpm_way way)
{
	static const enum measure_step steps[] = {MEASURE_IMAGE, MEASURE_CONFIG, MEASURE_STATEMENT};
	static const char *const texts[] = {"image", "config", "statement"};
	static uint8_t log[1024];
	struct measure measure = {.log = {.to = log, .capacity = sizeof(log)}};
	struct failure failure;

	assert_true(tpm_open(&measure.tpm, way, &failure) || way == TPM_FIRMWARE);
	measure.tpm.way = way;
	measure.tpm.banks = (struct tpm2_banks){1, {{TPM_ALG_SHA256, 32}}};
	for (size_t i = 0; i < 3; i++) {
		const struct log_data event = {texts[i], NULL, 0};
		uint8_t sha256[32];

		if (!measure_step(&measure, steps[i], texts[i], strlen(texts[i]) + 1, &event, sha256, &failure))
			return false;
		assert_memory_equal(sha256, machine.extend[i].sha256, 32);
	}
	return true;
}

/* Image, config and statement each have a PCR under the strong binding, and the one PCR under the weak. */
static void three_steps(void **state)
{
	(void)state;
	assert_true(launch(TPM_LOCALITY_2));
	assert_extended(0, 17, "image");
	assert_extended(1, 18, "config");
	assert_extended(2, 19, "statement");
	assert_int_equal(machine.count, 3);
	tis_close();
	machine.count = 0;
	assert_true(launch(TPM_FIRMWARE));
	assert_extended(0, 14, "image");
	assert_extended(1, 14, "config");
	assert_extended(2, 14, "statement");
	for (uint32_t pcr = 17; pcr <= 19; pcr++) {
		machine.count = 0;
		machine.pcr_refused = pcr;
		assert_false(launch(TPM_LOCALITY_2));
	}
}

/* --- the log --- */
static void log_is_full(void **state)
{
	uint8_t room[200];
	struct measure measure = {.log = {.to = room, .capacity = sizeof(room)}};
	const struct log_data event = {LAUNCH_LABEL_CONFIG, room, sizeof(room)};
	struct failure failure;
	(void)state;

	assert_true(tpm_open(&measure.tpm, TPM_LOCALITY_2, &failure));
	assert_fails(measure_step(&measure, MEASURE_CONFIG, "", 1, &event, NULL, &failure), failure,
		     "LOADER_E_LOG_FULL", "'cloister-config' of 200 bytes");
	assert_int_equal(machine.count, 0);
}

/* --- after a failure --- */
static void capping_names_the_error(void **state)
{
	struct measure measure = {0};
	(void)state;

	assert_true(cap(&measure));
	assert_strong_extended("cloister-error", 2);
	assert_extended(3, 14, "cloister-error");
	assert_int_equal(machine.extend[4].pcr, 14);
	assert_memory_equal(machine.extend[4].data, "LOADER_E_CONFIG_KEY", 19);
	assert_int_equal(machine.count, 5);
}

static void capped_while_open(void **state)
{
	struct measure measure = {0};
	struct failure failure;
	(void)state;

	assert_true(tpm_open(&measure.tpm, TPM_LOCALITY_2, &failure));
	machine.interface = TIS_NONE; /* in case of another question */
	assert_true(cap(&measure));
	assert_strong_extended("cloister-error", 2);
	assert_int_equal(machine.count, 5);
	assert_false(machine.tis_taken);
}

static void capped_without_banks(void **state)
{
	struct measure measure = {0};
	(void)state;

	machine.banks_code = RC_FAILURE;
	assert_true(cap(&measure));
	assert_strong_extended("cloister-error", 1);
	assert_int_equal(machine.count, 5);
}

static void not_capped_if_one_pcr_is_not(void **state)
{
	struct measure measure = {0};
	(void)state;

	for (uint32_t pcr = 17; pcr <= 19; pcr++) {
		machine.pcr_refused = pcr;
		assert_false(cap(&measure));
		assert_int_equal(machine.count, 4); /* all the others */
		machine.count = 0;
	}
	machine.tis_refuses = true;
	assert_false(cap(&measure));
	assert_int_equal(machine.count, 2);
}

static void not_capped_if_the_firmware_refuses(void **state)
{
	struct measure measure = {0};
	(void)state;

	machine.tcg2_refuses = true;
	assert_false(cap(&measure));
	assert_int_equal(machine.count, 3);
	machine.interface = TIS_NONE;
	assert_false(cap(&measure));
}

static void capped_as_far_as_there_is_something(void **state)
{
	struct measure measure = {0};
	(void)state;

	machine.interface = TIS_CRB;
	assert_true(cap(&measure));
	assert_extended(0, 14, "cloister-error");
	assert_int_equal(machine.count, 2);
	machine.interface = TIS_NONE;
	machine.tcg2 = false;
	assert_true(cap(&measure)); /* no TPM at all */
	assert_int_equal(machine.count, 2);
	machine.interface = TIS_FIFO;
	assert_true(cap(&measure));
	assert_int_equal(machine.count, 5);
}

/* --- the hypervisor's seed --- */
static void random_stays_nowhere_else(void **state)
{
	static const uint8_t zeros[TPM2_MAX_BYTES];
	struct tpm tpm;
	struct failure failure;
	uint8_t random[32];
	(void)state;

	assert_true(tpm_open(&tpm, TPM_LOCALITY_2, &failure));
	assert_true(tpm_random(&tpm, random, sizeof(random), &failure));
	assert_int_equal(random[31], 0x5a);
	assert_memory_equal(machine.response, zeros, sizeof(zeros));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(marks_are_told_apart, new_machine),
		cmocka_unit_test_setup(no_mark_where_the_firmware_refuses, new_machine),
		cmocka_unit_test_setup(closed_where_locality_2_answers, new_machine),
		cmocka_unit_test_setup(by_crb, new_machine),
		cmocka_unit_test_setup(nothing_to_close, new_machine),
		cmocka_unit_test_setup(no_launch_if_it_cannot_be_closed, new_machine),
		cmocka_unit_test_setup(none_told_of, new_machine),
		cmocka_unit_test_setup(busy_for_ever, new_machine),
		cmocka_unit_test_setup(random_bytes_in_parts, new_machine),
		cmocka_unit_test_setup(three_steps, new_machine),
		cmocka_unit_test_setup(log_is_full, new_machine),
		cmocka_unit_test_setup(capping_names_the_error, new_machine),
		cmocka_unit_test_setup(capped_while_open, new_machine),
		cmocka_unit_test_setup(capped_without_banks, new_machine),
		cmocka_unit_test_setup(not_capped_if_one_pcr_is_not, new_machine),
		cmocka_unit_test_setup(not_capped_if_the_firmware_refuses, new_machine),
		cmocka_unit_test_setup(capped_as_far_as_there_is_something, new_machine),
		cmocka_unit_test_setup(random_stays_nowhere_else, new_machine),
	};

	return cmocka_run_group_tests_name("loader_measure", tests, NULL, NULL);
}
