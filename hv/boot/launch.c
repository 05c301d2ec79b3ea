/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the loader's first call to the launch. Everything here runs with the firmware's page tables, which map all
 * memory one to one; what the root guest must not see is out of its reach before the first entry.
 */
#include "attest/attestation.h"
#include "boot_info.h"
#include "build.h"
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
#include "x86/cpuid.h"
#include "x86/instructions.h"
#include "x86/msr.h"

/* There is one of each. They are reached through struct machine. */
static struct paging paging;
static struct iommu iommu;
static struct root root;
static struct pool pool;
static struct attestation attestation;

enum hv_error hv_prepare(struct boot_info *info);

/* entry.S: the loader's way in, and make_key() on another stack. */
enum hv_error cpu_launch(uint32_t index);
enum hv_error make_key_on_stack(struct machine *m, void *top);

enum hv_error make_key(struct machine *m);

/* What cpu_launch() continues with, in RAX and RDX: the frame on the CPU's own stack and CR3; or 0 and the error. */
struct launch_switch {
	struct entry_frame *frame;
	uint64_t cr3_or_error;
};

struct launch_switch cpu_launch_capture(uint32_t index, const struct launch_frame *frame);
_Noreturn void cpu_launch_run(struct entry_frame *frame);

/* The xAPIC's page and the interrupt messages around it (SDM 3A 11.11.1). */
#define INTERRUPT_MESSAGES       0xfee00000ull
#define INTERRUPT_MESSAGES_BYTES 0x100000ull

/*
 * Takes region, pool and the loader's list (TPM localities 1-4) out of the root guest's view; the interrupt address
 * range as well: in x2APIC mode no software has business there, and a message written there could be an INIT.
 */
static enum hv_error hide_protected(struct machine *m)
{
	enum hv_error error = stage2_hide(&m->root->domain.stage2, gpa(m->boot.region.base), m->boot.region.bytes);

	if (error == HV_OK && m->boot.pool.bytes != 0)
		error = stage2_hide(&m->root->domain.stage2, gpa(m->boot.pool.base), m->boot.pool.bytes);
	for (uint32_t i = 0; error == HV_OK && i < m->boot.hidden_count; i++)
		error = stage2_hide(&m->root->domain.stage2, gpa(m->boot.hidden[i].base), m->boot.hidden[i].bytes);
	return error == HV_OK ? stage2_hide(&m->root->domain.stage2, gpa(INTERRUPT_MESSAGES), INTERRUPT_MESSAGES_BYTES)
			      : error;
}

/* A CPU, and the root guest's vCPU that it runs. */
#define PAGES_PER_CPU (CPU_PAGES + 1 + VENDOR_PAGES)
_Static_assert(PAGES_PER_CPU <= BOOT_PAGES_PER_CPU, "loader reserves too little per CPU");

static void carve(struct machine *m, uint32_t index, paddr_t pages)
{
	struct cpu *const cpu = cpu_carve(m, index, pages);
	struct vcpu *const vcpu = region_pointer(paddr(pages.value + CPU_PAGES * PAGE_BYTES));

	vcpu->cpu = cpu;
	vcpu->domain = &m->root->domain;
	vcpu->tag = VCPU_ROOT_TAG;
	vcpu->frame = (struct entry_frame *)cpu->stack - 1;
	*vcpu->frame = (struct entry_frame){.vcpu = vcpu, .stack = (uintptr_t)vcpu->frame};
	vcpu_carve(vcpu, paddr(pages.value + (CPU_PAGES + 1) * PAGE_BYTES));
	cpu->vcpu = m->root->vcpus[index] = vcpu;
}

#define SPLIT_PAGES 64u

/* The root guest's view of memory, but for the registers of the units. */
static enum hv_error build_stage2(struct machine *m, struct region tables)
{
	enum hv_error error = stage2_build_identity(&m->root->domain.stage2, m->phys_bits, tables, m->vendor);

	if (error == HV_OK && m->boot.ram_leaf_bytes == BOOT_LEAF_4KIB)
		error = stage2_limit_leaves(&m->root->domain.stage2, &m->boot, BOOT_LEAF_4KIB);
	if (error == HV_OK)
		error = hide_protected(m);
	return error == HV_OK ? floor_protect(m) : error;
}

/* Builds every table that the hypervisor will ever have, out of the pages after the image. */
static struct hv_failure build_tables(struct machine *m)
{
	struct region region = {m->boot.region.base + m->boot.image_bytes, m->boot.region.base + m->boot.region.bytes};
	const uint64_t directories = stage2_directory_pages(m->phys_bits) + boot_ram_tables(&m->boot) + SPLIT_PAGES +
				     BOOT_SPLITS_PER_UNIT * m->boot.dma.unit_count +
				     BOOT_SPLITS_PER_FLOOR * m->boot.floor.range_count;
	const paddr_t stage2_pages = region_take(&region, directories);
	const paddr_t map_pages = region_take(&region, 2ULL * VENDOR_DOMAIN_PAGES); /* the root guest's, all others' */
	const paddr_t cpu_pages = region_take(&region, PAGES_PER_CPU * m->boot.cpu_count);
	struct hv_failure failure;
	enum hv_error error;

	if (stage2_pages.value == 0 || map_pages.value == 0 || cpu_pages.value == 0)
		return fails(HV_E_REGION);
	paging_build(m->paging, &region, &m->boot.region, m->boot.cpu_count);
	if ((failure = vcpu_prepare(m)).error != HV_OK)
		return failure;
	vcpu_build_maps(&root.domain, map_pages);
	io_policy_apply(&m->boot, region_pointer(root.domain.io_map));
	msr_policy_apply(&root.domain);
	for (uint32_t i = 0; i < m->boot.cpu_count; i++)
		carve(m, i, paddr(cpu_pages.value + i * PAGES_PER_CPU * PAGE_BYTES));
	descriptors_build_idt();
	pool_prepare(m->pool, &m->boot.pool);
	guest_prepare(&m->pool->guest, paddr(map_pages.value + VENDOR_DOMAIN_PAGES * PAGE_BYTES), m->phys_bits);
	const struct region tables = {stage2_pages.value, stage2_pages.value + directories * PAGE_BYTES};

	if ((error = build_stage2(m, tables)) != HV_OK)
		return fails(error);
	if ((failure = iommu_prepare(m, &root.domain.stage2, &region)).error != HV_OK)
		return failure;
	stage2_seal(&m->root->domain.stage2);
	return fails(floor_build_detour(m, &region));
}

/* Makes HK and its statement. */
enum hv_error make_key(struct machine *m)
{
	struct hk_statement *const statement = &m->attestation->statement;
	const enum hv_error error = hk_create(&m->attestation->hk, m->boot.tpm_random);

	secure_wipe(m->boot.tpm_random, sizeof(m->boot.tpm_random));
	if (error != HV_OK)
		return error;
	statement->hv_version = HV_VERSION;
	statement->svn = HV_SVN;
	/* No guest is entered before every unit translates: iommu_enable() or no launch. */
	statement->flags = m->boot.flags | build_flags | vcpu_statement_flags(m) |
			   (m->iommu->unit_count != 0 ? HK_FLAG_DMA_PRESENT : 0);
	statement->cpu_count = m->boot.cpu_count;
	statement->tpm_reset_count = m->boot.tpm_reset_count;
	statement->tpm_restart_count = m->boot.tpm_restart_count;
	statement->dma_units = m->iommu->unit_count;
	statement->dma_protections = iommu_protections(m, &m->root->domain.stage2);
	__builtin_memcpy(statement->image_sha256, m->boot.image_sha256, sizeof(statement->image_sha256));
	__builtin_memcpy(statement->config_sha256, m->boot.config_sha256, sizeof(statement->config_sha256));
	return hk_sign_statement(&m->attestation->hk, statement);
}

#define BSP 0u /* boot_info.h: the first of the list, on which hv_prepare() runs */

static struct hv_failure check(struct machine *m)
{
	struct hv_failure failure;
	enum hv_error error;

	m->phys_bits = cpu_phys_bits();
	if ((error = cpu_paging_check()) != HV_OK)
		return fails_on(error, BSP);
	if ((failure = boot_info_check(&m->boot, m->phys_bits)).error != HV_OK ||
	    (failure = boot_dma_check(&m->boot, m->phys_bits)).error != HV_OK)
		return failure;
	return fails_on(vcpu_check(m), BSP);
}

static struct hv_failure prepare(struct machine *m)
{
	struct hv_failure failure = check(m);

	if (failure.error != HV_OK)
		return failure;
	m->launch_tsc = rdtsc();
	m->console.serial_port = m->boot.serial_port;
	if ((failure = build_tables(m)).error != HV_OK)
		return failure;
	/* The firmware's stack becomes the root guest's memory: the key is made on the hypervisor's own. */
	failure = fails_on(make_key_on_stack(m, m->cpus[BSP]->vcpu->frame), BSP);
	m->prepared = failure.error == HV_OK;
	return failure;
}

/**
 * Entry point of the image (boot_info.h). Once, on the BSP.
 * Returns HV_OK, or what is wrong; then nothing was changed outside region and pool.
 */
enum hv_error hv_prepare(struct boot_info *info)
{
	struct machine *const m = &machine;

	m->paging = &paging;
	m->iommu = &iommu;
	m->root = &root;
	m->pool = &pool;
	m->attestation = &attestation;
	m->boot = *info;
	secure_wipe(info->tpm_random, sizeof(info->tpm_random));
	const struct hv_failure failure = prepare(m);

	info->out = (struct boot_out){
		.error_cpu = failure.cpu,
		.error_where = failure.where,
		.cpu_check = (uintptr_t)cpu_check,
		.cpu_launch = (uintptr_t)cpu_launch,
		.statement = (uintptr_t)&m->attestation->statement,
		.statement_bytes = sizeof(m->attestation->statement),
	};
	return failure.error;
}

/* The executing CPU's APIC ID, whatever mode its APIC is in. */
static uint32_t apic_id(void)
{
	const struct cpuid_result topology = cpu_leaf(LEAF_TOPOLOGY, 0);

	return topology.ebx != 0 ? topology.edx : cpuid(1, 0).ebx >> 24;
}

enum hv_error cpu_check(uint32_t index)
{
	struct machine *const m = &machine;

	if (!m->prepared)
		return HV_E_NOT_READY;
	if (index >= m->boot.cpu_count || m->boot.cpu_apic_id[index] != apic_id())
		return HV_E_CPU_INDEX;
	if (cpu_phys_bits() != m->phys_bits)
		return HV_E_CPU_DIFFERS;
	return vcpu_check(m);
}

/* The log is complete when the first CPU is launched, and cannot be changed by any guest yet. */
static void copy_log(struct machine *m)
{
	if (!m->attestation->log_complete)
		__builtin_memcpy(m->attestation->log, region_pointer(paddr(m->boot.log)), m->boot.log_bytes);
	m->attestation->log_complete = true;
}

/*
 * Called by cpu_launch() in entry.S, on the firmware's stack: everything up to the switch to the hypervisor's own stack
 * and tables.
 */
struct launch_switch cpu_launch_capture(uint32_t index, const struct launch_frame *frame)
{
	enum hv_error error = cpu_check(index);

	if (error != HV_OK || (error = iommu_enable(&machine)) != HV_OK)
		return (struct launch_switch){0, error};
	struct vcpu *const vcpu = machine.cpus[index]->vcpu;

	copy_log(&machine);
	wrmsr(IA32_APIC_BASE, rdmsr(IA32_APIC_BASE) | APIC_BASE_EN | APIC_BASE_EXTD);
	if ((error = vcpu_capture(vcpu, frame)) != HV_OK)
		return (struct launch_switch){0, error};
	vcpu->frame->guest = (struct registers){
		.r15 = frame->r15,
		.r14 = frame->r14,
		.r13 = frame->r13,
		.r12 = frame->r12,
		.rbp = frame->rbp,
		.rbx = frame->rbx,
		.rax = HV_OK,
	};
	return (struct launch_switch){vcpu->frame, paging.root.value};
}

/* Called by cpu_launch() in entry.S, on the CPU's own stack and page tables. */
void cpu_launch_run(struct entry_frame *frame)
{
	struct cpu *const cpu = frame->vcpu->cpu;

	cpu_load_tables(cpu);
	cpu->launched = true;
	__atomic_fetch_add(&cpu->machine->cpus_in_control, 1, __ATOMIC_RELAXED);
	console_line(cpu->machine, "cpu %u (APIC ID %u) under control", cpu->index, cpu->apic_id);
	vcpu_run(frame->vcpu);
}
