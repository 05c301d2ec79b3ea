/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's vCPU on a CPU: into it, out of it, and what the host is told. */
#ifndef CLOISTER_DOMAIN_RUN_H
#define CLOISTER_DOMAIN_RUN_H

#include "vcpu.h"

/* HC_VCPU_RUN, checked and prepared. Result: HC_ENTERS, and domain_run() enters the guest; or HC_E_*. */
int64_t run_prepare(const struct pool_view *view, uint64_t domain, uint64_t vcpu, paddr_t run);

/* Leaves the vCPU: the root guest's is loaded, and its hypercall returns. @exit: without the deadline */
void run_leave(struct td_vcpu *vcpu, const struct domain_exit *exit);

/* The same, for a guest that gave up: the vCPU never runs again. @text: 8 words */
void run_end(struct td_vcpu *vcpu, const struct domain_exit *exit, const uint64_t *text);

/* HC_VCPU_FLUSH and HC_INTERRUPT. The domain is locked. */
int64_t run_flush(const struct pool_view *view, struct td *td, uint64_t vcpu);
int64_t run_interrupt(const struct pool_view *view, struct td *td, uint64_t vcpu, uint64_t vector);

/* Vectors of devices: Linux' system vectors follow, which come from the hypervisor only. 0x80 is none, either. */
#define VECTOR_DEVICE_FIRST 0x20u
#define VECTOR_DEVICE_LAST  0xeau
#define VECTOR_INT80        0x80u

/* Requests an interrupt for vCPU @index. Does it run? If not, and it is idle, the host has to run it. */
bool run_send_interrupt(const struct pool_view *view, const struct td *td, uint32_t index, uint8_t vector);

#endif
