/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two runs of a guest that differ in a secret only, which is in each of its registers and in its memory: everything
 * that root can look at afterwards is the same, and holds no secret. Nor does the next domain find it.
 */
#include "secrets.h"

#include "script.h"

#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "trap.h"
#include "x86.h"

#include "hv/x86/switch.h"

#define XSAVE_BYTES      0xa88u
#define MSRS             1024u
#define MSR_X2APIC_IRR_2 0x822u /* of vectors 0x40 to 0x5f */
#define LARGE_BYTES      0x200000ul
#define RAM_PAGES        0x40000u /* 1 GiB: more than the beds have */
#define STACK_BYTES      0x20000ul
#define GUEST_PAGES      64u /* of the pool, those of the guest with a secret among them */

/* A secret is this odd number's inverse times its product: this program compares products, and holds no secret. */
#define FACTOR  0x9e3779b97f4a7c15ul
#define INVERSE 0xf1de83e19937733dul

FORM(form_rdmsr, "rdmsr");
FORM(form_vmmcall, "vmmcall\n pushfq\n pop %rbp");
FORM(form_vmcall, "vmcall\n pushfq\n pop %rbp");

/* All but memory and model-specific registers. */
struct visible {
	struct gprs general; /* RBP: RFLAGS */
	uint64_t segments[6], tables[4], control[5], xcr0, debug[6];
	uint8_t vector[XSAVE_BYTES];
	struct domain_run run;
};

struct msr {
	uint32_t number;
	bool moves; /* without a domain, too */
	uint64_t value;
};

struct seen {
	struct visible visible;
	struct msr msrs[MSRS]; /* that are not 0 */
	unsigned count;
};

static struct seen before, one, two;
static uint64_t *sums; /* of the pages of free memory */

static bool is_secret(uint64_t word, uint64_t product)
{
	return word * FACTOR == product;
}

/* --- root's registers --- */

static bool read_msr(uint32_t number, uint64_t *value)
{
	struct gprs r = {.rcx = number};

	if (attempt(form_rdmsr, &r).vector != NO_FAULT)
		return false;
	*value = r.rdx << 32 | r.rax;
	return *value != 0;
}

static void look_at_msr(struct seen *seen, uint32_t number)
{
	uint64_t value, again;

	if (!read_msr(number, &value))
		return;
	if (seen->count == MSRS)
		bail_out("more than %u registers", MSRS);
	const bool moves = !read_msr(number, &again) || again != value;

	seen->msrs[seen->count++] = (struct msr){number, moves, moves ? 0 : value};
}

static void look_at_msrs(struct seen *seen)
{
	static const uint32_t ranges[] = {0, 0xc0000000, 0xc0010000};

	seen->count = 0;
	for (unsigned i = 0; i < COUNT(ranges); i++) {
		for (uint32_t number = ranges[i]; number < ranges[i] + 0x2000; number++)
			look_at_msr(seen, number);
	}
}

/* Vector registers go through memory: this program does not use them. */
static void look(struct seen *seen, const struct gprs *general, const struct domain_run *run)
{
	static uint8_t area[PAGE_BYTES] __attribute__((aligned(64)));
	struct visible *const v = &seen->visible;

	__asm__ volatile("xsave64 %0" : "+m"(area) : "a"(~0u), "d"(~0u));
	__builtin_memset(v, 0, sizeof(*v));
	__builtin_memcpy(v->vector, area, XSAVE_BYTES);
	__asm__ volatile("mov %%cs, %0; mov %%ds, %1; mov %%es, %2"
			 : "=r"(v->segments[0]), "=r"(v->segments[1]), "=r"(v->segments[2]));
	__asm__ volatile("mov %%fs, %0; mov %%gs, %1; mov %%ss, %2"
			 : "=r"(v->segments[3]), "=r"(v->segments[4]), "=r"(v->segments[5]));
	__asm__ volatile("sgdt %0; sidt %1" : "=m"(v->tables[0]), "=m"(v->tables[2]));
	v->control[0] = read_cr0();
	v->control[1] = read_cr2();
	v->control[2] = read_cr3();
	v->control[3] = read_cr4();
	__asm__ volatile("mov %%cr8, %0" : "=r"(v->control[4]));
	v->xcr0 = xgetbv(0);
	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2"
			 : "=r"(v->debug[0]), "=r"(v->debug[1]), "=r"(v->debug[2]));
	__asm__ volatile("mov %%dr3, %0; mov %%dr6, %1; mov %%dr7, %2"
			 : "=r"(v->debug[3]), "=r"(v->debug[4]), "=r"(v->debug[5]));
	v->general = *general;
	v->run = *run;
	look_at_msrs(seen);
}

/* --- root's memory --- */

/* This program's stack is among it. */
static bool is_stack(uint64_t page)
{
	const uint64_t here = (uint64_t)__builtin_frame_address(0);

	return page + STACK_BYTES > here && page < here + STACK_BYTES;
}

static uint64_t sum_of(const uint64_t *page, uint64_t product, unsigned *secrets)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < PAGE_BYTES / sizeof(*page); i++) {
		const uint64_t word = page[i] * FACTOR;

		*secrets += word == product;
		sum = (sum ^ word) * 3;
	}
	return sum;
}

/* Calls the pages of free memory that differ from the last time, and those with a secret. */
static void look_at_memory(uint64_t product, unsigned *changed, unsigned *secrets)
{
	*changed = *secrets = 0;
	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *const m = &memory_map[i];

		if (m->kind != MEMORY_FREE)
			continue;
		for (uint64_t page = m->base; page < m->base + m->bytes && page / PAGE_BYTES < RAM_PAGES;
		     page += PAGE_BYTES) {
			const bool own = page + PAGE_BYTES > (uint64_t)sums && page < (uint64_t)(sums + RAM_PAGES);

			if (own || is_stack(page) || page == 0)
				continue;
			const uint64_t sum = sum_of((const uint64_t *)page, product, secrets);

			*changed += sums[page / PAGE_BYTES] != sum;
			sums[page / PAGE_BYTES] = sum;
		}
	}
}

/* Free memory for the sums. */
static void find_memory(void)
{
	for (uint32_t i = 0; i < memory_ranges && !sums; i++) {
		const struct memory_range *const m = &memory_map[i];

		if (m->kind == MEMORY_FREE && m->base >= LARGE_BYTES && m->bytes >= RAM_PAGES * sizeof(*sums) &&
		    !is_stack(m->base))
			sums = (uint64_t *)m->base;
	}
	if (!sums)
		bail_out("no free memory");
	__builtin_memset(sums, 0, RAM_PAGES * sizeof(*sums));
}

/* --- runs --- */

/* Builds a guest that has the secret, of which nothing stays here but the product. */
static __attribute__((noinline)) bool start_with(uint64_t product)
{
	volatile uint64_t secret = product * INVERSE;
	struct op ops[] = {VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000), {OP_FILL, {secret, xfam}}};
	const bool right = build(&built, first + GUEST_PAGES, 1, ops, COUNT(ops));

	secret = 0;
	__builtin_memset(ops, 0, sizeof(ops));
	__asm__ volatile("" : : "m"(ops));
	forget();
	return right;
}

/* One turn, by the instruction itself, so that all registers are known before. */
static int64_t turn(struct gprs *general)
{
	*general = (struct gprs){.rax = HC_VCPU_RUN,
				 .rbx = 0x1111,
				 .rdi = built.page,
				 .rsi = built.vcpu[0],
				 .rdx = (uint64_t)built.run[0],
				 .r8 = 0x8888,
				 .r9 = 0x9999,
				 .r10 = 0x1010,
				 .r11 = 0x1111,
				 .r12 = 0x1212,
				 .r13 = 0x1313,
				 .r14 = 0x1414,
				 .r15 = 0x1515};
	set_timer();
	(void)attempt(cpu_is_amd() ? form_vmmcall : form_vmcall, general);
	return (int64_t)general->rax;
}

static void take_interrupts(void)
{
	interrupts_on();
	__asm__ volatile("nop");
	interrupts_off();
}

static void set_registers(void)
{
	write_dr0(0x1357);
	write_dr3(0x2468);
	write_cr2(0x1357);
}

static bool fills_registers(void)
{
	volatile uint64_t *const filled = (volatile uint64_t *)shared_page;
	struct gprs general;

	*filled = 0;
	if (!exits(DOMAIN_EXIT_MAP_GPA, HOLE) || !exits(DOMAIN_EXIT_PAGE, HOLE | shared_bit) ||
	    !answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)filled, 0)))
		return false;
	while (*filled == 0) {
		if (!answers(0, turn(&general)) || !is(DOMAIN_EXIT_PREEMPTED, run_of(&built, 0)->exit.kind))
			return false;
		take_interrupts();
	}
	*filled = 0;
	return true;
}

static bool run_with(uint64_t product, struct seen *seen)
{
	struct gprs general;

	if (!start_with(product) || !fills_registers())
		return false;
	set_registers();
	const int64_t result = turn(&general);

	look(seen, &general, run_of(&built, 0));
	take_interrupts();
	return answers(0, result) && is(DOMAIN_EXIT_PREEMPTED, seen->visible.run.exit.kind) && destroy(&built);
}

static bool same_words(const void *left, const void *right, uint64_t bytes)
{
	const uint64_t *const a = left, *const b = right;
	bool same = true;

	for (uint64_t i = 0; i < bytes / sizeof(*a); i++) {
		if (a[i] != b[i])
			diag("word %lu", (unsigned long)i);
		same = is(a[i], b[i]) && same;
	}
	return same;
}

static bool same_msrs(const struct seen *a, const struct seen *b)
{
	bool same = a->count == b->count;

	for (unsigned i = 0; i < a->count && i < b->count && same; i++) {
		const struct msr *const x = &a->msrs[i], *const y = &b->msrs[i];

		same = x->number == y->number && (x->moves || y->moves || x->value == y->value);
		if (!same)
			diag("%x: %lx, %x: %lx", x->number, x->value, y->number, y->value);
	}
	if (a->count != b->count)
		diag("%u and %u", a->count, b->count);
	return same;
}

static bool holds(const struct seen *seen, uint64_t product)
{
	const uint64_t *const words = (const uint64_t *)seen;
	bool found = false;

	for (unsigned i = 0; i < sizeof(*seen) / sizeof(*words); i++)
		found |= is_secret(words[i], product);
	return found;
}

/* It has all of the pool's pages that the guest before had, and its CPU. */
static void test_next_domain(uint64_t product)
{
	const uint64_t secret = product * INVERSE;
	const struct op ops[] = {TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1),
				 {OP_FIND, {secret, xfam}},
				 {OP_SEARCH, {HOLE, GUEST_PAGES * PAGE_BYTES, secret}},
				 END};
	bool right = true;

	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_PAGE, HOLE), "another guest follows");
	built.next = first + GUEST_PAGES;
	for (unsigned i = 0; i < GUEST_PAGES && right; i++)
		right = augment(HOLE + i * PAGE_BYTES);
	ok(right && run_to_end(&built, 0), "with memory that was the first one's");
	ok(tells(0) && counts(0), "it finds no secret in its registers");
	ok(counts(0), "nor in its memory");
	gone();
}

/* As it is after a turn: the timer's interrupt is pending. */
static void look_before(void)
{
	const struct gprs general = {0};

	set_timer();
	while (rdmsr(MSR_X2APIC_IRR_2) == 0)
		cpu_relax();
	set_registers();
	look(&before, &general, run_of(&built, 0));
	take_interrupts();
}

void test_secrets(void)
{
	const uint64_t secret = (rdtsc() | 1) & 0x00007fffffffffff, product = secret * FACTOR, other = ~secret * FACTOR;
	const uint64_t cr4 = read_cr4();
	unsigned changed, secrets, others;

	begin("secrets");
	find_memory();
	write_cr4(cr4 | CR4_OSXSAVE);
	const uint64_t xcr0 = xgetbv(0);

	xsetbv(0, xfam);
	look_before();
	ok(run_with(product, &one), "a guest has a secret in all registers");
	look_at_memory(product, &changed, &secrets);
	ok(run_with(other, &two), "another one has another");
	ok(same_words(&one.visible, &two.visible, sizeof(one.visible)), "root sees no difference in its registers");
	ok(same_msrs(&one, &two), "nor in model-specific ones");
	ok(!holds(&one, product) && !holds(&two, other), "and no secret");
	ok(same_msrs(&before, &one) && is(0x1357, one.visible.debug[0]) && is(0x2468, one.visible.debug[3]) &&
		   is(0x1357, one.visible.control[1]) && is(xfam, one.visible.xcr0),
	   "it has its own registers back");
	look_at_memory(other, &changed, &others);
	ok(is(0, changed), "all of its free memory is the same");
	ok(is(0, secrets) && is(0, others), "and holds no secret");
	test_next_domain(other);
	xsetbv(0, xcr0);
	write_cr4(cr4);
	write_dr0(0);
	write_dr3(0);
}
