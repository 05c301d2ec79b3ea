/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware rules as JSON. */
#include "policy/firmware_rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/encoding.h"

static const char *const RULES[] = {"model", "startup_locality", "pcr0", "pcr2", "event_types", "secure_boot", NULL};
static const char *const TYPES[] = {"pcr1", "pcr3", "pcr6", NULL};
static const char *const SECURE_BOOT[] = {"enabled", "pk", "kek", "db", "dbx", "other_events", NULL};
static const char *const DATABASE[] = {"required", "forbidden", "others", NULL};
static const char *const NONE[] = {NULL};

uint32_t kind_pcr_number(enum kind_pcr pcr)
{
	static const uint32_t numbers[KIND_PCRS] = {1, 3, 6};

	return numbers[pcr];
}

const char *database_name(enum database database)
{
	static const char *const names[DATABASES] = {"PK", "KEK", "db", "dbx"};

	return names[database];
}

const char *database_member(enum database database)
{
	return SECURE_BOOT[1 + database];
}

bool firmware_is_separator(struct digest digest)
{
	static const uint8_t values[2][4] = {{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}};

	return digest_equal(digest, sha256((struct bytes){values[0], 4})) ||
	       digest_equal(digest, sha256((struct bytes){values[1], 4}));
}

/* Room in the storage, which has one byte for each of the document: no element is written shorter than it is here. */
static void *take(struct members *m, const char *where, size_t bytes)
{
	if (m->failed || bytes > m->size - m->used) {
		members_fail(m, where, "has elements that are too short");
		return NULL;
	}
	m->used += bytes;
	return m->storage + m->used - bytes;
}

struct place {
	char text[96];
};

static struct place place_of(const char *where, const char *name)
{
	struct place place;

	snprintf(place.text, sizeof(place.text), "%.60s.%.30s", where, name);
	return place;
}

static struct digest_list read_digests(struct members *m, const json_t *object, const char *where, const char *name)
{
	const json_t *array = member_array(m, (struct member){object, where, name}, 0, RULES_MAX_LIST);
	const struct place place = place_of(where, name);
	const size_t count = json_array_size(array);
	struct digest *to = take(m, place.text, count * sizeof(*to));

	for (size_t i = 0; i < count && !m->failed; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (!text || !hex_decode(text, to[i].bytes, SHA256_BYTES))
			members_fail(m, place.text, "must be a list of digests of 64 hexadecimal digits");
	}
	return (struct digest_list){to, m->failed ? 0 : count};
}

/* "x509:HEX" */
static bool read_entry(const char *text, struct signature_entry *entry)
{
	for (uint8_t kind = 0; text && kind < ENTRY_KINDS; kind++) {
		const char *name = entry_kind_name(kind);
		const size_t len = strlen(name);

		entry->kind = kind;
		if (strncmp(text, name, len) == 0 && text[len] == ':')
			return hex_decode(text + len + 1, entry->digest.bytes, SHA256_BYTES);
	}
	return false;
}

static struct entry_list read_entries(struct members *m, const json_t *object, const char *where, const char *name)
{
	const json_t *array = member_array(m, (struct member){object, where, name}, 0, RULES_MAX_LIST);
	const struct place place = place_of(where, name);
	const size_t count = json_array_size(array);
	struct signature_entry *to = take(m, place.text, count * sizeof(*to));

	for (size_t i = 0; i < count && !m->failed; i++)
		if (!read_entry(json_string_value(json_array_get(array, i)), &to[i]))
			members_fail(m, place.text,
				     "must be a list of \"x509:\", \"sha256:\" or \"other:\" and a digest");
	return (struct entry_list){to, m->failed ? 0 : count};
}

/* A name such as EV_EFI_ACTION, or a number that has none: "0x8000000d". */
static bool read_type(const char *text, uint32_t *type)
{
	unsigned int number;
	int len = 0;

	if (tcg_event_type_number(text, type))
		return true;
	if (strlen(text) != 10 || sscanf(text, "0x%8x%n", &number, &len) != 1 || len != 10)
		return false;
	*type = number;
	return true;
}

static void read_types(struct members *m, const json_t *object, const char *where, enum kind_pcr pcr,
		       struct type_list *list)
{
	const json_t *array = member_array(m, (struct member){object, where, TYPES[pcr]}, 0, RULES_MAX_TYPES);
	const struct place place = place_of(where, TYPES[pcr]);

	list->count = json_array_size(array);
	for (size_t i = 0; i < list->count && !m->failed; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (!text || !read_type(text, &list->types[i]))
			members_fail(m, place.text, "must be a list of event types, such as \"EV_EFI_VARIABLE_BOOT\"");
	}
}

static void read_database(struct members *m, const json_t *object, const char *where, enum database database,
			  struct database_rule *rule)
{
	const json_t *value = m->failed ? NULL : json_object_get(object, database_member(database));
	const struct place place = place_of(where, database_member(database));

	members_exactly(m, value, place.text, DATABASE, NONE);
	rule->required = read_entries(m, value, place.text, "required");
	rule->forbidden = read_entries(m, value, place.text, "forbidden");
	rule->others = member_bool(m, (struct member){value, place.text, "others"});
}

static void read_secure_boot(struct members *m, const json_t *value, const char *where, struct firmware_rules *rules)
{
	members_exactly(m, value, where, SECURE_BOOT, NONE);
	rules->secure_boot = SECURE_BOOT_EITHER;
	if (!m->failed && !member_is_null((struct member){value, where, "enabled"}))
		rules->secure_boot =
			member_bool(m, (struct member){value, where, "enabled"}) ? SECURE_BOOT_ON : SECURE_BOOT_OFF;
	for (enum database i = 0; i < DATABASES; i++)
		read_database(m, value, where, i, &rules->databases[i]);
	rules->pcr7 = read_digests(m, value, where, "other_events");
}

void firmware_rules_read(struct members *m, const json_t *object, const char *where, struct firmware_rules *rules)
{
	const struct place types = place_of(where, "event_types"), secure_boot = place_of(where, "secure_boot");

	members_exactly(m, object, where, RULES, NONE);
	member_string(m, (struct member){object, where, "model"}, rules->model, sizeof(rules->model));
	rules->startup_locality =
		(uint8_t)member_number(m, (struct member){object, where, "startup_locality"}, TPM_LOCALITY_LAST);
	rules->pcr0 = read_digests(m, object, where, "pcr0");
	if (!m->failed && rules->pcr0.count == 0)
		members_fail(m, where, "pcr0 is empty: firmware that measures nothing of itself is not known");
	rules->pcr2 = read_digests(m, object, where, "pcr2");
	if (m->failed)
		return;
	const json_t *kinds = json_object_get(object, "event_types");
	members_exactly(m, kinds, types.text, TYPES, NONE);
	for (enum kind_pcr i = 0; i < KIND_PCRS; i++)
		read_types(m, kinds, types.text, i, &rules->kinds[i]);
	if (!m->failed)
		read_secure_boot(m, json_object_get(object, "secure_boot"), secure_boot.text, rules);
}

bool firmware_rules_parse(struct bytes text, struct firmware_rules *rules, void **storage, struct parse_error *error)
{
	struct members m;
	json_t *root = members_open(&m, text, error);

	*rules = (struct firmware_rules){.model = ""};
	if (root)
		firmware_rules_read(&m, root, "rules", rules);
	json_decref(root);
	*storage = m.storage;
	if (!m.failed)
		return true;
	free(m.storage);
	*storage = NULL;
	return false;
}
