/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TPM through the firmware, at locality 0: what the weak binding uses. */
#ifndef LOADER_TCG2_H
#define LOADER_TCG2_H

#include "log.h"

/** Does the firmware offer the protocol, whatever became of its TPM? */
bool tcg2_offered(void);

/** Does the firmware have a TPM 2.0? */
bool tcg2_present(void);

/** tis_transmit, through the firmware. */
bool tcg2_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		   struct failure *failure);

/** The firmware hashes 'data', extends the PCR in all banks, and logs the event as EV_IPL. */
bool tcg2_measure(uint32_t pcr, const void *data, size_t bytes, const struct log_data *event, struct failure *failure);

#endif
