/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events say (PFP 1.06, section 10). For people: a wrong length is said, never trusted. */
#include "policy/event_words.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/device_path.h"
#include "policy/efi_variable.h"

#define SHOWN_CHARS 400u

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

/* Printable ASCII, the rest as '?', up to a NUL; every 'step' bytes. */
static void say_text(struct bytes from, size_t step, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < from.len && from.data[i] != 0 && used + 1 < size && used < SHOWN_CHARS; i += step)
		text[used++] = from.data[i] >= 0x20 && from.data[i] < 0x7f ? (char)from.data[i] : '?';
	text[used] = '\0';
}

static void say_ascii(const struct any_event *e, char *text)
{
	char shown[SHOWN_CHARS + 1];

	say_text(e->data, 1, shown, sizeof(shown));
	snprintf(text, WORDS_BYTES, "\"%s\"", shown);
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

static void say_no_action(const struct any_event *e, char *text)
{
	char shown[17];

	say_text((struct bytes){e->data.data, e->data.len < 16 ? e->data.len : 16}, 1, shown, sizeof(shown));
	if (bytes_begin(e->data, "Spec ID Event03", 16))
		say_spec_id(e, text);
	else if (bytes_begin(e->data, "StartupLocality", 16) && e->data.len >= 17)
		snprintf(text, WORDS_BYTES, "TPM2_Startup came from locality %u: PCR 0 starts with it",
			 e->data.data[16]);
	else if (e->index == 0)
		snprintf(text, WORDS_BYTES, "log of the old format, SHA-1 only: \"%s\"", shown);
	else
		snprintf(text, WORDS_BYTES, "nothing is extended: \"%s\", %zu bytes", shown, e->data.len);
}

static void say_separator(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	const uint32_t value = read_le32(&r);

	if (!read_done(&r))
		snprintf(text, WORDS_BYTES, "a separator of %zu bytes", e->data.len);
	else if (value == 0 || value == UINT32_MAX)
		snprintf(text, WORDS_BYTES, "the firmware is done with this PCR");
	else
		snprintf(text, WORDS_BYTES, "ERROR 0x%x: the firmware failed to measure", value);
}

/* S-CRTM version: UCS-2, or a GUID, or ASCII. */
static void say_version(const struct any_event *e, char *text)
{
	const bool wide = e->data.len >= 2 && e->data.data[1] == 0;
	char shown[SHOWN_CHARS + 1];

	say_text(e->data, wide ? 2 : 1, shown, sizeof(shown));
	snprintf(text, WORDS_BYTES, "version \"%s\"", shown);
}

static void say_blob(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char name[SHOWN_CHARS + 1] = "";

	if (e->type == 0x8000000a || e->type == 0x8000000b)
		say_text(read_bytes(&r, read_u8(&r)), 1, name, sizeof(name));
	const uint64_t base = read_le64(&r), len = read_le64(&r);
	if (read_done(&r))
		snprintf(text, WORDS_BYTES, "%s%s%" PRIu64 " bytes at 0x%" PRIx64, name, name[0] ? ": " : "", len,
			 base);
	else if (e->type == 0x8000000a)
		snprintf(text, WORDS_BYTES, "%s", name);
	else
		say_ascii(e, text);
}

static void say_tables(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char name[SHOWN_CHARS + 1] = "";

	if (e->type == 0x8000000b)
		say_text(read_bytes(&r, read_u8(&r)), 1, name, sizeof(name));
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
	say_text(read_bytes(&r, 2 * chars), 2, description, sizeof(description));
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

static void say_variable(const struct any_event *e, char *text)
{
	const size_t len = strlen("Order");
	struct efi_variable v;
	char guid[GUID_TEXT];
	bool on;

	if (!efi_variable_parse(e->data, &v)) {
		snprintf(text, WORDS_BYTES, "%zu bytes that are no variable", e->data.len);
		return;
	}
	const size_t name_len = strlen(v.name);
	guid_text(&v.vendor, guid);
	if (e->type == 0x800000e0)
		snprintf(text, WORDS_BYTES, "an entry of %s let a program run, %zu bytes", v.name, v.data.len);
	else if (is_database(&v))
		say_database(v.name, v.data, text);
	else if (efi_variable_is(&v, "SecureBoot") && efi_secure_boot(&v, &on))
		snprintf(text, WORDS_BYTES, "SecureBoot: %s", v.data.len == 0 ? "no such variable" : on ? "on" : "off");
	else if (is_option(v.name))
		say_boot_option(v.name, v.data, text);
	else if (name_len > len && strcmp(v.name + name_len - len, "Order") == 0)
		say_order(v.name, v.data, text);
	else
		snprintf(text, WORDS_BYTES, "%s of %s, %zu bytes", v.name,
			 guid_name(&v.vendor) ? guid_name(&v.vendor) : guid, v.data.len);
}

static void say_tag(const struct any_event *e, char *text)
{
	struct reader r = reader_of(e->data);
	char shown[SHOWN_CHARS + 1];

	const uint32_t id = read_le32(&r);
	const struct bytes data = read_bytes(&r, read_le32(&r));
	const bool wide = data.len >= 2 && data.data[1] == 0;
	say_text(data, wide ? 2 : 1, shown, sizeof(shown));
	snprintf(text, WORDS_BYTES, r.failed ? "tag 0x%08x, malformed" : "tag 0x%08x \"%s\"", id, shown);
}

/* X(first type, what says it) */
static const struct {
	uint32_t type;
	void (*say)(const struct any_event *, char *);
} SPEAKERS[] = {
	{EV_NO_ACTION, say_no_action}, {EV_SEPARATOR, say_separator}, {0x00000005, say_ascii},
	{0x00000006, say_tag},         {0x00000008, say_version},     {0x0000000a, say_ascii},
	{0x0000000c, say_ascii},       {EV_IPL, say_ascii},           {0x00000010, say_ascii},
	{0x00000012, say_ascii},       {EV_POST_CODE, say_blob},      {0x00000013, say_blob},
	{0x80000001, say_variable},    {0x80000002, say_variable},    {0x80000003, say_image},
	{0x80000004, say_image},       {0x80000005, say_image},       {0x80000006, say_gpt},
	{0x80000007, say_ascii},       {0x80000008, say_blob},        {0x80000009, say_tables},
	{0x8000000a, say_blob},        {0x8000000b, say_tables},      {0x8000000c, say_variable},
	{0x8000000d, say_gpt},         {0x80000010, say_ascii},       {0x800000e0, say_variable},
};

void event_words(const struct any_event *event, char text[WORDS_BYTES])
{
	for (size_t i = 0; i < sizeof(SPEAKERS) / sizeof(SPEAKERS[0]); i++) {
		if (SPEAKERS[i].type == event->type) {
			SPEAKERS[i].say(event, text);
			return;
		}
	}
	snprintf(text, WORDS_BYTES, "%zu bytes", event->data.len);
}
