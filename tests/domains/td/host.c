/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include "script.h"

#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

#define PATTERN   0x00005ec2e75ec2e7ul
#define SETTLE_US 20000u
#define PAGE_MASK (PAGE_BYTES - 1)

FORM(load, "mov (%rdi), %rax");
FORM(store, "mov %rax, (%rdi)");

static struct built second; /* being built, or stopped */
static uint64_t pages;      /* of the pool */

/* --- accesses to the pool --- */

static bool refused(const char *form, uint64_t address)
{
	struct gprs r = {.rdi = address};

	return attempt(form, &r).vector == VEC_GP;
}

/* Bytes of reserved memory that root cannot read; of these it must not be able to write any. */
static uint64_t unreachable(void)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *const m = &memory_map[i];

		for (uint64_t a = m->base; m->kind == MEMORY_RESERVED && a < m->base + m->bytes; a += PAGE_BYTES) {
			if (refused(load, a) && refused(store, a + PAGE_BYTES - 8))
				bytes += PAGE_BYTES;
		}
	}
	return bytes;
}

static void test_accesses(void)
{
	const struct op ops[] = {{OP_HOLD, {PATTERN, xfam}}, END};
	const struct hv_stats stats = stats_read();
	struct cpu *const other = second_cpu();
	struct turn turn = {&built, 0, -1};

	begin("root's accesses while a domain runs");
	if (!other)
		bail_out("there is one CPU");
	ok(start(1, ops, COUNT(ops)), "a guest holds a pattern");
	cpu_run(other, take_turn, &turn);
	delay_us(SETTLE_US);
	ok(is(stats.region_bytes + stats.pool_bytes, unreachable()), "each page of pool and hypervisor is refused");
	ok(turn.result == -1 && interrupt(&built, 0) && cpu_wait(other, PATIENCE_US) &&
		   answers(DOMAIN_EXIT_IDLE, turn.result) && is(0, built.told[0]),
	   "the guest has seen nothing of it");
	cpu_run(other, give_up, &turn);
	ok(cpu_wait(other, PATIENCE_US) && answers(0, turn.result), "its CPU gives it up");
	gone();
}

/* --- pages, domains and vCPUs that are none --- */

/* One of each kind, and none. 'built' has run, and 'second' is being built. */
static unsigned kinds(uint64_t *kind)
{
	const uint64_t all[] = {0,
				first - 1,
				built.page + 1,
				built.tables,
				built.tables + 6, /* private: after the tables come pages */
				built.vcpu[0] + 1,
				built.vcpu[0] + DOMAIN_VCPU_PAGES - 1,
				second.page + 1,
				built.next + 100, /* free */
				pages - 1,
				pages,
				UINT32_MAX,
				1ul << 32,
				1ul << 32 | built.page,
				~0ul};

	for (unsigned i = 0; i < COUNT(all); i++)
		kind[i] = all[i];
	return COUNT(all);
}
#define KINDS 15u

static const uint64_t domain_calls[] = {HC_VCPU_CREATE,    HC_TABLE_ADD,    HC_PAGE_ADD, HC_DOMAIN_FINALIZE,
					HC_DOMAIN_DESTROY, HC_PAGE_RECLAIM, HC_PAGE_AUG, HC_PAGE_REMOVE,
					HC_SHARED_MAP,     HC_SHARED_UNMAP, HC_VCPU_RUN, HC_VCPU_FLUSH,
					HC_INTERRUPT};

static void test_no_domains(void)
{
	uint64_t kind[KINDS];
	const unsigned count = kinds(kind);
	bool right = true;

	for (unsigned i = 0; i < count; i++) {
		for (unsigned n = 0; n < COUNT(domain_calls); n++)
			right = answers(HC_E_DOMAIN, call(domain_calls[n], kind[i], 0, 0, 0)) && right;
		right = answers(HC_E_DOMAIN, call(domain_calls[0], built.vcpu[0], 0, 0, 0)) && right;
	}
	ok(right, "%u calls know %u pages for no domain", (unsigned)COUNT(domain_calls), count);
}

static void test_no_vcpus(void)
{
	const uint64_t run = (uint64_t)built.run[0];
	uint64_t kind[KINDS];
	const unsigned count = kinds(kind);
	bool right = true;

	for (unsigned i = 0; i < count; i++)
		right = answers(HC_E_PAGE, call(HC_VCPU_RUN, built.page, kind[i], run, 0)) &&
			answers(HC_E_PAGE, call(HC_VCPU_FLUSH, built.page, kind[i], 0, 0)) &&
			answers(HC_E_PAGE, call(HC_INTERRUPT, built.page, kind[i], GUEST_VECTOR, 0)) && right;
	ok(right, "nor for vCPUs");
}

/* A page that is taken, or none: for each call that takes one. */
static bool all_refuse(uint64_t page)
{
	const uint64_t source = (uint64_t)shared_page;

	return answers(HC_E_PAGE, call(HC_VCPU_CREATE, second.page, page, 77, 0)) &&
	       answers(HC_E_PAGE, call(HC_TABLE_ADD, second.page, NO_RAM | DOMAIN_LEVEL_2MIB, page, 0)) &&
	       answers(HC_E_PAGE, call(HC_PAGE_ADD, second.page, HOLE, page, source)) &&
	       answers(HC_E_PAGE, call(HC_PAGE_AUG, built.page, HOLE, page, 0));
}

static void test_no_pages(void)
{
	static struct domain_info before, after;
	const uint64_t last = pages - 1, object = HV_OBJECT_DOMAIN | second.page << 32;
	uint64_t kind[KINDS];
	const unsigned count = kinds(kind);
	bool right = call(HC_READ, object, 0, (uint64_t)shared_page, PAGE_BYTES) == sizeof(before);

	__builtin_memcpy(&before, shared_page, sizeof(before));
	for (unsigned i = 0; i < count; i++)
		right = (kind[i] == built.next + 100 || kind[i] == last || all_refuse(kind[i])) && right;
	ok(right, "what is taken is not taken again, and what is none is not");
	ok(answers(HC_E_PAGE, call(HC_VCPU_CREATE, second.page, last, 77, 0)) &&
		   answers(HC_E_PAGE, call(HC_VCPU_CREATE, second.page, second.page - 1, 77, 0)),
	   "nor are pages in a row of which one is");
	ok(call(HC_READ, object, 0, (uint64_t)shared_page, PAGE_BYTES) == sizeof(after), "the domain is read again");
	__builtin_memcpy(&after, shared_page, sizeof(after));
	ok(is(before.tables, after.tables) && is(before.private_pages, after.private_pages) &&
		   is(before.vcpus, after.vcpus),
	   "and is as before");
}

/* --- states of a domain --- */

/* With arguments that are right in one of the states. */
static int64_t call_in_state(uint64_t number, const struct built *of)
{
	const uint64_t free = of->next + 200, source = (uint64_t)shared_page;

	switch (number) {
	case HC_VCPU_CREATE:
		return call(number, of->page, free, 0, 0);
	case HC_TABLE_ADD:
		return call(number, of->page, DOMAIN_LEVEL_1GIB, free, 0);
	case HC_PAGE_ADD:
		return call(number, of->page, GUEST_LIST, free, source);
	case HC_PAGE_RECLAIM:
		return call(number, of->page, free, 1, 0);
	case HC_PAGE_AUG:
		return call(number, of->page, GUEST_LIST, free, 0);
	case HC_PAGE_REMOVE:
	case HC_SHARED_UNMAP:
		return call(number, of->page, OTHER_HOLE, 0, 0);
	case HC_SHARED_MAP:
		return call(number, of->page, OTHER_HOLE, source, 0);
	case HC_VCPU_RUN:
		return call(number, of->page, of->vcpu[0], (uint64_t)of->run[0], 1);
	case HC_VCPU_FLUSH:
		return call(number, of->page, of->vcpu[0], 0, 0);
	case HC_INTERRUPT:
		return call(number, of->page, of->vcpu[0], 0x80, 0);
	default:
		return call(number, of->page, 0, 0, 0);
	}
}

#define STATE    HC_E_STATE
#define MAPPING  HC_E_MAPPING
#define ARGUMENT HC_E_ARGUMENT

static const struct {
	uint64_t number;
	int8_t answer[3]; /* by enum domain_state */
} in_states[] = {
	{HC_VCPU_CREATE, {ARGUMENT, STATE, STATE}},    {HC_TABLE_ADD, {MAPPING, MAPPING, STATE}},
	{HC_PAGE_ADD, {MAPPING, STATE, STATE}},        {HC_PAGE_RECLAIM, {STATE, STATE, 0}},
	{HC_PAGE_AUG, {STATE, MAPPING, STATE}},        {HC_PAGE_REMOVE, {STATE, MAPPING, STATE}},
	{HC_SHARED_MAP, {STATE, MAPPING, STATE}},      {HC_SHARED_UNMAP, {STATE, 0, STATE}},
	{HC_VCPU_FLUSH, {STATE, STATE, STATE}},        {HC_INTERRUPT, {STATE, ARGUMENT, STATE}},
	{HC_VCPU_RUN, {ARGUMENT, ARGUMENT, ARGUMENT}},
};

static void test_state(const struct built *of, enum domain_state state, const char *name)
{
	bool right = true;

	for (unsigned i = 0; i < COUNT(in_states); i++) {
		if (!answers(in_states[i].answer[state], call_in_state(in_states[i].number, of))) {
			diag("call %lx", (unsigned long)in_states[i].number);
			right = false;
		}
	}
	ok(right, "%s: each call answers so", name);
}

static void test_states(void)
{
	static const struct op ops[] = {END};

	ok(build_open(&second, built.next, 1, ops, COUNT(ops)), "a domain is built");
	test_state(&second, DOMAIN_BUILDING, "a domain that is being built");
	ok(answers(HC_E_STATE, call(HC_VCPU_RUN, second.page, second.vcpu[0], (uint64_t)second.run[0], 0)),
	   "it does not run");
	ok(answers(0, call(HC_DOMAIN_FINALIZE, second.page, 0, 0, 0)), "the build ends");
	test_state(&second, DOMAIN_READY, "a domain that is ready");
	ok(answers(HC_E_STATE, call(HC_DOMAIN_FINALIZE, second.page, 0, 0, 0)), "it does not end again");
	ok(answers(0, call(HC_DOMAIN_DESTROY, second.page, 0, 0, 0)), "it is stopped");
	test_state(&second, DOMAIN_STOPPED, "a domain that is stopped");
	ok(answers(HC_E_STATE, call(HC_VCPU_RUN, second.page, second.vcpu[0], (uint64_t)second.run[0], 0)) &&
		   answers(HC_E_STATE, call(HC_DOMAIN_FINALIZE, second.page, 0, 0, 0)) &&
		   answers(HC_E_STATE, call(HC_DOMAIN_DESTROY, second.page, 0, 0, 0)),
	   "nor does it run, or end again");
	ok(answers((int64_t)(second.next - second.page),
		   call(HC_PAGE_RECLAIM, second.page, second.page, second.next - second.page, 0)),
	   "its pages are free");
}

/* --- arguments --- */

static void test_unused_registers(void)
{
	static const struct {
		uint64_t number;
		unsigned used; /* of RDI, RSI, RDX, RCX, from the first on */
	} uses[] = {{HC_DOMAIN_CREATE, 3}, {HC_TABLE_ADD, 3}, {HC_DOMAIN_FINALIZE, 1}, {HC_DOMAIN_DESTROY, 1},
		    {HC_PAGE_RECLAIM, 3},  {HC_PAGE_AUG, 3},  {HC_PAGE_REMOVE, 2},     {HC_SHARED_MAP, 3},
		    {HC_SHARED_UNMAP, 2},  {HC_VCPU_RUN, 3},  {HC_VCPU_FLUSH, 2},      {HC_INTERRUPT, 3},
		    {HC_QUOTE, 2}};
	bool right = true;

	for (unsigned i = 0; i < COUNT(uses); i++) {
		for (unsigned n = uses[i].used; n < 4; n++) {
			const uint64_t a[] = {built.page, n == 1, n == 2, n == 3 ? 1ul << 63 : 0};

			right = answers(HC_E_ARGUMENT, call(uses[i].number, a[0], a[1], a[2], a[3])) && right;
		}
	}
	ok(right, "registers without a use are 0 in each call");
	ok(answers(HC_E_NUMBER, call(HC_DOMAIN_CREATE - 1, built.page, 0, 0, 0)) &&
		   answers(HC_E_NUMBER, call(HC_DOMAIN_LAST + 1, built.page, 0, 0, 0)) &&
		   answers(HC_E_NUMBER, call(1ul << 32 | HC_DOMAIN_DESTROY, built.page, 0, 0, 0)),
	   "other numbers are no calls");
}

/* Guest-physical addresses that are no place for a page, at each boundary. */
static void test_addresses(void)
{
	const struct {
		const char *name;
		uint64_t address;
	} bad[] = {
		{"bit 3", HOLE | 8},
		{"level 1 GiB", HOLE | DOMAIN_LEVEL_1GIB},
		{"level 4", HOLE | 4},
		{"level 4095", HOLE | 4095},
		{"2 MiB that are not aligned", HOLE | DOMAIN_LEVEL_2MIB},
		{"the end of RAM", 0x400000},
		{"2 MiB at the end of RAM", 0x400000 | DOMAIN_LEVEL_2MIB},
		{"4 GiB", 1ul << 32},
		{"the last page below the shared bit", shared_bit - PAGE_BYTES},
		{"the shared bit", shared_bit},
		{"the shared half of RAM", HOLE | shared_bit},
		{"the width", shared_bit << 1},
		{"the last page", -PAGE_BYTES},
	};
	const uint64_t source = (uint64_t)shared_page, free = built.next + 200;
	const uint64_t ram = 32ul << 20; /* 2 MiB of root's, whatever they hold: nothing comes to be mapped */

	for (unsigned i = 0; i < COUNT(bad); i++) {
		const uint64_t a = bad[i].address;

		ok(((a & PAGE_MASK) == DOMAIN_EXTEND ||
		    answers(HC_E_ARGUMENT, call(HC_PAGE_ADD, second.page, a, free, source))) &&
			   answers(HC_E_ARGUMENT, call(HC_PAGE_AUG, built.page, a, free, 0)) &&
			   answers(HC_E_ARGUMENT, call(HC_PAGE_REMOVE, built.page, a, 0, 0)) &&
			   answers(HC_E_ARGUMENT, call(HC_SHARED_MAP, built.page, a, ram, 0)) &&
			   answers(HC_E_ARGUMENT, call(HC_SHARED_UNMAP, built.page, a, 0, 0)),
		   "no page at %s", bad[i].name);
	}
	ok(answers(HC_E_ARGUMENT, call(HC_TABLE_ADD, built.page, (shared_bit << 1) | DOMAIN_LEVEL_1GIB, free, 0)) &&
		   answers(HC_E_ARGUMENT, call(HC_TABLE_ADD, built.page, HOLE | DOMAIN_LEVEL_4KIB, free, 0)) &&
		   answers(HC_E_ARGUMENT, call(HC_TABLE_ADD, built.page, DOMAIN_LEVEL_TOP, free, 0)) &&
		   answers(HC_E_ARGUMENT, call(HC_TABLE_ADD, built.page, -PAGE_BYTES, free, 0)) &&
		   answers(HC_E_ARGUMENT, call(HC_TABLE_ADD, built.page, 4095, free, 0)),
	   "no table, either");
}

/* Memory that is not root's RAM, for each call that reads or maps root's. */
static void test_root_addresses(void)
{
	const struct {
		const char *name;
		uint64_t address;
	} bad[] = {{"within a page", (uint64_t)shared_page + 8},
		   {"in the APIC", 0xfee00000},
		   {"in the TPM's locality 0", 0xfed40000},
		   {"in the TPM's locality 1", 0xfed41000},
		   {"in the IO APIC", 0xfec00000},
		   {"where no memory is", 1ul << 46},
		   {"at the last page", -PAGE_BYTES}};

	for (unsigned i = 0; i < COUNT(bad); i++)
		ok(answers(HC_E_BUFFER, call(HC_PAGE_ADD, second.page, OTHER_HOLE, built.next + 200, bad[i].address)) &&
			   answers(HC_E_BUFFER, call(HC_SHARED_MAP, built.page, HOLE, bad[i].address, 0)) &&
			   answers(HC_E_BUFFER, call(HC_VCPU_RUN, built.page, built.vcpu[0], bad[i].address, 0)),
		   "nothing of a domain comes from or goes to an address %s", bad[i].name);
}

/* Of the hypervisor and the pool, each page. */
static void test_hidden_addresses(void)
{
	uint64_t bytes = 0;
	bool right = true;

	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *const m = &memory_map[i];

		for (uint64_t a = m->base; m->kind == MEMORY_RESERVED && a < m->base + m->bytes; a += PAGE_BYTES) {
			if (!refused(load, a))
				continue;
			bytes += PAGE_BYTES;
			right = answers(HC_E_BUFFER, call(HC_SHARED_MAP, built.page, HOLE, a, 0)) &&
				answers(HC_E_BUFFER, call(HC_VCPU_RUN, built.page, built.vcpu[0], a, 0)) && right;
		}
	}
	ok(right && bytes >= pages * PAGE_BYTES, "nor to one of the hypervisor's or the pool's");
}

static void test_arguments(void)
{
	static const struct op ops[] = {VMCALL(0, VMCALL_GET_INFO), END};

	begin("arguments of hypercalls");
	ok(start(1, ops, COUNT(ops)) && run_to_end(&built, 0), "a domain has run");
	test_states();
	ok(build_open(&second, built.next, 1, ops, COUNT(ops)), "another one is being built");
	test_no_domains();
	test_no_vcpus();
	test_no_pages();
	test_unused_registers();
	test_addresses();
	test_root_addresses();
	test_hidden_addresses();
	ok(destroy(&second), "the other one is gone");
	gone();
}

void test_host(uint64_t pool_pages)
{
	pages = pool_pages;
	test_arguments();
	test_accesses();
}
