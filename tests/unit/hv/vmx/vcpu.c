/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/vmx/exit.c hv/vcpu/event.c hv/root/cpuid.c */
/* Exits and entries on a VMCS in memory: stepping, injection, NMIs that arrive at any time, EFER, INIT, CR0. */
#include "hv_test.h"

#include "entry_check.h"
#include "vcpu/event.h"
#include "x86/msr.h"
#include "machine/cpu.h"
#include "vcpu/domain.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"
#include "vendor_machine.h"
#include "vmx.h"
#include "x86/instructions.h"

#define PRIMARY 0x96006172u

static uint64_t fields[0x6c20];
static unsigned invalidations, reads, writes, nmis, handled, crashes;
static struct vendor_machine vendor;
static struct machine m;
static struct entry_frame frame;
static struct cpu cpu;
static struct domain domain;
static struct vcpu vcpu;
#define TAG 7u
static jmp_buf crashed;
static enum crash_kind crash_kind;

uint64_t vmread(uint32_t field)
{
	assert_in_range(field, 0, 0x6c1f);
	reads++;
	return fields[field];
}

void vmwrite(uint32_t field, uint64_t value)
{
	assert_in_range(field, 0, 0x6c1f);
	writes++;
	fields[field] = value;
}

uint64_t rdmsr(uint32_t msr)
{
	if (msr == IA32_VMX_CR4_FIXED1)
		return 0xf767ff; /* with PCIDE, PKE and CET, without LA57 */
	assert_int_equal(msr, IA32_VMX_CR0_FIXED0);
	return 0x80000021;
}

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	return (struct cpuid_result){leaf + 1, subleaf + 2, 3, 4};
}

void crash(struct cpu *at, const struct crash_record *record)
{
	assert_ptr_equal(at, &cpu);
	crash_kind = record->kind;
	crashes++;
	longjmp(crashed, 1);
}

void raise_nmi(void)
{
	handled++;
	vcpu_nmi_arrived(); /* as the handler in cpu.c does */
}

void exit_nmi(struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	nmis++;
}

void apic_reset(void)
{
}

void write_cr2(uint64_t value)
{
	assert_int_equal(value, 0);
}

void write_dr6(uint64_t value)
{
	assert_int_equal(value, 0xffff0ff0);
}

void clear_debug_addresses(void)
{
}

void invvpid(uint64_t type, uint64_t vpid)
{
	assert_int_equal(type, INVALIDATE_SINGLE);
	assert_int_equal(vpid, TAG);
	invalidations++;
}

uint64_t vmx_guest_cr0(uint64_t cr0)
{
	return cr0 | CR0_NE;
}

void vmx_write_segment(enum vmcs_segment which, const struct segment *segment)
{
	fields[SEGMENT_FIELD(GUEST_ES_SELECTOR, which)] = segment->selector;
	fields[SEGMENT_FIELD(GUEST_ES_RIGHTS, which)] = segment->rights;
	fields[SEGMENT_FIELD(GUEST_ES_LIMIT, which)] = segment->limit;
	fields[SEGMENT_FIELD(GUEST_ES_BASE, which)] = segment->base;
}

/* Answers that have separate tests. */
void entry_check(struct vcpu *at)
{
	(void)at;
}
void speculation_before_entry(const struct speculation *speculation)
{
	(void)speculation;
}
void exit_rdmsr(struct vcpu *at)
{
	vcpu_advance(at, RDMSR_BYTES);
}
void exit_wrmsr(struct vcpu *at)
{
	vcpu_inject(at, VECTOR_GP, 0);
}
void exit_xsetbv(struct vcpu *at)
{
	vcpu_inject(at, VECTOR_GP, 0);
}
void exit_hypercall(struct vcpu *at)
{
	vcpu_advance(at, VMCALL_BYTES);
}
void exit_io_port(struct vcpu *at, struct io_access access)
{
	if (access.port == 0x64 && access.bytes == 2 && access.in && !access.string)
		vcpu_advance(at, access.length);
	else
		vcpu_inject(at, VECTOR_GP, 0);
}
static unsigned looks; /* at what waits */

void exit_housekeeping(struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	looks++;
}
void exit_invd(struct vcpu *at)
{
	vcpu_advance(at, INVD_BYTES);
}
void exit_init(struct vcpu *at)
{
	at->startup.init = true;
}
void exit_stage2(struct vcpu *at, gpa_t address, bool write, bool fetch)
{
	assert_int_equal(address.value, 0xfed41000);
	assert_true(write);
	assert_false(fetch);
	vcpu_inject(at, VECTOR_GP, 0);
}
void exit_refused(struct vcpu *at)
{
	vcpu_inject(at, VECTOR_UD, 0);
}
void exit_startup(struct vcpu *at)
{
	at->startup.init = false;
	vcpu_reset(at);
	vcpu_start(at, 0x9a);
}

static int setup(void **state)
{
	(void)state;
	memset(fields, 0, sizeof(fields));
	cpu = (struct cpu){.machine = &m, .vcpu = &vcpu};
	vcpu = (struct vcpu){.frame = &frame, .cpu = &cpu, .domain = &domain, .tag = TAG};
	memset(&frame, 0, sizeof(frame));
	m = (struct machine){.vendor = &vendor};
	vendor.controls.word[WORD_PRIMARY] = PRIMARY;
	vendor.controls.word[WORD_ENTRY] = 0xd3ff;
	fields[PRIMARY_CONTROLS] = PRIMARY;
	fields[GUEST_CR0] = 0x80000031;
	fields[GUEST_RIP] = 0x1000;
	fields[GUEST_RFLAGS] = 2;
	fields[GUEST_CS_RIGHTS] = 0xa09b;
	fields[EXIT_INSTRUCTION_LENGTH] = 3;
	invalidations = reads = writes = nmis = handled = crashes = 0;
	return 0;
}

static void leave_guest(uint32_t reason)
{
	fields[EXIT_REASON] = reason;
	vmx_exit(&vcpu);
}

/* As programs run, with interrupts on, in a shadow or not. Leaves 1 and 7 mirror CR4, which is no field more. */
static void cpuid_is_cheap(void **state)
{
	const uint32_t shadows[] = {0, BLOCKING_STI, BLOCKING_MOV_SS};
	uint64_t length = 2; /* 15 with all prefixes that fit */

	(void)state;
	for (unsigned i = 0; i < 3; i++, length += 6) {
		fields[EXIT_INSTRUCTION_LENGTH] = length;
		reads = writes = 0;
		fields[GUEST_RIP] = 0x1000;
		fields[GUEST_RFLAGS] = 0x202;
		fields[GUEST_INTERRUPTIBILITY] = shadows[i];
		frame.guest.rax = 0;
		leave_guest(REASON_CPUID);
		assert_int_equal(reads, 4);
		assert_int_equal(writes, 1);
		assert_int_equal(fields[GUEST_RIP], 0x1000 + length);
		assert_int_equal(fields[GUEST_INTERRUPTIBILITY], shadows[i]);
		assert_int_equal(frame.guest.rax, 1);
	}
	for (uint32_t leaf = 1; leaf <= 7; leaf += 6) {
		reads = writes = 0;
		frame.guest.rax = leaf;
		frame.guest.rcx = 0;
		leave_guest(REASON_CPUID);
		assert_int_equal(reads, 4);
		assert_int_equal(writes, 1);
	}
}

/* A step over CPUID traps after it, whatever shadow it stood in: the shadow ends, the trap is pending. */
static void cpuid_steps(void **state)
{
	const uint32_t shadows[] = {0, BLOCKING_STI, BLOCKING_MOV_SS};

	for (unsigned i = 0; i < 3; i++) {
		setup(state);
		fields[GUEST_RFLAGS] = 0x302;
		fields[GUEST_INTERRUPTIBILITY] = shadows[i] | BLOCKING_NMI;
		leave_guest(REASON_CPUID);
		assert_int_equal(fields[GUEST_INTERRUPTIBILITY], BLOCKING_NMI);
		assert_int_equal(fields[GUEST_PENDING_DEBUG], 1u << 14);
	}
}

static void steps_over(void **state)
{
	(void)state;
	fields[GUEST_INTERRUPTIBILITY] = BLOCKING_MOV_SS | BLOCKING_NMI;
	leave_guest(REASON_RDMSR);
	assert_int_equal(fields[GUEST_RIP], 0x1003);
	assert_int_equal(fields[GUEST_INTERRUPTIBILITY], BLOCKING_NMI);
	assert_int_equal(fields[GUEST_PENDING_DEBUG], 0);
	fields[GUEST_RFLAGS] = 0x202;
	fields[GUEST_INTERRUPTIBILITY] = BLOCKING_STI;
	leave_guest(REASON_RDMSR);
	assert_int_equal(fields[GUEST_INTERRUPTIBILITY], 0);
}

/* Of an exception the exit has no length: the field says what it likes (SDM 3C 27.2.5). */
static void an_exception_has_no_length(void **state)
{
	(void)state;
	for (uint64_t length = 0; length < 16; length += 3) {
		fields[GUEST_RIP] = 0x1000;
		fields[EXIT_INSTRUCTION_LENGTH] = length;
		vcpu.vendor.reason = REASON_EXCEPTION_NMI;
		vcpu_advance(&vcpu, 4);
		assert_int_equal(fields[GUEST_RIP], 0x1004);
	}
}

/* What waits is looked at after each exit but the two that must be fast. */
static void looks_after_others(void **state)
{
	(void)state;
	looks = 0;
	leave_guest(REASON_CPUID);
	leave_guest(REASON_VMCALL);
	assert_int_equal(looks, 0);
	leave_guest(REASON_RDMSR);
	leave_guest(REASON_INVD);
	assert_int_equal(looks, 2);
}

/* RIP has 32 bits outside 64-bit code; in it, it carries. */
static void end_of_4_gib(void **state)
{
	(void)state;
	fields[GUEST_RIP] = 0xfffffffe;
	fields[EXIT_INSTRUCTION_LENGTH] = 2;
	leave_guest(REASON_CPUID);
	assert_int_equal(fields[GUEST_RIP], 0x100000000);
	fields[GUEST_RIP] = 0xfffffffe;
	fields[GUEST_CS_RIGHTS] = 0xc09b;
	leave_guest(REASON_CPUID);
	assert_int_equal(fields[GUEST_RIP], 0);
}

/* That of SS: the DPL of a conforming CS may be lower than the CPL (SDM 3A 6.8.1). */
static void cpl_is_that_of_ss(void **state)
{
	(void)state;
	fields[GUEST_CS_RIGHTS] = 0xa09f;
	fields[GUEST_SS_RIGHTS] = 0xc0f3;
	assert_int_equal(vcpu_cpl(&vcpu), 3);
	fields[GUEST_CS_RIGHTS] = 0xa0fb;
	fields[GUEST_SS_RIGHTS] = 0xc093;
	assert_int_equal(vcpu_cpl(&vcpu), 0);
}

static void exceptions_are_injected_with_their_error_code(void **state)
{
	(void)state;
	vcpu_inject(&vcpu, VECTOR_GP, 0x18);
	assert_int_equal(fields[ENTRY_EXCEPTION_ERROR_CODE], 0x18);
	leave_guest(REASON_WRMSR);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000b0d);
	leave_guest(REASON_VMXON);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000306);
	leave_guest(REASON_VMXON - 3);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000306);
	fields[GUEST_CR0] = 0x30; /* real mode */
	leave_guest(REASON_WRMSR);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x8000030d);
}

static void delivers_again(void **state)
{
	(void)state;
	fields[IDT_VECTORING_INFO] = 0x80000b0e; /* #PF with a code */
	fields[IDT_VECTORING_ERROR_CODE] = 7;
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000b0e);
	assert_int_equal(fields[ENTRY_EXCEPTION_ERROR_CODE], 7);
	assert_int_equal(fields[ENTRY_INSTRUCTION_LENGTH], 0); /* of software's events only */
	fields[IDT_VECTORING_INFO] = 0x80000480;               /* INT 0x80, whose error code is not written */
	fields[IDT_VECTORING_ERROR_CODE] = 0x1ffff;
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000480);
	assert_int_equal(fields[ENTRY_EXCEPTION_ERROR_CODE], 7);
	assert_int_equal(fields[ENTRY_INSTRUCTION_LENGTH], 3);
	fields[IDT_VECTORING_INFO] = 0x80000202; /* NMI: its delivery starts again */
	fields[GUEST_INTERRUPTIBILITY] = BLOCKING_NMI;
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000202);
	assert_int_equal(fields[GUEST_INTERRUPTIBILITY], 0);
}

/* Bit 12 is undefined at an exit, bit 13 is FRED's, and an entry refuses both (SDM 3C 24.9.3, 26.2.1.3). */
static void undefined_bits(void **state)
{
	(void)state;
	for (unsigned bit = 12; bit <= 30; bit++) {
		fields[IDT_VECTORING_INFO] = 0x80000030 | 1u << bit;
		leave_guest(REASON_TRAP_FLAG);
		assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000030);
		assert_int_equal(vcpu.vendor.delivering, 0x80000030);
	}
	fields[ENTRY_INTERRUPTION_INFO] = 0;
	fields[IDT_VECTORING_INFO] = 0x7fffffff;
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0);
}

/* Each is answered: the CPU goes on, and the guest has its exception. */
static void refused_exits_end_in_an_exception(void **state)
{
	const struct {
		uint32_t reason, event;
	} exits[] = {{9, 0x80000b0d}, {76, 0x80000306}, {77, 0x80000306}, {84, 0x80000306}, {85, 0x80000306}};

	(void)state;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		fields[ENTRY_INTERRUPTION_INFO] = 0;
		leave_guest(exits[i].reason);
		assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], exits[i].event);
		assert_int_equal(fields[GUEST_RIP], 0x1000);
	}
}

static void faults_during_delivery(void **state)
{
	(void)state;
	fields[GUEST_PHYSICAL_ADDRESS] = 0xfed41000;
	fields[EXIT_QUALIFICATION] = 2;
	fields[IDT_VECTORING_INFO] = 0x80000b0e;
	leave_guest(REASON_EPT_VIOLATION);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000b08);
	fields[IDT_VECTORING_INFO] = 0x80000b08;
	if (setjmp(crashed) == 0)
		leave_guest(REASON_EPT_VIOLATION);
	assert_int_equal(crashes, 1);
	assert_int_equal(crash_kind, CRASH_GUEST_SHUTDOWN);
}

static void fatal_exits_crash_with_their_kind(void **state)
{
	const struct {
		uint32_t reason;
		enum crash_kind kind;
	} ends[] = {
		{REASON_TRIPLE_FAULT, CRASH_GUEST_SHUTDOWN},
		{0x80000021, CRASH_ENTRY_REFUSED},
		{0x80000000 | REASON_CPUID, CRASH_ENTRY_REFUSED},
		{49, CRASH_UNKNOWN_EXIT},
		{0xffff, CRASH_UNKNOWN_EXIT},
		{REASON_EXCEPTION_NMI, CRASH_MACHINE_CHECK},
	};

	for (volatile size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		setup(state);
		fields[EXIT_INTERRUPTION_INFO] = 0x80000312;
		if (setjmp(crashed) == 0)
			leave_guest(ends[i].reason);
		assert_int_equal(crashes, 1);
		assert_int_equal(crash_kind, ends[i].kind);
	}
}

static void port_exits_decode_the_qualification(void **state)
{
	(void)state;
	fields[EXIT_QUALIFICATION] = 0x64ull << 16 | 1 << 3 | 1;
	leave_guest(REASON_IO);
	assert_int_equal(fields[GUEST_RIP], 0x1003);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0);
	fields[EXIT_QUALIFICATION] |= 1 << 4;
	leave_guest(REASON_IO);
	assert_int_equal(fields[GUEST_RIP], 0x1003);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000b0d);
}

/* An NMI that is an exit: looked at, and no trap flag stays. */
static void nmi_in_guest(void **state)
{
	(void)state;
	fields[EXIT_INTERRUPTION_INFO] = 0x80000202;
	leave_guest(REASON_EXCEPTION_NMI);
	assert_int_equal(handled, 1); /* which ends the blocking of NMIs */
	assert_int_equal(nmis, 1);
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY);
}

/* One that arrives while another exit is answered ends the next entry at once, and HLT with it. */
static void nmi_in_hypervisor(void **state)
{
	(void)state;
	fields[GUEST_ACTIVITY_STATE] = 1;
	vcpu_nmi_arrived();
	leave_guest(REASON_CPUID);
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY | PRIMARY_TRAP_FLAG);
	assert_int_equal(fields[GUEST_ACTIVITY_STATE], ACTIVITY_ACTIVE);
	assert_int_equal(nmis, 0);
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(nmis, 1);
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY);
}

#define EPTP(root) ((root) | 0x1eull)

/* One instruction on another table, or none if an NMI comes first. */
static void detour_lasts_one_instruction(void **state)
{
	(void)state;
	domain.stage2.root = paddr(0x5000);
	vcpu_detour(&vcpu, paddr(0x9000));
	assert_int_equal(fields[EPT_POINTER], EPTP(0x9000));
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY | PRIMARY_TRAP_FLAG);
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(fields[EPT_POINTER], EPTP(0x5000));
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY);
	vcpu_detour(&vcpu, paddr(0x9000));
	fields[EXIT_INTERRUPTION_INFO] = 0x80000202;
	leave_guest(REASON_EXCEPTION_NMI);
	assert_int_equal(fields[EPT_POINTER], EPTP(0x5000));
}

/*
 * Between request and window, and at the window itself, the trap flag is never lost; STI does not block what is
 * injected.
 */
static void nmi_window(void **state)
{
	(void)state;
	vcpu_inject_nmi(&vcpu);
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY | PRIMARY_NMI_WINDOW | PRIMARY_TRAP_FLAG);
	leave_guest(REASON_TRAP_FLAG);
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY | PRIMARY_NMI_WINDOW);
	fields[GUEST_INTERRUPTIBILITY] = BLOCKING_STI;
	leave_guest(REASON_NMI_WINDOW);
	assert_int_equal(fields[GUEST_INTERRUPTIBILITY], 0);
	assert_int_equal(fields[PRIMARY_CONTROLS], PRIMARY | PRIMARY_TRAP_FLAG);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000202);
}

static void cr_access(void **state)
{
	(void)state;
	frame.guest.rbx = 0x80050033;
	fields[CR0_SHADOW] = 0x10;
	fields[EXIT_QUALIFICATION] = 3 << 8; /* MOV to CR0 from RBX */
	leave_guest(REASON_CR_ACCESS);
	assert_int_equal(fields[CR0_SHADOW], 0x80050033);
	assert_int_equal(fields[GUEST_RIP], 0x1000); /* the guest executes it again */
	frame.guest.r15 = 0x20;
	fields[EXIT_QUALIFICATION] = 15 << 8;
	leave_guest(REASON_CR_ACCESS);
	assert_int_equal(fields[CR0_SHADOW], 0x20);
	fields[GUEST_RSP] = 0x21;
	fields[EXIT_QUALIFICATION] = 4 << 8;
	leave_guest(REASON_CR_ACCESS);
	assert_int_equal(fields[CR0_SHADOW], 0x21);
}

/*
 * To CR4, from RAX. The bits that CPUID mirrors are the hypervisor's to set; the rest is left to the instruction
 * itself.
 */
static void mov_to_cr4(uint64_t value)
{
	frame.guest.rax = value;
	fields[EXIT_QUALIFICATION] = 4;
	leave_guest(REASON_CR_ACCESS);
	assert_int_equal(fields[GUEST_RIP], 0x1000);
}

static void cr4_access(void **state)
{
	(void)state;
	fields[GUEST_CR4] = CR4_VMXE | CR4_PAE | CR4_MCE;
	fields[CR4_MASK] = CR4_VMXE | CR4_SMXE | CR4_MCE | CR4_OSXSAVE; /* a CPU without protection keys */
	mov_to_cr4(CR4_OSXSAVE | CR4_PKE | CR4_SMEP);
	assert_int_equal(fields[GUEST_CR4],
			 CR4_VMXE | CR4_PAE | CR4_MCE | CR4_OSXSAVE); /* a machine check still exits */
	assert_int_equal(fields[CR4_SHADOW], CR4_OSXSAVE);
	assert_int_equal(vcpu_cr4(&vcpu) & CR4_MIRRORED, CR4_OSXSAVE);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0);
	mov_to_cr4(CR4_MCE | CR4_OSXSAVE);
	assert_int_equal(fields[CR4_SHADOW], CR4_MCE | CR4_OSXSAVE);
	fields[CR4_MASK] |= CR4_PKE;
	mov_to_cr4(CR4_PKE);
	assert_int_equal(fields[GUEST_CR4], CR4_VMXE | CR4_PAE | CR4_MCE | CR4_PKE);
	assert_int_equal(vcpu_cr4(&vcpu), CR4_PKE);
	mov_to_cr4(CR4_SMXE | CR4_OSXSAVE);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000b0d);
	fields[ENTRY_INTERRUPTION_INFO] = 0;
	mov_to_cr4(CR4_VMXE);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0x80000b0d);
	assert_int_equal(fields[CR4_SHADOW], CR4_PKE);
}

/* A write that the CPU refuses changes nothing that the guest sees. */
static void cr4_refused(void **state)
{
	const struct {
		uint64_t cr0, cr3, efer, old, value;
		bool refused;
	} writes_[] = {
		{0x80010031, 0, 0x500, 0x20, 0x40020, false},    {0x80010031, 0, 0x500, 0x20, 0x40000, true},
		{0x80010031, 0, 0x500, 0x20, 0x1020, true},      {0x80010031, 0, 0x500, 0x20, 1ull << 32, true},
		{0x80010031, 0, 0x500, 0x20, 0x20020, false},    {0x80010031, 5, 0x500, 0x20, 0x20020, true},
		{0x80010031, 5, 0x500, 0x20020, 0x20020, false}, {0x80010031, 0, 0, 0x20, 0x20020, true},
		{0x80010031, 0, 0x500, 0x20, 0x800020, false},   {0x80000031, 0, 0x500, 0x20, 0x800020, true},
		{0x80010031, 0, 0x500, 0x20, 0x8000020, true},   {0x80010031, 0, 0, 0x20, 0, false},
	};

	for (size_t i = 0; i < sizeof(writes_) / sizeof(writes_[0]); i++) {
		setup(state);
		fields[GUEST_CR0] = writes_[i].cr0;
		fields[GUEST_CR3] = writes_[i].cr3;
		fields[GUEST_EFER] = writes_[i].efer;
		fields[GUEST_CR4] = CR4_VMXE | writes_[i].old;
		fields[CR4_MASK] = CR4_VMXE | CR4_SMXE | CR4_MIRRORED;
		mov_to_cr4(writes_[i].value);
		assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], writes_[i].refused ? 0x80000b0d : 0);
		assert_int_equal(fields[CR4_SHADOW], writes_[i].refused ? 0 : writes_[i].value & CR4_MIRRORED);
	}
}

/* Outside 64-bit code the instruction takes 32 bits. */
static void cr4_of_32_bits(void **state)
{
	(void)state;
	fields[GUEST_CS_RIGHTS] = 0xc09b;
	fields[CR4_MASK] = CR4_VMXE | CR4_SMXE | CR4_MIRRORED;
	mov_to_cr4(0xffffffff00000000 | CR4_OSXSAVE);
	assert_int_equal(fields[ENTRY_INTERRUPTION_INFO], 0);
	assert_int_equal(fields[CR4_SHADOW], CR4_OSXSAVE);
}

static void efer_and_pat_keep_their_rules(void **state)
{
	uint64_t value = 0;

	(void)state;
	fields[GUEST_EFER] = 0xd00;
	assert_true(vcpu_msr_write(&vcpu, IA32_EFER, 0xd01));
	assert_int_equal(fields[GUEST_EFER], 0xd01);
	assert_int_equal(invalidations, 1);
	assert_true(vcpu_msr_write(&vcpu, IA32_EFER, 0x901)); /* LMA is not the guest's to change */
	assert_int_equal(fields[GUEST_EFER], 0xd01);
	assert_false(vcpu_msr_write(&vcpu, IA32_EFER, 0xc01));  /* LME under paging */
	assert_false(vcpu_msr_write(&vcpu, IA32_EFER, 0x1d01)); /* SVME */
	assert_int_equal(fields[GUEST_EFER], 0xd01);
	assert_true(vcpu_msr_read(&vcpu, IA32_EFER, &value));
	assert_int_equal(value, 0xd01);
	assert_false(vcpu_msr_read(&vcpu, IA32_FEATURE_CONTROL, &value));
	assert_false(vcpu_msr_write(&vcpu, IA32_FEATURE_CONTROL, 0));
	assert_true(vcpu_msr_write(&vcpu, IA32_PAT, 0x0606060606060606));
	assert_true(vcpu_msr_read(&vcpu, IA32_PAT, &value));
	assert_int_equal(value, 0x0606060606060606);
}

static const struct {
	uint32_t field;
	uint64_t value;
} after_init[] = {
	{GUEST_CR0, CR0_NE | CR0_ET},
	{CR0_SHADOW, CR0_CD | CR0_ET},
	{GUEST_CR3, 0},
	{GUEST_CR4, CR4_VMXE | CR4_MCE},
	{CR4_SHADOW, 0},
	{GUEST_EFER, 0},
	{ENTRY_CONTROLS, 0xd1ff},
	{GUEST_DR7, 0x400},
	{GUEST_RFLAGS, 2},
	{GUEST_RSP, 0},
	{GUEST_GDTR_BASE, 0},
	{GUEST_GDTR_LIMIT, 0xffff},
	{GUEST_IDTR_BASE, 0},
	{GUEST_IDTR_LIMIT, 0xffff},
	{GUEST_INTERRUPTIBILITY, 0},
	{GUEST_ACTIVITY_STATE, 0},
	{GUEST_PENDING_DEBUG, 0},
	{ENTRY_INTERRUPTION_INFO, 0},
	{PRIMARY_CONTROLS, PRIMARY | PRIMARY_TRAP_FLAG},
};

static void check_real_mode(uint16_t selector, uint64_t base, uint64_t rip)
{
	for (unsigned which = SEGMENT_ES; which <= SEGMENT_GS; which++) {
		const bool code = which == SEGMENT_CS;

		assert_int_equal(fields[SEGMENT_FIELD(GUEST_ES_SELECTOR, which)], code ? selector : 0);
		assert_int_equal(fields[SEGMENT_FIELD(GUEST_ES_BASE, which)], code ? base : 0);
		assert_int_equal(fields[SEGMENT_FIELD(GUEST_ES_RIGHTS, which)], code ? 0x9b : 0x93);
		assert_int_equal(fields[SEGMENT_FIELD(GUEST_ES_LIMIT, which)], 0xffff);
	}
	assert_int_equal(fields[GUEST_RIP], rip);
}

/* INIT (SDM 3A table 10-1), whatever was there before; then a SIPI. */
static void init_and_sipi(void **state)
{
	(void)state;
	memset(fields, 0x5a, sizeof(fields));
	fields[IDT_VECTORING_INFO] = 0;
	fields[CR0_SHADOW] |= CR0_CD;
	fields[CR0_SHADOW] &= ~CR0_NW;
	vcpu.vendor.nmi_pending = true;
	vcpu_reset(&vcpu);
	assert_int_equal(invalidations, 1);
	for (size_t i = 0; i < sizeof(after_init) / sizeof(after_init[0]); i++)
		assert_int_equal(fields[after_init[i].field], after_init[i].value);
	check_real_mode(0xf000, 0xffff0000, 0xfff0);
	assert_int_equal(fields[SEGMENT_FIELD(GUEST_ES_RIGHTS, SEGMENT_LDTR)], 0x82);
	assert_int_equal(fields[SEGMENT_FIELD(GUEST_ES_RIGHTS, SEGMENT_TR)], 0x8b);
	assert_int_equal(frame.guest.rdx, 2);
	fields[EXIT_QUALIFICATION] = 0x10;
	fields[GUEST_ACTIVITY_STATE] = 3; /* wait-for-SIPI */
	leave_guest(REASON_SIPI);
	check_real_mode(0x1000, 0x10000, 0);
	assert_int_equal(fields[GUEST_ACTIVITY_STATE], ACTIVITY_ACTIVE);
}

/* An INIT that is an exit is processed before the next entry. */
static void native_init(void **state)
{
	(void)state;
	leave_guest(REASON_INIT);
	check_real_mode(0x9a00, 0x9a000, 0);
	assert_false(vcpu.startup.init);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cpuid_is_cheap, setup),
		cmocka_unit_test_setup(undefined_bits, setup),
		cmocka_unit_test_setup(refused_exits_end_in_an_exception, setup),
		cmocka_unit_test_setup(cr4_refused, setup),
		cmocka_unit_test_setup(cr4_of_32_bits, setup),
		cmocka_unit_test_setup(cpuid_steps, setup),
		cmocka_unit_test_setup(an_exception_has_no_length, setup),
		cmocka_unit_test_setup(steps_over, setup),
		cmocka_unit_test_setup(looks_after_others, setup),
		cmocka_unit_test_setup(end_of_4_gib, setup),
		cmocka_unit_test_setup(cpl_is_that_of_ss, setup),
		cmocka_unit_test_setup(exceptions_are_injected_with_their_error_code, setup),
		cmocka_unit_test_setup(delivers_again, setup),
		cmocka_unit_test_setup(faults_during_delivery, setup),
		cmocka_unit_test_setup(fatal_exits_crash_with_their_kind, setup),
		cmocka_unit_test_setup(port_exits_decode_the_qualification, setup),
		cmocka_unit_test_setup(nmi_in_guest, setup),
		cmocka_unit_test_setup(nmi_in_hypervisor, setup),
		cmocka_unit_test_setup(nmi_window, setup),
		cmocka_unit_test_setup(cr_access, setup),
		cmocka_unit_test_setup(cr4_access, setup),
		cmocka_unit_test_setup(efer_and_pat_keep_their_rules, setup),
		cmocka_unit_test_setup(init_and_sipi, setup),
		cmocka_unit_test_setup(native_init, setup),
		cmocka_unit_test_setup(detour_lasts_one_instruction, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
