/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/svm/launch.c */
/*
 * A domain's vCPU in a VMCB: how it starts, what exits, which answer an exit gets, and the events that go in. Fields
 * and bits by number, from APM 2 appendix B and C.
 */
#include "hv_test.h"

#include "machine/cpu.h"
#include "memory/window.h"
#include "svm.h"
#include "vcpu/domain.h"
#include "vcpu/guest.h"
#include "vcpu/guest_exit.h"
#include "vendor_machine.h"
#include "vmcb.h"
#include "x86/instructions.h"

#define DELIVERED 0x80000000ull

static struct vmcb vmcb, root_vmcb;
static struct machine m;
static struct vendor_machine vendor;
static struct entry_frame frame;
static struct domain domain;
static struct cpu cpu;
static struct vcpu vcpu, root;
static uint32_t svm_edx;
static unsigned verws, barriers, fills;
static bool interrupts_on;
static jmp_buf entered;

/* The last answer. */
static struct {
	const char *answer;
	struct io_access io;
	struct guest_fault fault;
	enum vector vector;
	uint32_t error_code;
	uint32_t handed_on; /* the root guest's exit code */
	bool leaves;
} seen;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	assert_int_equal(leaf, 0x8000000a);
	return (struct cpuid_result){.edx = svm_edx};
}

void verw(uint16_t selector)
{
	(void)selector;
	verws++;
}

void svm_run(struct entry_frame *at)
{
	assert_ptr_equal(at, &frame);
	longjmp(entered, 1);
}

void svm_run_guest(struct entry_frame *at)
{
	assert_ptr_equal(at, &frame);
	longjmp(entered, 2);
}

void wrmsr(uint32_t msr, uint64_t value)
{
	assert_true(vendor.speculation.flush_predictors);
	assert_int_equal(msr, 0x49);
	assert_int_equal(value, 1);
	barriers++;
}

void *window_open(const struct paging *paging, uint32_t index, enum window window, paddr_t page, bool writable)
{
	assert_ptr_equal(paging, m.paging);
	assert_int_equal(index, cpu.index);
	assert_int_equal(window, WINDOW_CONTROL);
	assert_int_equal(page.value, 0x1000);
	assert_true(writable);
	return &vmcb;
}

void window_close(const struct paging *paging, uint32_t index, enum window window)
{
	assert_ptr_equal(paging, m.paging);
	assert_int_equal(index, cpu.index);
	assert_int_equal(window, WINDOW_CONTROL);
}

void fill_return_stack(void)
{
	fills++;
}

/* The hypervisor's RFLAGS.IF, while a domain is loaded. */
void sti(void)
{
	interrupts_on = true;
}

void cli(void)
{
	interrupts_on = false;
}

void exit_startup(struct vcpu *at)
{
	(void)at;
	fail(); /* no INIT was posted */
}

void svm_reset_segments(struct vmcb *of, struct vmcb_segment code, struct vmcb_segment data)
{
	assert_ptr_equal(of, &vmcb);
	vmcb.cs = code;
	vmcb.ss = vmcb.ds = data;
}

void svm_exit_dispatch(struct vcpu *at)
{
	assert_ptr_equal(at, &root);
	assert_string_equal(seen.answer, "preempted"); /* first */
	seen.handed_on = (uint32_t)root_vmcb.exit_code;
}

static void answer(const struct vcpu *at, const char *name)
{
	assert_ptr_equal(at, &vcpu);
	assert_null(seen.answer); /* one for each exit */
	seen.answer = name;
}

#define ANSWER(name)                            \
	void guest_exit_##name(struct vcpu *at) \
	{                                       \
		answer(at, #name);              \
	}
ANSWER(cpuid)
ANSWER(rdmsr)
ANSWER(wrmsr)
ANSWER(xsetbv)
ANSWER(hlt)
ANSWER(preempted)
ANSWER(dead)

void vcpu_advance(struct vcpu *at, unsigned bytes)
{
	assert_ptr_equal(at, &vcpu);
	seen.answer = "skipped";
	vmcb.rip += bytes;
}

void svm_guest_mov_cr(struct vcpu *at, unsigned control)
{
	answer(at, control == 8 ? "mov_cr8" : "mov_cr4");
}

void guest_exit_tdcall(struct vcpu *at, bool known)
{
	assert_false(known);
	answer(at, "tdcall");
}

void guest_exit_io(struct vcpu *at, struct io_access access)
{
	answer(at, "io");
	seen.io = access;
}

void guest_exit_stage2(struct vcpu *at, const struct guest_fault *fault)
{
	answer(at, "stage2");
	seen.fault = *fault;
}

void guest_exit_exception(struct vcpu *at, enum vector vector, uint32_t error_code)
{
	answer(at, vector == VECTOR_UD ? "refused" : "exception");
	seen.vector = vector;
	seen.error_code = error_code;
}

/* One that was left, by its answer or before the next entry, does not go on. */
bool guest_exit_resumes(struct cpu *at)
{
	assert_ptr_equal(at, &cpu);
	return !seen.leaves && (!seen.answer || strcmp(seen.answer, "preempted") != 0);
}

static int new_guest(void **state)
{
	(void)state;
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&root_vmcb, 0, sizeof(root_vmcb));
	memset(&seen, 0, sizeof(seen));
	memset(&frame, 0, sizeof(frame));
	vendor = (struct vendor_machine){.speculation.clear_buffers = false};
	m.vendor = &vendor;
	domain = (struct domain){.stage2.root = paddr(0x77000), .io_map = paddr(0x66000), .msr_map = paddr(0x55000)};
	cpu = (struct cpu){.machine = &m, .vcpu = &root, .guest = &vcpu};
	root = (struct vcpu){.cpu = &cpu, .frame = &frame, .tag = VCPU_ROOT_TAG};
	root.vendor.vmcb = &root_vmcb;
	vcpu = (struct vcpu){.cpu = &cpu, .frame = &frame, .tag = VCPU_GUEST_TAG, .domain = &domain};
	vcpu.vendor.vmcb = &vmcb;
	svm_edx = UINT32_MAX;
	verws = 0;
	return 0;
}

/* 32-bit protected mode without paging, at the reset vector (docs/guest-abi.md, section 9). */
static void starts_at_the_reset_vector(void **state)
{
	(void)state;
	vcpu_guest_start(&vcpu);
	assert_int_equal(vmcb.cr0, 0x31);
	assert_int_equal(vmcb.cr4, 0x60);
	assert_int_equal(vmcb.cr3 | vmcb.cr2 | vmcb.rsp | vmcb.rax, 0);
	assert_int_equal(vmcb.efer, 0x1901);
	assert_int_equal(vmcb.rip, 0xfffffff0);
	assert_int_equal(vmcb.rflags, 2);
	assert_int_equal(vmcb.dr6, 0xffff0ff0);
	assert_int_equal(vmcb.dr7, 0x400);
	assert_int_equal(vmcb.g_pat, 0x0007040600070406);
	assert_int_equal(vmcb.cpl, 0);
	assert_int_equal(vmcb.cs.attributes, 0xc9b);
	assert_int_equal(vmcb.ss.attributes, 0xc93);
	assert_int_equal(vmcb.cs.base | vmcb.ss.base | vmcb.ds.base, 0);
	assert_int_equal(vmcb.cs.limit & vmcb.ss.limit & vmcb.ds.limit, 0xffffffff);
}

/* Its own address space, maps and tag; interrupts of the machine whatever its RFLAGS.IF says. */
static void has_a_domains_controls(void **state)
{
	(void)state;
	vcpu_guest_start(&vcpu);
	assert_int_equal(vmcb.asid, 2);
	assert_int_equal(vmcb.nested_control, 1);
	assert_int_equal(vmcb.nested_cr3, 0x77000);
	assert_int_equal(vmcb.iopm_base, 0x66000);
	assert_int_equal(vmcb.msrpm_base, 0x55000);
	assert_int_equal(vmcb.virtual_interrupt, 1ull << 24);
	assert_int_equal(vmcb.intercept_cr_write, 1u << 4 | 1u << 8);
	assert_int_equal(vmcb.intercept_exceptions, 1u << 1 | 1u << 6 | 1u << 17 | 1u << 18);
	/* INTR, NMI, SMI, INIT, VINTR, RDPMC, CPUID, RSM, INVD, HLT, INVLPGA, IO, MSR, task switch, FERR, shutdown */
	assert_int_equal(vmcb.intercept_misc1, 0xfd4c801f);
	/* VMRUN to SKINIT, WBINVD, MONITOR, MWAIT, XSETBV, RDPRU */
	assert_int_equal(vmcb.intercept_misc2, 0x7e7f);
	assert_int_equal(vmcb.tsc_offset, 0);
}

static void flushes_its_own_translations_where_it_can(void **state)
{
	(void)state;
	vcpu_guest_flush_tlb(&vcpu);
	assert_int_equal(vmcb.tlb_control, 3);
	svm_edx = ~(1u << 6);
	vcpu_guest_flush_tlb(&vcpu);
	assert_int_equal(vmcb.tlb_control, 1);
}

static int enter(struct vcpu *which)
{
	const int loop = setjmp(entered);

	if (loop == 0)
		vcpu_guest_enter(which);
	return loop;
}

static void enters_with_rax_and_clean_buffers(void **state)
{
	(void)state;
	frame.guest.rax = 0x1234567890;
	assert_int_equal(enter(&vcpu), 2);
	assert_int_equal(vmcb.rax, 0x1234567890);
	assert_int_equal(verws, 0);
	vendor.speculation.clear_buffers = true;
	assert_int_equal(enter(&vcpu), 2);
	assert_int_equal(verws, 1);
	frame.guest.rax = 0x77;
	assert_int_equal(enter(&root), 1); /* its loop moves RAX itself */
	assert_int_equal(vmcb.rax, 0x1234567890);
}

static void takes_interrupts_when_it_can(void **state)
{
	(void)state;
	assert_false(vcpu_guest_interrupt(&vcpu, 0x41));
	vmcb.rflags = 0x202;
	vmcb.interrupt_shadow = 1;
	assert_true(vcpu_guest_interrupts_on(&vcpu));
	assert_false(vcpu_guest_interrupt(&vcpu, 0x41));
	assert_int_equal(vmcb.event_injection, 0);
	vmcb.interrupt_shadow = 2; /* not the shadow: GUEST_INTERRUPT_MASK */
	assert_true(vcpu_guest_interrupt(&vcpu, 0x41));
	assert_int_equal(vmcb.event_injection, DELIVERED | 0x41); /* type 0 */
	vmcb.event_injection = DELIVERED | 0x30e;
	assert_false(vcpu_guest_interrupt(&vcpu, 0x41));
	assert_int_equal(vmcb.event_injection, DELIVERED | 0x30e);
	assert_int_equal(vcpu_guest_delivering(&vcpu), DELIVERED | 0x30e);
	vcpu_guest_await_window(&vcpu, true, 0);
	assert_int_equal(vmcb.virtual_interrupt, 1ull << 24 | 1ull << 20 | 1ull << 8);
	vcpu_guest_await_window(&vcpu, false, 0);
	assert_int_equal(vmcb.virtual_interrupt, 1ull << 24);
	vmcb.rflags = 2;
	vcpu_guest_inject_ve(&vcpu);
	assert_int_equal(vmcb.event_injection, DELIVERED | 20);
	assert_int_equal(vmcb.rflags, 1u << 16 | 2);
}

static void knows_the_guests_mode(void **state)
{
	(void)state;
	vmcb.cr3 = 0x1234000;
	assert_int_equal(vcpu_guest_cr3(&vcpu), 0x1234000);
	assert_int_equal(vcpu_guest_mode(&vcpu), GUEST_UNPAGED);
	vmcb.cr0 = 0x80000001;
	assert_int_equal(vcpu_guest_mode(&vcpu), GUEST_PAGED);
	vmcb.efer = 0x400;
	assert_int_equal(vcpu_guest_mode(&vcpu), GUEST_COMPATIBILITY);
	vmcb.cs.attributes = 0x200;
	assert_int_equal(vcpu_guest_mode(&vcpu), GUEST_64BIT);
	vmcb.efer = 0;
	assert_int_equal(vcpu_guest_mode(&vcpu), GUEST_PAGED);
}

/* What MOV to CR4 refuses: PAE cleared in long mode; PCIDE outside it, or with a PCID in CR3. */
static void refuses_cr4_as_the_cpu_does(void **state)
{
	(void)state;
	vmcb.cr4 = 0x60;
	vmcb.efer = 0x400;
	assert_false(vcpu_guest_write_cr4(&vcpu, 0x40, 3));
	vmcb.cr3 = 0x1001;
	assert_false(vcpu_guest_write_cr4(&vcpu, 0x20060, 3));
	assert_int_equal(vmcb.cr4, 0x60);
	assert_int_equal(vmcb.tlb_control, 0);
	vmcb.cr3 = 0x1000;
	assert_true(vcpu_guest_write_cr4(&vcpu, 0x20020, 3)); /* but MCE stays */
	assert_int_equal(vmcb.cr4, 0x20060);
	assert_int_equal(vmcb.tlb_control, 3);
	vmcb.cr3 = 0x1001; /* it is on */
	assert_true(vcpu_guest_write_cr4(&vcpu, 0x20460, 3));
	vmcb.efer = 0;
	vmcb.cr4 = 0x60;
	vmcb.cr3 = 0;
	assert_false(vcpu_guest_write_cr4(&vcpu, 0x20060, 3));
	assert_true(vcpu_guest_write_cr4(&vcpu, 0x40, 3));
}

static const char *exit_with(uint64_t code)
{
	seen.answer = 0;
	vmcb.exit_code = code;
	vmcb.rax = code ^ 0x5A5A;
	frame.guest.rax = 0;
	assert_true(svm_guest_exit(&vcpu));
	assert_int_equal(frame.guest.rax, code ^ 0x5A5A);
	return seen.answer;
}

static void each_exit_has_its_answer(void **state)
{
	static const struct {
		uint64_t code, info1;
		const char *answer;
	} exits[] = {{0x14, 0, "mov_cr4"},
		     {0x41, 0, "exception"},
		     {0x46, 0, "tdcall"},
		     {0x51, 0, "exception"},
		     {0x6f, 0, "exception"},
		     {0x72, 0, "cpuid"},
		     {0x76, 0, "skipped"},
		     {0x78, 0, "hlt"},
		     {0x7b, 0, "io"},
		     {0x7c, 0, "rdmsr"},
		     {0x7c, 1, "wrmsr"},
		     {0x7d, 0, "dead"},
		     {0x7f, 0, "dead"},
		     {0x89, 0, "skipped"},
		     {0x8d, 0, "xsetbv"},
		     {0x400, 0, "stage2"},
		     {UINT64_MAX, 0, "dead"},
		     /* RSM, INVLPGA, VMRUN, VMMCALL, STGI, SKINIT, MONITOR, MWAIT, RDPRU, and what nobody asked for */
		     {0x73, 0, "refused"},
		     {0x7a, 0, "refused"},
		     {0x80, 0, "refused"},
		     {0x81, 0, "refused"},
		     {0x84, 0, "refused"},
		     {0x86, 0, "refused"},
		     {0x8a, 0, "refused"},
		     {0x8b, 0, "refused"},
		     {0x8c, 0, "refused"},
		     {0x8e, 0, "refused"},
		     {0x1f0, 0, "refused"}};

	(void)state;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		vmcb.exit_info1 = exits[i].info1;
		assert_string_equal(exit_with(exits[i].code), exits[i].answer);
	}
	assert_null(exit_with(0x64)); /* the window that was asked for */
}

static void exceptions_keep_their_error_codes(void **state)
{
	(void)state;
	vmcb.exit_info1 = 5;
	exit_with(0x51);
	assert_int_equal(seen.vector, VECTOR_AC);
	assert_int_equal(seen.error_code, 5);
	exit_with(0x41);
	assert_int_equal(seen.vector, VECTOR_DB);
	assert_int_equal(seen.error_code, 0);
	exit_with(0x6f);
	assert_int_equal(seen.vector, VECTOR_GP);
	assert_int_equal(seen.error_code, 0);
}

static void ports_and_faults_are_read_from_the_exit(void **state)
{
	(void)state;
	vmcb.rip = 0x1000;
	vmcb.exit_info1 = 0x3f8ull << 16 | 2u << 4 | 1u << 2 | 1u;
	vmcb.exit_info2 = 0x1002;
	exit_with(0x7b);
	assert_int_equal(seen.io.port, 0x3f8);
	assert_int_equal(seen.io.bytes, 2);
	assert_true(seen.io.in && seen.io.string);
	assert_int_equal(seen.io.length, 2);
	vmcb.exit_info1 = 1ull << 1;
	vmcb.exit_info2 = 0x800000001238;
	exit_with(0x400);
	assert_int_equal(seen.fault.address.value, 0x800000001238);
	assert_true(seen.fault.write && !seen.fault.fetch);
	assert_int_equal(seen.fault.linear, 0xffff800000001238);
	vmcb.exit_info1 = 1ull << 4;
	vmcb.cpl = 3;
	exit_with(0x400);
	assert_true(!seen.fault.write && seen.fault.fetch);
	assert_int_equal(seen.fault.linear, 0); /* a device's register is not for programs */
}

/* The domain is left first; an interrupt is the root guest's once its interrupts are on. */
static void the_machines_events_are_the_root_guests(void **state)
{
	static const uint32_t codes[] = {0x61, 0x62, 0x63, 0x52};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		memset(&seen, 0, sizeof(seen));
		vmcb.exit_code = codes[i];
		assert_false(svm_guest_exit(&vcpu));
		assert_string_equal(seen.answer, "preempted");
		assert_int_equal(seen.handed_on, codes[i]);
	}
	memset(&seen, 0, sizeof(seen));
	vmcb.exit_code = 0x60;
	assert_false(svm_guest_exit(&vcpu));
	assert_string_equal(seen.answer, "preempted");
	assert_int_equal(seen.handed_on, 0);
}

static void predictors_are_flushed_where_a_guest_could_steer_returns(void **state)
{
	(void)state;
	barriers = 0;
	(void)exit_with(0x72);
	assert_int_equal(barriers, 0);
	vendor.speculation.flush_predictors = true;
	(void)exit_with(0x72);
	assert_int_equal(barriers, 1);
}

/* On CPUs of both kinds it comes back from either: the return stack is not what a return goes by in the end. */
static void is_loaded_and_put_away(void **state)
{
	(void)state;
	fills = 0;
	for (unsigned returns_stay = 0; returns_stay < 2; returns_stay++) {
		vendor.speculation.returns_stay = returns_stay != 0;
		vcpu.vendor.vmcb = NULL;
		vcpu_guest_load(&vcpu, paddr(0x1000));
		assert_ptr_equal(vcpu.vendor.vmcb, &vmcb);
		assert_int_equal(frame.guest_control, 0x1000);
		assert_true(interrupts_on);
		assert_int_equal(fills, returns_stay);
		vcpu_guest_unload(&vcpu, &root);
		assert_false(interrupts_on);
		assert_int_equal(fills, 2 * returns_stay);
	}
}

/* An instruction comes again by itself, at RIP; anything else is delivered again. */
static void instructions_are_not_delivered_again(void **state)
{
	static const struct {
		uint64_t interrupted, delivered;
	} events[] = {{DELIVERED | 0x480, 0},
		      {DELIVERED | 0x303, 0},
		      {DELIVERED | 0x304, 0},
		      {DELIVERED | 0x41, DELIVERED | 0x41},
		      {DELIVERED | 0x306, DELIVERED | 0x306},
		      {0x1880000b0d, 0x1880000b0d},
		      {0x303, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		vmcb.exit_interrupt_info = events[i].interrupted;
		(void)exit_with(0x400);
		assert_int_equal(vmcb.event_injection, events[i].delivered);
	}
}

static void a_domain_that_was_left_is_not_resumed(void **state)
{
	(void)state;
	seen.leaves = true;
	vmcb.exit_code = 0x78;
	assert_false(svm_guest_exit(&vcpu));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_at_the_reset_vector, new_guest),
		cmocka_unit_test_setup(has_a_domains_controls, new_guest),
		cmocka_unit_test_setup(flushes_its_own_translations_where_it_can, new_guest),
		cmocka_unit_test_setup(enters_with_rax_and_clean_buffers, new_guest),
		cmocka_unit_test_setup(takes_interrupts_when_it_can, new_guest),
		cmocka_unit_test_setup(knows_the_guests_mode, new_guest),
		cmocka_unit_test_setup(refuses_cr4_as_the_cpu_does, new_guest),
		cmocka_unit_test_setup(each_exit_has_its_answer, new_guest),
		cmocka_unit_test_setup(exceptions_keep_their_error_codes, new_guest),
		cmocka_unit_test_setup(ports_and_faults_are_read_from_the_exit, new_guest),
		cmocka_unit_test_setup(the_machines_events_are_the_root_guests, new_guest),
		cmocka_unit_test_setup(predictors_are_flushed_where_a_guest_could_steer_returns, new_guest),
		cmocka_unit_test_setup(is_loaded_and_put_away, new_guest),
		cmocka_unit_test_setup(instructions_are_not_delivered_again, new_guest),
		cmocka_unit_test_setup(a_domain_that_was_left_is_not_resumed, new_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
