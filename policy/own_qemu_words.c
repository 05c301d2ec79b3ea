/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/own_qemu_words.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/qemu_words.h"

#define ID_BYTES    128u
#define VALUE_BYTES (ID_BYTES + 64u)

enum treatment {
	KEPT,
	KEPT_WITH_ARGUMENT,
	LEFT_OUT,
	LEFT_OUT_WITH_ARGUMENT,
	MACHINE,
	OBJECT,
	DEVICE,
	BACKEND, /* a device's other end, which is here nothing's: by the text that its id is put to */
	DRIVE,
	PORT, /* serial or parallel */
};

/*
 * What describes the machine, what only the guest's host has, and what would talk to somebody. No other option is
 * taken: it may have this QEMU run a program, or write a file. Sorted.
 */
static const struct known_option {
	const char *name;
	enum treatment treatment;
	const char *key, *instead; /* of a backend: where its id is, and what takes its place */
} OPTIONS[] = {
	{"D", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"M", MACHINE, NULL, NULL},
	{"S", LEFT_OUT, NULL, NULL},
	{"accel", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"action", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"add-fd", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"append", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"audiodev", BACKEND, "id", "none,id="},
	{"bios", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"blockdev", BACKEND, "node-name", "driver=null-co,node-name="},
	{"boot", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"chardev", BACKEND, "id", "null,id="},
	{"cpu", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"d", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"daemonize", LEFT_OUT, NULL, NULL},
	{"device", DEVICE, NULL, NULL},
	{"display", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"drive", DRIVE, NULL, NULL},
	{"enable-kvm", LEFT_OUT, NULL, NULL},
	{"fw_cfg", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"global", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"initrd", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"kernel", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"m", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"machine", MACHINE, NULL, NULL},
	{"mon", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"monitor", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"msg", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"name", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"netdev", BACKEND, "id", "hubport,hubid=0,id="},
	{"no-acpi", KEPT, NULL, NULL},
	{"no-reboot", LEFT_OUT, NULL, NULL},
	{"no-shutdown", LEFT_OUT, NULL, NULL},
	{"no-user-config", KEPT, NULL, NULL},
	{"nodefaults", KEPT, NULL, NULL},
	{"nographic", LEFT_OUT, NULL, NULL},
	{"object", OBJECT, NULL, NULL},
	{"overcommit", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"parallel", PORT, NULL, NULL},
	{"pidfile", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"qmp", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"rtc", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"sandbox", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"serial", PORT, NULL, NULL},
	{"smbios", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"smp", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"spice", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"usb", KEPT, NULL, NULL},
	{"uuid", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"vga", KEPT_WITH_ARGUMENT, NULL, NULL},
	{"vnc", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
	{"watchdog-action", LEFT_OUT_WITH_ARGUMENT, NULL, NULL},
};

static const char *const PROPERTIES_LEFT_OUT[] = {
	"accel", "append", "confidential-guest-support", "firmware", "initrd", "kernel", NULL};
static const char *const OBJECTS_LEFT_OUT[] = {"monitor-qmp", "secret", "tdx-guest", NULL};
static const char *const OBJECTS_KEPT[] = {"iothread",    "memory-backend-memfd", "memory-backend-ram",
					   "rng-builtin", "rng-random",           NULL};

/* Others may open files, sockets or devices of the owner's. Sorted. */
static const char *const DEVICES_KEPT[] = {"VGA",
					   "bochs-display",
					   "e1000",
					   "e1000e",
					   "hda-duplex",
					   "hda-micro",
					   "hda-output",
					   "ich9-ahci",
					   "ich9-intel-hda",
					   "ide-cd",
					   "ide-hd",
					   "igb",
					   "intel-hda",
					   "isa-serial",
					   "ivshmem-plain",
					   "nvme",
					   "nvme-ns",
					   "pcie-pci-bridge",
					   "pcie-root-port",
					   "pvpanic",
					   "pvpanic-pci",
					   "pxb-pcie",
					   "qemu-xhci",
					   "rtl8139",
					   "scsi-cd",
					   "scsi-hd",
					   "usb-kbd",
					   "usb-mouse",
					   "usb-tablet",
					   "virtconsole",
					   "virtio-balloon-pci",
					   "virtio-blk-pci",
					   "virtio-gpu-pci",
					   "virtio-keyboard-pci",
					   "virtio-mouse-pci",
					   "virtio-net-pci",
					   "virtio-rng-pci",
					   "virtio-scsi-pci",
					   "virtio-serial-pci",
					   "virtio-sound-pci",
					   "virtio-tablet-pci",
					   "virtio-vga",
					   "virtserialport",
					   "vmgenid",
					   "x3130-upstream",
					   NULL};

static const char NOT_TAKEN[] = "is not taken by --run-qemu: leave it out, or use another";

/* What of -drive is said of the device, not of the medium. */
static const char *const DRIVE_KEPT[] = {"bus", "id", "if", "index", "media", "unit", NULL};

/*
 * A protected guest has no System Management Mode and no 8259. With -S no instruction of it is executed: an emulated
 * CPU waits for a command to start, for which there is no way here. KVM is not needed.
 */
static const char *const ADDED[] = {
	"-S",
	"-machine",
	"smm=off,pic=off",
	"-accel",
	"tcg",
	"-display",
	"none",
	"-monitor",
	"none",
	"-chardev",
	"socket,id=cloister-qtest,fd=3",
	"-qtest",
	"chardev:cloister-qtest",
	"-qtest-log",
	"/dev/null",
};
_Static_assert(OWN_QEMU_QTEST_FD == 3, "the socket above is this one");

/* One option with its argument, which may be NULL, and where its words go. */
struct step {
	const char *option, *argument;
	struct own_qemu_words *own;
	struct parse_error *error;
};

static bool add(struct own_qemu_words *own, const char *word, struct parse_error *error)
{
	if (own->count == OWN_QEMU_WORDS_MAX)
		return guest_setup_fail(error, word, "is a word too many");
	own->word[own->count] = strdup(word);
	if (!own->word[own->count])
		return guest_setup_fail(error, word, "out of memory");
	own->word[++own->count] = NULL;
	return true;
}

static bool add_both(const struct step *s, const char *argument)
{
	return add(s->own, s->option, s->error) && add(s->own, argument, s->error);
}

/* How long an item of a list is, in which ',,' is a comma. */
static size_t item_bytes(const char *item)
{
	size_t len = 0;

	while (item[len] != '\0' && (item[len] != ',' || item[len + 1] == ','))
		len += item[len] == ',' ? 2 : 1;
	return len;
}

static const char *next_item(const char *item)
{
	item += item_bytes(item);
	return *item == ',' ? item + 1 : item;
}

static bool is_key(const char *item, const char *key)
{
	const size_t len = strlen(key);

	return strcspn(item, "=,") == len && strncmp(item, key, len) == 0;
}

static bool is_key_of(const char *item, const char *const *keys)
{
	for (; *keys; keys++)
		if (is_key(item, *keys))
			return true;
	return false;
}

/* The items whose keys are among 'keys', or those whose are not; to be freed. */
static char *filtered(const char *list, const char *const *keys, bool among)
{
	char *kept = malloc(strlen(list) + 1);
	size_t len = 0;

	if (!kept)
		return NULL;
	for (const char *item = list; *item != '\0'; item = next_item(item)) {
		if (is_key_of(item, keys) != among)
			continue;
		if (len > 0)
			kept[len++] = ',';
		memcpy(kept + len, item, item_bytes(item));
		len += item_bytes(item);
	}
	kept[len] = '\0';
	return kept;
}

/* -machine without what is left out; nothing at all if nothing else was in it. */
static bool add_machine(const struct step *s)
{
	char *kept = filtered(s->argument, PROPERTIES_LEFT_OUT, false);

	if (!kept)
		return guest_setup_fail(s->error, s->option, "out of memory");
	const bool ok = kept[0] == '\0' || add_both(s, kept);

	free(kept);
	return ok;
}

/* A drive without a medium: QEMU's null-co reads as zeros. */
static bool add_drive(const struct step *s)
{
	static const char medium[] = "driver=null-co";
	char *kept = filtered(s->argument, DRIVE_KEPT, true);
	char *drive = kept ? malloc(strlen(kept) + 1 + sizeof(medium)) : NULL;

	if (drive)
		sprintf(drive, "%s%s%s", kept, kept[0] != '\0' ? "," : "", medium);
	const bool ok = drive ? add_both(s, drive) : guest_setup_fail(s->error, s->option, "out of memory");

	free(kept);
	free(drive);
	return ok;
}

/* The value of a key, of JSON or of a list. False: there is none, or it is no id. */
static bool find_id(const char *argument, const char *key, char id[ID_BYTES])
{
	json_t *root = argument[0] == '{' ? json_loads(argument, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *value = json_string_value(json_object_get(root, key));
	int len = value ? (int)strnlen(value, ID_BYTES) : 0;

	for (; !root && !value && *argument != '\0'; argument = next_item(argument)) {
		if (!is_key(argument, key) || argument[strlen(key)] != '=')
			continue;
		value = argument + strlen(key) + 1;
		len = (int)item_bytes(argument) - (int)strlen(key) - 1;
	}
	const bool ok = value && len > 0 && (size_t)len < ID_BYTES && !memchr(value, ',', (size_t)len);

	if (ok)
		snprintf(id, ID_BYTES, "%.*s", len, value);
	json_decref(root);
	return ok;
}

static bool add_backend(const struct step *s, const struct known_option *known)
{
	char id[ID_BYTES], backend[VALUE_BYTES];

	if (!find_id(s->argument, known->key, id))
		return guest_setup_fail(s->error, s->option, "has no name by which a device finds it");
	snprintf(backend, sizeof(backend), "%s%s", known->instead, id);
	return add_both(s, backend);
}

/*
 * Whether the type of an object or a device is among these: of JSON, or a list's first item, with or without its key.
 * It comes once: of two QEMU takes the last.
 */
static bool is_of_type(const char *argument, const char *key, const char *const *types)
{
	const bool json = argument[0] == '{';
	char type[ID_BYTES];

	for (const char *item = json ? "" : next_item(argument); *item != '\0'; item = next_item(item))
		if (is_key(item, key))
			return false;
	if (is_key(argument, key) || json)
		return find_id(argument, key, type) && is_key_of(type, types);
	return is_key_of(argument, types);
}

static bool add_kept(const struct step *s, const char *key, const char *const *types)
{
	return is_of_type(s->argument, key, types) ? add_both(s, s->argument)
						   : guest_setup_fail(s->error, s->argument, NOT_TAKEN);
}

static bool add_object(const struct step *s)
{
	return is_of_type(s->argument, "qom-type", OBJECTS_LEFT_OUT) || add_kept(s, "qom-type", OBJECTS_KEPT);
}

/* NULL: it is not known, or no option. */
static const struct known_option *option_of(const char *word)
{
	const char *name = qemu_option_name(word);

	for (size_t i = 0; name && i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++)
		if (strcmp(name, OPTIONS[i].name) == 0)
			return &OPTIONS[i];
	return NULL;
}

static bool add_with_argument(const struct step *s, const struct known_option *known)
{
	switch (known->treatment) {
	case MACHINE:
		return add_machine(s);
	case OBJECT:
		return add_object(s);
	case DEVICE:
		return add_kept(s, "driver", DEVICES_KEPT);
	case BACKEND:
		return add_backend(s, known);
	case DRIVE:
		return add_drive(s);
	case PORT:
		return add_both(s, strcmp(s->argument, "none") == 0 ? "none" : "null");
	case KEPT_WITH_ARGUMENT:
		return add_both(s, s->argument);
	default:
		return true;
	}
}

/* Also says how many words of the guest's that were. */
static bool add_option(const struct step *s, size_t *taken)
{
	const struct known_option *known = option_of(s->option);

	*taken = 1;
	if (!known)
		return guest_setup_fail(s->error, s->option, NOT_TAKEN);
	if (known->treatment == LEFT_OUT)
		return true;
	if (known->treatment == KEPT)
		return add(s->own, s->option, s->error);
	*taken = 2;
	return s->argument ? add_with_argument(s, known) : guest_setup_fail(s->error, s->option, "has no argument");
}

bool own_qemu_words_make(size_t count, const char *const *words, const char *firmware, struct own_qemu_words *own,
			 struct parse_error *error)
{
	size_t taken;

	own->count = 0;
	bool ok = count > 0 ? add(own, words[0], error) : guest_setup_fail(error, "QEMU", "is not named");

	for (size_t i = 1; ok && i < count; i += taken)
		ok = add_option(&(struct step){words[i], i + 1 < count ? words[i + 1] : NULL, own, error}, &taken);
	ok = ok && add(own, "-bios", error) && add(own, firmware, error);
	for (size_t i = 0; ok && i < sizeof(ADDED) / sizeof(ADDED[0]); i++)
		ok = add(own, ADDED[i], error);
	if (!ok)
		own_qemu_words_free(own);
	return ok;
}

void own_qemu_words_free(struct own_qemu_words *own)
{
	while (own->count > 0)
		free(own->word[--own->count]);
}
