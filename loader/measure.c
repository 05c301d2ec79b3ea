// SPDX-License-Identifier: GPL-2.0-or-later
// Measurements and their log.
#include "measure.h"

#include "digest.h"
#include "tcg2.h"
#include "uefi.h"

#include <cloister/boot_info.h>

#define PCR_STRONG_FIRST 17u
#define PCR_STRONG_LAST  19u
#define PCR_WEAK         14u

#define LABEL_ERROR  "cloister-error"
#define LABEL_STRONG "cloister-strong"

static uint32_t pcr_of(const struct measure *measure, enum measure_step step)
{
	return measure->tpm.way == TPM_FIRMWARE ? PCR_WEAK : PCR_STRONG_FIRST + step;
}

bool measure_start(struct measure *measure, struct failure *failure)
{
	measure->log = (struct writer){.to = uefi_allocate(BOOT_MAX_LOG), .capacity = BOOT_MAX_LOG};
	if (!measure->log.to)
		return fail(failure, LOADER_E_MEMORY, "launch log of %u bytes", BOOT_MAX_LOG);
	log_start(&measure->log, &measure->tpm.banks);
	return true;
}

bool measure_step(struct measure *measure, enum measure_step step, const void *data, size_t bytes,
		  const struct log_data *event, uint8_t sha256[32], struct failure *failure)
{
	const uint32_t pcr = pcr_of(measure, step);
	struct tpm2_digests digests;

	digest_all(&measure->tpm.banks, data, bytes, &digests);
	if (sha256)
		memcpy(sha256, digest_sha256(&digests), 32);
	log_event(&measure->log, pcr, &digests, event);
	if (measure->log.full)
		return fail(failure, LOADER_E_LOG_FULL, "event '%s' of %lu bytes", event->label, event->bytes);
	return tpm_extend(&measure->tpm, pcr, &digests, data, bytes, event, failure);
}

size_t measure_log_bytes(const struct measure *measure, size_t statement_bytes)
{
	const struct log_data event = {MEASURE_LABEL_STATEMENT, NULL, statement_bytes};

	return measure->log.used + log_event_bytes(&measure->tpm.banks, &event);
}

bool measure_close_weak(struct failure *failure)
{
	const struct log_data event = {LABEL_STRONG, NULL, 0};

	return tcg2_measure(PCR_WEAK, LABEL_STRONG, sizeof(LABEL_STRONG), &event, failure);
}

/* Caps the PCRs of one way to the TPM, which may be open or not; leaves it closed. */
static bool cap(struct tpm *tpm, enum tpm_way way, const char *text, size_t bytes)
{
	const uint32_t first = way == TPM_FIRMWARE ? PCR_WEAK : PCR_STRONG_FIRST;
	const uint32_t last = way == TPM_FIRMWARE ? PCR_WEAK : PCR_STRONG_LAST;
	const struct log_data event = {LABEL_ERROR, text + sizeof(LABEL_ERROR), bytes - sizeof(LABEL_ERROR)};
	struct tpm2_digests digests;
	struct failure ignored; /* what happened first is what is reported */
	bool capped = true;

	if (tpm->way != way && !tpm_open(tpm, way, &ignored))
		return false;
	digest_all(&tpm->banks, text, bytes, &digests);
	for (uint32_t pcr = first; pcr <= last; pcr++)
		capped &= tpm_extend(tpm, pcr, &digests, text, bytes, &event, &ignored);
	tpm_close(tpm);
	return capped;
}

bool measure_cap(struct measure *measure, const struct failure *cause)
{
	char text[sizeof(LABEL_ERROR) + FAILURE_TEXT_BYTES] = LABEL_ERROR;
	const size_t bytes = sizeof(LABEL_ERROR) + failure_text(cause, text + sizeof(LABEL_ERROR), FAILURE_TEXT_BYTES);

	const bool strong = cap(&measure->tpm, TPM_LOCALITY_2, text, bytes);
	const bool weak = cap(&measure->tpm, TPM_FIRMWARE, text, bytes);
	return strong || weak;
}
