/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor signs, as received (include/cloister/statement.h). */
#ifndef POLICY_STATEMENT_H
#define POLICY_STATEMENT_H

#include <cloister/statement.h>

#include "policy/crypto.h"

/** The HK statement. False if its size, magic, version, flags or CPU count are not what they must be. */
bool hk_statement_parse(struct bytes raw, struct hk_statement *statement);

/** The fresh answer; likewise. */
bool hk_fresh_parse(struct bytes raw, struct hk_fresh *fresh);

/** ECDSA by the key of 'statement', over all of 'raw' but the signature at its end. */
enum p256_result hk_verify(const struct hk_statement *statement, struct bytes raw);

#endif
