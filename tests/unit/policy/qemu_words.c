/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/guest_setup.c */
/* QEMU's command line: what is taken of it, what is passed over, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/qemu_words.h"

#define MIB       (1ull << 20)
#define BASE64    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8w" /* of the bytes 1 to 48 */
#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})
#define PROTECTED "-bios", "fw", "-object", "tdx-guest,id=t", "-machine", "q35,confidential-guest-support=t"

static struct guest_setup setup;
static struct parse_error error;

static bool read_words(const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	setup = (struct guest_setup){.ram_bytes = 0};
	error = (struct parse_error){.where = ""};
	return qemu_words_read(count, words, &setup, &error);
}

static void refused(bool read, const char *where, const char *what)
{
	assert_false(read);
	assert_string_equal(error.where, where);
	if (!strstr(error.what, what))
		fail_msg("%s: %s", error.where, error.what);
}

/* As libvirt starts a guest of docs/guests.md. */
static void all_that_matters_is_taken(void **state)
{
	(void)state;
	assert_true(READ("qemu-system-x86_64", "-name", "guest=kernel,debug-threads=on", "-S", "-machine",
			 "pc-q35-11.1,usb=off,smm=off,memory-backend=pc.ram,acpi=on", "-accel", "kvm", "-cpu", "host",
			 "-bios", "/usr/share/ovmf/OVMF.fd", "-m", "size=524288k,slots=4,maxmem=8G", "-object",
			 "{\"qom-type\":\"memory-backend-ram\",\"id\":\"pc.ram\",\"size\":536870912}", "-smp",
			 "maxcpus=3,cpus=1,sockets=3,cores=1,threads=1", "-nodefaults", "-no-reboot", "-kernel",
			 "/vmlinuz", "-initrd", "/initrd.img", "-append", "console=ttyS0 a,,b=c", "-blockdev",
			 "{\"driver\":\"file\",\"filename\":\"x\"}", "-object", "tdx-guest,id=tdx0,mrconfigid=" BASE64,
			 "-machine", "confidential-guest-support=tdx0"));
	assert_string_equal(setup.machine, "pc-q35-11.1");
	assert_string_equal(setup.firmware, "/usr/share/ovmf/OVMF.fd");
	assert_string_equal(setup.kernel, "/vmlinuz");
	assert_string_equal(setup.initrd, "/initrd.img");
	assert_string_equal(setup.command_line, "console=ttyS0 a,,b=c");
	assert_int_equal(setup.ram_bytes, 512 * MIB);
	assert_int_equal(setup.vcpus, 3);
	for (uint8_t i = 0; i < 48; i++)
		assert_int_equal(setup.mrconfigid[i], i + 1);
	assert_true(guest_setup_check(&setup, &error));
}

static void sizes_are_those_of_qemu(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {{"512", 512 * MIB},           {"size=512", 512 * MIB}, {"1G", 1024 * MIB},     {"1g", 1024 * MIB},
		     {"2048k", 2 * MIB},           {"2T", 2ull << 40},      {"9,slots=2", 9 * MIB}, {"8192B", 8192},
		     {"slots=2,size=3M", 3 * MIB}, {"8193b", 16384},        {"15E", 15ull << 60},   {"1P", 1ull << 50}};
	static const char *const wrong[] = {"",
					    "0",
					    "x",
					    "1.5G",
					    "-1",
					    "1GB",
					    "16E",
					    "0x10",
					    "M",
					    "1 ",
					    "99999999999999999999",
					    "36893488147419103240",
					    "17592186044416"};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_true(READ("-m", sizes[i].text));
		assert_int_equal(setup.ram_bytes, sizes[i].bytes);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t bytes;

		assert_false(guest_setup_memory(wrong[i], &bytes));
	}
	refused(READ("-m", "1.5G"), "-m, 1.5G", "whole number");
}

static void options_have_other_names(void **state)
{
	(void)state;
	assert_true(
		READ("--M", "type=microvm,acpi=off,auto-kernel-cmdline=off,kernel=k,initrd=i,append=a=b,firmware=f"));
	assert_string_equal(setup.machine, "microvm");
	assert_true(setup.no_acpi && setup.command_line_fixed);
	assert_string_equal(setup.kernel, "k");
	assert_string_equal(setup.initrd, "i");
	assert_string_equal(setup.command_line, "a=b");
	assert_string_equal(setup.firmware, "f");
	assert_true(READ("-kernel", "a", "-kernel", "b", "-no-acpi", "-append", "-kernel", "disk.img", "-"));
	assert_string_equal(setup.kernel, "b");
	assert_string_equal(setup.command_line, "-kernel");
	assert_true(setup.no_acpi);
}

static void an_object_is_a_list_or_json(void **state)
{
	(void)state;
	assert_true(READ("-object", "{\"qom-type\": \"tdx-guest\", \"id\": \"t\", \"mrowner\": \"" BASE64
				    "\", \"quote-generation-socket\": {\"type\": \"unix\"}}"));
	assert_string_equal(setup.tdx_guest, "t");
	assert_int_equal(setup.mrowner[47], 48);
	assert_true(READ("-object", "tdx-guest,sept-ve-disable=on,mrownerconfig=" BASE64 ",id=t"));
	assert_int_equal(setup.mrownerconfig[47], 48);
	assert_true(READ("-object", "rng-random,id=mrowner,mrowner=x"));
	assert_string_equal(setup.tdx_guest, "");
	refused(READ("-object", "{\"id\": 1}"), "-object", "qom-type");
	refused(READ("-object", "{"), "-object", "JSON");
	refused(READ("-object", "id=t,qom-type=tdx-guest"), "-object, id", "first");
	refused(READ("-object", "tdx-guest,id=a", "-object", "tdx-guest,id=b"), "-object, b", "second");
	refused(READ("-object", "tdx-guest,mrowner=AAAA"), "mrowner", "48 bytes");
	refused(READ("-object", "tdx-guest,mrconfigid=" BASE64 "AAAA"), "mrconfigid", "48 bytes");
	refused(READ("-object", "{\"qom-type\": \"tdx-guest\", \"mrowner\": \"\"}"), "mrowner", "48 bytes");
}

static void what_changes_more_is_refused(void **state)
{
	(void)state;
	refused(READ("-pflash", "x"), "-pflash", "-bios");
	refused(READ("-drive", "if=pflash,format=raw,file=x"), "-drive, if=pflash", "-bios");
	assert_true(READ("-drive", "file=a,,b,if=virtio", "-drive", "x.img"));
	refused(READ("-machine", "q35,pflash0=x"), "-machine, pflash0", "-bios");
	refused(READ("-machine", "q35,max-ram-below-4g=1G"), "-machine, max-ram-below-4g", "RAM");
	refused(READ("-machine", "q35", "-M", "microvm"), "-M, microvm", "another machine");
	assert_true(READ("-machine", "q35", "-M", "q35,smm=off"));
	refused(READ("-dtb", "x"), "-dtb", "device tree");
	refused(READ("-readconfig", "x"), "-readconfig", "write them out");
	refused(READ("-set", "object.t.mrowner=x"), "-set", "there");
	refused(READ("-kernel"), "-kernel", "no argument");
	refused(READ("-machine", "q35,smm"), "-machine, smm", "no value");
	refused(READ("-smp", "x"), "-smp, cpus", "whole number");
}

static void long_texts_are_refused(void **state)
{
	static char text[GUEST_SETUP_TEXT_BYTES + 1];

	(void)state;
	memset(text, 'x', sizeof(text) - 2);
	assert_true(READ("-append", text));
	refused(READ("-machine", text), "-machine", "too long");
	text[sizeof(text) - 2] = 'x';
	refused(READ("-append", text), "-append", "too long");
	refused(READ("-drive", text), "-drive", "too long");
	refused(READ("-object", text), "-object", "too long");
}

static bool checked(bool read)
{
	assert_true(read);
	return guest_setup_check(&setup, &error);
}

static void a_guest_must_be_protected(void **state)
{
	(void)state;
	assert_true(checked(READ(PROTECTED)));
	refused(checked(READ("-bios", "x", "-object", "tdx-guest,id=t")), "no protected guest", "confidential");
	refused(checked(READ("-bios", "x", "-machine", "confidential-guest-support=t")), "t", "no -object tdx-guest");
	refused(checked(READ(PROTECTED, "-machine", "confidential-guest-support=u")), "u", "no -object tdx-guest");
	refused(checked(READ(PROTECTED, "-bios", "")), "no firmware", "-bios");
	refused(checked(READ(PROTECTED, "-append", "x")), "no kernel", "no kernel");
	refused(checked(READ(PROTECTED, "-machine", "memory-backend=m")), "memory-backend", "-m");
	assert_true(checked(READ(PROTECTED, "-machine", "memory-backend=m", "-m", "1G")));
}

static void names_of_files_are_printable(void **state)
{
	static const char *const wrong[] = {"a\nmrtd 00", "\x1b[2J", "\x7f",
					    "\xc2\x9b"
					    "2J"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(checked(READ(PROTECTED, "-bios", wrong[i])), "firmware, kernel, initrd", "control");
		refused(checked(READ(PROTECTED, "-kernel", wrong[i])), "firmware, kernel, initrd", "control");
		refused(checked(READ(PROTECTED, "-kernel", "k", "-initrd", wrong[i])), "firmware, kernel, initrd",
			"control");
	}
	assert_true(checked(READ(PROTECTED, "-kernel", "/\xc3\xa9 \xc2\xa0", "-append", "a\nb")));
}

static void microvm_must_leave_the_command_line(void **state)
{
	(void)state;
#define MICROVM "-bios", "fw", "-object", "tdx-guest,id=t", "-M", "microvm,confidential-guest-support=t"
	assert_true(checked(READ(MICROVM, "-kernel", "k")));
	refused(checked(READ(MICROVM, "-kernel", "k", "-M", "acpi=off")), "microvm without ACPI",
		"auto-kernel-cmdline");
	assert_true(checked(READ(MICROVM, "-M", "acpi=off")));
	assert_true(checked(READ(MICROVM, "-kernel", "k", "-M", "acpi=off,auto-kernel-cmdline=off")));
	assert_true(checked(READ(PROTECTED, "-kernel", "k", "-no-acpi")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_matters_is_taken),    cmocka_unit_test(sizes_are_those_of_qemu),
		cmocka_unit_test(options_have_other_names),     cmocka_unit_test(an_object_is_a_list_or_json),
		cmocka_unit_test(what_changes_more_is_refused), cmocka_unit_test(long_texts_are_refused),
		cmocka_unit_test(a_guest_must_be_protected),    cmocka_unit_test(microvm_must_leave_the_command_line),
		cmocka_unit_test(names_of_files_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
