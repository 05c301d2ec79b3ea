/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloister.conf: what is accepted, and how everything else is refused. */
#include "loader_test.h"

#include <cloister/boot_info.h>

#include "config.h"

static struct config config;
static struct failure failure;

/* Parses a copy that ends where the text ends, so a read past it is seen. */
static bool parse_bytes(const char *text, size_t bytes)
{
	char *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, text, bytes);
	const bool done = config_parse(copy, bytes, &config, &failure);
	free(copy);
	return done;
}

static bool parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void refused(const char *text, const char *error, const char *where)
{
	assert_fails(parse(text), failure, error, where);
}

static void empty_file_means_defaults(void **state)
{
	(void)state;
	assert_true(parse(""));
	assert_string_equal(config.image_svm, "\\EFI\\cloister\\hv-svm.elf");
	assert_string_equal(config.image_vmx, "\\EFI\\cloister\\hv-vmx.elf");
	assert_string_equal(config.kernel, "");
	assert_int_equal(config.pool_mib, 0);
	assert_int_equal(config.tpm_binding, CONFIG_BINDING_STRONG);
	assert_int_equal(config.require_tpm, 1);
	assert_int_equal(config.require_iommu, 1);
	assert_int_equal(config.allow_preboot, 0);
	assert_int_equal(config.serial_port, 0);
	assert_int_equal(config.on_error, CONFIG_ON_ERROR_STOP);
	assert_int_equal(config.on_crash, BOOT_CRASH_RESET);
	assert_int_equal(config.boot, CONFIG_BOOT_FIRMWARE);
}

static void every_key(void **state)
{
	(void)state;
	assert_true(parse("# comment\r\n"
			  "\n"
			  " \timage_svm =\\a.elf\t \r\n"
			  "image_vmx=\\b.elf\n"
			  "pool_mib = 16777214\n"
			  "tpm_binding = weak\n"
			  "require_tpm = no\n"
			  "require_iommu = no\n"
			  "pci_ports = shown\n"
			  "allow_preboot = yes\n"
			  "sleep = allow\n"
			  "serial = 0x3F8\n"
			  "on_error = continue\n"
			  "on_crash = stop\n"
			  "boot = kernel\n"
			  "kernel = \\vmlinuz\n"
			  "initrd = \\initrd.img\n"
			  "cmdline = console=ttyS0 # not a comment\n"
			  "chain = \\EFI\\debian\\grubx64.efi"));
	assert_string_equal(config.image_svm, "\\a.elf");
	assert_string_equal(config.image_vmx, "\\b.elf");
	assert_int_equal(config.pool_mib, 16777214);
	assert_int_equal(config.tpm_binding, CONFIG_BINDING_WEAK);
	assert_int_equal(config.require_tpm, 0);
	assert_int_equal(config.require_iommu, 0);
	assert_int_equal(config.pci_ports, 1);
	assert_int_equal(config.allow_preboot, 1);
	assert_int_equal(config.sleep, 1);
	assert_int_equal(config.serial_port, 0x3f8);
	assert_int_equal(config.on_error, CONFIG_ON_ERROR_CONTINUE);
	assert_int_equal(config.on_crash, BOOT_CRASH_STOP);
	assert_int_equal(config.boot, CONFIG_BOOT_KERNEL);
	assert_string_equal(config.kernel, "\\vmlinuz");
	assert_string_equal(config.initrd, "\\initrd.img");
	assert_string_equal(config.cmdline, "console=ttyS0 # not a comment");
	assert_string_equal(config.chain, "\\EFI\\debian\\grubx64.efi");
}

static void the_other_values(void **state)
{
	(void)state;
	assert_true(parse("tpm_binding = strong\nrequire_tpm = yes\nserial = none\non_error = stop\n"
			  "boot = loader\nchain = \\x\n"));
	assert_int_equal(config.tpm_binding, CONFIG_BINDING_STRONG);
	assert_int_equal(config.require_tpm, 1);
	assert_int_equal(config.serial_port, 0);
	assert_int_equal(config.on_error, CONFIG_ON_ERROR_STOP);
	assert_int_equal(config.boot, CONFIG_BOOT_LOADER);
}

/* The example documents the defaults: it must mean them. */
static void example_means_defaults(void **state)
{
	static char text[CONFIG_MAX_BYTES + 1];
	struct config defaults;
	FILE *file = fopen("loader/cloister.conf.example", "rb");
	(void)state;

	assert_non_null(file);
	const size_t bytes = fread(text, 1, CONFIG_MAX_BYTES, file);
	fclose(file);
	assert_true(parse(""));
	defaults = config;
	assert_true(parse_bytes(text, bytes));
	assert_memory_equal(&config, &defaults, sizeof(config));
}

static void bad_lines(void **state)
{
	(void)state;
	refused("# one\ncolour = blue\n", "LOADER_E_CONFIG_KEY", "line 2, key 'colour'");
	refused("POOL_MIB = 2\n", "LOADER_E_CONFIG_KEY", "'POOL_MIB'");
	refused("pool_mib = 2\n\npool_mib = 2\n", "LOADER_E_CONFIG_DUPLICATE", "line 3, key 'pool_mib'");
	refused("pool_mib\n", "LOADER_E_CONFIG_SYNTAX", "line 1: 'pool_mib'");
	refused("= 3\n", "LOADER_E_CONFIG_SYNTAX", "line 1");
	refused("pool_mib = \n", "LOADER_E_CONFIG_SYNTAX", "key 'pool_mib'");
}

static void bad_bytes(void **state)
{
	(void)state;
	refused("# caf\xc3\xa9\n", "LOADER_E_CONFIG_ASCII", "line 1, column 6");
	refused("#\x7f\n", "LOADER_E_CONFIG_ASCII", "line 1, column 2");
	refused("pool_mib\v= 2\n", "LOADER_E_CONFIG_ASCII", "line 1, column 9");
	refused("pool_mib = 2\r4\n", "LOADER_E_CONFIG_ASCII", "line 1, column 13");
	assert_fails(parse_bytes("a\0b", 3), failure, "LOADER_E_CONFIG_ASCII", "line 1, column 2");
}

static void bad_numbers(void **state)
{
	static const char *const pool[] = {"1", "-2", "0x2", "2 4", "16777216", "4294967296", "18446744073709551618",
					   "2a"};
	static const char *const port[] = {"3f8",     "0x",   "0x0",   "0xfff9",
					   "0x13f80", "None", "0x3g8", "0xffffffffffffffff0"};
	char line[64];
	(void)state;

	for (size_t i = 0; i < sizeof(pool) / sizeof(pool[0]); i++) {
		snprintf(line, sizeof(line), "pool_mib = %s\n", pool[i]);
		refused(line, "LOADER_E_CONFIG_NUMBER", "line 1, key 'pool_mib': expected an even number");
	}
	for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++) {
		snprintf(line, sizeof(line), "serial = %s\n", port[i]);
		refused(line, "LOADER_E_CONFIG_NUMBER", "line 1, key 'serial': expected none, or a port");
	}
}

static void bad_choices(void **state)
{
	(void)state;
	refused("require_tpm = maybe\n", "LOADER_E_CONFIG_CHOICE", "line 1, key 'require_tpm': expected no, yes");
	refused("boot = disk\n", "LOADER_E_CONFIG_CHOICE", "expected kernel, loader, firmware");
	refused("tpm_binding = Weak\n", "LOADER_E_CONFIG_CHOICE", "'tpm_binding'");
}

static void bad_paths(void **state)
{
	char line[300] = "kernel = \\";
	(void)state;

	refused("kernel = vmlinuz\n", "LOADER_E_CONFIG_PATH", "line 1, key 'kernel'");
	refused("kernel = \\\n", "LOADER_E_CONFIG_PATH", "line 1");
	refused("kernel = \\EFI/vmlinuz\n", "LOADER_E_CONFIG_PATH", "line 1");
	memset(line + 10, 'x', 254); /* with the backslash 255, the longest path */
	assert_true(parse(line));
	line[264] = 'x';
	refused(line, "LOADER_E_CONFIG_PATH", "line 1");
}

static void missing_keys(void **state)
{
	(void)state;
	refused("cmdline = quiet nolapic\n", "LOADER_E_CONFIG_CMDLINE", "'cmdline': nolapic");
	refused("cmdline = disableapic\tquiet\n", "LOADER_E_CONFIG_CMDLINE", "disableapic");
	assert_true(parse("cmdline = nolapic_timer x.nolapic=1 nolapic=0\n"));
	refused("boot = kernel\n", "LOADER_E_CONFIG_NEEDS", "'kernel'");
	refused("boot = loader\n", "LOADER_E_CONFIG_NEEDS", "'chain'");
}

/* On an error, what the lines before it said: also whether they said anything of the port that shows it. */
static void port_before_an_error(void **state)
{
	(void)state;
	assert_false(parse("colour = blue\nserial = 0x2f8\n"));
	assert_int_equal(config.serial_port, CONFIG_SERIAL_UNSAID);
	assert_false(parse("serial = 0x2f8\ncolour = blue\n"));
	assert_int_equal(config.serial_port, 0x2f8);
	assert_false(parse("serial = none\ncolour = blue\n"));
	assert_int_equal(config.serial_port, 0);
	assert_false(parse("boot = kernel\n"));
	assert_int_equal(config.serial_port, 0);
}

static void longest_line(void **state)
{
	char line[2120] = "cmdline = ";
	(void)state;

	memset(line + 10, 'x', 2047); /* with its terminator, what Linux takes */
	assert_true(parse(line));
	assert_int_equal(strlen(config.cmdline), 2047);
	line[2057] = 'x';
	refused(line, "LOADER_E_CONFIG_LONG", "line 1, key 'cmdline': expected at most 2047 bytes");
	memset(line + 2057, ' ', 55);
	strcpy(line + 2112, "\r\n");
	assert_true(parse(line));
	strcpy(line + 2112, "x\n");
	refused(line, "LOADER_E_CONFIG_LONG", "line 1");
}

static void most_lines(void **state)
{
	char text[98];
	(void)state;

	memset(text, '\n', sizeof(text));
	assert_true(parse_bytes(text, 96));
	assert_fails(parse_bytes(text, 97), failure, "LOADER_E_CONFIG_LINES", "line 97");
	memcpy(text + 96, "#", 1); /* the last one without its end */
	assert_fails(parse_bytes(text, 97), failure, "LOADER_E_CONFIG_LINES", "line 97");
}

static void largest_file(void **state)
{
	static char text[CONFIG_MAX_BYTES + 1];
	(void)state;

	assert_fails(parse_bytes(text, sizeof(text)), failure, "LOADER_E_FILE_SIZE", "12289 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_file_means_defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(the_other_values),
		cmocka_unit_test(example_means_defaults),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(bad_numbers),
		cmocka_unit_test(bad_choices),
		cmocka_unit_test(bad_paths),
		cmocka_unit_test(missing_keys),
		cmocka_unit_test(port_before_an_error),
		cmocka_unit_test(longest_line),
		cmocka_unit_test(most_lines),
		cmocka_unit_test(largest_file),
	};

	return cmocka_run_group_tests_name("loader_config", tests, NULL, NULL);
}
