/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/root/msr_policy.c */
/* CPUID on a CPU that reports everything: what is shown, and that the registers which it promises are served. */
#include "hv_test.h"

#include "root/msr_policy.h"
#include "x86/msr.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

static uint64_t guest_cr4;
static unsigned advanced;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return (struct cpuid_result){~0u, ~0u, ~0u, ~0u};
}

uint64_t vcpu_cr4(const struct vcpu *vcpu)
{
	(void)vcpu;
	return guest_cr4;
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	(void)vcpu;
	advanced += bytes;
}

static struct registers ask(uint32_t leaf, uint32_t subleaf)
{
	struct entry_frame frame = {.guest = {.rax = 0xdead000000000000ull | leaf, .rcx = subleaf}};
	struct vcpu vcpu = {.frame = &frame};

	advanced = 0;
	exit_cpuid(&vcpu);
	assert_int_equal(advanced, 2);
	assert_int_equal(vcpu.exits[HV_EXIT_CPUID], 1);
	assert_int_equal((frame.guest.rax | frame.guest.rbx | frame.guest.rcx | frame.guest.rdx) >> 32, 0);
	return frame.guest;
}

static uint32_t part(const struct registers *r, char reg)
{
	return (uint32_t)(reg == 'a' ? r->rax : reg == 'b' ? r->rbx : reg == 'c' ? r->rcx : r->rdx);
}

#define READ  1u
#define WRITE 2u

/*
 * Which bit of CPUID promises which registers, and what a system does with them that believes the bit (SDM volume 4,
 * APM 2 appendix A; Linux). Sets of bits with the same registers are one row.
 */
static const struct promise {
	uint32_t leaf, subleaf;
	char reg;
	uint32_t bits;
	uint32_t first, last;
	unsigned access;
} promises[] = {
	{1, 0, 'c', 1u << 2, 0x600, 0x600, READ | WRITE},    /* DTES64: IA32_DS_AREA */
	{1, 0, 'c', 1u << 4, 0x600, 0x600, READ | WRITE},    /* DS_CPL */
	{1, 0, 'c', 1u << 5, 0x480, 0x491, READ},            /* VMX */
	{1, 0, 'c', 1u << 7, 0x198, 0x199, READ},            /* EIST: PERF_STATUS, PERF_CTL */
	{1, 0, 'c', 1u << 11, 0xc80, 0xc80, READ | WRITE},   /* SDBG: IA32_DEBUG_INTERFACE */
	{1, 0, 'c', 1u << 15, 0x345, 0x345, READ},           /* PDCM */
	{1, 0, 'c', 1u << 15, 0x186, 0x189, READ | WRITE},   /* and counters with it */
	{1, 0, 'c', 1u << 21, 0x808, 0x808, READ | WRITE},   /* x2APIC */
	{1, 0, 'c', 1u << 24, 0x6e0, 0x6e0, READ | WRITE},   /* TSC deadline */
	{1, 0, 'd', 1u << 11, 0x174, 0x176, READ | WRITE},   /* SEP */
	{1, 0, 'd', 1u << 12, 0xfe, 0xfe, READ},             /* MTRR */
	{1, 0, 'd', 1u << 12, 0x200, 0x20f, READ | WRITE},   /* MTRR */
	{1, 0, 'd', 1u << 14, 0x179, 0x179, READ},           /* MCA */
	{1, 0, 'd', 1u << 14, 0x17a, 0x17a, READ | WRITE},   /* MCG_STATUS */
	{1, 0, 'd', 1u << 14, 0x400, 0x47f, READ | WRITE},   /* 32 banks */
	{1, 0, 'd', 1u << 16, 0x277, 0x277, READ | WRITE},   /* PAT */
	{1, 0, 'd', 1u << 21, 0x600, 0x600, READ | WRITE},   /* DS */
	{1, 0, 'd', 1u << 22, 0x19a, 0x19c, READ | WRITE},   /* ACPI: CLOCK_MODULATION, THERM_INTERRUPT, THERM_STATUS */
	{6, 0, 'a', 1u << 0, 0x19c, 0x19c, READ},            /* digital sensor */
	{6, 0, 'a', 1u << 5, 0x19a, 0x19a, READ | WRITE},    /* ECMD */
	{6, 0, 'a', 1u << 6, 0x1b1, 0x1b2, READ | WRITE},    /* PTM */
	{6, 0, 'a', 1u << 7, 0x770, 0x771, READ},            /* HWP */
	{6, 0, 'a', 1u << 7, 0x774, 0x774, READ | WRITE},    /* HWP_REQUEST */
	{6, 0, 'a', 1u << 8, 0x773, 0x773, READ | WRITE},    /* HWP_INTERRUPT */
	{6, 0, 'a', 1u << 11, 0x772, 0x772, READ | WRITE},   /* HWP_REQUEST_PKG */
	{6, 0, 'a', 1u << 13, 0xdb0, 0xdb1, READ | WRITE},   /* HDC */
	{6, 0, 'a', 1u << 18, 0x65f, 0x65f, READ},           /* fast access to HWP_REQUEST */
	{6, 0, 'a', 1u << 19, 0x17d0, 0x17d1, READ | WRITE}, /* HFI: the CPU writes memory */
	{6, 0, 'a', 1u << 22, 0x776, 0x776, READ | WRITE},   /* HWP_CTL */
	{6, 0, 'a', 1u << 23, 0x17d2, 0x17d4, READ | WRITE}, /* thread director */
	{6, 0, 'c', 1u << 0, 0xe7, 0xe8, READ},              /* MPERF, APERF */
	{6, 0, 'c', 1u << 3, 0x1b0, 0x1b0, READ | WRITE},    /* ENERGY_PERF_BIAS */
	{7, 0, 'b', 1u << 1, 0x3b, 0x3b, READ | WRITE},      /* TSC_ADJUST */
	{7, 0, 'b', 1u << 2, 0x8c, 0x8f, READ},              /* SGX */
	{7, 0, 'b', 1u << 12, 0xc8d, 0xc8e, READ | WRITE},   /* RDT-M */
	{7, 0, 'b', 1u << 14, 0xd90, 0xd90, READ | WRITE},   /* MPX: BNDCFGS */
	{7, 0, 'b', 1u << 15, 0xc8f, 0xc90, READ | WRITE},   /* RDT-A */
	{7, 0, 'b', 1u << 25, 0x570, 0x571, READ | WRITE},   /* processor trace */
	{7, 0, 'c', 1u << 5, 0xe1, 0xe1, READ | WRITE},      /* WAITPKG */
	{7, 0, 'c', 1u << 7, 0x6a0, 0x6a8, READ | WRITE},    /* CET shadow stacks */
	{7, 0, 'c', 1u << 13, 0x981, 0x984, READ},           /* TME */
	{7, 0, 'c', 1u << 22, 0xc0000103, 0xc0000103, READ | WRITE},          /* RDPID */
	{7, 0, 'c', 1u << 23, 0x990, 0x990, READ},                            /* key locker */
	{7, 0, 'c', 1u << 29, 0xd93, 0xd93, READ | WRITE},                    /* ENQCMD: PASID */
	{7, 0, 'c', 1u << 30, 0x8c, 0x8f, READ},                              /* SGX_LC */
	{7, 0, 'c', 1u << 31, 0x6e1, 0x6e1, READ | WRITE},                    /* PKS */
	{7, 0, 'd', 1u << 5, 0x985, 0x98a, READ | WRITE},                     /* UINTR */
	{7, 0, 'd', 1u << 9, 0x123, 0x123, READ | WRITE},                     /* SRBDS_CTRL: MCU_OPT_CTRL */
	{7, 0, 'd', 1u << 13, 0x10f, 0x10f, READ | WRITE},                    /* TSX_FORCE_ABORT */
	{7, 0, 'd', 1u << 18, 0x87, 0x87, READ},                              /* PCONFIG: MKTME_KEYID_PARTITIONING */
	{7, 0, 'd', 1u << 19, 0x14ce, 0x14cf, READ | WRITE},                  /* architectural LBR */
	{7, 0, 'd', 1u << 20, 0x6a0, 0x6a2, READ | WRITE},                    /* CET branch tracking */
	{7, 0, 'd', 3u << 26, 0x48, 0x48, READ | WRITE},                      /* SPEC_CTRL, STIBP */
	{7, 0, 'd', 1u << 26, 0x49, 0x49, WRITE},                             /* PRED_CMD */
	{7, 0, 'd', 1u << 28, 0x10b, 0x10b, WRITE},                           /* FLUSH_CMD */
	{7, 0, 'd', 1u << 29, 0x10a, 0x10a, READ},                            /* ARCH_CAPABILITIES */
	{7, 0, 'd', 1u << 29, 0xbd, 0xbd, READ},                              /* by its bit 21: XAPIC_DISABLE_STATUS */
	{7, 0, 'd', 1u << 30, 0xcf, 0xcf, READ},                              /* CORE_CAPABILITIES */
	{7, 0, 'd', 1u << 31, 0x48, 0x48, READ | WRITE},                      /* SSBD */
	{7, 1, 'a', 1u << 8, 0x1900, 0x1903, READ},                           /* ArchPerfmonExt */
	{7, 1, 'a', 1u << 17, 0x1cc, 0x1d4, READ | WRITE},                    /* FRED */
	{7, 1, 'a', 1u << 22, 0x17da, 0x17da, READ | WRITE},                  /* HRESET */
	{7, 1, 'b', 1u << 0, 0x4e, 0x4f, READ},                               /* PPIN */
	{7, 1, 'd', 1u << 13, 0x1b00, 0x1b00, READ | WRITE},                  /* user timer */
	{9, 0, 'a', ~0u, 0x1f8, 0x1f8, READ},                                 /* DCA */
	{0xa, 0, 'a', 0xff, 0x186, 0x189, READ | WRITE},                      /* performance counters */
	{0xd, 1, 'a', 1u << 3, 0xda0, 0xda0, READ | WRITE},                   /* XSAVES: XSS */
	{0xd, 1, 'a', 1u << 4, 0x1c4, 0x1c5, READ | WRITE},                   /* XFD */
	{0xd, 1, 'c', 1u << 8, 0x570, 0x571, READ | WRITE},                   /* PT state */
	{0xd, 1, 'c', 1u << 10, 0xd93, 0xd93, READ | WRITE},                  /* PASID state */
	{0xd, 1, 'c', 1u << 14, 0x985, 0x98a, READ | WRITE},                  /* UINTR state */
	{0xd, 1, 'c', 1u << 15, 0x14ce, 0x14ce, READ | WRITE},                /* LBR state */
	{0xd, 1, 'c', 1u << 16, 0x770, 0x774, READ},                          /* HWP state */
	{0x80000001, 0, 'c', 1u << 9, 0xc0010140, 0xc0010141, READ},          /* OSVW */
	{0x80000001, 0, 'c', 1u << 10, 0xc0011030, 0xc001103d, READ | WRITE}, /* IBS */
	{0x80000001, 0, 'c', 1u << 13, 0xc0010074, 0xc0010074, READ | WRITE}, /* WDT */
	{0x80000001, 0, 'c', 1u << 15, 0xc0000105, 0xc0000106, READ | WRITE}, /* LWP */
	{0x80000001, 0, 'c', 1u << 19, 0xc001100c, 0xc001100c, READ},         /* NodeId */
	{0x80000001, 0, 'c', 1u << 23, 0xc0010200, 0xc001020b, READ | WRITE}, /* PerfCtrExtCore */
	{0x80000001, 0, 'c', 1u << 24, 0xc0010240, 0xc0010247, READ | WRITE}, /* PerfCtrExtNB */
	{0x80000001, 0, 'c', 1u << 26, 0xc0011027, 0xc0011027, READ | WRITE}, /* BPEXT */
	{0x80000001, 0, 'c', 1u << 27, 0xc0010280, 0xc0010280, READ},         /* PerfTsc */
	{0x80000001, 0, 'c', 1u << 28, 0xc0010230, 0xc001023b, READ | WRITE}, /* PerfCtrExtLLC */
	{0x80000001, 0, 'd', 1u << 11, 0xc0000081, 0xc0000084, READ | WRITE}, /* SYSCALL */
	{0x80000001, 0, 'd', 1u << 27, 0xc0000103, 0xc0000103, READ | WRITE}, /* RDTSCP */
	{0x80000001, 0, 'd', 1u << 29, 0xc0000100, 0xc0000102, READ | WRITE}, /* long mode */
	{0x80000007, 0, 'b', 1u << 1, 0xc0000410, 0xc0000410, READ | WRITE},  /* SUCCOR: MCA_INTR_CFG */
	{0x80000007, 0, 'b', 1u << 3, 0xc0002000, 0xc00023ff, READ | WRITE},  /* SMCA */
	{0x80000007, 0, 'd', 6u, 0xc0010041, 0xc0010042, READ | WRITE},       /* FID, VID */
	{0x80000007, 0, 'd', 1u << 7, 0xc0010061, 0xc001006b, READ},          /* HwPstate */
	{0x80000007, 0, 'd', 1u << 7, 0xc0010062, 0xc0010062, WRITE},         /* its control */
	{0x80000007, 0, 'd', 1u << 9, 0xc0010015, 0xc0010015, READ | WRITE},  /* CPB: HWCR */
	{0x80000007, 0, 'd', 1u << 10, 0xc00000e7, 0xc00000e8, READ},         /* EffFreqRO */
	{0x80000007, 0, 'd', 1u << 11, 0xc0010080, 0xc0010080, READ},         /* ProcFeedback */
	{0x80000007, 0, 'd', 1u << 12, 0xc001007a, 0xc001007b, READ},         /* ProcPower */
	{0x80000007, 0, 'd', 1u << 14, 0xc0010299, 0xc001029b, READ},         /* RAPL */
	{0x80000008, 0, 'b', 1u << 1, 0xc00000e9, 0xc00000e9, READ},          /* IRPerf */
	{0x80000008, 0, 'b', 1u << 12, 0x49, 0x49, WRITE},                    /* IBPB */
	{0x80000008, 0, 'b', 7u << 14 | 1u << 24 | 1u << 28, 0x48, 0x48, READ | WRITE}, /* IBRS, STIBP, SSBD, PSFD */
	{0x80000008, 0, 'b', 1u << 23, 0xc00102f0, 0xc00102f1, READ},                   /* PPIN */
	{0x80000008, 0, 'b', 1u << 25, 0xc001011f, 0xc001011f, READ | WRITE},           /* VIRT_SSBD */
	{0x80000008, 0, 'b', 1u << 27, 0xc00102b0, 0xc00102b4, READ},                   /* CPPC */
	{0x8000001b, 0, 'a', ~0u, 0xc0011030, 0xc001103d, READ | WRITE},                /* IBS */
	{0x8000001f, 0, 'a', ~0u, 0xc0010131, 0xc0010131, READ},                        /* SEV_STATUS */
	{0x80000021, 0, 'a', 1u << 13, 0xc0000108, 0xc0000108, READ | WRITE},           /* PrefetchCtl */
	{0x80000022, 0, 'a', ~0u, 0xc0000300, 0xc0000302, READ | WRITE},                /* ExtPerfMonAndDbg */
};

/* Dropped and checked writes are served: no system gets a #GP that it does not expect. */
static bool served(const struct promise *p)
{
	for (uint32_t msr = p->first; msr <= p->last; msr++) {
		const struct msr_policy *const policy = msr_policy_find(msr);

		if (((p->access & READ) != 0 && policy->read == MSR_DENY) ||
		    ((p->access & WRITE) != 0 && policy->write == MSR_DENY))
			return false;
	}
	return true;
}

static void promises_are_kept(void **state)
{
	(void)state;
	guest_cr4 = ~0ull;
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		const struct promise *const p = &promises[i];
		const struct registers r = ask(p->leaf, p->subleaf);

		if (p->first >= 0xc0010000 && VENDOR_MSR_LAST < 0xc0010000)
			continue; /* AMD's */
		if ((part(&r, p->reg) & p->bits) != 0 && !served(p))
			fail_msg("leaf %x.%x E%cX bits %x are shown, MSRs %x to %x are not served", p->leaf, p->subleaf,
				 p->reg - 'a' + 'A', p->bits, p->first, p->last);
	}
}

/* Performance, and what Linux wants of a server's CPU, is not lost to the table. */
static void performance_features_stay_visible(void **state)
{
	const struct {
		uint32_t leaf, subleaf;
		char reg;
		uint32_t bits;
	} wanted[] = {
		{1, 0, 'c', 0x62d82203},
		{1, 0, 'd', 0x078bfbff},
		{4, 3, 'a', ~0u},
		{6, 0, 'a', 0x87},
		{7, 0, 'b', 0xd19f07a9},
		{7, 0, 'c', 0x08475fce},
		{7, 0, 'd', 0xbdd04c10},
		{7, 1, 'a', 0x00001c30},
		{0xb, 1, 'd', ~0u},
		{0xd, 0, 'a', 0x000602e7},
		{0xd, 1, 'a', 0x1f},
		{0xd, 1, 'c', 0x1800},
		{0x15, 0, 'a', ~0u},
		{0x1d, 1, 'a', ~0u},
		{0x1f, 2, 'c', ~0u},
		{0x80000001, 0, 'c', 0x121},
		{0x80000001, 0, 'd', 0x2c100800},
		{0x80000004, 0, 'd', ~0u},
		{0x80000006, 0, 'd', ~0u},
		{0x80000007, 0, 'd', 0x100},
		{0x80000008, 0, 'a', ~0u},
		{0x8000001d, 3, 'b', ~0u},
		{0x8000001e, 0, 'a', ~0u},
		{0x80000021, 0, 'a', 0x38000000},
	};

	(void)state;
	guest_cr4 = ~0ull;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct registers r = ask(wanted[i].leaf, wanted[i].subleaf);

		if ((part(&r, wanted[i].reg) & wanted[i].bits) != wanted[i].bits)
			fail_msg("leaf %x.%x E%cX: %x", wanted[i].leaf, wanted[i].subleaf, wanted[i].reg - 'a' + 'A',
				 part(&r, wanted[i].reg));
	}
}

static void masks_features(void **state)
{
	(void)state;
	guest_cr4 = ~0ull;
	assert_int_equal(ask(1, 0).rcx & (1u << 5 | 1u << 6), 0);
	assert_int_equal(ask(7, 0).rbx & (1u << 2 | 1u << 25), 0);
	assert_int_equal(ask(7, 0).rcx & (1u << 30), 0);
	assert_int_equal(ask(7, 0).rdx & (1u << 29), 1u << 29);
	assert_int_equal(ask(0x80000001, 0).rcx & (1u << 2 | 1u << 12), 0);
	assert_int_equal(ask(0x80000008, 0).rbx & (1u << 1), 0);
	assert_int_equal(ask(0, 0).rbx, ~0u);
}

static void empties_leaves(void **state)
{
	static const struct {
		uint32_t leaf, subleaf;
	} empty[] = {{3, 0},
		     {8, 0},
		     {9, 0},
		     {0xa, 0},
		     {0xc, 0},
		     {0xd, 8},
		     {0xd, 10},
		     {0xd, 13},
		     {0xd, 16},
		     {0xd, 19},
		     {0xd, ~0u},
		     {7, 3},
		     {7, ~0u},
		     {0xf, 0},
		     {0x10, 1},
		     {0x12, 0},
		     {0x14, 0},
		     {0x19, 0},
		     {0x1b, 0},
		     {0x1c, 0},
		     {0x20, 0},
		     {0x21, 0},
		     {0x23, 0},
		     {0x24, 0},
		     {0x3fffffff, 0},
		     {0x40000001, 0},
		     {0x40000002, 0},
		     {0x400000ff, 0},
		     {0x4fffffff, 0},
		     {0x50000000, 0},
		     {0x7fffffff, ~0u},
		     {0x8000000a, 0},
		     {0x8000001b, 0},
		     {0x8000001c, 0},
		     {0x8000001f, 0},
		     {0x80000020, 0},
		     {0x80000022, 0},
		     {0x80000025, 0},
		     {0x80000027, 0},
		     {0xc0000000, 0},
		     {~0u, ~0u}};

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		const struct registers r = ask(empty[i].leaf, empty[i].subleaf);

		assert_int_equal(r.rax | r.rbx | r.rcx | r.rdx, 0);
	}
}

static void mirrors_guest(void **state)
{
	(void)state;
	guest_cr4 = 0;
	assert_int_equal(ask(1, 0).rcx & (1u << 27), 0);
	assert_int_equal(ask(7, 0).rcx & (1u << 4), 0);
	assert_int_equal(ask(7, 1).rcx & (1u << 4), 0); /* other subleaves have no such bit */
	guest_cr4 = CR4_OSXSAVE | CR4_PKE;
	assert_int_equal(ask(1, 0).rcx & (1u << 27), 1u << 27);
	assert_int_equal(ask(7, 0).rcx & (1u << 4), 1u << 4);
}

static void check_signature(uint32_t leaf, const char signature[12])
{
	const struct registers r = ask(leaf, 0);
	const uint32_t words[] = {(uint32_t)r.rbx, (uint32_t)r.rcx, (uint32_t)r.rdx};

	assert_memory_equal(words, signature, sizeof(words));
}

static void names_itself(void **state)
{
	(void)state;
	check_signature(0x40000000, "KVMKVMKVM\0\0");
	check_signature(0x40000100, "CloisterHV\0");
	const struct registers r = ask(0x40000101, 0);

	assert_int_equal(r.rbx, 0x00010203);
	assert_int_equal(r.rcx, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_features),
		cmocka_unit_test(promises_are_kept),
		cmocka_unit_test(performance_features_stay_visible),
		cmocka_unit_test(empties_leaves),
		cmocka_unit_test(mirrors_guest),
		cmocka_unit_test(names_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
