/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/*
 * Reports: what a guest gets, what it and its host may have checked, and what is signed. The key here is a number, with
 * OpenSSL's HMAC.
 */
#include "hv_test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "attest/attestation.h"
#include "attest/hk_report.h"
#include "domain/tdcall.h"
#include "guest_vcpu.h"

#define INVALID     0xc000010000000000ull
#define REPORT_LEAF 4u
#define VERIFY_LEAF 22u
#define REPORT_AT   0x1000u
#define DATA_AT     0x2000u
#define STARTED_US  0x5eedu

/* Of the host's page: where its report lies, and where the signed one comes. */
#define QUOTED (bed.ram + PAGE_BYTES)
#define SIGNED (QUOTED + 2048)

static struct attestation attestation;
static bool has_key;

/* The key. */

bool hk_report_mac(const struct hk *hk, const struct report_mac *report, uint8_t mac[32])
{
	assert_ptr_equal(hk, &attestation.hk);
	assert_true(attestation.lock.held);
	if (has_key)
		HMAC(EVP_sha256(), "key", 3, (const uint8_t *)report, offsetof(struct report_mac, mac), mac, NULL);
	return has_key;
}

bool hk_report_is_own(const struct hk *hk, const struct report_mac *report)
{
	uint8_t mac[32];

	return hk_report_mac(hk, report, mac) && memcmp(mac, report->mac, sizeof(mac)) == 0;
}

int hk_sign_report(struct hk *hk, struct hk_report *report)
{
	assert_ptr_equal(hk, &attestation.hk);
	assert_true(attestation.lock.held);
	memset(report->signature, 0x51, sizeof(report->signature));
	return 0;
}

uint64_t machine_uptime_us(const struct machine *m)
{
	(void)m;
	return STARTED_US;
}

static int start(void **state)
{
	(void)bed_start(state);
	memset(&attestation, 0, sizeof(attestation));
	attestation.statement.hv_version = 0x00010203;
	attestation.statement.svn = 7;
	memset(attestation.statement.image_sha256, 0x1a, sizeof(attestation.statement.image_sha256));
	bed.machine.attestation = &attestation;
	has_key = true;
	assert_true(bed_enter(0, 1));
	memset(bed_memory(DATA_AT), 0xda, REPORT_DATA_BYTES);
	return 0;
}

static void call(uint64_t leaf, uint64_t rcx, uint64_t rdx)
{
	bed_secrets();
	bed_registers(0)->rax = leaf;
	bed_registers(0)->rcx = rcx;
	bed_registers(0)->rdx = rdx;
	bed_registers(0)->r8 = 0;
	bed.before = *bed_registers(0);
	tdcall(bed_guest(0));
}

static void assert_status(uint64_t status)
{
	assert_int_equal(bed_registers(0)->rax, status);
	assert_int_equal(bed.fake[0].advanced, 4);
	bed_assert_changed(BIT(RAX));
}

static struct report *make(void)
{
	call(REPORT_LEAF, REPORT_AT, DATA_AT);
	assert_status(0);
	return bed_memory(REPORT_AT);
}

static void assert_hash(const uint8_t *found, const void *bytes, size_t count)
{
	uint8_t expected[48];

	EVP_Digest(bytes, count, expected, NULL, EVP_sha384(), NULL);
	assert_memory_equal(found, expected, sizeof(expected));
}

static void a_guest_gets_a_report(void **state)
{
	static const uint8_t cpusvn[16] = {3, 2, 1, 0, 7};
	const struct report *const report = make();
	const struct td *const td = bed_guest(0)->td;

	(void)state;
	assert_int_equal(report->mac.type, 0x81);
	assert_memory_equal(report->mac.cpusvn, cpusvn, sizeof(cpusvn));
	assert_memory_equal(report->mac.data, bed_memory(DATA_AT), REPORT_DATA_BYTES);
	assert_hash(report->mac.tcb_info_hash, (const uint8_t *)report + 256, 239);
	assert_hash(report->mac.td_info_hash, (const uint8_t *)report + 512, 512);
	assert_int_equal(report->tcb_info.valid, 0x301ff);
	assert_memory_equal(report->tcb_info.mrseam, attestation.statement.image_sha256, 32);
	assert_string_equal((const char *)report->tcb_info.mrsignerseam, "Cloister: TDX guest interface in software");
	assert_int_equal(report->tcb_info.domain.domain, BED_DOMAIN);
	assert_int_equal(report->tcb_info.domain.vcpus, BED_VCPUS);
	assert_int_equal(report->tcb_info.domain.started_us, STARTED_US);
	assert_int_equal(report->td_info.xfam, 3);
	assert_memory_equal(report->td_info.mrtd, td->info.mrtd, sizeof(td->info.mrtd));
}

static void its_mac_is_the_keys(void **state)
{
	struct report *const report = make();
	uint8_t mac[32];

	(void)state;
	HMAC(EVP_sha256(), "key", 3, (const uint8_t *)report, 224, mac, NULL);
	assert_memory_equal(report->mac.mac, mac, sizeof(mac));
}

static void only_a_report_as_it_was_is_verified(void **state)
{
	uint8_t *const bytes = (uint8_t *)make();

	(void)state;
	call(VERIFY_LEAF, REPORT_AT, 0);
	assert_status(0);
	for (unsigned i = 0; i < sizeof(struct report_mac); i++) {
		bytes[i] ^= 0x10;
		call(VERIFY_LEAF, REPORT_AT, 0);
		assert_status(INVALID | 1);
		bytes[i] ^= 0x10;
	}
}

static void without_a_key_there_is_no_report(void **state)
{
	(void)state;
	(void)make();
	has_key = false;
	call(VERIFY_LEAF, REPORT_AT, 0);
	assert_status(INVALID | 1);
	call(REPORT_LEAF, REPORT_AT, DATA_AT);
	assert_status(INVALID);
	assert_false(attestation.lock.held);
}

static void assert_repeated(void)
{
	assert_int_equal(bed.fake[0].advanced, 0);
	bed_assert_changed(0);
}

static int64_t quote(const void *from, const void *to)
{
	return bed_call(1, HC_QUOTE, (uintptr_t)from, (uintptr_t)to, 0, 0);
}

static void while_another_cpu_signs_all_is_repeated(void **state)
{
	(void)state;
	memcpy(QUOTED, make(), sizeof(struct report));
	assert_true(lock_try(&attestation.lock));
	call(REPORT_LEAF, REPORT_AT, DATA_AT);
	assert_repeated();
	call(VERIFY_LEAF, REPORT_AT, 0);
	assert_repeated();
	assert_int_equal(quote(QUOTED, SIGNED), HC_E_BUSY);
	assert_true(attestation.lock.held);
	lock_release(&attestation.lock);
	assert_int_equal(quote(QUOTED, SIGNED), 0);
}

static void what_is_signed_is_the_report(void **state)
{
	const struct report *const report = make();
	const struct hk_report *const answer = (const void *)SIGNED;

	(void)state;
	memcpy(QUOTED, report, sizeof(*report));
	assert_int_equal(quote(QUOTED, SIGNED), 0);
	assert_memory_equal(answer->data, report->mac.data, sizeof(answer->data));
	assert_memory_equal(&answer->tcb_info, &report->tcb_info, sizeof(answer->tcb_info));
	assert_memory_equal(&answer->td_info, &report->td_info, sizeof(answer->td_info));
	assert_int_equal(answer->signature[63], 0x51);
	assert_false(attestation.lock.held);
}

/* Bytes that are reserved between the two parts are signed as zeros, whatever they are. */
static void a_report_that_was_changed_is_not_signed(void **state)
{
	const struct hk_report *const answer = (const void *)SIGNED;
	const size_t end = offsetof(struct report, reserved), next = offsetof(struct report, td_info);

	(void)state;
	memcpy(QUOTED, make(), sizeof(struct report));
	for (size_t i = 0; i < sizeof(struct report); i++) {
		const bool covered = i < end || i >= next;

		QUOTED[i] ^= 0x80;
		memset(SIGNED, 0xee, sizeof(*answer));
		assert_int_equal(quote(QUOTED, SIGNED), covered ? HC_E_ARGUMENT : 0);
		assert_int_equal(answer->reserved[0], covered ? 0xee : 0);
		assert_int_equal(answer->signature[0], covered ? 0xee : 0x51);
		QUOTED[i] ^= 0x80;
	}
}

/* The key makes no MAC of one; if it did, the report would be none of a domain. */
static void a_report_of_another_type_is_not_signed(void **state)
{
	struct report *const report = (void *)QUOTED;

	(void)state;
	memcpy(QUOTED, make(), sizeof(*report));
	report->mac.type ^= 1;
	HMAC(EVP_sha256(), "key", 3, QUOTED, 224, report->mac.mac, NULL);
	assert_int_equal(quote(QUOTED, SIGNED), HC_E_ARGUMENT);
}

static void the_host_names_its_own_ram(void **state)
{
	const uint8_t *const page = QUOTED, *const last = page + PAGE_BYTES;

	(void)state;
	memcpy(QUOTED, make(), sizeof(struct report));
	assert_int_equal(quote(page, last - sizeof(struct hk_report) + 1), HC_E_BUFFER);
	assert_int_equal(quote(last - sizeof(struct report) + 1, SIGNED), HC_E_BUFFER);
	assert_int_equal(quote(bed.memory, SIGNED), HC_E_BUFFER);
	assert_int_equal(quote(page, bed.memory), HC_E_BUFFER);
	assert_int_equal(bed_call(1, HC_QUOTE, (uintptr_t)page, (uintptr_t)SIGNED, 1, 0), HC_E_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_guest_gets_a_report, start, bed_stop),
		cmocka_unit_test_setup_teardown(its_mac_is_the_keys, start, bed_stop),
		cmocka_unit_test_setup_teardown(only_a_report_as_it_was_is_verified, start, bed_stop),
		cmocka_unit_test_setup_teardown(without_a_key_there_is_no_report, start, bed_stop),
		cmocka_unit_test_setup_teardown(while_another_cpu_signs_all_is_repeated, start, bed_stop),
		cmocka_unit_test_setup_teardown(what_is_signed_is_the_report, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_report_that_was_changed_is_not_signed, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_report_of_another_type_is_not_signed, start, bed_stop),
		cmocka_unit_test_setup_teardown(the_host_names_its_own_ram, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
