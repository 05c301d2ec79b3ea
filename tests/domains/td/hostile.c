/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that exit without end, or that point the CPU's and the hypervisor's walks at memory that is shared, absent or
 * none: root has its CPU back when it wants it, and the domain's pages.
 */
#include "hostile.h"

#include "script.h"

#include "clock.h"
#include "hyper.h"
#include "paging.h"
#include "tap.h"
#include "trap.h"

#define TURNS      8u    /* of a guest that never comes to an end */
#define MANY_TURNS 1000u /* of one that does */
#define CODE_BYTES 24u
#define PERSISTS   {OP_STORE, {GUEST_PERSISTS, 1}}

/* TDG.VP.VMCALL is 66 0F 01 CC, which no assembler here knows. */
#define TDCALL_TEXT ".byte 0x66, 0x0f, 0x01, 0xcc\n"

FORM(open_up, "sti"); /* Bochs ends no turn by an interrupt where the guest has them off */
FORM(vmcalls, "1: mov $0xfc00, %ecx\n xor %eax, %eax\n xor %r10d, %r10d\n mov $0x10000, %r11d\n" TDCALL_TEXT "jmp 1b");
FORM(bad_tdcalls, "1: mov $99, %eax\n" TDCALL_TEXT "jmp 1b");
FORM(cpuids, "1: cpuid\n jmp 1b");
FORM(bad_opcode, "ud2");
FORM(bad_msr, "mov $0x122, %ecx\n rdmsr");
FORM(bad_address, "mov 0x20000000, %eax");
FORM(traps, "pushfq\n orl $0x100, (%rsp)\n popfq\n jmp .");
FORM(ports, "1: in $0x70, %al\n jmp 1b");
FORM(cr4_writes, "mov %cr4, %rcx\n 1: mov %rcx, %cr4\n jmp 1b");
FORM(wbinvds, "1: wbinvd\n jmp 1b");
FORM(own_interrupts, "mov $0x83f, %ecx\n xor %edx, %edx\n 1: inc %eax\n movzx %al, %eax\n wrmsr\n jmp 1b");
FORM(interrupts, "mov $0x83f, %ecx\n xor %edx, %edx\n mov $0x40, %eax\n 1: wrmsr\n jmp 1b");
FORM(broadcasts, "mov $0x830, %ecx\n mov $-1, %edx\n mov $0x40, %eax\n 1: wrmsr\n jmp 1b");

FORM(load_gdt, "lgdt (%rax)\n mov $16, %ecx\n mov %ecx, %ds");
FORM(load_idt, "lidt (%rax)\n ud2");
FORM(load_stack, "mov %rax, %rsp\n ud2");
FORM(load_cr3, "mov %rax, %cr3\n ud2");
FORM(jump, "jmp *%rax");

/* @rax: where the code is no longer than 16 bytes */
static struct op code(const void *form, uint64_t rax)
{
	struct op op = {.number = OP_RUN};

	__builtin_memcpy(op.in, form, CODE_BYTES);
	if (rax != 0)
		op.in[2] = rax;
	return op;
}

/* The next exit but for those of root's timer; PREEMPTED: there is none. */
static int64_t exit_of(unsigned turns)
{
	int64_t result = DOMAIN_EXIT_PREEMPTED;

	for (unsigned i = 0; i < turns && result == DOMAIN_EXIT_PREEMPTED; i++) {
		set_timer();
		result = run(&built, 0);
	}
	return result;
}

static void test_storm(const char *name, const struct op *ops, unsigned count)
{
	begin(name);
	ok(start(1, ops, count) && answers(DOMAIN_EXIT_PREEMPTED, exit_of(TURNS)),
	   "%s: root has its CPU back each time", name);
	ok(destroy(&built), "%s: and then the domain's pages", name);
}

static void test_storms(void)
{
	static const struct {
		const char *name, *form;
	} storms[] = {
		{"a loop of VMCALLs", vmcalls},
		{"a loop of TDCALLs that are refused", bad_tdcalls},
		{"a loop of CPUIDs", cpuids},
		{"an instruction that is #UD again and again", bad_opcode},
		{"a register that is #GP again and again", bad_msr},
		{"an address that is #PF again and again", bad_address},
		{"#VEs whose reason is not asked for: #DF again and again", ports},
		{"a storm of #DB", traps},
		{"a loop of writes to CR4", cr4_writes},
		{"a loop of WBINVDs", wbinvds},
		{"all vectors pending again and again", own_interrupts},
		{"a storm of a guest's own interrupts", interrupts},
		{"a storm of interrupts to all", broadcasts},
	};

	for (unsigned i = 0; i < COUNT(storms); i++) {
		const struct op ops[] = {PERSISTS, code(open_up, 0), code(storms[i].form, 0)};

		test_storm(storms[i].name, ops, COUNT(ops));
	}
}

static void test_alignment(void)
{
	static const struct op once[] = {{OP_USER, {0}}, END}, storm[] = {PERSISTS, {OP_USER, {0}}};
	static const struct op endless[] = {{OP_UNALIGNED, {0}}};

	begin("a storm of #AC");
	ok(start(1, once, COUNT(once)) && run_to_end(&built, 0), "a guest's program at CPL 3 has an exception");
	const uint64_t raised = told();

	gone();
	if (raised == RAISED_WORD(6)) {
		skip("a storm of #AC", "the CPU checks no alignment");
	} else if (ok(is(RAISED_WORD(17), raised), "a storm of #AC: it is #AC")) {
		test_storm("a storm of #AC", storm, COUNT(storm));
		test_storm("a storm of #AC: one in the delivery of another", endless, COUNT(endless));
	}
}

/* Where the guest's walks and the CPU's lead. */
static const struct {
	const char *name;
	uint64_t address; /* linear, of RAM that is one to one; in the shared half beyond GUEST_SHARED */
	bool released, mapped;
} places[] = {
	{"at absent memory", HOLE, false, false},
	{"at memory that is not released", GUEST_SHARED + HOLE, false, false},
	{"at shared memory that is absent", GUEST_SHARED + HOLE, true, false},
	{"at shared memory", GUEST_SHARED + HOLE, true, true},
	{"at released memory", HOLE, true, false},
	{"at a device's registers", GUEST_SHARED + 0x200000, false, false},
};
#define PLACES COUNT(places)

static const struct {
	const char *name, *form;
	bool described, physical; /* by base and limit in memory; by its physical address */
	int8_t expected[PLACES];  /* SPIN: the delivery of a #VE is the next one's cause, without end */
} pointers[] = {
#define PAGE DOMAIN_EXIT_PAGE
#define SPIN DOMAIN_EXIT_PREEMPTED
#define DEAD DOMAIN_EXIT_DEAD
#define IDLE DOMAIN_EXIT_IDLE
	{"its GDT", load_gdt, true, false, {PAGE, SPIN, PAGE, DEAD, DEAD, SPIN}},
	{"its IDT", load_idt, true, false, {PAGE, SPIN, PAGE, DEAD, DEAD, SPIN}},
	{"its stack", load_stack, false, false, {PAGE, SPIN, PAGE, IDLE, DEAD, SPIN}},
	{"its page tables", load_cr3, false, true, {PAGE, SPIN, PAGE, DEAD, DEAD, SPIN}},
	{"its instructions", jump, false, false, {PAGE, DEAD, DEAD, DEAD, DEAD, DEAD}},
};

/* The host maps what is asked for once. */
static int64_t exit_with_shared(bool mapped, unsigned turns)
{
	int64_t result = exit_of(turns);

	if (result == DOMAIN_EXIT_MAP_GPA)
		result = exit_of(turns);
	if (result != DOMAIN_EXIT_PAGE || !mapped)
		return result;
	return call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)shared_page, 0) == 0 ? exit_of(turns) : HC_E_MAPPING;
}

static void test_pointer(unsigned which, unsigned where)
{
	const int64_t expected = pointers[which].expected[where];
	const bool described = pointers[which].described;
	uint64_t address = places[where].address;

	if (pointers[which].physical && address >= GUEST_SHARED)
		address = (address - GUEST_SHARED) | shared_bit;
	if (pointers[which].form == load_stack)
		address += PAGE_BYTES; /* its end */
	const uint64_t descriptor = GUEST_LIST + 2 * OP_BYTES + 4 * sizeof(uint64_t);
	struct op ops[] = {VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, places[where].released ? 0x1000 : 0),
			   code(open_up, 0), code(pointers[which].form, described ? descriptor : address), END};

	ops[2].in[3] = address << 16 | 0xffff;
	ops[2].in[4] = address >> 48;
	begin(pointers[which].name);
	ok(start(1, ops, COUNT(ops)) &&
		   answers(expected, exit_with_shared(places[where].mapped, expected == SPIN ? TURNS : MANY_TURNS)),
	   "%s %s: root has its CPU back", pointers[which].name, places[where].name);
	ok(destroy(&built), "%s %s: and the domain's pages", pointers[which].name, places[where].name);
}

void test_hostile(void)
{
	__builtin_memset(shared_page, 0, PAGE_BYTES);
	test_storms();
	test_alignment();
	for (unsigned which = 0; which < COUNT(pointers); which++) {
		for (unsigned where = 0; where < PLACES; where++)
			test_pointer(which, where);
	}
}
