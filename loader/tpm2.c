/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TPM 2.0 commands and responses: TPM 2.0 Library part 1, section 18 (layout), part 2 (constants), part 3 (commands).
 */
#include "tpm2.h"

#include "bytes.h"

#define TPM_ST_NO_SESSIONS 0x8001u /* part 2, 6.9 */
#define TPM_ST_SESSIONS    0x8002u

#define TPM_CC_GET_CAPABILITY 0x017au /* part 2, 6.5.2 */
#define TPM_CC_GET_RANDOM     0x017bu
#define TPM_CC_READ_CLOCK     0x0181u
#define TPM_CC_PCR_EXTEND     0x0182u

#define TPM_RC_YIELDED 0x908u /* part 2, 6.6.3 */
#define TPM_RC_TESTING 0x90au
#define TPM_RC_RETRY   0x922u

#define TPM_CAP_PCRS 5u          /* part 2, 6.12 */
#define TPM_RS_PW    0x40000009u /* part 2, 7.4: the password session */

#define HEADER_BYTES 10u

static struct writer command_start(uint8_t *command, uint16_t tag, uint32_t code)
{
	struct writer writer = {.to = command, .capacity = TPM2_MAX_BYTES};

	put_be16(&writer, tag);
	put_be32(&writer, 0); /* the size, see command_end */
	put_be32(&writer, code);
	return writer;
}

static size_t command_end(const struct writer *writer)
{
	struct writer size = {.to = writer->to + 2, .capacity = 4};

	put_be32(&size, (uint32_t)writer->used);
	return writer->used;
}

size_t tpm2_get_pcr_banks(uint8_t *command)
{
	struct writer writer = command_start(command, TPM_ST_NO_SESSIONS, TPM_CC_GET_CAPABILITY);

	put_be32(&writer, TPM_CAP_PCRS);
	put_be32(&writer, 0); /* property */
	put_be32(&writer, 1); /* count; ignored, TPM_CAP_PCRS comes whole */
	return command_end(&writer);
}

size_t tpm2_get_random(uint8_t *command, uint16_t bytes)
{
	struct writer writer = command_start(command, TPM_ST_NO_SESSIONS, TPM_CC_GET_RANDOM);

	put_be16(&writer, bytes);
	return command_end(&writer);
}

size_t tpm2_read_clock(uint8_t *command)
{
	struct writer writer = command_start(command, TPM_ST_NO_SESSIONS, TPM_CC_READ_CLOCK);

	return command_end(&writer);
}

size_t tpm2_pcr_extend(uint8_t *command, uint32_t pcr, const struct tpm2_digests *digests)
{
	struct writer writer = command_start(command, TPM_ST_SESSIONS, TPM_CC_PCR_EXTEND);

	put_be32(&writer, pcr);
	put_be32(&writer, 9); /* the authorisation: empty password */
	put_be32(&writer, TPM_RS_PW);
	put_be16(&writer, 0); /* nonce */
	put_8(&writer, 0);    /* session attributes */
	put_be16(&writer, 0); /* password */
	put_be32(&writer, digests->banks.count);
	for (uint32_t i = 0; i < digests->banks.count; i++) {
		put_be16(&writer, digests->banks.bank[i].algorithm);
		put_bytes(&writer, digests->value[i], digests->banks.bank[i].bytes);
	}
	return command_end(&writer);
}

bool tpm2_response_code(const uint8_t *response, size_t bytes, uint32_t *code)
{
	if (bytes < HEADER_BYTES || get_be32(response + 2) != bytes)
		return false;
	*code = get_be32(response + 6);
	return true;
}

bool tpm2_is_retry(uint32_t code)
{
	return code == TPM_RC_RETRY || code == TPM_RC_YIELDED || code == TPM_RC_TESTING;
}

/* Digest sizes of the TCG Algorithm Registry, table 3; 0 for what is no hash. */
static uint16_t digest_bytes(uint16_t algorithm)
{
	switch (algorithm) {
	case 0x0004: /* SHA-1 */
		return 20;
	case TPM_ALG_SHA256:
	case 0x0012: /* SM3-256 */
	case 0x0027: /* SHA3-256 */
		return 32;
	case TPM_ALG_SHA384:
	case 0x0028: /* SHA3-384 */
		return 48;
	case TPM_ALG_SHA512:
	case 0x0029: /* SHA3-512 */
		return 64;
	default:
		return 0;
	}
}

static bool add_bank(struct tpm2_banks *banks, uint16_t algorithm, struct failure *failure)
{
	const uint16_t bytes = digest_bytes(algorithm);

	if (!bytes || banks->count == TPM2_MAX_BANKS)
		return fail(failure, LOADER_E_TPM_BANK, "TPM2_GetCapability, hash algorithm 0x%x", algorithm);
	banks->bank[banks->count].algorithm = algorithm;
	banks->bank[banks->count++].bytes = bytes;
	return true;
}

/* TPMS_PCR_SELECTION: hash, sizeofSelect, select; a bank is active if a PCR is selected. Returns its length, 0 if bad.
 */
static size_t read_selection(const uint8_t *from, size_t left, bool *active)
{
	if (left < 3 || from[2] > left - 3)
		return 0;
	*active = false;
	for (size_t i = 0; i < from[2]; i++)
		*active |= from[3 + i] != 0;
	return 3u + from[2];
}

static bool has_sha256(const struct tpm2_banks *banks)
{
	for (uint32_t i = 0; i < banks->count; i++) {
		if (banks->bank[i].algorithm == TPM_ALG_SHA256)
			return true;
	}
	return false;
}

bool tpm2_parse_pcr_banks(const uint8_t *response, size_t bytes, struct tpm2_banks *banks, struct failure *failure)
{
	size_t at = HEADER_BYTES + 9; /* moreData, capability, count */
	bool active;

	*banks = (struct tpm2_banks){0};
	if (bytes < at || get_be32(response + HEADER_BYTES + 1) != TPM_CAP_PCRS)
		return fail(failure, LOADER_E_TPM_RESPONSE, "TPM2_GetCapability, %lu bytes", bytes);
	for (uint32_t left = get_be32(response + HEADER_BYTES + 5); left; left--) {
		const size_t length = read_selection(response + at, bytes - at, &active);
		if (!length)
			return fail(failure, LOADER_E_TPM_RESPONSE, "TPM2_GetCapability, offset %lu", at);
		if (active && !add_bank(banks, get_be16(response + at), failure))
			return false;
		at += length;
	}
	return has_sha256(banks) || fail(failure, LOADER_E_TPM_BANK, "TPM2_GetCapability: SHA-256 is not active");
}

bool tpm2_parse_clock(const uint8_t *response, size_t bytes, struct tpm2_clock *clock)
{
	const size_t reset_count = HEADER_BYTES + 16; /* TPMS_TIME_INFO: time, clock */

	if (bytes != reset_count + 9)
		return false;
	clock->reset_count = get_be32(response + reset_count);
	clock->restart_count = get_be32(response + reset_count + 4);
	return true;
}

size_t tpm2_parse_random(const uint8_t *response, size_t bytes, uint8_t *to, size_t capacity)
{
	if (bytes < HEADER_BYTES + 2)
		return 0;
	const size_t given = get_be16(response + HEADER_BYTES);
	if (given != bytes - HEADER_BYTES - 2)
		return 0;
	const size_t taken = given < capacity ? given : capacity;
	memcpy(to, response + HEADER_BYTES + 2, taken);
	return taken;
}
