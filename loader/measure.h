/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measurements, their PCRs, and the launch log (docs/architecture.md, section 7; docs/protocol.md,
 * "Launch log").
 */
#ifndef LOADER_MEASURE_H
#define LOADER_MEASURE_H

#include "tpm.h"

#include <cloister/launch_log.h>

enum measure_step { MEASURE_IMAGE, MEASURE_CONFIG, MEASURE_STATEMENT };

struct measure {
	struct tpm tpm;
	struct writer log; /* BOOT_MAX_LOG bytes */
};

/** Starts the log, after the TPM was opened. */
bool measure_start(struct measure *measure, struct failure *failure);

/**
 * Extends the step's PCR with the digests of 'data' and logs the event.
 * @sha256: if not NULL, gets the SHA-256 digest
 */
bool measure_step(struct measure *measure, enum measure_step step, const void *data, size_t bytes,
		  const struct log_data *event, uint8_t sha256[32], struct failure *failure);

/** Final length of the log, when the statement of so many bytes is all that is missing. */
size_t measure_log_bytes(const struct measure *measure, size_t statement_bytes);

/**
 * The loader's first act: extends PCR 4, where the firmware measured the loader, with a mark. A verifier then knows
 * that the loader was not only measured but also run.
 */
bool measure_loader_runs(struct failure *failure);

/**
 * Before a launch under the strong binding: extends PCR 14 with its mark, so that the root guest cannot present a weak
 * launch there.
 */
bool measure_begin_strong(struct failure *failure);

/**
 * Before a launch under the weak binding: extends PCR 14 with its mark, so that the launched system can present neither
 * a strong launch nor another weak one.
 */
bool measure_begin_weak(struct failure *failure);

/**
 * Before any other launch: extends PCR 17 to 19, if a TPM answers at locality 2, so that the launched system cannot
 * forge a strong launch there. The TPM must not be open.
 */
bool measure_close_strong(struct failure *failure);

/** The same where the firmware says that there is no TPM. One that answers, but cannot be closed, is an error. */
bool measure_close_unreported(struct failure *failure);

/**
 * Makes PCR 17 to 19 and PCR 14 useless for any launch: without a hypervisor the operating system reaches all of them,
 * and could fill in whatever is still missing. PCR 14 also gets the failure's text. Closes the TPM.
 * Returns whether this was done to all of them that the machine has; if not, nothing else may be started.
 */
bool measure_cap(struct measure *measure, const struct failure *cause);

#endif
