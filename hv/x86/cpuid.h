/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves and bits of CPUID (SDM 2A, CPUID; APM 3, appendix E). */
#ifndef CLOISTER_X86_CPUID_H
#define CLOISTER_X86_CPUID_H

#define LEAF1_ECX_VMX        (1u << 5)
#define LEAF1_ECX_SMX        (1u << 6)
#define LEAF1_ECX_X2APIC     (1u << 21)
#define LEAF1_ECX_XSAVE      (1u << 26)
#define LEAF1_ECX_OSXSAVE    (1u << 27)
#define LEAF1_ECX_RDRAND     (1u << 30)
#define LEAF1_ECX_HYPERVISOR (1u << 31)

#define LEAF7_EBX_SMEP      (1u << 7)
#define LEAF7_EBX_RDSEED    (1u << 18)
#define LEAF7_EBX_SMAP      (1u << 20)
#define LEAF7_ECX_PKU       (1u << 3)
#define LEAF7_ECX_OSPKE     (1u << 4)
#define LEAF7_ECX_TME       (1u << 13)
#define LEAF7_EDX_MD_CLEAR  (1u << 10)
#define LEAF7_EDX_L1D_FLUSH (1u << 28)
#define LEAF7_EDX_ARCH_CAP  (1u << 29)

#define LEAF_TOPOLOGY 0xbu

#define LEAF_XSAVE        0xdu
#define XSAVE1_EAX_XSAVES (1u << 3) /* subleaf 1 */

#define LEAF_EXT1        0x80000001u
#define EXT1_EDX_NX      (1u << 20)
#define EXT1_EDX_PAGE1GB (1u << 26)

#define LEAF_EXT8     0x80000008u
#define EXT8_EAX_PHYS 0xffu /* physical address width */
#define EXT8_EBX_IBPB (1u << 12)

#endif
