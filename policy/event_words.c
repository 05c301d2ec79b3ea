/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events say (PFP 1.06, section 10). For people: a wrong length is said, never trusted. */
#include "policy/event_words.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/data_words.h"
#include "policy/device_path.h"
#include "policy/efi_variable.h"

#define SHOWN_CHARS       400u
#define ADDRESS_LIMIT     (1ull << 52) /* above it, 16 bytes are a text */
#define WINDOWS_SEPARATOR 0x4c434257u  /* "WBCL" */

const char *pcr_use(uint32_t pcr)
{
	static const char *const uses[] = {
		"firmware code", "firmware configuration",  "drivers of devices",      "their configuration",
		"boot programs", "boot configuration, GPT", "of the platform's maker", "Secure Boot policy",
	};

	if (pcr < 8)
		return uses[pcr];
	if (pcr == 14)
		return "shim; the loader's marks";
	if (pcr < 16)
		return "the operating system";
	return pcr < 24 ? "localities above 0, debug" : "no PCR";
}

static void say_data(const struct any_event *e, char *text)
{
	data_words(e->data, text, WORDS_BYTES);
}

static void say_spec_id(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	size_t used, bytes;

	read_bytes(&r, 16 + 4); /* signature, platform class */
	const uint8_t minor = read_u8(&r), major = read_u8(&r), errata = read_u8(&r);
	read_u8(&r); /* uintnSize */
	const uint32_t count = read_le32(&r);
	used = (size_t)snprintf(text, WORDS_BYTES, "crypto-agile log, specification %u.%u errata %u, banks:", major,
				minor, errata);
	for (uint32_t i = 0; i < count && i < ANY_LOG_MAX_BANKS && !r.failed; i++) {
		const uint16_t algorithm = read_le16(&r);
		const char *name = any_log_algorithm(algorithm, &bytes);

		read_le16(&r);
		if (used < WORDS_BYTES && !r.failed)
			used += (size_t)snprintf(text + used, WORDS_BYTES - used, " %s", name ? name : "unknown");
	}
}

/* A text that is preceded by its length, which counts its NUL (SP 800-155 events, PFP 10.4.5.2). */
static void read_counted(struct reader *r, char *text, size_t size)
{
	plain_text(read_bytes(r, read_u8(r)), 1, text, size);
}

static void say_reference_manifest(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char maker[64], model[64], version[64], firmware[64];

	read_bytes(&r, 16 + 4 + GUID_BYTES); /* signature, VendorID, ReferenceManifestGuid */
	read_counted(&r, maker, sizeof(maker));
	read_counted(&r, model, sizeof(model));
	read_counted(&r, version, sizeof(version));
	read_counted(&r, firmware, sizeof(firmware));
	snprintf(text, WORDS_BYTES,
		 r.failed ? "reference manifest, malformed" : "reference manifest of %s %s %s, by %s", maker, model,
		 version, firmware);
}

/* The kinds of what Windows measures and logs, by the number's bits 16 to 19 (wbcl.h of the Windows SDK). */
static const char *windows_kind(uint32_t id)
{
	static const char *const kinds[16] = {
		[1] = "container",    [2] = "information",     [3] = "error",         [4] = "settings before the start",
		[5] = "settings",     [6] = "authority",       [7] = "loaded module", [8] = "key that vouches",
		[9] = "early driver", [10] = "virtualisation", [11] = "keys",         [12] = "DRTM",
	};

	return kinds[id >> 16 & 0xf];
}

/* A tagged event that is whole, as Windows writes them. */
static bool say_windows(struct bytes data, char *text)
{
	struct reader r = reader_of(data);
	const uint32_t id = read_le32(&r);

	read_bytes(&r, read_le32(&r));
	if (!read_done(&r) || id < 0x10000 || (id & 0x3ff00000) || !windows_kind(id))
		return false;
	snprintf(text, WORDS_BYTES, "Windows: %s, tag 0x%08x, %zu bytes", windows_kind(id), id, data.len);
	return true;
}

static void say_unextended(const struct any_event *e, char *text)
{
	char words[WORDS_BYTES];

	data_words(e->data, words, sizeof(words));
	snprintf(text, WORDS_BYTES, "nothing is extended: %.*s", (int)(WORDS_BYTES - 24), words);
}

static void say_no_action(const struct any_event *e, char *text)
{
	if (bytes_begin(e->data, "Spec ID Event03", 16))
		say_spec_id(e, text);
	else if (bytes_begin(e->data, "Spec ID Event00", 16))
		snprintf(text, WORDS_BYTES, "log of the old format, SHA-1 only");
	else if (bytes_begin(e->data, "StartupLocality", 16) && e->data.len >= 17)
		snprintf(text, WORDS_BYTES, "TPM2_Startup came from locality %u: PCR 0 starts with it",
			 e->data.data[16]);
	else if (bytes_begin(e->data, "SP800-155 Event", 15))
		say_reference_manifest(e, text);
	else if (!say_windows(e->data, text))
		say_unextended(e, text);
}

static void say_separator(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	const uint32_t value = read_le32(&r);

	if (!read_done(&r))
		snprintf(text, WORDS_BYTES, "a separator of %zu bytes", e->data.len);
	else if (value == 0 || value == UINT32_MAX)
		snprintf(text, WORDS_BYTES, "the firmware is done with this PCR");
	else if (value == 1)
		snprintf(text, WORDS_BYTES, "ERROR: the firmware failed to measure");
	else if (value == WINDOWS_SEPARATOR)
		snprintf(text, WORDS_BYTES, "Windows is done with this PCR");
	else
		snprintf(text, WORDS_BYTES, "a separator of an unknown value, 0x%08x", value);
}

/* UCS-2 by the specification, a GUID or ASCII in the field; EDK II has an empty one by default. */
static void say_version(const struct any_event *e, char *text)
{
	char words[SHOWN_CHARS + 1];

	data_words(e->data, words, sizeof(words));
	snprintf(text, WORDS_BYTES, "version %s", bytes_equal(e->data, "\0", 2) ? "\"\"" : words);
}

static void say_blob(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char name[SHOWN_CHARS + 1] = "";

	if (e->type == 0x8000000a || e->type == 0x8000000b)
		plain_text(read_bytes(&r, read_u8(&r)), 1, name, sizeof(name));
	const uint64_t base = read_le64(&r), len = read_le64(&r);
	if (read_done(&r) && base < ADDRESS_LIMIT && len < ADDRESS_LIMIT)
		snprintf(text, WORDS_BYTES, "%s%s%" PRIu64 " bytes at 0x%" PRIx64, name, name[0] ? ": " : "", len,
			 base);
	else if (e->type == 0x8000000a)
		snprintf(text, WORDS_BYTES, "%s", name);
	else
		say_data(e, text);
}

static void say_tables(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char name[SHOWN_CHARS + 1] = "";

	if (e->type == 0x8000000b)
		plain_text(read_bytes(&r, read_u8(&r)), 1, name, sizeof(name));
	const uint64_t count = read_le64(&r);
	if (r.failed)
		snprintf(text, WORDS_BYTES, "tables, malformed");
	else
		snprintf(text, WORDS_BYTES, "%s%s%" PRIu64 " table%s", name, name[0] ? ": " : "", count,
			 count == 1 ? "" : "s");
}

static void say_image(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char path[SHOWN_CHARS + 1];

	const uint64_t base = read_le64(&r), len = read_le64(&r);
	read_le64(&r); /* link time address */
	const uint64_t path_len = read_le64(&r);
	device_path_text(path_len <= r.left ? read_bytes(&r, (size_t)path_len) : (struct bytes){NULL, 0}, path,
			 sizeof(path));
	if (r.failed)
		snprintf(text, WORDS_BYTES, "an image, malformed");
	else
		snprintf(text, WORDS_BYTES, "%s, %" PRIu64 " bytes at 0x%" PRIx64, path[0] ? path : "no path", len,
			 base);
}

static void say_gpt(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	struct guid disk;
	char name[GUID_TEXT];

	read_bytes(&r, 56); /* header up to DiskGUID (UEFI 2.10, 5.3.2) */
	read_copy(&r, disk.bytes, GUID_BYTES);
	read_bytes(&r, 92 - 72);
	const uint64_t count = read_le64(&r);
	guid_text(&disk, name);
	if (r.failed)
		snprintf(text, WORDS_BYTES, "a partition table, malformed");
	else
		snprintf(text, WORDS_BYTES, "disk %s, %" PRIu64 " partition%s", name, count, count == 1 ? "" : "s");
}

/* EFI_LOAD_OPTION (UEFI 2.10, 3.1.3). */
static void say_boot_option(const char *name, struct bytes data, char *text)
{
	struct reader r = reader_of(data);
	char description[120], path[SHOWN_CHARS + 1];
	size_t chars = 0;

	const uint32_t attributes = read_le32(&r);
	const uint16_t path_len = read_le16(&r);
	while (2 * chars + 1 < r.left && (r.at[2 * chars] || r.at[2 * chars + 1]))
		chars++;
	plain_text(read_bytes(&r, 2 * chars), 2, description, sizeof(description));
	read_le16(&r);
	device_path_text(read_bytes(&r, path_len), path, sizeof(path));
	snprintf(text, WORDS_BYTES, r.failed ? "%s, malformed" : "%s%s \"%s\": %s", name,
		 attributes & 1 || r.failed ? "" : " (inactive)", description, path);
}

static void say_order(const char *name, struct bytes data, char *text)
{
	struct reader r = reader_of(data);
	size_t used = (size_t)snprintf(text, WORDS_BYTES, "%s:", name);

	while (r.left >= 2 && used < WORDS_BYTES)
		used += (size_t)snprintf(text + used, WORDS_BYTES - used, " %04X", read_le16(&r));
}

static void say_database(const char *name, struct bytes data, char *text)
{
	struct signature_cursor cursor = signature_entries(data);
	unsigned int counts[ENTRY_KINDS] = {0};
	struct signature_entry entry;
	struct bytes ignored;

	while (signature_next(&cursor, &entry, &ignored))
		counts[entry.kind]++;
	if (signature_failed(&cursor))
		snprintf(text, WORDS_BYTES, "%s: %zu bytes, malformed", name, data.len);
	else if (data.len == 0)
		snprintf(text, WORDS_BYTES, "%s: empty", name);
	else
		snprintf(text, WORDS_BYTES, "%s: %u certificates, %u program digests, %u others", name,
			 counts[ENTRY_X509], counts[ENTRY_SHA256], counts[ENTRY_OTHER]);
}

static bool is_option(const char *name)
{
	static const char *const kinds[] = {"Boot", "Driver", "SysPrep", "PlatformRecovery"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const size_t len = strlen(kinds[i]);

		if (strncmp(name, kinds[i], len) == 0 && strlen(name) == len + 4 &&
		    strspn(name + len, "0123456789ABCDEFabcdef") == 4)
			return true;
	}
	return false;
}

static bool is_database(const struct efi_variable *v)
{
	static const char *const names[] = {"PK", "KEK", "db", "dbx"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (efi_variable_is(v, names[i]))
			return true;
	return strcmp(v->name, "dbt") == 0 || strcmp(v->name, "dbr") == 0;
}

static void say_authority(const struct efi_variable *v, char *text)
{
	const bool shim = guid_name(&v->vendor) && strcmp(guid_name(&v->vendor), "shim") == 0;

	if (!shim)
		snprintf(text, WORDS_BYTES, "an entry of %s let a program run, %zu bytes", v->name, v->data.len);
	else if (strcmp(v->name, "Shim") == 0)
		snprintf(text, WORDS_BYTES, "shim's own certificate let a program run, %zu bytes", v->data.len);
	else
		snprintf(text, WORDS_BYTES, "%s of shim, %zu bytes", v->name, v->data.len);
}

static void say_known(const struct efi_variable *v, char *text)
{
	const size_t len = strlen("Order"), name_len = strlen(v->name);
	char guid[GUID_TEXT], value[48];
	bool on;

	guid_text(&v->vendor, guid);
	data_words(v->data, value, sizeof(value));
	if (is_database(v))
		say_database(v->name, v->data, text);
	else if (efi_variable_is(v, "SecureBoot") && efi_secure_boot(v, &on))
		snprintf(text, WORDS_BYTES, "SecureBoot: %s",
			 v->data.len == 0 ? "no such variable"
			 : on             ? "on"
					  : "off");
	else if (is_option(v->name))
		say_boot_option(v->name, v->data, text);
	else if (name_len > len && strcmp(v->name + name_len - len, "Order") == 0)
		say_order(v->name, v->data, text);
	else
		snprintf(text, WORDS_BYTES, "%s of %s, %s", v->name,
			 guid_name(&v->vendor) ? guid_name(&v->vendor) : guid, value);
}

/* Some firmware, and shim before 15.3, give the event more bytes than the variable has. */
static void say_variable(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	struct efi_variable v;

	if (!efi_variable_read(&r, &v)) {
		snprintf(text, WORDS_BYTES, "%zu bytes that are no variable", e->data.len);
		return;
	}
	if (e->type == 0x800000e0)
		say_authority(&v, text);
	else
		say_known(&v, text);
	if (r.left > 0)
		snprintf(text + strlen(text), WORDS_BYTES - strlen(text), ", and %zu bytes after it", r.left);
}

static void say_tag(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char words[SHOWN_CHARS + 1];

	if (say_windows(e->data, text))
		return;
	const uint32_t id = read_le32(&r);
	const struct bytes data = read_bytes(&r, read_le32(&r));
	if (!read_done(&r)) { /* Linux and others write a text alone */
		say_data(e, text);
		return;
	}
	data_words(data, words, sizeof(words));
	snprintf(text, WORDS_BYTES, "tag 0x%08x, %s", id, words);
}

/* Of other types data_words() says what it can. */
static const struct {
	uint32_t type;
	void (*say)(const struct any_event *, char *);
} SPEAKERS[] = {
	{EV_POST_CODE, say_blob},   {EV_NO_ACTION, say_no_action}, {EV_SEPARATOR, say_separator},
	{0x00000006, say_tag},      {0x00000008, say_version},     {0x00000013, say_blob},
	{0x80000001, say_variable}, {0x80000002, say_variable},    {0x80000003, say_image},
	{0x80000004, say_image},    {0x80000005, say_image},       {0x80000006, say_gpt},
	{0x80000008, say_blob},     {0x80000009, say_tables},      {0x8000000a, say_blob},
	{0x8000000b, say_tables},   {0x8000000c, say_variable},    {0x8000000d, say_gpt},
	{0x800000e0, say_variable},
};

void event_words(const struct any_event *event, char text[WORDS_BYTES])
{
	for (size_t i = 0; i < sizeof(SPEAKERS) / sizeof(SPEAKERS[0]); i++) {
		if (SPEAKERS[i].type == event->type) {
			SPEAKERS[i].say(event, text);
			return;
		}
	}
	say_data(event, text);
}
