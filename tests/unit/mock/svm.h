/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of AMD-V as the harness of its exit handler sees them: in front of instructions.h, whose place it takes. */
#ifndef CLOISTER_SVM_INSTRUCTIONS_H
#define CLOISTER_SVM_INSTRUCTIONS_H

struct entry_frame;
void svm_window(struct entry_frame *frame);

#endif
