/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What AMD-V keeps of the machine: the same for all CPUs and guests. */
#ifndef CLOISTER_SVM_VENDOR_MACHINE_H
#define CLOISTER_SVM_VENDOR_MACHINE_H

#include "speculation.h"

struct vendor_machine {
	struct speculation speculation;
};

#endif
