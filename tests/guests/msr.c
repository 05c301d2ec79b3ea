/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers from the root guest: those with power over the hypervisor are refused with #GP, those
 * frozen at the launch keep their values, those that an operating system needs work (docs/architecture.md, section
 * 3).
 */
#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "tap.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

FORM(form_rdmsr, "rdmsr");
FORM(form_wrmsr, "wrmsr");

struct msr {
	const char *name;
	uint32_t first, last;
};

/* Neither read nor written. Sorted by number; names of SDM volume 4 and APM volume 2, appendix A. */
static const struct msr denied[] = {
	{"KVM_WALL_CLOCK (old)", 0x11, 0x12},
	{"IA32_FEATURE_CONTROL", 0x3a, 0x3a},
	{"IA32_SGXLEPUBKEYHASH", 0x8c, 0x8f},
	{"IA32_SMM_MONITOR_CTL", 0x9b, 0x9b},
	{"IA32_SMBASE", 0x9e, 0x9e},
	{"IA32_PMC", 0xc1, 0xc8},
	{"IA32_PERFEVTSEL", 0x186, 0x18d},
	{"IA32_SMRR_PHYSBASE, PHYSMASK", 0x1f2, 0x1f3},
	{"IA32_FIXED_CTR", 0x309, 0x30b},
	{"IA32_PERF_GLOBAL_CTRL", 0x38f, 0x38f},
	{"IA32_PEBS_ENABLE", 0x3f1, 0x3f1},
	{"IA32_VMX_BASIC to VMX_VMFUNC", 0x480, 0x491},
	{"IA32_RTIT_OUTPUT_BASE, MASK_PTRS", 0x560, 0x561},
	{"IA32_RTIT_CTL to CR3_MATCH", 0x570, 0x572},
	{"IA32_DS_AREA", 0x600, 0x600},
	{"IA32_QM_EVTSEL to L3 masks", 0xc8d, 0xc90},
	{"IA32_LBR_CTL", 0x14ce, 0x14ce},
	{"Hyper-V synthetic", 0x40000000, 0x40000003},
	{"Hyper-V crash control", 0x40000105, 0x40000105},
	{"KVM synthetic", 0x4b564d00, 0x4b564d08},
	{"MCA extension", 0xc0002000, 0xc0002003},
	{"IORR_BASE, IORR_MASK", 0xc0010016, 0xc0010019},
	{"SMI_ON_IO_TRAP", 0xc0010050, 0xc0010054},
	{"SMBASE", 0xc0010111, 0xc0010111},
	{"SMM_ADDR, SMM_MASK", 0xc0010112, 0xc0010113},
	{"VM_CR", 0xc0010114, 0xc0010114},
	{"IGNNE, SMM_CTL", 0xc0010115, 0xc0010116},
	{"VM_HSAVE_PA", 0xc0010117, 0xc0010117},
	{"SVM_KEY", 0xc0010118, 0xc0010118},
	{"SMM_KEY", 0xc0010119, 0xc0010119},
	{"DOORBELL, VMPAGE_FLUSH", 0xc001011b, 0xc001011e},
	{"GHCB, SEV_STATUS, RMP_BASE, RMP_END", 0xc0010130, 0xc0010133},
	{"PERF_CTL, PERF_CTR", 0xc0010200, 0xc001020b},
	{"IBS_FETCH, IBS_OP", 0xc0011030, 0xc001103d},
	{"outside every range of the bitmap", 0x2000, 0x2001},
	{"outside every range of the bitmap", 0xbfffffff, 0xbfffffff},
	{"outside every range of the bitmap", 0xc0012000, 0xc0012001},
	{"outside every range of the bitmap", 0xffffffff, 0xffffffff},
};

/* Not written; the value is the processor's business. */
static const struct msr read_only[] = {
	{"IA32_BIOS_UPDT_TRIG", 0x79, 0x79},       {"IA32_MTRRCAP", 0xfe, 0xfe},
	{"SYSCFG", 0xc0010010, 0xc0010010},        {"TOP_MEM", 0xc001001a, 0xc001001a},
	{"TOM2", 0xc001001d, 0xc001001d},          {"PATCH_LOADER", 0xc0010020, 0xc0010020},
	{"MMIO_CFG_BASE", 0xc0010058, 0xc0010058},
};

struct change {
	const char *name;
	uint32_t number;
	uint64_t flip; /* bits that the write turns */
};

/* A write is dropped without a word. */
static const struct change frozen[] = {
	{"IA32_MTRR_DEF_TYPE", 0x2ff, 1 << 11},  {"IA32_MTRR_PHYSBASE0", 0x200, 6},
	{"IA32_MTRR_PHYSMASK0", 0x201, 1 << 11}, {"IA32_MTRR_PHYSBASE7", 0x20e, 6},
	{"IA32_MTRR_PHYSMASK7", 0x20f, 1 << 11}, {"IA32_MTRR_FIX64K_00000", 0x250, 6},
	{"IA32_MTRR_FIX16K_A0000", 0x259, 6},    {"IA32_MTRR_FIX4K_C0000", 0x268, 6},
	{"IA32_MTRR_FIX4K_F8000", 0x26f, 6},
};

/* A write takes effect, and reads back. */
static const struct change writable[] = {
	{"IA32_SYSENTER_CS", 0x174, 0x8},
	{"IA32_SYSENTER_ESP", 0x175, 0x1000},
	{"IA32_SYSENTER_EIP", 0x176, 0x1000},
	{"IA32_PAT", MSR_PAT, 0x0100},
	{"TASK PRIORITY (x2APIC)", 0x808, 0x10},
	{"LVT TIMER (x2APIC)", 0x832, 0x1},
	{"INITIAL COUNT (x2APIC)", 0x838, 0},
	{"EFER.SCE", MSR_EFER, 1},
	{"STAR", 0xc0000081, 1ul << 40},
	{"LSTAR", 0xc0000082, 0x1000},
	{"CSTAR", 0xc0000083, 0x1000},
	{"SFMASK", 0xc0000084, 0x200},
	{"FS_BASE", 0xc0000100, 0x1000},
	{"KERNEL_GS_BASE", 0xc0000102, 0x1000},
	{"TSC_AUX", 0xc0000103, 1},
};

static struct outcome msr_read(uint32_t number, uint64_t *value)
{
	struct gprs r = {.rcx = number};
	const struct outcome o = attempt(form_rdmsr, &r);

	*value = (r.rdx & 0xffffffff) << 32 | (r.rax & 0xffffffff);
	return o;
}

static struct outcome msr_write(uint32_t number, uint64_t value)
{
	struct gprs r = {.rcx = number, .rax = value & 0xffffffff, .rdx = value >> 32};

	return attempt(form_wrmsr, &r);
}

static bool refuses_write(uint32_t number, uint64_t value)
{
	const struct outcome o = msr_write(number, value);

	return o.vector == VEC_GP && o.error == 0 && o.rip == (uint64_t)form_wrmsr;
}

static bool refuses_read(uint32_t number)
{
	uint64_t value;
	const struct outcome o = msr_read(number, &value);

	return o.vector == VEC_GP && o.error == 0 && o.rip == (uint64_t)form_rdmsr;
}

/* The present value, or 0: a write that is not refused then does the least harm. */
static uint64_t present(uint32_t number)
{
	uint64_t value;

	return msr_read(number, &value).vector == NO_FAULT ? value : 0;
}

static bool all_refused(const struct msr *m, bool reads)
{
	for (uint64_t n = m->first; n <= m->last; n++) {
		if ((!reads || refuses_read((uint32_t)n)) && refuses_write((uint32_t)n, present((uint32_t)n)))
			continue;
		if (this_cpu()->index == 0)
			diag("MSR %lx is not refused", n);
		return false;
	}
	return true;
}

static void test_denied(void)
{
	for (uint32_t i = 0; i < COUNT(denied); i++)
		ok(all_refused(&denied[i], true), "%s: RDMSR and WRMSR of %x are refused", denied[i].name,
		   denied[i].first);
	for (uint32_t i = 0; i < COUNT(read_only); i++)
		ok(all_refused(&read_only[i], false), "%s: WRMSR of %x is refused", read_only[i].name,
		   read_only[i].first);
}

static void test_frozen(void)
{
	for (uint32_t i = 0; i < COUNT(frozen); i++) {
		const struct change *c = &frozen[i];
		const uint64_t before = present(c->number);
		const struct outcome o = msr_write(c->number, before ^ c->flip);
		const uint64_t after = present(c->number);

		if (!ok(completed(&o) && after == before, "%s: a write is dropped, the value stays", c->name))
			diag("%lx became %lx", before, after);
		if (after != before)
			(void)msr_write(c->number, before);
	}
}

static void test_writable(void)
{
	for (uint32_t i = 0; i < COUNT(writable); i++) {
		const struct change *c = &writable[i];
		const uint64_t before = present(c->number);
		const struct outcome o = msr_write(c->number, before ^ c->flip);
		const uint64_t after = present(c->number);

		ok(completed(&o) && after == (before ^ c->flip), "%s: a write takes effect", c->name);
		(void)msr_write(c->number, before);
	}
}

static void test_pat(void)
{
	const uint64_t before = present(MSR_PAT);

	ok(refuses_write(MSR_PAT, (before & ~0xfful) | 2), "IA32_PAT: reserved memory type 2 is refused");
	ok(refuses_write(MSR_PAT, (before & ~(0xfful << 56)) | 8ul << 56),
	   "IA32_PAT: reserved memory type 8 is refused");
	ok(present(MSR_PAT) == before, "IA32_PAT: refused writes change nothing");
}

static void test_efer(void)
{
	const uint64_t before = present(MSR_EFER);

	ok(!(before & EFER_SVME), "EFER.SVME reads as 0");
	ok(refuses_write(MSR_EFER, before | EFER_SVME), "EFER.SVME cannot be set");
	ok(refuses_write(MSR_EFER, before | 1ul << 20), "EFER: a reserved bit is refused");
	ok(refuses_write(MSR_EFER, before | 1ul << 63), "EFER: bit 63 is refused");
	ok(refuses_write(MSR_EFER, before & ~EFER_LME), "EFER.LME cannot be cleared while paging is on");
	ok(present(MSR_EFER) == before, "EFER: refused writes change nothing");
}

static void test_apic_base(void)
{
	const uint64_t before = present(MSR_APIC_BASE);
	struct outcome o;

	ok((before & APIC_BASE_X2APIC) && (before & APIC_BASE_ENABLE), "APIC_BASE: x2APIC is on");
	ok(refuses_write(MSR_APIC_BASE, before & ~APIC_BASE_X2APIC), "APIC_BASE: back to xAPIC is refused");
	ok(refuses_write(MSR_APIC_BASE, before & ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE)),
	   "APIC_BASE: the APIC cannot be switched off");
	ok(refuses_write(MSR_APIC_BASE, before & ~APIC_BASE_ENABLE), "APIC_BASE: the invalid state is refused");
	ok(refuses_write(MSR_APIC_BASE, before | 1ul << 62), "APIC_BASE: a reserved bit is refused");
	o = msr_write(MSR_APIC_BASE, before);
	ok(completed(&o), "APIC_BASE: writing its own value works");
	(void)msr_write(MSR_APIC_BASE, before + 0x1000000);
	ok(present(MSR_APIC_BASE) == before, "APIC_BASE: the APIC does not move");
}

static void test_x2apic(void)
{
	uint64_t value;
	struct outcome o = msr_read(MSR_X2APIC_ID, &value);

	ok(completed(&o) && value == this_cpu()->apic_id, "x2APIC ID reads");
	o = msr_read(0x803, &value);
	ok(completed(&o) && (value & 0xf0) == 0x10, "x2APIC version reads");
	o = msr_read(MSR_X2APIC_ICR, &value);
	ok(completed(&o), "x2APIC ICR reads");
	ok(refuses_write(MSR_X2APIC_ID, 5), "x2APIC ID is read-only");
	ok(refuses_read(0x80e), "x2APIC has no DFR");
}

/* The register that shows a system that it cannot leave x2APIC mode, such as Linux with "nox2apic". */
static void test_x2apic_locked(void)
{
	uint64_t value;

	ok(cpuid(7, 0).edx & 1u << 29, "CPUID shows IA32_ARCH_CAPABILITIES");
	ok(msr_read(0x10a, &value).vector == NO_FAULT && (value & 1u << 21), "it shows XAPIC_DISABLE_STATUS");
	ok(msr_read(0xbd, &value).vector == NO_FAULT && value == 1, "which says that x2APIC is locked");
	ok(refuses_write(0x10a, value) && refuses_write(0xbd, 0), "both are read-only");
}

/* No CPUID bit announces AMD's legacy counters: systems clear them without a look. Intel's CPUs have none. */
static void test_legacy_counters(void)
{
	const struct outcome o = msr_write(0xc0010000, 0);

	ok(completed(&o) == cpu_is_amd(), "PERF_LEGACY_CTL0: a write of 0 is dropped on AMD, and refused elsewhere");
	ok(refuses_write(0xc0010000, 1) && refuses_write(0xc0010004, 1), "any other is refused, of the counter too");
	ok(refuses_read(0xc0010000), "and so is a read");
}

/* With MCIP, the next machine check would shut the CPU down. */
static void test_machine_check(void)
{
	uint64_t value;
	struct outcome o = msr_write(0x17a, 0);

	ok(completed(&o), "IA32_MCG_STATUS: clearing works");
	ok(refuses_write(0x17a, 4), "IA32_MCG_STATUS.MCIP cannot be set");
	ok(msr_read(0x179, &value).vector == NO_FAULT && !(value & ~0x10009fful), "IA32_MCG_CAP shows what is served");
}

/* The signed uptime is counted with the TSC. */
static void test_tsc(void)
{
	const uint64_t before = rdtsc();

	(void)msr_write(0x10, 0);
	ok(rdtsc() > before, "IA32_TSC: the TSC is not turned back");
	if (cpuid(7, 0).ebx & 2) {
		(void)msr_write(0x3b, 1ul << 40);
		ok(rdtsc() - before < 1ul << 40, "IA32_TSC_ADJUST: the TSC does not jump");
	} else {
		skip("IA32_TSC_ADJUST: the TSC does not jump", "the CPU has no IA32_TSC_ADJUST");
	}
}

/* Written, never read: PRED_CMD, FLUSH_CMD, AMD's legacy counters; the x2APIC is not swept. */
static bool sweep_skips(uint32_t number)
{
	return number == 0x49 || number == 0x10b || (number >= 0xc0010000 && number <= 0xc0010007) ||
	       (number >= 0x800 && number <= 0x8ff);
}

/* Whatever cannot be read can not be written blindly either, and every access is answered. */
static void test_sweep(const char *name, uint32_t first)
{
	uint32_t refused = 0, blind = 0;

	for (uint32_t n = first; n < first + 0x2000; n++) {
		if (sweep_skips(n) || !refuses_read(n))
			continue;
		refused++;
		if (!refuses_write(n, 0)) {
			diag("MSR %x is written but not read", n);
			blind++;
		}
	}
	ok(refused > 0x1000 && !blind, "%s: most are refused, none of them only for reading", name);
	diag("%u of 8192 refused", refused);
}

static void denied_elsewhere(void *argument)
{
	uint32_t *open = argument;

	for (uint32_t i = 0; i < COUNT(denied); i++)
		*open += !all_refused(&denied[i], true);
	for (uint32_t i = 0; i < COUNT(read_only); i++)
		*open += !all_refused(&read_only[i], false);
	*open += !refuses_write(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
}

static void test_second_cpu(void)
{
	struct cpu *cpu = second_cpu();
	static uint32_t open;

	if (!cpu) {
		skip("the second CPU refuses the same", "one CPU");
		return;
	}
	cpu_run(cpu, denied_elsewhere, &open);
	if (!cpu_wait(cpu, PATIENCE_US))
		bail_out("the second CPU does not answer");
	if (!ok(!open, "the second CPU refuses the same"))
		diag("%u open", open);
}

void test_main(void)
{
	const uint64_t refusals = stats_read().exits[HV_EXIT_RDMSR];

	begin("MSR tables");
	test_denied();
	test_frozen();
	test_writable();
	begin("registers with special rules");
	test_pat();
	test_efer();
	test_apic_base();
	test_x2apic();
	test_x2apic_locked();
	test_legacy_counters();
	test_machine_check();
	test_tsc();
	begin("sweeps");
	test_sweep("00000000-00001fff", 0);
	test_sweep("c0000000-c0001fff", 0xc0000000);
	test_sweep("c0010000-c0011fff", 0xc0010000);
	ok(stats_read().exits[HV_EXIT_RDMSR] > refusals, "refused reads are counted");
	begin("second CPU");
	test_second_cpu();
}
