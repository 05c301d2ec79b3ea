/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders of certificates: whom the tenant trusts to vouch for TPMs. */
#ifndef TENANT_AUTHORITIES_H
#define TENANT_AUTHORITIES_H

#include "policy/ek.h"

/**
 * Reads every file of the folders; in each of them there may be certificates and CRLs in PEM or DER, and nothing else
 * but names that begin with a dot. On failure says why on standard error, and returns NULL.
 * @certificates: of authorities between roots and keys, or NULL
 * @crls:         or NULL; if given, each authority must have one that is in force
 */
struct ek_authorities *authorities_load(const char *roots, const char *certificates, const char *crls);

#endif
