/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence kept in a folder, for other tools and for judging again. */
#ifndef TENANT_STORE_H
#define TENANT_STORE_H

#include "policy/evidence.h"
#include "tenant/file.h"

/* The logs: whole, wherever they came from. */
#define STORE_TCG_LOG    "tcg.log"
#define STORE_LAUNCH_LOG "launch.log"

/**
 * Keeps the answer and the challenge in a folder, which is made if it is not there; and, if the answer could be read
 * ('evidence' is not NULL), its parts as tpm2_checkquote and tpm2_eventlog take them.
 */
bool store_save(const char *directory, const struct challenge *challenge, struct bytes answer,
		const struct evidence *evidence);

/** Reads answer and challenge back; cache_load_saved reads the logs. On failure says why on standard error. */
bool store_load(const char *directory, struct challenge *challenge, struct file *answer);

#endif
