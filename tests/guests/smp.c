/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INIT, SIPI, NMI and fixed interrupts between CPUs, which the hypervisor carries itself or lets through: a CPU
 * starts as the manuals say, no command takes one out of the hypervisor, and no interrupt is lost
 * (docs/architecture.md, section 3).
 */
#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "tap.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SETTLE_US   20000u
#define PROGRESS    5000u /* loops of a CPU, each with an exit: events sent to it before have come */
#define RESTARTS    20u
#define SPACED      300u
#define BURST       2000u
#define IPI_VECTOR  0x51u
#define NO_SUCH_CPU 0x77u
#define LSTAR       0xc0000082u
#define VM_CR       0xc0010114u

FORM(form_wrmsr, "wrmsr");
FORM(form_rdmsr, "rdmsr");
FORM(form_spin, "1: pause\n jmp 1b");
FORM(form_halt, "1: cli\n hlt\n jmp 1b");

static struct cpu *other;
static volatile bool stop;
static volatile uint64_t loops; /* of the other CPU's work; 0 until it has begun */

/* --- work for the other CPU --- */

static void spin_cpuid(void *argument)
{
	(void)argument;
	while (!stop) {
		(void)cpuid(0, 0);
		loops++;
	}
}

static void spin_open(void *argument)
{
	interrupts_on();
	spin_cpuid(argument);
	interrupts_off();
}

static void spin_hypercall(void *argument)
{
	(void)argument;
	while (!stop) {
		(void)stats_read();
		loops++;
	}
}

static void spin_cpl3(void *argument)
{
	struct gprs r = {0};

	(void)argument;
	loops = 1;
	(void)attempt_cpl3(form_spin, &r);
}

static void halt_closed(void *argument)
{
	struct gprs r = {0};

	(void)argument;
	loops = 1;
	(void)attempt(form_halt, &r);
}

static void touch_registers(void *argument)
{
	(void)argument;
	write_dr0(0x1111);
	write_dr3(0x3333);
	wrmsr(LSTAR, 0x123456789000);
	write_cr4(read_cr4() | CR4_FSGSBASE);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 1);
}

struct after_init {
	uint64_t dr0, dr3, lstar;
};

static void read_registers(void *argument)
{
	*(struct after_init *)argument = (struct after_init){read_dr0(), read_dr3(), rdmsr(LSTAR)};
}

/* Inside the hypervisor: its leaves are there, and VM_CR is refused. */
static void look_around(void *argument)
{
	struct gprs r = {.rcx = VM_CR};

	*(bool *)argument = hypervisor_present() && attempt(form_rdmsr, &r).vector == VEC_GP;
}

static bool done(void)
{
	return cpu_wait(other, PATIENCE_US);
}

static bool inside(void)
{
	static bool answer;

	answer = false;
	cpu_run(other, look_around, &answer);
	return done() && answer;
}

static void begin_spin(cpu_work work)
{
	stop = false;
	loops = 0;
	cpu_run(other, work, NULL);
	(void)wait_until(loops, PATIENCE_US);
}

static bool end_spin(void)
{
	stop = true;
	return done();
}

/* A CPU that was stopped in the middle of its work. */
static bool restart(unsigned int page)
{
	other->work = NULL;
	return cpu_start(other, page);
}

/* True if the other CPU has stopped: its count of loops stays; a running one's rises. */
static bool same_after_a_while(void)
{
	const uint64_t before = loops;

	delay_us(SETTLE_US);
	return loops == before;
}

static bool stopped(void)
{
	return wait_until(same_after_a_while(), PATIENCE_US);
}

static bool goes_on(void)
{
	const uint64_t before = loops;

	return wait_until(loops - before >= PROGRESS, PATIENCE_US);
}

/* --- start --- */

static bool state_is(const char *name, uint32_t found, uint32_t expected)
{
	if (found == expected)
		return true;
	diag("%s is %x, expected %x", name, found, expected);
	return false;
}

/* SDM volume 3A, table 11-1; APM volume 2, table 14-1. INIT keeps CR0.CD and NW. */
static void test_start_state(unsigned int page, uint8_t vector)
{
	const struct start_state *s = start_recorded(page);
	const uint32_t cr0 = s->cr0 & ~(uint32_t)(CR0_CD | CR0_NW);

	ok(state_is("CS", s->cs, (uint32_t)vector << 8) && state_is("IP", s->ip, 0), "SIPI starts at %x:0",
	   (uint32_t)vector << 8);
	ok(state_is("CR0", cr0, 0x10) && state_is("CR2", s->cr2, 0) && state_is("CR3", s->cr3, 0) &&
		   state_is("CR4", s->cr4, 0) && state_is("EFER", s->efer, 0),
	   "after INIT: control registers");
	ok(state_is("EFLAGS", s->eflags, 2) && state_is("EDX", s->edx, cpuid(1, 0).eax) && state_is("EAX", s->eax, 0) &&
		   !(s->ebx | s->ecx | s->esi | s->edi | s->ebp | s->esp),
	   "after INIT: general registers");
	ok(!(s->ds | s->es | s->fs | s->gs | s->ss), "after INIT: data segments");
	ok(state_is("DR6", s->dr6, 0xffff0ff0) && state_is("DR7", s->dr7, 0x400), "after INIT: DR6 and DR7");
}

static void test_start(void)
{
	struct after_init registers = {0};
	uint8_t vector;

	ok((other->apic_base_at_start & (APIC_BASE_X2APIC | APIC_BASE_ENABLE)) == (APIC_BASE_X2APIC | APIC_BASE_ENABLE),
	   "the second CPU starts in x2APIC mode");
	vector = start_prepare(other, 0);
	ok(restart(0) && other->starts == 2, "INIT, SIPI, SIPI: it starts once");
	test_start_state(0, vector);
	cpu_run(other, touch_registers, NULL);
	ok(done(), "registers are changed");
	vector = start_prepare(other, 1);
	ok(restart(1) && other->starts == 3, "again, at another page");
	test_start_state(1, vector);
	cpu_run(other, read_registers, &registers);
	ok(done() && registers.dr0 == 0 && registers.dr3 == 0, "after INIT: DR0 to DR3 are 0");
	ok(registers.lstar == 0x123456789000, "after INIT: LSTAR keeps its value");
	ok(inside(), "the second CPU is inside the hypervisor");
}

static void test_sipi_without_init(void)
{
	const uint8_t vector = start_prepare(other, 0);
	const uint32_t starts = other->starts;

	begin_spin(spin_cpuid);
	ipi_send(other->apic_id, ICR_STARTUP | ICR_ASSERT | vector);
	ipi_send(X2APIC_BROADCAST, ICR_STARTUP | ICR_ASSERT | vector);
	ipi_send(0, ICR_STARTUP | ICR_ASSERT | ICR_ALL_BUT_SELF | vector);
	ok(goes_on() && other->starts == starts && end_spin(), "SIPI without INIT is ignored, also as a broadcast");
}

static void test_deassert(void)
{
	begin_spin(spin_cpuid);
	ipi_send(other->apic_id, ICR_INIT | ICR_LEVEL);
	ok(goes_on() && end_spin(), "INIT level de-assert is ignored");
}

static const struct {
	const char *name;
	cpu_work work;
} stopped_in[] = {
	{"a loop of CPUIDs", spin_cpuid},         {"a loop of hypercalls", spin_hypercall},
	{"a loop at CPL 3", spin_cpl3},           {"HLT with interrupts off", halt_closed},
	{"a loop with interrupts on", spin_open},
};

static void test_init_anywhere(void)
{
	for (uint32_t i = 0; i < COUNT(stopped_in); i++) {
		begin_spin(stopped_in[i].work);
		ok(restart(i & 1) && inside(), "INIT, SIPI in %s", stopped_in[i].name);
	}
}

/* INIT by every destination that a CPU may name for it: the target stops, and a SIPI starts it. */
static void test_init_destinations(void)
{
	const uint32_t logical = other->apic_id >> 4 << 16 | 1u << (other->apic_id & 15);
	const struct {
		const char *name;
		uint32_t destination, command;
	} ways[] = {
		{"its APIC ID", other->apic_id, 0},
		{"its logical ID", logical, ICR_LOGICAL},
		{"all but self", 0, ICR_ALL_BUT_SELF},
	};

	for (uint32_t i = 0; i < COUNT(ways); i++) {
		begin_spin(spin_cpuid);
		ipi_send(ways[i].destination, ICR_INIT | ICR_ASSERT | ways[i].command);
		ok(stopped(), "INIT to %s stops it", ways[i].name);
		ok(restart(0) && inside(), "and it starts again, inside");
	}
	begin_spin(spin_cpuid);
	ipi_send(NO_SUCH_CPU, ICR_INIT | ICR_ASSERT);
	ipi_send(NO_SUCH_CPU << 16 | 1, ICR_INIT | ICR_ASSERT | ICR_LOGICAL);
	ok(goes_on() && end_spin(), "INIT to a CPU that is not there stops no CPU");
}

static void init_myself(void *argument)
{
	(void)argument;
	loops = 1;
	ipi_send(this_cpu()->apic_id, ICR_INIT | ICR_ASSERT);
	spin_cpuid(argument);
}

static void init_shorthands(void *argument)
{
	(void)argument;
	ipi_send(0, ICR_INIT | ICR_ASSERT | ICR_SELF);
	ipi_send(0, ICR_INIT | ICR_ASSERT | ICR_ALL);
	ipi_send(0, ICR_STARTUP | ICR_ASSERT | ICR_SELF | 0x10);
	ipi_send(0, ICR_STARTUP | ICR_ASSERT | ICR_ALL | 0x10);
}

static void test_init_self(void)
{
	begin_spin(init_myself);
	ok(stopped(), "a CPU that sends INIT to itself stops");
	ok(restart(1) && inside(), "and starts again, inside");
	cpu_run(other, init_shorthands, NULL);
	ok(done() && inside(), "INIT and SIPI to self and to all, by shorthand, from the second CPU: nothing happens");
	init_shorthands(NULL);
	ok(inside(), "the same from the first CPU");
	ok(hypervisor_present(), "which is inside, too");
}

static void test_restarts(void)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < RESTARTS; i++) {
		begin_spin(i & 1 ? spin_cpuid : spin_hypercall);
		good += restart(i & 1);
	}
	ok(good == RESTARTS && inside(), "%u of %u restarts", good, RESTARTS);
}

/* --- commands that are none --- */

static struct outcome icr_write(uint64_t icr)
{
	struct gprs r = {.rcx = MSR_X2APIC_ICR, .rax = icr & 0xffffffff, .rdx = icr >> 32};

	return attempt(form_wrmsr, &r);
}

static void test_invalid_commands(void)
{
	static const uint32_t reserved_bits[] = {12, 13, 16, 17, 20, 24, 31};
	const uint64_t to_other = (uint64_t)other->apic_id << 32;
	bool refused = true;

	begin_spin(spin_open);
	for (uint64_t mode = 0; mode < 8; mode++)
		for (uint32_t i = 0; i < COUNT(reserved_bits); i++)
			refused =
				refused &&
				icr_write(to_other | mode << 8 | 1ul << reserved_bits[i] | IPI_VECTOR).vector == VEC_GP;
	ok(refused, "ICR: reserved bits are refused, in every delivery mode");
	(void)icr_write(to_other | ICR_ASSERT | 2ul << 8);
	(void)icr_write(to_other | ICR_ASSERT | 3ul << 8);
	(void)icr_write(to_other | ICR_ASSERT | 7ul << 8);
	(void)icr_write(ICR_ASSERT | ICR_SELF | 1ul << 8 | IPI_VECTOR);
	(void)icr_write(ICR_ASSERT | ICR_SELF | 2ul << 8);
	(void)icr_write(ICR_ASSERT | ICR_ALL | 2ul << 8);
	(void)icr_write(ICR_ASSERT | ICR_ALL | 7ul << 8);
	ok(goes_on() && end_spin() && inside(), "ICR: SMI, reserved and ExtINT modes harm no CPU");
}

static void leave_x2apic(void *argument)
{
	const uint64_t base = rdmsr(MSR_APIC_BASE) & ~APIC_BASE_X2APIC;
	struct gprs r = {.rcx = MSR_APIC_BASE, .rax = base & 0xffffffff, .rdx = base >> 32};

	*(uint32_t *)argument = attempt(form_wrmsr, &r).vector;
}

static void test_leave_x2apic(void)
{
	static uint32_t vector;

	cpu_run(other, leave_x2apic, &vector);
	ok(done() && vector == VEC_GP, "the second CPU cannot leave x2APIC mode");
}

/* --- interrupts --- */

static void test_fixed(void)
{
	const uint32_t logical = other->apic_id >> 4 << 16 | 1u << (other->apic_id & 15);
	const uint32_t mine = cpus[0].ipis[IPI_VECTOR], before = other->ipis[IPI_VECTOR];
	uint32_t sent = 0;

	begin_spin(spin_open);
	for (uint32_t i = 0; i < SPACED && sent == i; i++) {
		ipi_send(i & 1 ? logical : other->apic_id,
			 ICR_FIXED | ICR_ASSERT | (i & 1 ? ICR_LOGICAL : 0) | IPI_VECTOR);
		sent += wait_until(other->ipis[IPI_VECTOR] == before + sent + 1, PATIENCE_US);
	}
	ok(sent == SPACED, "%u of %u fixed interrupts, physical and logical, between CPUIDs", sent, SPACED);
	ipi_send(0, ICR_FIXED | ICR_ASSERT | ICR_ALL | IPI_VECTOR);
	interrupts_on();
	const bool both = wait_until(
		cpus[0].ipis[IPI_VECTOR] == mine + 1 && other->ipis[IPI_VECTOR] == before + sent + 1, PATIENCE_US);
	interrupts_off();
	ok(both && end_spin(), "a fixed interrupt to all reaches both");
}

/* Sends NMIs to a CPU, each after the last one was seen; returns how many were. */
static uint32_t send_spaced(const struct cpu *to)
{
	const uint32_t before = to->nmis;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < SPACED && seen == i; i++) {
		ipi_send(to->apic_id, ICR_NMI | ICR_ASSERT);
		seen += wait_until(to->nmis == before + seen + 1, PATIENCE_US);
	}
	return seen;
}

static uint32_t seen_by_first;

static void send_to_first(void *argument)
{
	(void)argument;
	seen_by_first = send_spaced(&cpus[0]);
}

static void test_nmi_spaced(void)
{
	const struct hv_stats before = stats_read();
	uint32_t seen;

	begin_spin(spin_cpuid);
	seen = send_spaced(other);
	ok(end_spin() && seen == SPACED, "%u of %u spaced NMIs seen between CPUIDs", seen, SPACED);
	begin_spin(spin_hypercall);
	seen = send_spaced(other);
	ok(end_spin() && seen == SPACED, "%u of %u spaced NMIs seen between hypercalls", seen, SPACED);
	cpu_run(other, send_to_first, NULL);
	seen = send_spaced(other);
	const bool ended = cpu_wait(other, PATIENCE_US);

	ok(ended && seen == SPACED && seen_by_first == SPACED, "both ways at once: %u and %u of %u", seen,
	   seen_by_first, SPACED);
	ok(stats_read().exits[HV_EXIT_ICR] - before.exits[HV_EXIT_ICR] >= 4 * SPACED, "each ICR write was an exit");
}

static void test_nmi_burst(void)
{
	const uint32_t before = other->nmis;
	uint32_t seen;

	begin_spin(spin_cpuid);
	for (uint32_t i = 0; i < BURST; i++)
		ipi_send(other->apic_id, ICR_NMI | ICR_ASSERT);
	const bool drained = goes_on();

	seen = other->nmis - before;
	ok(drained && seen >= 1 && seen <= BURST, "a burst of %u NMIs: some seen, none invented", BURST);
	diag("%u seen", seen);
	ipi_send(other->apic_id, ICR_NMI | ICR_ASSERT);
	ok(wait_until(other->nmis == before + seen + 1, PATIENCE_US) && end_spin(), "and the next one is seen");
}

static volatile uint32_t depth, deepest, handled;

/* The first NMI sends another one to its own CPU, and stays for a while. */
static bool nmi_in_nmi(struct frame *frame)
{
	if (frame->vector != VEC_NMI)
		return false;
	depth++;
	deepest = depth > deepest ? depth : deepest;
	if (++handled == 1) {
		ipi_send(this_cpu()->apic_id, ICR_NMI | ICR_ASSERT);
		for (uint32_t i = 0; i < 1000; i++)
			(void)cpuid(0, 0);
	}
	depth--;
	return true;
}

static void wait_nested(void *argument)
{
	depth = deepest = handled = 0;
	trap_set_hook(nmi_in_nmi);
	spin_cpuid(argument);
	trap_set_hook(NULL);
}

static void test_nmi_blocked(void)
{
	begin_spin(wait_nested);
	ipi_send(other->apic_id, ICR_NMI | ICR_ASSERT);
	(void)wait_until(handled == 2, PATIENCE_US);
	ok(end_spin() && handled == 2 && deepest == 1,
	   "an NMI in the NMI handler is held until its IRET: %u handled, depth %u", handled, deepest);
}

static void test_nmi_in_wait_for_sipi(void)
{
	begin_spin(spin_cpuid);
	ipi_send(other->apic_id, ICR_INIT | ICR_ASSERT);
	delay_us(SETTLE_US);
	ipi_send(other->apic_id, ICR_NMI | ICR_ASSERT);
	ipi_send(other->apic_id, ICR_INIT | ICR_ASSERT);
	ipi_send(other->apic_id, ICR_NMI | ICR_ASSERT);
	delay_us(SETTLE_US);
	ok(restart(0) && inside(), "NMI and INIT to a CPU that waits for SIPI do no harm");
}

/* --- INIT and SIPI that go round the ICR --- */

/* Interrupt messages (PCI MSI): address and data format of APM volume 2, section 16.5 (SDM 3A, 11.11). */
#define MESSAGES        0xfee00000ul
#define MESSAGE_TO(id)  (MESSAGES | (uint64_t)(id) << 12)
#define MESSAGE_ASSERT  (1u << 14)
#define MESSAGE_INIT    (5u << 8)
#define MESSAGE_STARTUP (6u << 8)

FORM(form_store, "movl %eax, (%rdi)");

static uint32_t store(uint64_t address, uint32_t value)
{
	struct gprs r = {.rdi = address, .rax = value};

	return attempt(form_store, &r).vector;
}

/*
 * A CPU's own store must not become an interrupt message. On QEMU it does where the range is mapped, and its INIT
 * resets the CPU past the intercept; its SIPI starts no CPU there, but no manual says so for every chipset.
 */
static void test_messages(void)
{
	const uint64_t to_other = MESSAGE_TO(other->apic_id);
	const uint32_t starts = other->starts;
	const uint8_t vector = start_prepare(other, 0);

	begin_spin(spin_cpuid);
	const uint32_t refused = store(to_other, MESSAGE_ASSERT | MESSAGE_INIT);

	ok(goes_on(), "INIT as an interrupt message, stored by a CPU, stops no CPU (vector %u)", refused);
	(void)store(to_other, MESSAGE_ASSERT | MESSAGE_STARTUP | vector);
	(void)goes_on();
	if (other->starts != starts) {
		other->work = NULL;
		diag("the second CPU started %s the hypervisor", inside() ? "inside" : "outside of");
	}
	ok(end_spin() && other->starts == starts && inside(), "SIPI as an interrupt message starts no CPU");
}

void test_main(void)
{
	begin("start");
	other = second_cpu();
	if (!other) {
		skip("all tests with two CPUs", "one CPU");
		return;
	}
	test_start();
	begin("SIPI without INIT");
	test_sipi_without_init();
	test_deassert();
	begin("INIT");
	test_init_anywhere();
	test_init_destinations();
	test_init_self();
	test_restarts();
	begin("invalid commands");
	test_invalid_commands();
	test_leave_x2apic();
	begin("interrupts");
	test_fixed();
	begin("NMI");
	test_nmi_spaced();
	test_nmi_burst();
	test_nmi_blocked();
	test_nmi_in_wait_for_sipi();
	begin("interrupt messages");
	test_messages();
}
