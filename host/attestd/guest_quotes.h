/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence of guests (docs/protocol.md): those that ask together get one quote of the TPM. */
#ifndef ATTESTD_GUEST_QUOTES_H
#define ATTESTD_GUEST_QUOTES_H

#include "answer.h"
#include "quote_message.h"

#define GUEST_QUOTES_MAX TREE_LEAVES_MAX

struct guest_quote {
	struct report report; /* as the guest has it, by way of its VMM */
	enum quote_error error;
	struct reply evidence; /* where there is no error: at most QUOTE_MAX_BYTES; for reply_free */
	struct hk_report signed_report;
};

/**
 * Makes the evidence of 'count' guests, 1 to GUEST_QUOTES_MAX. A report that is none of this boot is an error of its
 * own guest; if there is no evidence at all, it is an error of all of them.
 * Returns false with 'failure' in the second case.
 */
bool guest_quotes_make(const struct sources *sources, struct tpm *tpm, struct guest_quote *quotes, size_t count,
		       struct failure *failure);

#endif
