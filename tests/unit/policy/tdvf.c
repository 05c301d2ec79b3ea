/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/sha384.c */
/* MRTD of firmware images that are made here, against a calculation written out; and images that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "policy/tdvf.h"

#define IMAGE_BYTES 16384u
#define METADATA    12288u /* its place in the image */
#define PAGE        4096u
#define TABLE       (IMAGE_BYTES - 32u) /* the table of GUIDs ends here */

static uint8_t image[IMAGE_BYTES];

static void put(size_t at, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		image[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_section(unsigned number, uint32_t offset, uint32_t raw, uint64_t address, uint64_t bytes,
			uint32_t attributes)
{
	const size_t at = METADATA + 16 + 32 * number;

	put(at, offset, 4);
	put(at + 4, raw, 4);
	put(at + 8, address, 8);
	put(at + 16, bytes, 8);
	put(at + 24, number, 4);
	put(at + 28, attributes, 4);
}

/* A page of firmware that is measured, and two of zeros that are only added. */
static int reset(void **state)
{
	static const uint8_t table[] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
					0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
	static const uint8_t metadata[] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
					   0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};

	(void)state;
	memset(image, 0, sizeof(image));
	for (size_t i = 0; i < PAGE; i++)
		image[PAGE + i] = (uint8_t)(i * 7 + i / 256);
	memcpy(image + METADATA, "TDVF", 4);
	put(METADATA + 4, 16 + 2 * 32, 4);
	put(METADATA + 8, 1, 4);
	put(METADATA + 12, 2, 4);
	put_section(0, PAGE, PAGE, 0xfffff000, PAGE, 1);
	put_section(1, 0, 0, 0x800000, 2 * PAGE, 0);
	/* From the end: the table's own entry, one of another kind, the metadata's offset. */
	memcpy(image + TABLE - 16, table, 16);
	put(TABLE - 18, 18 + 20 + 22, 2);
	memset(image + TABLE - 34, 0x77, 16);
	put(TABLE - 36, 20, 2);
	memcpy(image + TABLE - 54, metadata, 16);
	put(TABLE - 56, 22, 2);
	put(TABLE - 60, IMAGE_BYTES - METADATA, 4);
	return 0;
}

static void hash_record(EVP_MD_CTX *hash, const char *name, uint64_t address)
{
	uint8_t record[128] = {0};

	memcpy(record, name, strlen(name));
	memcpy(record + 16, &address, sizeof(address));
	EVP_DigestUpdate(hash, record, sizeof(record));
}

static void mrtd_is_the_steps_of_the_build(void **state)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	struct tdvf_measure measure;
	uint8_t expected[48];
	uint32_t section;

	(void)state;
	EVP_DigestInit_ex(hash, EVP_sha384(), NULL);
	hash_record(hash, "MEM.PAGE.ADD", 0xfffff000);
	for (size_t at = 0; at < PAGE; at += 256) {
		hash_record(hash, "MR.EXTEND", 0xfffff000 + at);
		EVP_DigestUpdate(hash, image + PAGE + at, 256);
	}
	hash_record(hash, "MEM.PAGE.ADD", 0x800000);
	hash_record(hash, "MEM.PAGE.ADD", 0x801000);
	EVP_DigestFinal_ex(hash, expected, NULL);
	EVP_MD_CTX_free(hash);
	assert_int_equal(tdvf_measure((struct bytes){image, sizeof(image)}, &measure, &section), TDVF_OK);
	assert_memory_equal(measure.mrtd, expected, sizeof(expected));
	assert_int_equal(measure.pages_added, 3);
	assert_int_equal(measure.pages_extended, 1);
}

static void sections_are_as_the_metadata_say(void **state)
{
	struct tdvf_sections sections;

	(void)state;
	put(METADATA + 16 + 32 + 24, TDVF_HOB, 4);
	assert_int_equal(tdvf_read((struct bytes){image, sizeof(image)}, &sections), TDVF_OK);
	assert_int_equal(sections.count, 2);
	assert_int_equal(sections.section[0].type, 0);
	assert_ptr_equal(sections.section[0].contents.data, image + PAGE);
	assert_int_equal(sections.section[0].contents.len, PAGE);
	assert_true(sections.section[0].extended);
	assert_int_equal(sections.section[1].type, TDVF_HOB);
	assert_int_equal(sections.section[1].contents.len, 0);
	assert_int_equal(sections.section[1].address, 0x800000);
	assert_int_equal(sections.section[1].bytes, 2 * PAGE);
	assert_false(sections.section[1].extended);
}

static void expect(enum tdvf_result expected, uint32_t expected_section)
{
	struct tdvf_measure measure;
	uint32_t section;

	assert_int_equal(tdvf_measure((struct bytes){image, sizeof(image)}, &measure, &section), expected);
	assert_int_equal(section, expected_section);
	assert_true(tdvf_result_text(expected)[0] != '\0');
	reset(NULL);
}

static void wrong_tables_are_refused(void **state)
{
	(void)state;
	image[TABLE - 1] ^= 1;
	expect(TDVF_NO_TABLE, 0);
	put(TABLE - 18, 17, 2);
	expect(TDVF_NO_TABLE, 0);
	put(TABLE - 18, IMAGE_BYTES, 2);
	expect(TDVF_NO_TABLE, 0);
	image[TABLE - 39] ^= 1;
	expect(TDVF_NO_METADATA, 0);
	put(TABLE - 36, 17, 2); /* the entry between is cut */
	expect(TDVF_NO_METADATA, 0);
	put(TABLE - 18, 18 + 20, 2);
	expect(TDVF_NO_METADATA, 0);
}

static void wrong_metadata_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint64_t value;
	} wrong[] = {{METADATA, 0},
		     {METADATA + 4, 16 + 32},
		     {METADATA + 4, 0},
		     {METADATA + 8, 2},
		     {METADATA + 12, 0},
		     {METADATA + 12, 65},
		     {METADATA + 12, UINT32_MAX},
		     {TABLE - 60, 15},
		     {TABLE - 60, IMAGE_BYTES + 1},
		     {TABLE - 60, 0},
		     {TABLE - 60, UINT32_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		put(wrong[i].at, wrong[i].value, 4);
		expect(TDVF_BAD_METADATA, 0);
	}
}

static void wrong_sections_are_refused(void **state)
{
	(void)state;
	put_section(0, PAGE, PAGE, 0xfffff001, PAGE, 1);
	expect(TDVF_BAD_SECTION, 0);
	put_section(0, PAGE, PAGE, 0xfffff000, PAGE + 1, 1);
	expect(TDVF_BAD_SECTION, 0);
	put_section(0, PAGE, PAGE, 0xfffff000, 2 * PAGE, 1);
	expect(TDVF_BAD_SECTION, 0);
	put_section(0, IMAGE_BYTES - PAGE + 1, PAGE, 0xfffff000, PAGE, 1);
	expect(TDVF_BAD_SECTION, 0);
	put_section(0, UINT32_MAX, PAGE, 0xfffff000, PAGE, 1);
	expect(TDVF_BAD_SECTION, 0);
	put_section(1, 0, 0, 0x800000, 0, 0);
	expect(TDVF_BAD_SECTION, 1);
	put_section(1, 0, 0, UINT64_MAX - PAGE + 1, PAGE, 0);
	expect(TDVF_BAD_SECTION, 1);
	put_section(1, 0, 0, 0, (1ull << 30) + PAGE, 0);
	expect(TDVF_BAD_SECTION, 1);
}

/* Every length of a beginning and of an end, read to the last byte and not beyond (the sanitisers watch). */
static void cut_images_are_refused(void **state)
{
	struct tdvf_measure measure;
	uint32_t section;

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(image); bytes++) {
		uint8_t *cut = malloc(bytes ? bytes : 1);

		memcpy(cut, image, bytes);
		assert_int_equal(tdvf_measure((struct bytes){cut, bytes}, &measure, &section), TDVF_NO_TABLE);
		memcpy(cut, image + sizeof(image) - bytes, bytes);
		/* Offsets are from the beginning: of two pages, the second is now the firmware's. */
		assert_int_equal(tdvf_measure((struct bytes){cut, bytes}, &measure, &section) == TDVF_OK,
				 bytes >= 2 * PAGE);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(mrtd_is_the_steps_of_the_build, reset),
		cmocka_unit_test_setup(sections_are_as_the_metadata_say, reset),
		cmocka_unit_test_setup(wrong_tables_are_refused, reset),
		cmocka_unit_test_setup(wrong_metadata_are_refused, reset),
		cmocka_unit_test_setup(wrong_sections_are_refused, reset),
		cmocka_unit_test_setup(cut_images_are_refused, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
