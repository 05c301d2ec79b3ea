/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The four TPM 2.0 commands that the loader needs (TPM 2.0 Library, part 3), to bytes and from bytes; pure C. */
#ifndef LOADER_TPM2_H
#define LOADER_TPM2_H

#include "failure.h"

#define TPM2_MAX_BYTES    1024u /* command or response */
#define TPM2_MAX_BANKS    8u
#define TPM2_DIGEST_BYTES 64u /* of the largest digest */

#define TPM_ALG_SHA256 0x000bu /* TCG Algorithm Registry, table 3 */
#define TPM_ALG_SHA384 0x000cu
#define TPM_ALG_SHA512 0x000du

/* The active PCR banks, in the TPM's order. */
struct tpm2_banks {
	uint32_t count;
	struct {
		uint16_t algorithm;
		uint16_t bytes; /* of a digest */
	} bank[TPM2_MAX_BANKS];
};

/* One digest for each of the active banks. */
struct tpm2_digests {
	struct tpm2_banks banks;
	uint8_t value[TPM2_MAX_BANKS][TPM2_DIGEST_BYTES];
};

struct tpm2_clock {
	uint32_t reset_count;
	uint32_t restart_count;
};

/* Each writes a command of at most TPM2_MAX_BYTES and returns its length. */
size_t tpm2_get_pcr_banks(uint8_t *command);
size_t tpm2_get_random(uint8_t *command, uint16_t bytes);
size_t tpm2_read_clock(uint8_t *command);
size_t tpm2_pcr_extend(uint8_t *command, uint32_t pcr, const struct tpm2_digests *digests);

/** Response code of an answer; false if the answer's header is malformed. */
bool tpm2_response_code(const uint8_t *response, size_t bytes, uint32_t *code);

/** Is this code the TPM's way to say "send it again"? */
bool tpm2_is_retry(uint32_t code);

/* Each takes a response with code 0 apart; false if it is malformed. */
bool tpm2_parse_pcr_banks(const uint8_t *response, size_t bytes, struct tpm2_banks *banks, struct failure *failure);
bool tpm2_parse_clock(const uint8_t *response, size_t bytes, struct tpm2_clock *clock);

/** Copies what TPM2_GetRandom gave, at most 'capacity' bytes; 0 if the answer is malformed or empty. */
size_t tpm2_parse_random(const uint8_t *response, size_t bytes, uint8_t *to, size_t capacity);

#endif
