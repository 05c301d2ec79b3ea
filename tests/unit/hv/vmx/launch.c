/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: vmx-segments */
/* links: hv/vmx/controls.c hv/machine/features.c */
/*
 * Capture and first entry on a VMCS that holds rubbish: each field that an entry with the controls in use looks at,
 * or that a guest or an exit loads from, was written. Fields by number, from SDM 3C 24 and 26 (chapters of its
 * sections).
 */
#include "hv_test.h"

#include "controls.h"
#include "entry_check.h"
#include "guest.h"
#include "x86/msr.h"
#include "x86/segments.h"
#include "machine/cpu.h"
#include "vcpu/domain.h"
#include "vcpu/launch.h"
#include "vcpu/vcpu.h"
#include "vendor_machine.h"
#include "vmx.h"
#include "x86/instructions.h"

#define RUBBISH 0x5a5a5a5a5a5a5a5aull

static uint64_t fields[0x7000];
static struct vendor_machine vendor;
static struct machine m = {.vendor = &vendor};
static struct entry_frame frame;
static struct cpu cpu;
static struct domain domain;
static struct vcpu vcpu;
static uint8_t region[3 * PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static uint32_t tss[4] = {0, 0x8900, 0, 0};
static uint64_t cr0, cr4;
static uint32_t last_leaf = 7;
static jmp_buf launched;

uint64_t vmread(uint32_t field)
{
	assert_true(fields[field] != RUBBISH);
	return fields[field];
}

void vmwrite(uint32_t field, uint64_t value)
{
	assert_in_range(field, 0, 0x6c1f);
	fields[field] = value;
}

bool vmxon(paddr_t page)
{
	assert_int_equal(page.value, vcpu.vendor.vmxon.value);
	return true;
}

void vmclear(paddr_t page)
{
	(void)page;
}

void vmptrld(paddr_t page)
{
	assert_int_equal(page.value, vcpu.vendor.vmcs.value);
}

void invept(uint64_t type, uint64_t pointer)
{
	(void)type;
	(void)pointer;
}

void invvpid(uint64_t type, uint64_t vpid)
{
	(void)type;
	(void)vpid;
}

/* All controls that the image asks for are there, and none must be on. */
uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case 0x480:
		return 1ull << 55 | 0x12;
	case 0x48b:
	case 0x48d ... 0x490:
		return 0xffffffff00000000;
	case 0x48c:
		return 0x00000f0106734141;
	case 0x486:
		return 0x80000021;
	case 0x488:
		return 0x2000;
	case 0xc0000080:
		return 0x500;
	default:
		return 1;
	}
}

void wrmsr(uint32_t msr, uint64_t value)
{
	if (msr == 0xc0000080)
		assert_int_equal(value, 0xd00);
}

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	return (struct cpuid_result){leaf == 0 ? last_leaf : 0, 0, 1u << 3, 0};
}

uint64_t read_cr0(void)
{
	return cr0;
}
uint64_t read_cr3(void)
{
	return 0x5000;
}
uint64_t read_cr4(void)
{
	return cr4;
}
uint64_t read_dr7(void)
{
	return 0x400;
}
void write_cr0(uint64_t value)
{
	cr0 = value;
}
void write_cr4(uint64_t value)
{
	cr4 = value;
}
struct descriptor_table read_gdtr(void)
{
	return (struct descriptor_table){0x7f, (uintptr_t)tss};
}
struct descriptor_table read_idtr(void)
{
	return (struct descriptor_table){0xfff, 0x4000};
}
uint16_t read_tr(void)
{
	return 0;
}
uint16_t read_ldtr(void)
{
	return 0;
}
uint32_t segment_rights(uint16_t selector)
{
	return selector != 0 ? 0xc09300 : 0;
}
uint32_t segment_limit(uint16_t selector)
{
	(void)selector;
	return 0xffffffff;
}

void entry_check(struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
}

void vmx_enter(struct entry_frame *at)
{
	assert_ptr_equal(at, &frame);
	longjmp(launched, 1);
}
const char vmx_exit_entry[1];

/* Segments and host selectors count up by 2, as do their limits, rights and bases. */
static const struct {
	uint32_t first, last;
} needed[] = {
	{0x0000, 0x0000}, /* VPID */
	{0x0800, 0x080e}, /* guest selectors */
	{0x0c00, 0x0c0c}, /* host selectors */
	{0x2000, 0x2004}, /* I/O and MSR bitmaps */
	{0x2010, 0x2010}, /* TSC offset */
	{0x201a, 0x201a}, /* EPT pointer */
	{0x202c, 0x202c}, /* XSS-exiting bitmap */
	{0x2800, 0x2806}, /* link pointer, debug control, PAT, EFER */
	{0x2c00, 0x2c02}, /* host PAT, EFER */
	{0x4000,
	 0x4010}, /* controls, exception bitmap, page-fault mask and match, CR3 targets, MSR-store and load counts */
	{0x4012, 0x401a}, /* entry controls, MSR-load count, injected event */
	{0x401e, 0x401e}, /* secondary controls */
	{0x4800, 0x4826}, /* limits, rights, interruptibility, activity state */
	{0x482a, 0x482a}, /* SYSENTER_CS */
	{0x4c00, 0x4c00}, /* host SYSENTER_CS */
	{0x6000, 0x6006}, /* masks and shadows */
	{0x6800, 0x6826}, /* guest's natural-width fields */
	{0x6c00, 0x6c16}, /* the host's */
};

/* What a domain starts without, and the root guest has from the firmware. */
static const struct {
	uint32_t field;
	uint64_t captured;
} registers[] = {
	{GUEST_CR3, 0x5000},    {GUEST_RSP, 0x2000},     {GUEST_DEBUGCTL, 1},
	{GUEST_SYSENTER_CS, 1}, {GUEST_SYSENTER_ESP, 1}, {GUEST_SYSENTER_EIP, 1},
};

static void each_field(void **state)
{
	const struct launch_frame start = {.rflags = 2, .rip = 0x1000, .rsp = 0x2000};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		fields[i] = RUBBISH;
	cr0 = 0xe0010031; /* CD and NW set, NE clear */
	cr4 = 0x668;
	cpu = (struct cpu){.machine = &m, .vcpu = &vcpu};
	vcpu = (struct vcpu){.frame = &frame, .cpu = &cpu, .domain = &domain, .tag = 1};
	vcpu_carve(&vcpu, region_paddr(region));
	assert_int_equal(controls_negotiate(&vendor.controls), HV_OK);
	assert_int_equal(vcpu_capture(&vcpu, &start), HV_OK);
	cr0 = 0x80010033;
	cr4 = 0x342060;
	if (setjmp(launched) == 0)
		vcpu_run(&vcpu);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		for (uint32_t field = needed[i].first; field <= needed[i].last; field += 2) {
			if (fields[field] == RUBBISH)
				fail_msg("field %x was not written", field);
		}
	}
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		assert_int_equal(fields[registers[i].field], registers[i].captured);
}

/* The hypervisor runs with its caches on and without CET, whatever the firmware had; the guest sees what it had. */
static void caches_are_on_and_cet_off_in_the_hypervisor(void **state)
{
	(void)state;
	assert_int_equal(fields[CR0_MASK] & (CR0_CD | CR0_NW), CR0_CD | CR0_NW);
	assert_int_equal(fields[GUEST_CR0] & (CR0_CD | CR0_NW), 0);
	assert_int_equal(fields[CR0_SHADOW], 0xe0010031);
	assert_int_equal(fields[HOST_CR4] & CR4_CET, 0);
	assert_int_not_equal(fields[CR4_MASK] & fields[GUEST_CR4] & CR4_MCE, 0); /* each machine check is an exit */
}

/* A bit that the CPU lacks is reserved: the CPU refuses it itself. */
static void pke_is_an_exit_where_the_cpu_has_it(void **state)
{
	const struct launch_frame start = {.rflags = 2};

	(void)state;
	assert_int_not_equal(fields[CR4_MASK] & CR4_PKE, 0);
	last_leaf = 6;
	assert_int_equal(vcpu_capture(&vcpu, &start), HV_OK);
	assert_int_equal(fields[CR4_MASK] & CR4_PKE, 0);
}

/* SDM 3C 24.6.9: 1 KiB each for reads of low and of high registers, then for writes of them. Others always exit. */
static void permission_maps(void **state)
{
	static uint8_t maps[3 * PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	static uint8_t expected[PAGE_BYTES];

	(void)state;
	vcpu_build_maps(&domain, region_paddr(maps));
	memset(expected, 0xff, sizeof(expected));
	assert_memory_equal(maps + 2 * PAGE_BYTES, expected, sizeof(expected));
	vcpu_allow_msr(&domain, 0x11, false);
	vcpu_allow_msr(&domain, 0xc0000102, false);
	vcpu_allow_msr(&domain, 0x1fff, true);
	vcpu_allow_msr(&domain, 0xc0000100, true);
	vcpu_allow_msr(&domain, 0x2000, false);
	vcpu_allow_msr(&domain, 0xc0010000, true);
	expected[0x11 / 8] = (uint8_t)~(1u << 1);
	expected[1024 + 0x102 / 8] = (uint8_t)~(1u << 2);
	expected[2048 + 0x1fff / 8] = 0x7f;
	expected[3072 + 0x100 / 8] = 0xfe;
	assert_memory_equal(maps + 2 * PAGE_BYTES, expected, sizeof(expected));
}

static void a_domain_has_nothing_of_an_earlier_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		fields[i] = RUBBISH;
	vmx_write_controls(&vcpu);
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		assert_int_equal(fields[registers[i].field], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field), cmocka_unit_test(caches_are_on_and_cet_off_in_the_hypervisor),
		cmocka_unit_test(pke_is_an_exit_where_the_cpu_has_it), cmocka_unit_test(permission_maps),
		cmocka_unit_test(a_domain_has_nothing_of_an_earlier_one)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
