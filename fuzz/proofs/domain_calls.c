/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/hypercall.c, domain.c and run.c: for every argument of the hypercalls that make, close, stop and free a
 * domain and make, enter and flush its vCPUs, and every state of the pool's records, the answer is the specification's
 * (debug/ghost.c) and so is each record afterwards. What a domain may be made of is said here once more. Nothing is
 * measured after the end of the build; what becomes free was wiped; no window stays open but those of a vCPU that is
 * entered. Where another CPU has the domain, the answer is HC_E_BUSY and nothing changes; a vCPU that this CPU ran last
 * is entered all the same.
 * Assumed: a pool of 8 pages, in which the domain that is called is page 2; up to two vCPUs and two ranges of RAM;
 * records and domain agree with the specification before the call; for HC_VCPU_RUN, a CPU keeps the page of the vCPU
 * that it ran last until it gives that up. Memory's calls are in domain_memory_*.c, but for the levels that
 * HC_PAGE_AUG may have.
 */
#include "domain_state.h"

#include "attest/sha384.h"
#include "domain/cpuid.h"
#include "domain/vcpu.h"
#include "lib/wipe.h"
#include "machine/features.h"

static struct td_vcpu vcpu_page;
static uint32_t target, reads, domain = DOMAIN; /* that is called, or made */
static uint64_t xsave_bytes, xcr0_native, ram_address;
static struct hypercall_arguments arguments;
static bool started, augmented;

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t at, bool writable)
{
	const uint64_t page = opened(window, at);

	if (window == WINDOW_RECORDS) {
		PROVE(page == 0);
		return records;
	}
	PROVE(records[page] != 0 && page != 0);
	if (window == WINDOW_DOMAIN) {
		PROVE(page == domain);
		return &td;
	}
	target = (uint32_t)page;
	PROVE(window == WINDOW_VCPU || window == WINDOW_TARGET);
	PROVE(records[page] >> 32 == domain || (window == WINDOW_VCPU && page == cpus[0].guest_page[VCPU_TAG(page)]));
	return &vcpu_page;
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	closed(window);
}

void secure_wipe_through(void *memory, size_t bytes)
{
	PROVE(memory == &vcpu_page && bytes == 4096 && open[WINDOW_TARGET]);
	wiped[target] = true;
}

/* Copied once. */
void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(is_ram && address.value == ram_address && bytes == sizeof(params) && reads == 0);
	reads++;
	*(struct domain_params *)buffer = params;
}

bool machine_is_ram(const struct machine *machine, gpa_t address, uint64_t bytes)
{
	PROVE(address.value == ram_address && bytes == 4096);
	return is_ram;
}

struct cpuid_result cpu_leaf(uint32_t leaf, uint32_t subleaf)
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
	PROVE(td.info.state == DOMAIN_READY && vector >= 0x20 && vector <= 0xea && vector != 0x80);
}

void vcpu_guest_flush(paddr_t control)
{
	PROVE(records[(control.value - pool.base.value) / 4096] >> 32 == DOMAIN);
}

/* In 4 KiB, or in 2 MiB where the root guest has leaves of this size, too. */
int64_t domain_augment(const struct pool_view *view, struct td *of, struct place place, uint64_t page)
{
	PROVE(place.level == 1 || (place.level == 2 && m.boot.ram_leaf_bytes == 0x200000));
	PROVE(place.address.value == (arguments.rsi & ~4095ull) && page == arguments.rdx && arguments.rcx == 0);
	augmented = true;
	return 0;
}

void sha384_start(struct sha384 *hash)
{
	PROVE(hash == &td.mrtd_hash && td.info.state == DOMAIN_BUILDING && !started);
	started = true;
}

/* Only while the domain is built, and it is the end of that. */
void sha384_finish(struct sha384 *hash, uint8_t digest[SHA384_BYTES])
{
	PROVE(hash == &td.mrtd_hash && digest == td.info.mrtd && td.info.state == DOMAIN_BUILDING);
}

/* Pages of a stopped domain's vCPUs may be somebody else's by now, once no CPU holds any of them. */
static void make_vcpus(struct ghost_domain *self)
{
	bool kept = self->state != DOMAIN_STOPPED;

	for (uint32_t i = 0; i < self->vcpu_count; i++)
		kept |= self->vcpu[i].loaded_on != 0;
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++) {
		const struct ghost_vcpu *const vcpu = &self->vcpu[i];

		if (i >= self->vcpu_count)
			continue;
		ASSUME(vcpu->page > DOMAIN && vcpu->page <= PAGES - DOMAIN_VCPU_PAGES);
		for (uint32_t k = 0; k < DOMAIN_VCPU_PAGES; k++)
			ASSUME(!kept || before[vcpu->page + k] == ((uint64_t)DOMAIN << 32 | PAGE_VCPU));
		ASSUME(vcpu->runs_on <= 2 && vcpu->loaded_on <= 2);
		ASSUME(vcpu->runs_on == 0 || vcpu->runs_on == vcpu->loaded_on);
		td.vcpu[i] = (struct domain_vcpu){vcpu->page, vcpu->apic_id, vcpu->runs_on, vcpu->loaded_on, 0};
	}
}

/* Records in which the domain is there, or nothing of it. */
static void make_machine(bool there)
{
	uint64_t base;

	__CPROVER_havoc_object(&params);
	__CPROVER_havoc_object(&xsave_bytes);
	__CPROVER_havoc_object(&xcr0_native);
	is_ram = any_bool();
	ASSUME((base & 4095) == 0 && base < 1ull << 47);
	make_records(there, base);
	make_cpus();
}

static void set_up(void)
{
	struct ghost_domain self;

	make_machine(true);
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

	if (ghost.page[DOMAIN].kind != PAGE_DOMAIN)
		return;
	PROVE(td.info.state == self->state && td.info.vcpus == self->vcpu_count);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++)
		PROVE(i >= td.info.vcpus ||
		      (td.vcpu[i].page == self->vcpu[i].page && td.vcpu[i].apic_id == self->vcpu[i].apic_id &&
		       td.vcpu[i].runs_on == self->vcpu[i].runs_on && td.vcpu[i].loaded_on == self->vcpu[i].loaded_on));
}

/* x87 and SSE, and AVX-512 whole and with AVX; what the CPU has, and a vCPU has room for. */
static bool xfam_fits(uint64_t xfam)
{
	return (xfam & ~(xcr0_native & 0xe7)) == 0 && (xfam & 3) == 3 &&
	       ((xfam & 0xe0) == 0 || (xfam & 0xe4) == 0xe4) && xsave_bytes <= 2688;
}

static bool range_fits(const struct domain_range *range)
{
	return range->base % 4096 == 0 && range->bytes % 4096 == 0 && range->base < HALF &&
	       range->bytes <= HALF - range->base;
}

/* In the words of cloister/domain.h. */
static bool params_fit(void)
{
	const struct domain_range *const a = &params.ram[0], *const b = &params.ram[1];
	const bool first = range_fits(a) && a->bytes != 0;
	const bool second = range_fits(b) && b->bytes != 0 && b->base > a->base && b->base - a->base >= a->bytes;

	return params.version == 1 && params.reserved == 0 && params.attributes == 1u << 28 && xfam_fits(params.xfam) &&
	       (params.max_vcpus == 1 || params.max_vcpus == 2) && range_fits(&params.firmware) && first &&
	       (params.ram_count == 1 || (params.ram_count == 2 && second));
}

static void check_created(uint64_t table)
{
	uint32_t any;

	ASSUME(any < 48);
	PROVE(started && params_fit());
	PROVE(td.info.domain == domain && td.table == table && td.info.state == DOMAIN_BUILDING && td.info.pages == 2 &&
	      td.info.tables == 1);
	PROVE(td.info.private_pages == 0 && td.info.vcpus == 0 && !td.lazy && td.info.started_us == 1 &&
	      td.gpa_bits == 48);
	PROVE(td.info.params.max_vcpus == params.max_vcpus && td.info.params.attributes == params.attributes);
	PROVE(td.info.params.xfam == params.xfam && td.info.params.ram_count == params.ram_count);
	PROVE(td.info.params.ram[0].base == params.ram[0].base && td.info.params.ram[0].bytes == params.ram[0].bytes);
	PROVE(td.info.params.ram[1].base == params.ram[1].base && td.info.params.ram[1].bytes == params.ram[1].bytes);
	PROVE(td.info.params.firmware.base == params.firmware.base &&
	      td.info.params.firmware.bytes == params.firmware.bytes);
	PROVE(td.info.params.mrconfigid[any] == params.mrconfigid[any] &&
	      td.info.params.mrowner[any] == params.mrowner[any]);
	PROVE(td.info.params.mrownerconfig[any] == params.mrownerconfig[any]);
}

void prove_calls_create(void)
{
	uint64_t rdi;
	const struct hypercall_arguments a = any_arguments(rdi);

	make_machine(false);
	domain = a.rsi < PAGES ? (uint32_t)a.rsi : DOMAIN;
	ram_address = a.rdi;
	const struct ghost_call described = {.number = HC_DOMAIN_CREATE,
					     .argument = {a.rdi, a.rsi, a.rdx, a.rcx},
					     .is_ram = is_ram,
					     .params = &params};
	const int64_t result = domain_hypercall(&cpus[0], HC_DOMAIN_CREATE, &a);

	PROVE(result == ghost_call(&ghost, &described));
	PROVE(!window_is_open() && !cpus[0].guest);
	check_records(false);
	if (result == 0)
		check_created(a.rdx);
	PROVE(result == 0 || !started);
	PROVE(result != HC_E_ARGUMENT || a.rcx != 0 || !params_fit());
	REACHABLE(result == 0 && params.ram_count == 2 && params.xfam == 0xe7);
	REACHABLE(result == HC_E_PAGE && wiped[domain]);
	REACHABLE(result == HC_E_PAGE && a.rsi == a.rdx);
	REACHABLE(result == HC_E_ARGUMENT && a.rcx == 0);
	REACHABLE(result == HC_E_BUFFER);
}

/*
 * docs/guest-abi.md, section 9: what the new vCPU starts with, of which the host chose its identifier and one value. The
 * page was zero, and all else in it still is.
 */
static void check_made_vcpu(const struct hypercall_arguments *a, uint32_t index)
{
	static struct td_vcpu expected;
	uint32_t word;

	expected.owner = DOMAIN;
	expected.index = index;
	expected.apic_id = (uint32_t)a->rdx;
	expected.domain = pool.guest.maps;
	expected.domain.stage2.root.value = pool.base.value + td.table * 4096ull;
	expected.vcpu.tag = 2 + (uint32_t)(a->rsi / 2 % 4);
	expected.frame.guest.rbx = DOMAIN_GPA_BITS_MAX;
	expected.frame.guest.rcx = expected.frame.guest.r8 = a->rcx;
	expected.frame.guest.rdx = pool.guest.cpuid_version;
	expected.frame.guest.rsi = index;
	expected.state.xcr0 = 1;
	expected.xsave[6] = 0x1f80; /* MXCSR */
	ASSUME(word < sizeof(expected) / sizeof(word));
	PROVE(((const uint32_t *)&vcpu_page)[word] == ((const uint32_t *)&expected)[word]);
	PROVE(target == a->rsi);
}

void prove_calls_vcpu_create(void)
{
	const struct hypercall_arguments a = any_arguments(DOMAIN);
	uint32_t version, table;
	uint64_t maps;

	ASSUME(table < PAGES);
	set_up();
	td.table = table;
	pool.guest.cpuid_version = version;
	pool.guest.maps.io_map.value = pool.guest.maps.msr_map.value = maps;
	const uint32_t index = td.info.vcpus;
	const int64_t result = call(HC_VCPU_CREATE, &a);

	check_domain();
	if (result == 0)
		check_made_vcpu(&a, index);
	REACHABLE(result == 0 && index == 1);
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

void prove_calls_aug_level(void)
{
	const uint64_t leaf = any_bool() ? 0x200000 : 4096;

	set_up();
	arguments = any_arguments(DOMAIN);
	m.boot.ram_leaf_bytes = leaf;
	const int64_t result = domain_hypercall(&cpus[0], HC_PAGE_AUG, &arguments);
	const uint64_t level = arguments.rsi & 4095, last = leaf == 4096 ? DOMAIN_LEVEL_4KIB : DOMAIN_LEVEL_2MIB;

	PROVE(result == (locked ? HC_E_BUSY : level > last || arguments.rcx != 0 ? HC_E_ARGUMENT : 0));
	PROVE(augmented == (result == 0) && !window_is_open());
	check_records(locked);
	check_domain();
	REACHABLE(result == 0 && level == DOMAIN_LEVEL_2MIB);
	REACHABLE(result == HC_E_ARGUMENT && level == DOMAIN_LEVEL_2MIB && arguments.rcx == 0);
	REACHABLE(result == HC_E_ARGUMENT && level == 4095);
	REACHABLE(result == HC_E_BUSY);
}

/* This CPU is in no guest. It holds the vCPU that it ran last, whose state is @page's if that is the same one. */
static void make_run(uint64_t page, uint64_t run)
{
	uint32_t last, index;
	uint64_t known_run;

	ASSUME(last < PAGES && (last == 0 || (before[last] & 7) == PAGE_VCPU));
	for (uint32_t i = 0; i < td.info.vcpus; i++) {
		ASSUME(td.vcpu[i].runs_on != 1);
		ASSUME(td.vcpu[i].page != page || index == i);
	}
	ASSUME(last == 0 || last != page || before[last] >> 32 != DOMAIN ||
	       (index < td.info.vcpus && td.vcpu[index].page == page && td.vcpu[index].loaded_on == 1));
	ASSUME(is_ram || known_run == 0 || known_run != run);
	cpus[0].guest_page[VCPU_TAG(page)] = last;
	vcpu_page.owner = page < PAGES ? (uint32_t)(before[page] >> 32) : 0;
	vcpu_page.index = index;
	vcpu_page.run.value = known_run;
	vcpu_page.dead = any_bool();
	ram_address = run;
}

static void check_entered(const struct hypercall_arguments *a)
{
	PROVE(cpus[0].guest == &vcpu_page.vcpu && vcpu_page.vcpu.cpu == &cpus[0]);
	PROVE(vcpu_page.vcpu.frame == &vcpu_page.frame && vcpu_page.td == &td && vcpu_page.run.value == a->rdx);
	PROVE(target == a->rsi);
	closed(WINDOW_VCPU);
	closed(WINDOW_DOMAIN);
	cpus[0].guest = 0;
}

/* A vCPU that is dead, or that the CPU lacks something for, gets HC_E_STATE: the specification knows neither. */
void prove_calls_run(void)
{
	const struct hypercall_arguments a = any_arguments(DOMAIN);

	set_up();
	make_run(a.rsi, a.rdx);
	const struct ghost_call described = {
		.number = HC_VCPU_RUN, .argument = {a.rdi, a.rsi, a.rdx, a.rcx}, .is_ram = is_ram};
	const uint32_t index = vcpu_page.index;
	const bool known = index < td.info.vcpus && td.vcpu[index].page == a.rsi;
	const bool last = known && cpus[0].guest_page[VCPU_TAG(a.rsi)] == a.rsi && vcpu_page.owner == DOMAIN;
	const bool lacks = known && td.vcpu[index].loaded_on != 1 && !xfam_fits(td.info.params.xfam);
	const bool unfit = known && a.rcx == 0 && (vcpu_page.dead || lacks);
	const int64_t result = domain_hypercall(&cpus[0], HC_VCPU_RUN, &a);
	const bool busy = result == HC_E_BUSY && locked && !last, refused = result == HC_E_STATE && unfit;

	if (!busy && !refused)
		PROVE((result == HC_ENTERS ? 0 : result) == ghost_call(&ghost, &described));
	PROVE(!locked || last || busy || result == HC_E_ARGUMENT);
	PROVE(result != HC_ENTERS || !unfit);
	if (result == HC_ENTERS)
		check_entered(&a);
	PROVE(!window_is_open() && !cpus[0].guest);
	check_records(locked);
	check_domain();
	REACHABLE(result == HC_ENTERS && last && locked);
	REACHABLE(result == HC_ENTERS && !last);
	REACHABLE(busy);
	REACHABLE(result == HC_E_BUSY && !locked);
	REACHABLE(result == HC_E_PAGE && cpus[0].guest_page[VCPU_TAG(a.rsi)] == a.rsi && a.rsi != 0);
	REACHABLE(refused && vcpu_page.dead && ghost.domain[DOMAIN].state == DOMAIN_READY);
	REACHABLE(result == HC_E_STATE && !unfit);
	REACHABLE(result == HC_E_BUFFER);
	REACHABLE(result == HC_E_ARGUMENT);
}
