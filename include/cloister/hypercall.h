/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root guest's interface to the hypervisor: CPUID leaves that name it, and hypercalls (VMMCALL on AMD,
 * VMCALL on Intel; CPL 0 only, #UD otherwise).
 *
 * RAX = number, RDI, RSI, RDX, RCX = arguments; RAX = result, 0 or a negative HC_E_*. All other registers
 * are preserved. A buffer is a guest-physical address of RAM in the root guest and must not cross a 4 KiB page.
 */
#ifndef CLOISTER_HYPERCALL_H
#define CLOISTER_HYPERCALL_H

#include <stdint.h>

/*
 * CPUID 0x40000000 carries KVM's signature with no feature bits (Linux keeps x2APIC on only under a hypervisor
 * that it knows). Ours is at 0x40000100: EAX = last leaf, EBX:ECX:EDX = "CloisterHV\0\0".
 * 0x40000101: EAX = interface version, EBX = hypervisor version (major << 16 | minor << 8 | patch), ECX = SVN, EDX = 0.
 */
#define HV_CPUID_BASE    0x40000100u
#define HV_CPUID_VERSION 0x40000101u
#define HV_CPUID_EBX     0x696f6c43u /* "Cloi" */
#define HV_CPUID_ECX     0x72657473u /* "ster" */
#define HV_CPUID_EDX     0x00005648u /* "HV\0\0" */
#define HV_INTERFACE     1u

/*
 * HC_READ: copy part of an object to the caller.
 *   RDI = enum hv_object, RSI = offset in bytes, RDX = buffer, RCX = length in bytes, 1 to 4096.
 * Result: bytes copied (0 at or past the end), or HC_E_ARGUMENT, HC_E_BUFFER.
 */
#define HC_READ 0x434c0001u

/*
 * HC_SIGN: a fresh signature by HK.
 *   RDI = buffer with 32 bytes of qualifying data, RSI = buffer for struct hk_fresh. RDX = RCX = 0.
 * Result: 0, HC_E_ARGUMENT, HC_E_BUFFER, HC_E_WIPED (the key was wiped), HC_E_BUSY (another CPU signs: try again).
 */
#define HC_SIGN 0x434c0002u

#define HC_E_NUMBER   (-1) /* no such hypercall */
#define HC_E_ARGUMENT (-2) /* an argument is out of range */
#define HC_E_BUFFER   (-3) /* not the caller's RAM, or crosses a page */
#define HC_E_WIPED    (-4)
#define HC_E_BUSY     (-5)

enum hv_object {
	HV_OBJECT_STATEMENT, /* struct hk_statement */
	HV_OBJECT_LOG,       /* launch log, TCG crypto-agile format: PCR 17, 18, 19 (or 14) */
	HV_OBJECT_CONSOLE,   /* the hypervisor's own messages, text; a ring, oldest byte first */
	HV_OBJECT_STATS,     /* struct hv_stats */
	HV_OBJECT_DOMAIN,    /* struct domain_info (domain.h) of the domain in RDI's upper half */
	HV_OBJECT_DOMAINS,   /* struct domain_list (domain.h) from the page in RDI's upper half on */
	HV_OBJECT_COUNT
};

/* X(enumerator, name): the kinds of exits that are counted */
#define HV_EXITS(X)                                   \
	X(HV_EXIT_CPUID, "cpuid")                     \
	X(HV_EXIT_RDMSR, "rdmsr")                     \
	X(HV_EXIT_WRMSR, "wrmsr")                     \
	X(HV_EXIT_ICR, "x2apic-icr")                  \
	X(HV_EXIT_CR, "control-register")             \
	X(HV_EXIT_XSETBV, "xsetbv")                   \
	X(HV_EXIT_HYPERCALL, "hypercall")             \
	X(HV_EXIT_INSTRUCTION, "refused-instruction") \
	X(HV_EXIT_STAGE2, "stage2-violation")         \
	X(HV_EXIT_IO, "io")                           \
	X(HV_EXIT_NMI, "nmi")                         \
	X(HV_EXIT_NMI_WINDOW, "nmi-window")           \
	X(HV_EXIT_EXCEPTION, "exception")             \
	X(HV_EXIT_KICK, "kick")                       \
	X(HV_EXIT_SMI, "smi")                         \
	X(HV_EXIT_OTHER, "other")                     \
	X(HV_EXIT_PCI, "pci-config")

#define HV_EXIT_ENUM(name, text) name,
enum hv_exit { HV_EXITS(HV_EXIT_ENUM) HV_EXIT_KINDS };
#undef HV_EXIT_ENUM

struct hv_stats {
	uint32_t version; /* 1 */
	uint32_t bytes;   /* sizeof(struct hv_stats) */
	uint32_t cpus_in_control;
	uint32_t cpus_parked;
	uint64_t uptime_us;
	uint64_t exits[HV_EXIT_KINDS]; /* all CPUs together, since the launch */
	uint64_t refused_dma;          /* accesses of devices that the IOMMUs refused and recorded */
	uint32_t iommu_units;
	uint32_t lost_dma;     /* times that an IOMMU refused more than it could record */
	uint64_t region_bytes; /* memory taken from the root guest, without the pool */
	uint64_t pool_bytes;
};

#endif
