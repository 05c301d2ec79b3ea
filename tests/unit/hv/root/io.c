/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/root/io_policy.c hv/root/floor.c */
/* Ports: which exit, which writes wipe the secrets, and what reaches the port. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "root/io_policy.h"
#include "root/root.h"
#include "vcpu/vcpu.h"

static unsigned wipes, lines;
static uint32_t written;
static unsigned written_bytes;

static struct root root;
static struct machine test_machine;

/* From the look at the configuration address to the access no other CPU changes it. */
static void assert_locked(uint16_t port)
{
	assert_true((port & 0xfff8) != 0xcf8 || !lock_try(&root.pci_lock));
}

uint8_t inb(uint16_t port)
{
	assert_locked(port);
	return 0x81;
}

uint16_t inw(uint16_t port)
{
	assert_locked(port);
	return 0x8182;
}

static uint32_t config_address;

uint32_t inl(uint16_t port)
{
	assert_locked(port);
	return port == 0xcf8 ? config_address : 0x81828384;
}

void outb(uint16_t port, uint8_t value)
{
	assert_locked(port);
	written = value;
	written_bytes = 1;
}

void outw(uint16_t port, uint16_t value)
{
	assert_locked(port);
	written = value;
	written_bytes = 2;
}

void outl(uint16_t port, uint32_t value)
{
	assert_locked(port);
	written = value;
	written_bytes = 4;
}

void machine_wipe_secrets(struct machine *m)
{
	(void)m;
	assert_int_equal(written_bytes, 0); /* wiped before the port is written */
	wipes++;
}

void exit_note_refusal(const struct vcpu *vcpu, const char *access, const char *object, uint64_t number)
{
	(void)vcpu;
	(void)number;
	assert_non_null(access);
	assert_string_equal(object, "at port");
	lines++;
}

uint64_t vcpu_rip(const struct vcpu *vcpu)
{
	(void)vcpu;
	return 0;
}

static unsigned advanced, injected;

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	(void)vcpu;
	assert_int_equal(bytes, 2);
	advanced++;
}

void vcpu_inject(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	(void)vcpu;
	assert_int_equal(vector, VECTOR_GP);
	assert_int_equal(error_code, 0);
	injected++;
}

/* Is the access answered, and not refused with #GP? */
static bool exit_io(struct vcpu *vcpu, struct io_access access)
{
	advanced = injected = 0;
	access.length = 2;
	exit_io_port(vcpu, access);
	assert_int_equal(advanced + injected, 1);
	return advanced == 1;
}

static struct machine test_machine = {
	.root = &root, .boot = {.sleep_port = {0x605}, .sleep_types = 0xff, .reset_port = 0x650, .reset_value = 0xbe}};

static uint32_t a20; /* the bits of the next write that are set on its way to the port */

static bool wipes_on(uint16_t port, uint8_t bytes, uint32_t value)
{
	struct entry_frame frame = {.guest = {.rax = 0xffffffff00000000ull | value}};
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};

	wipes = written_bytes = 0;
	assert_true(exit_io(&vcpu, (struct io_access){.port = port, .bytes = bytes}));
	assert_int_equal(written_bytes, bytes);
	value |= a20;
	a20 = 0;
	assert_int_equal(written, bytes == 4 ? value : value & ((1u << 8 * bytes) - 1));
	return wipes == 1;
}

static bool wipes_with_a20(uint16_t port, uint8_t bytes, uint32_t value, uint32_t set)
{
	a20 = set;
	return wipes_on(port, bytes, value);
}

static void only_ports_of_the_policy_exit(void **state)
{
	const uint16_t yes[] = {0x605, 0x650, 0xcf8, 0xcf9, 0xcfc, 0xcff, 0x92, 0x64};
	const uint16_t no[] = {0x604, 0x606, 0xcf7, 0xd00, 0x60, 0x3f8, 0, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(io_policy_exits(&test_machine.boot, yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(io_policy_exits(&test_machine.boot, no[i]));
}

/* A bit for each port, in both vendors' maps (SDM 3C 24.6.4, APM 2 15.10.1). */
static void applied(void **state)
{
	const uint16_t kept = test_machine.boot.sleep_port[1];
	static uint8_t bitmap[8192];
	unsigned exiting = 0;

	(void)state;
	test_machine.boot.sleep_port[1] = 0xfffe; /* up to the last */
	io_policy_apply(&test_machine.boot, bitmap);
	for (uint32_t port = 0; port < 0x10000; port++) {
		const bool exits = (bitmap[port / 8] >> port % 8 & 1) != 0;

		assert_int_equal(exits, io_policy_exits(&test_machine.boot, (uint16_t)port));
		exiting += exits;
	}
	assert_in_range(exiting, 10, 20);
	test_machine.boot.sleep_port[1] = kept;
}

static void sleep_wipes_the_key(void **state)
{
	(void)state;
	assert_true(wipes_on(0x604, 2, 1u << 13));
	assert_true(wipes_on(0x604, 4, 1u << 13));
	assert_true(wipes_on(0x605, 1, 1u << 5));
	assert_true(wipes_on(0x602, 4, 1u << 29)); /* from below */
	assert_false(wipes_on(0x604, 2, 7u << 10 | 1));
	assert_false(wipes_on(0x604, 1, 0xff));
}

/* Every register that sleeps, and all types but those that the loader allows are dropped. */
static void sleep_refused(void **state)
{
	const struct boot_info kept = test_machine.boot;
	struct entry_frame frame = {.guest = {.rax = 1u << 13 | 1u << 10}};
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};
	const struct io_access pm1b = {.port = 0x704, .bytes = 2}, control = {.port = 0x606, .bytes = 1};

	(void)state;
	test_machine.boot.sleep_port[1] = 0x705;
	test_machine.boot.sleep_port[2] = 0x606;
	assert_true(io_policy_exits(&test_machine.boot, 0x705));
	assert_true(io_policy_exits(&test_machine.boot, 0x606));
	assert_false(io_policy_exits(&test_machine.boot, 0));
	assert_true(wipes_on(0x704, 2, 1u << 13 | 1u << 10));
	assert_true(wipes_on(0x606, 1, 0x24));
	assert_true(wipes_on(0x604, 4, 0x240000));
	test_machine.boot.sleep_types = 1u << 0 | 1u << 2;
	assert_true(wipes_on(0x704, 2, 1u << 13));
	assert_true(wipes_on(0x704, 2, 1u << 13 | 2u << 10));
	assert_false(wipes_on(0x704, 2, 1u << 10)); /* no SLP_EN */
	written_bytes = wipes = lines = 0;
	assert_true(exit_io(&vcpu, pm1b));
	frame.guest.rax = 0x24;
	assert_true(exit_io(&vcpu, control));
	frame.guest.rax = 0x242000; /* off by one register, asleep by the next */
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0x604, .bytes = 4}));
	assert_int_equal(written_bytes + wipes, 0);
	assert_int_equal(lines, 3);
	assert_int_equal(vcpu.refused_io, 3);
	test_machine.boot = kept;
}

static void reset_wipes_the_key(void **state)
{
	(void)state;
	assert_true(wipes_on(0xcf9, 1, 6));
	assert_false(wipes_on(0xcf9, 1, 2));
	assert_false(wipes_on(0xcf8, 4, 0x80000600)); /* PCI configuration address */
	assert_true(wipes_with_a20(0x92, 1, 1, 2));
	assert_false(wipes_on(0x92, 1, 2)); /* A20 */
	assert_true(wipes_on(0x64, 1, 0xfe));
	assert_false(wipes_on(0x64, 1, 0xff)); /* pulses no line */
	assert_false(wipes_on(0x64, 1, 0xae));
	assert_true(wipes_on(0x650, 1, 0xbe));
	assert_true(wipes_on(0x64f, 2, 0xbe00));
	assert_true(wipes_on(0x650, 4, 0x123456be));
	assert_false(wipes_on(0x650, 1, 0)); /* ACPI_ENABLE, say */
	assert_false(wipes_on(0x64f, 2, 0x00be));
	test_machine.boot.reset_port = 0xcf9; /* what its bit 2 says, whatever the FADT writes there */
	test_machine.boot.reset_value = 2;
	assert_false(wipes_on(0xcf9, 1, 2));
	assert_true(wipes_on(0xcf9, 1, 0xe));
	test_machine.boot.reset_port = 0x64; /* other commands than RESET_VALUE go to the keyboard controller */
	test_machine.boot.reset_value = 0xfe;
	assert_true(wipes_on(0x64, 1, 0xfe));
	assert_false(wipes_on(0x64, 1, 0xaa));
	test_machine.boot.reset_port = 0x92;
	test_machine.boot.reset_value = 2;
	assert_true(wipes_with_a20(0x92, 1, 0, 2)); /* what reaches the port counts */
	test_machine.boot.reset_port = 0x650;
	test_machine.boot.reset_value = 0xbe;
}

static void a20_stays_on(void **state)
{
	(void)state;
	assert_false(wipes_with_a20(0x92, 1, 0, 2));
	assert_false(wipes_with_a20(0x92, 1, 0xfc, 2));
	assert_false(wipes_with_a20(0x64, 1, 0xdd, 2)); /* off becomes on */
	assert_false(wipes_on(0x64, 1, 0xdf));
	assert_false(wipes_with_a20(0x64, 1, 0xf1, 2));
	assert_true(wipes_with_a20(0x64, 1, 0xf0, 2)); /* the CPU's reset as well */
	assert_false(wipes_on(0x64, 1, 0xef));
	assert_false(wipes_on(0x60, 1, 0));
	assert_false(wipes_on(0x93, 1, 0));
	assert_false(wipes_on(0x91, 1, 0));
}

/* Registers of one byte take writes of one byte only. */
static void too_wide(void **state)
{
	const struct io_access refused[] = {
		{.port = 0x91, .bytes = 2},  {.port = 0x92, .bytes = 2},  {.port = 0x8f, .bytes = 4},
		{.port = 0x63, .bytes = 2},  {.port = 0x64, .bytes = 4},  {.port = 0xcf8, .bytes = 2},
		{.port = 0xcf9, .bytes = 2}, {.port = 0xcf9, .bytes = 4}, {.port = 0xcf7, .bytes = 4},
	};
	struct entry_frame frame = {.guest = {.rax = 0x06060606}};
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};

	(void)state;
	wipes = written_bytes = 0;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(exit_io(&vcpu, refused[i]));
	assert_int_equal(wipes + written_bytes, 0);
	assert_int_equal(vcpu.refused_io, sizeof(refused) / sizeof(refused[0]));
}

static void a_read_changes_only_its_bytes_of_rax(void **state)
{
	struct entry_frame frame;
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};

	(void)state;
	wipes = 0;
	frame.guest.rax = 0x1122334455667788;
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0x64, .bytes = 1, .in = true}));
	assert_int_equal(frame.guest.rax, 0x1122334455667781);
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0x64, .bytes = 2, .in = true}));
	assert_int_equal(frame.guest.rax, 0x1122334455668182);
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0x64, .bytes = 4, .in = true}));
	assert_int_equal(frame.guest.rax, 0x81828384);
	assert_int_equal(wipes, 0);
}

/* With memory-mapped configuration space, the address does not read back: the ports are not found, but they work. */
static void address_hidden(void **state)
{
	struct entry_frame frame;
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};
	const struct io_access address = {.port = 0xcf8, .bytes = 4, .in = true};

	(void)state;
	config_address = 0x80000000;
	frame.guest.rax = 0;
	assert_true(exit_io(&vcpu, address));
	assert_int_equal(frame.guest.rax, 0x80000000);
	test_machine.boot.ecam_base = 0xe0000000;
	assert_true(exit_io(&vcpu, address));
	assert_int_equal(frame.guest.rax, 0xffffffff);
	config_address = 0x8000f804;
	assert_true(exit_io(&vcpu, address)); /* saved, to be put back */
	assert_int_equal(frame.guest.rax, 0x8000f804);
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0xcf8, .bytes = 1, .in = true}));
	assert_int_equal(frame.guest.rax, 0x8000f8ff);
	frame.guest.rax = 0xffffffff;
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0xcf9, .bytes = 1, .in = true})); /* reset control */
	assert_int_equal(frame.guest.rax, 0xffffff81);
	assert_true(exit_io(&vcpu, (struct io_access){.port = 0xcfc, .bytes = 4, .in = true}));
	assert_int_equal(frame.guest.rax, 0x81828384);
	config_address = 0x80000000;
	test_machine.boot.pci_ports_shown = 1;
	assert_true(exit_io(&vcpu, address));
	assert_int_equal(frame.guest.rax, 0x80000000);
	test_machine.boot.pci_ports_shown = test_machine.boot.ecam_base = 0;
}

static void string_and_output_port_accesses_are_refused(void **state)
{
	const struct io_access string = {.port = 0xcf9, .bytes = 1, .string = true},
			       output = {.port = 0x64, .bytes = 1};
	struct entry_frame frame = {.guest = {.rax = 0xd1}};
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};

	(void)state;
	lines = written_bytes = 0;
	assert_false(exit_io(&vcpu, string));
	assert_false(exit_io(&vcpu, output));
	assert_int_equal(written_bytes, 0);
	assert_int_equal(vcpu.refused_io, 2);
	assert_int_equal(lines, 2);
}

/* A write of ones at @port, while the address port holds @address: does it reach the device? */
static bool config_reaches(uint32_t address, uint16_t port, uint8_t bytes)
{
	struct entry_frame frame = {.guest = {.rax = 0xffffffff}};
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};

	config_address = address;
	written_bytes = 0;
	assert_true(
		exit_io(&vcpu, (struct io_access){.port = port, .bytes = bytes})); /* stepped over, reached or not */
	assert_int_equal(vcpu.exits[HV_EXIT_PCI], 1);
	assert_int_equal(vcpu.exits[HV_EXIT_IO], 0);
	assert_int_equal(vcpu.refused_io, written_bytes == 0);
	assert_false(root.pci_lock.held);
	return written_bytes != 0;
}

static void host_bridges(void **state)
{
	(void)state;
	test_machine.boot.floor = (struct boot_floor){
		.function_count = 4,
		.function = {0x0000, 0x00c3, 0x4008, 0xff00}, /* 00:00.0, 00:18.3, 40:01.0, ff:00.0 */
		.closed_port = 0xcd7,
	};
	assert_true(io_policy_exits(&test_machine.boot, 0xcd7));
	assert_false(io_policy_exits(&test_machine.boot, 0xcd6));
	assert_false(config_reaches(0x80000060, 0xcfc, 4));
	assert_false(config_reaches(0x80000060, 0xcff, 1));
	assert_false(config_reaches(0x80000060, 0xcfe, 2));
	assert_false(config_reaches(0x80000060, 0xcfa, 4)); /* crosses into the data port */
	assert_false(config_reaches(0x80000060, 0xcff, 4)); /* begins in it */
	assert_false(config_reaches(0x8000c340, 0xcfc, 4));
	assert_false(config_reaches(0xff0000fc, 0xcfc, 4)); /* reserved bits of the address mean nothing */
	assert_true(config_reaches(0x00000060, 0xcfc, 4));  /* not enabled */
	assert_true(config_reaches(0x80000160, 0xcfc, 4));  /* 0:0.1 */
	assert_true(config_reaches(0x80010060, 0xcfc, 4));  /* 1:0.0 */
	assert_true(config_reaches(0x8000c240, 0xcfc, 4));
	assert_true(config_reaches(0x80000060, 0xcf8, 4)); /* the address itself */
	assert_false(config_reaches(0x80400860, 0xcfc, 4));
	assert_false(config_reaches(0x80ff0060, 0xcfd, 1));
	assert_true(config_reaches(0x80400960, 0xcfc, 4));
	test_machine.boot.floor = (struct boot_floor){0};
	assert_false(io_policy_exits(&test_machine.boot, 0xcd7));
}

/* Power management registers of an FCH: any of them can be chosen and read, none written. */
static void closed_port(void **state)
{
	const struct io_access data = {.port = 0xcd7, .bytes = 1}, index = {.port = 0xcd6, .bytes = 1},
			       both = {.port = 0xcd6, .bytes = 2};
	struct entry_frame frame = {.guest = {.rax = 0x62}};
	struct cpu cpu = {.machine = &test_machine};
	struct vcpu vcpu = {.frame = &frame, .cpu = &cpu};

	(void)state;
	test_machine.boot.floor.closed_port = 0xcd7;
	written_bytes = 0;
	assert_true(exit_io(&vcpu, data));
	assert_true(exit_io(&vcpu, both));
	assert_int_equal(written_bytes, 0);
	assert_int_equal(vcpu.refused_io, 2);
	assert_true(exit_io(&vcpu, index));
	assert_int_equal(written_bytes, 1);
	test_machine.boot.floor.closed_port = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_ports_of_the_policy_exit),
		cmocka_unit_test(sleep_wipes_the_key),
		cmocka_unit_test(reset_wipes_the_key),
		cmocka_unit_test(a20_stays_on),
		cmocka_unit_test(too_wide),
		cmocka_unit_test(a_read_changes_only_its_bytes_of_rax),
		cmocka_unit_test(string_and_output_port_accesses_are_refused),
		cmocka_unit_test(host_bridges),
		cmocka_unit_test(address_hidden),
		cmocka_unit_test(sleep_refused),
		cmocka_unit_test(closed_port),
		cmocka_unit_test(applied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
