/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protected guests (domains), as the host sees them: what it proposes, and the hypervisor checks.
 * The calls follow the host side of the Intel TDX module (TDH.*).
 *
 * A domain's private memory, its tables and its vCPUs lie in the pool, which the root guest never
 * had. The host names pool pages by number: page n lies n * 4096 bytes into the pool. A domain is
 * named by the number of its first page.
 *
 * Registers and results are those of hypercall.h. A call does at most DOMAIN_CALL_PAGES pages of
 * work. On an error nothing has changed. HC_E_BUSY: another CPU works on this domain, or may still
 * use what is to go; try again. HC_E_WIPED: the machine ends, and domains with it.
 */
#ifndef CLOISTER_DOMAIN_H
#define CLOISTER_DOMAIN_H

#include <stdint.h>

#include "hypercall.h"

#define DOMAIN_CALL_PAGES 512u
#define DOMAIN_MAX_RAM    8u
#define DOMAIN_MAX_VCPUS  128u

/*
 * Guest-physical width W (TDX: GPAW): that of the machine, at most 48. The bit W - 1 is the shared bit, so that private
 * addresses end there. The guest's own page tables must be able to name it.
 */
#define DOMAIN_GPA_BITS_MAX 48u

static inline uint32_t domain_gpa_bits(uint32_t phys_bits)
{
	return phys_bits < DOMAIN_GPA_BITS_MAX ? phys_bits : DOMAIN_GPA_BITS_MAX;
}

static inline uint64_t domain_shared_bit(uint32_t gpa_bits)
{
	return 1ull << (gpa_bits - 1);
}

/* ATTRIBUTES: bit 28 must be set, no other may be (Intel TDX module ABI, TD attributes). */
#define DOMAIN_ATTRIBUTES (1ull << 28) /* SEPT_VE_DISABLE */

/*
 * A level of stage 2 rides in the low bits of a guest-physical address: a page of 4 KiB, of 2 MiB;
 * a table of either.
 */
#define DOMAIN_LEVEL_4KIB 0ull
#define DOMAIN_LEVEL_2MIB 1ull
#define DOMAIN_LEVEL_1GIB 2ull
#define DOMAIN_LEVEL_TOP  3ull

struct domain_range {
	uint64_t base, bytes;
};

/*
 * HC_DOMAIN_CREATE's page. All multiples of 4096 where they are addresses; what is not used is 0.
 * Outside the RAM, pages may be added to the firmware's range, and only while the domain is built.
 */
struct domain_params {
	uint32_t version; /* 1 */
	uint32_t max_vcpus;
	uint64_t attributes;
	uint64_t xfam;
	uint32_t ram_count;
	uint32_t reserved;
	struct domain_range ram[DOMAIN_MAX_RAM]; /* sorted, not overlapping, below the shared bit */
	struct domain_range firmware;
	uint8_t mrconfigid[48], mrowner[48], mrownerconfig[48];
};

/*
 * HC_DOMAIN_CREATE: two pages become a domain and its top table.
 *   RDI = page of RAM with struct domain_params, RSI = page number of the domain, RDX = page number
 *   of its table. RCX = 0.
 * Result: 0, HC_E_ARGUMENT (a parameter), HC_E_BUFFER, HC_E_PAGE (not free).
 */
#define HC_DOMAIN_CREATE 0x434c0010u

/*
 * HC_VCPU_CREATE: DOMAIN_VCPU_PAGES pages that follow each other become a vCPU, which the first one's number names.
 *   RDI = domain, RSI = first page number, RDX = x2APIC ID, RCX = initial RCX (not trusted by the guest).
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (the build is over), HC_E_PAGE, HC_E_ARGUMENT (the ID is
 * taken), HC_E_FULL, HC_E_BUSY.
 */
#define HC_VCPU_CREATE    0x434c0011u
#define DOMAIN_VCPU_PAGES 2u

/*
 * HC_TABLE_ADD: a page becomes the table through which leaves of the given level are reached (4 KiB
 * or 2 MiB), or tables of them (1 GiB). Where 2 MiB of private memory are one leaf, the new table
 * has it in 4 KiB.
 *   RDI = domain, RSI = guest-physical address | level, RDX = page number. RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE, HC_E_ARGUMENT (address or level), HC_E_MAPPING (a table or
 * a shared leaf is there, or no table above it), HC_E_PAGE, HC_E_BUSY.
 */
#define HC_TABLE_ADD 0x434c0012u

/*
 * HC_PAGE_ADD: a page becomes private memory, with the contents of a page of the root guest's RAM.
 * Measured: its address, and with DOMAIN_EXTEND its contents.
 *   RDI = domain, RSI = guest-physical address | DOMAIN_EXTEND or 0, RDX = page number, RCX = page
 *   of RAM.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (the build is over), HC_E_ARGUMENT (neither RAM nor firmware),
 * HC_E_MAPPING, HC_E_PAGE, HC_E_BUFFER, HC_E_BUSY.
 */
#define HC_PAGE_ADD   0x434c0013u
#define DOMAIN_EXTEND 1ull

/*
 * HC_DOMAIN_FINALIZE: closes MRTD.
 *   RDI = domain. RSI = RDX = RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (the build is over, or there is no vCPU), HC_E_BUSY.
 */
#define HC_DOMAIN_FINALIZE 0x434c0014u

/*
 * HC_DOMAIN_DESTROY: stops a domain for good.
 *   RDI = domain. RSI = RDX = RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (it is stopped), HC_E_BUSY.
 */
#define HC_DOMAIN_DESTROY 0x434c0015u

/*
 * HC_PAGE_RECLAIM: the pages of a stopped domain among [first, first + count) are wiped and free.
 * Its own page is the last one: it is left while others are not free.
 *   RDI = domain, RSI = first page number, RDX = count, 1 to DOMAIN_CALL_PAGES. RCX = 0.
 * Result: the pages that are now free, HC_E_DOMAIN, HC_E_STATE (it is not stopped), HC_E_ARGUMENT,
 * HC_E_BUSY.
 */
#define HC_PAGE_RECLAIM 0x434c0016u

/*
 * HC_PAGE_AUG: a page, or 512 that follow each other and begin at a multiple of 2 MiB, become
 * private memory that is zero. The guest has to accept it first; only where it asked for lazy
 * acceptance, and never had memory there before, it has not.
 *   RDI = domain, RSI = guest-physical address | level, 4 KiB or 2 MiB, RDX = first page number.
 *   RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (the build is not over, or it is stopped), HC_E_ARGUMENT (no RAM, or not aligned),
 * HC_E_MAPPING (there is a page, or the guest wants a shared one, or a table is missing),
 * HC_E_PAGE, HC_E_BUSY.
 */
#define HC_PAGE_AUG 0x434c0017u

/*
 * HC_PAGE_REMOVE: private memory is taken away, wiped and free. The guest has to accept what comes
 * to its address later. Where a CPU may still use the page, it is kept from it first, and the call
 * has to be repeated: HC_E_BUSY.
 *   RDI = domain, RSI = guest-physical address | level, as it was added. RDX = RCX = 0.
 * Result: the pages that are now free, HC_E_DOMAIN, HC_E_STATE (the build is not over, or it is
 * stopped), HC_E_ARGUMENT, HC_E_MAPPING (no page there of this size), HC_E_BUSY.
 */
#define HC_PAGE_REMOVE 0x434c0018u

/*
 * HC_SHARED_MAP: RAM of the root guest appears in the shared half of the guest's memory, which the guest has asked for
 * by MapGPA. HC_SHARED_UNMAP: it is gone, for every CPU; HC_E_BUSY: not yet, repeat the call.
 *   RDI = domain, RSI = guest-physical address below the shared bit | level, 4 KiB or 2 MiB,
 *   RDX = address of RAM (0 for HC_SHARED_UNMAP). RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (the build is not over, or it is stopped), HC_E_ARGUMENT, HC_E_BUFFER,
 * HC_E_MAPPING (not released, mapped, or a table is missing), HC_E_BUSY.
 */
#define HC_SHARED_MAP   0x434c0019u
#define HC_SHARED_UNMAP 0x434c001au

/*
 * HC_VCPU_RUN: this CPU is in the guest until there is something to do for the host.
 *   RDI = domain, RSI = vCPU, RDX = page of RAM with struct domain_run. RCX = 0.
 * All general registers are the caller's again afterwards; x87, SSE and AVX state is lost.
 * Result: 0 with 'exit' filled in, HC_E_DOMAIN, HC_E_STATE (the build is not over, it is stopped, the vCPU is dead, or
 * this CPU lacks a part of the domain's XFAM), HC_E_PAGE (no vCPU of this domain), HC_E_BUFFER, HC_E_BUSY (it runs, or
 * is loaded on another CPU: HC_VCPU_FLUSH).
 */
#define HC_VCPU_RUN 0x434c001bu

/*
 * HC_VCPU_FLUSH: the CPU gives up what it holds of a vCPU, so that another may run it, and its pages can be reclaimed.
 *   RDI = domain, RSI = vCPU. RDX = RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_PAGE, HC_E_STATE (it is not loaded on this CPU), HC_E_BUSY.
 */
#define HC_VCPU_FLUSH 0x434c001cu

/*
 * HC_INTERRUPT: a device's interrupt for a vCPU. Where it runs, it takes it at once.
 *   RDI = domain, RSI = vCPU, RDX = vector, 0x20 to 0xEA but 0x80. RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_PAGE, HC_E_STATE (the build is not over, or it is stopped), HC_E_ARGUMENT (another
 * vector), HC_E_BUSY.
 */
#define HC_INTERRUPT 0x434c001du

/*
 * HC_QUOTE: a report that a guest got by TDG.MR.REPORT in this boot is signed by HK (report.h).
 *   RDI = buffer with struct report, RSI = buffer for struct hk_report. RDX = RCX = 0.
 * Result: 0, HC_E_ARGUMENT (it is none, or was changed), HC_E_BUFFER, HC_E_BUSY, HC_E_WIPED.
 */
#define HC_QUOTE 0x434c001eu

#define HC_DOMAIN_LAST HC_QUOTE

enum domain_exit_kind {
	DOMAIN_EXIT_PREEMPTED, /* the CPU has something for the root guest, or 'deadline' is new; run it again */
	DOMAIN_EXIT_IO,        /* port 'address': 'write' of 'value', or the value wanted */
	DOMAIN_EXIT_MMIO,      /* the same, at guest-physical 'address' */
	DOMAIN_EXIT_IDLE,      /* nothing to do until an interrupt, or 'deadline' */
	DOMAIN_EXIT_PAGE,      /* no page at 'address': HC_PAGE_AUG; or, with the shared bit there, HC_SHARED_MAP */
	DOMAIN_EXIT_TABLE,     /* no table of 4 KiB leaves for 'address': HC_TABLE_ADD */
	DOMAIN_EXIT_MAP_GPA,   /* 'value' bytes from 'address' on are now shared ('write') or private */
	DOMAIN_EXIT_GET_QUOTE, /* buffer of 'bytes' at shared 'address' */
	DOMAIN_EXIT_FATAL,     /* the guest gave up: 'value' is its code, 'text' its words. It is dead */
	DOMAIN_EXIT_WAKE,      /* vCPUs of the domain that are idle have interrupts: run them */
	DOMAIN_EXIT_DEAD,      /* triple fault, or 'address' that it may not use */
	DOMAIN_EXIT_KINDS
};

/* The host's answer to IO, MMIO and GET_QUOTE; for other exits it is not looked at. */
struct domain_entry {
	uint64_t value;  /* that was read */
	uint64_t failed; /* 1: the guest is told that the access failed */
};

struct domain_exit {
	uint32_t kind; /* enum domain_exit_kind */
	uint32_t bytes;
	uint64_t address;
	uint64_t value;
	uint64_t write;
	uint64_t deadline; /* TSC, or 0: none */
};

/* What both tell each other at HC_VCPU_RUN. 'exit', and the text of DOMAIN_EXIT_FATAL, are all that the host learns. */
struct domain_run {
	struct domain_entry entry;
	struct domain_exit exit;
	uint8_t text[64];
};

#define HC_E_PAGE    (-6) /* a pool page is not free, or there is none of this number */
#define HC_E_DOMAIN  (-7) /* no domain of this number */
#define HC_E_STATE   (-8) /* not in this state of the domain */
#define HC_E_MAPPING (-9) /* stage 2: an entry is there already or is not, or a table above it is not */
#define HC_E_FULL    (-10)

enum domain_state { DOMAIN_BUILDING, DOMAIN_READY, DOMAIN_STOPPED };

/*
 * HC_READ, HV_OBJECT_DOMAIN: RDI = object | domain << 32. Pages are of 4 KiB; what HC_PAGE_RECLAIM frees is subtracted
 * from 'pages' only. What a vCPU counts in HC_VCPU_RUN is added when the call returns.
 */
struct domain_info {
	uint32_t version;                      /* 2 */
	uint32_t bytes;                        /* sizeof(struct domain_info) */
	uint32_t domain;                       /* page number */
	uint32_t state;                        /* enum domain_state */
	uint32_t vcpus;                        /* of DOMAIN_VCPU_PAGES each */
	uint32_t pages, tables, private_pages; /* of the pool: all that belong to it; of these */
	uint32_t pending_pages;                /* of the private ones: the guest has not accepted them */
	uint32_t shared_pages;                 /* of the root guest that the guest can reach */
	uint64_t started_us;                   /* since the launch */
	uint64_t run_ticks;                    /* of the TSC, spent in HC_VCPU_RUN by all vCPUs together */
	uint64_t tsc_khz;                      /* ticks in a millisecond */
	uint64_t exits[DOMAIN_EXIT_KINDS];     /* that the host was told */
	uint64_t answered;                     /* exits that the hypervisor answered by itself */
	uint8_t mrtd[48];                      /* 0 before the end of the build */
	struct domain_params params;           /* as HC_DOMAIN_CREATE got them */
};

/*
 * HC_READ, HV_OBJECT_DOMAINS: RDI = object | page << 32. The domains there are from this page of the pool on. A call
 * looks at DOMAIN_CALL_PAGES pages of records: 'next' is the page from which to ask again, 0 at the end of the pool.
 */
#define DOMAIN_LIST_MAX 124u

struct domain_list {
	uint32_t version;                 /* 1 */
	uint32_t bytes;                   /* sizeof(struct domain_list) */
	uint32_t next, count;             /* 'count' of the array are valid */
	uint32_t domain[DOMAIN_LIST_MAX]; /* page numbers, in their order */
};

_Static_assert(sizeof(struct domain_params) <= 4096, "one page");
_Static_assert(sizeof(struct domain_info) == 160 + 48 + sizeof(struct domain_params), "domain_info layout");
_Static_assert(sizeof(struct domain_list) == 512, "domain_list layout");

#endif
