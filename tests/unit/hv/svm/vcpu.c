/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: svm-segments */
/* links: hv/vcpu/event.c */
/* A guest's registers in a VMCB: after INIT and SIPI, stepping, injection, NMIs, EFER, detours. */
#include "hv_test.h"

#include "instructions.h"
#include "machine/cpu.h"
#include "svm.h"
#include "vcpu/domain.h"
#include "vcpu/event.h"
#include "vcpu/vcpu.h"
#include "vmcb.h"
#include "x86/instructions.h"
#include "x86/msr.h"

#define ROOT   0x5000u
#define DETOUR 0x9000u

static struct vmcb vmcb;
static struct machine m;
static struct entry_frame frame;
static struct domain domain;
static struct cpu cpu;
static struct vcpu vcpu;
static jmp_buf stopped;
static unsigned resets, debug_clears, nmis_sent;
static uint32_t ext1_ecx, ext1_edx;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 1)
		return (struct cpuid_result){0xa20f10, 0, 0, 0};
	return (struct cpuid_result){leaf == 0x80000000 ? 0x80000028 : 0, 0, ext1_ecx, ext1_edx};
}
void apic_reset(void)
{
	resets++;
}
void clear_debug_addresses(void)
{
	debug_clears++;
}
void cpu_send_nmi(const struct cpu *to)
{
	assert_ptr_equal(to, &cpu);
	nmis_sent++;
}
void svm_guest_shutdown(struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	longjmp(stopped, 1);
}
void svm_window(struct entry_frame *at)
{
	assert_ptr_equal(at, &frame);
}

static int new_guest(void **state)
{
	(void)state;
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&cpu, 0, sizeof(cpu));
	memset(&frame, 0, sizeof(frame));
	memset(&vcpu, 0, sizeof(vcpu));
	domain.stage2.root = paddr(ROOT);
	cpu.machine = &m;
	cpu.vcpu = &vcpu;
	vcpu.cpu = &cpu;
	vcpu.domain = &domain;
	vcpu.frame = &frame;
	vcpu.vendor.vmcb = &vmcb;
	vmcb.nested_cr3 = ROOT;
	vmcb.rip = 0x1000;
	vmcb.rflags = 0x202;
	vmcb.efer = EFER_SVME;
	vmcb.cs.attributes = 0x29b; /* L */
	resets = debug_clears = nmis_sent = 0;
	ext1_ecx = ext1_edx = UINT32_MAX;
	return 0;
}

/* One segment as APM 2 table 14-1 has it after INIT. */
static void assert_segment(const struct vmcb_segment *segment, uint16_t selector, uint64_t base, uint16_t attributes)
{
	assert_int_equal(segment->selector, selector);
	assert_int_equal(segment->base, base);
	assert_int_equal(segment->limit, 0xffff);
	assert_int_equal(segment->attributes, attributes);
}

/* Whatever the guest had: no register of APM 2 table 14-1 keeps a bit of it, but for CD and NW. */
static void init_resets_everything(void **state)
{
	(void)state;
	memset(&vmcb.es, 0xff, sizeof(vmcb) - offsetof(struct vmcb, es));
	memset(&frame.guest, 0xff, sizeof(frame.guest));
	vmcb.interrupt_shadow = vmcb.event_injection = UINT64_MAX;
	vmcb.nested_cr3 = DETOUR;
	vmcb.tlb_control = TLB_KEEP;
	vmcb.intercept_misc1 = UINT32_MAX;
	vmcb.intercept_exceptions = UINT32_MAX;
	vcpu.vendor.nmi_blocked = vcpu.vendor.nmi_pending = vcpu.vendor.over_iret = true;
	vcpu_reset(&vcpu);
	assert_int_equal(vmcb.cr0, 0x60000010);
	assert_int_equal(vmcb.cr2 | vmcb.cr3 | vmcb.cr4, 0);
	assert_int_equal(vmcb.efer, EFER_SVME);
	assert_int_equal(vmcb.dr6, 0xffff0ff0);
	assert_int_equal(vmcb.dr7, 0x400);
	assert_int_equal(vmcb.rflags, 2);
	assert_int_equal(vmcb.rip, 0xfff0);
	assert_int_equal(vmcb.rsp, 0);
	assert_int_equal(vmcb.cpl, 0);
	assert_segment(&vmcb.cs, 0xf000, 0xffff0000, 0x9b);
	assert_segment(&vmcb.ds, 0, 0, 0x93);
	assert_segment(&vmcb.es, 0, 0, 0x93);
	assert_segment(&vmcb.fs, 0, 0, 0x93);
	assert_segment(&vmcb.gs, 0, 0, 0x93);
	assert_segment(&vmcb.ss, 0, 0, 0x93);
	assert_segment(&vmcb.gdtr, 0, 0, 0);
	assert_segment(&vmcb.idtr, 0, 0, 0);
	assert_segment(&vmcb.ldtr, 0, 0, 0x82);
	assert_segment(&vmcb.tr, 0, 0, 0x8b);
	assert_int_equal(frame.guest.rdx, 0xa20f10); /* family, model, stepping */
	assert_int_equal(frame.guest.rcx | frame.guest.rbx | frame.guest.rsi | frame.guest.r15, 0);
	assert_int_equal(vmcb.interrupt_shadow, 0);
	assert_int_equal(vmcb.event_injection, 0);
	assert_int_equal(vmcb.nested_cr3, ROOT);
	assert_int_equal(vmcb.tlb_control, TLB_FLUSH_ALL);
	assert_int_equal(vmcb.intercept_misc1, UINT32_MAX & ~INTERCEPT_IRET);
	assert_int_equal(vmcb.intercept_exceptions, UINT32_MAX & ~(1u << VECTOR_DB));
	assert_false(vcpu.vendor.nmi_blocked || vcpu.vendor.nmi_pending || vcpu.vendor.over_iret);
	assert_int_equal(resets, 1);
	assert_int_equal(debug_clears, 1);
}

static void sipi_starts(void **state)
{
	(void)state;
	vcpu_reset(&vcpu);
	vcpu_start(&vcpu, 0x9a);
	assert_segment(&vmcb.cs, 0x9a00, 0x9a000, 0x9b);
	assert_int_equal(vmcb.rip, 0);
}

static void steps_over(void **state)
{
	(void)state;
	vmcb.interrupt_shadow = 1;
	vcpu_advance(&vcpu, 2);
	assert_int_equal(vmcb.rip, 0x1002);
	assert_int_equal(vmcb.interrupt_shadow, 0);
	assert_int_equal(vmcb.event_injection, 0);
	vmcb.next_rip = 0x1005; /* prefixes and all */
	vcpu_advance(&vcpu, 2);
	assert_int_equal(vmcb.rip, 0x1005);
	vmcb.next_rip = 0x100000000;
	vcpu_advance(&vcpu, 2);
	assert_int_equal(vmcb.rip, 0x100000000);
	vmcb.cs.attributes = 0x49b;
	vcpu_advance(&vcpu, 2);
	assert_int_equal(vmcb.rip, 0);
	vmcb.rflags |= RFLAGS_TF;
	vcpu_advance(&vcpu, 2);
	assert_int_equal(vmcb.event_injection, EVENT_VALID | EVENT_TYPE_EXCEPTION | VECTOR_DB);
	assert_int_equal(vmcb.dr6, DR6_BS);
}

static void exceptions_are_injected_with_their_error_code(void **state)
{
	(void)state;
	vcpu_inject(&vcpu, VECTOR_GP, 0x18);
	assert_int_equal(vmcb.event_injection, 0x1880000b0d);
	vcpu_inject(&vcpu, VECTOR_UD, 0);
	assert_int_equal(vmcb.event_injection, 0x80000306);
	vmcb.exit_interrupt_info = 0x80000b0e; /* on top of a #PF */
	vcpu_inject(&vcpu, VECTOR_GP, 0x18);
	assert_int_equal(vmcb.event_injection, 0x80000b08);
	vmcb.exit_interrupt_info = 0x80000b08;
	if (setjmp(stopped) == 0) {
		vcpu_inject(&vcpu, VECTOR_GP, 0);
		fail_msg("no shutdown");
	}
}

#define NMI (EVENT_VALID | EVENT_TYPE_NMI | VECTOR_NMI)

/* The first is delivered and blocks; the second waits for the IRET; a third is the second. */
static void nmis_wait_for_iret(void **state)
{
	(void)state;
	vcpu_inject_nmi(&vcpu);
	assert_int_equal(vmcb.event_injection, NMI);
	assert_true((vmcb.intercept_misc1 & INTERCEPT_IRET) != 0);
	vmcb.event_injection = 0;
	vcpu_inject_nmi(&vcpu);
	vcpu_inject_nmi(&vcpu);
	assert_int_equal(vmcb.event_injection, 0);
	svm_exit_iret(&vcpu);
	assert_true((vmcb.rflags & RFLAGS_TF) != 0);
	assert_true((vmcb.intercept_exceptions & 1u << VECTOR_DB) != 0);
	assert_true((vmcb.intercept_misc1 & INTERCEPT_IRET) == 0);
	vmcb.rflags = 0x202; /* the IRET popped them */
	vmcb.dr6 = DR6_BS;
	svm_exit_debug(&vcpu);
	assert_int_equal(vmcb.event_injection, NMI);
	assert_int_equal(vmcb.dr6 & DR6_BS, 0);
	vmcb.event_injection = 0;
	svm_exit_iret(&vcpu);
	assert_int_equal(vmcb.event_injection, 0);
	vcpu_inject_nmi(&vcpu);
	assert_int_equal(vmcb.event_injection, NMI);
}

/* The guest steps over its IRET itself: its trap comes first, and the NMI is sent again. */
static void nmi_behind_the_guests_trap(void **state)
{
	(void)state;
	vcpu_inject_nmi(&vcpu);
	vcpu_inject_nmi(&vcpu);
	vmcb.rflags |= RFLAGS_TF;
	svm_exit_iret(&vcpu);
	vmcb.dr6 = DR6_BS;
	svm_exit_debug(&vcpu);
	assert_int_equal(vmcb.event_injection, EVENT_VALID | EVENT_TYPE_EXCEPTION | VECTOR_DB);
	assert_int_equal(vmcb.dr6, DR6_BS);
	assert_int_equal(nmis_sent, 1);
}

/* One instruction on another table; both changes of the table are seen by the TLB. */
static void detour_lasts_one_instruction(void **state)
{
	(void)state;
	vcpu_detour(&vcpu, paddr(DETOUR));
	assert_int_equal(vmcb.nested_cr3, DETOUR);
	assert_int_equal(vmcb.tlb_control, TLB_FLUSH_ALL);
	assert_int_equal(vmcb.interrupt_shadow, 1);
	assert_true((vmcb.rflags & RFLAGS_TF) != 0);
	vmcb.tlb_control = TLB_KEEP;
	vmcb.dr6 = DR6_BS;
	svm_exit_debug(&vcpu);
	assert_int_equal(vmcb.nested_cr3, ROOT);
	assert_int_equal(vmcb.tlb_control, TLB_FLUSH_ALL);
	assert_int_equal(vmcb.rflags & RFLAGS_TF, 0);
	assert_int_equal(vmcb.event_injection, 0);
}

static bool set_efer(uint64_t value)
{
	vmcb.tlb_control = TLB_KEEP;
	return vcpu_msr_write(&vcpu, IA32_EFER, value);
}

static void efer_takes_known_bits_only(void **state)
{
	uint64_t value = 0;

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		const uint64_t flag = 1ull << bit;
		const bool known = (flag & (EFER_SCE | EFER_LME | EFER_NXE | EFER_FFXSR | EFER_TCE | EFER_LMA)) != 0;

		assert_int_equal(set_efer(flag), known);
		assert_int_equal(vmcb.tlb_control, known ? TLB_FLUSH_ALL : TLB_KEEP);
		assert_int_equal(vmcb.efer & EFER_LMA, 0); /* the CPU's own */
		assert_true((vmcb.efer & EFER_SVME) != 0);
		assert_true(vcpu_msr_read(&vcpu, IA32_EFER, &value));
		assert_int_equal(value & EFER_SVME, 0);
	}
	ext1_ecx = ext1_edx = 0;
	assert_false(set_efer(EFER_FFXSR));
	assert_false(set_efer(EFER_TCE));
}

static void lme_under_paging(void **state)
{
	(void)state;
	vmcb.efer = EFER_SVME | EFER_LME | EFER_LMA;
	vmcb.cr0 = CR0_PG | CR0_PE;
	assert_true(set_efer(EFER_LME | EFER_NXE));
	assert_int_equal(vmcb.efer, EFER_SVME | EFER_LME | EFER_LMA | EFER_NXE);
	assert_false(set_efer(EFER_NXE));
	vmcb.cr0 = 0;
	assert_true(set_efer(EFER_NXE));
}

static void pat_is_the_guests(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_true(vcpu_msr_write(&vcpu, IA32_PAT, 0x0606));
	assert_int_equal(vmcb.g_pat, 0x0606);
	assert_true(vcpu_msr_read(&vcpu, IA32_PAT, &value));
	assert_int_equal(value, 0x0606);
	assert_false(vcpu_msr_write(&vcpu, 0x3a, 0));
	assert_false(vcpu_msr_read(&vcpu, 0x3a, &value));
}

/* The VMCB has it; the DPL of a conforming CS is another thing. */
static void cpl_is_the_vmcbs(void **state)
{
	(void)state;
	vmcb.cs.attributes = 0x29f | 0x60;
	vmcb.cpl = 0;
	assert_int_equal(vcpu_cpl(&vcpu), 0);
	vmcb.cpl = 3;
	vmcb.cs.attributes = 0x29f;
	assert_int_equal(vcpu_cpl(&vcpu), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(init_resets_everything, new_guest),
		cmocka_unit_test_setup(sipi_starts, new_guest),
		cmocka_unit_test_setup(steps_over, new_guest),
		cmocka_unit_test_setup(exceptions_are_injected_with_their_error_code, new_guest),
		cmocka_unit_test_setup(nmis_wait_for_iret, new_guest),
		cmocka_unit_test_setup(nmi_behind_the_guests_trap, new_guest),
		cmocka_unit_test_setup(detour_lasts_one_instruction, new_guest),
		cmocka_unit_test_setup(efer_takes_known_bits_only, new_guest),
		cmocka_unit_test_setup(lme_under_paging, new_guest),
		cmocka_unit_test_setup(pat_is_the_guests, new_guest),
		cmocka_unit_test_setup(cpl_is_the_vmcbs, new_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
