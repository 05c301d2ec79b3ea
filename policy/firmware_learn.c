/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Learning firmware rules. */
#include "policy/firmware_learn.h"

#include <stdio.h>

#include "policy/encoding.h"

static json_t *digest_json(struct digest digest)
{
	char text[2 * SHA256_BYTES + 1];

	hex_encode(digest.bytes, SHA256_BYTES, text);
	return json_string(text);
}

/* Strings in the order in which they first came. Their keys in an object are found without a walk over all of them. */
struct strings {
	json_t *array, *seen;
};

static struct strings strings_begin(void)
{
	return (struct strings){json_array(), json_object()};
}

/* Takes the string over. */
static void append_once(struct strings *strings, json_t *string)
{
	const char *text = json_string_value(string);

	if (text && !json_object_get(strings->seen, text)) {
		json_object_set_new(strings->seen, text, json_null());
		json_array_append(strings->array, string);
	}
	json_decref(string);
}

static json_t *strings_end(struct strings *strings)
{
	json_decref(strings->seen);
	return strings->array;
}

/* Every event, in order. */
static json_t *learn_sequence(const struct tcg_log *log, uint32_t pcr)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	json_t *array = json_array();

	while (tcg_log_next_of(&cursor, pcr, &event))
		if (!firmware_is_separator(event.sha256))
			json_array_append_new(array, digest_json(event.sha256));
	return array;
}

static json_t *learn_digests(const struct tcg_log *log, uint32_t pcr)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct strings digests = strings_begin();
	struct tcg_event event;

	while (tcg_log_next_of(&cursor, pcr, &event))
		if (!firmware_is_separator(event.sha256))
			append_once(&digests, digest_json(event.sha256));
	return strings_end(&digests);
}

static json_t *type_json(uint32_t type)
{
	const char *name = tcg_event_type_name(type);
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", type);
	return json_string(name ? name : text);
}

static json_t *learn_types(const struct tcg_log *log, uint32_t pcr)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct strings types = strings_begin();
	struct tcg_event event;

	while (tcg_log_next_of(&cursor, pcr, &event))
		if (!firmware_is_separator(event.sha256))
			append_once(&types, type_json(event.type));
	return strings_end(&types);
}

static json_t *entries_json(struct bytes database)
{
	struct signature_cursor cursor = signature_entries(database);
	struct strings entries = strings_begin();
	struct signature_entry entry;
	struct bytes data;

	while (signature_next(&cursor, &entry, &data)) {
		char hex[2 * SHA256_BYTES + 1], text[16 + sizeof(hex)];

		hex_encode(entry.digest.bytes, SHA256_BYTES, hex);
		snprintf(text, sizeof(text), "%s:%s", entry_kind_name(entry.kind), hex);
		append_once(&entries, json_string(text));
	}
	return strings_end(&entries);
}

/* Revoked entries stay revoked, and more may be added; elsewhere no key may be added. */
static json_t *database_json(enum database database, struct bytes data)
{
	return json_pack("{s:o, s:[], s:b}", "required", entries_json(data), "forbidden", "others",
			 database == DATABASE_DBX);
}

/* Of one event of PCR 7: a variable that the rules name, or one of the others. */
static void learn_event(const struct tcg_event *event, json_t *rule, struct strings *others)
{
	struct efi_variable variable;
	bool on;

	if (!digest_equal(event->sha256, sha256(event->data)) || !efi_variable_parse(event->data, &variable)) {
		append_once(others, digest_json(event->sha256));
		return;
	}
	for (enum database i = 0; i < DATABASES; i++) {
		if (efi_variable_is(&variable, database_name(i))) {
			json_object_set_new(rule, database_member(i), database_json(i, variable.data));
			return;
		}
	}
	if (efi_variable_is(&variable, "SecureBoot") && efi_secure_boot(&variable, &on))
		json_object_set_new(rule, "enabled", json_boolean(on));
	else
		append_once(others, digest_json(event->sha256));
}

static json_t *learn_secure_boot(const struct tcg_log *log)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	struct strings others = strings_begin();
	json_t *rule = json_object();

	while (tcg_log_next_of(&cursor, 7, &event) && !firmware_is_separator(event.sha256))
		learn_event(&event, rule, &others);
	json_object_set_new(rule, "other_events", strings_end(&others));
	return rule;
}

static unsigned int count_before_separator(const struct tcg_log *log)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	unsigned int count = 0;

	while (tcg_log_next_of(&cursor, 0, &event) && !firmware_is_separator(event.sha256))
		count++;
	return count;
}

/* Is everything there that the rules must say? */
static bool is_complete(unsigned int before_separator, const json_t *secure_boot, char *why, size_t size)
{
	if (before_separator < FIRMWARE_MIN_EVENTS) {
		snprintf(why, size,
			 "PCR 0 has %u event%s before its separator: this firmware does not measure its own code, and "
			 "step 6 refuses it",
			 before_separator, before_separator == 1 ? "" : "s");
		return false;
	}
	if (!json_object_get(secure_boot, "enabled")) {
		snprintf(why, size, "PCR 7 has no event of SecureBoot whose data has the event's digest");
		return false;
	}
	for (enum database i = 0; i < DATABASES; i++) {
		if (!json_object_get(secure_boot, database_member(i))) {
			snprintf(why, size, "PCR 7 has no event of %s whose data has the event's digest",
				 database_name(i));
			return false;
		}
	}
	return true;
}

json_t *firmware_learn(const struct tcg_log *log, const char *model, char *why, size_t why_size)
{
	json_t *secure_boot = learn_secure_boot(log);
	const bool complete = is_complete(count_before_separator(log), secure_boot, why, why_size);
	json_t *rules = json_pack("{s:s, s:i, s:o, s:o, s:{s:o, s:o, s:o}, s:o}", "model", model, "startup_locality",
				  log->startup_locality, "pcr0", learn_sequence(log, 0), "pcr2", learn_digests(log, 2),
				  "event_types", "pcr1", learn_types(log, 1), "pcr3", learn_types(log, 3), "pcr6",
				  learn_types(log, 6), "secure_boot", secure_boot);

	if (complete && rules)
		return rules;
	if (complete)
		snprintf(why, why_size, "out of memory, or a model's name that is not UTF-8");
	json_decref(rules);
	return NULL;
}

/* The SHA-256 digest of a record, or NULL. */
static const char *record_digest(const json_t *record)
{
	const json_t *digests = json_object_get(record, "digests");
	uint8_t bytes[SHA256_BYTES];

	for (size_t i = 0; i < json_array_size(digests); i++) {
		const json_t *one = json_array_get(digests, i);
		const char *algorithm = json_string_value(json_object_get(one, "hashAlg"));
		const char *digest = json_string_value(json_object_get(one, "digest"));

		if (algorithm && strcmp(algorithm, "sha256") == 0)
			return digest && hex_decode(digest, bytes, SHA256_BYTES) ? digest : NULL;
	}
	return NULL;
}

/* What is wrong, or NULL. */
static const char *import_record(const json_t *record, json_t *pcr0, struct strings *pcr2)
{
	const json_t *pcr = json_object_get(record, "pcr");
	const char *digest = record_digest(record);
	struct digest bytes;

	if (!json_is_integer(pcr) || json_integer_value(pcr) < 0 || json_integer_value(pcr) > 23)
		return "a record without a PCR";
	if (!digest || !hex_decode(digest, bytes.bytes, SHA256_BYTES))
		return "a record without a SHA-256 digest";
	if (firmware_is_separator(bytes))
		return NULL;
	if (json_integer_value(pcr) == 0)
		json_array_append_new(pcr0, digest_json(bytes));
	if (json_integer_value(pcr) == 2)
		append_once(pcr2, digest_json(bytes));
	return NULL;
}

static json_t *any_database(void)
{
	return json_pack("{s:[], s:[], s:b}", "required", "forbidden", "others", 1);
}

json_t *firmware_import(struct bytes component, const char *model, char *why, size_t why_size)
{
	json_t *root = json_loadb(component.len ? (const char *)component.data : "", component.len,
				  JSON_REJECT_DUPLICATES, NULL);
	const json_t *records = json_object_get(root, "records");
	struct strings pcr2 = strings_begin();
	json_t *pcr0 = json_array();
	const char *wrong =
		json_is_array(records) ? NULL : "no list of records: not a component file of systemd-pcrlock";

	for (size_t i = 0; i < json_array_size(records) && !wrong; i++)
		wrong = import_record(json_array_get(records, i), pcr0, &pcr2);
	if (!wrong && json_array_size(pcr0) == 0)
		wrong = "no record of PCR 0";
	json_decref(root);
	json_t *rules = json_pack("{s:s, s:i, s:o, s:o, s:{s:[], s:[], s:[]}, s:{s:n, s:o, s:o, s:o, s:o, s:[]}}",
				  "model", model, "startup_locality", 0, "pcr0", pcr0, "pcr2", strings_end(&pcr2),
				  "event_types", "pcr1", "pcr3", "pcr6", "secure_boot", "enabled", "pk", any_database(),
				  "kek", any_database(), "db", any_database(), "dbx", any_database(), "other_events");
	if (!wrong && !rules)
		wrong = "out of memory, or a model's name that is not UTF-8";
	if (!wrong)
		return rules;
	snprintf(why, why_size, "%s", wrong);
	json_decref(rules);
	return NULL;
}
