/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/rtmr.c */
/*
 * What OVMF measures, against the event log of a guest with Debian 13's OVMF, 512 MiB of RAM, a kernel and an initrd
 * (recorded/ovmf, the guest's CCEL). What the log has no bytes of, the kernel and QEMU's files, is the test's own: there
 * the replay takes another digest than the recorded one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "policy/ovmf_measure.h"

#define COMMAND_LINE "console=ttyS0 nowatchdog rcupdate.rcu_cpu_stall_suppress=1"

#define VOLUME_BYTES 0x84000u
#define STORE_BYTES  0x3ffb8u
#define METADATA     (VOLUME_BYTES + 0x1000u)
#define IMAGE_BYTES  (VOLUME_BYTES + 0x2000u)
#define TABLE        (IMAGE_BYTES - 32u)

enum { RTMR_0 = 1, RTMR_1, RTMR_2 }; /* as the log numbers them */
enum { PLATFORM_CONFIG_FLAGS = 0xa, BOOT_SERVICES_APPLICATION = 0x80000003 };

static uint8_t recorded[4096];
static size_t recorded_bytes;
static uint8_t image[IMAGE_BYTES];
static uint8_t loader[4096], rsdp[20], tables[8192];
static uint8_t kernel[1024];
static struct shim_machine machine;

static void put(uint8_t *at, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void put_section(unsigned number, uint32_t offset, uint32_t raw, uint64_t address, uint64_t bytes, uint32_t type)
{
	uint8_t *at = image + METADATA + 16 + 32 * number;

	put(at, offset, 4);
	put(at + 4, raw, 4);
	put(at + 8, address, 8);
	put(at + 16, bytes, 8);
	put(at + 24, type, 4);
	put(at + 28, type == 0, 4);
}

/* The configuration volume as Debian's OVMF has it: no variable, and the header of a working block. */
static void put_volume(void)
{
	static const uint8_t volume[] = {0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c, 0xa9, 0x85, 0x27, 0x47,
					 0x07, 0x5b, 0x4f, 0x50, 0x00, 0x40, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
					 0x5f, 0x46, 0x56, 0x48, 0xff, 0xfe, 0x04, 0x00, 0x48, 0x00, 0xaf, 0xb8,
					 0x00, 0x00, 0x00, 0x02, 0x84, 0x00, 0x00, 0x00, 0x00, 0x10};
	static const uint8_t store[] = {0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43, 0xa1, 0x80, 0x2e,
					0x14, 0x4e, 0xc3, 0x77, 0x92, 0xb8, 0xff, 0x03, 0x00, 0x5a, 0xfe};
	static const uint8_t working[] = {0x2b, 0x29, 0x58, 0x9e, 0x68, 0x7c, 0x7d, 0x49, 0xa0, 0xce, 0x65,
					  0x00, 0xfd, 0x9f, 0x1b, 0x95, 0x2c, 0xaf, 0x2c, 0x64, 0xfe, 0xff,
					  0xff, 0xff, 0xe0, 0x0f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

	memset(image, 0xff, VOLUME_BYTES);
	memset(image, 0, 0x64);
	memcpy(image + 16, volume, sizeof(volume));
	memcpy(image + 0x48, store, sizeof(store));
	memcpy(image + 0x41000, working, sizeof(working));
}

static void put_metadata(void)
{
	static const uint8_t table[] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
					0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
	static const uint8_t metadata[] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
					   0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};

	memset(image + VOLUME_BYTES, 0, IMAGE_BYTES - VOLUME_BYTES);
	memcpy(image + METADATA, "TDVF", 4);
	put(image + METADATA + 4, 16 + 6 * 32, 4);
	put(image + METADATA + 8, 1, 4);
	put(image + METADATA + 12, 6, 4);
	put_section(0, VOLUME_BYTES, 0x1000, 0xfffff000, 0x1000, 0);
	put_section(1, 0, VOLUME_BYTES, 0xffc00000, VOLUME_BYTES, 1);
	put_section(2, 0, 0, 0x811000, 0xf000, 3);
	put_section(3, 0, 0, 0x80b000, 0x2000, 3);
	put_section(4, 0, 0, 0x809000, 0x2000, 2);
	put_section(5, 0, 0, 0x800000, 0x6000, 3);
	memcpy(image + TABLE - 16, table, 16);
	put(image + TABLE - 18, 18 + 22, 2);
	memcpy(image + TABLE - 34, metadata, 16);
	put(image + TABLE - 36, 22, 2);
	put(image + TABLE - 40, IMAGE_BYTES - METADATA, 4);
}

static void put_command(unsigned number, uint32_t command, const char *file)
{
	uint8_t *at = loader + 128 * number;

	memset(at, 0, 128);
	put(at, command, 4);
	memcpy(at + 4, file, strlen(file));
}

static void put_files(void)
{
	memset(loader, 0, sizeof(loader));
	put_command(0, 1, "etc/acpi/rsdp");
	put_command(1, 1, "etc/acpi/tables");
	put_command(2, 3, "etc/acpi/tables");
	put_command(3, 2, "etc/acpi/rsdp");
	memset(rsdp, 0x11, sizeof(rsdp));
	memset(tables, 0x22, sizeof(tables));
}

/* A PE32+ image of one section: what is hashed of it are all bytes but the checksum and the certificates' entry. */
static void put_kernel(void)
{
	memset(kernel, 0x33, sizeof(kernel));
	memset(kernel + 2, 0, 510);
	memcpy(kernel, "MZ", 2);
	put(kernel + 0x3c, 0x40, 4);
	put(kernel + 0x40, 0x4550, 4);
	put(kernel + 0x46, 1, 2);   /* sections */
	put(kernel + 0x54, 160, 2); /* bytes of the optional header, which is next */
	put(kernel + 0x58, 0x20b, 2);
	put(kernel + 0x58 + 60, 512, 4); /* headers */
	put(kernel + 0x58 + 108, 5, 4);  /* data directories */
	put(kernel + 0x58 + 160 + 16, 512, 4);
	put(kernel + 0x58 + 160 + 20, 512, 4);
	memset(kernel + 0x58 + 64, 0x44, 4);
}

static int reset(void **state)
{
	FILE *file = fopen("tests/unit/policy/recorded/ovmf", "rb");

	(void)state;
	if (!file)
		return -1;
	recorded_bytes = fread(recorded, 1, sizeof(recorded), file);
	fclose(file);
	put_volume();
	put_metadata();
	put_files();
	put_kernel();
	return shim_machine(SHIM_Q35, 512ull << 20, &machine) ? 0 : -1;
}

static void sha384(const void *data, size_t len, uint8_t digest[48])
{
	EVP_Digest(data, len, digest, NULL, EVP_sha384(), NULL);
}

struct event {
	uint32_t rtmr, type;
	const uint8_t *digest, *data;
	uint32_t bytes;
};

static uint32_t u32(size_t at)
{
	assert_true(at + 4 <= recorded_bytes);
	return recorded[at] | (uint32_t)recorded[at + 1] << 8 | (uint32_t)recorded[at + 2] << 16 |
	       (uint32_t)recorded[at + 3] << 24;
}

/* TCG_PCR_EVENT2 with one digest; the first event is of the old form. False at the end. */
static bool next_event(size_t *at, struct event *event)
{
	if (*at == 0)
		*at = 32 + u32(28);
	if (*at == recorded_bytes)
		return false;
	*event = (struct event){u32(*at), u32(*at + 4), recorded + *at + 14, recorded + *at + 66, u32(*at + 62)};
	assert_int_equal(u32(*at + 8), 1);
	*at += 66 + event->bytes;
	return true;
}

/* The register by the log; its events of a type have the digests 'other' instead, one after the other. */
static void replay(uint32_t rtmr, uint32_t type, const uint8_t *other, uint8_t value[48])
{
	struct event event;
	uint8_t both[96];
	size_t at = 0;

	memset(value, 0, 48);
	while (next_event(&at, &event)) {
		if (event.rtmr != rtmr)
			continue;
		memcpy(both, value, 48);
		memcpy(both + 48, event.type == type ? other : event.digest, 48);
		other += event.type == type ? 48 : 0;
		sha384(both, sizeof(both), value);
	}
}

static const char *measure_machine(uint8_t rtmr[48])
{
	const struct ovmf_acpi acpi = {{loader, sizeof(loader)}, {rsdp, sizeof(rsdp)}, {tables, sizeof(tables)}};

	return ovmf_measure_machine((struct bytes){image, sizeof(image)}, &machine, &acpi, rtmr);
}

static void machine_is_as_in_the_log(void **state)
{
	uint8_t files[3 * 48], expected[48], rtmr[48];

	(void)state;
	sha384(loader, sizeof(loader), files);
	sha384(rsdp, sizeof(rsdp), files + 48);
	sha384(tables, sizeof(tables), files + 96);
	replay(RTMR_0, PLATFORM_CONFIG_FLAGS, files, expected);
	assert_null(measure_machine(rtmr));
	assert_memory_equal(rtmr, expected, 48);
}

/* The loader's order is the files'. */
static void files_are_measured_as_the_loader_wants_them(void **state)
{
	uint8_t files[3 * 48], expected[48], rtmr[48];

	(void)state;
	put_command(0, 1, "etc/acpi/tables");
	put_command(1, 1, "etc/acpi/rsdp");
	sha384(loader, sizeof(loader), files);
	sha384(tables, sizeof(tables), files + 48);
	sha384(rsdp, sizeof(rsdp), files + 96);
	replay(RTMR_0, PLATFORM_CONFIG_FLAGS, files, expected);
	assert_null(measure_machine(rtmr));
	assert_memory_equal(rtmr, expected, 48);
}

static void kernel_is_as_in_the_log(void **state)
{
	uint8_t hashed[sizeof(kernel)], digest[48], expected[48], rtmr[48];
	const size_t checksum = 0x58 + 64, certificates = 0x58 + 144;

	(void)state;
	memcpy(hashed, kernel, checksum);
	memcpy(hashed + checksum, kernel + checksum + 4, certificates - checksum - 4);
	memcpy(hashed + certificates - 4, kernel + certificates + 8, sizeof(kernel) - certificates - 8);
	sha384(hashed, sizeof(kernel) - 12, digest);
	replay(RTMR_1, BOOT_SERVICES_APPLICATION, digest, expected);
	assert_null(ovmf_measure_kernel((struct bytes){kernel, sizeof(kernel)}, rtmr));
	assert_memory_equal(rtmr, expected, 48);
}

/* The digest of the last event of RTMR 2, which is the initrd's. */
static const uint8_t *recorded_initrd(void)
{
	const uint8_t *digest = NULL;
	struct event event;

	for (size_t at = 0; next_event(&at, &event);)
		if (event.rtmr == RTMR_2)
			digest = event.digest;
	return digest;
}

static void boot_is_as_in_the_log(void **state)
{
	uint8_t expected[48], rtmr[48];

	(void)state;
	replay(RTMR_2, 0, NULL, expected);
	assert_null(ovmf_measure_boot(COMMAND_LINE, recorded_initrd(), rtmr));
	assert_memory_equal(rtmr, expected, 48);
	assert_null(ovmf_measure_boot(COMMAND_LINE " quiet", recorded_initrd(), rtmr));
	assert_memory_not_equal(rtmr, expected, 48);
}

/* Without an initrd the load options are the command line, and nothing else is measured. */
static void boot_without_an_initrd(void **state)
{
	uint8_t both[96] = {0}, expected[48], rtmr[48];

	(void)state;
	sha384("a\0 \0b\0\0", 8, both + 48);
	sha384(both, sizeof(both), expected);
	assert_null(ovmf_measure_boot("a b", NULL, rtmr));
	assert_memory_equal(rtmr, expected, 48);
}

static void none_because(const char *found, const char *reason)
{
	assert_non_null(found);
	assert_string_equal(found, reason);
}

static void expect_none(const char *reason)
{
	uint8_t rtmr[48];

	none_because(measure_machine(rtmr), reason);
	reset(NULL);
}

static void images_that_are_no_such_ovmf(void **state)
{
	(void)state;
	image[METADATA] ^= 1;
	expect_none("the firmware has no TDX metadata");
	put_section(1, 0, VOLUME_BYTES, 0xffc00000, VOLUME_BYTES, 0);
	expect_none("the firmware has no configuration volume: it is no OVMF");
	put_section(0, VOLUME_BYTES, 0x1000, 0xfffff000, 0x1000, 1);
	expect_none("the firmware has two configuration volumes: it is no OVMF");
	image[0x48] ^= 1;
	expect_none("the firmware's configuration volume has no store of variables: it is no OVMF");
	put(image + 0x58, 27, 4);
	expect_none("the firmware's store of variables is cut off");
	put(image + 0x58, VOLUME_BYTES, 4);
	expect_none("the firmware's store of variables is cut off");
	image[0x64] = 0xaa;
	expect_none("the firmware has UEFI variables in it, such as keys for Secure Boot");
	image[0x48 + STORE_BYTES - 1] = 0xfe; /* the store's last byte */
	expect_none("the firmware has UEFI variables in it, such as keys for Secure Boot");
	put_section(4, 0, 0, 512ull << 20, 0x2000, 2);
	expect_none("the guest's RAM has no room for what the firmware wants in it");
}

static void loaders_that_are_not_understood(void **state)
{
	static const char other[] = "QEMU's etc/table-loader names a file of no ACPI tables, such as a TPM's log";
	static const char few[] = "QEMU's etc/table-loader does not name its two files";
	const struct ovmf_acpi cut = {{loader, 127}, {rsdp, sizeof(rsdp)}, {tables, sizeof(tables)}};
	uint8_t rtmr[48];

	(void)state;
	put_command(2, 1, "etc/tpm/log");
	expect_none(other);
	put_command(1, 1, "etc/acpi/tables2");
	expect_none(other);
	put_command(1, 0, "etc/acpi/tables");
	expect_none(few);
	put_command(4, 1, "etc/acpi/tables");
	expect_none(few);
	none_because(ovmf_measure_machine((struct bytes){image, sizeof(image)}, &machine, &cut, rtmr),
		     "QEMU's etc/table-loader is cut off");
}

static void boots_that_are_not_understood(void **state)
{
	uint8_t rtmr[48];

	(void)state;
	none_because(ovmf_measure_kernel((struct bytes){kernel, 511}, rtmr), "the kernel is no EFI program");
	none_because(ovmf_measure_boot("", NULL, rtmr), "there is neither a command line nor an initrd");
	assert_null(ovmf_measure_boot("", recorded_initrd(), rtmr));
	none_because(ovmf_measure_boot("name=\xc3\xa4", NULL, rtmr), "the command line is not ASCII");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(machine_is_as_in_the_log, reset),
		cmocka_unit_test_setup(files_are_measured_as_the_loader_wants_them, reset),
		cmocka_unit_test_setup(kernel_is_as_in_the_log, reset),
		cmocka_unit_test_setup(boot_is_as_in_the_log, reset),
		cmocka_unit_test_setup(boot_without_an_initrd, reset),
		cmocka_unit_test_setup(images_that_are_no_such_ovmf, reset),
		cmocka_unit_test_setup(loaders_that_are_not_understood, reset),
		cmocka_unit_test_setup(boots_that_are_not_understood, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
