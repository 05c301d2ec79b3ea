/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guest-shim measures: QEMU's RAM at each border, the registers against a calculation written out, and markers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "policy/shim_measure.h"

#define GIB (1ull << 30)

static void machine_is(enum shim_machine_type type, uint64_t bytes, uint64_t below, uint64_t above)
{
	struct shim_machine machine;

	assert_true(shim_machine(type, bytes, &machine));
	assert_string_equal(machine.magic, "cloister-shim-1");
	assert_int_equal(machine.type, type);
	assert_int_equal(machine.ram_count, above ? 2 : 1);
	assert_int_equal(machine.ram[0].base, 0);
	assert_int_equal(machine.ram[0].bytes, below);
	assert_int_equal(machine.ram[1].base, above ? 4 * GIB : 0);
	assert_int_equal(machine.ram[1].bytes, above);
	for (unsigned i = 2; i < SHIM_RAM_MAX; i++)
		assert_int_equal(machine.ram[i].base | machine.ram[i].bytes, 0);
}

static void ram_lies_where_qemu_puts_it(void **state)
{
	(void)state;
	machine_is(SHIM_Q35, 512ull << 20, 512ull << 20, 0);
	machine_is(SHIM_Q35, 0xb0000000 - 4096, 0xb0000000 - 4096, 0);
	machine_is(SHIM_Q35, 0xb0000000, 0x80000000, 0x30000000);
	machine_is(SHIM_Q35, 8 * GIB, 2 * GIB, 6 * GIB);
	machine_is(SHIM_Q35, 512 * GIB, 2 * GIB, 510 * GIB);
	machine_is(SHIM_MICROVM, 0xb0000000, 0xb0000000, 0);
	machine_is(SHIM_MICROVM, 3 * GIB, 3 * GIB, 0);
	machine_is(SHIM_MICROVM, 3 * GIB + 4096, 3 * GIB, 4096);
}

static void ram_that_cannot_be_is_refused(void **state)
{
	static const uint64_t wrong[] = {0, 1, 4095, 4097, 512 * GIB + 4096, UINT64_MAX - 4095};
	struct shim_machine machine;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(shim_machine(SHIM_Q35, wrong[i], &machine));
}

static void machines_have_names(void **state)
{
	(void)state;
	assert_int_equal(shim_machine_type("q35"), SHIM_Q35);
	assert_int_equal(shim_machine_type("pc-q35-11.1"), SHIM_Q35);
	assert_int_equal(shim_machine_type("microvm"), SHIM_MICROVM);
	assert_int_equal(shim_machine_type("pc"), 0);
	assert_int_equal(shim_machine_type("pc-i440fx-10.0"), 0);
	assert_int_equal(shim_machine_type(""), 0);
}

/* RTMR = SHA-384(RTMR | digest), from zeros on. */
static void extended(const uint8_t *digests, unsigned count, uint8_t rtmr[48])
{
	memset(rtmr, 0, 48);
	for (unsigned i = 0; i < count; i++) {
		uint8_t both[96];

		memcpy(both, rtmr, 48);
		memcpy(both + 48, digests + 48 * i, 48);
		EVP_Digest(both, sizeof(both), rtmr, NULL, EVP_sha384(), NULL);
	}
}

static void registers_are_extended_from_zeros(void **state)
{
	struct shim_binding digests;
	struct shim_machine machine;
	uint8_t expected[48], digest[48], rtmr[3][48];

	(void)state;
	for (size_t i = 0; i < sizeof(digests); i++)
		((uint8_t *)&digests)[i] = (uint8_t)(3 * i);
	assert_true(shim_machine(SHIM_MICROVM, 5 * GIB, &machine));
	shim_measure_machine(&machine, rtmr[0]);
	shim_measure_boot(&digests, rtmr[1], rtmr[2]);
	EVP_Digest(&machine, 152, digest, NULL, EVP_sha384(), NULL);
	extended(digest, 1, expected);
	assert_memory_equal(rtmr[0], expected, 48);
	extended(digests.kernel, 1, expected);
	assert_memory_equal(rtmr[1], expected, 48);
	extended(digests.command_line, 2, expected); /* and the initrd, which follows */
	assert_memory_equal(rtmr[2], expected, 48);
}

static uint8_t image[4096];

/* An image with a table of one entry, and a binding 1024 bytes before its end. */
static int reset(void **state)
{
	static const uint8_t table[] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
					0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
	static const uint8_t marker[] = {0x5e, 0x2b, 0x3a, 0x6f, 0x41, 0x9c, 0x7a, 0x4d,
					 0x8e, 0x0b, 0xc1, 0x01, 0x57, 0xe2, 0x54, 0x81};
	uint8_t *end = image + sizeof(image) - 32;

	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(end - 16, table, 16);
	end[-18] = 18 + 22;
	memcpy(end - 34, marker, 16);
	end[-36] = 22;
	end[-39] = 4; /* 0x400 */
	return 0;
}

static enum shim_image kind_of(size_t *offset)
{
	struct shim_binding binding;

	return shim_image_read((struct bytes){image, sizeof(image)}, offset, &binding);
}

static void the_marker_leads_to_the_binding(void **state)
{
	struct shim_binding binding;
	size_t offset;

	(void)state;
	assert_int_equal(kind_of(&offset), SHIM_IMAGE_UNBOUND);
	assert_int_equal(offset, sizeof(image) - 1024);
	memcpy(image + offset, "cloister-bound-1", 16);
	image[offset + 16] = 7;
	image[offset + 159] = 9;
	assert_int_equal(shim_image_read((struct bytes){image, sizeof(image)}, &offset, &binding), SHIM_IMAGE_BOUND);
	assert_int_equal(binding.kernel[0], 7);
	assert_int_equal(binding.initrd[47], 9);
	image[sizeof(image) - 32 - 20] ^= 1; /* of the marker's GUID */
	assert_int_equal(kind_of(&offset), SHIM_IMAGE_OTHER);
	reset(NULL);
	image[sizeof(image) - 33] ^= 1; /* of the table's */
	assert_int_equal(kind_of(&offset), SHIM_IMAGE_OTHER);
}

static void a_wrong_marker_is_no_shim(void **state)
{
	static const struct {
		uint32_t from_end;
		enum shim_image kind;
	} places[] = {{160, SHIM_IMAGE_MALFORMED}, /* the table lies in it */
		      {159, SHIM_IMAGE_MALFORMED},         {0, SHIM_IMAGE_MALFORMED},
		      {sizeof(image), SHIM_IMAGE_UNBOUND}, {sizeof(image) + 1, SHIM_IMAGE_MALFORMED},
		      {UINT32_MAX, SHIM_IMAGE_MALFORMED}};
	size_t offset;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		reset(NULL);
		memcpy(image + sizeof(image) - 32 - 40, &places[i].from_end, 4);
		assert_int_equal(kind_of(&offset), places[i].kind);
	}
	reset(NULL);
	image[sizeof(image) - 1024 + 20] = 1; /* a binding without its magic */
	assert_int_equal(kind_of(&offset), SHIM_IMAGE_MALFORMED);
	reset(NULL);
	image[sizeof(image) - 32 - 18] = 18 + 21; /* of 3 bytes of data */
	image[sizeof(image) - 32 - 36] = 21;
	assert_int_equal(kind_of(&offset), SHIM_IMAGE_MALFORMED);
	reset(NULL);
	image[sizeof(image) - 32 - 18] = 18 + 23; /* of 5, whose first 4 are an offset */
	image[sizeof(image) - 32 - 36] = 23;
	memcpy(image + sizeof(image) - 32 - 41, (const uint8_t[]){0, 4, 0, 0, 0}, 5);
	assert_int_equal(kind_of(&offset), SHIM_IMAGE_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_lies_where_qemu_puts_it),
		cmocka_unit_test(ram_that_cannot_be_is_refused),
		cmocka_unit_test(machines_have_names),
		cmocka_unit_test(registers_are_extended_from_zeros),
		cmocka_unit_test_setup(the_marker_leads_to_the_binding, reset),
		cmocka_unit_test_setup(a_wrong_marker_is_no_shim, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
