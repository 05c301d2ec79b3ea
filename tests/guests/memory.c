/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root guest reaches for memory that it does not have: the hypervisor's region, the guest pool, the TPM's
 * localities 1 to 4. Every access, of any width and alignment, answers #GP at the instruction, changes nothing and
 * is counted (docs/architecture.md, section 3).
 */
#include "acpi.h"
#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

/* TCG PC Client Platform TPM Profile, section 6.3: one page a locality. */
#define TPM_LOCALITY(n) (0xfed40000ul + (n) * PAGE_BYTES)
#define TPM_DID_VID     0xf00u
#define TPM_LOCALITIES  5u

#define LARGE_PAGE  0x200000ul
#define STRING_LEAD 24ul /* bytes that a copy into a range begins before it */
#define DEBUG_PORT  0x80u

struct access {
	const char *name;
	const char *code;
	uint32_t bytes;
};

FORM(load_8, "movb (%rdi), %al");
FORM(load_16, "movw (%rdi), %ax");
FORM(load_32, "movl (%rdi), %eax");
FORM(load_64, "movq (%rdi), %rax");
FORM(load_128, "movdqu (%rdi), %xmm0");
FORM(store_8, "movb %al, (%rdi)");
FORM(store_16, "movw %ax, (%rdi)");
FORM(store_32, "movl %eax, (%rdi)");
FORM(store_64, "movq %rax, (%rdi)");
FORM(store_128, "movdqu %xmm0, (%rdi)");
FORM(store_nontemporal, "movnti %rax, (%rdi)");
FORM(add_64, "addq %rax, (%rdi)");
FORM(locked_xadd, "lock xaddl %eax, (%rdi)");
FORM(exchange, "xchgq %rax, (%rdi)");
FORM(test_bit, "btq $0, (%rdi)");
FORM(push_from, "pushq (%rdi)");
FORM(store_gdt, "sgdt (%rdi)");
FORM(save_x87, "fnsave (%rdi)");

static const struct access accesses[] = {
	{"1-byte load", load_8, 1},
	{"2-byte load", load_16, 2},
	{"4-byte load", load_32, 4},
	{"8-byte load", load_64, 8},
	{"16-byte SSE load", load_128, 16},
	{"1-byte store", store_8, 1},
	{"2-byte store", store_16, 2},
	{"4-byte store", store_32, 4},
	{"8-byte store", store_64, 8},
	{"16-byte SSE store", store_128, 16},
	{"MOVNTI", store_nontemporal, 8},
	{"ADD to memory", add_64, 8},
	{"LOCK XADD", locked_xadd, 4},
	{"XCHG", exchange, 8},
	{"BT", test_bit, 8},
	{"PUSH from memory", push_from, 8},
	{"SGDT", store_gdt, 10},
	{"FNSAVE", save_x87, 108},
};

FORM(copy_in, "rep movsb");
FORM(store_string, "rep stosq");
FORM(scan_string, "repne scasb");
FORM(port_to_memory, "rep insb");
FORM(memory_to_port, "rep outsb");
FORM(lock_cmpxchg16b, "lock cmpxchg16b (%rdi)");

struct target {
	const char *name;
	uint64_t base, bytes;
};

#define MAX_TARGETS 8u
static struct target targets[MAX_TARGETS];
static unsigned int target_count;
static uint64_t refusals; /* the count that the hypervisor must have */

static struct outcome reach(const void *code, struct gprs *r)
{
	const struct outcome o = attempt(code, r);

	refusals += o.vector == VEC_GP;
	return o;
}

static bool refused(const void *code, uint64_t address)
{
	struct gprs r = {.rdi = address};
	const struct outcome o = reach(code, &r);

	if (faulted(&o, VEC_GP, 0, code))
		return true;
	diag("address %lx", address);
	return false;
}

static bool refused_inside(const struct target *t, const struct access *a)
{
	const uint64_t last = t->base + t->bytes;

	return refused(a->code, t->base) && refused(a->code, t->base + 1) &&
	       refused(a->code, t->base + (t->bytes / 2 | 3)) && refused(a->code, last - a->bytes) &&
	       (t->bytes == PAGE_BYTES || refused(a->code, t->base + PAGE_BYTES - a->bytes / 2));
}

/* An access that begins before the first byte, or ends after the last. */
static bool refused_across(const struct target *t, const struct access *a)
{
	const uint64_t half = a->bytes / 2;

	return refused(a->code, t->base - half) && refused(a->code, t->base + t->bytes - (a->bytes - half));
}

static void test_accesses(const struct target *t)
{
	for (unsigned int i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		const struct access *a = &accesses[i];

		ok(refused_inside(t, a), "%s: %s is refused", t->name, a->name);
		if (a->bytes > 1)
			ok(refused_across(t, a), "%s: %s across its edges is refused", t->name, a->name);
	}
	ok(refused(lock_cmpxchg16b, t->base + 16), "%s: LOCK CMPXCHG16B is refused", t->name);
}

/* True where a store hits nothing but free memory. */
static bool is_free(uint64_t address)
{
	for (uint32_t i = 0; i < memory_ranges; i++)
		if (memory_map[i].kind == MEMORY_FREE && address - memory_map[i].base < memory_map[i].bytes)
			return true;
	return false;
}

/* A store that begins before the edge changes nothing there either. */
static void test_no_partial_store(const struct target *t)
{
	volatile uint64_t *before = (volatile uint64_t *)(t->base - 8);

	*before = 0x1122334455667788;
	(void)refused(store_64, t->base - 4);
	(void)refused(store_128, t->base - 8);
	ok(*before == 0x1122334455667788, "%s: a refused store across the edge changes nothing", t->name);
}

static void test_fetch(const struct target *t)
{
	struct gprs r = {0};
	struct outcome o = reach((const void *)t->base, &r);

	ok(faulted(&o, VEC_GP, 0, (const void *)t->base), "%s: an instruction fetch is refused", t->name);
	o = reach((const void *)(t->base + t->bytes - 1), &r);
	ok(faulted(&o, VEC_GP, 0, (const void *)(t->base + t->bytes - 1)), "%s: a fetch of the last byte is refused",
	   t->name);
}

static void test_strings(const struct target *t)
{
	uint8_t *page = page_get();
	struct gprs r = {.rsi = (uint64_t)page, .rdi = t->base, .rcx = 64};
	struct outcome o = reach(copy_in, &r);

	ok(faulted(&o, VEC_GP, 0, copy_in) && r.rcx == 64, "%s: REP MOVS into it is refused", t->name);
	r = (struct gprs){.rsi = t->base, .rdi = (uint64_t)page, .rcx = 64};
	o = reach(copy_in, &r);
	ok(faulted(&o, VEC_GP, 0, copy_in) && r.rcx == 64, "%s: REP MOVS out of it is refused", t->name);
	r = (struct gprs){.rdi = t->base, .rcx = 8};
	o = reach(store_string, &r);
	ok(faulted(&o, VEC_GP, 0, store_string), "%s: REP STOS is refused", t->name);
	r = (struct gprs){.rdi = t->base, .rcx = 8};
	o = reach(scan_string, &r);
	ok(faulted(&o, VEC_GP, 0, scan_string), "%s: REPNE SCAS is refused", t->name);
	r = (struct gprs){.rdi = t->base, .rdx = DEBUG_PORT, .rcx = 4};
	o = reach(port_to_memory, &r);
	ok(faulted(&o, VEC_GP, 0, port_to_memory), "%s: REP INS is refused", t->name);
	r = (struct gprs){.rsi = t->base, .rdx = DEBUG_PORT, .rcx = 4};
	o = reach(memory_to_port, &r);
	ok(faulted(&o, VEC_GP, 0, memory_to_port), "%s: REP OUTS is refused", t->name);
}

/* A string copy that runs into the range stops exactly at its edge. */
static void test_string_edge(const struct target *t)
{
	struct gprs r = {.rsi = (uint64_t)page_get(), .rdi = t->base - STRING_LEAD, .rcx = 64};
	struct outcome o;

	o = reach(copy_in, &r);
	ok(faulted(&o, VEC_GP, 0, copy_in) && r.rdi == t->base && r.rcx == 64 - STRING_LEAD,
	   "%s: REP MOVS into it stops at its edge", t->name);
}

/* The guest's own tables name the range: as a page, and as a page table. */
static void test_tables(const struct target *t)
{
	const uint64_t va = window_map(0, t->base, PTE_P | PTE_W | PTE_U);
	const struct gprs user = {.rdi = va};
	struct gprs r = user;
	struct outcome o;

	ok(refused(load_64, va), "%s: a load through another mapping is refused", t->name);
	o = attempt_cpl3(load_64, &r);
	refusals += o.vector == VEC_GP;
	ok(faulted(&o, VEC_GP, 0, load_64), "%s: a load from CPL 3 is refused", t->name);
	ok(refused(load_64, window_by_table(0, t->base)), "%s: a page walk through it is refused", t->name);
	(void)window_by_table(0, 0);
}

/* Pages of it that this CPU can read or write. */
static uint64_t open_pages(const struct target *t)
{
	uint64_t open = 0;

	for (uint64_t a = t->base; a < t->base + t->bytes; a += PAGE_BYTES) {
		struct gprs load = {.rdi = a + (a >> 12 & 0xff8)}, store = load;

		open += reach(load_8, &load).vector != VEC_GP || reach(store_8, &store).vector != VEC_GP;
	}
	return open;
}

struct survey {
	const struct target *target;
	uint64_t open;
};

static void survey_elsewhere(void *argument)
{
	struct survey *survey = argument;

	survey->open = open_pages(survey->target);
}

/* Every page of it, also those that no other test touches, from both CPUs; one after the other, for the count. */
static void test_every_page(const struct target *t, struct cpu *second)
{
	static struct survey survey;

	ok(!open_pages(t), "%s: each of %lu pages is refused", t->name, t->bytes / PAGE_BYTES);
	if (!second)
		return;
	survey = (struct survey){.target = t};
	cpu_run(second, survey_elsewhere, &survey);
	if (!cpu_wait(second, PATIENCE_US))
		bail_out("the second CPU does not come back from %s", t->name);
	ok(!survey.open, "%s: each of %lu pages is refused to the second CPU", t->name, t->bytes / PAGE_BYTES);
}

static void add_target(const char *name, uint64_t base, uint64_t bytes)
{
	targets[target_count++] = (struct target){name, base, bytes};
}

static bool page_refused(uint64_t address)
{
	struct gprs r = {.rdi = address};

	return reach(load_8, &r).vector == VEC_GP;
}

/* The next run of refused 2 MiB pages in reserved memory, from 'from'. */
static struct target next_refused(uint64_t from)
{
	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *m = &memory_map[i];
		const uint64_t end = m->base + m->bytes;
		uint64_t a = from > m->base ? from : m->base;

		if (m->kind != MEMORY_RESERVED)
			continue;
		for (a = (a + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1); a + LARGE_PAGE <= end; a += LARGE_PAGE) {
			const uint64_t base = a;

			while (a + LARGE_PAGE <= end && page_refused(a))
				a += LARGE_PAGE;
			if (a > base)
				return (struct target){"", base, a - base};
		}
	}
	return (struct target){0};
}

/* Region and pool may be side by side; their lengths tell them apart. */
static const char *target_name(const struct target *t, const struct hv_stats *stats)
{
	if (t->bytes == stats->region_bytes)
		return "hypervisor";
	return t->bytes == stats->pool_bytes ? "pool" : "hypervisor and pool";
}

static void find_targets(const struct hv_stats *stats)
{
	uint64_t total = 0;

	for (struct target t = next_refused(0); t.bytes; t = next_refused(t.base + t.bytes)) {
		diag("refused: %lx, %lu bytes", t.base, t.bytes);
		total += t.bytes;
		if (target_count < 2)
			add_target(target_name(&t, stats), t.base, t.bytes);
	}
	ok(total && total == stats->region_bytes + stats->pool_bytes,
	   "%lu bytes of reserved memory are refused, %lu are the hypervisor's and the pool's", total,
	   stats->region_bytes + stats->pool_bytes);
}

static void add_tpm(void)
{
	static const char *const names[] = {"", "TPM locality 1", "TPM locality 2", "TPM locality 3", "TPM locality 4"};

	for (unsigned int n = 1; n < TPM_LOCALITIES; n++)
		add_target(names[n], TPM_LOCALITY(n), PAGE_BYTES);
	add_target("the last page that is decoded for the TPM", TPM_LOCALITY(15), PAGE_BYTES);
}

/* Without protected memory every test below fails, on a page of RET instructions. */
static void add_open_page(void)
{
	uint8_t *page = page_get();

	for (uint64_t i = 0; i < PAGE_BYTES; i++)
		page[i] = 0xc3;
	add_target("unprotected", (uint64_t)page, PAGE_BYTES);
}

static uint32_t tpm_id(void)
{
	return *(volatile uint32_t *)(TPM_LOCALITY(0) + TPM_DID_VID);
}

static void test_tpm_answers(void)
{
	if (!acpi_has_tpm()) {
		skip("TPM locality 0 answers", "the machine has no TPM");
		return;
	}
	if (!ok(tpm_id() != 0 && tpm_id() != ~0u, "TPM locality 0 answers"))
		diag("DID_VID %x", tpm_id());
}

/* High addresses are other memory, or none, but never a second way to protected memory; above the CPU's width none. */
static void test_high_alias(void)
{
	const uint32_t bits = cpuid(0x80000008, 0).eax & 0xff;
	const uint64_t page = TPM_LOCALITY(1) & ~(PAGE_BYTES - 1);
	const char *const wanted = program_argument; /* memory-52 */

	if (wanted[0])
		ok(bits == (uint32_t)(wanted[0] - '0') * 10 + (uint32_t)(wanted[1] - '0'),
		   "the CPU has %u bits of a physical address", bits);
	for (uint32_t bit = 39; bit < 52; bit++) {
		struct gprs r = {.rdi = window_map(1, page | 1ul << bit, PTE_P | PTE_W) + TPM_DID_VID};
		const struct outcome o = reach(load_32, &r);
		const bool id_seen = acpi_has_tpm() && o.vector == NO_FAULT && (uint32_t)r.rax == tpm_id();
		const bool reserved = o.vector == VEC_PF && (o.error & PF_RESERVED);

		ok(bit >= bits ? reserved : !id_seen && o.vector != VEC_PF,
		   "physical address bit %u does not lead back to the TPM", bit);
	}
}

static void test_counted(uint64_t before)
{
	const uint64_t counted = stats_read().exits[HV_EXIT_STAGE2] - before;

	ok(counted == refusals, "%lu refused accesses, %lu counted", refusals, counted);
}

static void cr3_into_target(void *argument)
{
	write_cr3((uint64_t)argument);
}

/* A CPU that cannot even take its #GP is parked; the other one goes on. */
static void test_cr3(const struct target *t, struct cpu *cpu)
{
	if (!cpu) {
		skip("a CPU whose CR3 is in protected memory is parked", "one CPU");
		return;
	}
	cpu_run(cpu, cr3_into_target, (void *)t->base);
	ok(wait_until(stats_read().cpus_parked == 1, PATIENCE_US),
	   "a CPU whose CR3 is in protected memory is parked, the other goes on");
}

static void test_target(const struct target *t, struct cpu *second)
{
	begin(t->name);
	test_accesses(t);
	test_fetch(t);
	test_strings(t);
	if (is_free(t->base - STRING_LEAD)) {
		test_no_partial_store(t);
		test_string_edge(t);
	} else if (t->bytes > PAGE_BYTES) {
		skip("stores that begin before its edge", "no free memory there");
	}
	test_tables(t);
	test_every_page(t, second);
}

void test_main(void)
{
	const struct hv_stats before = stats_read();
	struct cpu *second = second_cpu();

	ok(hypervisor_present(), "the hypervisor is there");
	test_tpm_answers();
	find_targets(&before);
	if (!target_count)
		add_open_page();
	add_tpm();
	for (unsigned int i = 0; i < target_count; i++)
		test_target(&targets[i], second);
	test_high_alias();
	test_tpm_answers();
	test_counted(before.exits[HV_EXIT_STAGE2]);
	begin("CR3");
	test_cr3(&targets[0], second);
}
