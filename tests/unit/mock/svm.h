/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of AMD-V as the harness of its exit handler sees them: in front of instructions.h, whose place it takes. */
#ifndef HV_SVM_INSTRUCTIONS_H
#define HV_SVM_INSTRUCTIONS_H

void gif_window(void);

#endif
