/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tenant gets to see of this boot: the key, its statement, the launch log. */
#ifndef CLOISTER_ATTEST_ATTESTATION_H
#define CLOISTER_ATTEST_ATTESTATION_H

#include "cloister/boot_info.h"
#include "hk.h"
#include "machine/lock.h"

struct attestation {
	lock_t lock; /* hk, wiping included */
	struct hk hk;
	struct hk_statement statement; /* constant, as is the log, once a guest runs */
	uint8_t log[BOOT_MAX_LOG];
	bool log_complete; /* copied at the first launch, before any guest runs */
};

#endif
