/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/guest_setup_load.h"

#include <stdio.h>

#include "policy/encoding.h"
#include "policy/libvirt_xml.h"
#include "policy/ovmf_measure.h"
#include "policy/qemu_words.h"
#include "policy/shim_measure.h"
#include "tenant/file.h"

static bool load_xml(const char *path, struct guest_setup *setup, struct parse_error *error)
{
	struct file file;

	snprintf(error->where, sizeof(error->where), "%s", "");
	if (!file_read(path, LIBVIRT_XML_MAX_BYTES, &file))
		return false;
	const bool ok = libvirt_xml_read(file_bytes(&file), setup, error);

	file_free(&file);
	return ok && guest_setup_check(setup, error);
}

static bool load_qemu(const char *const *words, size_t count, struct guest_setup *setup, struct parse_error *error)
{
	if (!qemu_words_read(count, words, setup, error) || !guest_setup_check(setup, error))
		return false;
	if (setup->ram_bytes == 0)
		setup->ram_bytes = QEMU_RAM_BYTES;
	return true;
}

static bool set_text(char *to, const char *text, const char *option, struct parse_error *error)
{
	return !text || guest_setup_text(to, GUEST_SETUP_TEXT_BYTES, text, option, error);
}

static bool set_register(uint8_t value[SHIM_DIGEST_BYTES], const char *text, const char *option,
			 struct parse_error *error)
{
	return !text || hex_decode(text, value, SHIM_DIGEST_BYTES) ||
	       guest_setup_fail(error, option, "must be 96 hexadecimal digits");
}

static bool set_machine(const char *name, struct guest_setup *setup, struct parse_error *error)
{
	if (!name)
		return true;
	if (!shim_machine_type(name))
		return guest_setup_fail(error, "--machine", "must be q35 or microvm");
	return guest_setup_text(setup->machine, sizeof(setup->machine), name, "--machine", error);
}

static bool set_memory(const char *size, struct guest_setup *setup, struct parse_error *error)
{
	return !size || guest_setup_memory(size, &setup->ram_bytes) ||
	       guest_setup_fail(error, "--memory", "must be a whole number, of MiB or with one of K M G T");
}

static bool add_options(const struct guest_sources *s, struct guest_setup *setup, struct parse_error *error)
{
	return set_text(setup->firmware, s->firmware, "--firmware", error) &&
	       set_text(setup->kernel, s->kernel, "--kernel", error) &&
	       set_text(setup->initrd, s->initrd, "--initrd", error) &&
	       set_text(setup->command_line, s->append, "--append", error) && set_machine(s->machine, setup, error) &&
	       set_memory(s->memory, setup, error) &&
	       set_register(setup->mrconfigid, s->mrconfigid, "--mrconfigid", error) &&
	       set_register(setup->mrowner, s->mrowner, "--mrowner", error) &&
	       set_register(setup->mrownerconfig, s->mrownerconfig, "--mrownerconfig", error);
}

/* What is given is the owner's copy of what the guest is started with; any kernel has a command line. */
static bool has_place(const char *given, const char *described, const char *option, struct parse_error *error)
{
	return !given || described[0] != '\0' ||
	       guest_setup_fail(error, option, "is given, but this guest is started without one");
}

static bool files_have_places(const struct guest_sources *s, const struct guest_setup *setup, struct parse_error *error)
{
	return (!s->libvirt_xml && !s->qemu) || (has_place(s->kernel, setup->kernel, "--kernel", error) &&
						 has_place(s->initrd, setup->initrd, "--initrd", error) &&
						 has_place(s->append, setup->kernel, "--append", error));
}

static bool load(const struct guest_sources *s, struct guest_setup *setup, struct parse_error *error)
{
	if (s->libvirt_xml && !load_xml(s->libvirt_xml, setup, error))
		return false;
	if (s->qemu && !load_qemu(s->qemu, s->qemu_count, setup, error))
		return false;
	if (!files_have_places(s, setup, error) || !add_options(s, setup, error))
		return false;
	if (s->ovmf && strcmp(s->ovmf, OVMF_RELEASE) != 0)
		return guest_setup_fail(error, "--ovmf",
					"what this release measures is not known here, only " OVMF_RELEASE);
	if (s->run_qemu && (s->machine || s->memory))
		return guest_setup_fail(error, "--machine, --memory", "say it to QEMU, which --run-qemu starts");
	return setup->kernel[0] != '\0' || (setup->initrd[0] == '\0' && setup->command_line[0] == '\0') ||
	       guest_setup_fail(error, "--initrd, --append", "need --kernel");
}

bool guest_setup_load(const struct guest_sources *sources, struct guest_setup *setup)
{
	const char *name = sources->libvirt_xml ? sources->libvirt_xml : sources->qemu ? "QEMU's command line" : NULL;
	struct parse_error error = {.where = ""};

	*setup = (struct guest_setup){.ram_bytes = 0};
	if (load(sources, setup, &error))
		return true;
	if (error.where[0] != '\0')
		fprintf(stderr, "cloister: %s%s%s: %s\n", name ? name : "", name ? ": " : "", error.where, error.what);
	return false;
}
