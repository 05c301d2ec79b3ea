/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's domain XML. */
#include "fuzz/shared/harness.h"
#include "policy/libvirt_xml.h"

void fuzz_one(struct bytes input)
{
	static struct guest_setup setup;
	struct parse_error error = {.where = ""};

	if (!libvirt_xml_read(input, &setup, &error)) {
		PROMISE(error.where[0] != '\0' && error.what[0] != '\0');
		return;
	}
	PROMISE(setup.ram_bytes > 0 && setup.ram_bytes % 8192 == 0);
	PROMISE(memchr(setup.firmware, '\0', sizeof(setup.firmware)) &&
		memchr(setup.kernel, '\0', sizeof(setup.kernel)));
	PROMISE(memchr(setup.initrd, '\0', sizeof(setup.initrd)) &&
		memchr(setup.command_line, '\0', sizeof(setup.command_line)));
}
