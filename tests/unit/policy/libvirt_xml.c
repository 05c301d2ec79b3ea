/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's domain XML: what is taken of it, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/libvirt_xml.h"

#define MIB    (1ull << 20)
#define BASE64 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8w" /* of the bytes 1 to 48 */
#define DOMAIN "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
#define MEMORY "<memory unit='MiB'>512</memory>"

static struct guest_setup setup;
static struct parse_error error;

/* From memory of just this length: the sanitisers see each byte that is read too much. */
static bool read_xml(const char *text)
{
	const size_t len = strlen(text);
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	error = (struct parse_error){.where = ""};
	const bool ok = libvirt_xml_read((struct bytes){copy, len}, &setup, &error);
	free(copy);
	return ok;
}

static void refused(const char *text, const char *where, const char *what)
{
	assert_false(read_xml(text));
	if (strcmp(error.where, where) != 0 || !strstr(error.what, what))
		fail_msg("%s: %s", error.where, error.what);
}

static void all_that_matters_is_taken(void **state)
{
	(void)state;
	assert_true(
		read_xml("<?xml version='1.0'?>\n<!-- a guest -->\n" DOMAIN "<name>x</name>" MEMORY
			 "<currentMemory>1</currentMemory><vcpu placement='static'> 2 </vcpu><os><type arch='x86_64' "
			 "machine='pc-q35-11.1'>hvm</type><loader type='rom'>/fw&amp;.fd</loader><kernel>/k</kernel>"
			 "<initrd>/i</initrd><cmdline>a  b&lt;&#x63;<![CDATA[ d&]]></cmdline><boot dev='hd'/></os>"
			 "<features><acpi/><apic/></features><devices><disk><kernel>no</kernel></disk></devices>"
			 "<launchSecurity type='tdx'><policy>0x10000000</policy><mrConfigId>" BASE64
			 "</mrConfigId><quoteGenerationService path='/x'/></launchSecurity></domain>\n"));
	assert_string_equal(setup.machine, "pc-q35-11.1");
	assert_string_equal(setup.firmware, "/fw&.fd");
	assert_string_equal(setup.kernel, "/k");
	assert_string_equal(setup.initrd, "/i");
	assert_string_equal(setup.command_line, "a  b<c d&");
	assert_int_equal(setup.ram_bytes, 512 * MIB);
	assert_int_equal(setup.vcpus, 2);
	assert_int_equal(setup.mrconfigid[47], 48);
	assert_int_equal(setup.mrowner[0], 0);
	assert_false(setup.no_acpi);
	assert_true(guest_setup_check(&setup, &error));
}

static void arguments_of_qemu_are_taken(void **state)
{
	(void)state;
	assert_true(read_xml(DOMAIN MEMORY "<os><type machine='q35'>hvm</type><loader>/fw</loader></os>"
					   "<qemu:commandline><qemu:arg value='-object'/><qemu:arg "
					   "value='{&quot;qom-type&quot;: &quot;tdx-guest&quot;,\n &quot;id&quot;: "
					   "&quot;tdx0&quot;}'/><qemu:arg value='-machine'/><qemu:arg "
					   "value='confidential-guest-support=tdx0'/></qemu:commandline></domain>"));
	assert_true(guest_setup_check(&setup, &error));
	assert_true(setup.no_acpi);
	/* Of another namespace, they are not QEMU's. */
	assert_true(read_xml("<domain xmlns:qemu='http://example.org'>" MEMORY
			     "<qemu:commandline><qemu:arg value='-pflash'/></qemu:commandline></domain>"));
	refused(DOMAIN MEMORY "<qemu:commandline><qemu:arg value='-pflash'/><qemu:arg value='x'/></qemu:commandline>"
			      "</domain>",
		"-pflash", "-bios");
	refused(DOMAIN MEMORY "<qemu:commandline><qemu:arg/></qemu:commandline></domain>",
		"domain/qemu:commandline/qemu:arg", "no value");
}

static void memory_has_units(void **state)
{
	static const struct {
		const char *unit, *number;
		uint64_t bytes;
	} units[] = {{"", "524288", 512 * MIB},          {" unit='KiB'", "524288", 512 * MIB},
		     {" unit='k'", "524287", 512 * MIB}, {" unit='bytes'", "1", MIB},
		     {" unit='MB'", "100", 96 * MIB},    {" unit='G'", "\n 3\t", 3072 * MIB},
		     {" unit='gib'", "3", 3072 * MIB},   {" unit='TiB'", "1", 1ull << 40}};
	static const struct {
		const char *unit, *number, *what;
	} wrong[] = {{" unit='Mi'", "1", "unit"},
		     {" unit=''", "1", "unit"},
		     {" unit='XiB'", "1", "unit"},
		     {"", "", "whole number"},
		     {"", "0", "whole number"},
		     {"", "1.5", "whole number"},
		     {"", "1 2", "whole number"},
		     {" unit='TiB'", "99999999", "whole number"},
		     {"", "99999999999999999999", "whole number"}};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		snprintf(text, sizeof(text), "<domain><memory%s>%s</memory></domain>", units[i].unit, units[i].number);
		assert_true(read_xml(text));
		assert_int_equal(setup.ram_bytes, units[i].bytes);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "<domain><memory%s>%s</memory></domain>", wrong[i].unit, wrong[i].number);
		refused(text, "domain/memory", wrong[i].what);
	}
	refused("<domain/>", "domain/memory", "is missing");
}

static void what_changes_more_is_refused(void **state)
{
	static const struct {
		const char *inside, *where, *what;
	} wrong[] = {
		{"<os><loader type='pflash'>/x</loader></os>", "domain/os/loader", "no flash"},
		{"<os><dtb>/x</dtb></os>", "domain/os/dtb", "device tree"},
		{"<cpu><numa><cell/></numa></cpu>", "domain/cpu/numa", "NUMA"},
		{"<devices><memory model='dimm'/></devices>", "domain/devices/memory", "memory devices"},
		{"<launchSecurity type='sev'/>", "domain/launchSecurity", "'tdx'"},
		{"<launchSecurity/>", "domain/launchSecurity", "'tdx'"},
		{"<launchSecurity type='tdx'><mrOwner>AAAA</mrOwner></launchSecurity>", "domain/launchSecurity/mrOwner",
		 "48 bytes"},
		{"<os><kernel>/a</kernel><kernel>/b</kernel></os>", "domain/os/kernel", "twice"},
		{"<os><kernel>/a<b/></kernel></os>", "domain/os/kernel", "element in its text"},
		{"<vcpu>x</vcpu>", "domain/vcpu", "whole number"},
		{"<os><type machine='pc-q35-0123456789012345678901234567890123456789012345678901234567890123'/></os>",
		 "domain/os/type", "too long"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), DOMAIN MEMORY "%s</domain>", wrong[i].inside);
		refused(text, wrong[i].where, wrong[i].what);
	}
	assert_true(read_xml(DOMAIN MEMORY "<x><os><dtb/></os></x><cpu><x><numa/></x></cpu></domain>"));
}

static void what_is_no_domain_is_refused(void **state)
{
	(void)state;
	refused("", "the file", "no element");
	refused("text", "the file", "");
	refused("<domain>", "domain", "no element");
	refused("<domain>\n<a></b></domain>", "domain/a", "mismatched");
	refused("<network/>", "network", "<domain>");
	refused("<domain/><domain/>", "the file", "junk");
	refused("<!DOCTYPE domain [<!ENTITY a 'x'>]><domain>&a;</domain>", "<!DOCTYPE>", "leave it out");
	refused("<!DOCTYPE domain SYSTEM '/etc/passwd'><domain/>", "<!DOCTYPE>", "leave it out");
}

static void large_input_is_refused(void **state)
{
	static char text[LIBVIRT_XML_MAX_BYTES + 2];
	size_t at;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	refused(text, "the file", "1 MiB");
	at = (size_t)sprintf(text, "<domain><os><cmdline>");
	memset(text + at, 'x', GUEST_SETUP_TEXT_BYTES);
	sprintf(text + at + GUEST_SETUP_TEXT_BYTES - 1, "</cmdline></os>" MEMORY "</domain>");
	assert_true(read_xml(text));
	assert_int_equal(strlen(setup.command_line), GUEST_SETUP_TEXT_BYTES - 1);
	sprintf(text + at + GUEST_SETUP_TEXT_BYTES, "</cmdline></os>" MEMORY "</domain>");
	text[at + GUEST_SETUP_TEXT_BYTES - 1] = 'x';
	refused(text, "domain/os/cmdline", "too long");
	/* Deep, with long names, and back: paths are counted, not kept. */
	at = (size_t)sprintf(text, "<domain>" MEMORY);
	for (unsigned i = 0; i < 100; i++)
		at += (size_t)sprintf(text + at, "<%s>", "elementname");
	at += (size_t)sprintf(text + at, "<a/>");
	for (unsigned i = 0; i < 100; i++)
		at += (size_t)sprintf(text + at, "</%s>", "elementname");
	sprintf(text + at, "<vcpu>7</vcpu></domain>");
	assert_true(read_xml(text));
	assert_int_equal(setup.vcpus, 7);
	at = (size_t)sprintf(text, DOMAIN MEMORY "<qemu:commandline>");
	for (unsigned i = 0; i < 257; i++)
		at += (size_t)sprintf(text + at, "<qemu:arg value='x'/>");
	sprintf(text + at, "</qemu:commandline></domain>");
	refused(text, "domain/qemu:commandline/qemu:arg", "256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_matters_is_taken),
		cmocka_unit_test(arguments_of_qemu_are_taken),
		cmocka_unit_test(memory_has_units),
		cmocka_unit_test(what_changes_more_is_refused),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(large_input_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
