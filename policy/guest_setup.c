/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/guest_setup.h"

#include <stdio.h>

#include "policy/encoding.h"
#include "policy/shim_measure.h"

#define GRANULE (8u << 10) /* of QEMU's RAM (hw/core/machine.c) */

bool guest_setup_fail(struct parse_error *error, const char *where, const char *what)
{
	text_clean((struct bytes){(const uint8_t *)where, strlen(where)}, error->where, sizeof(error->where));
	snprintf(error->what, sizeof(error->what), "%s", what);
	return false;
}

bool guest_setup_text(char *to, size_t size, const char *text, const char *where, struct parse_error *error)
{
	const size_t len = strlen(text);

	if (len >= size)
		return guest_setup_fail(error, where, "is too long");
	memcpy(to, text, len + 1);
	return true;
}

char *guest_setup_place(struct guest_setup *setup, const char *name)
{
	if (strcmp(name, "kernel") == 0)
		return setup->kernel;
	if (strcmp(name, "initrd") == 0)
		return setup->initrd;
	if (strcmp(name, "append") == 0)
		return setup->command_line;
	return strcmp(name, "bios") == 0 || strcmp(name, "firmware") == 0 ? setup->firmware : NULL;
}

uint8_t *guest_setup_register(struct guest_setup *setup, const char *name)
{
	if (strcmp(name, "mrconfigid") == 0)
		return setup->mrconfigid;
	if (strcmp(name, "mrowner") == 0)
		return setup->mrowner;
	return strcmp(name, "mrownerconfig") == 0 ? setup->mrownerconfig : NULL;
}

bool guest_setup_base64(uint8_t value[SHIM_DIGEST_BYTES], const char *text, const char *where,
			struct parse_error *error)
{
	size_t len;

	/* 48 bytes are 64 characters, without padding. */
	if (strlen(text) == 64 && base64_decode(text, 64, value, &len) && len == SHIM_DIGEST_BYTES)
		return true;
	return guest_setup_fail(error, where, "must be base64 of 48 bytes");
}

bool guest_setup_number(const char *text, uint64_t *number, const char **end)
{
	const char *at = text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
			return false;
	if (end)
		*end = at;
	return at != text && (end || *at == '\0');
}

/* How far a suffix shifts, or -1. */
static int shift_of(char suffix)
{
	static const char suffixes[] = "BKMGTPE";
	const char upper = suffix >= 'a' && suffix <= 'z' ? (char)(suffix - 'a' + 'A') : suffix;
	const char *found = strchr(suffixes, upper);

	return found ? 10 * (int)(found - suffixes) : -1;
}

bool guest_setup_memory(const char *text, uint64_t *bytes)
{
	const char *suffix;
	uint64_t number;

	if (!guest_setup_number(text, &number, &suffix) || (suffix[0] != '\0' && suffix[1] != '\0'))
		return false;
	const int shift = suffix[0] == '\0' ? 20 : shift_of(suffix[0]);

	if (shift < 0 || number == 0 || number > (UINT64_MAX - GRANULE) >> shift)
		return false;
	*bytes = ((number << shift) + GRANULE - 1) / GRANULE * GRANULE;
	return true;
}

/* Messages name files as they are: no bytes below 20H, no DEL, no U+0080 to U+009F, which terminals obey, too. */
static bool is_printable(const char *name)
{
	for (const uint8_t *at = (const uint8_t *)name; *at != '\0'; at++)
		if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0))
			return false;
	return true;
}

bool guest_setup_check(const struct guest_setup *setup, struct parse_error *error)
{
	if (!is_printable(setup->firmware) || !is_printable(setup->kernel) || !is_printable(setup->initrd))
		return guest_setup_fail(error, "firmware, kernel, initrd", "a name has a control character");
	if (setup->guest_support[0] == '\0')
		return guest_setup_fail(
			error, "no protected guest",
			"-machine confidential-guest-support=ID, or <launchSecurity type='tdx'>, is missing");
	if (strcmp(setup->guest_support, setup->tdx_guest) != 0)
		return guest_setup_fail(
			error, setup->guest_support,
			"is what confidential-guest-support names, and no -object tdx-guest has this id");
	if (setup->firmware[0] == '\0')
		return guest_setup_fail(error, "no firmware",
					"-bios FILE, or <loader>, is missing, and the VMM's own firmware knows no TDX");
	if (setup->memory_backend && setup->ram_bytes == 0)
		return guest_setup_fail(error, "memory-backend", "say by -m, too, how large the guest's RAM is");
	if (setup->kernel[0] == '\0' && (setup->initrd[0] != '\0' || setup->command_line[0] != '\0'))
		return guest_setup_fail(error, "no kernel", "there is an initrd or a command line, but no kernel");
	if (setup->kernel[0] != '\0' && shim_machine_type(setup->machine) == SHIM_MICROVM && setup->no_acpi &&
	    !setup->command_line_fixed)
		return guest_setup_fail(
			error, "microvm without ACPI",
			"QEMU adds its devices to the command line: say auto-kernel-cmdline=off, or acpi=on");
	return true;
}
