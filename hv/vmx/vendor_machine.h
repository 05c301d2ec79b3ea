/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VT-x keeps of the machine: the same for all CPUs and guests. */
#ifndef CLOISTER_VMX_VENDOR_MACHINE_H
#define CLOISTER_VMX_VENDOR_MACHINE_H

#include "controls.h"
#include "mtrr.h"
#include "speculation.h"

struct vendor_machine {
	struct controls controls; /* of the first CPU; the others must be like it */
	struct mtrr mtrr;
	struct speculation speculation;
};

#endif
