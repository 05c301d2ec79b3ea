/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that an attacker's program sends to the TPM at locality 2, to make PCRs 17 to 19 look like a strong
 * launch. tests/testbed/forgery.py writes the commands into the program's file.
 */
#ifndef TESTS_SYSTEM_EFI_FORGERY_H
#define TESTS_SYSTEM_EFI_FORGERY_H

#include <string.h>

#include "loader/tis.h"

#define EXTEND_BYTES 65 /* TPM2_PCR_Extend of one SHA-256 digest */
#define STATEMENTS   16 /* one for each value of the TPM's resetCount that a new TPM may have */

struct forgery {
	char magic[16];
	uint8_t image[EXTEND_BYTES];
	uint8_t config[EXTEND_BYTES];
	uint8_t statement[STATEMENTS][EXTEND_BYTES];
};

static const volatile struct forgery forgery = {.magic = "CLOISTER-FORGERY"};

/* Locality 2 is open. */
static bool forgery_extend(const volatile uint8_t command[EXTEND_BYTES])
{
	static const uint8_t success[4];
	uint8_t copy[EXTEND_BYTES], response[64];
	size_t bytes = sizeof(response);
	struct failure failure;

	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = command[i];
	return tis_transmit(copy, sizeof(copy), response, &bytes, &failure) && memcmp(response + 6, success, 4) == 0;
}

/* Fills in PCRs 17 to 19. */
static bool forgery_send(uint32_t reset_count)
{
	struct failure failure;

	if (reset_count >= STATEMENTS || !tis_open(&failure))
		return false;
	const bool sent = forgery_extend(forgery.image) && forgery_extend(forgery.config) &&
			  forgery_extend(forgery.statement[reset_count]);
	tis_close();
	return sent;
}

#endif
