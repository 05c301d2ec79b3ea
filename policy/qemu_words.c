/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/qemu_words.h"

#include <jansson.h>
#include <stdio.h>

enum option {
	OPTION_TEXT,
	OPTION_MEMORY,
	OPTION_CPUS,
	OPTION_MACHINE,
	OPTION_OBJECT,
	OPTION_DRIVE,
	OPTION_NO_ACPI, /* the only one here that takes no argument */
	OPTION_REFUSED,
};

static const char ROM_ONLY[] = "a protected guest has no flash: give its firmware by -bios";

static const struct known_option {
	const char *name;
	enum option option;
	const char *why; /* it is refused */
} OPTIONS[] = {
	{"M", OPTION_MACHINE, NULL},
	{"append", OPTION_TEXT, NULL},
	{"bios", OPTION_TEXT, NULL},
	{"drive", OPTION_DRIVE, NULL},
	{"dtb", OPTION_REFUSED, "QEMU appends the device tree to the kernel: leave it out"},
	{"initrd", OPTION_TEXT, NULL},
	{"kernel", OPTION_TEXT, NULL},
	{"m", OPTION_MEMORY, NULL},
	{"machine", OPTION_MACHINE, NULL},
	{"no-acpi", OPTION_NO_ACPI, NULL},
	{"object", OPTION_OBJECT, NULL},
	{"pflash", OPTION_REFUSED, ROM_ONLY},
	{"readconfig", OPTION_REFUSED, "options in a file are not read here: write them out"},
	{"set", OPTION_REFUSED, "changes another option: write its value there"},
	{"smp", OPTION_CPUS, NULL},
};

/* Properties of -machine that are refused. */
static const struct {
	const char *name, *why;
} MACHINE_REFUSED[] = {
	{"dtb", "QEMU appends the device tree to the kernel: leave it out"},
	{"max-ram-below-4g", "places RAM otherwise: leave it out"},
	{"memory", "give RAM by -m"},
	{"memory.size", "give RAM by -m"},
	{"pflash0", ROM_ONLY},
	{"pflash1", ROM_ONLY},
};

/* One 'key=value' of a list. */
struct item {
	char text[GUEST_SETUP_TEXT_BYTES];
	const char *key, *value;
};

/* What is read, for messages. */
struct place {
	const char *option;
	struct parse_error *error;
};

static bool fail(struct place place, const char *what)
{
	return guest_setup_fail(place.error, place.option, what);
}

static bool fail_at(struct place place, const char *key, const char *what)
{
	char where[sizeof(place.error->where)];

	snprintf(where, sizeof(where), "%.32s, %.48s", place.option, key);
	return guest_setup_fail(place.error, where, what);
}

/*
 * Takes the next item of a list, in which ',,' is a comma. @implied: the key of a first item that has none.
 * False at the list's end, and of an item that is wrong: then 'at' is NULL.
 */
static bool take_item(struct place place, const char **at, const char *implied, struct item *item)
{
	const char *from = *at;
	size_t len = 0;

	if (*from == '\0')
		return false;
	*at = NULL;
	for (; *from != '\0'; from++) {
		if (*from == ',' && *++from != ',')
			break;
		if (len + 1 == sizeof(item->text))
			return fail(place, "has too long a value");
		item->text[len++] = *from;
	}
	item->text[len] = '\0';
	char *equals = strchr(item->text, '=');

	if (!equals && !implied)
		return fail_at(place, item->text, "has no value");
	if (equals)
		*equals = '\0';
	item->key = equals ? item->text : implied;
	item->value = equals ? equals + 1 : item->text;
	*at = from;
	return true;
}

static bool is_on(const char *value)
{
	return strcmp(value, "on") == 0 || strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 ||
	       strcmp(value, "y") == 0;
}

static bool read_memory(struct place place, const char *at, struct guest_setup *setup)
{
	const char *implied = "size";
	struct item item;

	for (; take_item(place, &at, implied, &item); implied = NULL)
		if (strcmp(item.key, "size") == 0 && !guest_setup_memory(item.value, &setup->ram_bytes))
			return fail_at(place, item.value,
				       "must be a whole number, of MiB or with one of B K M G T P E");
	return at != NULL;
}

static bool read_cpus(struct place place, const char *at, struct guest_setup *setup)
{
	const char *implied = "cpus";
	struct item item;

	for (; take_item(place, &at, implied, &item); implied = NULL) {
		uint64_t number;

		if (strcmp(item.key, "cpus") != 0 && strcmp(item.key, "maxcpus") != 0)
			continue;
		if (!guest_setup_number(item.value, &number, NULL) || number > UINT32_MAX)
			return fail_at(place, item.key, "must be a whole number");
		if (number > setup->vcpus)
			setup->vcpus = (uint32_t)number;
	}
	return at != NULL;
}

static bool set_machine(struct place place, const char *name, struct guest_setup *setup)
{
	if (setup->machine[0] != '\0' && strcmp(setup->machine, name) != 0)
		return fail_at(place, name, "is another machine than an earlier option names: leave one out");
	return guest_setup_text(setup->machine, sizeof(setup->machine), name, place.option, place.error);
}

static bool set_property(struct place place, const struct item *item, struct guest_setup *setup)
{
	char *text = guest_setup_place(setup, item->key);

	for (size_t i = 0; i < sizeof(MACHINE_REFUSED) / sizeof(MACHINE_REFUSED[0]); i++)
		if (strcmp(item->key, MACHINE_REFUSED[i].name) == 0)
			return fail_at(place, item->key, MACHINE_REFUSED[i].why);
	if (text)
		return guest_setup_text(text, GUEST_SETUP_TEXT_BYTES, item->value, item->key, place.error);
	if (strcmp(item->key, "type") == 0)
		return set_machine(place, item->value, setup);
	if (strcmp(item->key, "confidential-guest-support") == 0)
		return guest_setup_text(setup->guest_support, sizeof(setup->guest_support), item->value, item->key,
					place.error);
	if (strcmp(item->key, "memory-backend") == 0)
		setup->memory_backend = true;
	if (strcmp(item->key, "acpi") == 0)
		setup->no_acpi = !is_on(item->value);
	if (strcmp(item->key, "auto-kernel-cmdline") == 0)
		setup->command_line_fixed = !is_on(item->value);
	return true;
}

static bool read_machine(struct place place, const char *at, struct guest_setup *setup)
{
	const char *implied = "type";
	struct item item;

	for (; take_item(place, &at, implied, &item); implied = NULL)
		if (!set_property(place, &item, setup))
			return false;
	return at != NULL;
}

static bool read_drive(struct place place, const char *at)
{
	struct item item;

	while (take_item(place, &at, "file", &item))
		if (strcmp(item.key, "if") == 0 && strcmp(item.value, "pflash") == 0)
			return fail_at(place, "if=pflash", ROM_ONLY);
	return at != NULL;
}

/* A property of the object tdx-guest. */
static bool set_tdx(struct place place, const char *key, const char *value, struct guest_setup *setup)
{
	uint8_t *reg = guest_setup_register(setup, key);

	if (reg)
		return guest_setup_base64(reg, value, key, place.error);
	if (strcmp(key, "id") != 0)
		return true;
	if (setup->tdx_guest[0] != '\0')
		return fail_at(place, value, "is a second tdx-guest: leave one out");
	return guest_setup_text(setup->tdx_guest, sizeof(setup->tdx_guest), value, place.option, place.error);
}

static bool read_json_object(struct place place, const json_t *root, struct guest_setup *setup)
{
	const char *type = json_string_value(json_object_get(root, "qom-type"));
	const char *key;
	json_t *value;

	if (!type)
		return fail(place, "is not JSON of an object with a qom-type");
	if (strcmp(type, "tdx-guest") != 0)
		return true;
	json_object_foreach((json_t *)root, key,
			    value) if (json_is_string(value) &&
				       !set_tdx(place, key, json_string_value(value), setup)) return false;
	return true;
}

static bool read_json(struct place place, const char *text, struct guest_setup *setup)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const bool ok = read_json_object(place, root, setup);

	json_decref(root);
	return ok;
}

/* The object's type comes first, as QEMU has it. */
static bool read_object(struct place place, const char *at, struct guest_setup *setup)
{
	struct item item;

	if (at[0] == '{')
		return read_json(place, at, setup);
	if (!take_item(place, &at, "qom-type", &item))
		return at != NULL;
	if (strcmp(item.key, "qom-type") != 0)
		return fail_at(place, item.key, "the object's type must come first");
	if (strcmp(item.value, "tdx-guest") != 0)
		return true;
	while (take_item(place, &at, NULL, &item))
		if (!set_tdx(place, item.key, item.value, setup))
			return false;
	return at != NULL;
}

static bool read_option(const struct known_option *known, const char *value, struct guest_setup *setup,
			struct parse_error *error)
{
	char option[16];
	const struct place place = {option, error};

	snprintf(option, sizeof(option), "-%s", known->name);
	switch (known->option) {
	case OPTION_TEXT:
		return guest_setup_text(guest_setup_place(setup, known->name), GUEST_SETUP_TEXT_BYTES, value, option,
					error);
	case OPTION_MEMORY:
		return read_memory(place, value, setup);
	case OPTION_CPUS:
		return read_cpus(place, value, setup);
	case OPTION_MACHINE:
		return read_machine(place, value, setup);
	case OPTION_OBJECT:
		return read_object(place, value, setup);
	case OPTION_DRIVE:
		return read_drive(place, value);
	default:
		return fail(place, known->why);
	}
}

const char *qemu_option_name(const char *word)
{
	if (word[0] != '-')
		return NULL;
	return word[1] == '-' ? word + 2 : word + 1;
}

/* NULL: the word is no option that matters. */
static const struct known_option *option_of(const char *word)
{
	const char *name = qemu_option_name(word);

	for (size_t i = 0; name && i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++)
		if (strcmp(name, OPTIONS[i].name) == 0)
			return &OPTIONS[i];
	return NULL;
}

/* The argument of an option that does not matter is no option, and does not matter either. */
bool qemu_words_read(size_t count, const char *const *words, struct guest_setup *setup, struct parse_error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct known_option *known = option_of(words[i]);

		if (!known)
			continue;
		if (known->option == OPTION_NO_ACPI) {
			setup->no_acpi = true;
			continue;
		}
		if (i + 1 == count)
			return guest_setup_fail(error, words[i], "has no argument");
		if (!read_option(known, words[++i], setup, error))
			return false;
	}
	if (setup->vcpus == 0)
		setup->vcpus = 1; /* without -smp */
	return true;
}
