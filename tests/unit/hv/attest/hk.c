/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: secure_wipe */
/* links: mbedtls/3rdparty/p256-m/p256-m/p256-m.c */
/* links: hv/attest/drbg.c hv/attest/zeroize.c hv/lib/wipe.c mbedtls/library/sha256.c mbedtls/library/md.c mbedtls/library/hmac_drbg.c */
/*
 * HK: what it signs verifies with OpenSSL, and with no byte changed; where its randomness comes from; and every way in
 * which there is no key. The CPU's generator is replaced by one that obeys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "attest/drbg.h"
#include "attest/entropy.h"
#include "attest/hk.h"
#include "lib/wipe.h"

enum entropy_mode { ENTROPY_GOOD, ENTROPY_MISSING, ENTROPY_STUCK, ENTROPY_ALTERNATING };

/* After how many words the generator repeats itself. */
static const size_t period[] = {256, 256, [ENTROPY_STUCK] = 1, [ENTROPY_ALTERNATING] = 2};

static enum entropy_mode entropy_mode;
static uint64_t entropy_first;
static size_t entropy_words; /* drawn by the last call */
static const void *seed_at;  /* where they were put: the seed begins with them */
static bool seed_wiped;

#define SEED_BYTES (8 * 8 + 32 + 16) /* the CPU's words, the TPM's bytes, the label */

void __real_secure_wipe(void *memory, size_t bytes);
void __wrap_secure_wipe(void *memory, size_t bytes);

void __wrap_secure_wipe(void *memory, size_t bytes)
{
	if (memory == seed_at)
		seed_wiped = bytes == SEED_BYTES;
	__real_secure_wipe(memory, bytes);
}

static const uint8_t tpm_random[32] = {1, 2, 3, 4, 5, 6, 7, 8};

enum hv_error entropy_fill(uint64_t *words, size_t count)
{
	entropy_words = count;
	seed_at = words;
	seed_wiped = false;
	for (size_t i = 0; i < count; i++)
		words[i] = entropy_first + i % period[entropy_mode];
	return entropy_mode == ENTROPY_MISSING ? HV_E_NO_ENTROPY : HV_OK;
}

static int setup(void **state)
{
	(void)state;
	entropy_mode = ENTROPY_GOOD;
	entropy_first = 0x0123456789abcdef;
	return 0;
}

static struct hk create(void)
{
	struct hk hk;

	memset(&hk, 0xa5, sizeof(hk));
	assert_int_equal(hk_create(&hk, tpm_random), HV_OK);
	return hk;
}

static bool all_zero(const void *memory, size_t bytes)
{
	const uint8_t *byte = memory;

	for (size_t i = 0; i < bytes; i++)
		if (byte[i] != 0)
			return false;
	return true;
}

static struct hk_statement facts(void)
{
	struct hk_statement statement;

	memset(&statement, 0xa5, sizeof(statement));
	statement.hv_version = 0x00010203;
	statement.svn = 0x11121314;
	memset(statement.image_sha256, 0x21, sizeof(statement.image_sha256));
	memset(statement.config_sha256, 0x31, sizeof(statement.config_sha256));
	statement.flags = HK_FLAG_AMD | HK_FLAG_WEAK_BINDING;
	statement.cpu_count = 0x41424344;
	statement.tpm_reset_count = 0x51525354;
	statement.tpm_restart_count = 0x61626364;
	statement.dma_units = 0x71727374;
	statement.dma_protections = HK_DMA_ALL;
	return statement;
}

static struct hk_fresh state_now(uint8_t qualifying)
{
	struct hk_fresh fresh;

	memset(&fresh, 0xa5, sizeof(fresh));
	memset(fresh.qualifying_data, qualifying, sizeof(fresh.qualifying_data));
	fresh.flags = HK_FLAG_AMD;
	fresh.cpus_in_control = 0x01020304;
	fresh.cpus_parked = 0x05060708;
	fresh.pool_mib = 0x090a0b0c;
	fresh.uptime_us = 0x1112131415161718;
	fresh.refused_memory = 0x2122232425262728;
	fresh.refused_msr = 0x3132333435363738;
	fresh.refused_io = 0x4142434445464748;
	fresh.refused_instruction = 0x5152535455565758;
	fresh.refused_hypercall = 0x6162636465666768;
	fresh.refused_dma = 0x7172737475767778;
	return fresh;
}

static EVP_PKEY *openssl_public(const uint8_t public[64])
{
	uint8_t point[65] = {POINT_CONVERSION_UNCOMPRESSED};
	char curve[] = "P-256";
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 5),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_END,
	};

	memcpy(point + 1, public, 64);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static bool openssl_verifies(EVP_PKEY *key, const void *message, size_t bytes, const uint8_t signature[64])
{
	uint8_t *der = NULL;
	ECDSA_SIG *rs = ECDSA_SIG_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	assert_int_equal(ECDSA_SIG_set0(rs, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL)), 1);

	const int der_bytes = i2d_ECDSA_SIG(rs, &der);

	assert_true(der_bytes > 0);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);

	const bool valid = EVP_DigestVerify(context, der, (size_t)der_bytes, message, bytes) == 1;

	OPENSSL_free(der);
	ECDSA_SIG_free(rs);
	EVP_MD_CTX_free(context);
	return valid;
}

/* The last 64 bytes are the signature of all before it: true as it stands, false with any one byte changed. */
static void assert_signed_byte_for_byte(const uint8_t public[64], uint8_t *object, size_t bytes)
{
	EVP_PKEY *key = openssl_public(public);
	const size_t message = bytes - 64;

	assert_true(openssl_verifies(key, object, message, object + message));
	for (size_t i = 0; i < bytes; i++) {
		object[i] ^= 1;
		assert_false(openssl_verifies(key, object, message, object + message));
		object[i] ^= 1;
	}
	EVP_PKEY_free(key);
}

static void statement_verifies_and_every_byte_counts(void **state)
{
	struct hk hk = create();
	struct hk_statement statement = facts();

	(void)state;
	assert_int_equal(hk_sign_statement(&hk, &statement), HV_OK);
	assert_signed_byte_for_byte(statement.hk_public, (uint8_t *)&statement, sizeof(statement));
}

static void fresh_verifies_and_every_byte_counts(void **state)
{
	struct hk hk = create();
	struct hk_fresh fresh = state_now(0x71);

	(void)state;
	assert_int_equal(hk_sign_fresh(&hk, &fresh), 0);
	assert_signed_byte_for_byte(hk.public, (uint8_t *)&fresh, sizeof(fresh));
}

static void fresh_of_another_key_is_refused(void **state)
{
	struct hk hk = create();
	struct hk_fresh fresh = state_now(0x71);

	(void)state;
	assert_int_equal(hk_sign_fresh(&hk, &fresh), 0);
	entropy_first++;
	hk = create();

	EVP_PKEY *key = openssl_public(hk.public);

	assert_false(openssl_verifies(key, &fresh, offsetof(struct hk_fresh, signature), fresh.signature));
	EVP_PKEY_free(key);
}

static const uint8_t statement_head[] = {'C', 'L', 'S', 'T', 'H', 'K', 'S', '1', 3, 0, 0, 0, 0x10, 1, 0, 0};
static const uint8_t statement_middle[] = {3, 2, 1, 0, 0x14, 0x13, 0x12, 0x11};
static const uint8_t statement_tail[] = {0x18, 0,    0,    0,    0x44, 0x43, 0x42, 0x41, 0x54, 0x53, 0x52, 0x51,
					 0x64, 0x63, 0x62, 0x61, 0x74, 0x73, 0x72, 0x71, 0x0f, 0,    0,    0};

static void statement_layout(void **state)
{
	struct hk hk = create();
	struct hk_statement statement = facts();
	const uint8_t *bytes = (const uint8_t *)&statement;

	(void)state;
	assert_int_equal(hk_sign_statement(&hk, &statement), HV_OK);
	assert_memory_equal(bytes, statement_head, 16);
	assert_memory_equal(bytes + 16, hk.public, 64);
	assert_memory_equal(bytes + 80, hk.boot_id, 32);
	assert_memory_equal(bytes + 112, statement_middle, 8);
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(bytes[120 + i], 0x21);
		assert_int_equal(bytes[152 + i], 0x31);
	}
	assert_memory_equal(bytes + 184, statement_tail, sizeof(statement_tail));
}

static const uint8_t fresh_head[] = {'C', 'L', 'S', 'T', 'F', 'R', 'S', '1', 3, 0, 0, 0, 0xd8, 0, 0, 0};
static const uint8_t fresh_counts[] = {
	8,    0,    0,    0,    4,    3,    2,    1,    8,    7,    6,    5,    12,   11,   10,   9,    0x18, 0x17,
	0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 0x38, 0x37, 0x36, 0x35,
	0x34, 0x33, 0x32, 0x31, 0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41, 0x58, 0x57, 0x56, 0x55, 0x54, 0x53,
	0x52, 0x51, 0x68, 0x67, 0x66, 0x65, 0x64, 0x63, 0x62, 0x61, 0x78, 0x77, 0x76, 0x75, 0x74, 0x73, 0x72, 0x71};

static void fresh_layout(void **state)
{
	struct hk hk = create();
	struct hk_fresh fresh = state_now(0x71);
	const uint8_t *bytes = (const uint8_t *)&fresh;

	(void)state;
	assert_int_equal(hk_sign_fresh(&hk, &fresh), 0);
	assert_memory_equal(bytes, fresh_head, 16);
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(bytes[16 + i], 0x71);
	assert_memory_equal(bytes + 48, hk.boot_id, 32);
	assert_memory_equal(bytes + 80, fresh_counts, sizeof(fresh_counts));
}

/* SP 800-90A, 10.1.2, on OpenSSL's HMAC: the generator again, from the standard's text. */
struct reference_drbg {
	uint8_t key[32], value[32];
};

static void reference_hmac(struct reference_drbg *drbg, uint8_t out[32], const uint8_t *message, size_t bytes)
{
	assert_non_null(HMAC(EVP_sha256(), drbg->key, 32, message, bytes, out, NULL));
}

static void reference_update(struct reference_drbg *drbg, const void *data, size_t bytes)
{
	uint8_t message[33 + 128];

	assert_in_range(bytes, 0, 128);
	for (uint8_t round = 0; round < (bytes ? 2 : 1); round++) {
		memcpy(message, drbg->value, 32);
		message[32] = round;
		memcpy(message + 33, data, bytes);
		reference_hmac(drbg, drbg->key, message, 33 + bytes);
		reference_hmac(drbg, drbg->value, drbg->value, 32);
	}
}

static void reference_generate(struct reference_drbg *drbg, uint8_t out[32])
{
	reference_hmac(drbg, drbg->value, drbg->value, 32);
	memcpy(out, drbg->value, 32);
	reference_update(drbg, "", 0);
}

static struct reference_drbg reference_seeded(void)
{
	struct {
		uint64_t cpu[8];
		uint8_t tpm[32];
		char label[16];
	} seed = {.label = "cloister-hk-1"};
	struct reference_drbg drbg = {.key = {0}};

	for (size_t i = 0; i < 8; i++)
		seed.cpu[i] = entropy_first + i;
	memcpy(seed.tpm, tpm_random, sizeof(seed.tpm));
	memset(drbg.value, 1, sizeof(drbg.value));
	reference_update(&drbg, &seed, sizeof(seed));
	return drbg;
}

static void key_is_what_sp800_90a_makes_of_the_seed(void **state)
{
	const struct hk hk = create();
	struct reference_drbg drbg = reference_seeded();
	uint8_t boot_id[32], private[32];

	(void)state;
	assert_int_equal(entropy_words, 8);
	reference_generate(&drbg, boot_id);
	reference_generate(&drbg, private);
	assert_memory_equal(boot_id, hk.boot_id, 32);
	assert_memory_equal(private, hk.private, 32);
}

static void public_key_belongs_to_private(void **state)
{
	const struct hk hk = create();
	uint8_t point[65];
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *public = EC_POINT_new(group);
	BIGNUM *private = BN_bin2bn(hk.private, 32, NULL);

	(void)state;
	assert_int_equal(EC_POINT_mul(group, public, private, NULL, NULL, NULL), 1);
	assert_int_equal(EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point, 65, NULL), 65);
	assert_memory_equal(hk.public, point + 1, 64);
	BN_free(private);
	EC_POINT_free(public);
	EC_GROUP_free(group);
}

static void either_source_alone_changes_the_key(void **state)
{
	const uint8_t other_tpm[32] = {0};
	const struct hk first = create();
	struct hk other;

	(void)state;
	assert_int_equal(hk_create(&other, other_tpm), HV_OK);
	assert_memory_not_equal(first.public, other.public, 64);
	assert_memory_not_equal(first.boot_id, other.boot_id, 32);
	entropy_first++;
	assert_int_equal(hk_create(&other, tpm_random), HV_OK);
	assert_memory_not_equal(first.public, other.public, 64);
	assert_memory_not_equal(first.boot_id, other.boot_id, 32);
}

/* r is a function of the nonce alone: equal r under one key gives the key away if the messages differ. */
static void nonce_is_never_used_twice(void **state)
{
	struct hk hk = create();
	struct hk_fresh first = state_now(0x71), again = state_now(0x71);

	(void)state;
	assert_int_equal(hk_sign_fresh(&hk, &first), 0);
	assert_int_equal(hk_sign_fresh(&hk, &again), 0);
	assert_memory_not_equal(first.signature, again.signature, 32);
}

static void nonce_depends_on_the_message(void **state)
{
	struct hk_fresh first = state_now(0x71), other = state_now(0x72);
	struct hk hk = create();

	(void)state;
	assert_int_equal(hk_sign_fresh(&hk, &first), 0);
	hk = create();
	assert_int_equal(hk_sign_fresh(&hk, &other), 0);
	assert_memory_not_equal(first.signature, other.signature, 32);
}

static void no_key_from_entropy(enum entropy_mode mode, enum hv_error expected)
{
	struct hk hk;
	struct hk_fresh fresh = state_now(0x71);

	memset(&hk, 0xa5, sizeof(hk));
	entropy_mode = mode;
	assert_int_equal(hk_create(&hk, tpm_random), expected);
	assert_true(all_zero(&hk, sizeof(hk)));
	assert_int_equal(hk_sign_fresh(&hk, &fresh), HC_E_WIPED);
}

static void missing_entropy_makes_no_key(void **state)
{
	(void)state;
	no_key_from_entropy(ENTROPY_MISSING, HV_E_NO_ENTROPY);
}

static void stuck_entropy_makes_no_key(void **state)
{
	(void)state;
	no_key_from_entropy(ENTROPY_STUCK, HV_E_ENTROPY_FAILED);
}

static void alternating_entropy_makes_no_key(void **state)
{
	(void)state;
	no_key_from_entropy(ENTROPY_ALTERNATING, HV_E_ENTROPY_FAILED);
}

static void assert_refuses(struct hk *hk)
{
	struct hk_fresh fresh = state_now(0x71);
	struct hk_statement statement = facts();

	assert_int_equal(hk_sign_fresh(hk, &fresh), HC_E_WIPED);
	assert_true(all_zero(&fresh, sizeof(fresh)));
	assert_int_equal(hk_sign_statement(hk, &statement), HV_E_ENTROPY_FAILED);
	assert_true(all_zero(&statement, sizeof(statement)));
}

static void wiped_key_is_zero_and_refuses(void **state)
{
	struct hk hk = create();
	uint8_t byte;

	(void)state;
	hk_wipe(&hk);
	assert_true(all_zero(&hk, sizeof(hk)));
	assert_false(drbg_fill(&byte, sizeof(byte)));
	assert_refuses(&hk);
}

/* One bit of the private key flips: such a signature must not get out, nor may the next one. */
static void faulty_signature_wipes_the_key(void **state)
{
	struct hk hk = create();
	struct hk_fresh fresh = state_now(0x71);

	(void)state;
	hk.private[17] ^= 0x10;
	assert_int_equal(hk_sign_fresh(&hk, &fresh), HC_E_WIPED);
	assert_true(all_zero(&fresh, sizeof(fresh)));
	assert_true(all_zero(&hk, sizeof(hk)));
}

static void generator_failure_wipes_the_key(void **state)
{
	struct hk hk = create();

	(void)state;
	drbg_wipe();
	assert_refuses(&hk);
	assert_true(all_zero(&hk, sizeof(hk)));
}

/* Whether a key comes of it or not: the key could be made again from it. */
static void seed_is_wiped(void **state)
{
	struct hk hk;

	(void)state;
	for (entropy_mode = ENTROPY_GOOD; entropy_mode <= ENTROPY_ALTERNATING; entropy_mode++) {
		assert_int_equal(hk_create(&hk, tpm_random) == HV_OK, entropy_mode == ENTROPY_GOOD);
		assert_true(seed_wiped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(statement_verifies_and_every_byte_counts, setup),
		cmocka_unit_test_setup(fresh_verifies_and_every_byte_counts, setup),
		cmocka_unit_test_setup(fresh_of_another_key_is_refused, setup),
		cmocka_unit_test_setup(statement_layout, setup),
		cmocka_unit_test_setup(fresh_layout, setup),
		cmocka_unit_test_setup(key_is_what_sp800_90a_makes_of_the_seed, setup),
		cmocka_unit_test_setup(public_key_belongs_to_private, setup),
		cmocka_unit_test_setup(either_source_alone_changes_the_key, setup),
		cmocka_unit_test_setup(nonce_is_never_used_twice, setup),
		cmocka_unit_test_setup(nonce_depends_on_the_message, setup),
		cmocka_unit_test_setup(missing_entropy_makes_no_key, setup),
		cmocka_unit_test_setup(stuck_entropy_makes_no_key, setup),
		cmocka_unit_test_setup(alternating_entropy_makes_no_key, setup),
		cmocka_unit_test_setup(seed_is_wiped, setup),
		cmocka_unit_test_setup(wiped_key_is_zero_and_refuses, setup),
		cmocka_unit_test_setup(faulty_signature_wipes_the_key, setup),
		cmocka_unit_test_setup(generator_failure_wipes_the_key, setup),
	};

	return cmocka_run_group_tests_name("hv_attest_hk", tests, NULL, NULL);
}
