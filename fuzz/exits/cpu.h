/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU under the exit handler: included in front of hv/x86.h and hv/svm/instructions.h, whose places it takes. cpu.c
 * defines it, and aborts where a real CPU would fault in the hypervisor or where a promise is broken.
 */
#ifndef FUZZ_EXITS_CPU_H
#define FUZZ_EXITS_CPU_H
#define HV_SVM_INSTRUCTIONS_H

#include "tests/unit/mock/x86.h"

void gif_window(void);

#endif
