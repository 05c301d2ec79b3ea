/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests of a PE image that is made here, over the bytes that are written out; and images that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "policy/authenticode.h"

#define COFF      0x40u
#define OPTIONAL  (COFF + 24u)
#define TABLE     (OPTIONAL + 160u)
#define HEADERS   512u
#define IMAGE_END (HEADERS + 3 * 256u) /* two sections, and bytes that none names */
#define ALL       (IMAGE_END + 64u)    /* and certificates */
#define MANY      97u

static uint8_t image[ALL];

static void put(size_t at, uint32_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		image[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_section(unsigned number, uint32_t offset, uint32_t bytes)
{
	put(TABLE + 40 * number + 16, bytes, 4);
	put(TABLE + 40 * number + 20, offset, 4);
}

/* The later section comes first in the table; one is empty. */
static int reset(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = i < HEADERS ? 0 : (uint8_t)(i * 7 + i / 256);
	memcpy(image, "MZ", 2);
	put(0x3c, COFF, 4);
	put(COFF, 0x4550, 4);
	put(COFF + 6, 3, 2);
	put(COFF + 20, 160, 2);
	put(OPTIONAL, 0x20b, 2);
	put(OPTIONAL + 60, HEADERS, 4);
	put(OPTIONAL + 64, 0x11223344, 4); /* the checksum */
	put(OPTIONAL + 108, 5, 4);
	put(OPTIONAL + 144, IMAGE_END, 4);
	put(OPTIONAL + 148, ALL - IMAGE_END, 4);
	put_section(0, HEADERS + 256, 256);
	put_section(1, HEADERS, 256);
	put_section(2, 0, 0);
	return 0;
}

static void expected_digest(const EVP_MD *algorithm, uint8_t *digest)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	EVP_DigestInit_ex(hash, algorithm, NULL);
	EVP_DigestUpdate(hash, image, OPTIONAL + 64);
	EVP_DigestUpdate(hash, image + OPTIONAL + 68, 144 - 68);
	EVP_DigestUpdate(hash, image + OPTIONAL + 152, IMAGE_END - OPTIONAL - 152);
	EVP_DigestFinal_ex(hash, digest, NULL);
	EVP_MD_CTX_free(hash);
}

static void digests_leave_out_checksum_and_certificates(void **state)
{
	uint8_t expected[48], sha384[48];
	struct digest sha256;

	(void)state;
	expected_digest(EVP_sha256(), expected);
	assert_null(authenticode_sha256((struct bytes){image, sizeof(image)}, &sha256));
	assert_memory_equal(sha256.bytes, expected, 32);
	expected_digest(EVP_sha384(), expected);
	assert_null(authenticode_sha384((struct bytes){image, sizeof(image)}, sha384));
	assert_memory_equal(sha384, expected, 48);
}

static void refused(size_t bytes, const char *reason)
{
	struct digest sha256;
	uint8_t sha384[48];
	const char *found = authenticode_sha256((struct bytes){image, bytes}, &sha256);

	assert_non_null(found);
	assert_string_equal(found, reason);
	assert_string_equal(authenticode_sha384((struct bytes){image, bytes}, sha384), reason);
	reset(NULL);
}

static void headers_that_are_wrong(void **state)
{
	(void)state;
	image[0] = 'X';
	refused(ALL, "not a PE image");
	put(0x3c, ALL - 23, 4);
	refused(ALL, "not a PE image");
	put(COFF, 0x4551, 4);
	refused(ALL, "not a PE image");
	put(OPTIONAL, 0x10b, 2);
	refused(ALL, "not a PE32+ image");
	put(COFF + 20, 151, 2);
	refused(ALL, "not a PE32+ image");
	refused(OPTIONAL + 1, "not a PE32+ image");
	put(OPTIONAL + 60, OPTIONAL + 151, 4);
	refused(ALL, "the headers reach past the end of the file");
	put(OPTIONAL + 60, ALL + 1, 4);
	refused(ALL, "the headers reach past the end of the file");
}

static void certificates_that_are_wrong(void **state)
{
	(void)state;
	put(OPTIONAL + 108, 4, 4);
	refused(ALL, "no data directory for certificates");
	put(OPTIONAL + 144, IMAGE_END - 1, 4);
	refused(ALL, "the certificates are not at the end of the file");
	put(OPTIONAL + 148, UINT32_MAX, 4);
	refused(ALL, "the certificates are not at the end of the file");
}

static void sections_that_are_wrong(void **state)
{
	(void)state;
	put(COFF + 6, MANY, 2);
	refused(ALL, "more than 96 sections");
	put(COFF + 20, UINT16_MAX, 2);
	refused(ALL, "the section table reaches past the end of the file");
	put_section(2, ALL, 1);
	refused(ALL, "a section reaches past the end of the file");
	put_section(2, HEADERS, IMAGE_END - HEADERS);
	refused(ALL, "sections overlap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(digests_leave_out_checksum_and_certificates, reset),
		cmocka_unit_test_setup(headers_that_are_wrong, reset),
		cmocka_unit_test_setup(certificates_that_are_wrong, reset),
		cmocka_unit_test_setup(sections_that_are_wrong, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
