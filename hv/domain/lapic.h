/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of a domain's vCPU: x2APIC registers, the TSC deadline, interrupts by priority
 * (SDM 3A chapter 11). No count modes, no other LVT entry has an effect, INIT and SIPI are ignored.
 */
#ifndef CLOISTER_DOMAIN_LAPIC_H
#define CLOISTER_DOMAIN_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

struct td_vcpu;

/* The place of an x2APIC register, or of the first one of a set. */
#define LAPIC_REGISTERS 0x40u
#define LAPIC_TPR       0x08u
#define LAPIC_SVR       0x0fu
#define LAPIC_ISR       0x10u
#define LAPIC_IRR       0x20u
#define LAPIC_TIMER     0x32u

struct lapic {
	uint64_t deadline;
	union {
		uint32_t reg[LAPIC_REGISTERS]; /* IRR: atomic, other CPUs request interrupts there */
		uint64_t pair[LAPIC_REGISTERS / 2];
	};
};

/* In 32 bits (SDM 3A 11.12.10.2): the cluster, and one bit of 16. */
#define LAPIC_LOGICAL_ID(id) (((id) & ~15u) << 12 | 1u << ((id) & 15))

void lapic_reset(struct lapic *lapic, uint32_t apic_id);

/* Requests an interrupt. On any CPU. */
void lapic_request(struct lapic *lapic, uint8_t vector);

/* A deadline that has passed becomes an interrupt. */
void lapic_tick(struct lapic *lapic);

/* The vector to deliver next, or -1: none, or none of a higher priority than what is served. */
int lapic_next(const struct lapic *lapic);

/* Its delivery begins. */
void lapic_deliver(struct lapic *lapic, uint8_t vector);

/* An x2APIC register, or IA32_TSC_DEADLINE. False: #GP. */
bool lapic_read(const struct lapic *lapic, uint32_t msr, uint64_t *value);
bool lapic_write(struct td_vcpu *vcpu, uint32_t msr, uint64_t value);

/* A write of the ICR, without reserved bits: interrupts among the vCPUs of a domain (icr.c). */
void icr_send(struct td_vcpu *vcpu, uint64_t icr);

#endif
