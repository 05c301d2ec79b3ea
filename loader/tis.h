/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TPM's FIFO interface at locality 2 (TCG PC Client Platform TPM Profile 1.05, section 6). */
#ifndef LOADER_TIS_H
#define LOADER_TIS_H

#include "failure.h"

/* TIS_CRB has locality 0 alone; TIS_CRB_LOCALITIES is for crb.h. */
enum tis_interface { TIS_NONE, TIS_FIFO, TIS_CRB, TIS_CRB_LOCALITIES };

/** What answers at locality 2. Nothing is taken. */
enum tis_interface tis_interface(void);

/** Takes locality 2, from the firmware's locality 0 if need be. */
bool tis_open(struct failure *failure);

/**
 * Sends a command and receives the answer.
 * @response_bytes: in: capacity, at least 10; out: length of the answer
 */
bool tis_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		  struct failure *failure);

/** Gives locality 2 back, so that the firmware and the operating system can use the TPM. */
void tis_close(void);

#endif
