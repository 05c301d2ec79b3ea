/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two runs of a guest that differ in a secret only, which is in each of its registers and in its memory: everything
 * that root can look at afterwards is the same, and holds no secret. Nor does the next domain find it. Of registers
 * that take some values only, each bit that may differ does.
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
#define XSAVE_MXCSR      24u
#define XSAVE_EXTENDED   576u
#define XSAVE_OPMASK     0x440u /* of CPUs with AVX-512 */
#define XFAM_OPMASK      (1u << 5)
#define MASK_REGISTERS   8u
#define MSRS             1024u
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_X2APIC_TPR   0x808u
#define MSR_X2APIC_IRR_2 0x822u /* of vectors 0x40 to 0x5f */
#define MSR_X2APIC_TIMER 0x832u
#define LARGE_BYTES      0x200000ul
#define RAM_PAGES        0x40000u /* 1 GiB: more than the beds have */
#define STACK_BYTES      0x20000ul
#define TDCALL_WORDS     8u /* that it tells; of other operations: */
#define RESULT_WORDS     2u
#define GUEST_PAGES      64u /* of the pool, those of the guest with a secret among them */

/* A secret is this odd number's inverse times its product: this program compares products, and holds no secret. */
#define FACTOR  0x9e3779b97f4a7c15ul
#define INVERSE 0xf1de83e19937733dul

/* What a CPU starts with, and a domain (docs/guest-abi.md, section 9); MXCSR and FCW: SDM 1 13.6. */
#define INITIAL_MXCSR 0x1f80u
#define INITIAL_FCW   0x37fu
#define INITIAL_DR6   0xffff0ff0u
#define INITIAL_DR7   0x400u
#define INITIAL_PAT   0x0007040600070406u

/*
 * What root has: no breakpoint is on, the timer's vector still comes, and the firmware's pages keep their types. Nothing
 * here reads the first page: a breakpoint that the guest left on would be a wrong DR7 only.
 */
#define ROOT_DR0 0x357u
#define ROOT_DR3 0x468u
#define ROOT_CR2 0x1357u
#define ROOT_DR6 0xffffaff0u
#define ROOT_DR7 0x55550700u
#define ROOT_CR8 4u
#define ROOT_PAT 0x0405010600070406u

/*
 * What the guest has of a secret: exceptions of SSE and x87 are masked, the x87's precision is one that there is, DR7
 * has no breakpoint of code or ports, and the secret in DR0 to DR3 is no address of the guest's. The TPR would let the
 * timer's vector through if root got it, so that this, too, would be a wrong register only.
 */
#define SECRET_MXCSR(secret) (0x1f80u | ((secret) & 0xe07f))
#define SECRET_FCW(secret)   (0x27fu | ((secret) & 0x1d00))
#define SECRET_DR6(secret)   (0xffff0ff0u | ((secret) & 0xe00f))
#define SECRET_DR7(secret)   (0x11110400u | ((secret) & 0xeeee03ff))
#define SECRET_PAT(secret)   (0x0404040404040404u | ((secret) & 0x0303030303030303))
#define SECRET_TPR(secret)   ((secret) & 0x3f)

/* Root is told of the deadline, so it is no secret. The timer is masked. */
#define DEADLINE       0x0123456789abcdefu
#define TIMER_DEADLINE 0x50000u

/* Code that sets a register to RAX, and leaves 0 there. */
#define SET_MXCSR 0xc031582414ae0f50u, 0xc3 /* PUSH RAX; LDMXCSR [RSP]; POP RAX; XOR EAX, EAX; RET */
#define SET_FCW   0xc3c03158242cd950u, 0    /* PUSH RAX; FLDCW [RSP]; POP RAX; XOR EAX, EAX; RET */
#define SET_DR6   0xc3c031f0230fu, 0        /* MOV DR6, RAX; XOR EAX, EAX; RET */
#define SET_DR7   0xc3c031f8230fu, 0

/* What the next domain starts with, of what the one before has filled. */
static const struct {
	struct op op;
	uint64_t value;
	const char *name;
} initial[] = {
	{{OP_RUN, {0xc358241cae0f006a}}, INITIAL_MXCSR, "MXCSR"},        /* PUSH 0; STMXCSR [RSP]; POP RAX; RET */
	{{OP_RUN, {0xc358243cd9006a}}, INITIAL_FCW, "x87 control word"}, /* PUSH 0; FNSTCW [RSP]; POP RAX; RET */
	{{OP_RUN, {0xc3f0210f}}, INITIAL_DR6, "DR6"},                    /* MOV RAX, DR6; RET */
	{{OP_RUN, {0xc3f8210f}}, INITIAL_DR7, "DR7"},
	{{OP_RUN, {0xc3c0200f44}}, 0, "CR8"},
	{{OP_RDMSR, {MSR_X2APIC_TPR}}, 0, "TPR"},
	{{OP_RDMSR, {MSR_TSC_DEADLINE}}, 0, "deadline"},
	{{OP_RDMSR, {MSR_PAT}}, INITIAL_PAT, "PAT"},
};

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
	struct op ops[] = {
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		{OP_WRMSR, {MSR_X2APIC_TIMER, TIMER_DEADLINE}},
		{OP_WRMSR, {MSR_TSC_DEADLINE, DEADLINE}},
		{OP_WRMSR, {MSR_X2APIC_TPR, SECRET_TPR(secret)}},
		{OP_WRMSR, {MSR_PAT, SECRET_PAT(secret)}},
		{OP_RUN, {SET_MXCSR, SECRET_MXCSR(secret)}},
		{OP_RUN, {SET_FCW, SECRET_FCW(secret)}},
		{OP_RUN, {SET_DR6, SECRET_DR6(secret)}},
		{OP_RUN, {SET_DR7, SECRET_DR7(secret)}},
		{OP_FILL, {secret, xfam}},
	};
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
	write_dr0(ROOT_DR0);
	write_dr3(ROOT_DR3);
	write_dr6(ROOT_DR6);
	write_dr7(ROOT_DR7);
	write_cr2(ROOT_CR2);
	write_cr8(ROOT_CR8);
	wrmsr(MSR_PAT, ROOT_PAT);
}

static void reset_registers(uint64_t pat)
{
	write_dr0(0);
	write_dr3(0);
	write_dr6(INITIAL_DR6);
	write_dr7(INITIAL_DR7);
	write_cr8(0);
	wrmsr(MSR_PAT, pat);
}

/* Each operation but the first one, a TDCALL, tells 0: none was refused. */
static bool refuses_nothing(void)
{
	bool right = true;

	for (unsigned i = TDCALL_WORDS; i < built.words; i++)
		right = is(0, built.told[i]) && right;
	return right;
}

static bool fills_registers(void)
{
	volatile uint64_t *const filled = (volatile uint64_t *)shared_page;
	struct gprs general;

	*filled = 0;
	if (!exits(DOMAIN_EXIT_MAP_GPA, HOLE) || !exits(DOMAIN_EXIT_PAGE, HOLE | shared_bit) ||
	    !answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)filled, 0)) || !refuses_nothing())
		return false;
	while (*filled == 0) {
		if (!answers(0, turn(&general)) || !is(DOMAIN_EXIT_PREEMPTED, run_of(&built, 0)->exit.kind))
			return false;
		take_interrupts();
	}
	*filled = 0;
	return true;
}

/* Where nobody switches DR6, it has what was written last: the guest writes it in its first turns only. */
static uint64_t dr6_after_fill;

static bool run_with(uint64_t product, struct seen *seen)
{
	struct gprs general;

	if (!start_with(product))
		return false;
	set_registers();
	if (!fills_registers())
		return false;
	dr6_after_fill = read_dr6();
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

/* General registers are what turn() has set; vector state is lost. */
static void test_root(const struct visible *v)
{
	uint64_t rest = 0;

	ok(same_msrs(&before, &one) && is(ROOT_DR0, v->debug[0]) && is(ROOT_DR3, v->debug[3]) &&
		   is(ROOT_CR2, v->control[1]) && is(xfam, v->xcr0),
	   "it has its own registers back");
	ok(is(ROOT_DR6, v->debug[4]) && is(ROOT_DR6, dr6_after_fill), "and DR6");
	ok(is(ROOT_DR7, v->debug[5]), "and DR7");
	ok(is(ROOT_CR8, v->control[4]), "and CR8");
	ok(is(ROOT_PAT, rdmsr(MSR_PAT)), "and the PAT");
	ok(is(INITIAL_MXCSR, *(const uint32_t *)&v->vector[XSAVE_MXCSR]), "MXCSR is the initial one");
	ok(is(INITIAL_FCW, *(const uint16_t *)v->vector), "so is the x87's control word");
	for (unsigned i = XSAVE_EXTENDED; i < XSAVE_BYTES; i++)
		rest |= v->vector[i];
	ok(is(0, rest), "and so is AVX state");
	ok(is(DEADLINE, v->run.exit.deadline), "root is told of the guest's deadline");
}

/* Of an operation after the first one, which is a TDCALL. */
static bool result_is(unsigned operation, uint64_t value)
{
	at = TDCALL_WORDS + operation * RESULT_WORDS;
	return counts(value);
}

/* As the guest has saved them when it looked for the pattern: 'operation' and the next ones. */
static void test_mask_registers(unsigned operation)
{
	bool right = true;

	if ((xfam & XFAM_OPMASK) == 0)
		return skip("its mask registers are 0", "the CPU has no AVX-512");
	for (unsigned i = 0; i < MASK_REGISTERS; i++)
		right = result_is(operation + i, 0) && right;
	ok(right, "its mask registers are 0");
}

/* It has all of the pool's pages that the guest before had, and its CPU. */
static void test_next_domain(uint64_t product)
{
	const uint64_t secret = product * INVERSE;
	struct op ops[COUNT(initial) + MASK_REGISTERS + 4] = {TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1)};
	unsigned count = 1;
	bool right = true;

	for (unsigned i = 0; i < COUNT(initial); i++)
		ops[count++] = initial[i].op;
	ops[count++] = (struct op){OP_FIND, {secret, xfam}};
	for (unsigned i = 0; i < MASK_REGISTERS; i++)
		ops[count++] = (struct op){OP_LOAD, {GUEST_XSAVE + XSAVE_OPMASK + i * 8}};
	ops[count++] = (struct op){OP_SEARCH, {HOLE, GUEST_PAGES * PAGE_BYTES, secret}};
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_PAGE, HOLE), "another guest follows");
	built.next = first + GUEST_PAGES;
	for (unsigned i = 0; i < GUEST_PAGES && right; i++)
		right = augment(HOLE + i * PAGE_BYTES);
	ok(right && run_to_end(&built, 0), "with memory that was the first one's");
	ok(tells(0), "which needs no acceptance");
	for (unsigned i = 0; i < COUNT(initial); i++)
		ok(result_is(i, initial[i].value), "its %s is the initial one", initial[i].name);
	ok(result_is(COUNT(initial), 0), "it finds no secret in its registers");
	ok(result_is(COUNT(ops) - 3, 0), "nor in its memory");
	test_mask_registers(COUNT(initial) + 1);
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
	const uint64_t cr4 = read_cr4(), pat = rdmsr(MSR_PAT);
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
	test_root(&one.visible);
	look_at_memory(other, &changed, &others);
	ok(is(0, changed), "all of its free memory is the same");
	ok(is(0, secrets) && is(0, others), "and holds no secret");
	test_next_domain(other);
	xsetbv(0, xcr0);
	write_cr4(cr4);
	reset_registers(pat);
}
