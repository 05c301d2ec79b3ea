/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/svm/guest.c hv/vcpu/event.c */
/* What a domain's exits on AMD-V say of an access: the part of the VMCB that the dispatcher translates. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "vcpu/guest.h"
#include "vcpu/guest_exit.h"
#include "vcpu/vcpu.h"
#include "svm.h"
#include "vendor_machine.h"
#include "vmcb.h"
#include "x86/msr.h"

#define EXIT_IO_CODE  0x7bu
#define EXIT_NPF_CODE 0x400u
#define SMAP          (1ull << 21)
#define AC            (1ull << 18)

static struct vmcb vmcb;
static struct guest_fault fault;
static struct io_access access_made;
static unsigned others;

void guest_exit_stage2(struct vcpu *vcpu, const struct guest_fault *found)
{
	(void)vcpu;
	fault = *found;
}

void guest_exit_io(struct vcpu *vcpu, struct io_access found)
{
	(void)vcpu;
	access_made = found;
}

void wrmsr(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
	others++;
}

void verw(uint16_t selector)
{
	(void)selector;
	others++;
}

void exit_startup(struct vcpu *vcpu)
{
	(void)vcpu;
	others++;
}

bool guest_exit_resumes(struct cpu *cpu)
{
	(void)cpu;
	return true;
}

#define OTHER(name)                            \
	void guest_exit_##name(struct vcpu *v) \
	{                                      \
		(void)v;                       \
		others++;                      \
	}
OTHER(cpuid)
OTHER(rdmsr)
OTHER(wrmsr)
OTHER(xsetbv)
OTHER(hlt)
OTHER(preempted)
OTHER(dead)

void guest_exit_tdcall(struct vcpu *vcpu, bool known)
{
	(void)vcpu;
	(void)known;
	others++;
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	(void)vcpu;
	(void)bytes;
	others++;
}

void svm_guest_mov_cr(struct vcpu *vcpu, unsigned control)
{
	(void)vcpu;
	(void)control;
	others++;
}

void guest_exit_exception(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	(void)vcpu;
	(void)vector;
	(void)error_code;
	others++;
}

void svm_exit_dispatch(struct vcpu *vcpu)
{
	(void)vcpu;
	others++;
}

static void exits(uint64_t code, uint64_t info1, uint64_t info2)
{
	static struct vendor_machine vendor;
	static struct machine m = {.vendor = &vendor};
	static struct cpu cpu = {.machine = &m};
	static struct entry_frame frame;
	static struct vcpu guest, root;

	guest = (struct vcpu){.cpu = &cpu, .frame = &frame, .tag = VCPU_GUEST_TAG, .vendor = {.vmcb = &vmcb}};
	cpu.guest = &guest;
	cpu.vcpu = &root;
	vmcb.exit_code = code;
	vmcb.exit_info1 = info1;
	vmcb.exit_info2 = info2;
	others = 0;
	assert_true(svm_guest_exit(&guest));
	assert_int_equal(others, 0);
}

static void ports(void **state)
{
	(void)state;
	vmcb.rip = 0x1000;
	exits(EXIT_IO_CODE, 0x0cf80041, 0x1002);
	assert_int_equal(access_made.port, 0xcf8);
	assert_int_equal(access_made.bytes, 4);
	assert_int_equal(access_made.length, 2);
	assert_true(access_made.in);
	assert_false(access_made.string || access_made.repeated);
	exits(EXIT_IO_CODE, 0x0070001c, 0x1001);
	assert_true(access_made.string && access_made.repeated);
	assert_false(access_made.in);
	exits(EXIT_IO_CODE, 0x00700014, 0x1001);
	assert_true(access_made.string && !access_made.repeated);
}

static uint64_t linear(uint8_t cpl, uint64_t cr4, uint64_t rflags)
{
	vmcb.cpl = cpl;
	vmcb.cr4 = cr4;
	vmcb.rflags = rflags | 2;
	exits(EXIT_NPF_CODE, NPF_WRITE, 0x8000d0000123);
	assert_int_equal(fault.address.value, 0x8000d0000123);
	assert_true(fault.write);
	assert_false(fault.fetch);
	return fault.linear;
}

/* A kernel that works on a user's address must not take it for one of its devices' (docs/guest-abi.md, section 8). */
static void only_the_kernels_own_accesses_are_those_of_a_device(void **state)
{
	(void)state;
	assert_int_equal(linear(0, SMAP, 0), 0xffff8000d0000123);
	assert_int_equal(linear(0, 0, 0), 0xffff8000d0000123);
	assert_int_equal(linear(0, 0, AC), 0xffff8000d0000123); /* alignment checks, of a kernel without SMAP */
	assert_int_equal(linear(0, SMAP, AC), 0);
	for (uint8_t cpl = 1; cpl < 4; cpl++) {
		assert_int_equal(linear(cpl, SMAP, 0), 0);
		assert_int_equal(linear(cpl, 0, 0), 0);
	}
	exits(EXIT_NPF_CODE, NPF_FETCH, 0x1000);
	assert_true(fault.fetch);
}

/* A guest reads CR8 without an exit: from the VMCB (APM 2 15.21.2). */
static void cr8_is_in_the_vmcb(void **state)
{
	struct vcpu vcpu = {.vendor = {.vmcb = &vmcb}};

	(void)state;
	vmcb.virtual_interrupt = 15;
	vcpu_guest_await_window(&vcpu, false, 9);
	assert_int_equal(vmcb.virtual_interrupt & 0x1ff, 9);
	vcpu_guest_await_window(&vcpu, true, 9);
	assert_int_equal(vmcb.virtual_interrupt & 0x1ff, 0x109);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(cr8_is_in_the_vmcb),
		cmocka_unit_test(only_the_kernels_own_accesses_are_those_of_a_device),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
