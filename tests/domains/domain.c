/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host builds domains out of the pool and ends them: each call as it should be, each refusal, two CPUs on one
 * domain, and nothing left in the pool. The runner checks a domain's measurement and the memory (tests/guests/run).
 */
#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "serial.h"
#include "tap.h"
#include "x86.h"

#include <cloister/domain.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CYCLES       100u

static struct domain_params *params; /* a page */
static uint8_t *source, *buffer;     /* pages */
static uint64_t pages, first;        /* of the pool: how many, the first that is not a record's */

static int64_t call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	return hypercall(&(struct hypercall){number, rdi, rsi, rdx, rcx});
}

static bool answers(int64_t expected, int64_t result)
{
	if (result == expected)
		return true;
	diag("answer %d, expected %d", (int)result, (int)expected);
	return false;
}

static void set_params(void)
{
	*params = (struct domain_params){
		.version = 1,
		.max_vcpus = 2,
		.attributes = DOMAIN_ATTRIBUTES,
		.xfam = 3,
		.ram_count = 1,
		.ram = {{0, 0x1000000}},
		.firmware = {0xffc00000, 0x400000},
		.mrowner = {0x4f},
	};
}

static int64_t create(uint64_t domain)
{
	return call(HC_DOMAIN_CREATE, (uint64_t)params, domain, domain + 1, 0);
}

/* Tables down to the first 2 MiB, in pages domain + 2 to domain + 4. */
static bool add_tables(uint64_t domain)
{
	return answers(0, call(HC_TABLE_ADD, domain, DOMAIN_LEVEL_1GIB, domain + 2, 0)) &&
	       answers(0, call(HC_TABLE_ADD, domain, DOMAIN_LEVEL_2MIB, domain + 3, 0)) &&
	       answers(0, call(HC_TABLE_ADD, domain, DOMAIN_LEVEL_4KIB, domain + 4, 0));
}

/* A pattern that is nowhere else in memory: the runner looks for it. */
static void fill_source(void)
{
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		source[i] = (uint8_t)(i * 197 + i / 256 * 31 + 0x5d);
}

static void test_build(void)
{
	ok(answers(0, create(first)), "two free pages become a domain");
	ok(answers(HC_E_PAGE, create(first)), "and are not free any more");
	ok(add_tables(first), "tables are added from the top down");
	ok(answers(0, call(HC_PAGE_ADD, first, 0x3000 | DOMAIN_EXTEND, first + 5, (uint64_t)source)),
	   "a page is added and measured");
	ok(answers(0, call(HC_PAGE_ADD, first, 0x1000, first + 6, (uint64_t)source)),
	   "one more, of which the address is measured");
	ok(answers(HC_E_MAPPING, call(HC_PAGE_ADD, first, 0x1000, first + 7, (uint64_t)source)),
	   "not twice at one address");
	ok(answers(HC_E_STATE, call(HC_DOMAIN_FINALIZE, first, 0, 0, 0)), "without a vCPU the build does not end");
	ok(answers(0, call(HC_VCPU_CREATE, first, first + 7, 0, 0)), "pages become a vCPU");
	ok(answers(0, call(HC_DOMAIN_FINALIZE, first, 0, 0, 0)), "the build ends");
	ok(answers(HC_E_STATE, call(HC_PAGE_ADD, first, 0x2000, first + 8, (uint64_t)source)),
	   "and nothing is added to it");
}

static void test_description(void)
{
	struct domain_info *const info = (void *)buffer;

	ok(answers(sizeof(*info), call(HC_READ, HV_OBJECT_DOMAIN | first << 32, 0, (uint64_t)buffer, PAGE_BYTES)) &&
		   info->state == DOMAIN_READY && info->vcpus == 1 && info->tables == 4 && info->private_pages == 2 &&
		   info->params.mrowner[0] == 0x4f,
	   "the host reads what a domain is");
	data("mrtd", info->mrtd, sizeof(info->mrtd));
	data("page", source, PAGE_BYTES);
	ok(answers(HC_E_DOMAIN, call(HC_READ, HV_OBJECT_DOMAIN | (first + 1) << 32, 0, (uint64_t)buffer, PAGE_BYTES)),
	   "and nothing of what is none");
}

/* Pages that are the hypervisor's own, or none at all. */
static void test_pages_out_of_reach(void)
{
	const uint64_t bad[] = {0, first - 1, pages, pages + 1, 1ul << 31, ~0u, 1ul << 32, ~0ul};

	for (unsigned i = 0; i < COUNT(bad); i++) {
		ok(answers(HC_E_PAGE, call(HC_DOMAIN_CREATE, (uint64_t)params, bad[i], first + 100, 0)),
		   "page %lx becomes no domain", bad[i]);
		ok(answers(HC_E_DOMAIN, call(HC_DOMAIN_DESTROY, bad[i], 0, 0, 0)), "page %lx is none", bad[i]);
	}
}

static void test_sources_out_of_reach(void)
{
	const struct {
		const char *where;
		uint64_t address;
	} bad[] = {
		{"across two pages", (uint64_t)source + 8}, {"in the APIC", 0xfee00000},  {"in the TPM", 0xfed41000},
		{"where no memory is", 1ul << 46},          {"at the end", ~0ul - 0xfff},
	};

	for (unsigned i = 0; i < COUNT(bad); i++)
		ok(answers(HC_E_BUFFER, call(HC_DOMAIN_CREATE, bad[i].address, first + 100, first + 101, 0)),
		   "parameters %s are refused", bad[i].where);
}

#define OWNED (7u + DOMAIN_VCPU_PAGES) /* pages of the domain that is built first */

static uint64_t reclaim(uint64_t domain, uint64_t count)
{
	const int64_t freed = call(HC_PAGE_RECLAIM, domain, domain, count, 0);

	return freed < 0 ? 0 : (uint64_t)freed;
}

static void test_end(void)
{
	ok(answers(HC_E_STATE, call(HC_PAGE_RECLAIM, first, first, OWNED, 0)),
	   "a domain that is not stopped keeps its pages");
	let_look();
	ok(answers(0, call(HC_DOMAIN_DESTROY, first, 0, 0, 0)), "a domain is stopped");
	ok(reclaim(first, OWNED) == OWNED, "then its pages are free");
	ok(answers(HC_E_DOMAIN, call(HC_DOMAIN_DESTROY, first, 0, 0, 0)), "and it is gone");
}

/* Two CPUs that make domains of the same two pages, and end them. */
struct maker {
	uint64_t domain;
	volatile uint32_t made[2];
	volatile bool enough;
};

static int64_t patiently(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx)
{
	int64_t result;

	while ((result = call(number, rdi, rsi, rdx, 0)) == HC_E_BUSY)
		cpu_relax();
	return result;
}

static void make_one(struct maker *maker, unsigned cpu)
{
	if (create(maker->domain) != 0)
		return; /* the other one has the pages */
	maker->made[cpu]++;
	(void)patiently(HC_DOMAIN_DESTROY, maker->domain, 0, 0);
	(void)patiently(HC_PAGE_RECLAIM, maker->domain, maker->domain, 2);
}

static void make_many(void *argument)
{
	struct maker *const maker = argument;

	while (!maker->enough)
		make_one(maker, 1);
}

static void test_two_cpus(void)
{
	static struct maker maker;
	struct cpu *const other = second_cpu();
	const uint64_t start = clock_us();

	if (!other) {
		skip("two CPUs make domains of the same pages", "there is one CPU");
		return;
	}
	maker.domain = first;
	cpu_run(other, make_many, &maker);
	while ((maker.made[0] < CYCLES || maker.made[1] < CYCLES) && clock_us() - start < PATIENCE_US)
		make_one(&maker, 0);
	maker.enough = true;
	ok(cpu_wait(other, PATIENCE_US), "two CPUs make domains of the same pages");
	ok(maker.made[0] >= CYCLES && maker.made[1] >= CYCLES, "each had them %u times", CYCLES);
	ok(answers(0, create(first)) && answers(0, call(HC_DOMAIN_DESTROY, first, 0, 0, 0)) && reclaim(first, 2) == 2,
	   "and the pages are free afterwards");
}

void test_main(void)
{
	pages = stats_read().pool_bytes / PAGE_BYTES;
	first = (pages + 511) / 512;
	params = page_get();
	source = page_get();
	buffer = page_get();
	set_params();
	fill_source();
	test_pages_out_of_reach();
	test_sources_out_of_reach();
	test_build();
	test_description();
	test_end();
	test_two_cpus();
	__builtin_memset(source, 0, PAGE_BYTES);
	let_look();
}
