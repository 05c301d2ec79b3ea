/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/hypercall.c, domain.c and run.c: for every argument of the hypercalls that make, close, stop and free a
 * domain and its vCPUs, and every state of the pool's records, the answer is the specification's (debug/ghost.c) and so
 * is each record afterwards. Nothing is measured after the end of the build; what becomes free was wiped; no window stays open. Where another CPU has the domain, the answer is HC_E_BUSY and nothing changes.
 * Assumed: a pool of 8 pages, in which the domain that is called is page 2; up to two vCPUs and two ranges of RAM;
 * records and domain agree with the specification before the call. Memory's calls, HC_DOMAIN_CREATE and HC_VCPU_RUN
 * are not in here.
 */
#include "proof.h"

#include "attest/sha384.h"
#include "domain/cpuid.h"
#include "domain/debug/ghost.h"
#include "domain/hypercall.h"
#include "domain/vcpu.h"
#include "lib/wipe.h"

#define PAGES  8u
#define DOMAIN 2u
#define LOCKED 8u

static struct ghost ghost;
static struct pool pool = {.pages = PAGES, .guest.gpa_bits = GHOST_GPA_BITS};
static struct machine m = {.pool = &pool};
static struct vcpu root;
static struct entry_frame frame;
static struct cpu cpus[2];
static uint64_t records[PAGES], before[PAGES];
static struct td td;
static struct td_vcpu vcpu_page;
static struct domain_params params;
static bool open[WINDOWS_PER_CPU], wiped[PAGES], is_ram, locked;
static uint32_t target, reads;
static uint64_t xsave_bytes, xcr0_native;

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t at, bool writable)
{
	const uint64_t page = (at.value - pool.base.value) / 4096;

	PROVE(!open[window] && (at.value & 4095) == 0 && page < PAGES);
	open[window] = true;
	if (window == WINDOW_RECORDS) {
		PROVE(page == 0);
		return records;
	}
	PROVE(records[page] != 0 && page != 0);
	if (window == WINDOW_DOMAIN) {
		PROVE(page == DOMAIN);
		return &td;
	}
	target = (uint32_t)page;
	PROVE(window == WINDOW_VCPU || window == WINDOW_TARGET);
	PROVE(records[page] >> 32 == DOMAIN);
	return &vcpu_page;
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	PROVE(open[window]);
	open[window] = false;
}

void secure_wipe(void *memory, size_t bytes)
{
	PROVE(memory == &vcpu_page && bytes == 4096 && open[WINDOW_TARGET]);
	wiped[target] = true;
}

/* Copied once. */
void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(is_ram && bytes == sizeof(params) && reads == 0);
	reads++;
	*(struct domain_params *)buffer = params;
}

bool machine_is_ram(const struct machine *machine, gpa_t address, uint64_t bytes)
{
	PROVE(bytes == 4096);
	return is_ram;
}

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	return (struct cpuid_result){.eax = (uint32_t)xcr0_native};
}

uint64_t guest_xsave_bytes(uint64_t xfam)
{
	return xsave_bytes;
}

uint64_t machine_uptime_us(const struct machine *machine)
{
	return 1;
}

void cpu_kick(struct cpu *cpu)
{
	PROVE(cpu == &cpus[1]);
}

void lapic_reset(struct lapic *lapic, uint32_t apic_id)
{
}

/* Only what devices may send, to a domain that is ready. */
void lapic_request(struct lapic *lapic, uint8_t vector)
{
	PROVE(td.state == DOMAIN_READY && vector >= 0x20 && vector <= 0xea && vector != 0x80);
}

void vcpu_guest_flush(paddr_t control)
{
	PROVE(records[(control.value - pool.base.value) / 4096] >> 32 == DOMAIN);
}

void sha384_start(struct sha384 *hash)
{
	PROVE(hash == &td.mrtd_hash && td.state == DOMAIN_BUILDING);
}

/* Only while the domain is built, and it is the end of that. */
void sha384_finish(struct sha384 *hash, uint8_t digest[SHA384_BYTES])
{
	PROVE(hash == &td.mrtd_hash && digest == td.mrtd && td.state == DOMAIN_BUILDING);
}

static void make_vcpus(struct ghost_domain *self)
{
	td.vcpu_count = self->vcpu_count;
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++) {
		const struct ghost_vcpu *const vcpu = &self->vcpu[i];

		if (i >= self->vcpu_count)
			continue;
		ASSUME(vcpu->page > DOMAIN && vcpu->page <= PAGES - DOMAIN_VCPU_PAGES);
		for (uint32_t k = 0; k < DOMAIN_VCPU_PAGES; k++)
			ASSUME(before[vcpu->page + k] == ((uint64_t)DOMAIN << 32 | PAGE_VCPU));
		ASSUME(vcpu->runs_on <= 2 && vcpu->loaded_on <= 2);
		ASSUME(vcpu->runs_on == 0 || vcpu->runs_on == vcpu->loaded_on);
		td.vcpu[i] = (struct domain_vcpu){vcpu->page, vcpu->apic_id, vcpu->runs_on, vcpu->loaded_on, 0};
	}
}

/* The domain is there, in any state, or page 2 is free. */
static void make_domain(bool there)
{
	struct ghost_domain self;
	uint32_t pages = 0;

	ASSUME(self.state <= DOMAIN_STOPPED && self.vcpu_count <= self.params.max_vcpus);
	ASSUME(self.params.max_vcpus <= DOMAIN_MAX_VCPUS && self.params.ram_count <= DOMAIN_MAX_RAM);
	ASSUME(self.state != DOMAIN_BUILDING || (self.vcpu[0].loaded_on == 0 && self.vcpu[1].loaded_on == 0));
	self.lazy = false;
	ghost.domain[DOMAIN] = self;
	if (!there)
		return;
	for (uint32_t i = 1; i < PAGES; i++)
		pages += before[i] >> 32 == DOMAIN;
	td.page = DOMAIN;
	td.state = self.state;
	td.params = self.params;
	td.pages = pages;
	make_vcpus(&ghost.domain[DOMAIN]);
}

static void set_up(bool there)
{
	uint64_t base, first;

	__CPROVER_havoc_object(&params);
	__CPROVER_havoc_object(&xsave_bytes);
	__CPROVER_havoc_object(&xcr0_native);
	is_ram = any_bool();
	locked = there && any_bool();
	ASSUME((base & 4095) == 0 && base < 1ull << 47);
	pool.base.value = base;
	ghost_start(&ghost, base, PAGES);
	before[0] = records[0] = PAGE_RECORDS;
	for (uint32_t i = 1; i < PAGES; i++) {
		struct ghost_page *const page = &ghost.page[i];
		enum page_kind kind;
		uint32_t owner;

		ASSUME(kind == PAGE_FREE || (kind >= PAGE_DOMAIN && kind <= PAGE_PRIVATE));
		ASSUME(kind == PAGE_FREE ? owner == 0 : owner > 0 && owner < PAGES);
		ASSUME((kind == PAGE_DOMAIN) == (kind != PAGE_FREE && owner == i));
		ASSUME(there || owner != DOMAIN);
		if (i == DOMAIN)
			ASSUME((kind == PAGE_DOMAIN) == there);
		*page = (struct ghost_page){.kind = kind, .owner = owner};
		before[i] = records[i] = ghost_record(&ghost, i);
	}
	for (uint32_t i = 0; i < 2; i++) {
		cpus[i] = (struct cpu){.machine = &m, .index = i, .vcpu = &root};
		m.cpus[i] = &cpus[i];
	}
	root.frame = &frame;
	make_domain(there);
	if (locked)
		records[DOMAIN] |= LOCKED;
}

static bool window_is_open(void)
{
	return open[WINDOW_RECORDS] || open[WINDOW_TARGET] || open[WINDOW_DOMAIN] || open[WINDOW_VCPU];
}

/* What every call keeps. */
static void check_records(bool busy)
{
	for (uint32_t i = 0; i < PAGES; i++) {
		const uint64_t record = busy && i == DOMAIN ? before[i] | LOCKED : ghost_record(&ghost, i);

		PROVE(records[i] == record);
		PROVE(before[i] == 0 || records[i] != 0 || wiped[i]);
	}
}

static int64_t call(uint64_t number, uint64_t rdi)
{
	uint64_t rsi, rdx, rcx;
	const struct hypercall_arguments a = {rdi, rsi, rdx, rcx};
	const struct ghost_call described = {
		.number = number, .argument = {rdi, rsi, rdx, rcx}, .is_ram = is_ram, .params = &params};
	const int64_t result = domain_hypercall(&cpus[0], number, &a);

	if (result == HC_E_BUSY && locked) {
		PROVE(!window_is_open() && !cpus[0].guest);
		check_records(true);
		REACHABLE(true);
		return result;
	} else {
		PROVE(!window_is_open() && !cpus[0].guest);
		PROVE(result == ghost_call(&ghost, &described));
		PROVE(!locked || result == HC_E_ARGUMENT);
	}
	check_records(locked);
	return result;
}

static void check_domain(void)
{
	const struct ghost_domain *const self = &ghost.domain[DOMAIN];

	if (locked || ghost.page[DOMAIN].kind != PAGE_DOMAIN)
		return;
	PROVE(td.state == self->state && td.vcpu_count == self->vcpu_count);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++)
		PROVE(i >= td.vcpu_count ||
		      (td.vcpu[i].page == self->vcpu[i].page && td.vcpu[i].apic_id == self->vcpu[i].apic_id &&
		       td.vcpu[i].runs_on == self->vcpu[i].runs_on && td.vcpu[i].loaded_on == self->vcpu[i].loaded_on));
}

void prove_calls_vcpu_create(void)
{
	set_up(true);
	const int64_t result = call(HC_VCPU_CREATE, DOMAIN);

	check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_FULL);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_calls_finalize(void)
{
	set_up(true);
	const int64_t result = call(HC_DOMAIN_FINALIZE, DOMAIN);

	check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_calls_destroy(void)
{
	set_up(true);
	const int64_t result = call(HC_DOMAIN_DESTROY, DOMAIN);

	check_domain();
	REACHABLE(result == 0 && td.vcpu[0].runs_on == 2);
	REACHABLE(result == HC_E_STATE);
}

void prove_calls_reclaim(void)
{
	set_up(true);
	const int64_t result = call(HC_PAGE_RECLAIM, DOMAIN);

	REACHABLE(result == 2 && records[DOMAIN] == 0);
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_BUSY);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_calls_flush(void)
{
	set_up(true);
	const int64_t result = call(HC_VCPU_FLUSH, DOMAIN);

	if (result != 0)
		check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_STATE);
}

void prove_calls_interrupt(void)
{
	set_up(true);
	const int64_t result = call(HC_INTERRUPT, DOMAIN);

	check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
}
