/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit handler of AMD-V under a hostile guest: an input is a sequence of exits on three CPUs with registers, exit
 * information and flags of the attacker's choice. After each, what must never change has not changed, and what is
 * injected is an event that the CPU takes.
 *
 *   exits FILE...      runs inputs, to look at a finding
 *   exits --random N   runs N inputs of a fixed pseudo-random sequence: the unit test
 *   exits              reads one input from standard input: AFL++
 */
#include <setjmp.h>
#include <string.h>

#include "hv/iommu/iommu.h"
#include "hv/svm/svm.h"
#include "hv/svm/vmcb.h"
#include "hv/vcpu.h"
#include "world.h"

#define EXITS_MAX 64

static struct machine test_machine;
static struct cpu cpus[CPUS];
static struct entry_frame frames[CPUS];
static _Alignas(4096) struct vmcb vmcbs[CPUS];
static jmp_buf stopped;

/*
 * The rest of the hypervisor, as far as the exit handler calls it.
 */
void crash(struct cpu *cpu, const struct crash_record *record)
{
	PROMISE(cpu == world.running);
	PROMISE(world.stopped_ok || record->kind == CRASH_GUEST_SHUTDOWN);
	longjmp(stopped, 1);
}

void cpu_kick(struct cpu *cpu)
{
	PROMISE(cpu != world.running && cpu->launched);
}

void cpu_send_nmi(const struct cpu *cpu)
{
	PROMISE(cpu->launched);
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
	(void)port;
	(void)text;
	PROMISE(length <= LINE_BYTES);
}

void iommu_poll(struct machine *m)
{
	(void)m;
}

void iommu_poll_seldom(struct machine *m)
{
	(void)m;
}

bool iommu_translates(const struct machine *m)
{
	return m->boot.cpu_count != 0;
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

/*
 * Input: a stream of bytes; zeros behind its end.
 */
struct input {
	const uint8_t *data;
	size_t left;
};

static uint64_t take(struct input *input, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && input->left > 0; i++, input->left--)
		value |= (uint64_t)*input->data++ << 8 * i;
	return value;
}

/* Memory-mapped configuration space, whose first page is a host bridge's; the second-level tables. */
#define ECAM_BASE 0xe0000000ull
#define STAGE2    0x77000ull
#define DETOUR    0x88000ull

/* A register: often a number that means something. */
static uint64_t take_register(struct input *input)
{
	static const uint64_t known[] = {
		0,
		1,
		0x1b,
		0x10,
		0x277,
		0x2ff,
		0x830,
		0xda0,
		0xc0000080,
		0xc0010015,
		0xc0010114,
		0x3b,
		HC_READ,
		HC_SIGN,
		0x40000100,
		0x80000001,
		0xd,
		7,
		RAM_BASE,
		RAM_BASE + 0xff0,
		RAM_BASE + RAM_BYTES - 1,
		4096,
		0xcf9,
		0xfe,
		0x4500,
		0x200000604ull,
		0x100000500ull,
		0xc4500,
		~0ull,
		1ull << 63,
		ECAM_BASE + 0x50,
	};
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0xc0)
		return known[choice % (sizeof(known) / sizeof(known[0]))];
	return take(input, choice < 0xe0 ? 2 : 8);
}

static void set_up(struct input *input)
{
	const uint32_t ids[CPUS] = {0, 1, 0x21};

	memset(&test_machine, 0, sizeof(test_machine));
	memset(cpus, 0, sizeof(cpus));
	memset(frames, 0, sizeof(frames));
	memset(vmcbs, 0, sizeof(vmcbs));
	test_machine.boot = (struct boot_info){
		.cpu_count = CPUS,
		.ram_count = 1,
		.ram = {{RAM_BASE, RAM_BYTES}},
		.tsc_khz = 1000000,
		.pm1a_port = 0x604,
		.reset_port = 0xcf9,
		.log_bytes = 1000,
		.ecam_base = ECAM_BASE,
	};
	test_machine.root.stage2.root = paddr(STAGE2);
	test_machine.host_bridge_detour = paddr(DETOUR);
	test_machine.host_bridges[0] = 1;
	const uint8_t features = (uint8_t)take(input, 1);

	world = (struct world){.cpu_has_xsaves = features & 1, .cpu_has_mpx = features & 2};
	for (uint32_t i = 0; i < CPUS; i++) {
		cpus[i].machine = &test_machine;
		cpus[i].index = i;
		cpus[i].apic_id = ids[i];
		cpus[i].is_bsp = i == 0;
		cpus[i].launched = i < 2 || (features & 4) != 0;
		cpus[i].frame = &frames[i];
		cpus[i].vcpu.vmcb = &vmcbs[i];
		test_machine.cpus[i] = &cpus[i];
		vmcbs[i].efer = 0x1500;
		vmcbs[i].asid = 1;
		vmcbs[i].nested_control = 1;
		vmcbs[i].nested_cr3 = STAGE2;
		vmcbs[i].iopm_base = 0x66000;
		vmcbs[i].msrpm_base = 0x55000;
		vmcbs[i].intercept_exceptions = 1u << 18;
		vmcbs[i].intercept_misc1 = 0x9c8c000e;
		vmcbs[i].intercept_misc2 = 0x207f;
	}
}

/* The last three end a sequence, so they are rare. */
static const uint32_t exit_codes[] = {0x7c, 0x7c,  0x7c,  0x7c, 0x81, 0x81, 0x81, 0x81, 0x7b, 0x7b, 0x7b,
				      0x7b, 0x400, 0x400, 0x61, 0x61, 0x74, 0x74, 0x41, 0x72, 0x8d, 0x8d,
				      0x76, 0x62,  0x63,  0x80, 0x84, 0x86, 0x7a, 0x7f, 0x52, 0x1f0};

/* What a CPU can have been delivering: nothing, an interrupt, an NMI, an exception. */
static uint64_t take_delivering(struct input *input)
{
	static const uint32_t events[] = {0,          0,          0,          0x80000030, 0x80000202,
					  0x80000b0e, 0x80000b08, 0x80000300, 0x80000b0d, 0x80000301};

	return events[take(input, 1) % (sizeof(events) / sizeof(events[0]))];
}

/* A call that gets past its first check, most of the time. */
static void take_hypercall(struct input *input, struct registers *guest)
{
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0x60) {
		guest->rax = HC_SIGN;
		guest->rdx = guest->rcx = choice < 0x50 ? 0 : guest->rcx;
	} else if (choice < 0xe0) {
		guest->rax = HC_READ;
		guest->rdi = choice % (HV_OBJECT_COUNT + 1);
		guest->rcx = 1 + take(input, 2) % 4096;
		guest->rdx = RAM_BASE + (choice & 0x10 ? RAM_BYTES - 64 + take(input, 1) % 128 : take(input, 2));
	}
}

/* An access near a port that is looked at. */
static uint64_t take_io(struct input *input, struct registers *guest)
{
	static const uint16_t ports[] = {0x64, 0x63, 0x92, 0x602, 0x604, 0x605, 0xcf8, 0xcf9, 0xcfc};
	static const uint16_t values[] = {0xd1, 0xfe, 0xff, 0x2000, 0x20, 6, 0x600, 1};
	static const uint8_t sizes[] = {1, 2, 4, 1};
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0xc0)
		guest->rax = values[take(input, 1) % 8];
	return (uint64_t)ports[take(input, 1) % 9] << 16 | (uint64_t)sizes[choice & 3] << 4 |
	       ((choice & 0x1c) == 0 ? 5 : (choice & 4) >> 2);
}

static struct cpu *take_exit(struct input *input)
{
	struct cpu *const cpu = &cpus[take(input, 1) % 2 + (cpus[2].launched && (take(input, 1) & 1))];
	struct vmcb *const vmcb = cpu->vcpu.vmcb;
	struct registers *const guest = &cpu->frame->guest;
	const uint16_t flags = (uint16_t)take(input, 2);

	vmcb->exit_code = exit_codes[take(input, 1) % (sizeof(exit_codes) / sizeof(exit_codes[0]))];
	vmcb->exit_info1 = vmcb->exit_code == 0x7c ? flags & 1 : take_register(input);
	vmcb->rip = take_register(input);
	vmcb->exit_info2 = vmcb->exit_code == 0x7b ? vmcb->rip + 2 : take_register(input);
	vmcb->exit_interrupt_info = vmcb->exit_code == 0x400 ? take_delivering(input) : 0;
	vmcb->next_rip = (flags & 2) != 0 && vmcb->exit_code != 0x400 ? vmcb->rip + 2 : 0;
	vmcb->cpl = flags >> 2 & 3;
	vmcb->cs.attributes = (flags & 0x10) != 0 ? 0x29b : 0x49b;
	vmcb->rflags = (flags & 0x20) != 0 ? 0x102 : 2;
	vmcb->cr0 = (flags & 0x40) != 0 ? 0x80010033 : 0x31;
	vmcb->cr4 = (flags & 0x80) != 0 ? 0x40668 : 0x668;
	cpu->nmi_seen = (flags & 0x100) != 0;
	guest->rax = take_register(input);
	guest->rcx = take_register(input);
	guest->rdx = take_register(input);
	guest->rdi = take_register(input);
	guest->rsi = take_register(input);
	if (vmcb->exit_code == 0x81)
		take_hypercall(input, guest);
	if (vmcb->exit_code == 0x7b)
		vmcb->exit_info1 = take_io(input, guest);
	return cpu;
}

/* An event that VMRUN takes (APM 2 15.20), or none. */
static void check_event(uint64_t event, uint64_t delivering)
{
	const uint32_t vector = event & 0xff, type = event >> 8 & 7;
	const uint32_t with_code = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 21;

	if ((event & 0x80000000) == 0 || event == delivering)
		return;
	PROMISE((event & 0x7ffff000) == 0);
	PROMISE(type == 2 || type == 3);
	PROMISE(type != 2 || (vector == 2 && (event & 0x800) == 0));
	PROMISE(type != 3 ||
		(vector < 32 && vector != 2 && ((event & 0x800) != 0) == ((with_code >> vector & 1) != 0)));
}

static void check(const struct cpu *cpu, uint64_t delivering)
{
	const struct vmcb *const vmcb = cpu->vcpu.vmcb;

	PROMISE((vmcb->efer & 0x1000) != 0 && (vmcb->efer & ~0xdd01ull) == 0);
	PROMISE(vmcb->asid == 1 && vmcb->nested_control == 1);
	PROMISE(vmcb->nested_cr3 == STAGE2 || (vmcb->nested_cr3 == DETOUR && (vmcb->intercept_exceptions & 2) != 0));
	PROMISE(vmcb->iopm_base == 0x66000 && vmcb->msrpm_base == 0x55000);
	PROMISE((vmcb->intercept_exceptions & ~2u) == 1u << 18);
	PROMISE((vmcb->intercept_misc1 & ~(1u << 20)) == 0x9c8c000e && vmcb->intercept_misc2 == 0x207f);
	PROMISE(!cpu->startup.init && !cpu->startup.waiting);
	PROMISE(!test_machine.hk_lock.held && !test_machine.pci_lock.held && !test_machine.console.lock.held &&
		!cpu->startup.lock.held);
	PROMISE(!cpu->vcpu.nmi_pending || cpu->vcpu.nmi_blocked);
	check_event(vmcb->event_injection, delivering);
}

static void run(const uint8_t *data, size_t bytes)
{
	struct input input = {data, bytes};

	set_up(&input);
	for (unsigned i = 0; i < EXITS_MAX && input.left > 0; i++) {
		struct cpu *const cpu = take_exit(&input);
		const uint32_t code = (uint32_t)cpu->vcpu.vmcb->exit_code;

		world.running = cpu;
		world.stopped_ok = code == 0x7f || code == 0x52 || code == 0x1f0;
		if (setjmp(stopped) != 0)
			return;
		const uint64_t delivering = cpu->vcpu.vmcb->exit_interrupt_info;
		const struct vmcb before = *cpu->vcpu.vmcb, *const vmcb = cpu->vcpu.vmcb;

		svm_exit(cpu);
		check(cpu, delivering);
		/* What changes the meaning of a translation flushes it. */
		PROMISE((vmcb->efer == before.efer && vmcb->cr0 == before.cr0 &&
			 vmcb->nested_cr3 == before.nested_cr3) ||
			vmcb->tlb_control == 1);
	}
}

static uint8_t buffer[1 << 16];

static void run_stream(FILE *file)
{
	run(buffer, fread(buffer, 1, sizeof(buffer), file));
}

static void run_random(unsigned long count)
{
	uint64_t state = 88172645463325252ull;

	for (unsigned long i = 0; i < count; i++) {
		for (size_t k = 0; k < 512; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			buffer[k] = (uint8_t)(state >> 32);
		}
		run(buffer, 512);
	}
	printf("TAP version 13\n1..1\nok 1 - %lu random sequences of exits keep every promise\n", count);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		run_stream(stdin);
	if (argc == 3 && strcmp(argv[1], "--random") == 0) {
		run_random(strtoul(argv[2], NULL, 10));
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		FILE *const file = fopen(argv[i], "rb");

		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		run_stream(file);
		fclose(file);
	}
	return 0;
}
