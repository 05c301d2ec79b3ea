/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's memory as the guest's own page tables have it, and as it names it in a call. */
#ifndef CLOISTER_DOMAIN_CODE_H
#define CLOISTER_DOMAIN_CODE_H

#include "vcpu.h"

/* Are these four bytes of code, the first one lowest, what the guest is about to execute? */
bool code_is(struct td_vcpu *vcpu, uint32_t expected);

/* Copies between the hypervisor and private memory of the guest, within one page. False: there is none. */
bool private_read(struct td_vcpu *vcpu, gpa_t address, void *buffer, uint32_t bytes);
bool private_write(struct td_vcpu *vcpu, gpa_t address, const void *buffer, uint32_t bytes);

#endif
