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
 * work. On an error nothing has changed. HC_E_BUSY: another CPU works on this domain; try again.
 */
#ifndef CLOISTER_DOMAIN_H
#define CLOISTER_DOMAIN_H

#include <stdint.h>

#include "hypercall.h"

#define DOMAIN_CALL_PAGES 512u
#define DOMAIN_MAX_RAM    8u
#define DOMAIN_MAX_VCPUS  256u

/*
 * Guest-physical width W: the bit W - 1 is the shared bit, so that private addresses end there
 * (TDX: GPAW = 48).
 */
#define DOMAIN_GPA_BITS   48u
#define DOMAIN_SHARED_BIT (1ull << (DOMAIN_GPA_BITS - 1))

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
 * HC_VCPU_CREATE: a page becomes a vCPU.
 *   RDI = domain, RSI = page number, RDX = x2APIC ID, RCX = initial RCX (not trusted by the guest).
 * Result: 0, HC_E_DOMAIN, HC_E_STATE (the build is over), HC_E_PAGE, HC_E_ARGUMENT (the ID is
 * taken), HC_E_FULL, HC_E_BUSY.
 */
#define HC_VCPU_CREATE 0x434c0011u

/*
 * HC_TABLE_ADD: a page becomes the table through which leaves of the given level are reached (4 KiB
 * or 2 MiB), or tables of them (1 GiB).
 *   RDI = domain, RSI = guest-physical address | level, RDX = page number. RCX = 0.
 * Result: 0, HC_E_DOMAIN, HC_E_STATE, HC_E_ARGUMENT (address or level), HC_E_MAPPING (an entry is
 * there, or no table above it), HC_E_PAGE, HC_E_BUSY.
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

#define HC_E_PAGE    (-6) /* a pool page is not free, or there is none of this number */
#define HC_E_DOMAIN  (-7) /* no domain of this number */
#define HC_E_STATE   (-8) /* not in this state of the domain */
#define HC_E_MAPPING (-9) /* stage 2: an entry is there already, or a table above it is not */
#define HC_E_FULL    (-10)

enum domain_state { DOMAIN_BUILDING, DOMAIN_READY, DOMAIN_STOPPED };

/* HC_READ, HV_OBJECT_DOMAIN: RDI = object | domain << 32. */
struct domain_info {
	uint32_t version; /* 1 */
	uint32_t bytes;   /* sizeof(struct domain_info) */
	uint32_t domain;  /* page number */
	uint32_t state;   /* enum domain_state */
	uint32_t vcpus, max_vcpus;
	uint32_t tables, private_pages; /* pages that were added: HC_PAGE_RECLAIM does not count down */
	uint64_t attributes, xfam;
	uint8_t mrtd[48]; /* 0 before the end of the build */
	uint8_t mrconfigid[48], mrowner[48], mrownerconfig[48];
};

_Static_assert(sizeof(struct domain_params) <= 4096, "one page");
_Static_assert(sizeof(struct domain_info) == 48 + 4 * 48, "domain_info layout");

#endif
