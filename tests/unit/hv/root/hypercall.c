/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/console.c hv/machine/ram.c */
/* Hypercalls: every bad argument, and what is copied where. */
#include "hv_test.h"

#include "domain/hypercall.h"
#include "attest/attestation.h"
#include "iommu/iommu.h"
#include "machine/cpu.h"
#include "memory/paging.h"
#include "root/root.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

#define RAM_BASE  0x100000ull
#define RAM_BYTES 0x10000ull

static struct machine test_machine;
static struct attestation attestation;
static struct iommu iommu;
static struct root root;
static unsigned cpl, undefined;
static bool advanced;
static uint8_t ram[RAM_BYTES];
static int sign_result;
static unsigned signatures;

unsigned vcpu_cpl(const struct vcpu *vcpu)
{
	(void)vcpu;
	return cpl;
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	(void)vcpu;
	assert_int_equal(bytes, 3);
	advanced = true;
}

void exit_refused(struct vcpu *vcpu)
{
	(void)vcpu;
	undefined++;
}

uint64_t machine_uptime_us(const struct machine *m)
{
	(void)m;
	return 77;
}

void window_read(const struct paging *paging, uint32_t index, paddr_t address, void *buffer, uint32_t bytes)
{
	(void)paging;
	(void)index;
	assert_in_range(address.value, RAM_BASE, RAM_BASE + RAM_BYTES - bytes);
	memcpy(buffer, ram + (address.value - RAM_BASE), bytes);
}

void window_write(const struct paging *paging, uint32_t index, paddr_t address, const void *buffer, uint32_t bytes)
{
	(void)paging;
	(void)index;
	assert_in_range(address.value, RAM_BASE, RAM_BASE + RAM_BYTES - bytes);
	memcpy(ram + (address.value - RAM_BASE), buffer, bytes);
}

static unsigned polls;
static bool translating;

void iommu_poll(struct machine *m)
{
	(void)m;
	polls++;
}

bool iommu_translates(const struct machine *m)
{
	(void)m;
	return translating;
}

static uint64_t domain_number;

int64_t domain_hypercall(const struct cpu *caller, uint64_t number, const struct hypercall_arguments *a)
{
	(void)caller;
	domain_number = number;
	if (number == HC_VCPU_RUN)
		return HC_ENTERS;
	return number == HC_DOMAIN_DESTROY ? (int64_t)(a->rdi + a->rsi + a->rdx + a->rcx) : HC_E_NUMBER;
}

static jmp_buf in_domain;

void domain_run(struct vcpu *caller)
{
	assert_int_equal(caller->frame->guest.rax, 0);
	assert_true(advanced);
	longjmp(in_domain, 1);
}

int64_t domain_read(const struct cpu *caller, uint64_t object, union domain_object *read)
{
	const uint32_t page = (uint32_t)(object >> 32);

	(void)caller;
	memset(read, 0x77, sizeof(*read));
	if ((uint32_t)object == HV_OBJECT_DOMAIN) {
		read->info = (struct domain_info){.domain = page};
		return page == 7 ? (int64_t)sizeof(read->info) : HC_E_DOMAIN;
	}
	read->list = (struct domain_list){.count = 1, .domain[0] = page};
	return sizeof(read->list);
}

int hk_sign_fresh(struct hk *hk, struct hk_fresh *fresh)
{
	(void)hk;
	signatures++;
	memset(fresh->signature, 0x5a, sizeof(fresh->signature));
	return sign_result;
}

void console_mirror(uint16_t port, const char *text, uint32_t length)
{
	(void)port;
	(void)text;
	(void)length;
}

static struct cpu cpu;
static struct vcpu vcpu;
static struct entry_frame frame;

static int64_t call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	frame.guest = (struct registers){.rax = number, .rdi = rdi, .rsi = rsi, .rdx = rdx, .rcx = rcx, .rbx = 1234};
	advanced = false;
	exit_hypercall(&vcpu);
	assert_int_equal(frame.guest.rbx, 1234);
	assert_int_equal(frame.guest.rcx, rcx);
	return (int64_t)frame.guest.rax;
}

static int setup(void **state)
{
	(void)state;
	cpu = (struct cpu){.machine = &test_machine, .vcpu = &vcpu};
	vcpu = (struct vcpu){.frame = &frame, .cpu = &cpu};
	attestation = (struct attestation){0};
	iommu = (struct iommu){0};
	test_machine = (struct machine){.attestation = &attestation, .iommu = &iommu, .root = &root};
	memset(ram, 0xee, sizeof(ram));
	test_machine.boot.cpu_count = 1;
	test_machine.boot.ram_count = 2;
	test_machine.boot.ram[0] = (struct boot_range){0, 0x1000};
	test_machine.boot.ram[1] = (struct boot_range){RAM_BASE, RAM_BYTES};
	test_machine.boot.log_bytes = 5000;
	test_machine.cpus[0] = &cpu;
	root.vcpus[0] = &vcpu;
	memset(attestation.log, 0x4c, sizeof(attestation.log));
	attestation.statement.svn = 99;
	cpl = undefined = signatures = 0;
	sign_result = 0;
	return 0;
}

static void bad_arguments(void **state)
{
	const uint64_t lengths[] = {0, 4097, 1ull << 63, ~0ull};

	(void)state;
	assert_int_equal(call(0, 0, 0, RAM_BASE, 16), HC_E_NUMBER);
	assert_int_equal(call(HC_READ + (1ull << 32), 0, 0, RAM_BASE, 16), HC_E_NUMBER);
	assert_int_equal(call(HC_READ, HV_OBJECT_COUNT, 0, RAM_BASE, 16), HC_E_ARGUMENT);
	assert_int_equal(call(HC_READ, 1ull << 32, 0, RAM_BASE, 16), HC_E_ARGUMENT);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		assert_int_equal(call(HC_READ, HV_OBJECT_LOG, 0, RAM_BASE, lengths[i]), HC_E_ARGUMENT);
	assert_int_equal(vcpu.refused_hypercall, 8);
	assert_int_equal(ram[0], 0xee);
}

static void bad_buffers(void **state)
{
	const uint64_t buffers[] = {0x1000,           RAM_BASE - 1, RAM_BASE + RAM_BYTES,
				    RAM_BASE + 0xff1, 0xfed40000,   1ull << 47,
				    1ull << 63,       ~0ull,        ~0xfull};

	(void)state;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		assert_int_equal(call(HC_READ, HV_OBJECT_LOG, 0, buffers[i], 16), HC_E_BUFFER);
		assert_int_equal(call(HC_SIGN, buffers[i], RAM_BASE, 0, 0), HC_E_BUFFER);
		assert_int_equal(call(HC_SIGN, RAM_BASE, buffers[i], 0, 0), HC_E_BUFFER);
	}
	assert_int_equal(call(HC_READ, HV_OBJECT_LOG, 0, RAM_BASE + RAM_BYTES - 16, 16), 16);
	assert_int_equal(signatures, 0);
}

static void reads_parts(void **state)
{
	struct hk_statement statement;

	(void)state;
	assert_int_equal(call(HC_READ, HV_OBJECT_STATEMENT, 0, RAM_BASE, 4096), sizeof(statement));
	memcpy(&statement, ram, sizeof(statement));
	assert_int_equal(statement.svn, 99);
	assert_int_equal(ram[sizeof(statement)], 0xee);
	assert_int_equal(call(HC_READ, HV_OBJECT_LOG, 4096, RAM_BASE, 4096), 904);
	assert_int_equal(call(HC_READ, HV_OBJECT_LOG, 4999, RAM_BASE, 4096), 1);
	assert_int_equal(call(HC_READ, HV_OBJECT_LOG, 5000, RAM_BASE, 4096), 0);
	assert_int_equal(call(HC_READ, HV_OBJECT_LOG, ~0ull, RAM_BASE, 4096), 0);
	assert_int_equal(vcpu.refused_hypercall, 0);
}

static void reads_stats(void **state)
{
	struct hv_stats stats;

	(void)state;
	vcpu.exits[HV_EXIT_CPUID] = 41;
	assert_int_equal(call(HC_READ, HV_OBJECT_STATS, 0, RAM_BASE, 4096), sizeof(stats));
	memcpy(&stats, ram, sizeof(stats));
	assert_int_equal(stats.exits[HV_EXIT_CPUID], 41);
	assert_int_equal(stats.exits[HV_EXIT_HYPERCALL], 1);
	assert_int_equal(stats.uptime_us, 77);
}

static void hands_on_what_concerns_domains(void **state)
{
	struct domain_info info;
	struct domain_list list;

	(void)state;
	assert_int_equal(call(HC_DOMAIN_DESTROY, 1, 20, 300, 4000), 4321);
	assert_int_equal(domain_number, HC_DOMAIN_DESTROY);
	assert_int_equal(call(HC_DOMAIN_CREATE - 1, 0, 0, 0, 0), HC_E_NUMBER);
	assert_int_equal(call(HC_DOMAIN_LAST + 1, 0, 0, 0, 0), HC_E_NUMBER);
	assert_int_equal(domain_number, HC_DOMAIN_DESTROY);
	assert_int_equal(call(HC_READ, HV_OBJECT_DOMAIN | 7ull << 32, 0, RAM_BASE, 4096), sizeof(info));
	memcpy(&info, ram, sizeof(info));
	assert_int_equal(info.domain, 7);
	assert_int_equal(call(HC_READ, HV_OBJECT_DOMAIN | 8ull << 32, 0, RAM_BASE, 4096), HC_E_DOMAIN);
	assert_int_equal(call(HC_READ, HV_OBJECT_DOMAINS | 0xffffffffull << 32, 0, RAM_BASE, 4096), sizeof(list));
	memcpy(&list, ram, sizeof(list));
	assert_int_equal(list.domain[0], UINT32_MAX);
	assert_int_equal(
		call(HC_READ, HV_OBJECT_DOMAINS | 9ull << 32, offsetof(struct domain_list, domain), RAM_BASE, 4), 4);
	assert_int_equal(*(uint32_t *)ram, 9);
	assert_int_equal(call(HC_READ, HV_OBJECT_DOMAINS, sizeof(list), RAM_BASE, 4), 0);
	assert_int_equal(call(HC_READ, HV_OBJECT_DOMAINS, UINT64_MAX, RAM_BASE, 4), 0);
	assert_int_equal(call(HC_READ, HV_OBJECT_DOMAINS, 0, RAM_BASE + 1, 4096), HC_E_BUFFER);
	assert_int_equal(call(HC_READ, HV_OBJECT_COUNT, 0, RAM_BASE, 4096), HC_E_ARGUMENT);
	assert_int_equal(call(HC_READ, HV_OBJECT_COUNT | 7ull << 32, 0, RAM_BASE, 4096), HC_E_ARGUMENT);
	assert_int_equal(call(HC_READ, HV_OBJECT_STATS | 1ull << 32, 0, RAM_BASE, 4096), HC_E_ARGUMENT);
}

/* Its registers are the caller's when it goes on: the call is complete before the domain has the CPU. */
static void a_domain_runs_after_the_call(void **state)
{
	(void)state;
	if (setjmp(in_domain) == 0) {
		call(HC_VCPU_RUN, 1, 2, 3, 0);
		fail_msg("nothing ran");
	}
	assert_int_equal(domain_number, HC_VCPU_RUN);
	assert_int_equal(vcpu.refused_hypercall, 0);
}

static void reads_console(void **state)
{
	char *const text = (char *)ram;

	(void)state;
	assert_int_equal(call(HC_READ, HV_OBJECT_CONSOLE, 0, RAM_BASE, 4096), 0);
	console_line(&test_machine, "number %u", 5u);
	assert_int_equal(call(HC_READ, HV_OBJECT_CONSOLE, 0, RAM_BASE, 4096), 24);
	assert_memory_equal(text, "hv: [0.000077] number 5\n", 24);
	assert_int_equal(call(HC_READ, HV_OBJECT_CONSOLE, 4, RAM_BASE, 3), 3);
	assert_memory_equal(text, "[0.", 3);
	assert_int_equal(call(HC_READ, HV_OBJECT_CONSOLE, 1ull << 40, RAM_BASE, 3), 0);
}

static void sign_covers_nonce_and_counters(void **state)
{
	struct hk_fresh fresh;

	(void)state;
	memset(ram, 0x77, 32);
	vcpu.refused_memory = 3;
	iommu.faults = 5;
	polls = 0;
	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE + 4096, 0, 0), 0);
	memcpy(&fresh, ram + 4096, sizeof(fresh));
	assert_memory_equal(fresh.qualifying_data, ram, 32);
	assert_int_equal(fresh.refused_memory, 3);
	assert_int_equal(fresh.refused_dma, 5);
	assert_int_equal(polls, 1); /* as of now */
	assert_int_equal(fresh.signature[63], 0x5a);
	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE, 1, 0), HC_E_ARGUMENT);
	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE, 0, 1), HC_E_ARGUMENT);
}

/* What the answer and the statistics count, of all CPUs, each in its own field. */
static void counts_of_all_cpus(void **state)
{
	static struct cpu other;
	static struct vcpu its;
	struct hk_fresh fresh;
	struct hv_stats stats;

	(void)state;
	other.vcpu = &its;
	its = (struct vcpu){.refused_memory = 10, .refused_msr = 20, .refused_io = 30};
	its.refused_instruction = 40;
	its.refused_hypercall = 50;
	its.exits[HV_EXIT_CPUID] = 7;
	vcpu.refused_memory = vcpu.refused_msr = vcpu.refused_io = 1;
	vcpu.refused_instruction = vcpu.refused_hypercall = 1;
	test_machine.boot.cpu_count = 2;
	test_machine.cpus[1] = &other;
	root.vcpus[1] = &its;
	test_machine.cpus_in_control = 4;
	test_machine.cpus_parked = 6;
	test_machine.boot.pool.bytes = 600ull << 20;
	iommu.overflows = 8;
	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE + 4096, 0, 0), 0);
	memcpy(&fresh, ram + 4096, sizeof(fresh));
	assert_int_equal(fresh.cpus_in_control, 4);
	assert_int_equal(fresh.cpus_parked, 6);
	assert_int_equal(fresh.pool_mib, 600);
	assert_int_equal(fresh.uptime_us, 77);
	assert_int_equal(fresh.refused_memory, 11);
	assert_int_equal(fresh.refused_msr, 21);
	assert_int_equal(fresh.refused_io, 31);
	assert_int_equal(fresh.refused_instruction, 41);
	assert_int_equal(fresh.refused_hypercall, 51);
	assert_int_equal(call(HC_READ, HV_OBJECT_STATS, 0, RAM_BASE, sizeof(stats)), sizeof(stats));
	memcpy(&stats, ram, sizeof(stats));
	assert_int_equal(stats.cpus_in_control, 4);
	assert_int_equal(stats.cpus_parked, 6);
	assert_int_equal(stats.lost_dma, 8);
	assert_int_equal(stats.exits[HV_EXIT_CPUID], 7);
}

static uint32_t fresh_flags(void)
{
	struct hk_fresh fresh;

	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE + 4096, 0, 0), 0);
	memcpy(&fresh, ram + 4096, sizeof(fresh));
	return fresh.flags;
}

/* The statement says what was at the launch, the fresh answer what is now. */
static void tells_of_dma_as_it_is(void **state)
{
	(void)state;
	attestation.statement.flags = HK_FLAG_AMD | HK_FLAG_DMA_PRESENT;
	translating = true;
	assert_int_equal(fresh_flags(), HK_FLAG_AMD | HK_FLAG_DMA_PRESENT);
	translating = false;
	assert_int_equal(fresh_flags(), HK_FLAG_AMD);
}

static void console_has_the_latest_faults(void **state)
{
	(void)state;
	polls = 0;
	call(HC_READ, HV_OBJECT_CONSOLE, 0, RAM_BASE, 16);
	call(HC_READ, HV_OBJECT_STATS, 0, RAM_BASE, 16);
	assert_int_equal(polls, 2);
}

static void does_not_sign(void **state)
{
	(void)state;
	sign_result = HC_E_WIPED;
	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE + 4096, 0, 0), HC_E_WIPED);
	assert_int_equal(ram[4096], 0xee);
	attestation.lock.held = true;
	assert_int_equal(call(HC_SIGN, RAM_BASE, RAM_BASE + 4096, 0, 0), HC_E_BUSY);
	assert_int_equal(signatures, 1);
	assert_true(attestation.lock.held);
}

static void not_for_user_mode(void **state)
{
	(void)state;
	cpl = 3;
	call(HC_READ, HV_OBJECT_LOG, 0, RAM_BASE, 16);
	assert_int_equal(undefined, 1);
	assert_int_equal(ram[0], 0xee);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bad_arguments, setup),
		cmocka_unit_test_setup(bad_buffers, setup),
		cmocka_unit_test_setup(reads_parts, setup),
		cmocka_unit_test_setup(reads_stats, setup),
		cmocka_unit_test_setup(hands_on_what_concerns_domains, setup),
		cmocka_unit_test_setup(a_domain_runs_after_the_call, setup),
		cmocka_unit_test_setup(reads_console, setup),
		cmocka_unit_test_setup(sign_covers_nonce_and_counters, setup),
		cmocka_unit_test_setup(counts_of_all_cpus, setup),
		cmocka_unit_test_setup(does_not_sign, setup),
		cmocka_unit_test_setup(not_for_user_mode, setup),
		cmocka_unit_test_setup(tells_of_dma_as_it_is, setup),
		cmocka_unit_test_setup(console_has_the_latest_faults, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
