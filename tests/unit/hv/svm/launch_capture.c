/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: svm-segments */
/* links: hv/svm/launch.c hv/root/msr_policy.c */
/*
 * Capture and first entry: what the firmware had is the guest's, what an entry needs is set, the registers of the
 * hypervisor's own are in order when the guest starts. Fields and bits by number, from APM 2 appendix B and 15.
 */
#include "hv_test.h"

#include "machine/cpu.h"
#include "root/msr_policy.h"
#include "svm.h"
#include "vcpu/domain.h"
#include "vcpu/launch.h"
#include "vcpu/vcpu.h"
#include "vmcb.h"
#include "x86/instructions.h"
#include "x86/segments.h"

static struct machine m;
static struct entry_frame frame;
static struct cpu cpu;
static struct domain domain;
static struct vcpu vcpu;
static uint8_t region[3 * 4096] __attribute__((aligned(4096)));
static uint8_t maps[5 * 4096] __attribute__((aligned(4096)));
static uint64_t efer, hsave, vm_cr, pat;
static const struct vmcb *saved;
static bool gif;
static jmp_buf launched;

uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case 0xc0000080:
		return efer;
	case 0xc0010114:
		return vm_cr;
	case 0x277:
		return pat;
	default:
		fail_msg("MSR %x", msr);
		return 0;
	}
}

void wrmsr(uint32_t msr, uint64_t value)
{
	switch (msr) {
	case 0xc0000080:
		efer = value;
		break;
	case 0xc0010117:
		hsave = value;
		break;
	case 0xc0010114:
		vm_cr = value;
		break;
	case 0x277:
		assert_false(gif);
		pat = value;
		break;
	default:
		fail_msg("MSR %x", msr);
	}
}

uint64_t read_cr0(void)
{
	return 0xe0010033;
}
uint64_t read_cr2(void)
{
	return 0x2222;
}
uint64_t read_cr3(void)
{
	return 0x3000;
}
uint64_t read_cr4(void)
{
	return 0x668;
}
uint64_t read_dr6(void)
{
	return 0xffff0ff0;
}
uint64_t read_dr7(void)
{
	return 0x401;
}
struct descriptor_table read_gdtr(void)
{
	return (struct descriptor_table){0x7f, 0x4000};
}
struct descriptor_table read_idtr(void)
{
	return (struct descriptor_table){0xfff, 0x5000};
}

/* As LAR and LSL say it: code of 64 bits. */
uint32_t segment_rights(uint16_t selector)
{
	return selector != 0 ? 0xaf9b00 : 0;
}
uint32_t segment_limit(uint16_t selector)
{
	return selector | 0xffff0000;
}

void vmsave(struct vmcb *vmcb)
{
	saved = vmcb;
}

void clgi(void)
{
	gif = false;
}

void svm_run(struct entry_frame *at)
{
	assert_ptr_equal(at, &frame);
	longjmp(launched, 1);
}

void speculation_choose(struct machine *at)
{
	assert_ptr_equal(at, &m);
}

static int setup(void **state)
{
	(void)state;
	domain = (struct domain){.stage2.root = paddr(0x77000)};
	cpu = (struct cpu){.machine = &m, .vcpu = &vcpu};
	vcpu = (struct vcpu){.frame = &frame, .cpu = &cpu, .domain = &domain, .tag = 3};
	memset(region, 0, sizeof(region));
	memset(maps, 0x5a, sizeof(maps));
	efer = 0x500;
	vm_cr = 0x8;
	hsave = 0;
	pat = 0x0106070401060704;
	gif = true;
	saved = NULL;
	vcpu_carve(&vcpu, region_paddr(region));
	assert_int_equal(vcpu_prepare(&m).error, HV_OK);
	vcpu_build_maps(&domain, region_paddr(maps));
	msr_policy_apply(&domain);
	return 0;
}

static const struct vmcb *capture(void)
{
	const struct launch_frame start = {.rflags = 0x246, .rip = 0x1000, .rsp = 0x2000};

	assert_int_equal(vcpu_capture(&vcpu, &start), HV_OK);
	return (const struct vmcb *)region;
}

static void switched_on(void **state)
{
	(void)state;
	capture();
	assert_int_equal(efer, 0x500 | 1u << 12 | 1u << 11);
	assert_int_equal(hsave, (uintptr_t)region + 2 * 4096);
	assert_int_equal(vm_cr, 0x8 | 1u << 2 | 1u << 1 | 1u << 0); /* and LOCK as it was */
}

static void intercepts_are_exactly_these(void **state)
{
	const struct vmcb *const vmcb = capture();

	(void)state;
	assert_int_equal(vmcb->intercept_exceptions, 1u << 18);
	assert_int_equal(vmcb->intercept_misc1, 0x9c4c000e);
	assert_int_equal(vmcb->intercept_misc2, 0x207f);
	assert_int_equal(vmcb->iopm_base, (uintptr_t)maps);
	assert_int_equal(vmcb->msrpm_base, (uintptr_t)maps + 3 * 4096);
	assert_int_equal(vmcb->asid, 3);
	assert_int_equal(vmcb->tlb_control, 1);
	assert_int_equal(vmcb->nested_control, 1);
	assert_int_equal(vmcb->nested_cr3, 0x77000);
}

static void firmware_state(void **state)
{
	const struct vmcb *const vmcb = capture();

	(void)state;
	assert_int_equal(vmcb->cr0, 0xe0010033);
	assert_int_equal(vmcb->cr2, 0x2222);
	assert_int_equal(vmcb->cr3, 0x3000);
	assert_int_equal(vmcb->cr4, 0x668);
	assert_int_equal(vmcb->dr6, 0xffff0ff0);
	assert_int_equal(vmcb->dr7, 0x401);
	assert_int_equal(vmcb->efer, 0x500 | 1u << 12 | 1u << 11);
	assert_int_equal(vmcb->g_pat, 0x0106070401060704);
	assert_int_equal(vmcb->rflags, 0x246);
	assert_int_equal(vmcb->rip, 0x1000);
	assert_int_equal(vmcb->rsp, 0x2000);
	assert_ptr_equal(saved, vmcb); /* FS, GS, TR, LDTR and the system-call MSRs */
	assert_int_equal(frame.guest_control, (uintptr_t)vmcb);
	assert_int_equal(frame.host_control, (uintptr_t)vmcb + 4096);
}

/* Appendix B: bits 55-52 and 47-40 of a descriptor are bits 11-8 and 7-0 of its attributes. */
static void segment_attributes_have_the_vmcbs_form(void **state)
{
	const struct vmcb *const vmcb = capture();

	(void)state;
	assert_int_equal(vmcb->cs.attributes, 0xa9b);
	assert_int_equal(vmcb->cs.selector, SEGMENT_SELECTOR(cs));
	assert_int_equal(vmcb->es.limit, SEGMENT_SELECTOR(es) | 0xffff0000);
	assert_int_equal(vmcb->ds.base, 0);
	assert_int_equal(vmcb->gdtr.limit, 0x7f);
	assert_int_equal(vmcb->gdtr.base, 0x4000);
	assert_int_equal(vmcb->idtr.limit, 0xfff);
	assert_int_equal(vmcb->idtr.base, 0x5000);
}

/* 15.11: two bits for each register, that of reads first; 2 KiB for each of three ranges. */
static unsigned msr_bits(uint32_t range, uint32_t offset)
{
	return maps[3 * 4096 + 0x800 * range + offset / 4] >> offset % 4 * 2 & 3;
}

static void permission_maps(void **state)
{
	unsigned passed = 0;

	(void)state;
	assert_int_equal(msr_bits(1, 0x100), 0); /* FS.base */
	assert_int_equal(msr_bits(1, 0x80), 3);  /* EFER */
	assert_int_equal(msr_bits(2, 0x114), 3); /* VM_CR */
	assert_int_equal(msr_bits(0, 0x830), 2); /* the ICR: reads are the CPU's */
	assert_int_equal(msr_bits(2, 0x10), 2);  /* SYSCFG, likewise */
	for (uint32_t range = 0; range < 3; range++)
		for (uint32_t offset = 0; offset < 0x2000; offset++)
			passed += msr_bits(range, offset) != 3;
	assert_in_range(passed, 100, 1000); /* of 24,576 */
	for (size_t i = 3 * 4096 + 0x1800; i < sizeof(maps); i++)
		assert_int_equal(maps[i], 0xff); /* reserved */
}

/* Nothing comes between the host's state that is saved and the entry; the memory types are the reset's. */
static void first_entry(void **state)
{
	(void)state;
	capture();
	if (setjmp(launched) == 0)
		vcpu_run(&vcpu);
	assert_false(gif);
	assert_int_equal(pat, 0x0007040600070406);
	assert_ptr_equal(saved, region + 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(switched_on, setup),
		cmocka_unit_test_setup(intercepts_are_exactly_these, setup),
		cmocka_unit_test_setup(firmware_state, setup),
		cmocka_unit_test_setup(segment_attributes_have_the_vmcbs_form, setup),
		cmocka_unit_test_setup(permission_maps, setup),
		cmocka_unit_test_setup(first_entry, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
