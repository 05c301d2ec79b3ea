/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* Into a vCPU and out of it: what is switched, what the host learns, and interrupts that come meanwhile. */
#include "hv_test.h"

#include "guest_vcpu.h"
#include "domain/cpuid.h"
#include "domain/hypercall.h"
#include "domain/tdcall.h"
#include "tdx/abi.h"
#include "vcpu/guest_exit.h"
#include "x86/msr.h"

static void a_vcpu_starts_as_the_abi_says(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 1));
	const struct registers *const guest = bed_registers(0);
	const struct registers expected = {.rbx = 48, .rcx = 0x1235, .r8 = 0x1235, .rdx = 0xffffffff, .rsi = 1};

	assert_memory_equal(guest, &expected, sizeof(expected));
	assert_int_equal(bed.fake[0].starts, 1);
	assert_int_equal(bed.fake[0].tlb_flushes, 1);
	assert_int_equal(bed.xcr0, 1);
	assert_int_equal(bed.mxcsr, 0x1f80);
	assert_int_equal(bed.xmm, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(bed.msr[i], 0);
	assert_int_equal(bed.predictor_barriers, 1);
	assert_ptr_equal(bed_guest(0)->frame.vcpu, &bed_guest(0)->vcpu);
	assert_ptr_equal(bed_guest(0)->vcpu.frame, &bed_guest(0)->frame);
}

/* Each side finds its own again, and neither the other's. */
static void everything_is_switched(void **state)
{
	(void)state;
	bed.cr2 = bed.dr6 = bed.dr[3] = bed.msr[2] = 0x700700;
	bed.xmm = 0x7007;
	assert_true(bed_enter(0, 0));
	assert_int_equal(bed.cr2 | bed.dr[3] | bed.msr[2] | bed.xmm, 0);
	bed_secrets();
	bed.cr2 = bed.dr6 = bed.dr[3] = bed.msr[2] = bed.xmm = 0x5ec4e7;
	bed.mxcsr = 0x1fc0;
	bed.xcr0 = 3;
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_int_equal(bed.cr2, 0x700700);
	assert_int_equal(bed.dr6, 0x700700);
	assert_int_equal(bed.dr[3], 0x700700);
	assert_int_equal(bed.msr[2], 0x700700);
	assert_int_equal(bed.xcr0, 7);
	assert_int_equal(bed.xmm, 0); /* lost, as the host is told */
	assert_int_equal(bed.mxcsr, 0x1f80);
	assert_int_equal(bed.predictor_barriers, 2);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PREEMPTED}});
	assert_true(bed_enter(0, 0));
	bed_assert_changed(0);
	assert_int_equal(bed.cr2, 0x5ec4e7);
	assert_int_equal(bed.dr[3], 0x5ec4e7);
	assert_int_equal(bed.msr[2], 0x5ec4e7);
	assert_int_equal(bed.xmm, 0x5ec4e7);
	assert_int_equal(bed.mxcsr, 0x1fc0);
	assert_int_equal(bed.xcr0, 3);
	assert_int_equal(bed.fake[0].starts, 0);
}

static struct domain_info described(void)
{
	union domain_object read;

	assert_int_equal(domain_read(&bed.cpu[1], HV_OBJECT_DOMAIN | (uint64_t)BED_DOMAIN << 32, &read),
			 sizeof(read.info));
	return read.info;
}

/* Answered is what went back into the guest; the host is told of what left it, and of what never entered it. */
static void a_run_is_counted_when_it_ends(void **state)
{
	(void)state;
	bed.tsc = 1000;
	assert_true(bed_enter(0, 0));
	for (unsigned i = 0; i < 3; i++) {
		guest_exit_cpuid(&bed_guest(0)->vcpu);
		assert_true(guest_exit_resumes(&bed.cpu[0]));
	}
	bed.tsc = 1700;
	assert_int_equal(described().run_ticks, 0);
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	struct domain_info info = described();

	assert_int_equal(info.run_ticks, 700);
	assert_int_equal(info.answered, 3);
	assert_int_equal(info.exits[DOMAIN_EXIT_PREEMPTED], 1);
	assert_true(bed_enter(0, 0));
	bed.fake[0].interrupts_on = true;
	guest_exit_hlt(&bed_guest(0)->vcpu);
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_false(bed_enter(0, 0)); /* idle yet */
	bed.tsc = 1800;
	assert_true(bed_enter(0, 1));
	bed.tsc = 1850;
	guest_exit_dead(&bed_guest(0)->vcpu);
	info = described();
	assert_int_equal(info.run_ticks, 750);
	assert_int_equal(info.answered, 3);
	assert_int_equal(info.exits[DOMAIN_EXIT_PREEMPTED], 1);
	assert_int_equal(info.exits[DOMAIN_EXIT_IDLE], 2);
	assert_int_equal(info.exits[DOMAIN_EXIT_DEAD], 1);
}

static int64_t try_run(unsigned cpu, uint64_t domain, uint64_t vcpu)
{
	return bed_call(cpu, HC_VCPU_RUN, domain, vcpu, (uintptr_t)bed.ram, 0);
}

static void a_vcpu_is_on_one_cpu_at_a_time(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	assert_int_equal(try_run(1, BED_DOMAIN, BED_VCPU(0)), HC_E_BUSY);
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_int_equal(try_run(1, BED_DOMAIN, BED_VCPU(0)), HC_E_BUSY); /* CPU 0 may hold parts of it */
	assert_int_equal(bed_call(1, HC_VCPU_FLUSH, BED_DOMAIN, BED_VCPU(0), 0, 0), HC_E_STATE);
	assert_int_equal(bed_call(0, HC_VCPU_FLUSH, BED_DOMAIN, BED_VCPU(0), 0, 0), 0);
	assert_int_equal(bed_call(0, HC_VCPU_FLUSH, BED_DOMAIN, BED_VCPU(0), 0, 0), HC_E_STATE);
	assert_true(bed_enter(1, 0));
}

static void end_all(enum window window)
{
	bed.pool.closed = bed.pool.closed || window == WINDOW_VCPU;
}

/* What a CPU ran last cannot go without a flush there: to run it again, nothing is locked. */
static void the_last_one_runs_again_without_a_lock(void **state)
{
	const struct pool_view view = {&bed.pool, &bed.paging, 1, bed.machine.cpus};

	(void)state;
	assert_true(bed_enter(0, 0));
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_int_equal(pool_lock_domain(&view, BED_DOMAIN), POOL_LOCKED);
	assert_true(bed_enter(0, 0));
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_int_equal(try_run(0, BED_DOMAIN, BED_VCPU(1)), HC_E_BUSY);
	pool_unlock_domain(&view, BED_DOMAIN);
	assert_int_equal(try_run(0, BED_VCPU(0), BED_VCPU(0)), HC_E_DOMAIN);
	assert_int_equal(try_run(0, BED_DOMAIN, 1ull << 32 | BED_VCPU(0)), HC_E_PAGE);
	assert_int_equal(try_run(0, 1ull << 32 | BED_DOMAIN, BED_VCPU(0)), HC_E_DOMAIN);
	bed.meanwhile = end_all; /* after the first look */
	assert_int_equal(try_run(0, BED_DOMAIN, BED_VCPU(0)), HC_E_WIPED);
	bed.meanwhile = 0;
	assert_null(bed.cpu[0].guest);
	bed.pool.closed = false;
	assert_int_equal(bed_call(1, HC_DOMAIN_DESTROY, BED_DOMAIN, 0, 0, 0), 0);
	assert_int_equal(try_run(0, BED_DOMAIN, BED_VCPU(0)), HC_E_STATE);
	assert_int_equal(bed_call(0, HC_VCPU_FLUSH, BED_DOMAIN, BED_VCPU(0), 0, 0), 0);
	assert_int_equal(bed_call(0, HC_PAGE_RECLAIM, BED_DOMAIN, BED_VCPU(0), DOMAIN_VCPU_PAGES, 0),
			 DOMAIN_VCPU_PAGES);
	assert_int_equal(try_run(0, BED_DOMAIN, BED_VCPU(0)), HC_E_STATE);
	assert_null(bed.cpu[0].guest);
	for (unsigned i = 0; i < WINDOWS_PER_CPU; i++)
		assert_false(bed.open[0][i]);
}

static void what_is_no_vcpu_does_not_run(void **state)
{
	const uint64_t bad[] = {0,           BED_DOMAIN, BED_VCPU(0) + 1, BED_VCPU(BED_VCPUS),
				BED_PAGE(0), BED_PAGES,  UINT64_MAX,      1ull << 32 | BED_VCPU(0)};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(try_run(0, BED_DOMAIN, bad[i]), HC_E_PAGE);
	assert_int_equal(try_run(0, BED_VCPU(0), BED_VCPU(0)), HC_E_DOMAIN);
	assert_int_equal(bed_call(0, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.memory, 0), HC_E_BUFFER);
	assert_int_equal(bed_call(0, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram + 8, 0), HC_E_BUFFER);
	assert_int_equal(bed_call(0, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram, 1), HC_E_ARGUMENT);
	assert_null(bed.cpu[0].guest);
}

static void the_dead_do_not_run(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	guest_exit_dead(&bed_guest(0)->vcpu);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_DEAD}});
	assert_int_equal(try_run(0, BED_DOMAIN, BED_VCPU(0)), HC_E_STATE);
	assert_true(bed_enter(0, 1)); /* another one does */
	assert_int_equal(bed_call(1, HC_DOMAIN_DESTROY, BED_DOMAIN, 0, 0, 0), 0);
	assert_int_equal(bed.kicks[0], 1);
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(try_run(0, BED_DOMAIN, BED_VCPU(2)), HC_E_STATE);
}

/* Enters vCPU @index on CPU 0, and leaves it. Returns how often its translations were flushed. */
static unsigned flushes_of(unsigned index)
{
	assert_true(bed_enter(0, index));
	const unsigned flushes = bed.fake[0].tlb_flushes;

	guest_exit_preempted(&bed_guest(0)->vcpu);
	return flushes;
}

/* A CPU's translations with a tag are those of the vCPU that ran last with it: another one's begin without any. */
static void another_vcpus_translations_are_flushed(void **state)
{
	uint32_t *const last = &bed.cpu[0].guest_page[VCPU_TAG(BED_VCPU(0))];

	(void)state;
	assert_int_equal(flushes_of(0), 1);
	assert_int_equal(flushes_of(0), 0);
	*last = BED_VCPU(0) + GUEST_TAGS * DOMAIN_VCPU_PAGES;
	assert_int_equal(flushes_of(0), 1);
	assert_int_equal(*last, BED_VCPU(0));
	assert_int_equal(bed_call(0, HC_VCPU_FLUSH, BED_DOMAIN, BED_VCPU(0), 0, 0), 0);
	assert_int_equal(flushes_of(0), 1);
}

/* Others have other tags, and find what they left. */
static void vcpus_with_other_tags_are_not_flushed(void **state)
{
	(void)state;
	assert_int_not_equal(VCPU_TAG(BED_VCPU(0)), VCPU_TAG(BED_VCPU(1)));
	assert_int_equal(flushes_of(0), 1);
	assert_int_equal(flushes_of(1), 1);
	assert_int_equal(flushes_of(0), 0);
	assert_int_equal(flushes_of(1), 0);
}

/* A page that is taken away is kept until the CPU in the guest has been out of it. */
static void a_page_goes_after_the_translation(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	bed_forget();
	assert_int_equal(bed_call(1, HC_PAGE_REMOVE, BED_DOMAIN, 0x3000, 0, 0), HC_E_BUSY);
	assert_int_equal(bed.kicks[0], 1);
	assert_int_equal(bed_record(BED_PAGE(3)), (uint64_t)BED_DOMAIN << 32 | PAGE_PRIVATE);
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed.fake[0].tlb_flushes, 1);
	assert_int_equal(bed_call(1, HC_PAGE_REMOVE, BED_DOMAIN, 0x3000, 0, 0), 1);
	assert_int_equal(bed_record(BED_PAGE(3)), PAGE_FREE);
}

static void enable_apic(unsigned cpu)
{
	bed_guest(cpu)->lapic.reg[LAPIC_SVR] = 0x1ff;
}

static int64_t interrupt(uint64_t vcpu, uint64_t vector)
{
	return bed_call(1, HC_INTERRUPT, BED_DOMAIN, vcpu, vector, 0);
}

static void the_host_has_devices_vectors_only(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	enable_apic(0);
	for (uint64_t vector = 0; vector < 0x300; vector++) {
		const bool allowed = vector >= 0x20 && vector <= 0xea && vector != 0x80;
		uint32_t *const irr = &bed_guest(0)->lapic.reg[LAPIC_IRR];

		assert_int_equal(interrupt(BED_VCPU(0), vector), allowed ? 0 : HC_E_ARGUMENT);
		assert_int_equal(irr[vector / 32 % 8] >> vector % 32 & 1, allowed);
		memset(irr, 0, 32);
	}
	assert_int_equal(interrupt(BED_VCPU(0), UINT64_MAX), HC_E_ARGUMENT);
	assert_int_equal(interrupt(BED_VCPU(0), 1ull << 32 | 0x41), HC_E_ARGUMENT);
	assert_int_equal(interrupt(BED_VCPU(0) + 1, 0x41), HC_E_PAGE);
	assert_int_equal(interrupt(1ull << 32 | BED_VCPU(0), 0x41), HC_E_PAGE);
	assert_int_equal(bed.kicks[0], 0xea - 0x20);
}

/* The page may be another domain's by then. */
static void no_interrupt_reaches_a_page_that_was_a_vcpus(void **state)
{
	(void)state;
	assert_int_equal(bed_call(0, HC_DOMAIN_DESTROY, BED_DOMAIN, 0, 0, 0), 0);
	assert_int_equal(bed_call(0, HC_PAGE_RECLAIM, BED_DOMAIN, BED_VCPU(0), DOMAIN_VCPU_PAGES, 0),
			 DOMAIN_VCPU_PAGES);
	assert_int_equal(interrupt(BED_VCPU(0), 0x41), HC_E_STATE);
}

static void an_interrupt_is_delivered_by_its_priority(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	enable_apic(0);
	bed_forget();
	assert_int_equal(interrupt(BED_VCPU(0), 0x41), 0);
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed.fake[0].interrupt, -1); /* not now */
	assert_true(bed.fake[0].window);
	bed.fake[0].interruptible = true;
	assert_int_equal(interrupt(BED_VCPU(0), 0x62), 0);
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed.fake[0].interrupt, 0x62);
	assert_false(bed.fake[0].window); /* 0x41 waits for the end of 0x62 */
	assert_int_equal(bed_guest(0)->lapic.reg[LAPIC_ISR + 3], 1u << (0x62 - 0x60));
	bed_forget();
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed.fake[0].interrupt, -1);
}

static void an_interrupt_ends_a_halt(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	enable_apic(0);
	bed_guest(0)->halt = HALTED;
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_IDLE}});
	assert_false(bed_enter(0, 0)); /* still */
	assert_int_equal(interrupt(BED_VCPU(0), 0x41), 0);
	assert_true(bed_enter(0, 0)); /* although its IF is 0 */
	assert_int_equal(bed_guest(0)->halt, NOT_HALTED);
	bed_guest(0)->halt = HALTED_FOR_GOOD;
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed_run_page(0)->exit.kind, DOMAIN_EXIT_IDLE);
}

/* After the last look at what is pending, before the CPU is said to be out. */
static void interrupt_once(void)
{
	bed.unloading = 0;
	assert_int_equal(interrupt(BED_VCPU(0), 0x41), 0);
}

static void an_interrupt_on_the_way_out_is_no_lost_wake_up(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	enable_apic(0);
	bed_guest(0)->halt = HALTED;
	bed.unloading = interrupt_once;
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_null(bed.unloading);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PREEMPTED}});
	assert_true(bed_enter(0, 0));
}

static void the_host_learns_of_each_new_deadline(void **state)
{
	(void)state;
	bed.tsc = 1000;
	assert_true(bed_enter(0, 0));
	enable_apic(0);
	bed_guest(0)->lapic.reg[LAPIC_TIMER] = 2u << 17 | 0xec;
	bed_guest(0)->lapic.deadline = 5000;
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PREEMPTED, .deadline = 5000}});
	assert_true(bed_enter(0, 0)); /* once */
	bed_guest(0)->lapic.deadline = 4000;
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed_run_page(0)->exit.deadline, 4000);
	assert_true(bed_enter(0, 0));
	bed_guest(0)->lapic.deadline = 9000; /* the host comes at 4000 */
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	bed.tsc = 4000;
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed_run_page(0)->exit.deadline, 9000);
	bed.tsc = 9000;
	bed.fake[0].interruptible = true;
	assert_true(bed_enter(0, 0));
	assert_int_equal(bed.fake[0].interrupt, 0xec);
	assert_int_equal(bed_guest(0)->lapic.deadline, 0);
}

/* All that the root guest and its host have after an exit. */
struct seen {
	struct domain_run run;
	struct registers root;
	uint64_t cr2, dr6, dr[4], msr[3], xcr0, xmm, barriers;
	uint32_t mxcsr;
};

static struct seen look(void)
{
	struct seen seen = {.run = *bed_run_page(0), .root = bed.frame[0].guest};

	seen.cr2 = bed.cr2;
	seen.dr6 = bed.dr6;
	memcpy(seen.dr, bed.dr, sizeof(seen.dr));
	memcpy(seen.msr, bed.msr, sizeof(seen.msr));
	seen.xcr0 = bed.xcr0;
	seen.xmm = bed.xmm;
	seen.barriers = bed.predictor_barriers;
	seen.mxcsr = bed.mxcsr;
	return seen;
}

static void vmcall_of(uint64_t function, uint64_t r12, uint64_t r13, uint64_t r14)
{
	struct registers *const guest = bed_registers(0);

	guest->rax = guest->r10 = 0;
	guest->rcx = 0xffcc;
	guest->r11 = function;
	guest->r12 = r12;
	guest->r13 = r13;
	guest->r14 = r14;
	tdcall(bed_guest(0));
}

/* One exit for the host of each kind but the fatal error, whose text the guest means to show. */
static void leave_by(unsigned kind)
{
	struct vcpu *const vcpu = &bed_guest(0)->vcpu;

	switch (kind) {
	case DOMAIN_EXIT_PREEMPTED:
		return guest_exit_preempted(vcpu);
	case DOMAIN_EXIT_IO:
		return vmcall_of(30, 4, 0, 0x3f8);
	case DOMAIN_EXIT_MMIO:
		return vmcall_of(48, 8, 0, DOMAIN_SHARED_BIT | 0xd0000000);
	case DOMAIN_EXIT_IDLE:
		vmcall_of(12, 0, 0, 0);
		assert_false(guest_exit_resumes(&bed.cpu[0]));
		return;
	case DOMAIN_EXIT_PAGE:
		return guest_exit_stage2(
			vcpu, &(struct guest_fault){.address = gpa(0x20000 | (bed.cr2 & 0xfff)), .linear = bed.cr2});
	case DOMAIN_EXIT_TABLE:
		return vmcall_of(0x10001, DOMAIN_SHARED_BIT | 0x201000, 0x1000, bed.cr2);
	case DOMAIN_EXIT_MAP_GPA:
		return vmcall_of(0x10001, DOMAIN_SHARED_BIT | 0x2000, 0x1000, bed.cr2);
	case DOMAIN_EXIT_GET_QUOTE:
		return vmcall_of(0x10002, DOMAIN_SHARED_BIT | 0x2000, 0x1000, bed.cr2);
	case DOMAIN_EXIT_WAKE:
		assert_true(guest_msr_write(bed_guest(0), IA32_X2APIC_ICR, 5ull << 32 | 0x41));
		assert_false(guest_exit_resumes(&bed.cpu[0]));
		return;
	default:
		return guest_exit_dead(vcpu);
	}
}

static struct seen after_exit(unsigned kind, uint64_t secret)
{
	(void)bed_start(0);
	assert_true(bed_enter(0, 0));
	bed_secrets();
	for (unsigned n = 0; n < sizeof(struct registers) / 8; n++)
		(&bed_registers(0)->r15)[n] ^= secret;
	bed.cr2 = bed.dr6 = bed.dr[0] = bed.dr[3] = bed.msr[0] = bed.msr[2] = bed.xmm = secret;
	bed.mxcsr = (uint32_t)secret;
	memset(bed_memory(0x2000), (int)secret, PAGE_BYTES);
	leave_by(kind);
	assert_int_equal(bed_run_page(0)->exit.kind, kind);
	const struct seen seen = look();

	(void)bed_stop(0);
	return seen;
}

/* Two runs that differ in secrets only leave the host the same. */
static void no_secret_is_seen(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind <= DOMAIN_EXIT_DEAD; kind++) {
		if (kind == DOMAIN_EXIT_FATAL)
			continue;
		struct seen first = after_exit(kind, 0x1111111111111111), second = after_exit(kind, 0x2345678923456789);

		first.run.entry = second.run.entry; /* the host's own */
		assert_memory_equal(&first, &second, sizeof(first));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_vcpu_starts_as_the_abi_says, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(everything_is_switched, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(a_run_is_counted_when_it_ends, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(a_vcpu_is_on_one_cpu_at_a_time, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(the_last_one_runs_again_without_a_lock, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(what_is_no_vcpu_does_not_run, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(the_dead_do_not_run, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(another_vcpus_translations_are_flushed, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(vcpus_with_other_tags_are_not_flushed, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(a_page_goes_after_the_translation, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(the_host_has_devices_vectors_only, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(no_interrupt_reaches_a_page_that_was_a_vcpus, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(an_interrupt_is_delivered_by_its_priority, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(an_interrupt_ends_a_halt, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(an_interrupt_on_the_way_out_is_no_lost_wake_up, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(the_host_learns_of_each_new_deadline, bed_start, bed_stop),
		cmocka_unit_test(no_secret_is_seen),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
