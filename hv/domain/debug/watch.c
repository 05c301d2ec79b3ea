/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug images: after each hypercall for domains, and each request of a guest for its memory, the answer and the pool
 * are compared with the specification (ghost.h). Where they differ, the console says what, and the machine ends. The
 * calls come here by 'ld --wrap' (hv/hv.mk), so that release images have nothing of it.
 *
 * One CPU at a time: what is compared may not change meanwhile. A CPU that waits for its turn may have a domain locked;
 * one that has its turn waits for no lock.
 */
#include "compare.h"
#include "domain/hypercall.h"
#include "domain/vcpu.h"
#include "machine/lock.h"

/* Enough for one more call, whose memory lies in two of them at most. */
#define UNITS_NEEDED 2u

/* Nobody's number: of a CPU that uses what was taken away. */
#define ANOTHER_CPU UINT32_MAX

static struct {
	lock_t turn;
	uint32_t holder; /* index + 1 of the CPU whose turn it is, or 0 */
	enum { WATCH_NOT_STARTED, WATCH_RUNS, WATCH_GAVE_UP } progress;
	const struct pool_view *view; /* the holder's */
	bool entered;                 /* its call has got its domain */
	const struct domain_params *params;
	struct domain_params params_of_call; /* what its call read */
	uint64_t copies[GHOST_LOOKS][PAGE_BYTES / sizeof(uint64_t)];
	struct ghost ghost;
} watch;

int64_t __real_domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);
int64_t __wrap_domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);
int64_t __real_domain_enter(const struct pool_view *view, uint64_t domain, struct td **td);
int64_t __wrap_domain_enter(const struct pool_view *view, uint64_t domain, struct td **td);
int64_t __real_domain_create(const struct pool_view *view, uint64_t domain, uint64_t table,
			     const struct domain_params *params, uint64_t now_us);
int64_t __wrap_domain_create(const struct pool_view *view, uint64_t domain, uint64_t table,
			     const struct domain_params *params, uint64_t now_us);
enum memory_answer __real_domain_accept(const struct pool_view *view, struct td *td, gpa_t *address, uint64_t level);
enum memory_answer __wrap_domain_accept(const struct pool_view *view, struct td *td, gpa_t *address, uint64_t level);
enum memory_answer __real_domain_convert(const struct pool_view *view, struct td *td, gpa_t address, uint64_t *bytes,
					 bool shared);
enum memory_answer __wrap_domain_convert(const struct pool_view *view, struct td *td, gpa_t address, uint64_t *bytes,
					 bool shared);
bool __real_pool_claim(const struct pool_view *view, uint64_t page, enum page_kind kind, uint32_t owner);
bool __wrap_pool_claim(const struct pool_view *view, uint64_t page, enum page_kind kind, uint32_t owner);

static struct machine *machine_of(const struct pool_view *view)
{
	return view->cpus[view->cpu]->machine;
}

/* At the end of all domains other CPUs wipe what is compared. */
static void must(const struct pool_view *view, const char *where, const char *wrong)
{
	if (!wrong || pool_is_closed(view))
		return;
	console_line(machine_of(view), "cpu %u: %s is not as specified: %s", view->cpu, where, wrong);
	__builtin_trap();
}

const void *ghost_look_at(const struct ghost *ghost, uint32_t page, unsigned look)
{
	uint64_t *const copy = watch.copies[look];

	(void)ghost;
	__builtin_memcpy(copy, pool_open(watch.view, WINDOW_TARGET, page), PAGE_BYTES);
	pool_close(watch.view, WINDOW_TARGET);
	return copy;
}

static void give_up(const struct pool_view *view, const char *reason)
{
	watch.progress = WATCH_GAVE_UP;
	console_line(machine_of(view), "domains are not compared with their specification%s", reason);
}

static void start(const struct pool_view *view)
{
	const struct pool *const pool = view->pool;

	if (pool->pages > GHOST_PAGES)
		return give_up(view, ": the pool is too large for it");
	ghost_start(&watch.ghost, pool->base.value, pool->pages, pool->guest.gpa_bits);
	watch.ghost.small_only = machine_of(view)->boot.ram_leaf_bytes == BOOT_LEAF_4KIB;
	watch.progress = WATCH_RUNS;
	console_line(machine_of(view), "domains are compared with their specification");
}

/* The model is as large as it is. */
static void look_for_room(const struct pool_view *view)
{
	uint32_t units = 0, vcpus = 0;

	for (uint32_t i = 0; i < GHOST_UNITS; i++)
		units += watch.ghost.unit[i].owner == 0;
	for (uint32_t page = 0; page < watch.ghost.pages; page++) {
		if (watch.ghost.page[page].kind == PAGE_DOMAIN && watch.ghost.domain[page].vcpu_count > vcpus)
			vcpus = watch.ghost.domain[page].vcpu_count;
	}
	if (units < UNITS_NEEDED || vcpus == GHOST_VCPUS)
		give_up(view, " any more: its model has no room for more");
}

/* False: nothing is compared. Otherwise until end(). */
static bool begin(const struct pool_view *view)
{
	while (!lock_try(&watch.turn)) {
		if (pool_is_closed(view)) /* whose turn it was may never give it back */
			return false;
		cpu_relax();
	}
	if (watch.progress == WATCH_NOT_STARTED)
		start(view);
	if (watch.progress == WATCH_RUNS)
		look_for_room(view);
	if (watch.progress != WATCH_RUNS) {
		lock_release(&watch.turn);
		return false;
	}
	watch.view = view;
	watch.params = 0;
	watch.entered = false;
	watch.holder = view->cpu + 1;
	return true;
}

static void end(void)
{
	watch.holder = 0;
	lock_release(&watch.turn);
}

static bool has_domain(uint64_t page)
{
	return page < watch.ghost.pages && watch.ghost.page[page].kind == PAGE_DOMAIN;
}

/* What guests and CPUs do with a domain between its calls. */
static void follow(const struct td *td)
{
	struct ghost_domain *const self = &watch.ghost.domain[td->info.domain];

	self->lazy = td->lazy;
	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		self->vcpu[i].loaded_on = __atomic_load_n(&td->vcpu[i].loaded_on, __ATOMIC_SEQ_CST);
		self->vcpu[i].runs_on = __atomic_load_n(&td->vcpu[i].runs_on, __ATOMIC_SEQ_CST);
	}
}

/*
 * Which CPUs may use yet what was taken away is the pool's word: they go on meanwhile. fuzz/machine, which stops them,
 * says whether it is true.
 */
static void take_word(uint32_t domain, bool waits)
{
	struct ghost_domain *const self = &watch.ghost.domain[domain];

	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		self->vcpu[i].runs_on = 0;
		self->vcpu[i].behind = false;
	}
	self->vcpu[0].runs_on = waits ? ANOTHER_CPU : 0;
	self->vcpu[0].behind = waits;
}

/* Kind and owner of every page, and all of @domain. */
static const char *compare(uint32_t domain)
{
	const uint64_t *records = 0;
	const char *wrong = 0;

	for (uint32_t page = 0; page < watch.ghost.pages; page++) {
		if (page % DOMAIN_CALL_PAGES == 0)
			records = ghost_look_at(&watch.ghost, page / DOMAIN_CALL_PAGES, 0);
		if ((records[page % DOMAIN_CALL_PAGES] & ~8ull) != ghost_record(&watch.ghost, page)) /* 8: its lock */
			return "a record";
	}
	if (has_domain(domain))
		wrong = ghost_compare(&watch.ghost, domain);
	return wrong;
}

static bool is_ram(const struct cpu *cpu, uint64_t address, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
		if (!machine_is_ram(cpu->machine, gpa(address + at), PAGE_BYTES))
			return false;
	}
	return true;
}

/* Is the address among the arguments one of RAM of the root guest? */
static bool names_ram(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	if (number == HC_PAGE_ADD)
		return is_ram(cpu, a->rcx, PAGE_BYTES);
	if (number == HC_SHARED_MAP)
		return is_ram(cpu, a->rdx, (a->rsi & PAGE_MASK) == DOMAIN_LEVEL_4KIB ? PAGE_BYTES : BOOT_LEAF_2MIB);
	return is_ram(cpu, a->rdx, PAGE_BYTES);
}

static bool is_dead(uint64_t vcpu)
{
	return ((const struct td_vcpu *)ghost_look_at(&watch.ghost, (uint32_t)vcpu, 0))->dead;
}

/* HC_VCPU_RUN: of a vCPU that gave up the specification says nothing. */
static const char *compare_run(const struct ghost_call *call, int64_t result)
{
	struct ghost_domain *const self = &watch.ghost.domain[(uint32_t)call->argument[0]];
	const int64_t expected = ghost_call(&watch.ghost, call);

	if (result == HC_E_STATE && (expected == 0 || expected == HC_E_BUFFER) && is_dead(call->argument[1])) {
		for (uint32_t i = 0; i < self->vcpu_count; i++)
			self->vcpu[i].runs_on = 0;
		return 0;
	}
	return (result == HC_ENTERS ? 0 : result) == expected ? 0 : "the answer";
}

static const char *compare_call(const struct ghost_call *call, int64_t result)
{
	const uint32_t domain = (uint32_t)call->argument[0];

	if (call->number == HC_QUOTE || (result == HC_E_BUSY && !watch.entered && has_domain(domain)))
		return 0; /* signed, or another CPU has the domain: nothing changes */
	if (call->number == HC_VCPU_RUN)
		return compare_run(call, result);
	if ((call->number == HC_PAGE_REMOVE || call->number == HC_SHARED_UNMAP) && watch.entered)
		take_word(domain, result == HC_E_BUSY);
	return ghost_call(&watch.ghost, call) == result ? 0 : "the answer";
}

int64_t __wrap_domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	const struct pool_view view = pool_view_of(cpu);
	struct ghost_call call = {number, {a->rdi, a->rsi, a->rdx, a->rcx}, cpu->index, names_ram(cpu, number, a), 0};

	if (!begin(&view))
		return __real_domain_hypercall(cpu, number, a);
	if (has_domain(a->rdi)) /* HC_VCPU_RUN of what this CPU ran last locks nothing */
		follow(ghost_look_at(&watch.ghost, (uint32_t)a->rdi, 0));
	const int64_t result = __real_domain_hypercall(cpu, number, a);

	if (number == HC_DOMAIN_CREATE)
		call.is_ram = (call.params = watch.params) != 0;
	must(&view, "a hypercall", result == HC_E_WIPED ? 0 : compare_call(&call, result));
	must(&view, "a domain after a hypercall", compare((uint32_t)(number == HC_DOMAIN_CREATE ? a->rsi : a->rdi)));
	end();
	return result;
}

int64_t __wrap_domain_enter(const struct pool_view *view, uint64_t domain, struct td **td)
{
	const int64_t result = __real_domain_enter(view, domain, td);

	if (result == 0 && watch.holder == view->cpu + 1) {
		watch.entered = true;
		if (has_domain(domain))
			follow(*td);
	}
	return result;
}

int64_t __wrap_domain_create(const struct pool_view *view, uint64_t domain, uint64_t table,
			     const struct domain_params *params, uint64_t now_us)
{
	if (watch.holder == view->cpu + 1) {
		watch.params_of_call = *params;
		watch.params = &watch.params_of_call;
	}
	return __real_domain_create(view, domain, table, params, now_us);
}

enum memory_answer __wrap_domain_accept(const struct pool_view *view, struct td *td, gpa_t *address, uint64_t level)
{
	const uint32_t domain = td->info.domain;
	const uint64_t at = address->value;

	if (!begin(view))
		return __real_domain_accept(view, td, address, level);
	const enum memory_answer answer = __real_domain_accept(view, td, address, level);

	follow(td);
	must(view, "ACCEPT", ghost_accept(&watch.ghost, domain, at, level) == answer ? 0 : "the answer");
	must(view, "a domain after ACCEPT", compare(domain));
	end();
	return answer;
}

enum memory_answer __wrap_domain_convert(const struct pool_view *view, struct td *td, gpa_t address, uint64_t *bytes,
					 bool shared)
{
	const uint32_t domain = td->info.domain;
	uint64_t specified = *bytes;

	if (!begin(view))
		return __real_domain_convert(view, td, address, bytes, shared);
	const enum memory_answer answer = __real_domain_convert(view, td, address, bytes, shared);

	follow(td);
	take_word(domain, answer == MEMORY_REPEAT);
	const enum memory_answer expected =
		ghost_convert(&watch.ghost, view->cpu, domain, address.value, &specified, shared);

	must(view, "MapGPA",
	     expected == answer && (answer == MEMORY_INVALID || specified == *bytes) ? 0 : "the answer");
	must(view, "a domain after MapGPA", compare(domain));
	end();
	return answer;
}

/* A page was wiped before its record said that it is free, and nobody wrote to it since. */
static bool is_zero(const struct pool_view *view, uint64_t page)
{
	const uint64_t *const words = pool_open(view, WINDOW_TARGET, page);
	uint64_t all = 0;

	for (uint32_t i = 0; i < PAGE_BYTES / sizeof(uint64_t); i++)
		all |= words[i];
	pool_close(view, WINDOW_TARGET);
	return all == 0;
}

bool __wrap_pool_claim(const struct pool_view *view, uint64_t page, enum page_kind kind, uint32_t owner)
{
	const bool claimed = __real_pool_claim(view, page, kind, owner);

	if (claimed)
		must(view, "a page that was free", is_zero(view, page) ? 0 : "it is not zero");
	return claimed;
}
