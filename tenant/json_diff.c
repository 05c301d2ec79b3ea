/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sets two JSON documents apart, member by member. */
#include "tenant/json_diff.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_value(const char *path, const char *sign_text, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);

	if (value)
		printf("%s %s: %.200s%s\n", sign_text, path, text ? text : "", text && strlen(text) > 200 ? "..." : "");
	free(text);
}

static bool diff_values(const char *path, const json_t *a, const json_t *b);

static bool diff_members(const char *path, const json_t *a, const json_t *b)
{
	const char *name;
	json_t *value;
	char below[256];
	bool differ = false;

	json_object_foreach((json_t *)(uintptr_t)a, name, value)
	{
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "", name);
		differ |= diff_values(below, value, json_object_get(b, name));
	}
	json_object_foreach((json_t *)(uintptr_t)b, name, value)
	{
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "", name);
		if (!json_object_get(a, name))
			differ |= diff_values(below, NULL, value);
	}
	return differ;
}

static bool has_value(const json_t *array, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_equal(json_array_get(array, i), value))
			return true;
	return false;
}

/* What people call an element, or NULL. */
static const json_t *element_name(const json_t *element)
{
	const json_t *model = json_object_get(element, "model");

	return model ? model : json_object_get(element, "name");
}

/* The only element of the list with the name of 'element', or NULL. */
static const json_t *namesake(const json_t *array, const json_t *element)
{
	const json_t *found = NULL, *name = element_name(element);

	for (size_t i = 0; i < json_array_size(array) && name; i++) {
		const json_t *other = json_array_get(array, i);

		if (!json_equal(element_name(other), name))
			continue;
		if (found)
			return NULL;
		found = other;
	}
	return found;
}

/* Of two elements with one name only what differs in them, since a model's rules are long. */
static void diff_namesakes(const char *path, const json_t *a, const json_t *b)
{
	char *name = json_dumps(element_name(a), JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	char below[256];

	snprintf(below, sizeof(below), "%s[%s]", path, name ? name : "");
	free(name);
	diff_members(below, a, b);
}

/* Elements that only one of the lists has; their order is said only if it is all. */
static bool diff_elements(const char *path, const json_t *a, const json_t *b)
{
	bool said = false;

	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *element = json_array_get(a, i);

		if (has_value(b, element))
			continue;
		if (namesake(a, element) && namesake(b, element))
			diff_namesakes(path, element, namesake(b, element));
		else
			print_value(path, "-", element);
		said = true;
	}
	for (size_t i = 0; i < json_array_size(b); i++) {
		const json_t *element = json_array_get(b, i);

		if (has_value(a, element))
			continue;
		if (!namesake(a, element) || !namesake(b, element))
			print_value(path, "+", element);
		said = true;
	}
	if (!said)
		printf("  %s: the same elements in another order or number\n", path);
	return true;
}

static bool diff_values(const char *path, const json_t *a, const json_t *b)
{
	if (a && b && json_equal(a, b))
		return false;
	if (json_is_object(a) && json_is_object(b))
		return diff_members(path, a, b);
	if (json_is_array(a) && json_is_array(b))
		return diff_elements(path, a, b);
	print_value(path, "-", a);
	print_value(path, "+", b);
	return true;
}

bool json_diff(const json_t *a, const json_t *b)
{
	return diff_values("", a, b);
}
