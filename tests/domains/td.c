/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains that run: a small guest (rt/domain_guest.S) does what a list says, and tells what came of it; the
 * host, here, sees what it may see.
 */
#include "td/counts.h"
#include "td/cpus.h"
#include "td/cycles.h"
#include "td/devices.h"
#include "td/host.h"
#include "td/hostile.h"
#include "td/large.h"
#include "td/leaves.h"
#include "td/pages.h"
#include "td/script.h"
#include "td/secrets.h"

#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"

#include <cloister/report.h>
#include <cloister/statement.h>

static void test_starts(void)
{
	static const struct op ops[] = {
		{OP_CPUID, {0}},    {OP_CPUID, {0x21}},  {OP_CPUID, {0x40000000}}, {OP_CPUID, {1}},
		{OP_RDMSR, {0x1b}}, {OP_RDMSR, {0x802}}, {OP_RDMSR, {0x122}},      END,
	};

	begin("a guest starts");
	ok(start(1, ops, COUNT(ops)), "a domain is built");
	ok(run_to_end(&built, 0), "its guest comes to its end");
	ok(is(0x756e654700000021, told()) && is(0x49656e696c65746e, told()), "CPUID shows Intel's name");
	ok(is(0x65746e4900000000, told()) && is(0x5844546c20202020, told()), "and TDX");
	ok(is(0x4b4d564b40000001, told()) && is(0x0000004d564b4d56, told()), "and KVM's signature");
	(void)told();
	ok(is(0x81200000, told() & 0x81200020), "and x2APIC, TSC deadline, hypervisor, no VMX");
	ok(is(0xfee00d00, told()) && is(0, told()), "the APIC's base register is that of the boot CPU");
	ok(is(0, told()) && is(0, told()), "its x2APIC ID is the one given");
	ok(is(RAISED_WORD(13), told()), "an unknown register is #GP");
	gone();
}

static void test_leaves(void)
{
	static const struct op ops[] = {
		TDCALL(TDG_VP_INFO),
		TDCALL(99),
		TDCALL(TDG_VP_INFO | 1 << 16),
		TDCALL(TDG_VP_VEINFO_GET),
		TDCALL(TDG_MR_RTMR_EXTEND, GUEST_SCRATCH, 3),
		TDCALL(TDG_MR_RTMR_EXTEND, GUEST_SCRATCH, 4),
		TDCALL(TDG_MR_RTMR_EXTEND, GUEST_SCRATCH + 8, 3),
		TDCALL(TDG_VM_RD, 0, TD_ATTRIBUTES),
		TDCALL(TDG_VM_WR, 0, TD_ATTRIBUTES, 0, ~0ul),
		TDCALL(TDG_VM_WR, 0, TD_CTLS, 0, ~0ul),
		TDCALL(TDG_VP_VMCALL, 0x1ffcc),
		VMCALL(0, 0x999),
		VMCALL(5),
		{OP_RUN, {0xc3cc010f66ul, 0, TDG_VP_INFO}}, /* 66 0F 01 CC C3 */
		{OP_RUN, {0xc30b0ful, 0, 0}},               /* UD2 */
		END,
	};
	const uint64_t attributes = DOMAIN_ATTRIBUTES;

	begin("leaves of TDCALL");
	ok(start(1, ops, COUNT(ops)) && run_to_end(&built, 0), "a guest calls them all");
	ok(is(0, told()) && is((uint64_t)__builtin_ctzl(shared_bit) + 1, told()) && is(attributes, told()) &&
		   is((uint64_t)VCPUS << 32 | 1, told()) && is(0, told()) && is(0, told()) && is(0, told()) &&
		   is(0, told()),
	   "TDG.VP.INFO tells width, attributes and vCPUs");
	ok(tells(TDX_OPERAND_INVALID), "an unknown leaf is refused");
	ok(tells(TDX_OPERAND_INVALID), "and an unknown version");
	ok(tells(TDX_NO_VALID_VE_INFO), "without a #VE there is nothing to get");
	ok(tells(0), "an RTMR is extended");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RDX), "not a fifth one");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX), "not from anywhere");
	ok(is(0, told()) && is(0, told()) && is(TD_ATTRIBUTES, told()) && is(attributes, told()), "a field is read");
	at += 4;
	ok(tells(TDX_FIELD_NOT_WRITABLE), "the attributes are not written");
	ok(tells(TDX_FIELD_VALUE_NOT_VALID), "pending pages never raise #VE");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX), "no vector registers go to the host");
	ok(vmcall_tells(VMCALL_SUBFUNC_UNSUPPORTED), "an unknown sub-function is refused");
	ok(vmcall_tells(VMCALL_INVALID_OPERAND), "so are somebody's own calls");
	ok(is(0, told()), "TDCALL works wherever its bytes are");
	(void)told();
	ok(is(RAISED_WORD(6), told()), "UD2 is #UD all the same");
	gone();
}

static void test_acceptance(void)
{
	const struct op ops[] = {
		ACCEPT(HOLE),
		ACCEPT(HOLE),
		{OP_STORE, {HOLE, 0x1234}},
		{OP_LOAD, {HOLE}},
		ACCEPT(0x40000000),
		ACCEPT(HOLE | shared_bit),
		ACCEPT(HOLE | 0x10),
		{OP_LOAD, {OTHER_HOLE}},
		END,
	};

	begin("memory that the host adds");
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_PAGE, HOLE), "what is to be accepted has to be there");
	ok(augment(HOLE), "the host adds it");
	ok(answers(HC_E_MAPPING, call(HC_PAGE_AUG, built.page, HOLE, built.next, 0)), "not twice");
	ok(exits(DOMAIN_EXIT_PAGE, OTHER_HOLE), "a guest that touches what is not there waits for it");
	ok(tells(0), "a page is accepted");
	ok(tells(TDX_PAGE_ALREADY_ACCEPTED), "once");
	at += 2;
	ok(is(0x1234, told()) && is(0, told()), "then it is the guest's");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX), "no RAM is not accepted");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX), "nor are shared addresses");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX), "nor reserved bits");
	ok(augment(OTHER_HOLE) && exits(DOMAIN_EXIT_DEAD, OTHER_HOLE), "without acceptance the guest ends there");
	ok(answers(HC_E_STATE, run(&built, 0)), "and runs no more");
	gone();
}

static void test_lazy_acceptance(void)
{
	static const struct op ops[] = {
		TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1),
		{OP_STORE, {HOLE, 0x5678}},
		{OP_LOAD, {HOLE}},
		{OP_HALT, {0}},
		{OP_LOAD, {HOLE}},
		END,
	};

	begin("lazy acceptance");
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_PAGE, HOLE) && augment(HOLE), "the host adds a page");
	ok(exits(DOMAIN_EXIT_IDLE, 0) && (at = 10) && is(0x5678, told()), "the guest has it at once");
	ok(answers(1, call(HC_PAGE_REMOVE, built.page, HOLE, 0, 0)), "the host takes it away");
	ok(answers(0, call(HC_INTERRUPT, built.page, built.vcpu[0], GUEST_VECTOR, 0)) &&
		   exits(DOMAIN_EXIT_PAGE, HOLE) && augment(HOLE),
	   "and adds one again");
	ok(exits(DOMAIN_EXIT_DEAD, HOLE), "the guest stops rather than read zeros");
	gone();
}

/* The shared page is the host's own. */
static void test_sharing(void)
{
	const struct op ops[] = {
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		{OP_STORE, {GUEST_SHARED + HOLE, 0x1122334455667788}},
		{OP_LOAD, {GUEST_SHARED + HOLE + 8}},
		{OP_LOAD, {GUEST_SHARED + HOLE}},
		VMCALL(0, VMCALL_MAP_GPA, HOLE, 0x1000),
		ACCEPT(HOLE),
		{OP_LOAD, {HOLE}},
		{OP_LOAD, {GUEST_SHARED + HOLE}},
		VMCALL(0, VMCALL_MAP_GPA, HOLE | 8, 0x1000),
		VMCALL(0, VMCALL_MAP_GPA, 0x40000000, 0x1000),
		VMCALL(0, VMCALL_MAP_GPA, HOLE, ~0xffful),
		{OP_LOAD, {HOLE}},
		END,
	};
	uint64_t *const page = (uint64_t *)shared_page;
	const uint64_t address = (uint64_t)page;

	begin("memory that both share");
	ok(start(1, ops, COUNT(ops)), "a domain is built");
	ok(answers(HC_E_MAPPING, call(HC_SHARED_MAP, built.page, HOLE, address, 0)),
	   "nothing is shared that the guest has not released");
	ok(exits(DOMAIN_EXIT_MAP_GPA, HOLE) && is(0x1000, run_of(&built, 0)->exit.value) &&
		   is(1, run_of(&built, 0)->exit.write),
	   "the host learns what is released");
	ok(exits(DOMAIN_EXIT_PAGE, HOLE | shared_bit), "and that the guest wants it");
	ok(answers(HC_E_BUFFER, call(HC_SHARED_MAP, built.page, HOLE, 0xfed40000, 0)), "no device is shared");
	ok(answers(HC_E_MAPPING, call(HC_PAGE_AUG, built.page, HOLE, built.next, 0)),
	   "and no private page comes to a released address");
	page[1] = 0xabcd;
	ok(answers(0, call(HC_SHARED_MAP, built.page, HOLE, address, 0)), "the host maps its own page");
	ok(exits(DOMAIN_EXIT_MAP_GPA, HOLE) && is(0, run_of(&built, 0)->exit.write),
	   "until the guest wants it private");
	ok(is(0x1122334455667788, page[0]), "what the guest wrote is the host's");
	ok(is(0, told()) && (at += 4) && is(0, told()) && (at += 4) && is(0xabcd, told()), "and the other way round");
	ok(exits(DOMAIN_EXIT_PAGE, HOLE) && augment(HOLE), "then it needs a private page");
	page[0] = 1;
	(void)run_on(&built, 0);
	at = 8 + 6 + 8;
	ok(tells(0) && is(0, told()) && (at += 1), "which is accepted, and zero");
	ok(is(RAISED_VE(48), told()) && (at += 1), "the shared alias is a device's register now: #VE");
	ok(vmcall_tells(VMCALL_ALIGN_ERROR), "whole pages only");
	ok(vmcall_tells(VMCALL_INVALID_OPERAND), "RAM only");
	ok(vmcall_tells(VMCALL_INVALID_OPERAND), "not around the end");
	page[0] = page[1] = 0;
	gone();
}

static void test_report(void)
{
	const struct op ops[] = {
		{OP_STORE, {GUEST_REPORT_DATA, 0x6174616474726f70}},
		TDCALL(TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA),
		TDCALL(TDG_MR_VERIFYREPORT, GUEST_REPORT),
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		{OP_COPY, {GUEST_SHARED + HOLE, GUEST_REPORT, sizeof(struct report)}},
		{OP_STORE, {GUEST_REPORT + 128, 0}},
		TDCALL(TDG_MR_VERIFYREPORT, GUEST_REPORT),
		TDCALL(TDG_MR_REPORT, GUEST_REPORT + 512, GUEST_REPORT_DATA),
		TDCALL(TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA + 8),
		TDCALL(TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA, 1),
		TDCALL(TDG_MR_REPORT, HOLE, GUEST_REPORT_DATA),
		END,
	};
	uint8_t *const page = shared_page;
	struct hk_report *const answer = (void *)(page + 2048);
	const struct report *const report = (const void *)page;

	begin("reports");
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_MAP_GPA, HOLE) &&
		   exits(DOMAIN_EXIT_PAGE, HOLE | shared_bit) &&
		   answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)page, 0)) && run_to_end(&built, 0),
	   "a guest makes a report, and shows it");
	at = 2;
	ok(tells(0) && tells(0), "the hypervisor knows its own");
	at += 8 + 2 + 2;
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX), "one that was changed is none");
	ok(tells(TDX_OPERAND_INVALID | OPERAND_RCX) && tells(TDX_OPERAND_INVALID | OPERAND_RDX) &&
		   tells(TDX_OPERAND_INVALID | OPERAND_R8) && tells(TDX_OPERAND_INVALID | OPERAND_RCX),
	   "wrong operands are refused by their numbers");
	ok(is(0x6174616474726f70, *(const uint64_t *)report->mac.data) && is(0x81, report->mac.type) &&
		   is(DOMAIN_ATTRIBUTES, report->td_info.attributes) && is(first, report->tcb_info.domain.domain),
	   "it says what the domain is");
	ok(answers(0, call(HC_QUOTE, (uint64_t)page, (uint64_t)answer, 0, 0)), "the host has it signed");
	data("signed-report", answer, sizeof(*answer));
	page[128] ^= 1;
	ok(answers(HC_E_ARGUMENT, call(HC_QUOTE, (uint64_t)page, (uint64_t)answer, 0, 0)), "not with other data");
	page[128] ^= 1;
	page[600] ^= 1;
	ok(answers(HC_E_ARGUMENT, call(HC_QUOTE, (uint64_t)page, (uint64_t)answer, 0, 0)),
	   "nor with other measurements");
	page[600] ^= 1;
	page[300] ^= 1;
	ok(answers(HC_E_ARGUMENT, call(HC_QUOTE, (uint64_t)page, (uint64_t)answer, 0, 0)), "nor of another hypervisor");
	ok(answers(HC_E_BUFFER, call(HC_QUOTE, (uint64_t)page + 3584, (uint64_t)answer, 0, 0)), "nor from two pages");
	gone();
}

static void test_devices(void)
{
	const struct op ops[] = {
		{OP_LOAD, {GUEST_SHARED + 0x200000}},
		{OP_RUN, {0xc3ed70e6ul, 0, 0}}, /* OUT 0x70, AL */
		VMCALL(0, VMCALL_IO, 2, 0, 0x60, 0),
		VMCALL(0, VMCALL_IO, 3, 0, 0x60, 0),
		VMCALL(0, VMCALL_IO, 1, 0, 0x10000, 0),
		VMCALL(0, VMCALL_MMIO, 8, 1, 0x40000010 | shared_bit, 0x77),
		VMCALL(0, VMCALL_MMIO, 4, 0, 0x40000010, 0),
		VMCALL(0, VMCALL_MMIO, 4, 0, HOLE | shared_bit, 0),
		VMCALL(0, VMCALL_MMIO, 8, 0, 0x40000ffc | shared_bit, 0),
		VMCALL(0, VMCALL_FATAL_ERROR, 0, 0, 0x21646e65),
		END,
	};
	const struct domain_run *const run = (start(1, ops, COUNT(ops)), run_of(&built, 0));

	begin("devices");
	ok(exits(DOMAIN_EXIT_IO, 0x60) && is(2, run->exit.bytes) && is(0, run->exit.write) && is(0, run->exit.value),
	   "a guest asks for a port");
	answer(&built, 0, 0xdeadbeef, 0);
	ok(exits(DOMAIN_EXIT_MMIO, 0x40000010) && is(8, run->exit.bytes) && is(0x77, run->exit.value),
	   "and for a device's register");
	ok(is(RAISED_VE(48), told()) && is(0x181, told()), "a device's register is #VE");
	ok(is(RAISED_VE(30), told()) && is(0x70 << 16, told()), "and so is a port");
	ok(is(0, told()) && (at += 4) && is(0, told()) && is(0xbeef, told()), "the value has the size asked for");
	(void)told();
	ok(vmcall_tells(VMCALL_INVALID_OPERAND), "3 bytes are refused");
	ok(vmcall_tells(VMCALL_INVALID_OPERAND), "and a port beyond the last");
	answer(&built, 0, 0, 1);
	ok(exits(DOMAIN_EXIT_FATAL, 0) && is(0x21646e65, *(const uint64_t *)run->text), "the guest gives up");
	ok(vmcall_tells(VMCALL_INVALID_OPERAND), "an access that failed is told");
	for (unsigned i = 0; i < 3; i++)
		ok(vmcall_tells(VMCALL_INVALID_OPERAND), "and one that is none");
	ok(answers(HC_E_STATE, call(HC_VCPU_RUN, built.page, built.vcpu[0], (uint64_t)run, 0)), "it runs no more");
	gone();
}

#define LATER 0xfffffffffffffffful

static void test_interrupts(void)
{
	static const struct op ops[] = {
		{OP_HALT, {0}},
		{OP_WRMSR, {0x83f, GUEST_VECTOR}},
		{OP_AWAIT, {0}},
		{OP_WRMSR, {0x832, 0x40000 | GUEST_VECTOR}},
		{OP_WRMSR, {0x6e0, 1}},
		{OP_AWAIT, {0}},
		{OP_WRMSR, {0x83f, GUEST_VECTOR}},
		VMCALL(0, VMCALL_HLT, 0),
		{OP_AWAIT, {0}},
		{OP_WRMSR, {0x6e0, LATER}},
		{OP_RDMSR, {0x6e0}},
		{OP_RDMSR, {0x812}},
		{OP_WRMSR, {0x80b, 1}},
		END,
	};
	const uint64_t bad[] = {0, 14, 20, 31, 0x80, 0xeb, 0xff, 0x100, ~0ul};

	begin("interrupts");
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_IDLE, 0), "a guest that halts is idle");
	for (unsigned i = 0; i < COUNT(bad); i++)
		ok(answers(HC_E_ARGUMENT, call(HC_INTERRUPT, built.page, built.vcpu[0], bad[i], 0)),
		   "vector %lx is none of a device", bad[i]);
	ok(exits(DOMAIN_EXIT_IDLE, 0) && is(0, built.words), "without an interrupt it stays so");
	ok(answers(0, call(HC_INTERRUPT, built.page, built.vcpu[0], GUEST_VECTOR, 0)) && run_to_end(&built, 0),
	   "with one it goes on");
	ok(counts(1), "it had one interrupt");
	at += 2;
	ok(counts(1), "one that it sent itself");
	at += 4;
	ok(counts(1), "one of a deadline that has passed");
	at += 2;
	ok(tells(0), "HLT by VMCALL goes on where an interrupt waits");
	ok(counts(1), "which comes then");
	at += 2;
	ok(counts(LATER) && is(LATER, run_of(&built, 0)->exit.deadline), "the host knows of the deadline");
	ok(counts(0), "nothing is in service");
	ok(is(RAISED_WORD(13), told()), "EOI of anything but 0 is #GP");
	gone();
}

static void test_bad_runs(void)
{
	static const struct op ops[] = {END};
	const uint64_t page = (uint64_t)shared_page;
	const struct {
		uint64_t address;
		const char *where;
	} bad[] = {{page + 8, "an address within a page"},
		   {0xfed40000, "the TPM"},
		   {0xfee00000, "the local APIC"},
		   {1ul << 46, "what is no RAM"},
		   {~0xffful, "the last page of all addresses"}};

	begin("runs that are refused");
	ok(start(1, ops, COUNT(ops)), "a domain is built");
	for (unsigned i = 0; i < COUNT(bad); i++)
		ok(answers(HC_E_BUFFER, call(HC_VCPU_RUN, built.page, built.vcpu[0], bad[i].address, 0)),
		   "no exit is written to %s", bad[i].where);
	ok(answers(HC_E_PAGE, call(HC_VCPU_RUN, built.page, built.vcpu[0] + 1, page, 0)) &&
		   answers(HC_E_PAGE, call(HC_VCPU_RUN, built.page, built.page, page, 0)) &&
		   answers(HC_E_DOMAIN, call(HC_VCPU_RUN, built.vcpu[0], built.vcpu[0], page, 0)) &&
		   answers(HC_E_ARGUMENT, call(HC_VCPU_RUN, built.page, built.vcpu[0], page, 1)),
	   "nor is anything run that is no vCPU");
	ok(answers(HC_E_STATE, call(HC_VCPU_FLUSH, built.page, built.vcpu[0], 0, 0)), "no CPU has the vCPU by that");
	ok(run_to_end(&built, 0), "and the guest runs all the same");
	gone();
}

void test_main(void)
{
	const uint64_t pages = stats_read().pool_bytes / PAGE_BYTES;

	first = (pages + 511) / 512;
	domain_init();
	shared_page = page_get();
	if (program_argument[0] == 'c') /* td-cycles */
		return test_many_cycles(pages);
	if (program_argument[0] == 'd' && program_argument[1] == 'm') /* td-dma-vtd, td-dma-amdvi */
		return test_device_attacks(program_argument[4] == 'a');
	if (program_argument[0] == 'l') /* td-large */
		return test_large();
	(void)call(HC_READ, HV_OBJECT_STATEMENT, 0, (uint64_t)shared_page, PAGE_BYTES);
	data("statement", shared_page, sizeof(struct hk_statement));
	__builtin_memset(shared_page, 0, PAGE_BYTES);
	test_starts();
	test_leaves();
	test_acceptance();
	test_lazy_acceptance();
	test_sharing();
	test_report();
	test_devices();
	test_interrupts();
	test_bad_runs();
	test_all_leaves();
	test_pages();
	test_host(pages);
	test_counts(pages);
	test_hostile();
	test_cycles();
	test_cpus();
	if (program_argument[0] != 'd') /* td-debug: reads of MSRs by the thousand, each a line on the serial port */
		test_secrets();
}
