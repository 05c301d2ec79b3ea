/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include "hyper.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

extern const uint8_t td_guest[], td_guest_end[];

#define FIRMWARE_BYTES 0x200000ul
#define RAM_BYTES      0x400000ul

#define XFAM_KNOWN 0xe7u /* x87, SSE, AVX, AVX-512 */
#define LEAF_XSAVE 0xdu

static uint8_t *source; /* a page that is copied */

uint64_t shared_bit, xfam;

void domain_init(void)
{
	shared_bit = domain_shared_bit(domain_gpa_bits(cpuid(0x80000008, 0).eax & 0xff));
	xfam = cpuid(LEAF_XSAVE, 0).eax & XFAM_KNOWN;
}

int64_t call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	return hypercall(&(struct hypercall){number, rdi, rsi, rdx, rcx});
}

static bool done(const char *what, int64_t result)
{
	if (result != 0)
		diag("%s: %d", what, (int)result);
	return result == 0;
}

static bool add_table(struct built *built, uint64_t address, uint64_t level)
{
	return done("table", call(HC_TABLE_ADD, built->page, address | level, built->next++, 0));
}

static bool add_page(struct built *built, uint64_t address, const void *contents, uint64_t bytes)
{
	__builtin_memset(source, 0, PAGE_BYTES);
	for (uint64_t i = 0; i < bytes; i++)
		source[i] = ((const uint8_t *)contents)[i];
	return done("page", call(HC_PAGE_ADD, built->page, address | DOMAIN_EXTEND, built->next++, (uint64_t)source));
}

static bool add_tables(struct built *built)
{
	const uint64_t code = GUEST_CODE, shared = shared_bit;

	if (!add_table(built, 0, DOMAIN_LEVEL_1GIB) || !add_table(built, 0, DOMAIN_LEVEL_2MIB))
		return false;
	built->tables = built->next;
	return add_table(built, 0, DOMAIN_LEVEL_4KIB) && add_table(built, code & ~0x3ffffffful, DOMAIN_LEVEL_2MIB) &&
	       add_table(built, code & ~0x1ffffful, DOMAIN_LEVEL_4KIB) && add_table(built, shared, DOMAIN_LEVEL_1GIB) &&
	       add_table(built, shared, DOMAIN_LEVEL_2MIB) && add_table(built, shared, DOMAIN_LEVEL_4KIB);
}

/* The guest's own page tables, in its memory. */
static bool add_guest_tables(struct built *built)
{
	const uint64_t rw = PTE_P | PTE_W | PTE_U, large = rw | PTE_PS;
	uint64_t table[512] = {(GUEST_TABLES + 0x1000) | rw};

	if (!add_page(built, GUEST_TABLES, table, sizeof(table)))
		return false;
	__builtin_memset(table, 0, sizeof(table));
	table[0] = (GUEST_TABLES + 0x2000) | rw;
	table[1] = (GUEST_TABLES + 0x4000) | rw;
	table[3] = (GUEST_TABLES + 0x3000) | rw;
	if (!add_page(built, GUEST_TABLES + 0x1000, table, sizeof(table)))
		return false;
	__builtin_memset(table, 0, sizeof(table));
	table[0] = large;
	table[1] = 0x200000 | large;
	if (!add_page(built, GUEST_TABLES + 0x2000, table, sizeof(table)))
		return false;
	__builtin_memset(table, 0, sizeof(table));
	table[511] = (GUEST_CODE & ~0x1ffffful) | large;
	if (!add_page(built, GUEST_TABLES + 0x3000, table, sizeof(table)))
		return false;
	__builtin_memset(table, 0, sizeof(table));
	table[0] = shared_bit | large;
	table[1] = shared_bit | 0x40000000 | large; /* no RAM: a device's registers */
	table[2] = shared_bit | 0x200000 | large;
	return add_page(built, GUEST_TABLES + 0x4000, table, sizeof(table));
}

bool create(struct built *built)
{
	struct domain_params *const params = (void *)source;

	__builtin_memset(source, 0, PAGE_BYTES);
	*params = (struct domain_params){
		.version = 1,
		.max_vcpus = VCPUS,
		.attributes = DOMAIN_ATTRIBUTES,
		.xfam = xfam,
		.ram_count = 1,
		.ram = {{0, RAM_BYTES}},
		.firmware = {0x100000000 - FIRMWARE_BYTES, FIRMWARE_BYTES},
	};
	built->next = built->page + 2;
	return done("create", call(HC_DOMAIN_CREATE, (uint64_t)params, built->page, built->page + 1, 0));
}

static bool add_vcpus(struct built *built, unsigned vcpus)
{
	for (unsigned i = 0; i < vcpus; i++) {
		built->vcpu[i] = built->next;
		built->next += DOMAIN_VCPU_PAGES;
		if (!done("vcpu", call(HC_VCPU_CREATE, built->page, built->vcpu[i], i * 2, 0x5eed)))
			return false;
	}
	return true;
}

bool build_open(struct built *built, uint64_t first, unsigned vcpus, const struct op *ops, unsigned count)
{
	if (!source)
		source = page_get();
	*built = (struct built){.page = first, .run = {built->run[0], built->run[1]}};
	for (unsigned i = 0; i < VCPUS; i++) {
		if (!built->run[i])
			built->run[i] = page_get();
	}
	return create(built) && add_tables(built) && add_guest_tables(built) &&
	       add_page(built, GUEST_LIST, ops, count * sizeof(*ops)) && add_page(built, GUEST_SCRATCH, 0, 0) &&
	       add_page(built, GUEST_STACK - PAGE_BYTES, 0, 0) &&
	       add_page(built, GUEST_CODE, td_guest, (uint64_t)(td_guest_end - td_guest)) && add_vcpus(built, vcpus);
}

bool build(struct built *built, uint64_t first, unsigned vcpus, const struct op *ops, unsigned count)
{
	return build_open(built, first, vcpus, ops, count) &&
	       done("finalize", call(HC_DOMAIN_FINALIZE, built->page, 0, 0, 0));
}

const struct domain_run *run_of(const struct built *built, unsigned vcpu)
{
	return built->run[vcpu];
}

void answer(struct built *built, unsigned vcpu, uint64_t value, uint64_t failed)
{
	built->run[vcpu]->entry.value = value;
	built->run[vcpu]->entry.failed = failed;
}

/* The two halves of a word, the lower one first. */
static void note(struct built *built, uint32_t value)
{
	if (built->half == 0 && built->words < TOLD_MAX)
		built->told[built->words] = value;
	else if (built->words < TOLD_MAX)
		built->told[built->words++] |= (uint64_t)value << 32;
	built->half ^= 1;
}

static bool is_report(const struct domain_run *run)
{
	return run->exit.kind == DOMAIN_EXIT_IO && run->exit.address == REPORT_PORT && run->exit.write != 0 &&
	       run->exit.bytes == 4;
}

int64_t run(struct built *built, unsigned vcpu)
{
	struct domain_run *const run = built->run[vcpu];

	for (;;) {
		const int64_t result = call(HC_VCPU_RUN, built->page, built->vcpu[vcpu], (uint64_t)run, 0);

		if (result != 0)
			return result;
		if (run->exit.kind > DOMAIN_EXIT_DEAD)
			return HC_E_NUMBER;
		built->exits[run->exit.kind]++;
		if (run->exit.kind == DOMAIN_EXIT_PREEMPTED)
			__asm__ volatile("pushfq; sti; nop; popfq" : : : "cc", "memory"); /* what ended the turn */
		if (!is_report(run))
			return run->exit.kind;
		note(built, (uint32_t)run->exit.value);
		answer(built, vcpu, 0, 0);
	}
}

/* Interrupts of the machine end a run, too. */
int64_t run_on(struct built *built, unsigned vcpu)
{
	int64_t result;

	while ((result = run(built, vcpu)) == DOMAIN_EXIT_PREEMPTED)
		cpu_relax();
	return result;
}

bool run_to_end(struct built *built, unsigned vcpu)
{
	const int64_t result = run_on(built, vcpu);

	if (result != DOMAIN_EXIT_IDLE)
		diag("exit %d, address %lx, value %lx", (int)result, run_of(built, vcpu)->exit.address,
		     run_of(built, vcpu)->exit.value);
	return result == DOMAIN_EXIT_IDLE;
}

void forget(void)
{
	__builtin_memset(source, 0, PAGE_BYTES);
}

bool destroy(struct built *built)
{
	for (unsigned i = 0; i < VCPUS && built->vcpu[i] != 0; i++)
		(void)call(HC_VCPU_FLUSH, built->page, built->vcpu[i], 0, 0);
	if (call(HC_DOMAIN_DESTROY, built->page, 0, 0, 0) != 0)
		return false;
	for (uint64_t end = built->next, count; end > built->page; end -= count) { /* its own page is the last one */
		count = end - built->page < DOMAIN_CALL_PAGES ? end - built->page : DOMAIN_CALL_PAGES;
		if (call(HC_PAGE_RECLAIM, built->page, end - count, count, 0) < 0)
			return false;
	}
	return call(HC_DOMAIN_DESTROY, built->page, 0, 0, 0) == HC_E_DOMAIN;
}
