/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TPM's command response buffer (CRB) at locality 2 (TCG PC Client Platform TPM Profile 1.05, section 6.5.3), for
 * TPMs that have localities there (CapLocality). Most firmware TPMs have locality 0 alone.
 */
#ifndef LOADER_CRB_H
#define LOADER_CRB_H

#include "failure.h"

/** Takes locality 2, from the firmware's locality 0 if need be. */
bool crb_open(struct failure *failure);

/**
 * Sends a command and receives the answer.
 * @response_bytes: in: capacity, at least 10; out: length of the answer
 */
bool crb_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		  struct failure *failure);

/** Gives locality 2 back to the firmware's locality 0. */
void crb_close(void);

#endif
