/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON in files: sorted and indented, as 'make reference' writes it. */
#include "tenant/json_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/encoding.h"
#include "policy/policy_file.h"
#include "tenant/file.h"

json_t *json_file_read(const char *path)
{
	json_error_t error;
	struct file file;
	char clean[sizeof(error.text)];

	if (!file_read(path, POLICY_MAX_BYTES, &file))
		return NULL;
	json_t *root = json_loadb(file.len ? (const char *)file.data : "", file.len, JSON_REJECT_DUPLICATES, &error);
	file_free(&file);
	text_clean((struct bytes){(const uint8_t *)error.text, strlen(error.text)}, clean, sizeof(clean));
	if (!root)
		fprintf(stderr, "cloister: %s: not JSON, line %d column %d: %s\n", path, error.line, error.column,
			clean);
	return root;
}

bool json_file_write(const char *path, const json_t *root)
{
	char *text = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);

	if (!text) {
		fprintf(stderr, "cloister: %s: out of memory\n", path);
		return false;
	}
	const size_t len = strlen(text);
	text[len] = '\n'; /* in place of the NUL: a text file ends with a line end */
	const bool written = file_write(path, (struct bytes){(const uint8_t *)text, len + 1});
	free(text);
	return written;
}
