/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements and their log. */
#include "measure.h"

#include "digest.h"
#include "tcg2.h"
#include "tis.h"
#include "uefi.h"

#include <cloister/boot_info.h>

static uint32_t pcr_of(const struct measure *measure, enum measure_step step)
{
	return measure->tpm.way == TPM_FIRMWARE ? LAUNCH_PCR_WEAK : LAUNCH_PCR_STRONG + step;
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
	const struct log_data event = {LAUNCH_LABEL_STATEMENT, NULL, statement_bytes};

	return measure->log.used + log_event_bytes(&measure->tpm.banks, &event);
}

/* Extends a PCR through the firmware with a mark: a label with its NUL. */
static bool mark_firmware(uint32_t pcr, const char *label, struct failure *failure)
{
	const struct log_data event = {label, NULL, 0};

	return tcg2_measure(pcr, label, strlen(label) + 1, &event, failure);
}

bool measure_loader_runs(struct failure *failure)
{
	return mark_firmware(LAUNCH_PCR_BOOT, LAUNCH_MARK_LOADER, failure);
}

bool measure_begin_strong(struct failure *failure)
{
	return mark_firmware(LAUNCH_PCR_WEAK, LAUNCH_MARK_STRONG, failure);
}

bool measure_begin_weak(struct failure *failure)
{
	return mark_firmware(LAUNCH_PCR_WEAK, LAUNCH_MARK_WEAK, failure);
}

/* Extends PCR 17 to 19 with a mark: a label with its NUL. All of them are tried. */
static bool mark_strong(const struct tpm *tpm, const char *label, struct failure *failure)
{
	struct tpm2_digests digests;
	bool marked = true;

	digest_all(&tpm->banks, label, strlen(label) + 1, &digests);
	for (uint32_t pcr = LAUNCH_PCR_STRONG; pcr < LAUNCH_PCR_STRONG + LAUNCH_EVENT_COUNT; pcr++)
		marked &= tpm_extend(tpm, pcr, &digests, NULL, 0, NULL, failure);
	return marked;
}

/* Does a TPM answer at locality 2 that the loader can use there? */
static bool has_locality_2(void)
{
	const enum tis_interface interface = tis_interface();

	return interface == TIS_FIFO || interface == TIS_CRB_LOCALITIES;
}

bool measure_close_strong(struct failure *failure)
{
	struct tpm tpm;

	if (!has_locality_2())
		return true;
	if (!tpm_open(&tpm, TPM_LOCALITY_2, failure))
		return false;
	const bool marked = mark_strong(&tpm, LAUNCH_MARK_WEAK, failure);
	tpm_close(&tpm);
	return marked;
}

bool measure_close_unreported(struct failure *failure)
{
	if (tis_interface() == TIS_CRB)
		return fail(failure, LOADER_E_TPM_HIDDEN, "TPM_INTERFACE_ID_2: CRB interface");
	return measure_close_strong(failure);
}

/* Of PCR 17 to 19; the TPM may be open. */
static bool cap_strong(struct tpm *tpm)
{
	struct failure ignored; /* the first failure is reported */

	if (tpm->way != TPM_LOCALITY_2) {
		if (!has_locality_2())
			return true;
		if (!tpm_open_best_effort(tpm, TPM_LOCALITY_2, &ignored))
			return false;
	}
	const bool marked = mark_strong(tpm, LAUNCH_MARK_ERROR, &ignored);
	tpm_close(tpm);
	return marked;
}

/* Of PCR 14: the mark, by which a verifier knows a failed launch, and the text, which explains it. */
static bool cap_weak(const struct failure *cause)
{
	char text[sizeof(LAUNCH_MARK_ERROR) + FAILURE_TEXT_BYTES] = LAUNCH_MARK_ERROR;
	const size_t bytes = failure_text(cause, text + sizeof(LAUNCH_MARK_ERROR), FAILURE_TEXT_BYTES);
	const struct log_data explained = {LAUNCH_MARK_ERROR, text + sizeof(LAUNCH_MARK_ERROR), bytes};
	struct failure ignored;

	if (!tcg2_offered())
		return true;
	const bool marked = mark_firmware(LAUNCH_PCR_WEAK, LAUNCH_MARK_ERROR, &ignored);
	(void)tcg2_measure(LAUNCH_PCR_WEAK, text, sizeof(LAUNCH_MARK_ERROR) + bytes, &explained, &ignored);
	return marked;
}

bool measure_cap(struct measure *measure, const struct failure *cause)
{
	const bool strong = cap_strong(&measure->tpm);
	const bool weak = cap_weak(cause);

	return strong && weak;
}
