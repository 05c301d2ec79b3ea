/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit handlers under a hostile guest: an input is a sequence of exits on three CPUs with registers, exit
 * information and flags of the attacker's choice. After each, the constant state is unchanged, and an injected event
 * is one that the CPU accepts. One program for each vendor: main.c for the unit test and for a finding, afl.c for
 * AFL++.
 */
#include <setjmp.h>
#include <string.h>

#include "hv/domain/hypercall.h"
#include "hv/attest/attestation.h"
#include "hv/iommu/iommu.h"
#include "hv/memory/paging.h"
#include "hv/root/root.h"
#include "hv/vcpu/vcpu.h"
#include "vendor_machine.h"
#include "world.h"

#define EXITS_MAX 64

struct machine machine;
static struct vendor_machine vendor;
static struct iommu iommu;
static struct root root;
static struct attestation attestation;
static struct cpu cpus[CPUS];
static struct vcpu vcpus[CPUS];
static struct entry_frame frames[CPUS];
static jmp_buf stopped;
static char last_line[LINE_BYTES + 1]; /* of the console */

/*
 * The rest of the hypervisor, as far as the exit handler calls it.
 */
void crash(struct cpu *cpu, const struct crash_record *record)
{
	PROMISE(cpu == world.running);
	if (record->kind == world.stops || (record->kind == CRASH_GUEST_SHUTDOWN && world.double_fault))
		longjmp(stopped, 1);
	fprintf(stderr, "stopped with a crash record of kind %u; last: %s", record->kind, last_line);
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
	world.wiped = true;
}

int hk_sign_fresh(struct hk *hk, struct hk_fresh *fresh)
{
	(void)hk;
	(void)fresh;
	return world.wiped ? HC_E_WIPED : 0;
}

void console_mirror(uint16_t port, const char *text, uint32_t length)
{
	PROMISE(length <= LINE_BYTES);
	memcpy(last_line, text, length);
	last_line[length] = '\0';
	if (port != 0)
		fwrite(text, 1, length, stderr);
}

/* Domains have harnesses for themselves, fuzz/domains and fuzz/machine. */
void machine_join_end(const struct cpu *self)
{
	PROMISE(self == world.running);
}

int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	(void)a;
	PROMISE(cpu == world.running);
	return number == HC_VCPU_RUN ? HC_ENTERS : HC_E_NUMBER;
}

/* The caller's part is complete: a domain has the CPU, and the sequence ends. */
void domain_run(struct vcpu *vcpu)
{
	PROMISE(vcpu == world.running->vcpu && vcpu_cpl(vcpu) == 0 && vcpu->frame->guest.rax == 0);
	longjmp(stopped, 1);
}

int64_t domain_read(const struct cpu *cpu, uint64_t object, union domain_object *read)
{
	const bool list = (uint32_t)object == HV_OBJECT_DOMAINS;

	(void)cpu;
	memset(read, 0, sizeof(*read));
	PROMISE(list || object >> 32 == 0 || (uint32_t)object == HV_OBJECT_DOMAIN);
	if (!list && (object >> 32) % 2 != 0)
		return HC_E_DOMAIN;
	return list ? sizeof(read->list) : sizeof(read->info);
}

static void in_ram(paddr_t address, uint32_t bytes)
{
	PROMISE(address.value >= RAM_BASE && bytes <= RAM_BYTES && address.value - RAM_BASE <= RAM_BYTES - bytes);
	PROMISE(bytes == 0 || address.value / 4096 == (address.value + bytes - 1) / 4096);
}

void window_read(const struct paging *paging, uint32_t index, paddr_t address, void *buffer, uint32_t bytes)
{
	(void)paging;
	PROMISE(index == world.running->index);
	in_ram(address, bytes);
	memset(buffer, 0x5a, bytes);
}

void window_write(const struct paging *paging, uint32_t index, paddr_t address, const void *buffer, uint32_t bytes)
{
	static volatile uint8_t sink;

	(void)paging;
	PROMISE(index == world.running->index);
	in_ram(address, bytes);
	for (uint32_t i = 0; i < bytes; i++) /* the sanitiser sees a read past the object */
		sink = ((const uint8_t *)buffer)[i];
	(void)sink;
}

static void set_up_cpu(uint32_t index, uint32_t apic_id)
{
	struct cpu *const cpu = &cpus[index];

	cpu->machine = &machine;
	cpu->index = index;
	cpu->apic_id = machine.boot.cpu_apic_id[index] = apic_id;
	cpu->is_bsp = index == 0;
	cpu->launched = index < 2 || (world.features & FEATURE_CPU_2) != 0;
	cpu->vcpu = root.vcpus[index] = &vcpus[index];
	*cpu->vcpu = (struct vcpu){.frame = &frames[index], .cpu = cpu, .domain = &root.domain, .tag = TAG};
	machine.cpus[index] = cpu;
	world.running = cpu;
	vendor_set_up(cpu);
}

static void set_up(struct input *input, bool verbose)
{
	const uint32_t apic_ids[CPUS] = {0, 1, 0x21};

	memset(&machine, 0, sizeof(machine));
	memset(&vendor, 0, sizeof(vendor));
	memset(&root, 0, sizeof(root));
	memset(&attestation, 0, sizeof(attestation));
	memset(cpus, 0, sizeof(cpus));
	memset(frames, 0, sizeof(frames));
	machine.boot = (struct boot_info){
		.cpu_count = CPUS,
		.ram_count = 1,
		.ram = {{RAM_BASE, RAM_BYTES}},
		.tsc_khz = 1000000,
		.sleep_port = {0x605},
		.sleep_types = 0xfb,
		.reset_port = 0xcf9,
		.log_bytes = 1000,
		.ecam_base = ECAM_BASE,
		.floor = {.range_count = 1, .range = {{ECAM_BASE, 4096}}, .function_count = 1},
	};
	machine.phys_bits = 40;
	machine.vendor = &vendor;
	machine.iommu = &iommu;
	machine.root = &root;
	machine.attestation = &attestation;
	root.domain.stage2.root = paddr(STAGE2);
	root.floor_detour = paddr(DETOUR);
	machine.console.serial_port = verbose ? 0x3f8 : 0;
	world = (struct world){.features = (uint8_t)take(input, 1)};
	for (uint32_t i = 0; i < CPUS; i++)
		set_up_cpu(i, apic_ids[i]);
}

static struct cpu *take_cpu(struct input *input)
{
	return &cpus[take(input, 1) % 2 + (cpus[2].launched && (take(input, 1) & 1))];
}

static void take_registers(struct input *input, struct registers *guest)
{
	guest->rax = take_register(input);
	guest->rcx = take_register(input);
	guest->rdx = take_register(input);
	guest->rdi = take_register(input);
	guest->rsi = take_register(input);
}

void check_event(uint32_t event, uint32_t delivering, bool error_codes)
{
	const uint32_t vector = event & 0xff, type = event >> 8 & 7;
	const uint32_t again = (delivering & 0x80000000) != 0 ? delivering & 0x80000fff : 0;
	const uint32_t with_code = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 21;

	PROMISE((event & 0x80000000) != 0 || (delivering & 0x80000000) == 0); /* no event is lost */
	if ((event & 0x80000000) == 0 || event == again)
		return;
	PROMISE(!world.double_fault);
	PROMISE((event & 0x7ffff000) == 0);
	PROMISE(type == 2 || type == 3);
	PROMISE(type != 2 || (vector == 2 && (event & 0x800) == 0));
	PROMISE(type != 3 || (vector < 32 && vector != 2));
	PROMISE(type != 3 || ((event & 0x800) != 0) == (error_codes && (with_code >> vector & 1) != 0));
}

static void check(const struct cpu *cpu)
{
	PROMISE(world.stops == CRASH_NONE);
	PROMISE(!cpu->vcpu->startup.waiting);
	PROMISE(!attestation.lock.held && !root.pci_lock.held && !machine.console.lock.held);
	for (uint32_t i = 0; i < CPUS; i++)
		PROMISE(!vcpus[i].startup.lock.held);
}

void run_exits(const uint8_t *data, size_t bytes, bool verbose)
{
	struct input input = {data, bytes};

	set_up(&input, verbose);
	for (unsigned i = 0; i < EXITS_MAX && input.left > 0; i++) {
		struct cpu *const cpu = take_cpu(&input);

		world.running = cpu;
		world.stops = CRASH_NONE;
		world.double_fault = false;
		take_registers(&input, &cpu->vcpu->frame->guest);
		const uint32_t code = vendor_take_exit(&input, cpu);

		if (verbose)
			fprintf(stderr, "cpu %u: exit %x\n", cpu->index, code);
		if (setjmp(stopped) != 0)
			return;
		vendor_exit(cpu);
		check(cpu);
	}
}
