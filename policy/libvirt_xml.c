/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/libvirt_xml.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "policy/qemu_words.h"

#define QEMU_NAMESPACE  "http://libvirt.org/schemas/domain/qemu/1.0 "
#define PATH_BYTES      256u
#define WORDS_MAX       256u
#define PROTECTION_ID   "lsec0"    /* libvirt's name of the object that <launchSecurity> makes */
#define RAM_ALIGNMENT   (1u << 20) /* libvirt rounds RAM up to whole MiB */
#define LARGEST_LIBVIRT (1ull << 50)

enum element {
	ELEMENT_MEMORY,
	ELEMENT_VCPUS,
	ELEMENT_TYPE,
	ELEMENT_LOADER,
	ELEMENT_TEXT,
	ELEMENT_REGISTER,
	ELEMENT_LAST_TEXT = ELEMENT_REGISTER, /* those above have a text */
	ELEMENT_PROTECTION,
	ELEMENT_ACPI,
	ELEMENT_ARGUMENT,
	ELEMENT_REFUSED,
};

#define ELEMENTS_COUNT (sizeof(ELEMENTS) / sizeof(ELEMENTS[0]))
static const struct known_element {
	const char *path;
	enum element element;
	const char *detail; /* QEMU's name of the text or the register, or why it is refused */
} ELEMENTS[] = {
	{"domain/cpu/numa", ELEMENT_REFUSED, "RAM by NUMA cells is not understood here: leave them out"},
	{"domain/devices/memory", ELEMENT_REFUSED, "memory devices are not understood here: leave them out"},
	{"domain/features/acpi", ELEMENT_ACPI, NULL},
	{"domain/launchSecurity", ELEMENT_PROTECTION, NULL},
	{"domain/launchSecurity/mrConfigId", ELEMENT_REGISTER, "mrconfigid"},
	{"domain/launchSecurity/mrOwner", ELEMENT_REGISTER, "mrowner"},
	{"domain/launchSecurity/mrOwnerConfig", ELEMENT_REGISTER, "mrownerconfig"},
	{"domain/memory", ELEMENT_MEMORY, NULL},
	{"domain/os/cmdline", ELEMENT_TEXT, "append"},
	{"domain/os/dtb", ELEMENT_REFUSED, "QEMU appends the device tree to the kernel: leave it out"},
	{"domain/os/initrd", ELEMENT_TEXT, "initrd"},
	{"domain/os/kernel", ELEMENT_TEXT, "kernel"},
	{"domain/os/loader", ELEMENT_LOADER, "bios"},
	{"domain/os/type", ELEMENT_TYPE, NULL},
	{"domain/qemu:commandline/qemu:arg", ELEMENT_ARGUMENT, NULL},
	{"domain/vcpu", ELEMENT_VCPUS, NULL},
};

struct reading {
	XML_Parser parser;
	struct guest_setup *setup;
	struct parse_error *error;
	bool failed;
	bool acpi;
	unsigned depth, depth_known; /* deeper elements than those of 'path' do not matter */
	char path[PATH_BYTES];
	const struct known_element *known; /* whose text is read */
	bool seen[ELEMENTS_COUNT];
	uint64_t unit;
	size_t text_len, words;
	char text[GUEST_SETUP_TEXT_BYTES];
	char *word[WORDS_MAX]; /* of <qemu:commandline> */
};

static void fail(struct reading *r, const char *where, const char *what)
{
	if (!r->failed)
		guest_setup_fail(r->error, where, what);
	r->failed = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *attribute(const XML_Char **attributes, const char *name)
{
	for (; attributes[0]; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return NULL;
}

/* 'path' grows by an element, if those above it are all in it. */
static bool enter(struct reading *r, const char *name)
{
	const bool qemu = strncmp(name, QEMU_NAMESPACE, strlen(QEMU_NAMESPACE)) == 0;
	const char *local = qemu ? name + strlen(QEMU_NAMESPACE) : name;
	const size_t len = strlen(r->path);
	const size_t room = sizeof(r->path) - len;

	if (r->depth++ != r->depth_known)
		return false;
	const int more = snprintf(r->path + len, room, "%s%s%s", len > 0 ? "/" : "", qemu ? "qemu:" : "", local);

	if (more < 0 || (size_t)more >= room) {
		r->path[len] = '\0';
		return false;
	}
	r->depth_known++;
	return true;
}

static void leave(struct reading *r)
{
	if (r->depth-- != r->depth_known)
		return;
	char *slash = strrchr(r->path, '/');

	*(slash ? slash : r->path) = '\0';
	r->depth_known--;
}

static const struct known_element *element_of(const char *path)
{
	for (size_t i = 0; i < ELEMENTS_COUNT; i++)
		if (strcmp(path, ELEMENTS[i].path) == 0)
			return &ELEMENTS[i];
	return NULL;
}

/* As libvirt reads it: 'k' and 'KiB' are 1024 bytes, 'KB' are 1000, in either case. 0: no such unit */
static uint64_t unit_of(const char *name)
{
	static const char letters[] = "kmgt";
	const char letter = name[0] >= 'A' && name[0] <= 'Z' ? (char)(name[0] - 'A' + 'a') : name[0];
	const char *found = letter ? strchr(letters, letter) : NULL;
	uint64_t base, bytes = 1;

	if (strcasecmp(name, "b") == 0 || strcasecmp(name, "byte") == 0 || strcasecmp(name, "bytes") == 0)
		return 1;
	if (!found)
		return 0;
	if (name[1] == '\0' || strcasecmp(name + 1, "iB") == 0)
		base = 1024;
	else if (strcasecmp(name + 1, "B") == 0)
		base = 1000;
	else
		return 0;
	for (const char *at = letters; at <= found; at++)
		bytes *= base;
	return bytes;
}

static void start_memory(struct reading *r, const char *unit)
{
	r->unit = unit_of(unit ? unit : "KiB");
	if (r->unit == 0)
		fail(r, r->path, "has an unknown unit");
}

static void start_type(struct reading *r, const char *machine)
{
	if (machine && !guest_setup_text(r->setup->machine, sizeof(r->setup->machine), machine, r->path, r->error))
		fail(r, r->path, "is too long");
}

static void start_loader(struct reading *r, const char *type)
{
	if (type && strcmp(type, "rom") != 0)
		fail(r, r->path, "must be of type 'rom': a protected guest has no flash");
}

static void start_protection(struct reading *r, const char *type)
{
	if (!type || strcmp(type, "tdx") != 0) {
		fail(r, r->path, "must be of type 'tdx'");
		return;
	}
	snprintf(r->setup->guest_support, sizeof(r->setup->guest_support), "%s", PROTECTION_ID);
	snprintf(r->setup->tdx_guest, sizeof(r->setup->tdx_guest), "%s", PROTECTION_ID);
}

static void start_argument(struct reading *r, const char *value)
{
	if (!value) {
		fail(r, r->path, "has no value");
		return;
	}
	if (r->words == WORDS_MAX) {
		fail(r, r->path, "there are more than 256");
		return;
	}
	r->word[r->words] = strdup(value);
	if (r->word[r->words])
		r->words++;
	else
		fail(r, r->path, "out of memory");
}

/* What is there twice, or has an element in its text: other software could read another value there. */
static void refuse_ambiguous(struct reading *r, const struct known_element *in)
{
	if (in && in->element <= ELEMENT_LAST_TEXT)
		fail(r, in->path, "has an element in its text");
	if (!r->known || r->known->element == ELEMENT_ARGUMENT)
		return;
	if (r->seen[r->known - ELEMENTS])
		fail(r, r->path, "is there twice");
	r->seen[r->known - ELEMENTS] = true;
}

static void start_element(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = data;
	const struct known_element *in = r->known;

	r->known = enter(r, name) ? element_of(r->path) : NULL;
	r->text_len = 0;
	refuse_ambiguous(r, in);
	if (r->depth == 1 && strcmp(name, "domain") != 0)
		fail(r, name, "is not libvirt's <domain>");
	if (!r->known)
		return;
	switch (r->known->element) {
	case ELEMENT_MEMORY:
		start_memory(r, attribute(attributes, "unit"));
		break;
	case ELEMENT_TYPE:
		start_type(r, attribute(attributes, "machine"));
		break;
	case ELEMENT_LOADER:
		start_loader(r, attribute(attributes, "type"));
		break;
	case ELEMENT_PROTECTION:
		start_protection(r, attribute(attributes, "type"));
		break;
	case ELEMENT_ACPI:
		r->acpi = true;
		break;
	case ELEMENT_ARGUMENT:
		start_argument(r, attribute(attributes, "value"));
		break;
	case ELEMENT_REFUSED:
		fail(r, r->path, r->known->detail);
		break;
	default:
		break;
	}
}

static void add_text(void *data, const XML_Char *text, int len)
{
	struct reading *r = data;

	if (!r->known || len <= 0)
		return;
	if ((size_t)len >= sizeof(r->text) - r->text_len) {
		fail(r, r->path, "is too long");
		return;
	}
	memcpy(r->text + r->text_len, text, (size_t)len);
	r->text_len += (size_t)len;
}

/* The text as a number, which may have white space around it. */
static bool number_of(const struct reading *r, uint64_t *number)
{
	static const char space[] = " \t\r\n";
	const char *end;

	return guest_setup_number(r->text + strspn(r->text, space), number, &end) && end[strspn(end, space)] == '\0';
}

static void end_memory(struct reading *r)
{
	uint64_t number;

	if (!number_of(r, &number) || number == 0 || number > LARGEST_LIBVIRT / r->unit)
		fail(r, r->path, "must be a whole number");
	else
		r->setup->ram_bytes = (number * r->unit + RAM_ALIGNMENT - 1) / RAM_ALIGNMENT * RAM_ALIGNMENT;
}

static void end_vcpus(struct reading *r)
{
	uint64_t number;

	if (!number_of(r, &number) || number > UINT32_MAX)
		fail(r, r->path, "must be a whole number");
	else
		r->setup->vcpus = (uint32_t)number;
}

static void end_known(struct reading *r)
{
	r->text[r->text_len] = '\0';
	switch (r->known->element) {
	case ELEMENT_MEMORY:
		end_memory(r);
		break;
	case ELEMENT_VCPUS:
		end_vcpus(r);
		break;
	case ELEMENT_LOADER:
	case ELEMENT_TEXT:
		memcpy(guest_setup_place(r->setup, r->known->detail), r->text, r->text_len + 1);
		break;
	case ELEMENT_REGISTER:
		if (!guest_setup_base64(guest_setup_register(r->setup, r->known->detail), r->text, r->path, r->error))
			fail(r, r->path, "must be base64 of 48 bytes");
		break;
	default:
		break;
	}
}

static void end_element(void *data, const XML_Char *name)
{
	struct reading *r = data;

	(void)name;
	if (r->known && !r->failed)
		end_known(r);
	r->known = NULL;
	leave(r);
}

/* It could name other files, and bring text from elsewhere. */
static void refuse_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public, int subset)
{
	(void)name, (void)system, (void)public, (void)subset;
	fail(data, "<!DOCTYPE>", "is not read here: leave it out");
}

static bool parse(struct reading *r, struct bytes text)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, start_element, end_element);
	XML_SetCharacterDataHandler(r->parser, add_text);
	XML_SetStartDoctypeDeclHandler(r->parser, refuse_doctype);
	if (XML_Parse(r->parser, (const char *)text.data, (int)text.len, XML_TRUE) == XML_STATUS_OK || r->failed)
		return !r->failed;
	return guest_setup_fail(r->error, r->path[0] != '\0' ? r->path : "the file",
				XML_ErrorString(XML_GetErrorCode(r->parser)));
}

static bool read_all(struct reading *r, struct bytes text)
{
	if (!parse(r, text))
		return false;
	if (r->setup->ram_bytes == 0)
		return guest_setup_fail(r->error, "domain/memory", "is missing");
	r->setup->no_acpi = !r->acpi;
	return qemu_words_read(r->words, (const char *const *)r->word, r->setup, r->error);
}

bool libvirt_xml_read(struct bytes text, struct guest_setup *setup, struct parse_error *error)
{
	struct reading *r = calloc(1, sizeof(*r));

	*setup = (struct guest_setup){.ram_bytes = 0};
	if (text.len > LIBVIRT_XML_MAX_BYTES || !r) {
		free(r);
		return guest_setup_fail(error, "the file", "is longer than 1 MiB, or there is no memory");
	}
	r->parser = XML_ParserCreateNS(NULL, ' ');
	r->setup = setup;
	r->error = error;
	const bool ok = r->parser ? read_all(r, text) : guest_setup_fail(error, "the file", "out of memory");

	for (size_t i = 0; i < r->words; i++)
		free(r->word[i]);
	if (r->parser)
		XML_ParserFree(r->parser);
	free(r);
	return ok;
}
