/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends the machine in one of the ways that the root guest has, named by the program's file (reset-cf9.efi). The
 * hypervisor wipes its secrets first (docs/architecture.md, section 3): the runner looks for them in the memory of
 * the stopped machine.
 */
#include "acpi.h"
#include "clock.h"
#include "cpu.h"
#include "domain.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "serial.h"
#include "tap.h"
#include "x86.h"

#include <cloister/statement.h>

/* PM1_CNT (ACPI 6.5, section 4.8.3.2.1); SLP_TYP values of S3 and S5 are QEMU's and Bochs's DSDTs'. */
#define PM1_SLP_EN     (1u << 13)
#define PM1_SLP_TYP(n) ((uint16_t)((n) << 10))
#define SLP_TYP_S3     1u
#define SLP_TYP_S5     0u

#define RESET_CONTROL      0xcf9u
#define RESET_CONTROL_HARD 0x06u
#define SYSTEM_CONTROL_A   0x92u
#define KEYBOARD_COMMAND   0x64u
#define KEYBOARD_RESET     0xfeu
#define KEYBOARD_ENABLE    0xaeu
#define SMI_COMMAND        0xb2u
#define ACPI_ENABLE        0x02u

static int64_t sign(uint8_t *page)
{
	return hypercall(&(struct hypercall){HC_SIGN, (uint64_t)page, (uint64_t)page + 1024, 0, 0});
}

static void sleep_s3(void)
{
	outw((uint16_t)acpi_fadt()->pm1a_control, PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S3));
}

static void sleep_s5(void)
{
	outw((uint16_t)acpi_fadt()->pm1a_control, PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S5));
}

/* Only the byte that holds SLP_EN. */
static void sleep_by_byte(void)
{
	outb((uint16_t)(acpi_fadt()->pm1a_control + 1), (uint8_t)((PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S5)) >> 8));
}

/* A wider access, by which QEMU does not sleep; another chipset may. */
static void sleep_by_dword(void)
{
	outl((uint16_t)acpi_fadt()->pm1a_control, PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S5));
	ok(sign(page_get()) == HC_E_WIPED,
	   "a wider access to the sleep register wipes the key, although the machine goes on");
	sleep_s5();
}

static void reset_cf9(void)
{
	outb(RESET_CONTROL, RESET_CONTROL_HARD);
}

static void reset_port92(void)
{
	outb(SYSTEM_CONTROL_A, (uint8_t)(inb(SYSTEM_CONTROL_A) | 1));
}

static void reset_keyboard(void)
{
	outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
}

static void reset_acpi(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	if (fadt->reset.space == ACPI_SPACE_IO)
		outb((uint16_t)fadt->reset.address, fadt->reset_value);
}

/* The default config: a sleep that keeps memory is dropped, and nothing is wiped. */
static void sleep_refused(void)
{
	const uint16_t port = (uint16_t)acpi_fadt()->pm1a_control;
	uint8_t *const page = page_get();
	const struct hk_fresh *const fresh = (const struct hk_fresh *)(page + 1024);

	ok(sign(page) == 0 && fresh->refused_io == 0, "nothing was refused before");
	sleep_s3();
	outb((uint16_t)(port + 1), (uint8_t)((PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S3)) >> 8));
	outl(port, PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S3));
	ok(sign(page) == 0, "a sleep in which memory keeps its contents is refused, and the key stays");
	ok(fresh->refused_io == 3, "each attempt is counted");
	drain();
	sleep_s5();
}

/* The reset register is a port that has other uses (RESET_VALUE, ACPI 6.5, 4.8.3.6): most machines of some makers. */
static void reset_shared(uint16_t port, uint8_t use)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	if (!ok(fadt->reset.address == port, "the FADT's reset register is port %x", port))
		return;
	outb(port, use);
	ok(sign(page_get()) == 0, "another value there leaves the key alone");
	outb(port, fadt->reset_value);
	ok(sign(page_get()) == HC_E_WIPED, "RESET_VALUE wipes it");
	drain();
	sleep_s5();
}

static void reset_smi(void)
{
	reset_shared(SMI_COMMAND, ACPI_ENABLE);
}

static void reset_controller(void)
{
	reset_shared(KEYBOARD_COMMAND, KEYBOARD_ENABLE);
}

static void wipe_by_string(void)
{
	static const uint16_t value = PM1_SLP_EN | PM1_SLP_TYP(SLP_TYP_S5);
	struct gprs r = {.rsi = (uint64_t)&value, .rdx = acpi_fadt()->pm1a_control, .rcx = 1};
	extern const char form_outs[] __attribute__((visibility("hidden")));
	const struct outcome o = attempt(form_outs, &r);

	ok(faulted(&o, VEC_GP, 0, form_outs), "string output to the sleep register is refused");
	drain();
	sleep_s5();
}
FORM(form_outs, "rep outsw");

/* A crash, which wipes as well. */
static void end_by_triple_fault(void)
{
	drain();
	triple_fault();
}

static const struct {
	const char *argument;
	void (*end)(void);
} ways[] = {
	{"s3", sleep_s3},
	{"s5", sleep_s5},
	{"byte", sleep_by_byte},
	{"dword", sleep_by_dword},
	{"string", wipe_by_string},
	{"cf9", reset_cf9},
	{"port92", reset_port92},
	{"keyboard", reset_keyboard},
	{"acpi", reset_acpi},
	{"refused", sleep_refused},
	{"smi", reset_smi},
	{"controller", reset_controller},
	{"triple", end_by_triple_fault},
};

/* Has the hypervisor sign: then there is a key to wipe. */
static void test_key(void)
{
	uint8_t *page = page_get();

	ok(sign(page) == 0, "the hypervisor has its key");
	(void)hypercall(&(struct hypercall){HC_READ, HV_OBJECT_STATEMENT, 0, (uint64_t)page, PAGE_BYTES});
	data("statement", page, sizeof(struct hk_statement));
	const struct hv_stats stats = stats_read();

	data("sizes", (const uint64_t[]){stats.region_bytes, stats.pool_bytes}, 2 * sizeof(uint64_t));
}

static bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

#define SECRET_WORDS 8u

/* Another one runs on the other CPU, with a word in all its registers, until the machine ends. */
static void run_for_ever(void *argument)
{
	(void)run_on(argument, 0);
}

static void start_another(uint64_t page, uint64_t word)
{
	static struct built another;
	struct op ops[1] = {{OP_HOLD, {word, xfam}}};

	ok(build(&another, page, 1, ops, 1), "another one runs");
	ops[0].in[0] = 0;
	cpu_run(second_cpu(), run_for_ever, &another);
}

/* A domain with something in its memory and its registers. Nothing of it is left here but the line for the runner. */
static void test_domain(const struct hv_stats *stats)
{
	static struct built built;
	struct op ops[2] = {{.number = OP_HALT}};
	const uint64_t start = rdtsc(), first = (stats->pool_bytes / PAGE_BYTES + 511) / 512;

	for (unsigned i = 0; i < SECRET_WORDS; i++)
		ops[1].in[i] = (start + i) * 0x9e3779b97f4a7c15ul;
	data("secret", ops[1].in, SECRET_WORDS * sizeof(uint64_t));
	domain_init();
	ok(build(&built, first, 1, ops, 2) && run_to_end(&built, 0), "a domain waits");
	__builtin_memset(ops, 0, sizeof(ops));
	if (!equal(program_argument, "s5")) /* windows are open while it runs: that boot's page tables are looked at */
		start_another(built.next, start);
	forget();
}

void test_main(void)
{
	test_key();
	const struct hv_stats stats = stats_read();

	if (stats.pool_bytes != 0)
		test_domain(&stats);
	let_look();
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!equal(ways[i].argument, program_argument))
			continue;
		begin(program_argument);
		ways[i].end();
		delay_us(PATIENCE_US);
		bail_out("the machine goes on after '%s'", program_argument);
	}
	bail_out("no way to end the machine is called '%s'", program_argument);
}
