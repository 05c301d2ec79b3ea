/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VM-execution, VM-exit and VM-entry controls that this CPU lets us run with. */
#ifndef CLOISTER_VMX_CONTROLS_H
#define CLOISTER_VMX_CONTROLS_H

#include <stdint.h>

#include "cloister/errors.h"

enum control_word { WORD_PIN, WORD_PRIMARY, WORD_SECONDARY, WORD_EXIT, WORD_ENTRY, CONTROL_WORDS };

struct controls {
	uint32_t revision; /* VMCS revision identifier, IA32_VMX_BASIC */
	uint32_t word[CONTROL_WORDS];
};

/**
 * Settles the controls against the capability MSRs (SDM 3D appendix A). Reads MSRs only; the CPU must have VMX.
 * Returns HV_OK, or the error that names what is missing; @controls is then not complete.
 */
enum hv_error controls_negotiate(struct controls *controls);

#endif
