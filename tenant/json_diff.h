/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sets two of the user's JSON files apart. */
#ifndef TENANT_JSON_DIFF_H
#define TENANT_JSON_DIFF_H

#include <jansson.h>
#include <stdbool.h>

/** Prints the differences, by the path of the member. True if there are any. */
bool json_diff(const json_t *a, const json_t *b);

#endif
