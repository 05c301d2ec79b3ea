/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_calls.h"

#include <stdlib.h>
#include <string.h>

#include "domain/debug/ghost.h"
#include "domain/hypercall.h"
#include "fuzz/shared/promise.h"
#include "domain_host.h"
#include "ghost_compare.h"

#define SMALL 0x1000ull
#define LARGE 0x200000ull

static struct host host;
static struct ghost ghost;

/* The guest that a CPU is in, one of them at a time, and the pool's pages that it may have translations to. */
static struct {
	bool runs;
	uint32_t cpu, domain;
	struct ghost_vcpu *vcpu;
	bool reaches[WIDE_POOL];
} guest;

static uint64_t seen[WIDE_POOL]; /* records at the last look */

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

static void reach_accepted(void)
{
	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		for (uint32_t k = 0; ghost.unit[i].owner == guest.domain && k < GHOST_PLACES; k++) {
			if (ghost.unit[i].place[k].state == GHOST_ACCEPTED)
				guest.reaches[ghost.unit[i].place[k].page] = true;
		}
	}
}

/* Whatever the specification says: what a CPU may use is the guest's that it is in. */
static void check_reach(void)
{
	for (uint32_t page = 0; page < host.pages; page++)
		PROMISE(!guest.reaches[page] ||
			host_record(&host, page) == ((uint64_t)guest.domain << 32 | PAGE_PRIVATE));
}

static void follow(void)
{
	memset(guest.reaches, 0, sizeof(guest.reaches));
	guest.vcpu->behind = false;
	reach_accepted();
}

/* What the host reads of all domains. */
static void compare_list(void)
{
	union domain_object read;
	uint32_t count = 0;

	PROMISE(domain_read(&host.cpu[0], HV_OBJECT_DOMAINS, &read) == sizeof(read.list) && read.list.next == 0);
	for (uint32_t page = 0; page < host.pages; page++) {
		if (ghost.page[page].kind == PAGE_DOMAIN)
			PROMISE(count < read.list.count && read.list.domain[count++] == page);
	}
	PROMISE(count == read.list.count);
}

/* Of tables those of one domain: the others' are not reached, see window_open(). */
static void compare(uint64_t domain)
{
	compare_list();
	for (uint32_t page = 0; page < host.pages; page++) {
		PROMISE(host_record(&host, page) == ghost_record(&ghost, page));
		if (ghost.page[page].kind == PAGE_FREE) /* it cannot be reached later: see window_open() */
			PROMISE(seen[page] == 0 || is_zero(host.pool + page * PAGE_BYTES));
		if (ghost.page[page].kind == PAGE_DOMAIN && page == domain)
			compare_domain(&ghost, page);
		seen[page] = host_record(&host, page);
	}
	if (!guest.runs)
		return;
	reach_accepted();
	check_reach();
}

static int64_t do_call(const struct ghost_call *call)
{
	const uint64_t *const a = call->argument;

	return call->number == HC_VCPU_RUN ? host_run(&host, call->cpu, a[0], a[1], a[2], a[3])
					   : host_call(&host, call->cpu, call->number, a[0], a[1], a[2], a[3]);
}

/* One that is in no guest, or in one of @domain. */
static uint32_t choose_cpu(struct calls *calls, uint64_t domain)
{
	const uint32_t cpu = (uint32_t)choose(&calls->choices, 2);

	return guest.runs && guest.cpu == cpu && guest.domain != domain ? 1 - cpu : cpu;
}

static void leave_guest(void)
{
	host_leave_vcpu(&host, guest.domain, guest.vcpu->page);
	guest.vcpu->runs_on = 0;
	guest.runs = false;
}

/* After an exit it has the newest translations only. */
static void go_on(void)
{
	host_follow(&host, guest.domain, guest.vcpu->page);
	follow();
}

/* It stays there for some calls, if none does yet. */
static void enter_guest(const struct ghost_call *call)
{
	struct ghost_domain *const self = &ghost.domain[call->argument[0]];
	uint32_t i = 0;

	while (self->vcpu[i].page != call->argument[1])
		i++;
	if (guest.runs) {
		host_leave_vcpu(&host, call->argument[0], call->argument[1]);
		self->vcpu[i].runs_on = 0;
		return;
	}
	guest.runs = true;
	guest.cpu = call->cpu;
	guest.domain = (uint32_t)call->argument[0];
	guest.vcpu = &self->vcpu[i];
	follow();
}

static void one_call(struct calls *calls, uint64_t domain)
{
	struct domain_params params = host_params();
	struct ghost_call call = {.argument = {domain}, .params = &params};

	call.cpu = choose_cpu(calls, 0);
	choose_call(&calls->choices, &call);
	if (choose(&calls->choices, 16) == 0)
		((uint8_t *)&params)[choose(&calls->choices, 64)] ^= 1;
	if (call.number == HC_DOMAIN_CREATE && call.is_ram)
		memcpy((void *)(uintptr_t)call.argument[0], &params, sizeof(params));
	const int64_t expected = ghost_call(&ghost, &call);
	const int64_t found = do_call(&call);

	PROMISE(found == expected);
	if (call.number == HC_VCPU_RUN && found == 0)
		enter_guest(&call);
	compare(domain);
	++(found >= 0 ? calls->done : calls->refused)[call.number - HC_DOMAIN_CREATE];
	calls->large += found >= 0 && (call.number == HC_PAGE_AUG || call.number == HC_SHARED_MAP) &&
			(call.argument[1] & 0xfff) == DOMAIN_LEVEL_2MIB;
}

static void accept(struct calls *calls, uint32_t domain, const struct pool_view *view, struct td *td)
{
	const uint64_t place = choose_place(&calls->choices), level = place & 0xfff, address = place - level;
	const enum memory_answer expected = ghost_accept(&ghost, domain, address, level);
	gpa_t at = gpa(address);
	const enum memory_answer found = domain_accept(view, td, &at, level);

	PROMISE(found == expected);
	calls->accepts[found]++;
	calls->large += found == MEMORY_DONE && level == DOMAIN_LEVEL_2MIB;
}

static void convert(struct calls *calls, uint32_t domain, uint32_t cpu, const struct pool_view *view, struct td *td)
{
	const uint64_t place = choose_place(&calls->choices), level = place & 0xfff, address = place - level;
	const bool shared = choose(&calls->choices, 3) != 0;
	uint64_t found_bytes = level == 0 ? SMALL << choose(&calls->choices, 2) : LARGE, expected_bytes = found_bytes;
	const enum memory_answer expected = ghost_convert(&ghost, cpu, domain, address, &expected_bytes, shared);
	const enum memory_answer found = domain_convert(view, td, gpa(address), &found_bytes, shared);

	PROMISE(found == expected && found_bytes == expected_bytes);
	calls->converts[found]++;
	calls->large += found == MEMORY_DONE && found_bytes == LARGE;
}

/* Something that its guest asks for. */
static void one_request(struct calls *calls, uint32_t domain)
{
	const unsigned cpu = choose_cpu(calls, domain);
	const struct pool_view view = host_view(&host, cpu);
	struct td *const td = host_enter(&host, cpu, domain);

	switch (choose(&calls->choices, 16)) {
	case 0:
		td->lazy = ghost.domain[domain].lazy = choose(&calls->choices, 2) != 0;
		break;
	case 1 ... 9:
		accept(calls, domain, &view, td);
		break;
	default:
		convert(calls, domain, cpu, &view, td);
	}
	host_leave(&host, cpu, td);
	if (guest.runs && guest.cpu == cpu)
		go_on();
	compare(domain);
}

/* The CPU that is in a guest leaves it, or has an exit. */
static void guest_exits(struct calls *calls)
{
	switch (choose(&calls->choices, 16)) {
	case 0:
		leave_guest();
		break;
	case 1:
		go_on();
		break;
	default:
		break;
	}
}

/* Guests run where their domain is ready. */
static void one_step(struct calls *calls)
{
	const uint64_t domain =
		choose(&calls->choices, 32) != 0 ? 2 + choose(&calls->choices, 2) : choose_page(&calls->choices);

	if (guest.runs)
		guest_exits(calls);
	if (domain < host.pages && ghost.page[domain].kind == PAGE_DOMAIN &&
	    ghost.domain[domain].state == DOMAIN_READY && choose(&calls->choices, 2) != 0)
		one_request(calls, (uint32_t)domain);
	else
		one_call(calls, domain);
}

void calls_run(struct calls *calls, unsigned count)
{
	host_start(&host, choose(&calls->choices, 2) != 0 ? SMALL_POOL : WIDE_POOL);
	ghost_start(&ghost, (uintptr_t)host.pool, host.pages, DOMAIN_GPA_BITS);
	calls->choices.ghost = &ghost;
	calls->choices.ram = host_ram(&host, 0);
	memset(seen, 0, sizeof(seen));
	memset(&guest, 0, sizeof(guest));
	while (count-- != 0)
		one_step(calls);
	host_stop(&host);
}
