/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/machine.c */
/* From hv_prepare() to the guest: what is hidden, what is wiped, in which order, and that each error ends it. */
#include "hv_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/attestation.h"
#include "boot/boot_info.h"
#include "boot/build.h"
#include "domain/pool.h"
#include "iommu/iommu.h"
#include "lib/failure.h"
#include "lib/wipe.h"
#include "machine/cpu.h"
#include "machine/descriptors.h"
#include "machine/features.h"
#include "memory/paging.h"
#include "root/floor.h"
#include "root/io_policy.h"
#include "root/msr_policy.h"
#include "root/root.h"
#include "vcpu/launch.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"
#include "x86/msr.h"

#define REGION_BYTES (8ull << 20)
#define IMAGE_BYTES  0x3000u
#define PHYS_BITS    40u
#define LOG_BYTES    100u
#define MAX_HIDDEN   16u

/* hv/boot/launch.c has no header for what the loader and entry.S call. */
enum hv_error hv_prepare(struct boot_info *info);
enum hv_error cpu_launch(uint32_t index);
enum hv_error make_key(struct machine *m);
enum hv_error make_key_on_stack(struct machine *m, void *top);
struct launch_switch {
	struct entry_frame *frame;
	uint64_t cr3_or_error;
};
struct launch_switch cpu_launch_capture(uint32_t index, const struct launch_frame *frame);
_Noreturn void cpu_launch_run(struct entry_frame *frame);

const uint32_t build_flags = HK_FLAG_DEBUG;

/* Everything that may fail, in its order. */
enum step { PAGING, INFO, DMA, VCPU, TABLES, STAGE2, HIDE, FLOOR, UNITS, DETOUR, KEY, SIGN, ENABLE, CAPTURE, STEPS };

static struct {
	enum step fails; /* STEPS: none */
	enum step reached;
	uint32_t apic_id, phys_bits;
	unsigned hidden_count, captures, enables, runs, loads;
	struct boot_range hidden[MAX_HIDDEN];
	uint8_t random[32]; /* what the key was made from */
	uint64_t apic_base;
} world;

static uint8_t *region;
static uint8_t launch_log[LOG_BYTES];
static struct cpu cpus[2];
static struct entry_frame frames[3]; /* one is left free */
static jmp_buf in_guest;

static void assert_zeros(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(bytes[i], 0);
}

/* Nothing is done after what failed, nor what does not follow. */
static enum hv_error step(enum step which)
{
	assert_true(world.reached != world.fails);
	world.reached = which;
	return which == world.fails ? HV_E_REGION : HV_OK;
}

enum hv_error cpu_paging_check(void)
{
	return step(PAGING);
}
struct hv_failure boot_info_check(const struct boot_info *boot, uint32_t phys_bits)
{
	assert_ptr_equal(boot, &machine.boot); /* the copy */
	assert_int_equal(phys_bits, PHYS_BITS);
	return fails(step(INFO));
}
struct hv_failure boot_dma_check(const struct boot_info *boot, uint32_t phys_bits)
{
	assert_ptr_equal(boot, &machine.boot);
	assert_int_equal(phys_bits, PHYS_BITS);
	return fails_at(step(DMA), 0x1234000);
}
enum hv_error vcpu_check(const struct machine *m)
{
	assert_ptr_equal(m, &machine);
	return step(VCPU);
}
struct hv_failure vcpu_prepare(struct machine *m)
{
	(void)m;
	return fails(step(TABLES));
}
enum hv_error stage2_build_identity(struct stage2 *stage2, uint32_t phys_bits, struct region directories,
				    const struct vendor_machine *vendor)
{
	(void)stage2, (void)phys_bits, (void)directories, (void)vendor;
	return step(STAGE2);
}
enum hv_error stage2_limit_leaves(struct stage2 *stage2, const struct boot_info *boot, uint64_t bytes)
{
	(void)stage2, (void)boot, (void)bytes;
	return HV_OK;
}
enum hv_error stage2_hide(struct stage2 *stage2, gpa_t base, uint64_t bytes)
{
	assert_ptr_equal(stage2, &machine.root->domain.stage2);
	assert_false(machine.root->domain.stage2.sealed);
	assert_true(world.hidden_count < MAX_HIDDEN);
	world.hidden[world.hidden_count++] = (struct boot_range){base.value, bytes};
	return step(HIDE);
}
enum hv_error floor_protect(struct machine *m)
{
	(void)m;
	assert_false(machine.root->domain.stage2.sealed);
	return step(FLOOR);
}
struct hv_failure iommu_prepare(struct machine *m, struct stage2 *stage2, struct region *rest)
{
	(void)rest;
	assert_ptr_equal(stage2, &machine.root->domain.stage2);
	assert_false(machine.root->domain.stage2.sealed);
	m->iommu->unit_count = m->boot.dma.unit_count;
	return fails_at(step(UNITS), 0x1234000);
}
enum hv_error floor_build_detour(struct machine *m, struct region *rest)
{
	(void)m, (void)rest;
	assert_true(machine.root->domain.stage2.sealed);
	return step(DETOUR);
}
enum hv_error hk_create(struct hk *hk, const uint8_t tpm_random[32])
{
	(void)hk;
	memcpy(world.random, tpm_random, sizeof(world.random));
	return step(KEY);
}
enum hv_error hk_sign_statement(struct hk *hk, struct hk_statement *statement)
{
	(void)hk;
	assert_ptr_equal(statement, &machine.attestation->statement);
	return step(SIGN);
}
enum hv_error iommu_enable(struct machine *m)
{
	(void)m;
	world.enables++;
	return step(ENABLE);
}
enum hv_error vcpu_capture(struct vcpu *vcpu, const struct launch_frame *frame)
{
	assert_ptr_equal(vcpu->cpu->vcpu, vcpu);
	(void)frame;
	world.captures++;
	return step(CAPTURE);
}

/* What cannot fail. */
uint64_t stage2_directory_pages(uint32_t phys_bits)
{
	return 1ull << (phys_bits - 39);
}
void paging_build(struct paging *paging, struct region *rest, const struct boot_range *range, uint32_t cpu_count)
{
	(void)paging, (void)rest, (void)range;
	assert_int_equal(cpu_count, machine.boot.cpu_count);
}
void pool_prepare(struct pool *pool, const struct boot_range *range)
{
	assert_ptr_equal(pool, machine.pool);
	assert_ptr_equal(range, &machine.boot.pool);
}
/* Neither the root guest's maps nor what the tables are made of. */
void guest_prepare(struct guest_setup *setup, paddr_t pages, uint32_t phys_bits)
{
	assert_ptr_equal(setup, &machine.pool->guest);
	assert_int_equal(phys_bits, machine.phys_bits);
	assert_true(pages.value >= (uintptr_t)region && pages.value % PAGE_BYTES == 0);
	assert_true(pages.value >= machine.root->domain.io_map.value + VENDOR_DOMAIN_PAGES * PAGE_BYTES);
	assert_zeros(region_pointer(pages), VENDOR_DOMAIN_PAGES * PAGE_BYTES);
}
struct cpu *cpu_carve(struct machine *m, uint32_t index, paddr_t pages)
{
	assert_int_equal(pages.value % PAGE_BYTES, 0);
	cpus[index] = (struct cpu){.machine = m, .index = index, .apic_id = m->boot.cpu_apic_id[index]};
	cpus[index].stack = (uintptr_t)&frames[index + 1]; /* the frame lies on its top */
	m->cpus[index] = &cpus[index];
	return &cpus[index];
}
void vcpu_carve(struct vcpu *vcpu, paddr_t pages)
{
	assert_int_equal(pages.value, (uintptr_t)vcpu + PAGE_BYTES);
}
void vcpu_build_maps(struct domain *domain, paddr_t pages)
{
	assert_ptr_equal(domain, &machine.root->domain);
	domain->io_map = pages;
}
void io_policy_apply(const struct boot_info *boot, uint8_t bitmap[8192])
{
	assert_ptr_equal(boot, &machine.boot);
	assert_ptr_equal(bitmap, region_pointer(machine.root->domain.io_map));
}
void msr_policy_apply(const struct domain *domain)
{
	assert_ptr_equal(domain, &machine.root->domain);
}
void descriptors_build_idt(void)
{
}
void secure_wipe(void *memory, size_t bytes)
{
	memset(memory, 0, bytes);
}
uint32_t vcpu_statement_flags(const struct machine *m)
{
	(void)m;
	return HK_FLAG_AMD;
}
uint32_t iommu_protections(const struct machine *m, const struct stage2 *stage2)
{
	assert_ptr_equal(stage2, &machine.root->domain.stage2);
	(void)m;
	return 5;
}
uint32_t cpu_phys_bits(void)
{
	return world.phys_bits;
}
enum hv_error make_key_on_stack(struct machine *m, void *top)
{
	assert_ptr_equal(top, &frames[0]);
	return make_key(m);
}
enum hv_error cpu_launch(uint32_t index)
{
	(void)index;
	return HV_OK;
}
void cpu_load_tables(struct cpu *cpu)
{
	assert_false(cpu->launched);
	world.loads++;
}
void vcpu_run(struct vcpu *vcpu)
{
	assert_true(vcpu->cpu->launched);
	longjmp(in_guest, 1);
}
void console_line(struct machine *m, const char *format, ...)
{
	(void)m, (void)format;
}
struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	return (struct cpuid_result){0xb, leaf == 0xb ? 1 : 0, 0, world.apic_id};
}
struct cpuid_result cpu_leaf(uint32_t leaf, uint32_t subleaf)
{
	return cpuid(leaf, subleaf);
}
uint64_t rdtsc(void)
{
	return 0;
}
uint64_t rdmsr(uint32_t msr)
{
	assert_int_equal(msr, IA32_APIC_BASE);
	return 0xfee00100;
}
void wrmsr(uint32_t msr, uint64_t value)
{
	assert_int_equal(msr, IA32_APIC_BASE);
	world.apic_base = value;
}

static struct boot_info honest(void)
{
	struct boot_info info = {
		.flags = BOOT_FLAG_WEAK_BINDING,
		.region = {(uintptr_t)region, REGION_BYTES},
		.pool = {0x40000000, 0x800000},
		.image_bytes = IMAGE_BYTES,
		.cpu_count = 2,
		.cpu_apic_id = {4, 6},
		.ram_count = 1,
		.ram = {{0, 0x40000000}},
		.hidden_count = 3,
		.hidden = {{0xfed41000, 0x4000}, {0x1000, 0x1000}, {0x9000, 0x1000}},
		.log = (uintptr_t)launch_log,
		.log_bytes = LOG_BYTES,
		.tpm_reset_count = 11,
		.tpm_restart_count = 12,
	};

	info.dma.unit_count = 1;
	memset(info.tpm_random, 0x5a, sizeof(info.tpm_random));
	memset(info.image_sha256, 0x11, sizeof(info.image_sha256));
	memset(info.config_sha256, 0x22, sizeof(info.config_sha256));
	return info;
}

static int new_machine(void **state)
{
	(void)state;
	if (machine.root) { /* of the test before */
		*machine.root = (struct root){0};
		*machine.attestation = (struct attestation){0};
		*machine.iommu = (struct iommu){0};
	}
	memset(&machine, 0, sizeof(machine));
	memset(&world, 0, sizeof(world));
	memset(launch_log, 0x77, sizeof(launch_log));
	world.fails = world.reached = STEPS;
	world.phys_bits = PHYS_BITS;
	world.apic_id = 4;
	world.reached = PAGING;
	return 0;
}

static int get_region(void **state)
{
	(void)state;
	region = aligned_alloc(0x200000, REGION_BYTES);
	return region == NULL;
}

static int free_region(void **state)
{
	(void)state;
	free(region);
	return 0;
}

static bool was_hidden(uint64_t base, uint64_t bytes)
{
	for (unsigned i = 0; i < world.hidden_count; i++) {
		if (world.hidden[i].base == base && world.hidden[i].bytes == bytes)
			return true;
	}
	return false;
}

/* Region, pool, the whole of the loader's list, and the addresses to which an interrupt message is written. */
static void all_is_hidden(void **state)
{
	struct boot_info info = honest();

	(void)state;
	assert_int_equal(hv_prepare(&info), HV_OK);
	assert_true(was_hidden(info.region.base, REGION_BYTES));
	assert_true(was_hidden(0x40000000, 0x800000));
	for (uint32_t i = 0; i < info.hidden_count; i++)
		assert_true(was_hidden(info.hidden[i].base, info.hidden[i].bytes));
	assert_true(was_hidden(0xfee00000, 0x100000));
	assert_int_equal(world.hidden_count, 6);
	assert_true(machine.root->domain.stage2.sealed);
	assert_true(machine.prepared);
}

static void no_pool_hides_nothing(void **state)
{
	struct boot_info info = honest();

	(void)state;
	info.pool = (struct boot_range){0, 0};
	assert_int_equal(hv_prepare(&info), HV_OK);
	assert_int_equal(world.hidden_count, 5);
}

/* The TPM's bytes go into the key and nowhere else: neither the loader's copy nor the hypervisor's is left. */
static void random_bytes_are_wiped(void **state)
{
	struct boot_info info = honest();

	(void)state;
	assert_int_equal(hv_prepare(&info), HV_OK);
	for (size_t i = 0; i < sizeof(world.random); i++)
		assert_int_equal(world.random[i], 0x5a);
	assert_zeros(info.tpm_random, sizeof(info.tpm_random));
	assert_zeros(machine.boot.tpm_random, sizeof(machine.boot.tpm_random));
}

static void statement_says_what_is(void **state)
{
	struct boot_info info = honest();

	(void)state;
	assert_int_equal(hv_prepare(&info), HV_OK);
	const struct hk_statement *const s = &machine.attestation->statement;

	assert_int_equal(s->flags, HK_FLAG_WEAK_BINDING | HK_FLAG_DEBUG | HK_FLAG_AMD | HK_FLAG_DMA_PRESENT);
	assert_int_equal(s->hv_version, HV_VERSION);
	assert_int_equal(s->svn, HV_SVN);
	assert_int_equal(s->cpu_count, 2);
	assert_int_equal(s->tpm_reset_count, 11);
	assert_int_equal(s->tpm_restart_count, 12);
	assert_int_equal(s->dma_units, 1);
	assert_int_equal(s->dma_protections, 5);
	assert_memory_equal(s->image_sha256, info.image_sha256, sizeof(s->image_sha256));
	assert_memory_equal(s->config_sha256, info.config_sha256, sizeof(s->config_sha256));
	assert_ptr_equal(info.out.statement, s);
}

static void no_units_no_claim(void **state)
{
	struct boot_info info = honest();

	(void)state;
	info.dma.unit_count = 0;
	assert_int_equal(hv_prepare(&info), HV_OK);
	assert_int_equal(machine.attestation->statement.flags & HK_FLAG_DMA_PRESENT, 0);
}

/* Whatever fails: the error is the loader's answer, no CPU is launched, and no random byte is left with the loader. */
static void each_failure_ends_it(void **state)
{
	for (enum step which = PAGING; which <= SIGN; which++) {
		struct boot_info info = honest();

		new_machine(state);
		world.reached = STEPS;
		world.fails = which;
		assert_int_equal(hv_prepare(&info), HV_E_REGION);
		assert_int_equal(world.reached, which);
		assert_false(machine.prepared);
		assert_zeros(info.tpm_random, sizeof(info.tpm_random));
		world.fails = STEPS;
		assert_int_equal(cpu_check(0), HV_E_NOT_READY);
		assert_int_equal(cpu_launch_capture(0, &(struct launch_frame){0}).cr3_or_error, HV_E_NOT_READY);
		assert_int_equal(world.captures, 0);
	}
}

static void too_small_a_region(void **state)
{
	struct boot_info info = honest();

	(void)state;
	info.image_bytes = REGION_BYTES - 0x5000;
	assert_int_equal(hv_prepare(&info), HV_E_REGION);
	assert_false(machine.prepared);
}

static void prepare_machine(void)
{
	struct boot_info info = honest();

	assert_int_equal(hv_prepare(&info), HV_OK);
}

/* A CPU is who it is by its APIC ID. */
static void each_cpu_by_its_id(void **state)
{
	(void)state;
	assert_int_equal(cpu_check(0), HV_E_NOT_READY);
	prepare_machine();
	assert_int_equal(cpu_check(0), HV_OK);
	assert_int_equal(cpu_check(1), HV_E_CPU_INDEX);
	assert_int_equal(cpu_check(2), HV_E_CPU_INDEX);
	assert_int_equal(cpu_check(UINT32_MAX), HV_E_CPU_INDEX);
	world.apic_id = 6;
	assert_int_equal(cpu_check(1), HV_OK);
	assert_int_equal(cpu_check(0), HV_E_CPU_INDEX);
	world.phys_bits--;
	assert_int_equal(cpu_check(1), HV_E_CPU_DIFFERS);
	world.phys_bits++;
	world.fails = VCPU;
	world.reached = STEPS;
	assert_int_equal(cpu_check(1), HV_E_REGION);
}

static void capture_keeps_the_firmwares_registers(void **state)
{
	const struct launch_frame frame = {.r15 = 15, .r14 = 14, .r13 = 13, .r12 = 12, .rbp = 5, .rbx = 3};

	(void)state;
	prepare_machine();
	machine.paging->root = paddr(0x7000);
	const struct launch_switch to = cpu_launch_capture(0, &frame);

	assert_ptr_equal(to.frame, &frames[0]);
	assert_int_equal(to.cr3_or_error, 0x7000);
	assert_int_equal(frames[0].guest.r15, 15);
	assert_int_equal(frames[0].guest.r12, 12);
	assert_int_equal(frames[0].guest.rbp, 5);
	assert_int_equal(frames[0].guest.rbx, 3);
	assert_int_equal(frames[0].guest.rax, HV_OK);
	assert_int_equal(world.apic_base, 0xfee00100 | 3u << 10); /* x2APIC */
	assert_int_equal(world.enables, 1);
}

/* No guest is entered before every unit translates, and none whose CPU could not be taken. */
static void no_guest_without_units(void **state)
{
	(void)state;
	prepare_machine();
	world.fails = ENABLE;
	const struct launch_switch to = cpu_launch_capture(0, &(struct launch_frame){0});

	assert_null(to.frame);
	assert_int_equal(to.cr3_or_error, HV_E_REGION);
	assert_int_equal(world.captures, 0);
}

static void no_guest_without_capture(void **state)
{
	(void)state;
	prepare_machine();
	world.fails = CAPTURE;
	const struct launch_switch to = cpu_launch_capture(0, &(struct launch_frame){0});

	assert_null(to.frame);
	assert_int_equal(to.cr3_or_error, HV_E_REGION);
}

/* When the second CPU is launched the first one's guest may run, which could have changed the log. */
static void log_is_read_once(void **state)
{
	(void)state;
	prepare_machine();
	assert_non_null(cpu_launch_capture(0, &(struct launch_frame){0}).frame);
	memset(launch_log, 0x66, sizeof(launch_log));
	world.apic_id = 6;
	assert_non_null(cpu_launch_capture(1, &(struct launch_frame){0}).frame);
	for (size_t i = 0; i < LOG_BYTES; i++)
		assert_int_equal(machine.attestation->log[i], 0x77);
	assert_int_equal(machine.attestation->log[LOG_BYTES], 0);
}

static void cpus_in_control_are_counted(void **state)
{
	(void)state;
	prepare_machine();
	for (unsigned i = 0; i < 2; i++) {
		if (setjmp(in_guest) == 0)
			cpu_launch_run(&frames[i]);
		assert_int_equal(machine.cpus_in_control, i + 1);
		assert_int_equal(world.loads, i + 1);
	}
}

/* For years: no product overflows. */
static void uptime_does_not_overflow_in_years(void **state)
{
	const uint64_t year = 365ull * 24 * 3600 * 1000;

	(void)state;
	machine.boot.tsc_khz = 5000000;
	machine.launch_tsc = -(5000000ull * year * 10); /* as if rdtsc() were ten years later */
	assert_int_equal(machine_uptime_us(&machine), year * 10 * 1000);
	machine.boot.tsc_khz = 3;
	machine.launch_tsc = -7ull;
	assert_int_equal(machine_uptime_us(&machine), 2333);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_is_hidden, new_machine),
		cmocka_unit_test_setup(no_pool_hides_nothing, new_machine),
		cmocka_unit_test_setup(random_bytes_are_wiped, new_machine),
		cmocka_unit_test_setup(statement_says_what_is, new_machine),
		cmocka_unit_test_setup(no_units_no_claim, new_machine),
		cmocka_unit_test_setup(each_failure_ends_it, new_machine),
		cmocka_unit_test_setup(too_small_a_region, new_machine),
		cmocka_unit_test_setup(each_cpu_by_its_id, new_machine),
		cmocka_unit_test_setup(capture_keeps_the_firmwares_registers, new_machine),
		cmocka_unit_test_setup(no_guest_without_units, new_machine),
		cmocka_unit_test_setup(no_guest_without_capture, new_machine),
		cmocka_unit_test_setup(log_is_read_once, new_machine),
		cmocka_unit_test_setup(cpus_in_control_are_counted, new_machine),
		cmocka_unit_test_setup(uptime_does_not_overflow_in_years, new_machine),
	};

	return cmocka_run_group_tests(tests, get_region, free_region);
}
