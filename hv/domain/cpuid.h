/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID, and the model-specific registers that exit, as a domain sees them. */
#ifndef CLOISTER_DOMAIN_CPUID_H
#define CLOISTER_DOMAIN_CPUID_H

#include "attest/sha384.h"
#include "x86/instructions.h"

/* Bits that only a domain's view names */
#define LEAF1_ECX_PCID     (1u << 17)
#define LEAF1_ECX_AVX      (1u << 12 | 1u << 28 | 1u << 29) /* FMA, AVX, F16C */
#define LEAF7_EBX_FSGSBASE (1u << 0)
#define LEAF7_EBX_AVX      (1u << 5) /* AVX2 */
#define LEAF7_EBX_AVX512   0xd0230000u
#define LEAF7_ECX_AVX      (3u << 9) /* VAES, VPCLMULQDQ */
#define LEAF7_ECX_AVX512   0x00005842u
#define LEAF7_ECX_UMIP     (1u << 2)
#define EXT8_EBX_SPEC_CTRL (1u << 14 | 1u << 15 | 1u << 24) /* IBRS, STIBP, SSBD */
#define CR4_UMIP           (1ull << 11)
#define CR4_FSGSBASE       (1ull << 16)

struct td_vcpu;

/* CPUID.1:EAX. */
uint32_t guest_cpuid_version(void);

/* SHA-384 of the table: what a report says of it. */
void guest_cpuid_hash(uint8_t digest[SHA384_BYTES]);

/* The whole answer, for the instruction and for TDG.VP.VMCALL<Instruction.CPUID>. */
void guest_cpuid(const struct td_vcpu *vcpu, uint32_t leaf, uint32_t subleaf, struct cpuid_result *r);

/* For the instructions and for TDG.VP.VMCALL. False: the register is not there, or does not take the value. */
bool guest_msr_read(struct td_vcpu *vcpu, uint32_t msr, uint64_t *value);
bool guest_msr_write(struct td_vcpu *vcpu, uint32_t msr, uint64_t value);

/* Size of an XSAVE area with the components of @xfam, in the standard format. */
uint64_t guest_xsave_bytes(uint64_t xfam);

#endif
