/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/root/hypercall.c: for every content of the guest's registers, with two CPUs and up to three ranges of RAM as
 * boot_info.c proves them (whole pages, apart from all that is protected). Each copy lies in one page of that RAM
 * and inside one object of the hypervisor's, and only CPL 0 is answered. Of the console, up to 16 bytes are asked
 * for.
 */
#include "proof.h"

#include "cloister/hypercall.h"
#include "domain/hypercall.h"
#include "attest/attestation.h"
#include "iommu/iommu.h"
#include "machine/cpu.h"
#include "memory/paging.h"
#include "root/root.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

#define CPUS            2
#define RAM             3
#define CONSOLE_LONGEST 16

static struct attestation attestation;
static struct iommu iommu;
static struct root root;
static struct machine m;
static unsigned cpl;
static uint32_t length;
static bool refused, wrote, advanced;

static bool in_range(uint64_t first, uint64_t last, uint32_t index)
{
	const struct boot_range *const ram = &m.boot.ram[index];

	return index < m.boot.ram_count && first >= ram->base && last < ram->base + ram->bytes;
}

static void check_target(paddr_t address, uint32_t bytes)
{
	const uint64_t first = address.value, last = first + bytes - 1;

	PROVE(cpl == 0);
	PROVE(first / 4096 == last / 4096);
	PROVE(in_range(first, last, 0) || in_range(first, last, 1) || in_range(first, last, 2));
}

void window_read(const struct paging *paging, uint32_t index, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(__CPROVER_w_ok(buffer, bytes));
	check_target(address, bytes);
}

void window_write(const struct paging *paging, uint32_t index, paddr_t address, const void *buffer, uint32_t bytes)
{
	if (bytes != 0) {
		PROVE(__CPROVER_r_ok(buffer, bytes));
		check_target(address, bytes);
		wrote = true;
	}
}

unsigned vcpu_cpl(const struct vcpu *vcpu)
{
	return cpl;
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	PROVE(bytes == 3 && !advanced);
	advanced = true;
}

void exit_refused(struct vcpu *vcpu)
{
	refused = true;
}

uint64_t machine_uptime_us(const struct machine *machine)
{
	uint64_t any;

	return any;
}

void iommu_poll(struct machine *machine)
{
}

bool iommu_translates(const struct machine *machine)
{
	return any_bool();
}

static bool is_of_domains(uint64_t number)
{
	return number >= HC_DOMAIN_CREATE && number <= HC_DOMAIN_LAST;
}

int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	PROVE(cpl == 0 && is_of_domains(number));
	if (number == HC_VCPU_RUN && any_bool())
		return HC_ENTERS;
	return any_bool() ? HC_E_DOMAIN : 0;
}

int64_t domain_read(const struct cpu *cpu, uint64_t object, union domain_object *read)
{
	PROVE((uint32_t)object == HV_OBJECT_DOMAIN || (uint32_t)object == HV_OBJECT_DOMAINS);
	if ((uint32_t)object == HV_OBJECT_DOMAINS)
		return sizeof(read->list);
	return any_bool() ? HC_E_DOMAIN : (int64_t)sizeof(read->info);
}

/* console.c: the ring's index is taken modulo its size. */
uint32_t console_length(const struct console *console)
{
	return length;
}

char console_byte(const struct console *console, uint32_t index)
{
	PROVE(m.console.lock.held && index < length);
	return 0;
}

int hk_sign_fresh(struct hk *hk, struct hk_fresh *fresh)
{
	PROVE(attestation.lock.held);
	return any_bool() ? 0 : HC_E_WIPED;
}

static struct cpu cpus[CPUS];
static struct vcpu vcpus[CPUS];
static struct entry_frame frame;

static void set_up(uint64_t number)
{
	struct boot_info any;
	struct registers registers;

	__CPROVER_havoc_object(&cpl);
	__CPROVER_havoc_object(&length);
	m.boot = any;
	m.attestation = &attestation;
	m.iommu = &iommu;
	m.root = &root;
	attestation.lock.held = any_bool();
	m.boot.cpu_count = CPUS;
	ASSUME(m.boot.ram_count <= RAM && m.boot.log_bytes <= BOOT_MAX_LOG);
	ASSUME(length <= CONSOLE_BYTES);
	for (uint32_t i = 0; i < RAM; i++) {
		const struct boot_range *const ram = &m.boot.ram[i];

		ASSUME(((ram->base | ram->bytes) & 4095) == 0 && ram->bytes != 0);
		ASSUME(ram->base < 1ull << 47 && ram->bytes <= (1ull << 47) - ram->base);
	}
	for (uint32_t i = 0; i < CPUS; i++) {
		m.cpus[i] = &cpus[i];
		cpus[i].machine = &m;
		cpus[i].vcpu = root.vcpus[i] = &vcpus[i];
		vcpus[i].cpu = &cpus[i];
	}
	frame.guest = registers;
	frame.guest.rax = number;
	vcpus[0].frame = &frame;
}

/* The caller's call is complete; the path ends. */
void domain_run(struct vcpu *vcpu)
{
	PROVE(cpl == 0 && advanced && frame.guest.rax == 0 && !wrote);
	ASSUME(false);
	__builtin_unreachable();
}

static int64_t call(void)
{
	const bool busy = attestation.lock.held;
	const struct registers before = frame.guest;

	exit_hypercall(&vcpus[0]);
	const int64_t result = (int64_t)frame.guest.rax;

	PROVE(refused == (cpl != 0) && refused != advanced);
	PROVE(!refused || frame.guest.rax == before.rax);
	PROVE(refused || (result >= HC_E_FULL && result <= 4096));
	PROVE(frame.guest.rdi == before.rdi && frame.guest.rsi == before.rsi);
	PROVE(frame.guest.rdx == before.rdx && frame.guest.rcx == before.rcx);
	PROVE(!m.console.lock.held && attestation.lock.held == busy);
	PROVE(!wrote || (result >= 0 && !refused));
	return refused ? HC_E_NUMBER : result;
}

void prove_hypercall_sign(void)
{
	set_up(HC_SIGN);
	const int64_t result = call();

	PROVE(result <= 0 && wrote == (result == 0));
	REACHABLE(wrote);
	REACHABLE(result == HC_E_BUFFER);
	REACHABLE(result == HC_E_BUSY);
	REACHABLE(refused);
}

/* @longest: of the lengths that are asked for and valid. */
static void check_read(enum hv_object object, int64_t most, uint64_t longest)
{
	set_up(HC_READ);
	frame.guest.rdi = object;
	if (longest < 4096)
		ASSUME(frame.guest.rcx <= longest || frame.guest.rcx > 4096);
	const uint64_t asked = frame.guest.rcx;
	const int64_t result = call();

	PROVE(result <= most && (result < 0 || (uint64_t)result <= asked));
	PROVE(refused || result == HC_E_ARGUMENT || (asked != 0 && asked <= 4096));
	PROVE(wrote == (result > 0));
	REACHABLE(result == most);
	REACHABLE(result == HC_E_BUFFER);
	REACHABLE(result == HC_E_ARGUMENT);
}

void prove_hypercall_read_statement(void)
{
	check_read(HV_OBJECT_STATEMENT, sizeof(struct hk_statement), 4096);
}

void prove_hypercall_read_log(void)
{
	check_read(HV_OBJECT_LOG, 4096, 4096);
}

void prove_hypercall_read_console(void)
{
	check_read(HV_OBJECT_CONSOLE, CONSOLE_LONGEST, CONSOLE_LONGEST);
}

void prove_hypercall_read_stats(void)
{
	check_read(HV_OBJECT_STATS, sizeof(struct hv_stats), 4096);
}

/* Of any domain. */
void prove_hypercall_read_domain(void)
{
	set_up(HC_READ);
	ASSUME((uint32_t)frame.guest.rdi == HV_OBJECT_DOMAIN);
	const int64_t result = call();

	PROVE(result <= (int64_t)sizeof(struct domain_info) && wrote == (result > 0));
	REACHABLE(result == sizeof(struct domain_info));
	REACHABLE(result == HC_E_DOMAIN);
	REACHABLE(result == HC_E_BUFFER);
}

/* From any page on. */
void prove_hypercall_read_domains(void)
{
	set_up(HC_READ);
	ASSUME((uint32_t)frame.guest.rdi == HV_OBJECT_DOMAINS);
	const int64_t result = call();

	PROVE(result <= (int64_t)sizeof(struct domain_list) && wrote == (result > 0));
	REACHABLE(result == sizeof(struct domain_list));
	REACHABLE(frame.guest.rdi >> 32 != 0 && result == 1);
	REACHABLE(result == HC_E_BUFFER);
}

void prove_hypercall_other(void)
{
	uint64_t number;

	ASSUME(number != HC_SIGN);
	set_up(number);
	ASSUME(number != HC_READ || (uint32_t)frame.guest.rdi >= HV_OBJECT_COUNT ||
	       (frame.guest.rdi >> 32 != 0 && (uint32_t)frame.guest.rdi < HV_OBJECT_DOMAIN));
	const int64_t result = call();

	PROVE(!wrote);
	PROVE(result == HC_E_NUMBER || result == HC_E_ARGUMENT || is_of_domains(number));
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_DOMAIN);
}
