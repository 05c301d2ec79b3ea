/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's JSON files. Everything that fails is said on standard error. */
#ifndef TENANT_JSON_FILE_H
#define TENANT_JSON_FILE_H

#include <jansson.h>
#include <stdbool.h>

/** Reads a file of at most POLICY_MAX_BYTES, without duplicate members. The caller frees it; NULL on failure. */
json_t *json_file_read(const char *path);

/** Writes a file in place of what was there: as a whole, or not at all. */
bool json_file_write(const char *path, const json_t *root);

#endif
