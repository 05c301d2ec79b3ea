/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root and two domains on three CPUs: an input is a sequence of steps, each a hypercall of the root guest or an exit of
 * a domain's vCPU, and says at which moments of a step another CPU makes one.
 */
#include <string.h>

#include "fuzz/shared/harness.h"
#include "hv/attest/attestation.h"
#include "hv/attest/hk_report.h"
#include "hv/iommu/iommu.h"
#include "hv/memory/paging.h"
#include "hv/root/root.h"
#include "tests/unit/support/ghost_compare.h"
#include "vendor_machine.h"
#include "world.h"

#define STEPS_MAX 64u

/* Of the first choice: no domains yet; a pool with 2 MiB in one piece; twice, with other secrets. */
#define EMPTY   7u
#define WIDE    8u
#define SECRETS 16u

struct machine machine; /* the loader's way in; unused */
struct world world;
static struct vendor_machine vendor;
static struct iommu iommu;
static struct root root;
static struct attestation attestation;
static struct paging paging;
static struct pool pool;

/*
 * The rest of the hypervisor, as far as this one calls it.
 */
void crash(struct cpu *cpu, const struct crash_record *record)
{
	fprintf(stderr, "cpu %u stopped with a crash record of kind %u, code %lx\n", cpu->index, record->kind,
		(unsigned long)record->code);
	abort();
}

uint64_t machine_uptime_us(const struct machine *m)
{
	(void)m;
	return 1;
}

void machine_wipe_secrets(struct machine *m)
{
	(void)m;
}

void console_mirror(uint16_t port, const char *text, uint32_t length)
{
	(void)port;
	if (world.verbose)
		fwrite(text, 1, length, stderr);
}

/* The key is used under its lock, and takes its time. */
static int use_key(void)
{
	PROMISE(attestation.lock.held);
	between();
	return 0;
}

int hk_sign_fresh(struct hk *hk, struct hk_fresh *fresh)
{
	(void)hk;
	(void)fresh;
	return use_key();
}

bool hk_report_mac(const struct hk *hk, const struct report_mac *report, uint8_t mac[32])
{
	(void)hk;
	memset(mac, report->data[0], 32);
	return use_key() == 0;
}

bool hk_report_is_own(const struct hk *hk, const struct report_mac *report)
{
	(void)hk;
	return use_key() == 0 && report->mac[0] == report->data[0];
}

int hk_sign_report(struct hk *hk, struct hk_report *report)
{
	(void)hk;
	(void)report;
	return use_key();
}

/*
 * Steps.
 */
static bool is_busy(const struct cpu *cpu)
{
	for (const struct step *step = world.step; step; step = step->outer) {
		if (step->cpu == cpu)
			return true;
	}
	return false;
}

/* Most steps are interrupted by none; others soon, or, where they take pages by the hundred, late. */
static unsigned choose_moments(void)
{
	const unsigned choice = (unsigned)choose(&world.choices, 256);

	if (choice < 0xa0)
		return 0;
	return choice < 0xf0 ? 1 + choice % 16 : 16 * (1 + choice % 16);
}

static void use_translations(void)
{
	for (uint32_t i = 0; i < CPUS; i++) {
		const struct cpu *const cpu = &world.cpus[i];

		if (cpu->guest && !is_busy(cpu))
			tlb_use(cpu, td_vcpu_of(cpu->guest)->td);
	}
}

/* A vCPU is on one CPU at most, and the domain's lock is nobody's who is in a guest. */
static void check_entered(struct cpu *cpu)
{
	check_released(cpu);
	PROMISE(!attestation.lock.held || world.step->outer);
	PROMISE(!cpu->vcpu->startup.lock.held && !cpu->vcpu->startup.waiting);
	PROMISE(!cpu->vcpu->startup.init || world.nmi[cpu->index] || vendor_leaves_soon(cpu));
	PROMISE(physical[cpu->index].interrupts == (cpu->guest && vendor_window() != WINDOWS_PER_CPU));
	for (uint32_t i = 0; cpu->guest && i < CPUS; i++)
		PROMISE(is_busy(&world.cpus[i]) || world.cpus[i].guest != cpu->guest);
	vendor_enters(cpu);
	if (cpu->guest)
		tlb_enter(cpu, td_vcpu_of(cpu->guest)->td);
}

static void make_step(struct cpu *cpu)
{
	struct step *const step = &world.steps[cpu->index];

	memset(step, 0, sizeof(*step));
	step->outer = world.step;
	step->cpu = cpu;
	step->effect = EFFECT_NONE;
	world.step = step;
	step->moments = choose_moments();
	keep_vcpus(cpu->index);
	if (cpu->guest)
		guest_step(step);
	else
		root_step(step);
	check_vcpus(step);
	check_entered(cpu);
	world.step = step->outer;
	use_translations();
	if (step->outer)
		step->outer->inner++;
}

void step_ends(void)
{
	longjmp(world.step->left, 1);
}

void interrupt_by(struct cpu *cpu)
{
	if (!is_busy(cpu))
		make_step(cpu);
}

static void interrupt_by_any(void)
{
	struct cpu *idle[CPUS];
	uint32_t count = 0;

	for (uint32_t i = 0; i < CPUS; i++) {
		if (!is_busy(&world.cpus[i]))
			idle[count++] = &world.cpus[i];
	}
	if (count != 0)
		make_step(idle[choose(&world.choices, count)]);
}

void between(void)
{
	struct step *const step = world.step;

	if (step->over || step->moments == 0 || --step->moments != 0)
		return;
	interrupt_by_any();
	step->moments = choose_moments();
}

/*
 * The whole machine.
 */
static void set_up_cpu(uint32_t index)
{
	struct cpu *const cpu = &world.cpus[index];

	*cpu = (struct cpu){
		.machine = &world.machine, .index = index, .apic_id = index, .is_bsp = index == 0, .launched = true};
	world.machine.boot.cpu_apic_id[index] = index;
	machine.boot.cpu_apic_id[index] = index;
	cpu->vcpu = root.vcpus[index] = &world.vcpus[index];
	*cpu->vcpu =
		(struct vcpu){.frame = &world.frames[index], .cpu = cpu, .domain = &root.domain, .tag = VCPU_ROOT_TAG};
	world.frames[index] = (struct entry_frame){.vcpu = cpu->vcpu, .stack = (uintptr_t)&world.frames[index]};
	world.machine.cpus[index] = machine.cpus[index] = cpu;
	world.step = &world.steps[index];
	*world.step = (struct step){.cpu = cpu, .over = true};
	vendor_start_cpu(cpu);
}

static void set_up(bool wide)
{
	static _Alignas(4096) uint8_t maps[VENDOR_DOMAIN_PAGES * PAGE_BYTES];
	const uint32_t pages = wide ? WIDE_POOL : SMALL_POOL;

	world.machine.boot = (struct boot_info){
		.cpu_count = CPUS,
		.ram_count = 2,
		.ram = {{(uintptr_t)ram, sizeof(ram)}, {HOST_FAR_RAM, HOST_FAR_BYTES}},
		.pool = {(uintptr_t)pool_memory, pages * PAGE_BYTES},
		.tsc_khz = 1000,
		.log_bytes = 1000,
	};
	machine.boot.cpu_count = CPUS;
	world.machine.phys_bits = DOMAIN_GPA_BITS;
	world.machine.paging = &paging;
	world.machine.vendor = &vendor;
	world.machine.iommu = &iommu;
	world.machine.root = &root;
	world.machine.pool = &pool;
	world.machine.attestation = &attestation;
	world.machine.console.written = 0;
	memset(&attestation.lock, 0, sizeof(attestation.lock));
	memset(&root, 0, sizeof(root));
	memset(world.frames, 0, sizeof(world.frames));
	memset(world.nmi, 0, sizeof(world.nmi));
	memset(&pool, 0, sizeof(pool));
	memset(maps, 0, sizeof(maps));
	vendor_start();
	for (uint32_t i = 0; i < CPUS; i++)
		set_up_cpu(i);
	memory_start(pages);
	guest_prepare(&pool.guest, region_paddr(maps), DOMAIN_GPA_BITS);
	tlb_start();
	registers_start();
	ghost_start(&world.ghost, (uintptr_t)pool_memory, pages, DOMAIN_GPA_BITS);
	world.step = 0;
}

/* A domain that nobody had locked since is as it was. */
static void compare(void)
{
	static uint64_t compared[WIDE_POOL];

	for (uint32_t page = 0; page < world.ghost.pages; page++) {
		PROMISE(pool_record(page) == ghost_record(&world.ghost, page));
		if (world.ghost.page[page].kind == PAGE_DOMAIN && compared[page] != lock_count(page))
			compare_domain(&world.ghost, page);
		compared[page] = lock_count(page);
	}
}

void seen(const void *what, size_t bytes)
{
	const uint8_t *const at = what;
	uint64_t word;

	for (size_t i = 0; world.twice && i + sizeof(word) <= bytes; i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		world.digest = (world.digest ^ word) * 0x100000001b3ull;
		world.digest ^= world.digest >> 29;
	}
}

uint64_t secret(unsigned number)
{
	return (world.secret + number + 1) * 0x9e3779b97f4a7c15ull;
}

static uint64_t run(struct bytes input, uint64_t secret_of_run)
{
	world.choices = (struct choices){next_byte, &input, &world.ghost, (uintptr_t)ram};
	const uint64_t first = choose(&world.choices, 256);

	world.ended = world.ending = false;
	world.twice = (first & SECRETS) != 0;
	world.secret = secret_of_run;
	world.digest = world.tsc = 0;
	set_up((first & WIDE) != 0);
	if ((first & EMPTY) != EMPTY)
		root_start();
	for (unsigned i = 0; i < STEPS_MAX && input.len > 0; i++) {
		make_step(&world.cpus[choose(&world.choices, CPUS)]);
		if (!world.ended)
			compare();
	}
	seen(ram, sizeof(ram));
	return world.digest;
}

/* What domains know makes no difference to the root guest. */
void fuzz_one(struct bytes input)
{
	world.verbose = getenv("SHOW") != NULL;
	const uint64_t digest = run(input, 0x1111);

	if (input.len > 0 && (input.data[0] & SECRETS) != 0)
		PROMISE(run(input, 0x2222) == digest);
}
