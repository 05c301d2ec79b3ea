/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host of the store, as the judge is told of it. */
#ifndef TENANT_KNOWN_H
#define TENANT_KNOWN_H

#include "policy/evidence.h"
#include "policy/verdict.h"
#include "tenant/hosts.h"

/**
 * What the store knows of a host. False if it cannot be believed, which is said on standard error.
 * @store: NULL if there is none
 * @name: empty if the host has none
 * @saved: is the evidence that is to be judged older than now?
 */
bool known_load(const char *store, const char *name, bool saved, struct enrolled *host, struct known_host *known);

/** Refuses a key that was denied, be it after it was enrolled. */
void known_check_denied(const char *store, const struct enrolled *host, const struct evidence *evidence,
			struct verdict *verdict);

#endif
