/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/reset.c hv/machine/console.c */
/*
 * The end of a CPU: the key is wiped before anything else, then the record, then the reset by each means, or the
 * parked CPU.
 */
#include "hv_test.h"

#include "attest/attestation.h"
#include "machine/crash.h"
#include "machine/machine.h"
#include "machine/cpu.h"

#define SERIAL 0x3f8u
#define NONE   0xffffu

enum end { PARKED = 1, TRIPLE_FAULT, RESET };

static struct attestation attestation;
static struct machine m;
static struct cpu cpu;
static jmp_buf ended;
static char said[4096];
static uint16_t resetting_port; /* a write there is the machine's end */
static struct {
	uint16_t port;
	uint8_t value;
} writes[8];
static unsigned write_count, said_bytes, windows;
static uint64_t now, last_write;

uint8_t inb(uint16_t port)
{
	assert_int_equal(port, SERIAL + 5);
	return 0x20; /* room for a byte */
}

void outb(uint16_t port, uint8_t value)
{
	assert_int_equal(attestation.hk.private[0], 0); /* wiped before */
	if (port == SERIAL) {
		if (value != '\r')
			said[said_bytes++] = (char)value;
		return;
	}
	assert_true(write_count < 8);
	writes[write_count].port = port;
	writes[write_count++].value = value;
	last_write = now;
	if (port == resetting_port)
		longjmp(ended, RESET);
}

uint64_t rdtsc(void)
{
	return now += 1000000;
}

void triple_fault(void)
{
	assert_true(now - last_write >= m.boot.tsc_khz * 100);
	longjmp(ended, TRIPLE_FAULT);
}

void cpu_park(void)
{
	longjmp(ended, PARKED);
}

void cpu_open_window(struct cpu *opened)
{
	assert_ptr_equal(opened, &cpu);
	windows++;
}

static unsigned ends;

void machine_end_domains(struct machine *of)
{
	(void)of;
	ends++;
}

void hk_wipe(struct hk *hk)
{
	memset(hk, 0, sizeof(*hk));
}

uint64_t machine_uptime_us(const struct machine *of)
{
	(void)of;
	return 1;
}

void console_mirror(uint16_t port, const char *text, uint32_t length)
{
	(void)port;
	(void)text;
	(void)length;
}

static enum end crash_with(uint32_t on_crash, uint16_t reset_port, uint16_t works)
{
	m = (struct machine){.attestation = &attestation};
	memset(said, 0, sizeof(said));
	m.boot.on_crash = on_crash;
	m.boot.reset_port = reset_port;
	m.boot.reset_value = 0x73;
	m.boot.tsc_khz = 1000000;
	m.console.serial_port = SERIAL;
	m.cpus_in_control = 2;
	attestation.hk.private[0] = 1;
	cpu.machine = &m;
	cpu.index = 1;
	resetting_port = works;
	write_count = said_bytes = windows = 0;
	last_write = now = 0;
	const int end = setjmp(ended);

	if (end == 0)
		crash(&cpu, &(struct crash_record){.kind = CRASH_GUEST_SHUTDOWN, .rip = 0x1234});
	assert_int_equal(m.cpus_in_control, 1);
	assert_int_equal(m.cpus_parked, 1);
	assert_non_null(strstr(said, "CPU 1 stopped: triple fault of the guest"));
	return (enum end)end;
}

static void crash_parks_without_touching_a_port(void **state)
{
	(void)state;
	assert_int_equal(crash_with(BOOT_CRASH_STOP, 0xcf9, NONE), PARKED);
	assert_int_equal(write_count, 0);
	assert_non_null(strstr(said, "The hypervisor's key is wiped; reset the machine.\n"));
}

#define WROTE(index, at, what)                               \
	do {                                                 \
		assert_int_equal(writes[index].port, at);    \
		assert_int_equal(writes[index].value, what); \
	} while (0)

static void resets_by_each_means(void **state)
{
	(void)state;
	assert_int_equal(crash_with(BOOT_CRASH_RESET, 0xb2, NONE), TRIPLE_FAULT);
	assert_non_null(strstr(said, "The hypervisor's key is wiped; the machine is reset.\n"));
	assert_int_equal(write_count, 4);
	WROTE(0, 0xb2, 0x73);
	WROTE(1, 0xcf9, 2);
	WROTE(2, 0xcf9, 6);
	WROTE(3, 0x64, 0xfe);
	assert_int_equal(windows, 1); /* for the SMI */
}

static void without_a_reset_register(void **state)
{
	(void)state;
	assert_int_equal(crash_with(BOOT_CRASH_RESET, 0, NONE), TRIPLE_FAULT);
	assert_int_equal(write_count, 3);
	WROTE(0, 0xcf9, 2);
}

/* A signature on another CPU has its time before. */
static void waits_first(void **state)
{
	(void)state;
	assert_int_equal(crash_with(BOOT_CRASH_RESET, 0xcf9, 0xcf9), RESET);
	assert_int_equal(write_count, 1);
	WROTE(0, 0xcf9, 0x73);
	assert_true(last_write >= m.boot.tsc_khz * 100);
}

/* It resets the machine all the same. */
static void a_crash_in_the_end_of_domains_does_not_begin_it_again(void **state)
{
	(void)state;
	cpu.crash.kind = CRASH_NONE;
	ends = 0;
	assert_int_equal(crash_with(BOOT_CRASH_RESET, 0xcf9, 0xcf9), RESET);
	assert_int_equal(ends, 1);
	assert_int_equal(crash_with(BOOT_CRASH_RESET, 0xcf9, 0xcf9), RESET);
	assert_int_equal(ends, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crash_parks_without_touching_a_port),
		cmocka_unit_test(resets_by_each_means),
		cmocka_unit_test(without_a_reset_register),
		cmocka_unit_test(waits_first),
		cmocka_unit_test(a_crash_in_the_end_of_domains_does_not_begin_it_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
