/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict reading of JSON objects. */
#include "policy/members.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/encoding.h"

json_t *members_open(struct members *m, struct bytes text, struct parse_error *error)
{
	json_error_t reason;

	*m = (struct members){.error = error, .size = text.len};
	*error = (struct parse_error){.where = ""};
	json_t *root = json_loadb(text.len ? (const char *)text.data : "", text.len, JSON_REJECT_DUPLICATES, &reason);
	if (!root) {
		char clean[sizeof(reason.text)];

		text_clean((struct bytes){(const uint8_t *)reason.text, strlen(reason.text)}, clean, sizeof(clean));
		m->failed = true;
		snprintf(error->what, sizeof(error->what), "not JSON, line %d column %d: %.110s", reason.line,
			 reason.column, clean);
		return NULL;
	}
	m->storage = malloc(text.len);
	if (!m->storage)
		members_fail(m, "", "out of memory");
	return root;
}

void members_fail(struct members *m, const char *where, const char *what)
{
	if (m->failed)
		return;
	m->failed = true;
	text_clean((struct bytes){(const uint8_t *)where, strlen(where)}, m->error->where, sizeof(m->error->where));
	snprintf(m->error->what, sizeof(m->error->what), "%s", what);
}

static void fail_member(struct members *m, struct member from, const char *what)
{
	char where[sizeof(m->error->where)];

	snprintf(where, sizeof(where), "%s%s%s", from.where, from.where[0] ? "." : "", from.name);
	members_fail(m, where, what);
}

static bool is_listed(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

void members_exactly(struct members *m, const json_t *object, const char *where, const char *const *required,
		     const char *const *optional)
{
	const char *name;
	json_t *value;

	if (m->failed)
		return;
	if (!json_is_object(object)) {
		members_fail(m, where, "must be an object");
		return;
	}
	for (const char *const *need = required; *need; need++)
		if (!json_object_get(object, *need))
			fail_member(m, (struct member){object, where, *need}, "is missing");
	json_object_foreach((json_t *)(uintptr_t)object, name, value) /* the iterator has no const form */
		if (!is_listed(name, required) && !is_listed(name, optional))
			fail_member(m, (struct member){object, where, name}, "is not a known member");
}

/* The value, or NULL after an error. */
static const json_t *value_of(struct members *m, struct member from)
{
	const json_t *value = m->failed ? NULL : json_object_get(from.object, from.name);

	if (!value)
		fail_member(m, from, "is missing");
	return value;
}

uint64_t member_number(struct members *m, struct member from, uint64_t max)
{
	const json_t *value = value_of(m, from);

	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > max) {
		fail_member(m, from, "must be a whole number in its range");
		return 0;
	}
	return (uint64_t)json_integer_value(value);
}

bool member_bool(struct members *m, struct member from)
{
	const json_t *value = value_of(m, from);

	if (!json_is_boolean(value))
		fail_member(m, from, "must be true or false");
	return json_is_true(value);
}

/* jansson's strings are UTF-8 and, by default, hold no NUL. */
static const char *string_of(struct members *m, struct member from, size_t *len)
{
	const json_t *value = value_of(m, from);

	*len = 0;
	if (!json_is_string(value)) {
		fail_member(m, from, "must be a string");
		return NULL;
	}
	*len = json_string_length(value);
	return json_string_value(value);
}

void member_string(struct members *m, struct member from, char *text, size_t size)
{
	size_t len;
	const char *string = string_of(m, from, &len);

	text[0] = '\0';
	if (string && (len == 0 || len >= size))
		fail_member(m, from, "must be a string that is neither empty nor too long");
	if (!m->failed)
		text_clean((struct bytes){(const uint8_t *)string, len}, text, size);
}

struct digest member_digest(struct members *m, struct member from)
{
	struct digest digest = digest_filled(0);
	size_t len;
	const char *string = string_of(m, from, &len);

	if (string && (len != 2 * SHA256_BYTES || !hex_decode(string, digest.bytes, SHA256_BYTES)))
		fail_member(m, from, "must be 64 hexadecimal digits");
	return digest;
}

/* @string: or NULL, after an error */
static struct bytes decode(struct members *m, struct member from, const char *string, size_t chars)
{
	size_t len;

	if (!string)
		return (struct bytes){NULL, 0};
	uint8_t *to = m->storage + m->used;
	if (base64_max_bytes(chars) > m->size - m->used || !base64_decode(string, chars, to, &len)) {
		fail_member(m, from, "must be base64 with padding");
		return (struct bytes){NULL, 0};
	}
	m->used += len;
	return (struct bytes){to, len};
}

struct bytes member_base64(struct members *m, struct member from)
{
	size_t chars;
	const char *string = string_of(m, from, &chars);

	return decode(m, from, string, chars);
}

struct bytes element_base64(struct members *m, const json_t *element, const char *where)
{
	const struct member from = {element, "", where};

	if (!json_is_string(element))
		fail_member(m, from, "must be a string");
	return decode(m, from, m->failed ? NULL : json_string_value(element), json_string_length(element));
}

/* @b: what was decoded of the member */
static struct digest digest_of(struct members *m, struct member from, struct bytes b)
{
	struct digest digest = digest_filled(0);

	if (!m->failed && b.len != SHA256_BYTES)
		fail_member(m, from, "must be 32 bytes in base64");
	if (!m->failed)
		memcpy(digest.bytes, b.data, SHA256_BYTES);
	return digest;
}

struct digest member_digest_base64(struct members *m, struct member from)
{
	return digest_of(m, from, member_base64(m, from));
}

struct digest element_digest_base64(struct members *m, const json_t *element, const char *where)
{
	return digest_of(m, (struct member){element, "", where}, element_base64(m, element, where));
}

struct bytes member_text(struct members *m, struct member from)
{
	size_t len;
	const char *string = string_of(m, from, &len);

	if (string && len > m->size - m->used)
		fail_member(m, from, "is longer than the document");
	if (!string || m->failed)
		return (struct bytes){NULL, 0};
	uint8_t *to = m->storage + m->used;
	memcpy(to, string, len);
	m->used += len;
	return (struct bytes){to, len};
}

bool member_is_null(struct member from)
{
	return json_is_null(json_object_get(from.object, from.name));
}

const json_t *member_array(struct members *m, struct member from, size_t min, size_t max)
{
	const json_t *value = value_of(m, from);

	if (!json_is_array(value) || json_array_size(value) < min || json_array_size(value) > max) {
		fail_member(m, from, "must be an array of a permitted length");
		return NULL;
	}
	return value;
}
