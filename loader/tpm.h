/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TPM by either way: at locality 2 with the loader's own driver, or through the firmware. */
#ifndef LOADER_TPM_H
#define LOADER_TPM_H

#include "log.h"

enum tpm_way { TPM_NONE, TPM_LOCALITY_2, TPM_FIRMWARE };

struct tpm {
	enum tpm_way way;
	bool crb;                /* TPM_LOCALITY_2: by the CRB interface */
	struct tpm2_banks banks; /* without a TPM: SHA-256 alone, for the log */
};

/** In place of a TPM that is missing: nothing is extended. */
void tpm_none(struct tpm *tpm);

/** Opens the TPM and asks for its active banks. */
bool tpm_open(struct tpm *tpm, enum tpm_way way, struct failure *failure);

/** The same, with the SHA-256 bank alone where the banks cannot be listed: enough to make a PCR useless. */
bool tpm_open_best_effort(struct tpm *tpm, enum tpm_way way, struct failure *failure);

/** Gives the TPM back to the firmware. It may be opened again. */
void tpm_close(struct tpm *tpm);

bool tpm_random(const struct tpm *tpm, uint8_t *to, size_t bytes, struct failure *failure);
bool tpm_clock(const struct tpm *tpm, struct tpm2_clock *clock, struct failure *failure);

/** Extends a PCR in all active banks with the digests of 'data'; the firmware's way also logs the event. */
bool tpm_extend(const struct tpm *tpm, uint32_t pcr, const struct tpm2_digests *digests, const void *data, size_t bytes,
		const struct log_data *event, struct failure *failure);

#endif
