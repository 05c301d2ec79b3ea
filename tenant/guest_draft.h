/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest policy that is being made. Everything that fails is said on standard error. */
#ifndef TENANT_GUEST_DRAFT_H
#define TENANT_GUEST_DRAFT_H

#include <jansson.h>
#include <stdbool.h>

struct guest_draft {
	json_t *root;
	json_t *given; /* lists that are not the template's any more */
};

/** The strictest policy of a guest to which the VMM gives nothing; what says which guest it is, is missing. */
bool guest_draft_open(struct guest_draft *draft);
void guest_draft_close(struct guest_draft *draft);

/** Adds a value, in hexadecimal, to a list: the first takes the template's place; "unchecked" that of all. */
bool guest_draft_value(struct guest_draft *draft, const char *member, const char *value);

/** Sets a number, which is given as text. */
bool guest_draft_number(struct guest_draft *draft, const char *member, const char *value);

/** Sets a member to 'value', which is taken over. */
bool guest_draft_set(struct guest_draft *draft, const char *member, json_t *value);

/** Writes the policy, if verify-guest would read it. */
bool guest_draft_write(const struct guest_draft *draft, const char *output);

#endif
