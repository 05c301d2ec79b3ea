/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of AMD-V as a test defines them: in front of instructions.h, whose place it takes. */
#ifndef CLOISTER_SVM_INSTRUCTIONS_H
#define CLOISTER_SVM_INSTRUCTIONS_H

struct vmcb;
void vmsave(struct vmcb *vmcb);
void clgi(void);

#endif
