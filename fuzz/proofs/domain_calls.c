/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/hypercall.c, domain.c and run.c: for every argument of the hypercalls that make, close, stop and free a
 * domain and its vCPUs, and every state of the pool's records, the answer is the specification's (debug/ghost.c) and so
 * is each record afterwards. Nothing is measured after the end of the build; what becomes free was wiped; no window
 * stays open. Where another CPU has the domain, the answer is HC_E_BUSY and nothing changes.
 * Assumed: a pool of 8 pages, in which the domain that is called is page 2; up to two vCPUs and two ranges of RAM;
 * records and domain agree with the specification before the call. Memory's calls, HC_DOMAIN_CREATE and HC_VCPU_RUN
 * are not in here.
 */
#include "domain_state.h"

#include "attest/sha384.h"
#include "domain/cpuid.h"
#include "domain/vcpu.h"
#include "lib/wipe.h"

static struct td_vcpu vcpu_page;
static uint32_t target, reads;
static uint64_t xsave_bytes, xcr0_native;

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t at, bool writable)
{
	const uint64_t page = opened(window, at);

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
	closed(window);
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

static void set_up(void)
{
	struct ghost_domain self;
	uint64_t base;

	__CPROVER_havoc_object(&params);
	__CPROVER_havoc_object(&xsave_bytes);
	__CPROVER_havoc_object(&xcr0_native);
	is_ram = any_bool();
	ASSUME((base & 4095) == 0 && base < 1ull << 47);
	make_records(true, base);
	make_cpus();
	ASSUME(self.state != DOMAIN_BUILDING || (self.vcpu[0].loaded_on == 0 && self.vcpu[1].loaded_on == 0));
	self.lazy = false;
	make_td(&self);
	make_vcpus(&ghost.domain[DOMAIN]);
}

/* On the domain, with any arguments. */
static int64_t call_with_any(uint64_t number)
{
	const struct hypercall_arguments a = any_arguments(DOMAIN);

	set_up();
	return call(number, &a);
}

static void check_domain(void)
{
	const struct ghost_domain *const self = &ghost.domain[DOMAIN];

	if (!is_there())
		return;
	PROVE(td.state == self->state && td.vcpu_count == self->vcpu_count);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++)
		PROVE(i >= td.vcpu_count ||
		      (td.vcpu[i].page == self->vcpu[i].page && td.vcpu[i].apic_id == self->vcpu[i].apic_id &&
		       td.vcpu[i].runs_on == self->vcpu[i].runs_on && td.vcpu[i].loaded_on == self->vcpu[i].loaded_on));
}

void prove_calls_vcpu_create(void)
{
	const int64_t result = call_with_any(HC_VCPU_CREATE);

	check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_FULL);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_calls_finalize(void)
{
	const int64_t result = call_with_any(HC_DOMAIN_FINALIZE);

	check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_calls_destroy(void)
{
	const int64_t result = call_with_any(HC_DOMAIN_DESTROY);

	check_domain();
	REACHABLE(result == 0 && td.vcpu[0].runs_on == 2);
	REACHABLE(result == HC_E_STATE);
}

void prove_calls_reclaim(void)
{
	const int64_t result = call_with_any(HC_PAGE_RECLAIM);

	REACHABLE(result == 2 && records[DOMAIN] == 0);
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_BUSY);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_calls_flush(void)
{
	const int64_t result = call_with_any(HC_VCPU_FLUSH);

	if (result != 0)
		check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_STATE);
}

void prove_calls_interrupt(void)
{
	const int64_t result = call_with_any(HC_INTERRUPT);

	check_domain();
	REACHABLE(result == 0);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
}
