/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest_vcpu.h"

#include "hv_test.h"

#include <sanitizer/asan_interface.h>

#include "domain/cpuid.h"
#include "domain/hypercall.h"
#include "x86/cpuid.h"
#include "x86/msr.h"

#define FILLER  0xa5
#define ROOT(i) (0x7007000000000000ull | (i))

struct guest_bed bed;

/* The CPU's instructions. */

struct cpuid_result bed_cpuid(uint32_t leaf, uint32_t subleaf)
{
	static const struct cpuid_result xsave_parts[8] = {
		{0xe7, 0x240, 0xa80, 0}, {0xf, 0x340, 0, 0},   {0x100, 0x240, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0},
		{0x40, 0x440, 0, 0},     {0x200, 0x480, 0, 0}, {0x400, 0x680, 0, 0},
	};
	struct cpuid_result vendor = {bed.last_leaf, 0, 0, 0};

	switch (leaf > bed.last_leaf && leaf < 0x80000000 ? UINT32_MAX : leaf) {
	case 0:
		memcpy(&vendor.ebx, bed.vendor, 4);
		memcpy(&vendor.edx, bed.vendor + 4, 4);
		memcpy(&vendor.ecx, bed.vendor + 8, 4);
		return vendor;
	case 0xd:
		return subleaf < 8 ? xsave_parts[subleaf] : (struct cpuid_result){0, 0, 0, 0};
	case 0x80000000:
		return (struct cpuid_result){0x80000021, 0, 0, 0};
	default:
		return (struct cpuid_result){~0u, ~0u, ~0u, ~0u};
	}
}

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	return bed.cpuid(leaf, subleaf);
}

static const uint32_t msrs[] = {IA32_DEBUGCTL, IA32_TSC_AUX, IA32_SPEC_CTRL};

static uint64_t *msr_of(uint32_t msr)
{
	for (unsigned i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		if (msrs[i] == msr)
			return &bed.msr[i];
	}
	fail_msg("MSR 0x%x", msr);
	return 0;
}

uint64_t rdmsr(uint32_t msr)
{
	return msr == IA32_ARCH_CAPABILITIES ? bed.arch_capabilities : *msr_of(msr);
}

void wrmsr(uint32_t msr, uint64_t value)
{
	if (msr == IA32_PRED_CMD)
		bed.predictor_barriers += value;
	else if (msr == IA32_FLUSH_CMD)
		bed.l1d_flushes += value;
	else
		*msr_of(msr) = value;
}

uint64_t rdtsc(void)
{
	return bed.tsc;
}

void xsetbv(uint32_t index, uint64_t value)
{
	assert_int_equal(index, 0);
	bed.xcr0 = value;
}

uint64_t xgetbv(uint32_t index)
{
	assert_int_equal(index, 0);
	return bed.xcr0;
}

/* Of the area: MXCSR, XMM0, and which components are not in their initial state. */
#define AREA_MXCSR 24
#define AREA_XMM0  160
#define AREA_STATE 512

void xsave(void *area, uint64_t components)
{
	assert_int_equal(components, bed.xcr0);
	memcpy((uint8_t *)area + AREA_MXCSR, &bed.mxcsr, sizeof(bed.mxcsr));
	memcpy((uint8_t *)area + AREA_XMM0, &bed.xmm, sizeof(bed.xmm));
	memcpy((uint8_t *)area + AREA_STATE, &components, sizeof(components));
}

void xrstor(const void *area, uint64_t components)
{
	uint64_t state;

	assert_int_equal(components, bed.xcr0);
	memcpy(&bed.mxcsr, (const uint8_t *)area + AREA_MXCSR, sizeof(bed.mxcsr));
	memcpy(&bed.xmm, (const uint8_t *)area + AREA_XMM0, sizeof(bed.xmm));
	memcpy(&state, (const uint8_t *)area + AREA_STATE, sizeof(state));
	if ((state & 2) == 0)
		bed.xmm = 0;
}

uint64_t read_cr2(void)
{
	return bed.cr2;
}

void write_cr2(uint64_t value)
{
	bed.cr2 = value;
}

uint64_t read_dr6(void)
{
	return bed.dr6;
}

void write_dr6(uint64_t value)
{
	bed.dr6 = value;
}

void read_debug_addresses(uint64_t address[4])
{
	memcpy(address, bed.dr, sizeof(bed.dr));
}

void write_debug_addresses(const uint64_t address[4])
{
	memcpy(bed.dr, address, sizeof(bed.dr));
}

void cpu_kick(struct cpu *cpu)
{
	bed.kicks[cpu->index]++;
}

/*
 * Windows: the pool's pages are at their addresses. None shows a page that is free. A domain and a vCPU are not to be
 * seen any more once their window is closed.
 */

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t page, bool writable)
{
	const uint64_t offset = page.value - (uintptr_t)bed.memory;
	const uint64_t record = bed_record((uint32_t)(offset / PAGE_BYTES));

	(void)writable;
	assert_ptr_equal(paging, &bed.paging);
	assert_true(offset < BED_PAGES * PAGE_BYTES);
	assert_true(record != PAGE_FREE && (window == WINDOW_RECORDS) == (record == PAGE_RECORDS));
	assert_false(bed.open[cpu][window]);
	bed.open[cpu][window] = true;
	bed.shows[cpu][window] = (uint32_t)(offset / PAGE_BYTES);
	bed.shown[offset / PAGE_BYTES]++;
	ASAN_UNPOISON_MEMORY_REGION(region_pointer(paddr(page.value & ~PAGE_MASK)), PAGE_BYTES);
	if (bed.meanwhile)
		bed.meanwhile(window);
	return region_pointer(paddr(page.value & ~PAGE_MASK));
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	(void)paging;
	assert_true(bed.open[cpu][window]);
	bed.open[cpu][window] = false;
	const uint32_t page = bed.shows[cpu][window];

	if (--bed.shown[page] == 0 && (window == WINDOW_DOMAIN || window == WINDOW_VCPU))
		ASAN_POISON_MEMORY_REGION(bed.memory + page * PAGE_BYTES, PAGE_BYTES);
}

/* Within one page of the pool that is not free, or of the root guest's RAM. */
static void check_copy(paddr_t address, uint32_t bytes)
{
	const uint64_t in_pool = address.value - (uintptr_t)bed.memory, in_ram = address.value - (uintptr_t)bed.ram;

	assert_true(bytes <= PAGE_BYTES - (address.value & PAGE_MASK));
	assert_true(in_ram < BED_CPUS * PAGE_BYTES || in_pool < BED_PAGES * PAGE_BYTES);
	if (in_pool < BED_PAGES * PAGE_BYTES)
		assert_int_equal(bed_record((uint32_t)(in_pool / PAGE_BYTES)) & 7, PAGE_PRIVATE);
}

void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	(void)paging;
	(void)cpu;
	check_copy(address, bytes);
	memcpy(buffer, region_pointer(address), bytes);
}

void window_write(const struct paging *paging, uint32_t cpu, paddr_t address, const void *buffer, uint32_t bytes)
{
	(void)paging;
	(void)cpu;
	check_copy(address, bytes);
	memcpy(region_pointer(address), buffer, bytes);
}

/* The vendor's functions. */

static struct fake_vcpu *fake_of(const struct vcpu *vcpu)
{
	return &bed.fake[vcpu->cpu->index];
}

uint64_t vcpu_rip(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->rip;
}

uint64_t vcpu_cr4(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->cr4;
}

unsigned vcpu_cpl(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->cpl;
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	fake_of(vcpu)->advanced += bytes;
}

void vcpu_inject(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	fake_of(vcpu)->exception = (int)vector;
	fake_of(vcpu)->error_code = error_code;
}

bool vcpu_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	if (msr != IA32_EFER && msr != IA32_PAT)
		return false;
	*value = msr == IA32_EFER ? fake_of(vcpu)->efer : fake_of(vcpu)->pat;
	return true;
}

/* Takes everything: what hv/domain lets through. */
bool vcpu_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	if (msr != IA32_EFER && msr != IA32_PAT)
		return false;
	*(msr == IA32_EFER ? &fake_of(vcpu)->efer : &fake_of(vcpu)->pat) = value;
	return true;
}

void vcpu_guest_start(struct vcpu *vcpu)
{
	fake_of(vcpu)->starts++;
}

void vcpu_guest_load(struct vcpu *vcpu, paddr_t control)
{
	assert_int_equal(control.value % PAGE_BYTES, 0);
	vcpu->frame->guest_control = control.value;
}

void vcpu_guest_unload(struct vcpu *vcpu, struct vcpu *root)
{
	assert_int_equal(vcpu->frame->stack, (uintptr_t)root->frame);
	vcpu->frame->guest_control = 0;
	if (bed.unloading)
		bed.unloading();
}

void vcpu_guest_flush(paddr_t control)
{
	(void)control;
}

void vcpu_guest_flush_tlb(struct vcpu *vcpu)
{
	fake_of(vcpu)->tlb_flushes++;
}

void vcpu_guest_enter(struct vcpu *vcpu)
{
	bed.in_guest = vcpu == vcpu->cpu->guest;
	assert_true(bed.in_guest || vcpu == vcpu->cpu->vcpu);
	longjmp(bed.jump, 1);
}

bool vcpu_guest_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	if (fake_of(vcpu)->interruptible)
		fake_of(vcpu)->interrupt = vector;
	return fake_of(vcpu)->interruptible;
}

void vcpu_guest_await_window(struct vcpu *vcpu, bool wanted, uint32_t cr8)
{
	fake_of(vcpu)->window = wanted;
	fake_of(vcpu)->cr8 = cr8;
}

uint32_t vcpu_guest_delivering(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->delivering;
}

void vcpu_guest_inject_ve(struct vcpu *vcpu)
{
	fake_of(vcpu)->ve = true;
}

enum guest_mode vcpu_guest_mode(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->mode;
}

uint64_t vcpu_guest_cr3(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->cr3;
}

bool vcpu_guest_interrupts_on(const struct vcpu *vcpu)
{
	return fake_of(vcpu)->interrupts_on;
}

bool vcpu_guest_write_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes)
{
	if (fake_of(vcpu)->refuses_cr4)
		return false;
	fake_of(vcpu)->cr4 = value;
	vcpu_advance(vcpu, bytes);
	return true;
}

/* The bed. */

struct domain_params bed_params(void)
{
	return (struct domain_params){
		.version = 1,
		.max_vcpus = BED_VCPUS,
		.attributes = DOMAIN_ATTRIBUTES,
		.xfam = 3,
		.ram_count = 1,
		.ram = {{0, BED_RAM}},
		.firmware = {0xffc00000, 0x400000},
	};
}

uint64_t bed_record(uint32_t page)
{
	return ((const uint64_t *)(const void *)bed.memory)[page] & ~8ull; /* without the lock */
}

static void start_machine(void)
{
	memset(&bed, 0, sizeof(bed));
	bed.cpuid = bed_cpuid;
	bed.vendor = "GenuineIntel";
	bed.last_leaf = 0x23;
	bed.mxcsr = 0x5555;
	bed.xcr0 = 7;
	bed.memory = aligned_alloc(0x200000, BED_PAGES * PAGE_BYTES);
	bed.ram = aligned_alloc(PAGE_BYTES, BED_CPUS * PAGE_BYTES);
	memset(bed.memory, FILLER, BED_PAGES * PAGE_BYTES);
	memset(bed.ram, FILLER, BED_CPUS * PAGE_BYTES);
	bed.machine.boot.tsc_khz = 2000000;
	bed.machine.boot.ram_count = 1;
	bed.machine.boot.ram[0] = (struct boot_range){(uintptr_t)bed.ram, BED_CPUS * PAGE_BYTES};
	bed.machine.pool = &bed.pool;
	bed.machine.paging = &bed.paging;
	for (uint32_t i = 0; i < BED_CPUS; i++) {
		bed.cpu[i] = (struct cpu){.machine = &bed.machine, .index = i, .vcpu = &bed.root[i]};
		bed.root[i] = (struct vcpu){.cpu = &bed.cpu[i], .frame = &bed.frame[i], .tag = VCPU_ROOT_TAG};
		bed.frame[i].vcpu = &bed.root[i];
		bed.frame[i].stack = (uintptr_t)&bed.frame[i];
		bed.machine.cpus[i] = &bed.cpu[i];
		for (unsigned n = 0; n < sizeof(struct registers) / 8; n++)
			(&bed.frame[i].guest.r15)[n] = ROOT(n);
	}
	pool_prepare(&bed.pool, &(struct boot_range){(uintptr_t)bed.memory, BED_PAGES * PAGE_BYTES});
	bed.pool.guest.msr_count = sizeof(msrs) / sizeof(msrs[0]);
	memcpy(bed.pool.guest.msr, msrs, sizeof(msrs));
	bed.pool.guest.barrier = true;
	bed.pool.guest.gpa_bits = DOMAIN_GPA_BITS;
	bed.pool.guest.cpuid_version = guest_cpuid_version();
}

int64_t bed_call(unsigned cpu, uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	return domain_hypercall(&bed.cpu[cpu], number, &(struct hypercall_arguments){rdi, rsi, rdx, rcx});
}

int64_t bed_create(const struct domain_params *params)
{
	memcpy(bed.ram, params, sizeof(*params));
	const int64_t result = bed_call(0, HC_DOMAIN_CREATE, (uintptr_t)bed.ram, BED_DOMAIN, BED_DOMAIN + 1, 0);

	memset(bed.ram, FILLER, PAGE_BYTES);
	return result;
}

/* Tables for the first 2 MiB of each half, memory, vCPUs. */
static void build(void)
{
	static const uint64_t apic_ids[BED_VCPUS] = {0, 5, 0x23};

	for (uint64_t level = DOMAIN_LEVEL_1GIB, page = BED_DOMAIN + 2;; level--, page++) {
		assert_int_equal(bed_call(0, HC_TABLE_ADD, BED_DOMAIN, level, page, 0), 0);
		assert_int_equal(bed_call(0, HC_TABLE_ADD, BED_DOMAIN, DOMAIN_SHARED_BIT | level, page + 3, 0), 0);
		if (level == DOMAIN_LEVEL_4KIB)
			break;
	}
	for (uint64_t i = 0; i < BED_PRIVATE; i++)
		assert_int_equal(bed_call(0, HC_PAGE_ADD, BED_DOMAIN, i * PAGE_BYTES, BED_PAGE(i), (uintptr_t)bed.ram),
				 0);
	for (uint64_t i = 0; i < BED_VCPUS; i++)
		assert_int_equal(bed_call(0, HC_VCPU_CREATE, BED_DOMAIN, BED_VCPU(i), apic_ids[i], 0x1234 + i), 0);
	assert_int_equal(bed_call(0, HC_DOMAIN_FINALIZE, BED_DOMAIN, 0, 0, 0), 0);
}

int bed_start(void **state)
{
	const struct domain_params params = bed_params();

	(void)state;
	start_machine();
	assert_int_equal(bed_create(&params), 0);
	build();
	return 0;
}

int bed_stop(void **state)
{
	(void)state;
	ASAN_UNPOISON_MEMORY_REGION(bed.memory, BED_PAGES * PAGE_BYTES);
	free(bed.memory);
	free(bed.ram);
	return 0;
}

void bed_forget(void)
{
	for (unsigned i = 0; i < BED_CPUS; i++) {
		struct fake_vcpu *const fake = &bed.fake[i];

		fake->advanced = fake->tlb_flushes = fake->starts = 0;
		fake->exception = fake->interrupt = -1;
		fake->ve = fake->window = false;
	}
}

bool bed_enter(unsigned cpu, unsigned vcpu)
{
	bed_forget();
	assert_int_equal(
		bed_call(cpu, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(vcpu), (uintptr_t)bed.ram + cpu * PAGE_BYTES, 0),
		HC_ENTERS);
	if (setjmp(bed.jump) == 0)
		domain_run(&bed.root[cpu]);
	return bed.in_guest;
}

struct td_vcpu *bed_guest(unsigned cpu)
{
	assert_non_null(bed.cpu[cpu].guest);
	return td_vcpu_of(bed.cpu[cpu].guest);
}

struct registers *bed_registers(unsigned cpu)
{
	return &bed_guest(cpu)->frame.guest;
}

void *bed_memory(uint64_t address)
{
	assert_true(address < BED_PRIVATE * PAGE_BYTES);
	return bed.memory + BED_PAGE(0) * PAGE_BYTES + address;
}

void *bed_page(uint32_t page)
{
	ASAN_UNPOISON_MEMORY_REGION(bed.memory + page * PAGE_BYTES, PAGE_BYTES);
	return bed.memory + page * PAGE_BYTES;
}

struct domain_run *bed_run_page(unsigned cpu)
{
	return (struct domain_run *)(void *)(bed.ram + cpu * PAGE_BYTES);
}

void bed_secrets(void)
{
	for (unsigned n = 0; n < sizeof(struct registers) / 8; n++)
		(&bed_registers(0)->r15)[n] = 0x5ec4e70000000000ull + n * 0x0101010101ull;
	bed.before = *bed_registers(0);
	bed_forget();
}

/* In the order of struct registers. */
static const unsigned numbers[] = {R15, R14, R13, R12, R11, R10, R9, R8, RDI, RSI, RBP, RBX, RDX, RCX, RAX};

void bed_assert_changed(unsigned mask)
{
	for (unsigned n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
		if ((mask & BIT(numbers[n])) == 0)
			assert_int_equal((&bed_registers(0)->r15)[n], (&bed.before.r15)[n]);
	}
}

void bed_assert_exit(const struct domain_run *expected)
{
	const size_t end = sizeof(struct domain_run);

	assert_null(bed.cpu[0].guest);
	assert_ptr_equal(bed.frame[0].vcpu, &bed.root[0]);
	for (unsigned n = 0; n < sizeof(struct registers) / 8; n++)
		assert_int_equal((&bed.frame[0].guest.r15)[n], ROOT(n));
	assert_memory_equal(&bed_run_page(0)->exit, &expected->exit, sizeof(expected->exit));
	for (size_t i = end; i < PAGE_BYTES; i++)
		assert_int_equal(bed.ram[i], FILLER);
	for (unsigned i = 0; i < WINDOWS_PER_CPU; i++)
		assert_false(bed.open[0][i]);
}
