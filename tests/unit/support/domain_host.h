/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with a pool, for tests of hv/domain: hypercalls by their numbers, and a look at what lies
 * in the pool.
 */
#ifndef TESTS_UNIT_SUPPORT_DOMAIN_HOST_H
#define TESTS_UNIT_SUPPORT_DOMAIN_HOST_H

#include "domain/domain.h"
#include "domain/hypercall.h"
#include "domain/pool.h"
#include "machine/machine.h"
#include "memory/paging.h"
#include "memory/window.h"
#include "vcpu/vcpu.h"

#include "width.h"

#define RAM_PAGES 8u /* of the root guest */

/* RAM of the root guest that no call may read or write: it is only mapped. */
#define HOST_FAR_RAM   0x40000000ull
#define HOST_FAR_BYTES 0x400000ull

#define HOST_RUN 40u /* the pool's first page at a multiple of 2 MiB */

struct host {
	uint8_t *memory; /* the pool lies in it */
	uint8_t *pool;
	uint32_t pages;
	uint8_t *ram; /* RAM_PAGES */
	struct machine machine;
	struct pool records;
	struct paging paging;
	struct cpu cpu[2];
	struct vcpu root[2];                                      /* the root guest's */
	uint32_t domain;                                          /* whose pages a call may look at; 0: anybody's */
	unsigned kicks[2];                                        /* that the CPUs got */
	paddr_t flushed;                                          /* the last control structure that a CPU gave up */
	bool change_after_read;                                   /* the root guest changes what was read */
	void (*meanwhile)(struct host *host, enum window window); /* another CPU's act, as a window opens; once */
};

/* Makes the host's memory, with a pool of @pages pages. */
void host_start(struct host *host, uint32_t pages);
void host_stop(struct host *host);

/* One hypercall on CPU @cpu. Fails where a window is still open afterwards. */
int64_t host_call(struct host *host, unsigned cpu, uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx,
		  uint64_t rcx);

/* What a CPU's calls work with. */
struct pool_view host_view(const struct host *host, unsigned cpu);

/* HC_VCPU_RUN. 0: the CPU is in the guest, with the domain's newest translations. */
int64_t host_run(struct host *host, unsigned cpu, uint64_t domain, uint64_t vcpu, uint64_t run, uint64_t rcx);

/* A vCPU that runs: gets the newest translations; is left. */
void host_follow(struct host *host, uint64_t domain, uint64_t vcpu);
void host_leave_vcpu(struct host *host, uint64_t domain, uint64_t vcpu);

/* A domain's page, locked, for what its guest asks of CPU @cpu; fails where it is busy, or a window is left open. */
struct td *host_enter(struct host *host, unsigned cpu, uint64_t domain);
void host_leave(struct host *host, unsigned cpu, const struct td *td);

/* Address of page @index of the root guest's RAM. */
uint64_t host_ram(const struct host *host, unsigned index);

/* HC_DOMAIN_CREATE with 16 MiB of RAM at 0, 2 MiB of it at 4 GiB, firmware below 4 GiB. */
static inline struct domain_params host_params(void)
{
	return (struct domain_params){
		.version = 1,
		.max_vcpus = 2,
		.attributes = DOMAIN_ATTRIBUTES,
		.xfam = 3,
		.ram_count = 2,
		.ram = {{0, 0x1000000}, {0x100000000, 0x200000}},
		.firmware = {0xffc00000, 0x400000},
		.mrconfigid = {1},
		.mrowner = {2},
		.mrownerconfig = {3},
	};
}
int64_t host_create(struct host *host, const struct domain_params *params, uint64_t domain, uint64_t table);

/* The record of a page: its kind, and its owner in the upper half. */
uint64_t host_record(const struct host *host, uint32_t page);

#endif
