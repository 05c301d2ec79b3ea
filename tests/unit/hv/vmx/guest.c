/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/vmx/vcpu.c hv/vcpu/event.c */
/*
 * A domain's vCPU on a VMCS in memory: which events go to whom, and that no NMI and no kick is lost between the root
 * guest's VMCS and the domain's. Numbers from SDM 3C 24 to 27.
 */
#include "hv_test.h"

#include "vcpu/guest.h"
#include "guest.h"
#include "machine/cpu.h"
#include "memory/window.h"
#include "vcpu/guest_exit.h"
#include "vendor_machine.h"
#include "vmx.h"
#include "x86/instructions.h"

#define REVISION  0x12u
#define TRAP_FLAG (1u << 27)
#define WINDOW    (1u << 2)

/* Two VMCSs: the root guest's and the domain's. */
enum { ROOT, DOMAIN, VMCSS };
static uint64_t fields[VMCSS][0x6c20];
static const paddr_t vmcs[VMCSS] = {{0x5000}, {0x9000}};
static unsigned current;
static struct vendor_machine vendor;
static struct machine m;
static struct entry_frame frame;
static struct cpu cpu;
static struct domain domain;
static struct vcpu root, guest;
static uint32_t page[1024];
static uint64_t dr6;
static unsigned clears;
static bool page_cleared;
static jmp_buf left;
static const struct vcpu *entered;
static uint64_t taken_nmis, flushed;
static enum crash_kind crash_kind;

/* What hv/domain was asked. */
enum answer {
	NOTHING,
	CPUID,
	RDMSR,
	WRMSR,
	XSETBV,
	IO,
	HLT,
	CR4,
	CR8,
	REFUSED,
	UD,
	TDCALL,
	EXCEPTION,
	STAGE2,
	PREEMPTED,
	DEAD
};
static enum answer answer;
static uint64_t answered[4];

uint64_t vmread(uint32_t field)
{
	assert_in_range(field, 0, 0x6c1f);
	return fields[current][field];
}
void vmwrite(uint32_t field, uint64_t value)
{
	assert_in_range(field, 0, 0x6c1f);
	fields[current][field] = value;
}
void vmptrld(paddr_t at)
{
	assert_true(at.value == vmcs[ROOT].value || (at.value == vmcs[DOMAIN].value && page_cleared));
	current = at.value == vmcs[DOMAIN].value;
}
void vmclear(paddr_t at)
{
	assert_int_equal(at.value, vmcs[DOMAIN].value);
	assert_int_equal(current, ROOT); /* which stays current */
	assert_int_equal(page[0], REVISION);
	page_cleared = true;
	clears++;
}
void *window_open(const struct paging *paging, uint32_t index, enum window window, paddr_t at, bool writable)
{
	assert_ptr_equal(paging, m.paging);
	assert_int_equal(index, cpu.index);
	assert_true(window == WINDOW_CONTROL && at.value == vmcs[DOMAIN].value && writable);
	return page;
}
void window_close(const struct paging *paging, uint32_t index, enum window window)
{
	(void)paging;
	(void)index;
	(void)window;
}
void invept(uint64_t type, uint64_t pointer)
{
	assert_int_equal(type, 1);
	flushed |= pointer;
}
void invvpid(uint64_t type, uint64_t vpid)
{
	assert_int_equal(type, 1);
	assert_int_equal(vpid, VCPU_GUEST_TAG);
	flushed |= 1;
}
uint64_t rdmsr(uint32_t msr)
{
	(void)msr;
	return 0x80000021; /* CR0.NE, PE, PG */
}
uint64_t read_dr6(void)
{
	return dr6;
}
void write_dr6(uint64_t value)
{
	dr6 = value;
}
void raise_nmi(void)
{
	vcpu_nmi_arrived();
}
void crash(struct cpu *at, const struct crash_record *record)
{
	assert_ptr_equal(at, &cpu);
	assert_true(record->rip == 0 && record->rsp == 0); /* the domain's */
	crash_kind = record->kind;
	longjmp(left, 1);
}
void startup_post_init(struct vcpu *vcpu)
{
	vcpu->startup.init = true;
}
bool exit_take_nmi(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, &root);
	assert_int_equal(current, ROOT);
	taken_nmis += cpu.nmi_seen;
	cpu.nmi_seen = false;
	return true;
}

/* The other files of hv/vmx. */
uint64_t vmx_guest_cr0(uint64_t cr0)
{
	return cr0 | CR0_NE;
}
void vmx_write_segment(enum vmcs_segment which, const struct segment *segment)
{
	fields[current][SEGMENT_FIELD(GUEST_ES_RIGHTS, which)] = segment->rights;
	fields[current][SEGMENT_FIELD(GUEST_ES_LIMIT, which)] = segment->limit;
}
void vmx_write_controls(const struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, &guest);
	assert_int_equal(current, DOMAIN);
}
void vmx_write_host_state(const struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, &guest);
	vmwrite(HOST_RIP, 1);
}
const char vmx_guest_exit_entry[1];
void vmx_deliver_again(struct vcpu *vcpu)
{
	assert_int_equal(vcpu->vendor.delivering, 0);
}
uint64_t vmx_cr_operand(const struct vcpu *vcpu, uint64_t qualification)
{
	assert_ptr_equal(vcpu, &guest);
	return qualification >> 8 & 15;
}
void vmx_before_entry(struct vcpu *vcpu)
{
	entered = vcpu;
}
void vmx_enter(struct entry_frame *at)
{
	assert_ptr_equal(at, &frame);
	assert_int_equal(current, entered == &guest ? DOMAIN : ROOT);
	longjmp(left, 1);
}
void vmx_guest_shutdown(struct vcpu *vcpu)
{
	(void)vcpu;
	abort();
}

/* hv/domain. */
static void note(enum answer which, uint64_t first, uint64_t second)
{
	assert_int_equal(answer, NOTHING);
	answer = which;
	answered[0] = first;
	answered[1] = second;
}
static void leave(enum answer which)
{
	note(which, 0, 0);
	vcpu_guest_unload(&guest, &root);
	cpu.guest = NULL;
}
void guest_exit_cpuid(struct vcpu *vcpu)
{
	(void)vcpu;
	note(CPUID, 0, 0);
}
void guest_exit_rdmsr(struct vcpu *vcpu)
{
	(void)vcpu;
	note(RDMSR, 0, 0);
}
void guest_exit_wrmsr(struct vcpu *vcpu)
{
	(void)vcpu;
	note(WRMSR, 0, 0);
}
void guest_exit_xsetbv(struct vcpu *vcpu)
{
	(void)vcpu;
	note(XSETBV, 0, 0);
}
void guest_exit_io(struct vcpu *vcpu, struct io_access access)
{
	(void)vcpu;
	note(IO, access.port,
	     (uint64_t)access.bytes << 16 | (uint64_t)access.in << 9 | (uint64_t)access.string << 8 | access.length);
}
void guest_exit_hlt(struct vcpu *vcpu)
{
	(void)vcpu;
	note(HLT, 0, 0);
}
void guest_exit_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes)
{
	(void)vcpu;
	(void)bytes;
	note(CR4, value, 0);
}
uint64_t guest_cr8(struct vcpu *vcpu)
{
	(void)vcpu;
	return 9;
}
void guest_exit_cr8(struct vcpu *vcpu, uint64_t value)
{
	(void)vcpu;
	note(CR8, value, 0);
}
void guest_exit_tdcall(struct vcpu *vcpu, bool known)
{
	(void)vcpu;
	note(known ? TDCALL : UD, 0, 0);
}
void guest_exit_exception(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	(void)vcpu;
	note(vector == VECTOR_UD ? REFUSED : EXCEPTION, vector, error_code);
}
void guest_exit_stage2(struct vcpu *vcpu, const struct guest_fault *fault)
{
	(void)vcpu;
	note(STAGE2, fault->address.value | (fault->write ? 1 : 0) | (fault->fetch ? 2 : 0), fault->linear);
}
void guest_exit_preempted(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, &guest);
	leave(PREEMPTED);
}
void guest_exit_dead(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, &guest);
	leave(DEAD);
}

static bool kicked_at_the_look;

/* The look at what a kick asks for: one that arrives after it must end the guest's turn. */
bool guest_exit_resumes(struct cpu *at)
{
	assert_ptr_equal(at, &cpu);
	if (kicked_at_the_look)
		vcpu_nmi_arrived();
	return cpu.guest != NULL;
}

static int setup(void **state)
{
	(void)state;
	memset(fields, 0, sizeof(fields));
	memset(page, 0, sizeof(page));
	cpu = (struct cpu){.machine = &m, .vcpu = &root, .guest = &guest, .index = 3};
	root = (struct vcpu){.frame = &frame, .cpu = &cpu, .domain = &domain, .tag = VCPU_ROOT_TAG};
	root.vendor.vmcs = vmcs[ROOT];
	guest = (struct vcpu){.frame = &frame, .cpu = &cpu, .domain = &domain, .tag = VCPU_GUEST_TAG};
	m = (struct machine){.vendor = &vendor};
	vendor.controls = (struct controls){.revision = REVISION, .word = {0x3f, 0x96006172, 0x40000aa, 0, 0xd3ff}};
	current = ROOT;
	answer = NOTHING;
	page_cleared = kicked_at_the_look = false;
	taken_nmis = flushed = clears = 0;
	crash_kind = CRASH_NONE;
	vcpu_guest_load(&guest, vmcs[DOMAIN]);
	vcpu_guest_start(&guest);
	fields[DOMAIN][PRIMARY_CONTROLS] &= ~(uint64_t)TRAP_FLAG;
	return 0;
}

static void leave_guest(uint32_t reason)
{
	answer = NOTHING;
	fields[DOMAIN][EXIT_REASON] = reason;
	if (setjmp(left) == 0)
		vmx_guest_exit(&guest);
}

static bool trap_flag(void)
{
	return (fields[DOMAIN][PRIMARY_CONTROLS] & TRAP_FLAG) != 0;
}

/* docs/guest-abi.md, section 9: 32-bit protected mode at the end of 4 GiB, IA-32e mode asked for. */
static void starts(void **state)
{
	(void)state;
	vcpu_guest_start(&guest);
	assert_true(trap_flag()); /* a kick may have come before */
	assert_int_equal(fields[DOMAIN][PIN_BASED_CONTROLS], 0x3f | 1);
	assert_int_equal(fields[DOMAIN][PRIMARY_CONTROLS], 0x96006172 | 0x20180c80 | TRAP_FLAG);
	assert_int_equal(fields[DOMAIN][SECONDARY_CONTROLS], 0xaa | 1u << 6);
	assert_int_equal(fields[DOMAIN][ENTRY_CONTROLS], 0xd1ff);
	assert_int_equal(fields[DOMAIN][EXCEPTION_BITMAP], 1u << 1 | 1u << 6 | 1u << 17 | 1u << 18);
	assert_int_equal(fields[DOMAIN][CR4_MASK], ~0x370effull | 0x40040);
	assert_int_equal(fields[DOMAIN][GUEST_CR0], 0x31);
	assert_int_equal(fields[DOMAIN][GUEST_CR4], 0x2040);
	assert_int_equal(fields[DOMAIN][CR4_SHADOW], 0x40);
	assert_int_equal(fields[DOMAIN][GUEST_EFER], 0x901);
	assert_int_equal(fields[DOMAIN][GUEST_RIP], 0xfffffff0);
	assert_int_equal(fields[DOMAIN][GUEST_CS_RIGHTS], 0xc09b);
	assert_int_equal(fields[DOMAIN][GUEST_SS_RIGHTS], 0xc093);
	assert_int_equal(dr6, 0xffff0ff0);
	assert_int_equal(fields[DOMAIN][HOST_RIP], (uintptr_t)vmx_guest_exit_entry);
}

static const struct {
	uint32_t reason;
	enum answer answer;
} answers[] = {
	{10, CPUID},        {31, RDMSR},        {32, WRMSR},   {55, XSETBV},  {30, IO},      {12, HLT},
	{13, NOTHING},      {54, NOTHING},      {77, TDCALL},  {11, REFUSED}, {18, REFUSED}, {19, REFUSED},
	{27, REFUSED},      {36, REFUSED},      {39, REFUSED}, {50, REFUSED}, {53, REFUSED}, {59, REFUSED},
	{76, REFUSED},      {84, REFUSED},      {85, REFUSED}, {48, STAGE2},  {7, NOTHING},  {37, NOTHING},
	{1, PREEMPTED},     {2, DEAD},          {9, DEAD},     {49, DEAD},    {4, DEAD},     {8, DEAD},
	{0x80000021, DEAD}, {0x80000022, DEAD},
};

/* Who is left is the root guest's. */
static void each_reason(void **state)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		setup(state);
		leave_guest(answers[i].reason);
		assert_int_equal(answer, answers[i].answer);
		assert_ptr_equal(entered, answer == PREEMPTED || answer == DEAD ? &root : &guest);
	}
	setup(state);
	fields[DOMAIN][EXIT_INSTRUCTION_LENGTH] = 2;
	leave_guest(13);
	leave_guest(54);
	assert_int_equal(fields[DOMAIN][GUEST_RIP], 0xfffffff4); /* INVD and WBINVD are stepped over */
	leave_guest(15);                                         /* RDPMC */
	assert_true(answer == EXCEPTION && answered[0] == 13 && answered[1] == 0);
}

static void qualifications(void **state)
{
	(void)state;
	fields[DOMAIN][EXIT_QUALIFICATION] = 0x5100000 | 1u << 3 | 1u << 4 | 3;
	fields[DOMAIN][EXIT_INSTRUCTION_LENGTH] = 2;
	leave_guest(30);
	assert_true(answered[0] == 0x510 && answered[1] == (4u << 16 | 1u << 9 | 1u << 8 | 2));
	fields[DOMAIN][GUEST_PHYSICAL_ADDRESS] = 0x12340;
	fields[DOMAIN][0x640a] = 0x7000;
	fields[DOMAIN][EXIT_QUALIFICATION] = 1u << 7 | 1u << 1;
	leave_guest(48);
	assert_true(answered[0] == 0x12341 && answered[1] == 0x7000);
	fields[DOMAIN][EXIT_QUALIFICATION] = 1u << 2;
	leave_guest(48);
	assert_true(answered[0] == 0x12342 && answered[1] == 0);
}

static void control_registers(void **state)
{
	(void)state;
	fields[DOMAIN][EXIT_QUALIFICATION] = 7u << 8;
	leave_guest(28);
	assert_true(answer == NOTHING && fields[DOMAIN][CR0_SHADOW] == 7);
	fields[DOMAIN][EXIT_QUALIFICATION] = 4 | 7u << 8;
	leave_guest(28);
	assert_true(answer == CR4 && answered[0] == 7);
	fields[DOMAIN][EXIT_QUALIFICATION] = 8 | 7u << 8;
	leave_guest(28);
	assert_true(answer == CR8 && answered[0] == 7);
	fields[DOMAIN][EXIT_INSTRUCTION_LENGTH] = 2;
	for (unsigned number = 0; number < 16; number++) {
		frame.guest = (struct registers){.rax = 1};
		fields[DOMAIN][GUEST_RIP] = 0x1000;
		fields[DOMAIN][GUEST_RSP] = 1;
		fields[DOMAIN][EXIT_QUALIFICATION] = 8 | 1u << 4 | number << 8;
		leave_guest(28);
		assert_int_equal(fields[DOMAIN][GUEST_RIP], 0x1002);
		assert_int_equal(fields[DOMAIN][GUEST_RSP], number == 4 ? 9 : 1);
		assert_int_equal(frame.guest.rax, number == 0 ? 9 : 1);
		assert_int_equal(frame.guest.rcx, number == 1 ? 9 : 0);
		assert_int_equal(frame.guest.rbp, number == 5 ? 9 : 0);
		assert_int_equal(frame.guest.r15, number == 15 ? 9 : 0);
	}
}

static void exceptions(void **state)
{
	(void)state;
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000306;
	leave_guest(0);
	assert_int_equal(answer, UD);
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000b11;
	fields[DOMAIN][0x4406] = 5;
	leave_guest(0);
	assert_true(answer == EXCEPTION && answered[0] == 17 && answered[1] == 5);
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000312;
	leave_guest(0);
	assert_int_equal(crash_kind, CRASH_MACHINE_CHECK);
}

/* During an entry (SDM 3C 26.8): what is said of an exception is that of an earlier exit. */
static void a_machine_check_during_the_entry(void **state)
{
	(void)state;
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000306;
	leave_guest(0x80000029);
	assert_int_equal(crash_kind, CRASH_MACHINE_CHECK);
}

/* DR6 and DR7 as the delivery leaves them; INT1 is over, another trap has its instruction again, or the next. */
static void debug_exceptions(void **state)
{
	(void)state;
	dr6 = 0xffff0ff4;
	fields[DOMAIN][GUEST_DR7] = 0x2400;
	fields[DOMAIN][GUEST_RIP] = 0x1000;
	fields[DOMAIN][EXIT_INSTRUCTION_LENGTH] = 1;
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000301;
	fields[DOMAIN][EXIT_QUALIFICATION] = 0x4002;
	leave_guest(0);
	assert_true(answer == EXCEPTION && answered[0] == 1);
	assert_int_equal(dr6, 0xffff4ff2);
	assert_int_equal(fields[DOMAIN][GUEST_DR7], 0x400);
	assert_int_equal(fields[DOMAIN][GUEST_RIP], 0x1000);
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000501;
	leave_guest(0);
	assert_int_equal(fields[DOMAIN][GUEST_RIP], 0x1001);
}

/*
 * INT1 after MOV to SS, or a step over STI, with TF: of the exit for #DB the CPU does not say that a single step is
 * pending, and would refuse an entry in the shadow without one (SDM 3C 26.3.1.5; CVE-2019-19583).
 */
static void debug_exceptions_in_a_shadow(void **state)
{
	static const uint32_t infos[] = {0x80000501, 0x80000301};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		fields[DOMAIN][GUEST_RFLAGS] = 0x302;
		fields[DOMAIN][GUEST_INTERRUPTIBILITY] = i < 2 ? 1 : 2;
		fields[DOMAIN][EXIT_INTERRUPTION_INFO] = infos[i % 2];
		leave_guest(0);
		assert_int_equal(answer, EXCEPTION);
		assert_int_equal(fields[DOMAIN][GUEST_INTERRUPTIBILITY], 0);
	}
}

/* In the guest: the root guest has it, at once. */
static void nmi_in_guest(void **state)
{
	(void)state;
	cpu.nmi_seen = true; /* by its handler */
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000202;
	leave_guest(0);
	assert_int_equal(answer, PREEMPTED);
	assert_ptr_equal(entered, &root);
	assert_int_equal(taken_nmis, 1);
}

/* A kick is for the domain: it goes on, without the trap flag that the handler set. */
static void kick_in_guest(void **state)
{
	(void)state;
	fields[DOMAIN][EXIT_INTERRUPTION_INFO] = 0x80000202;
	leave_guest(0);
	assert_int_equal(answer, NOTHING);
	assert_true(entered == &guest && !trap_flag());
	kicked_at_the_look = true;
	leave_guest(0);
	assert_true(entered == &guest && trap_flag());
	leave_guest(37);
	assert_true(entered == &guest && trap_flag());
}

static void init_in_guest(void **state)
{
	(void)state;
	leave_guest(3);
	assert_int_equal(answer, PREEMPTED);
	assert_true(entered == &root && root.startup.init);
}

/* While the root guest's VMCS was current, its trap flag was set, and not the domain's. */
static void nmi_before_the_first_entry(void **state)
{
	(void)state;
	cpu.nmi_seen = true;
	if (setjmp(left) == 0)
		vcpu_guest_enter(&guest);
	assert_true(answer == PREEMPTED && entered == &root && taken_nmis == 1);
}

/* The one write of the controls that comes after the look at what a kick asks for. */
static void window(void **state)
{
	(void)state;
	vcpu_guest_await_window(&guest, false, 0);
	assert_false(trap_flag());
	vcpu_guest_await_window(&guest, true, 0);
	assert_true(trap_flag() && (fields[DOMAIN][PRIMARY_CONTROLS] & WINDOW) != 0);
	leave_guest(37);
	assert_true(!trap_flag() && (fields[DOMAIN][PRIMARY_CONTROLS] & WINDOW) != 0);
	vcpu_guest_await_window(&guest, true, 0);
	assert_false(trap_flag());
	vcpu_guest_await_window(&guest, false, 0);
	assert_true(trap_flag() && (fields[DOMAIN][PRIMARY_CONTROLS] & WINDOW) == 0);
}

static void interrupts(void **state)
{
	static const struct {
		uint64_t rflags, blocking, event, pending;
		bool takes;
	} cases[] = {
		{0x202, 0, 0, 0, true},       {2, 0, 0, 0, false},    {0x202, 1, 0, 0, false},
		{0x202, 2, 0, 0, false},      {0x202, 8, 0, 0, true}, {0x202, 0, 0x80000314, 0, false},
		{0x302, 0, 0, 0x4000, false}, {0x302, 0, 0, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fields[DOMAIN][GUEST_RFLAGS] = cases[i].rflags;
		fields[DOMAIN][GUEST_INTERRUPTIBILITY] = cases[i].blocking;
		fields[DOMAIN][ENTRY_INTERRUPTION_INFO] = cases[i].event;
		fields[DOMAIN][GUEST_PENDING_DEBUG] = cases[i].pending; /* an injection would drop it (SDM 3C 26.7.3) */
		assert_int_equal(vcpu_guest_interrupt(&guest, 0xf3), cases[i].takes);
		assert_int_equal(fields[DOMAIN][ENTRY_INTERRUPTION_INFO], cases[i].takes ? 0x800000f3 : cases[i].event);
	}
	fields[DOMAIN][GUEST_RFLAGS] = 2;
	vcpu_guest_inject_ve(&guest);
	assert_int_equal(fields[DOMAIN][ENTRY_INTERRUPTION_INFO], 0x80000314);
	assert_int_equal(fields[DOMAIN][GUEST_RFLAGS], 0x10002);
}

static void mode(void **state)
{
	(void)state;
	fields[DOMAIN][GUEST_CR0] = 0x31;
	fields[DOMAIN][GUEST_EFER] = 0x901;
	fields[DOMAIN][GUEST_CS_RIGHTS] = 0xa09b;
	assert_int_equal(vcpu_guest_mode(&guest), GUEST_UNPAGED);
	fields[DOMAIN][GUEST_CR0] = 0x80000031;
	assert_int_equal(vcpu_guest_mode(&guest), GUEST_PAGED);
	fields[DOMAIN][GUEST_EFER] = 0xd01;
	assert_int_equal(vcpu_guest_mode(&guest), GUEST_64BIT);
	fields[DOMAIN][GUEST_CS_RIGHTS] = 0xc09b;
	assert_int_equal(vcpu_guest_mode(&guest), GUEST_COMPATIBILITY);
}

/* Another CPU loads what this one flushed: without a first VMCLEAR that would forget it. */
static void loaded_again(void **state)
{
	(void)state;
	vcpu_guest_unload(&guest, &root);
	vcpu_guest_flush(vmcs[DOMAIN]);
	fields[DOMAIN][PRIMARY_CONTROLS] |= TRAP_FLAG;
	vcpu_guest_load(&guest, vmcs[DOMAIN]);
	assert_int_equal(clears, 2);
	assert_false(trap_flag());
	fields[DOMAIN][EPT_POINTER] = 0x7701e;
	vcpu_guest_flush_tlb(&guest);
	assert_int_equal(flushed, 0x7701f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts, setup),
		cmocka_unit_test(each_reason),
		cmocka_unit_test_setup(qualifications, setup),
		cmocka_unit_test_setup(control_registers, setup),
		cmocka_unit_test_setup(exceptions, setup),
		cmocka_unit_test_setup(a_machine_check_during_the_entry, setup),
		cmocka_unit_test_setup(debug_exceptions, setup),
		cmocka_unit_test_setup(debug_exceptions_in_a_shadow, setup),
		cmocka_unit_test_setup(nmi_in_guest, setup),
		cmocka_unit_test_setup(kick_in_guest, setup),
		cmocka_unit_test_setup(init_in_guest, setup),
		cmocka_unit_test_setup(nmi_before_the_first_entry, setup),
		cmocka_unit_test_setup(window, setup),
		cmocka_unit_test_setup(interrupts, setup),
		cmocka_unit_test_setup(mode, setup),
		cmocka_unit_test_setup(loaded_again, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
