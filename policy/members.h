/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading of JSON objects. A 'struct members' walks one document: the first thing that is wrong is kept in
 * its error, and everything read after that is zero, so callers check once.
 */
#ifndef POLICY_MEMBERS_H
#define POLICY_MEMBERS_H

#include <jansson.h>

#include "policy/evidence.h"

struct members {
	struct parse_error *error;
	bool failed;
	uint8_t *storage; /* decoded bytes go here; large enough for all of the document */
	size_t used;
	size_t size;
};

/** Parses a document and makes its storage. NULL if it is not JSON. The caller frees both. */
json_t *members_open(struct members *m, struct bytes text, struct parse_error *error);

/** Notes the first error; 'where' is a path such as "pcrs[3].sha256". */
void members_fail(struct members *m, const char *where, const char *what);

/** 'object' must be an object with exactly these members; those in 'optional' may be absent. */
void members_exactly(struct members *m, const json_t *object, const char *where, const char *const *required,
		     const char *const *optional);

/* One member of an object that members_exactly has seen. 'where' is the object's path. */
struct member {
	const json_t *object;
	const char *where;
	const char *name;
};

uint64_t member_number(struct members *m, struct member from, uint64_t max);
bool member_bool(struct members *m, struct member from);
void member_string(struct members *m, struct member from, char *text, size_t size);
struct digest member_digest(struct members *m, struct member from); /* hexadecimal */
struct digest member_digest_base64(struct members *m, struct member from);
struct bytes member_base64(struct members *m, struct member from);
struct bytes element_base64(struct members *m, const json_t *element, const char *where); /* of an array */
struct digest element_digest_base64(struct members *m, const json_t *element, const char *where);
struct bytes member_text(struct members *m, struct member from); /* copied to the storage */
bool member_is_null(struct member from);
/** An array of 'min' to 'max' elements. */
const json_t *member_array(struct members *m, struct member from, size_t min, size_t max);

#endif
