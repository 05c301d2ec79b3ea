// SPDX-License-Identifier: GPL-2.0-or-later
// Measurements and their log.
#include "measure.h"

#include "digest.h"
#include "uefi.h"

#include <cloister/boot_info.h>

#define PCR_STRONG_FIRST 17u
#define PCR_STRONG_LAST  19u
#define PCR_WEAK         14u

#define LABEL_ERROR "cloister-error"

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

static bool open_any_way(struct tpm *tpm, uint32_t start_method)
{
	struct failure ignored; /* the first failure is the one to report */

	return tpm->way != TPM_NONE || tpm_open(tpm, TPM_LOCALITY_2, start_method, &ignored) ||
	       tpm_open(tpm, TPM_FIRMWARE, start_method, &ignored);
}

bool measure_cap(struct measure *measure, uint32_t start_method, const struct failure *cause)
{
	char text[sizeof(LABEL_ERROR) + FAILURE_TEXT_BYTES] = LABEL_ERROR;
	char *what = text + sizeof(LABEL_ERROR);
	const size_t bytes = failure_text(cause, what, FAILURE_TEXT_BYTES);
	const struct log_data event = {LABEL_ERROR, what, bytes};
	struct tpm2_digests digests;
	struct failure ignored;
	bool capped = true;

	if (!open_any_way(&measure->tpm, start_method))
		return false;
	const bool weak = measure->tpm.way == TPM_FIRMWARE;
	digest_all(&measure->tpm.banks, text, sizeof(LABEL_ERROR) + bytes, &digests);
	for (uint32_t pcr = weak ? PCR_WEAK : PCR_STRONG_FIRST; pcr <= (weak ? PCR_WEAK : PCR_STRONG_LAST); pcr++)
		capped &= tpm_extend(&measure->tpm, pcr, &digests, text, sizeof(LABEL_ERROR) + bytes, &event, &ignored);
	tpm_close(&measure->tpm);
	return capped;
}
