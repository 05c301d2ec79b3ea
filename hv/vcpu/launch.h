/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What boot/ asks of the virtualisation hardware, up to the first entry of a guest. hv/svm and hv/vmx each define all
 * of it.
 */
#ifndef CLOISTER_VCPU_LAUNCH_H
#define CLOISTER_VCPU_LAUNCH_H

#include "cloister/errors.h"
#include "memory/address.h"
#include "vendor.h"

struct domain;
struct launch_frame;
struct machine;
struct vcpu;

/**
 * Can this CPU be virtualised, and once @m is prepared, in the same way as the first? Reads registers only.
 * Returns HV_OK or the error that names what is missing or locked.
 */
enum hv_error vcpu_check(const struct machine *m);

/*
 * Reads what all CPUs share (controls, memory types, mitigations). Once, from hv_prepare(), before any stage 2 is
 * built. Fails where memory has a type that it must not have.
 */
struct hv_failure vcpu_prepare(struct machine *m);

/* Makes the maps of a guest, in VENDOR_DOMAIN_PAGES pages: each register exits, no port does. */
void vcpu_build_maps(struct domain *domain, paddr_t pages);

/* Lets the guest read or write a register without an exit. Before its first entry. */
void vcpu_allow_msr(const struct domain *domain, uint32_t msr, bool write);

/* Lays out the vendor's pages of a vCPU: VENDOR_PAGES zeroed pages. */
void vcpu_carve(struct vcpu *vcpu, paddr_t pages);

/**
 * Switches virtualisation on, loads the vCPU and takes the firmware's state, as it is now, for the guest's. The guest
 * will go on at @frame with RAX = 0. Runs with the firmware's tables and stack, after vcpu_check(). On an error nothing
 * is changed.
 */
enum hv_error vcpu_capture(struct vcpu *vcpu, const struct launch_frame *frame);

/* HK_FLAG_* that name the vendor, and what its CPUs lack, in the statement. After vcpu_prepare(). */
uint32_t vcpu_statement_flags(const struct machine *m);

/* Records the hypervisor's own state, then runs the guest. Runs on the CPU's own stack and tables. */
_Noreturn void vcpu_run(struct vcpu *vcpu);

#endif
