/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/guest_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/guest_policy_file.h"
#include "tenant/json_file.h"

bool guest_draft_open(struct guest_draft *draft)
{
	char zeros[2 * REPORT_HASH_BYTES + 1];

	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	draft->given = json_object();
	draft->root = json_pack("{s:i, s:[s], s:[s], s:[s], s:[s], s:n, s:n, s:s, s:b, s:b, s:b, s:i, s:i}", "version",
				(int)GUEST_POLICY_VERSION, "rtmr3", zeros, "mrconfigid", zeros, "mrowner", zeros,
				"mrownerconfig", zeros, "cpuid_sha384", "xfam", "attributes", "0000000010000000",
				"allow_debug", 0, "allow_lazy_acceptance", 0, "allow_removed_pages", 0, "first_vector",
				0x20, "last_vector", 0xea);
	return draft->root && draft->given;
}

void guest_draft_close(struct guest_draft *draft)
{
	json_decref(draft->given);
	json_decref(draft->root);
}

bool guest_draft_set(struct guest_draft *draft, const char *member, json_t *value)
{
	return json_object_set_new(draft->root, member, value) == 0;
}

bool guest_draft_value(struct guest_draft *draft, const char *member, const char *value)
{
	if (strcmp(value, "unchecked") == 0)
		return guest_draft_set(draft, member, json_string(value));
	if (!json_object_get(draft->given, member)) {
		json_object_set_new(draft->given, member, json_array());
		json_object_set(draft->root, member, json_object_get(draft->given, member));
	}
	return json_array_append_new(json_object_get(draft->given, member), json_string(value)) == 0;
}

bool guest_draft_number(struct guest_draft *draft, const char *member, const char *value)
{
	char *end;
	const long number = strtol(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0') {
		fprintf(stderr, "cloister: %s: a whole number\n", value);
		return false;
	}
	return guest_draft_set(draft, member, json_integer(number));
}

/* Nothing is written that verify-guest would not read. */
static bool is_readable(const json_t *root, const char *output)
{
	static struct guest_policy policy;
	struct parse_error error;
	char *text = json_dumps(root, 0);
	const bool ok =
		text && guest_policy_parse((struct bytes){(const uint8_t *)text, strlen(text)}, &policy, &error);

	if (!ok)
		fprintf(stderr, "cloister: %s is not written: %s %s\n", output, text ? error.where : "",
			text ? error.what : "out of memory");
	free(text);
	return ok;
}

bool guest_draft_write(const struct guest_draft *draft, const char *output)
{
	return is_readable(draft->root, output) && json_file_write(output, draft->root);
}
