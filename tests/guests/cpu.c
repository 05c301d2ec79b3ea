/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor as the root guest sees it: CPUID shows no virtualisation and the guest's own state, instructions of
 * virtualisation are undefined, XSETBV and control registers refuse the values that hardware refuses, and debug
 * traps come through exits as through any other instruction (docs/architecture.md, section 3).
 */
#include "cpu.h"
#include "clock.h"
#include "hyper.h"
#include "machine.h"
#include "tap.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STORM        1000u

static uint8_t scratch[4096] __attribute__((aligned(4096)));

/* --- CPUID --- */

FORM(form_cpuid, "cpuid");

enum part { EAX, EBX, ECX, EDX };

struct feature {
	const char *name;
	uint32_t leaf;
	enum part part;
	uint32_t bits;
};

static const struct feature hidden[] = {
	{"VMX", 0x1, ECX, 1u << 5},
	{"SMX", 0x1, ECX, 1u << 6},
	{"SGX", 0x7, EBX, 1u << 2},
	{"processor trace", 0x7, EBX, 1u << 25},
	{"SGX launch control", 0x7, ECX, 1u << 30},
	{"SGX leaf", 0x12, EAX, ~0u},
	{"processor trace leaf", 0x14, EBX, ~0u},
	{"SVM", 0x80000001, ECX, 1u << 2},
	{"SKINIT", 0x80000001, ECX, 1u << 12},
	{"SVM leaf, revision", 0x8000000a, EAX, ~0u},
	{"SVM leaf, ASIDs", 0x8000000a, EBX, ~0u},
	{"SVM leaf, features", 0x8000000a, EDX, ~0u},
	{"memory encryption leaf", 0x8000001f, EAX, ~0u},
	{"KVM features", 0x40000001, EAX, ~0u},
};

static uint32_t cpuid_part(uint32_t leaf, enum part part)
{
	const struct cpuid_result r = cpuid(leaf, 0);
	const uint32_t parts[] = {r.eax, r.ebx, r.ecx, r.edx};

	return parts[part];
}

static void test_hidden(void)
{
	for (uint32_t i = 0; i < COUNT(hidden); i++)
		ok(!(cpuid_part(hidden[i].leaf, hidden[i].part) & hidden[i].bits), "CPUID hides %s", hidden[i].name);
}

static void test_signatures(void)
{
	struct cpuid_result r = cpuid(0x40000000, 0);

	ok(cpuid(1, 0).ecx >> 31, "CPUID shows the hypervisor bit");
	ok(r.ebx == 0x4b4d564b && r.ecx == 0x564b4d56 && r.edx == 0x4d, "CPUID 40000000 has KVM's signature");
	ok(hypervisor_present() && cpuid(HV_CPUID_BASE, 0).eax == HV_CPUID_VERSION, "CPUID has Cloister's leaves");
	r = cpuid(HV_CPUID_VERSION, 0);
	ok(r.eax == HV_INTERFACE && r.ebx && r.edx == 0, "CPUID tells interface %u and version %x", r.eax, r.ebx);
	r = cpuid(0x4fffffff, 0);
	ok(!(r.eax | r.ebx | r.ecx | r.edx), "CPUID: other hypervisor leaves are 0");
}

static bool osxsave_with(uint64_t cr4)
{
	write_cr4(cr4);
	return cpuid(1, 0).ecx >> 27 & 1;
}

static bool ospke_with(uint64_t cr4)
{
	write_cr4(cr4);
	return cpuid(7, 0).ecx >> 4 & 1;
}

static void test_mirrored(void)
{
	const uint64_t cr4 = read_cr4();

	if (cpuid(1, 0).ecx >> 26 & 1)
		ok(osxsave_with(cr4 | CR4_OSXSAVE) && !osxsave_with(cr4 & ~CR4_OSXSAVE), "CPUID's OSXSAVE follows CR4");
	else
		skip("CPUID's OSXSAVE follows CR4", "no XSAVE");
	if (cpuid(7, 0).ecx >> 3 & 1)
		ok(ospke_with(cr4 | CR4_PKE) && !ospke_with(cr4 & ~CR4_PKE), "CPUID's OSPKE follows CR4");
	else
		skip("CPUID's OSPKE follows CR4", "no protection keys");
	write_cr4(cr4);
}

static void test_cpuid_registers(void)
{
	struct gprs r = {.rax = 0xabcdef0100000000, .rbx = ~0ul, .rcx = ~0ul << 32, .rdx = ~0ul, .rsi = 1, .r15 = 2};
	const struct cpuid_result expected = cpuid(0, 0);
	struct outcome o = attempt(form_cpuid, &r);

	ok(completed(&o) && r.rax == expected.eax && r.rbx == expected.ebx && r.rcx == expected.ecx &&
		   r.rdx == expected.edx && r.rsi == 1 && r.r15 == 2,
	   "CPUID clears the upper halves of its registers and leaves the others");
	r = (struct gprs){.rax = HV_CPUID_BASE};
	o = attempt_cpl3(form_cpuid, &r);
	ok(completed(&o) && r.rbx == HV_CPUID_EBX, "CPUID works at CPL 3");
}

/*
 * Prefixes that CPUID ignores, up to the 15 bytes that an instruction may have; after each a NOP that a wrong length
 * would miss.
 */
FORM(form_cpuid_rex, ".byte 0x48\n cpuid");
FORM(form_cpuid_66, ".byte 0x66\n cpuid");
FORM(form_cpuid_f2, ".byte 0xf2\n cpuid");
FORM(form_cpuid_two, ".byte 0x66, 0xf2\n cpuid");
FORM(form_cpuid_15, ".fill 13, 1, 0x66\n cpuid");

static const struct {
	const char *name;
	const char *code;
} prefixed[] = {
	{"REX.W", form_cpuid_rex},     {"66", form_cpuid_66},          {"F2", form_cpuid_f2},
	{"66 and F2", form_cpuid_two}, {"13 times 66", form_cpuid_15},
};

static void test_prefixed_cpuid(void)
{
	const struct cpuid_result expected = cpuid(0, 0);

	for (uint32_t i = 0; i < COUNT(prefixed); i++) {
		struct gprs r = {.rbx = ~0ul, .rdi = (uint64_t)scratch};
		struct outcome o;

		if (cpu_is_amd()) {
			ok(true, "CPUID with prefix %s goes on after it # SKIP QEMU's SVM tells no instruction length",
			   prefixed[i].name);
			continue;
		}
		o = attempt(prefixed[i].code, &r);
		ok(completed(&o) && r.rax == expected.eax && r.rbx == expected.ebx,
		   "CPUID with prefix %s goes on after it", prefixed[i].name);
	}
}

struct identity {
	uint32_t initial, x2apic;
	bool leaf_b;
};

static void read_identity(void *argument)
{
	struct identity *identity = argument;

	identity->initial = cpuid(1, 0).ebx >> 24;
	identity->leaf_b = cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx;
	identity->x2apic = identity->leaf_b ? cpuid(0xb, 0).edx : (uint32_t)rdmsr(MSR_X2APIC_ID);
}

static void test_identity(struct cpu *second)
{
	static struct identity mine, other;

	read_identity(&mine);
	ok(mine.initial == (cpus[0].apic_id & 0xff) && mine.x2apic == cpus[0].apic_id, "CPUID: this CPU's APIC ID");
	if (!second) {
		skip("CPUID: the second CPU's APIC ID", "one CPU");
		return;
	}
	cpu_run(second, read_identity, &other);
	if (!cpu_wait(second, PATIENCE_US))
		bail_out("the second CPU does not answer");
	ok(other.initial == (second->apic_id & 0xff) && other.x2apic == second->apic_id,
	   "CPUID: the second CPU's APIC ID");
}

/* --- instructions of virtualisation --- */

FORM(form_vmrun, "vmrun");
FORM(form_vmrun_32, ".byte 0x67; vmrun");
FORM(form_vmload, "vmload");
FORM(form_vmsave, "vmsave");
FORM(form_stgi, "stgi");
FORM(form_clgi, "clgi");
FORM(form_skinit, "skinit");
FORM(form_invlpga, "invlpga");
FORM(form_vmxon, "vmxon (%rdi)");
FORM(form_vmxoff, "vmxoff");
FORM(form_vmptrld, "vmptrld (%rdi)");
FORM(form_vmclear, "vmclear (%rdi)");
FORM(form_vmlaunch, "vmlaunch");
FORM(form_vmresume, "vmresume");
FORM(form_vmread, "vmread %rax, %rbx");
FORM(form_vmwrite, "vmwrite %rax, %rbx");
FORM(form_vmfunc, "vmfunc");
FORM(form_invept, "invept (%rdi), %rax");
FORM(form_invvpid, "invvpid (%rdi), %rax");
FORM(form_getsec, "getsec");
FORM(form_rsm, "rsm");
FORM(form_vmcall, "vmcall");
FORM(form_vmmcall, "vmmcall");
FORM(form_wrmsr, "wrmsr");

static const struct {
	const char *name;
	const char *code;
} undefined[] = {
	{"VMRUN", form_vmrun},       {"VMRUN with EAX", form_vmrun_32},
	{"VMLOAD", form_vmload},     {"VMSAVE", form_vmsave},
	{"STGI", form_stgi},         {"CLGI", form_clgi},
	{"SKINIT", form_skinit},     {"INVLPGA", form_invlpga},
	{"VMXON", form_vmxon},       {"VMXOFF", form_vmxoff},
	{"VMPTRLD", form_vmptrld},   {"VMCLEAR", form_vmclear},
	{"VMLAUNCH", form_vmlaunch}, {"VMRESUME", form_vmresume},
	{"VMREAD", form_vmread},     {"VMWRITE", form_vmwrite},
	{"VMFUNC", form_vmfunc},     {"INVEPT", form_invept},
	{"INVVPID", form_invvpid},   {"GETSEC", form_getsec},
	{"RSM", form_rsm},
};

/* At CPL 3 the privilege check may come first (APM volume 2, section 15.9: #GP before the intercept). */
static bool refused_cpl3(const char *code)
{
	struct gprs r = {.rdi = (uint64_t)scratch};
	const struct outcome o = attempt_cpl3(code, &r);

	return o.vector == VEC_GP ? faulted(&o, VEC_GP, 0, code) : faulted(&o, VEC_UD, 0, code);
}

static void test_undefined(void)
{
	struct gprs r = {.rcx = MSR_EFER, .rax = rdmsr(MSR_EFER) | EFER_SVME};
	struct outcome o = attempt(form_wrmsr, &r);

	ok(o.vector == VEC_GP, "EFER.SVME cannot be set");
	for (uint32_t i = 0; i < COUNT(undefined); i++) {
		r = (struct gprs){.rdi = (uint64_t)scratch, .rax = (uint64_t)scratch};
		o = attempt(undefined[i].code, &r);
		ok(faulted(&o, VEC_UD, 0, undefined[i].code), "%s is undefined", undefined[i].name);
		ok(refused_cpl3(undefined[i].code), "%s is refused at CPL 3", undefined[i].name);
	}
	r = (struct gprs){0};
	o = attempt(cpu_is_amd() ? form_vmcall : form_vmmcall, &r);
	ok(o.vector == VEC_UD, "the other vendor's hypercall instruction is undefined");
}

/* --- XSETBV and control registers --- */

FORM(form_xsetbv, "xsetbv");
FORM(form_xgetbv, "xgetbv");
FORM(form_write_cr4, "mov %rax, %cr4");

static struct outcome try_xsetbv(uint32_t index, uint64_t value)
{
	struct gprs r = {.rcx = index, .rax = value & 0xffffffff, .rdx = value >> 32};

	return attempt(form_xsetbv, &r);
}

static uint64_t xcr0(void)
{
	struct gprs r = {0};

	(void)attempt(form_xgetbv, &r);
	return (r.rdx & 0xffffffff) << 32 | (r.rax & 0xffffffff);
}

static const struct {
	const char *name;
	uint32_t index;
	uint64_t value;
} bad_xcr[] = {
	{"0", 0, 0},
	{"SSE without x87", 0, 2},
	{"AVX without SSE", 0, 5},
	{"half of MPX", 0, 0xb},
	{"a part of AVX-512", 0, 0x27},
	{"AVX-512 without AVX", 0, 0xe3},
	{"half of AMX", 0, 0x20003},
	{"bit 62", 0, 1ul << 62 | 3},
	{"bit 63", 0, 1ul << 63 | 3},
	{"XCR1", 1, 3},
	{"XCR 0xffffffff", 0xffffffff, 3},
};

static void test_xsetbv_refused(uint64_t before)
{
	struct gprs r = {.rax = 3};
	struct outcome o;

	for (uint32_t i = 0; i < COUNT(bad_xcr); i++) {
		o = try_xsetbv(bad_xcr[i].index, bad_xcr[i].value);
		ok(faulted(&o, VEC_GP, 0, form_xsetbv), "XSETBV: %s is refused", bad_xcr[i].name);
	}
	o = attempt_cpl3(form_xsetbv, &r);
	ok(faulted(&o, VEC_GP, 0, form_xsetbv), "XSETBV at CPL 3 is refused");
	ok(xcr0() == before, "XSETBV: refused writes change nothing");
}

static void test_xsetbv(void)
{
	const uint64_t cr4 = read_cr4();
	struct outcome o;

	if (!(cpuid(1, 0).ecx >> 26 & 1)) {
		skip("XSETBV", "no XSAVE");
		return;
	}
	write_cr4(cr4 & ~CR4_OSXSAVE);
	o = try_xsetbv(0, 3);
	ok(faulted(&o, VEC_UD, 0, form_xsetbv), "XSETBV without CR4.OSXSAVE is undefined");
	write_cr4(cr4 | CR4_OSXSAVE);
	o = try_xsetbv(0, 1);
	ok(completed(&o) && xcr0() == 1 && cpuid(0xd, 0).ebx == 576, "XSETBV: x87 alone works, CPUID D follows");
	o = try_xsetbv(0, 3);
	ok(completed(&o) && xcr0() == 3, "XSETBV: x87 and SSE work");
	test_xsetbv_refused(3);
	if (cpuid(0xd, 0).eax & 4) {
		o = try_xsetbv(0, 7);
		ok(completed(&o) && xcr0() == 7 && cpuid(0xd, 0).ebx == 832, "XSETBV: AVX works, CPUID D follows");
	}
	(void)try_xsetbv(0, 3);
	write_cr4(cr4);
}

/* On Intel the hypervisor keeps these bits for itself. */
static void test_control_registers(void)
{
	struct gprs r = {.rax = read_cr4() | CR4_VMXE};

	if (cpu_is_amd()) {
		skip("CR4.VMXE does not stay set", "reserved on AMD: the CPU refuses it without the hypervisor");
		skip("CR4.SMXE does not stay set", "reserved on AMD: the CPU refuses it without the hypervisor");
		return;
	}
	(void)attempt(form_write_cr4, &r);
	ok(!(read_cr4() & CR4_VMXE), "CR4.VMXE does not stay set");
	r = (struct gprs){.rax = read_cr4() | CR4_SMXE};
	(void)attempt(form_write_cr4, &r);
	ok(!(read_cr4() & CR4_SMXE), "CR4.SMXE does not stay set");
}

/* --- debug traps --- */

#define DR6_BS      (1ull << 14)
#define DR7_DEFAULT 0x400ull
#define STEPS       4u

/* One instruction between TF's set and clear; a trap is due after each that begins with TF set. */
#define STEP_FORM(name, text)                                                                \
	extern const char name##_after[] __attribute__((visibility("hidden")));              \
	FORM(name, "pushfq\n orl $0x100, (%rsp)\n popfq\n" text "\n" #name "_after:\n nop\n" \
		   "pushfq\n andl $~0x100, (%rsp)\n popfq")

STEP_FORM(step_nop, "nop");
STEP_FORM(step_cpuid, "cpuid");
STEP_FORM(step_rdmsr, "rdmsr");
STEP_FORM(step_wrmsr, "wrmsr");
STEP_FORM(step_vmmcall, "vmmcall");
STEP_FORM(step_vmcall, "vmcall");
STEP_FORM(step_in, "inb %dx, %al");

static uint64_t steps[STEPS];
static volatile uint32_t traps;
static bool bs_set;

static bool count_debug_trap(struct frame *frame)
{
	if (frame->vector != VEC_DB)
		return false;
	if (traps < STEPS)
		steps[traps] = frame->rip;
	bs_set = bs_set && (read_dr6() & DR6_BS);
	traps++;
	return true;
}

static void test_step(const char *name, const char *code, const char *after, struct gprs r)
{
	struct outcome o;

	traps = 0;
	bs_set = true;
	trap_set_hook(count_debug_trap);
	o = attempt(code, &r);
	trap_set_hook(NULL);
	if (!ok(completed(&o) && traps == 5 && steps[0] == (uint64_t)after && steps[1] == (uint64_t)after + 1 && bs_set,
		"single-stepping through %s traps after it", name))
		diag("%u traps, first at %lx and %lx, expected at %lx", traps, steps[0], steps[1], (uint64_t)after);
}

static void test_steps(void)
{
	const uint64_t pat = rdmsr(MSR_PAT);
	const bool amd = cpu_is_amd();

	test_step("NOP", step_nop, step_nop_after, (struct gprs){0});
	test_step("CPUID", step_cpuid, step_cpuid_after, (struct gprs){0});
	test_step("RDMSR", step_rdmsr, step_rdmsr_after, (struct gprs){.rcx = MSR_PAT});
	test_step("WRMSR", step_wrmsr, step_wrmsr_after,
		  (struct gprs){.rcx = MSR_PAT, .rax = pat & 0xffffffff, .rdx = pat >> 32});
	test_step("a hypercall", amd ? step_vmmcall : step_vmcall, amd ? step_vmmcall_after : step_vmcall_after,
		  (struct gprs){0});
	test_step("IN of a filtered port", step_in, step_in_after, (struct gprs){.rdx = 0x64});
}

FORM(step_storm, "pushfq\n orl $0x100, (%rsp)\n popfq\n"
		 "1: xorl %eax, %eax\n cpuid\n decq %rsi\n jnz 1b\n"
		 "pushfq\n andl $~0x100, (%rsp)\n popfq");
FORM(form_int3, "int3");
FORM(form_int_closed, "int $0x81");
FORM(form_icebp, ".byte 0xf1");
FORM(form_align, "pushfq\n orl $0x40000, (%rsp)\n popfq\n movl 1(%rdi), %eax");

static void test_storms(void)
{
	struct gprs r = {.rsi = STORM};
	struct outcome o;
	uint32_t hits = 0;

	traps = 0;
	trap_set_hook(count_debug_trap);
	o = attempt(step_storm, &r);
	trap_set_hook(NULL);
	ok(completed(&o) && traps == 4 * STORM + 3, "#DB storm: %u traps over %u CPUIDs", traps, STORM);
	for (uint32_t i = 0; i < STORM; i++) {
		o = attempt_cpl3(form_int3, &r);
		hits += o.vector == VEC_BP && o.rip == (uint64_t)form_int3 + 1;
	}
	ok(hits == STORM, "#BP storm: INT3 traps after itself, %u times", hits);
	o = attempt_cpl3(form_int_closed, &r);
	ok(faulted(&o, VEC_GP, 0x81 * 8 + 2, form_int_closed), "INT n through a closed gate is #GP");
	o = attempt(form_icebp, &r);
	ok(o.vector == VEC_DB && o.rip == (uint64_t)form_icebp + 1, "ICEBP is #DB after itself");
}

static void test_alignment_storm(void)
{
	struct gprs r = {.rdi = (uint64_t)scratch};
	struct outcome o = attempt_cpl3(form_align, &r);
	uint32_t hits = 0;

	if (o.vector == NO_FAULT) {
		skip("#AC storm", "the CPU checks no alignment");
		return;
	}
	for (uint32_t i = 0; i < STORM; i++)
		hits += attempt_cpl3(form_align, &r).vector == VEC_AC;
	if (!ok(hits == STORM, "#AC storm"))
		diag("%u times", hits);
}

static void test_debug_registers(void)
{
	write_dr0(0x1234);
	write_dr3(0x5678);
	write_dr7(DR7_DEFAULT);
	for (uint32_t i = 0; i < STORM; i++)
		(void)cpuid(0, 0);
	ok(read_dr0() == 0x1234 && read_dr3() == 0x5678 && read_dr7() == DR7_DEFAULT,
	   "debug registers keep their values over exits");
	write_dr0(0);
	write_dr3(0);
}

static void test_breakpoint(void)
{
	struct gprs r = {0};

	write_dr0((uint64_t)form_cpuid);
	write_dr7(DR7_DEFAULT | 1); /* break on execution */
	const struct outcome o = attempt(form_cpuid, &r);

	ok(faulted(&o, VEC_DB, 0, form_cpuid), "a breakpoint on CPUID is hit before it");
	write_dr7(DR7_DEFAULT);
	write_dr0(0);
}

/* --- interrupts around exits --- */

#define IPI_VECTOR 0x41u

extern const char shadow_after[] __attribute__((visibility("hidden")));
FORM(form_shadow, "sti\n cpuid\n shadow_after: nop\n cli");
FORM(form_halt, "sti\n hlt\n cli");

static volatile uint64_t interrupted_at;

static bool note_interrupt(struct frame *frame)
{
	if (frame->vector == IPI_VECTOR)
		interrupted_at = frame->rip;
	return false;
}

/*
 * STI's shadow ends with the CPUID that the hypervisor executes, or, on VT-x, with the instruction after it: looking
 * for a shadow would make each CPUID of a program dearer.
 */
static void test_interrupt_shadow(void)
{
	struct gprs r = {0};
	struct outcome o;

	interrupted_at = 0;
	trap_set_hook(note_interrupt);
	ipi_send(this_cpu()->apic_id, ICR_FIXED | ICR_ASSERT | IPI_VECTOR);
	o = attempt(form_shadow, &r);
	trap_set_hook(NULL);
	if (!ok(completed(&o) && interrupted_at - (uint64_t)shadow_after <= 1, /* the NOP's length */
		"an interrupt comes after STI, CPUID, at most one instruction later"))
		diag("came at %lx, expected at %lx", interrupted_at, (uint64_t)shadow_after);
	ipi_send(this_cpu()->apic_id, ICR_FIXED | ICR_ASSERT | IPI_VECTOR);
	o = attempt(form_halt, &r);
	ok(completed(&o) && this_cpu()->ipis[IPI_VECTOR] == 2, "an interrupt ends HLT");
}

void test_main(void)
{
	struct cpu *second = second_cpu();

	if (program_argument[0] == 'b') { /* cpu-breakpoint: not every bed can have it with two CPUs */
		test_breakpoint();
		return;
	}
	begin("CPUID");
	test_hidden();
	test_signatures();
	test_mirrored();
	test_cpuid_registers();
	test_prefixed_cpuid();
	test_identity(second);
	begin("instructions of virtualisation");
	test_undefined();
	begin("XSETBV and control registers");
	test_xsetbv();
	test_control_registers();
	begin("debug traps");
	test_steps();
	test_storms();
	test_alignment_storm();
	test_debug_registers();
	begin("interrupts around exits");
	test_interrupt_shadow();
}
