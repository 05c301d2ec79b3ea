/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to the TPM by either way, sent again while it is busy. */
#include "tpm.h"

#include "crb.h"
#include "tcg2.h"
#include "tis.h"
#include "uefi.h"

#define RETRIES        200u
#define RETRY_PAUSE_US 20000u
#define RANDOM_PARTS   8u /* a TPM may give less than was asked for */

static const struct tpm2_banks sha256_alone = {1, {{TPM_ALG_SHA256, 32}}};

void tpm_none(struct tpm *tpm)
{
	*tpm = (struct tpm){.banks = sha256_alone};
}

static bool transmit(const struct tpm *tpm, const uint8_t *command, size_t bytes, uint8_t *response,
		     size_t *response_bytes, struct failure *failure)
{
	if (tpm->way == TPM_LOCALITY_2 && tpm->crb)
		return crb_transmit(command, bytes, response, response_bytes, failure);
	if (tpm->way == TPM_LOCALITY_2)
		return tis_transmit(command, bytes, response, response_bytes, failure);
	return tcg2_transmit(command, bytes, response, response_bytes, failure);
}

/* Sends until the TPM is not busy. 'response' has TPM2_MAX_BYTES. */
static bool submit(const struct tpm *tpm, const uint8_t *command, size_t bytes, uint8_t *response,
		   size_t *response_bytes, struct failure *failure)
{
	const uint32_t ordinal = get_be32(command + 6);
	uint32_t code = 0;

	for (unsigned int i = 0; i < RETRIES; i++) {
		*response_bytes = TPM2_MAX_BYTES;
		if (!transmit(tpm, command, bytes, response, response_bytes, failure))
			return false;
		if (!tpm2_response_code(response, *response_bytes, &code))
			return fail(failure, LOADER_E_TPM_RESPONSE, "command 0x%x: malformed response", ordinal);
		if (!code)
			return true;
		if (!tpm2_is_retry(code))
			return fail(failure, LOADER_E_TPM_RESPONSE, "command 0x%x: response code 0x%x", ordinal, code);
		boot_services->Stall(RETRY_PAUSE_US);
	}
	return fail(failure, LOADER_E_TPM_TIMEOUT, "command 0x%x: busy, response code 0x%x", ordinal, code);
}

static bool read_banks(struct tpm *tpm, struct failure *failure)
{
	uint8_t command[TPM2_MAX_BYTES], response[TPM2_MAX_BYTES];
	size_t bytes;

	return submit(tpm, command, tpm2_get_pcr_banks(command), response, &bytes, failure) &&
	       tpm2_parse_pcr_banks(response, bytes, &tpm->banks, failure);
}

static bool open_way(const struct tpm *tpm, enum tpm_way way, struct failure *failure)
{
	if (way == TPM_LOCALITY_2)
		return tpm->crb ? crb_open(failure) : tis_open(failure);
	return tcg2_present() || fail(failure, LOADER_E_TPM_FIRMWARE, "EFI_TCG2_PROTOCOL");
}

static bool open_only(struct tpm *tpm, enum tpm_way way, struct failure *failure)
{
	tpm_none(tpm);
	tpm->crb = tis_interface() == TIS_CRB_LOCALITIES;
	if (!open_way(tpm, way, failure))
		return false;
	tpm->way = way;
	return true;
}

bool tpm_open(struct tpm *tpm, enum tpm_way way, struct failure *failure)
{
	if (!open_only(tpm, way, failure))
		return false;
	if (read_banks(tpm, failure))
		return true;
	tpm_close(tpm);
	return false;
}

bool tpm_open_best_effort(struct tpm *tpm, enum tpm_way way, struct failure *failure)
{
	if (!open_only(tpm, way, failure))
		return false;
	if (!read_banks(tpm, failure))
		tpm->banks = sha256_alone; /* whatever was read of them */
	return true;
}

void tpm_close(struct tpm *tpm)
{
	if (tpm->way == TPM_LOCALITY_2 && tpm->crb)
		crb_close();
	else if (tpm->way == TPM_LOCALITY_2)
		tis_close();
	tpm->way = TPM_NONE;
}

/* One TPM2_GetRandom. No copy of the bytes is left but 'to'. */
static bool random_part(const struct tpm *tpm, uint8_t *to, size_t bytes, size_t *given, struct failure *failure)
{
	static uint8_t response[TPM2_MAX_BYTES];
	uint8_t command[TPM2_MAX_BYTES];
	size_t response_bytes;

	const bool answered =
		submit(tpm, command, tpm2_get_random(command, (uint16_t)bytes), response, &response_bytes, failure);
	*given = answered ? tpm2_parse_random(response, response_bytes, to, bytes) : 0;
	wipe(response, sizeof(response));
	return answered;
}

bool tpm_random(const struct tpm *tpm, uint8_t *to, size_t bytes, struct failure *failure)
{
	size_t given;

	for (unsigned int i = 0; i < RANDOM_PARTS && bytes; i++) {
		if (!random_part(tpm, to, bytes, &given, failure))
			return false;
		to += given;
		bytes -= given;
	}
	return !bytes || fail(failure, LOADER_E_TPM_RESPONSE, "TPM2_GetRandom: %lu bytes are missing", bytes);
}

bool tpm_clock(const struct tpm *tpm, struct tpm2_clock *clock, struct failure *failure)
{
	uint8_t command[TPM2_MAX_BYTES], response[TPM2_MAX_BYTES];
	size_t bytes;

	if (!submit(tpm, command, tpm2_read_clock(command), response, &bytes, failure))
		return false;
	return tpm2_parse_clock(response, bytes, clock) ||
	       fail(failure, LOADER_E_TPM_RESPONSE, "TPM2_ReadClock: %lu bytes", bytes);
}

bool tpm_extend(const struct tpm *tpm, uint32_t pcr, const struct tpm2_digests *digests, const void *data, size_t bytes,
		const struct log_data *event, struct failure *failure)
{
	uint8_t command[TPM2_MAX_BYTES], response[TPM2_MAX_BYTES];
	size_t response_bytes;

	switch (tpm->way) {
	case TPM_LOCALITY_2:
		return submit(tpm, command, tpm2_pcr_extend(command, pcr, digests), response, &response_bytes, failure);
	case TPM_FIRMWARE:
		return tcg2_measure(pcr, data, bytes, event, failure);
	case TPM_NONE:
		break;
	}
	return true;
}
