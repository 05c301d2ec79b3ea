/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/run.c, the run page and the registers: for every state of a vCPU, every content of the run page and every
 * exit. At an entry the record 'entry' is read once, and only where the guest has asked; of what it says, R10 and as
 * many bytes of R11 as were asked for are changed. At the exit the host gets 'exit', made of the exit's own fields and
 * the deadline, and the text where there is one; no other register of the guest leaves it, and the host's own general
 * registers stay as they were. What the run had is counted. The MSRs, debug registers, CR2 and XCR0 that software
 * switches are changed over both ways, and XRSTOR ends with the initial state.
 * Assumed: a list of 8 MSRs; vcpu_guest_load() and vcpu_guest_unload() do what their names say.
 */
#include "proof.h"

#include "domain/hypercall.h"
#include "domain/run.h"
#include "machine/cpu.h"

static struct paging paging;
static struct pool pool;
static struct machine m = {.pool = &pool, .paging = &paging};
static struct cpu cpu = {.machine = &m};
static struct cpu *const cpus[1] = {&cpu};
static struct vcpu root = {.cpu = &cpu};
static struct entry_frame frame;
static struct td td;
static struct td_vcpu vcpu;
static struct domain_entry answer;
static struct domain_exit told;
static uint64_t text[8];
static bool ended, said_text, said_exit, loaded;
static unsigned answers;
static uint64_t now;
static struct registers guest_before, host_before;

uint64_t rdtsc(void)
{
	return now;
}

void window_close(const struct paging *of, uint32_t number, enum window window)
{
	PROVE(ended && (window == WINDOW_DOMAIN || window == WINDOW_VCPU));
}

/* Another read could find something else. */
void window_read(const struct paging *of, uint32_t number, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(of == &paging && number == 0 && address.value == vcpu.run.value && bytes == 16 && answers == 0);
	answers++;
	*(struct domain_entry *)buffer = answer;
}

void window_write(const struct paging *of, uint32_t number, paddr_t address, const void *buffer, uint32_t bytes)
{
	const uint64_t offset = address.value - vcpu.run.value;

	PROVE(of == &paging && number == 0 && ended && !loaded);
	if (offset == 16) {
		PROVE(bytes == sizeof(told) && !said_exit);
		told = *(const struct domain_exit *)buffer;
		said_exit = true;
	} else {
		PROVE(offset == 56 && bytes == 64 && !said_text && buffer == text);
		said_text = true;
	}
}

int lapic_next(const struct lapic *lapic)
{
	return any_bool() ? 0x30 : -1;
}

void vcpu_guest_load(struct vcpu *of, paddr_t control)
{
	PROVE(of == &vcpu.vcpu && !loaded);
	loaded = true;
}

void vcpu_guest_unload(struct vcpu *of, struct vcpu *to)
{
	PROVE(of == &vcpu.vcpu && to == &root && loaded);
	loaded = false;
}

void vcpu_guest_start(struct vcpu *of)
{
	PROVE(of == &vcpu.vcpu && loaded);
}

/* The CPU's registers that software switches; MSRs by their place in the list. */
static struct guest_state hardware;
static uint64_t xcr0_of_save;
static bool cleared;

uint64_t rdmsr(uint32_t msr)
{
	return hardware.msr[msr];
}

void wrmsr(uint32_t msr, uint64_t value)
{
	if (msr == 0x49) {
		PROVE(pool.guest.barrier && value == 1);
		return;
	}
	hardware.msr[msr] = value;
}

void read_debug_addresses(uint64_t address[4])
{
	for (unsigned i = 0; i < 4; i++)
		address[i] = hardware.dr[i];
}

void write_debug_addresses(const uint64_t address[4])
{
	for (unsigned i = 0; i < 4; i++)
		hardware.dr[i] = address[i];
}

uint64_t read_cr2(void)
{
	return hardware.cr2;
}

void write_cr2(uint64_t value)
{
	hardware.cr2 = value;
}

uint64_t read_dr6(void)
{
	return hardware.dr6;
}

void write_dr6(uint64_t value)
{
	hardware.dr6 = value;
}

uint64_t xgetbv(uint32_t index)
{
	return hardware.xcr0;
}

void xsetbv(uint32_t index, uint64_t value)
{
	PROVE(index == 0);
	hardware.xcr0 = value;
}

/* All that the domain may have, and with XCR0 that has it. */
void xsave(void *area, uint64_t components)
{
	PROVE(area == vcpu.xsave && components == td.info.params.xfam && hardware.xcr0 == components);
	xcr0_of_save = components;
}

/* At the end the initial state, so that none of the guest's is left. */
void xrstor(const void *area, uint64_t components)
{
	PROVE(components == td.info.params.xfam && hardware.xcr0 == components);
	PROVE(!ended || (area != vcpu.xsave && xcr0_of_save == components));
	cleared = ended;
}

bool guest_exit_resumes(struct cpu *of)
{
	PROVE(of == &cpu && loaded);
	return any_bool();
}

static bool same(const struct registers *a, const struct registers *b, bool but_r10_r11)
{
	const uint64_t *const x = &a->r15, *const y = &b->r15;

	for (unsigned i = 0; i < sizeof(*a) / 8; i++) {
		if (x[i] != y[i] && !(but_r10_r11 && (&x[i] == &a->r10 || &x[i] == &a->r11)))
			return false;
	}
	return true;
}

static void set_up(void)
{
	uint64_t xfam, time;

	now = time;
	__CPROVER_havoc_object(&vcpu);
	ASSUME(vcpu.entered <= now);
	__CPROVER_havoc_object(&answer);
	__CPROVER_havoc_object(&guest_before);
	__CPROVER_havoc_object(&host_before);
	__CPROVER_havoc_object(&hardware);
	pool.guest = (struct guest_setup){.msr_count = GUEST_MSRS, .barrier = any_bool()};
	for (uint32_t i = 0; i < GUEST_MSRS; i++)
		pool.guest.msr[i] = i;
	ASSUME((vcpu.run.value & 4095) == 0 && vcpu.run.value < 1ull << 47);
	td = (struct td){.info = {.vcpus = 1, .params.xfam = xfam}};
	vcpu.td = &td;
	vcpu.index = 0;
	vcpu.view = (struct pool_view){&pool, &paging, 0, cpus};
	vcpu.vcpu.cpu = root.cpu;
	vcpu.vcpu.frame = &vcpu.frame;
	root.frame = &frame;
	vcpu.started = any_bool();
	vcpu.asked = any_bool();
	ASSUME(xfam != 0 && vcpu.answer_bytes <= 8); /* of widths that vmcall.c proves */
	cpu.vcpu = &root;
	cpu.guest = &vcpu.vcpu;
}

/* The CPU has what @now says, and what it had is kept. */
static void check_switched(const struct guest_state *now, const struct guest_state *kept, const struct guest_state *had)
{
	for (unsigned i = 0; i < GUEST_MSRS; i++)
		PROVE(hardware.msr[i] == now->msr[i] && kept->msr[i] == had->msr[i]);
	for (unsigned i = 0; i < 4; i++)
		PROVE(hardware.dr[i] == now->dr[i] && kept->dr[i] == had->dr[i]);
	PROVE(hardware.cr2 == now->cr2 && kept->cr2 == had->cr2);
	PROVE(hardware.dr6 == now->dr6 && kept->dr6 == had->dr6);
	PROVE(hardware.xcr0 == now->xcr0 && kept->xcr0 == had->xcr0);
}

static struct guest_state host_hardware;
static bool was_asked, was_started;
static uint32_t wanted;

/* The entry: nothing follows. */
void vcpu_guest_enter(struct vcpu *of)
{
	const struct registers *const guest = &vcpu.frame.guest;
	const uint64_t mask = wanted >= 8 ? UINT64_MAX : (1ull << 8 * wanted) - 1;
	const bool given = was_asked && answer.failed == 0 && wanted != 0;

	PROVE(of == &vcpu.vcpu || of == &root);
	PROVE(answers == (was_asked ? 1 : 0) && !vcpu.asked);
	PROVE(same(&frame.guest, &host_before, false));
	if (was_started) {
		PROVE(same(guest, &guest_before, was_asked));
		PROVE(!was_asked || guest->r10 == (answer.failed == 0 ? 0 : 0x8000000000000000));
		PROVE(guest->r11 == (given ? answer.value & mask : guest_before.r11));
	}
	PROVE(!said_exit && !said_text);
	check_switched(&vcpu.state, &vcpu.root_state, &host_hardware);
	REACHABLE(was_started && given && wanted == 1);
	REACHABLE(was_asked && answer.failed != 0);
	REACHABLE(!was_asked && !was_started);
	ASSUME(false);
	__builtin_unreachable();
}

void prove_run_entry(void)
{
	set_up();
	was_asked = vcpu.asked;
	was_started = vcpu.started;
	wanted = vcpu.answer_bytes;
	host_hardware = hardware;
	vcpu.frame.guest = guest_before;
	frame.guest = host_before;
	domain_run(&root);
}

void prove_run_leave(void)
{
	struct domain_exit exit;
	const bool ends = any_bool();

	set_up();
	const struct guest_state guest = hardware;

	ASSUME(exit.kind <= DOMAIN_EXIT_DEAD);
	loaded = ended = true;
	vcpu.frame.guest = guest_before;
	frame.guest = host_before;
	if (ends)
		run_end(&vcpu, &exit, text);
	else
		run_leave(&vcpu, &exit);
	check_switched(&vcpu.root_state, &vcpu.state, &guest);
	PROVE(same(&frame.guest, &host_before, false));
	PROVE(same(&vcpu.frame.guest, &guest_before, false));
	PROVE(cleared && !cpu.guest && td.vcpu[0].runs_on == 0 && !loaded && answers == 0);
	PROVE(said_exit && said_text == ends && (!ends || vcpu.dead));
	PROVE(told.kind == exit.kind || (exit.kind == DOMAIN_EXIT_IDLE && told.kind == DOMAIN_EXIT_PREEMPTED));
	PROVE(told.bytes == exit.bytes && told.address == exit.address && told.value == exit.value);
	PROVE(told.write == exit.write && told.deadline == vcpu.lapic.deadline);
	PROVE(td.info.run_ticks == now - vcpu.entered && td.info.answered == (vcpu.entries > 1 ? vcpu.entries - 1 : 0));
	for (uint32_t kind = 0; kind < DOMAIN_EXIT_KINDS; kind++)
		PROVE(td.info.exits[kind] == (kind == told.kind ? 1 : 0));
	REACHABLE(td.info.answered != 0);
	REACHABLE(said_text);
	REACHABLE(told.kind != exit.kind);
}
