/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/vmx/debug/ */
/* The entry checker: a valid VMCS passes, and each violation is named by field, value and rule. */
#include "hv_test.h"

#include <stdio.h>

#include "debug/check.h"
#include "entry_check.h"
#include "machine/cpu.h"
#include "vcpu/vcpu.h"
#include "x86/msr.h"
#include "vmcs.h"

#define PHYS_BITS 40u

static uint64_t fields[0x6c20];

uint64_t vmread(uint32_t field)
{
	assert_in_range(field, 0, 0x6c1f);
	return fields[field];
}

uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case IA32_VMX_TRUE_PINBASED:
		return 0x0000007f00000016;
	case IA32_VMX_TRUE_PROCBASED:
		return 0xfff9fffe04006172;
	case IA32_VMX_PROC_CTLS2:
		return 0x0fffffff00000000;
	case IA32_VMX_TRUE_EXIT:
		return 0x01ffffff00036dfb;
	case IA32_VMX_TRUE_ENTRY:
		return 0x0003ffff000011fb;
	case IA32_VMX_CR0_FIXED0:
		return 0x80000021;
	case IA32_VMX_CR0_FIXED1:
		return 0xffffffff;
	case IA32_VMX_CR4_FIXED0:
		return 0x2000;
	case IA32_VMX_CR4_FIXED1:
		return 0x3767ff;
	default:
		fail_msg("MSR %x", msr);
		return 0;
	}
}

struct assignment {
	uint32_t field;
	uint64_t value;
};

static void assign(const struct assignment *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fields[list[i].field] = list[i].value;
}

#define ASSIGN(list) assign(list, sizeof(list) / sizeof((list)[0]))
#define SELECTOR(s)  (0x800u + 2 * (s))
#define LIMIT(s)     (0x4800u + 2 * (s))
#define RIGHTS(s)    (0x4814u + 2 * (s))
#define BASE(s)      (0x6806u + 2 * (s))

static const struct assignment controls_and_host[] = {
	{PIN_BASED_CONTROLS, 0x3e}, {PRIMARY_CONTROLS, 0x96006172},
	{SECONDARY_CONTROLS, 0xa2}, {EXIT_CONTROLS, 0x3f6fff},
	{ENTRY_CONTROLS, 0xd3ff},   {VIRTUAL_PROCESSOR_ID, 1},
	{IO_BITMAP_A, 0x1000},      {IO_BITMAP_B, 0x2000},
	{MSR_BITMAP, 0x3000},       {EPT_POINTER, 0x401e},
	{VMCS_LINK_POINTER, ~0ull}, {HOST_CR0, 0x80010033},
	{HOST_CR3, 0x5000},         {HOST_CR4, 0x342060},
	{HOST_EFER, 0xd00},         {HOST_PAT, 0x0007040600070406},
	{HOST_CS_SELECTOR, 8},      {HOST_SS_SELECTOR, 16},
	{HOST_TR_SELECTOR, 24},     {HOST_RIP, 0x100000},
	{HOST_RSP, 0x200000},
};

/* 64-bit code at CPL 0. */
static const struct assignment guest[] = {
	{GUEST_CR0, 0x80010033},
	{GUEST_CR3, 0x7000},
	{GUEST_CR4, 0x2668},
	{GUEST_EFER, 0xd00},
	{GUEST_DR7, 0x400},
	{GUEST_PAT, 0x0007040600070406},
	{GUEST_RIP, 0xffffffff81000000},
	{GUEST_RFLAGS, 0x202},
	{SELECTOR(1), 8},
	{RIGHTS(0), 0x10000},
	{RIGHTS(1), 0xa09b},
	{LIMIT(1), 0xffffffff},
	{RIGHTS(2), 0xc093},
	{LIMIT(2), 0xffffffff},
	{RIGHTS(3), 0xc093},
	{LIMIT(3), 0xffffffff},
	{RIGHTS(4), 0x10000},
	{RIGHTS(5), 0x10000},
	{RIGHTS(6), 0x10000},
	{RIGHTS(7), 0x8b},
	{LIMIT(7), 0x67},
	{GUEST_GDTR_LIMIT, 0x7f},
	{GUEST_IDTR_LIMIT, 0xfff},
};

/* After INIT and SIPI. */
static const struct assignment real_mode[] = {
	{ENTRY_CONTROLS, 0xd1ff}, {GUEST_CR0, 0x60000030}, {GUEST_CR3, 0},     {GUEST_CR4, 0x2000},
	{GUEST_EFER, 0},          {GUEST_RIP, 0},          {GUEST_RFLAGS, 2},  {SELECTOR(1), 0x9a00},
	{BASE(1), 0x9a000},       {RIGHTS(0), 0x93},       {LIMIT(0), 0xffff}, {RIGHTS(1), 0x9b},
	{LIMIT(1), 0xffff},       {RIGHTS(2), 0x93},       {LIMIT(2), 0xffff}, {RIGHTS(3), 0x93},
	{LIMIT(3), 0xffff},       {RIGHTS(4), 0x93},       {LIMIT(4), 0xffff}, {RIGHTS(5), 0x93},
	{LIMIT(5), 0xffff},       {RIGHTS(6), 0x82},       {LIMIT(6), 0xffff}, {LIMIT(7), 0xffff},
};

/* PAE paging, 32 bits. */
static const struct assignment pae[] = {
	{ENTRY_CONTROLS, 0xd1ff}, {GUEST_EFER, 0},           {GUEST_RIP, 0xc1000000},    {RIGHTS(1), 0xc09b},
	{GUEST_PDPTE0, 0x8001},   {GUEST_PDPTE0 + 2, 0x1e6}, {GUEST_PDPTE0 + 4, 0x9001},
};

static const struct assignment virtual_8086[] = {
	{GUEST_RFLAGS, 0x20202}, {SELECTOR(0), 0},   {RIGHTS(0), 0xf3},  {LIMIT(0), 0xffff}, {SELECTOR(1), 0x1000},
	{BASE(1), 0x10000},      {RIGHTS(1), 0xf3},  {LIMIT(1), 0xffff}, {RIGHTS(2), 0xf3},  {LIMIT(2), 0xffff},
	{RIGHTS(3), 0xf3},       {LIMIT(3), 0xffff}, {RIGHTS(4), 0xf3},  {LIMIT(4), 0xffff}, {RIGHTS(5), 0xf3},
	{LIMIT(5), 0xffff},      {GUEST_RIP, 0x100},
};

enum mode { LONG, REAL, PAE, V86 };

static void make(enum mode mode)
{
	memset(fields, 0, sizeof(fields));
	ASSIGN(controls_and_host);
	ASSIGN(guest);
	if (mode == REAL)
		ASSIGN(real_mode);
	if (mode == PAE || mode == V86)
		ASSIGN(pae);
	if (mode == V86)
		ASSIGN(virtual_8086);
}

static void a_valid_vmcs_passes_in_each_mode(void **state)
{
	(void)state;
	for (unsigned mode = LONG; mode <= V86; mode++) {
		make(mode);
		const struct entry_fault fault = entry_fault_find(PHYS_BITS);

		if (fault.field != NULL)
			fail_msg("mode %u: %s %lx, must be %s", mode, fault.field, (unsigned long)fault.value,
				 fault.must_be);
	}
}

/* @field is set to @value; with it @also, if it is not 0. @named: what the fault is about. */
struct violation {
	enum mode mode;
	uint32_t field;
	uint64_t value;
	const char *named;
	struct assignment also;
};

#define EVENT      ENTRY_INTERRUPTION_INFO
#define EVENT_CODE ENTRY_EXCEPTION_ERROR_CODE

static const struct violation violations[] = {
	/* 26.2.1 */
	{LONG, PIN_BASED_CONTROLS, 0x3c, "pin-based controls", {0, 0}},
	{LONG, PIN_BASED_CONTROLS, 0xbe, "pin-based controls", {0, 0}},
	{LONG, PRIMARY_CONTROLS, 0x92006172, "primary controls", {0, 0}},
	{LONG, SECONDARY_CONTROLS, 0xf00000a2, "secondary controls", {0, 0}},
	{LONG, EXIT_CONTROLS, 0x3f6ffe, "exit controls", {0, 0}},
	{LONG, ENTRY_CONTROLS, 0xd3fe, "entry controls", {0, 0}},
	{LONG, PIN_BASED_CONTROLS, 0x36, "virtual NMIs in pin-based controls", {0, 0}},
	{LONG, PRIMARY_CONTROLS, 0x96406172, "NMI-window exiting in primary controls", {PIN_BASED_CONTROLS, 0x1e}},
	{LONG, SECONDARY_CONTROLS, 0xa0, "unrestricted guest in secondary controls", {0, 0}},
	{LONG, VIRTUAL_PROCESSOR_ID, 0, "VPID", {0, 0}},
	{LONG, ENTRY_CONTROLS, 0xd7ff, "SMM bits of entry controls", {0, 0}},
	{LONG, ENTRY_CONTROLS, 0xdbff, "SMM bits of entry controls", {0, 0}},
	{LONG, IO_BITMAP_A, 0x1001, "I/O bitmap A", {0, 0}},
	{LONG, IO_BITMAP_B, 1ull << 40, "I/O bitmap B", {0, 0}},
	{LONG, MSR_BITMAP, 0x3800, "MSR bitmap", {0, 0}},
	{LONG, EPT_POINTER, 0x4018, "EPT pointer", {0, 0}},
	{LONG, EPT_POINTER, 0x4016, "EPT pointer", {0, 0}},
	{LONG, EPT_POINTER, 0x1000000401e, "EPT pointer", {0, 0}},
	{LONG, VMCS_LINK_POINTER, 0, "VMCS link pointer", {0, 0}},
	{LONG, EVENT, 0x80000120, "injected event's type", {0, 0}},
	{LONG, EVENT, 0x80001020, "injected event's bits 30 to 12", {0, 0}},
	{LONG, EVENT, 0x80000203, "injected NMI's vector", {0, 0}},
	{LONG, EVENT, 0x80000320, "injected exception's vector", {0, 0}},
	{REAL, EVENT, 0x80000b0d, "injected event", {0, 0}},
	{LONG, EVENT, 0x80000a02, "injected event", {0, 0}},
	{LONG, EVENT, 0x80000b0d, "injected error code", {EVENT_CODE, 0x10000}},
	{LONG, EVENT, 0x80000603, "injected instruction length", {ENTRY_INSTRUCTION_LENGTH, 16}},
	/* 26.2.2, 26.2.3 */
	{LONG, HOST_CR0, 0x80010013, "host CR0", {0, 0}},
	{LONG, HOST_CR0, 0x180010033, "host CR0", {0, 0}},
	{LONG, HOST_CR4, 0x340060, "host CR4", {0, 0}},
	{LONG, HOST_CR4, 0x342040, "host CR4.PAE", {0, 0}},
	{LONG, HOST_CR3, 1ull << 40, "host CR3", {0, 0}},
	{LONG, HOST_PAT, 2, "host PAT", {0, 0}},
	{LONG, HOST_EFER, 0x1d00, "host EFER", {0, 0}},
	{LONG, HOST_EFER, 0x900, "host EFER", {0, 0}},
	{LONG, HOST_EFER, 0xc00, "host EFER", {0, 0}},
	{LONG, HOST_CS_SELECTOR, 0, "host CS selector", {0, 0}},
	{LONG, HOST_CS_SELECTOR, 0xb, "host CS selector", {0, 0}},
	{LONG, HOST_TR_SELECTOR, 0, "host TR selector", {0, 0}},
	{LONG, HOST_TR_SELECTOR, 28, "host TR selector", {0, 0}},
	{LONG, HOST_SS_SELECTOR, 17, "host SS selector", {0, 0}},
	{LONG, HOST_DS_SELECTOR, 1, "host DS selector", {0, 0}},
	{LONG, HOST_ES_SELECTOR, 2, "host ES selector", {0, 0}},
	{LONG, HOST_FS_SELECTOR, 4, "host FS selector", {0, 0}},
	{LONG, HOST_GS_SELECTOR, 7, "host GS selector", {0, 0}},
	{LONG, HOST_FS_BASE, 1ull << 47, "host FS base", {0, 0}},
	{LONG, HOST_GS_BASE, 1ull << 63, "host GS base", {0, 0}},
	{LONG, HOST_TR_BASE, 1ull << 47, "host TR base", {0, 0}},
	{LONG, HOST_GDTR_BASE, 1ull << 47, "host GDTR base", {0, 0}},
	{LONG, HOST_IDTR_BASE, 1ull << 47, "host IDTR base", {0, 0}},
	{LONG, HOST_SYSENTER_ESP, 1ull << 47, "host SYSENTER_ESP", {0, 0}},
	{LONG, HOST_SYSENTER_EIP, 1ull << 47, "host SYSENTER_EIP", {0, 0}},
	{LONG, HOST_RIP, 1ull << 47, "host RIP", {0, 0}},
	/* 26.3.1.1 */
	{LONG, GUEST_CR0, 0x80010013, "guest CR0", {0, 0}},
	{LONG, GUEST_CR0, 0x180010033, "guest CR0", {0, 0}},
	{LONG, GUEST_CR0, 0x80010032, "guest CR0.PG", {0, 0}},
	{LONG, GUEST_CR4, 0x668, "guest CR4", {0, 0}},
	{LONG, GUEST_CR4, 0x402668, "guest CR4", {0, 0}},
	{LONG, GUEST_CR3, 1ull << 40, "guest CR3", {0, 0}},
	{LONG, GUEST_CR0, 0x10033, "guest CR0 in IA-32e mode", {0, 0}},
	{LONG, GUEST_CR4, 0x2648, "guest CR0 in IA-32e mode", {0, 0}},
	{REAL, GUEST_CR4, 0x22000, "guest CR4.PCIDE", {0, 0}},
	{LONG, GUEST_DR7, 1ull << 32, "guest DR7", {0, 0}},
	{LONG, GUEST_DEBUGCTL, 0x20, "guest IA32_DEBUGCTL", {0, 0}},
	{LONG, GUEST_SYSENTER_ESP, 1ull << 47, "guest SYSENTER_ESP", {0, 0}},
	{LONG, GUEST_SYSENTER_EIP, 1ull << 47, "guest SYSENTER_EIP", {0, 0}},
	{LONG, GUEST_PAT, 0x0300000000000000, "guest PAT", {0, 0}},
	{LONG, GUEST_EFER, 0x1d00, "guest EFER", {0, 0}},
	{LONG, GUEST_EFER, 0x900, "guest EFER.LMA", {0, 0}},
	{REAL, GUEST_EFER, 0x500, "guest EFER.LMA", {0, 0}},
	{LONG, GUEST_EFER, 0xc00, "guest EFER.LME", {0, 0}},
	/* 26.3.1.2 */
	{LONG, RIGHTS(7), 0x83, "guest TR type", {0, 0}},
	{REAL, RIGHTS(7), 0x89, "guest TR type", {0, 0}},
	{LONG, RIGHTS(7), 0x1008b, "guest TR access rights", {0, 0}},
	{LONG, RIGHTS(7), 0x0b, "guest TR access rights", {0, 0}},
	{LONG, RIGHTS(7), 0x9b, "guest TR access rights", {0, 0}},
	{LONG, RIGHTS(7), 0x18b, "guest TR access rights", {0, 0}},
	{LONG, RIGHTS(7), 0x808b, "guest TR limit", {0, 0}},
	{LONG, LIMIT(7), 0x100067, "guest TR limit", {0, 0}},
	{LONG, SELECTOR(7), 4, "guest TR selector", {0, 0}},
	{LONG, BASE(7), 1ull << 47, "guest TR base", {0, 0}},
	{REAL, SELECTOR(6), 4, "guest LDTR selector", {0, 0}},
	{REAL, BASE(6), 1ull << 47, "guest LDTR base", {0, 0}},
	{REAL, RIGHTS(6), 0x83, "guest LDTR type", {0, 0}},
	{REAL, RIGHTS(6), 0x92, "guest LDTR access rights", {0, 0}},
	{LONG, BASE(1), 1ull << 32, "guest CS base", {0, 0}},
	{LONG, BASE(2), 1ull << 32, "guest SS base", {0, 0}},
	{LONG, BASE(3), 1ull << 32, "guest DS base", {0, 0}},
	{REAL, BASE(0), 1ull << 32, "guest ES base", {0, 0}},
	{LONG, BASE(4), 1ull << 47, "guest FS base", {0, 0}},
	{LONG, BASE(5), 1ull << 47, "guest GS base", {0, 0}},
	{LONG, RIGHTS(1), 0x1a09b, "guest CS access rights", {0, 0}},
	{LONG, RIGHTS(1), 0xe09b, "guest CS access rights", {0, 0}},
	{LONG, RIGHTS(1), 0xa01b, "guest CS access rights", {0, 0}},
	{LONG, RIGHTS(1), 0xa08b, "guest CS access rights", {0, 0}},
	{LONG, RIGHTS(1), 0xa19b, "guest CS access rights", {0, 0}},
	{LONG, RIGHTS(1), 0xa09a, "guest CS type", {0, 0}},
	{LONG, RIGHTS(1), 0xa0fb, "guest CS DPL", {0, 0}},
	{LONG, RIGHTS(1), 0xa0ff, "guest CS DPL", {0, 0}},
	{REAL, RIGHTS(1), 0xf3, "guest CS DPL", {0, 0}},
	{LONG, LIMIT(1), 0xfffff000, "guest CS limit", {0, 0}},
	{LONG, RIGHTS(1), 0x209b, "guest CS limit", {0, 0}},
	{REAL, RIGHTS(2), 0xf3, "guest SS DPL", {RIGHTS(1), 0xfb}},
	{LONG, RIGHTS(2), 0xc091, "guest SS type", {0, 0}},
	{LONG, RIGHTS(3), 0xc092, "guest DS type", {0, 0}},
	{LONG, RIGHTS(3), 0xc099, "guest DS type", {0, 0}},
	{REAL, RIGHTS(0), 0x13, "guest ES access rights", {0, 0}},
	{REAL, RIGHTS(4), 0x83, "guest FS access rights", {0, 0}},
	{REAL, LIMIT(5), 0x100000, "guest GS limit", {0, 0}},
	{V86, BASE(1), 0x10010, "guest CS base", {0, 0}},
	{V86, LIMIT(2), 0xfffff, "guest SS limit", {0, 0}},
	{V86, RIGHTS(5), 0x93, "guest GS access rights", {0, 0}},
	/* 26.3.1.3 */
	{LONG, GUEST_GDTR_BASE, 1ull << 47, "guest GDTR base", {0, 0}},
	{LONG, GUEST_IDTR_BASE, 1ull << 47, "guest IDTR base", {0, 0}},
	{LONG, GUEST_GDTR_LIMIT, 0x10000, "guest GDTR limit", {0, 0}},
	{LONG, GUEST_IDTR_LIMIT, 0x10000, "guest IDTR limit", {0, 0}},
	/* 26.3.1.4 */
	{PAE, GUEST_RIP, 1ull << 32, "guest RIP", {0, 0}},
	{LONG, GUEST_RIP, 1ull << 48, "guest RIP", {0, 0}},
	{LONG, GUEST_RFLAGS, 0x200, "guest RFLAGS", {0, 0}},
	{LONG, GUEST_RFLAGS, 0x20a, "guest RFLAGS", {0, 0}},
	{LONG, GUEST_RFLAGS, 1ull << 22 | 2, "guest RFLAGS", {0, 0}},
	{LONG, GUEST_RFLAGS, 0x20202, "guest RFLAGS.VM", {0, 0}},
	{REAL, GUEST_RFLAGS, 0x20002, "guest RFLAGS.VM", {0, 0}},
	{LONG, GUEST_RFLAGS, 2, "guest RFLAGS.IF", {EVENT, 0x80000020}},
	/* 26.3.1.5 */
	{LONG, GUEST_ACTIVITY_STATE, 4, "guest activity state", {0, 0}},
	{V86, GUEST_ACTIVITY_STATE, 1, "guest activity state", {0, 0}},
	{LONG, GUEST_ACTIVITY_STATE, 3, "guest activity state", {GUEST_INTERRUPTIBILITY, 1}},
	{LONG, GUEST_ACTIVITY_STATE, 1, "injected event in HLT", {EVENT, 0x80000b0d}},
	{LONG, GUEST_INTERRUPTIBILITY, 0x20, "guest interruptibility", {0, 0}},
	{LONG, GUEST_INTERRUPTIBILITY, 3, "guest interruptibility", {0, 0}},
	{LONG, GUEST_INTERRUPTIBILITY, 1, "guest blocking by STI", {GUEST_RFLAGS, 2}},
	{LONG, GUEST_INTERRUPTIBILITY, 2, "guest interruptibility", {EVENT, 0x80000020}},
	{LONG, GUEST_INTERRUPTIBILITY, 1, "guest interruptibility", {EVENT, 0x80000202}},
	{LONG, GUEST_INTERRUPTIBILITY, 2, "guest interruptibility", {EVENT, 0x80000202}},
	{LONG, GUEST_INTERRUPTIBILITY, 8, "guest interruptibility", {EVENT, 0x80000202}},
	{LONG, GUEST_INTERRUPTIBILITY, 4, "guest blocking by SMI", {0, 0}},
	{LONG, GUEST_PENDING_DEBUG, 1ull << 32, "guest pending debug exceptions", {0, 0}},
	{LONG, GUEST_PENDING_DEBUG, 0x10, "guest pending debug exceptions", {0, 0}},
	{LONG, GUEST_INTERRUPTIBILITY, 2, "guest pending debug exceptions", {GUEST_RFLAGS, 0x302}},
	{LONG, GUEST_ACTIVITY_STATE, 1, "guest pending debug exceptions", {GUEST_PENDING_DEBUG, 0x4000}},
	/* 26.3.1.6 */
	{PAE, GUEST_PDPTE0, 0x8003, "guest PDPTE", {0, 0}},
	{PAE, GUEST_PDPTE0 + 6, 1ull << 40 | 1, "guest PDPTE", {0, 0}},
};

static void each_violation_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(violations) / sizeof(violations[0]); i++) {
		const struct violation *const v = &violations[i];

		make(v->mode);
		fields[v->field] = v->value;
		if (v->also.field != 0)
			fields[v->also.field] = v->also.value;
		const struct entry_fault fault = entry_fault_find(PHYS_BITS);

		if (fault.field == NULL)
			fail_msg("field %x = %lx is not noticed", v->field, (unsigned long)v->value);
		if (strcmp(fault.field, v->named) != 0)
			fail_msg("field %x = %lx: %s %lx, must be %s", v->field, (unsigned long)v->value, fault.field,
				 (unsigned long)fault.value, fault.must_be);
	}
}

/* What ends HLT may be injected in it. */
static void events_that_end_hlt_may_be_injected(void **state)
{
	const uint32_t events[] = {0, 0x80000020, 0x80000202, 0x80000301, 0x80000312};

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		make(LONG);
		fields[GUEST_ACTIVITY_STATE] = 1;
		fields[EVENT] = events[i];
		assert_null(entry_fault_find(PHYS_BITS).field);
	}
}

static void names_value_and_rule(void **state)
{
	(void)state;
	make(LONG);
	fields[RIGHTS(7)] = 0x83;
	const struct entry_fault fault = entry_fault_find(PHYS_BITS);

	assert_string_equal(fault.field, "guest TR type");
	assert_int_equal(fault.value, 3);
	assert_string_equal(fault.must_be, "11");
}

static void cr3_keeps_the_physical_width(void **state)
{
	const uint32_t bits[] = {36, 39, 46, 52};

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		make(LONG);
		fields[HOST_CR3] = (1ull << bits[i]) - 4096;
		assert_null(entry_fault_find(bits[i]).field);
		fields[HOST_CR3] = 1ull << bits[i];
		assert_string_equal(entry_fault_find(bits[i]).field, "host CR3");
	}
}

static uint64_t current_vmcs;
static char said[LINE_BYTES];
static jmp_buf stopped;

paddr_t vmptrst(void)
{
	return paddr(current_vmcs);
}

void console_line(struct machine *m, const char *format, ...)
{
	va_list arguments;

	(void)m;
	va_start(arguments, format);
	vsnprintf(said, sizeof(said), format, arguments);
	va_end(arguments);
}

void crash(struct cpu *cpu, const struct crash_record *record)
{
	(void)cpu;
	assert_int_equal(record->kind, CRASH_ENTRY_REFUSED);
	longjmp(stopped, 1);
}

/* A vCPU is entered on its own VMCS, or not at all. */
static void another_vmcs(void **state)
{
	static struct machine m = {.phys_bits = PHYS_BITS};
	static struct cpu cpu = {.machine = &m};
	struct vcpu vcpu = {.cpu = &cpu, .vendor = {.vmcs = {0x5000}}};

	(void)state;
	make(LONG);
	current_vmcs = 0x5000;
	entry_check(&vcpu);
	current_vmcs = 0x6000;
	if (setjmp(stopped) == 0) {
		entry_check(&vcpu);
		fail();
	}
	assert_non_null(strstr(said, "current VMCS 6000, must be the vCPU's"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_vmcs_passes_in_each_mode),    cmocka_unit_test(each_violation_is_named),
		cmocka_unit_test(events_that_end_hlt_may_be_injected), cmocka_unit_test(names_value_and_rule),
		cmocka_unit_test(cr3_keeps_the_physical_width),        cmocka_unit_test(another_vmcs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
