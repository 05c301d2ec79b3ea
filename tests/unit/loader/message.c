/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-cpu */
/* links: loader/uefi.c */
/* What reaches a serial port: of a machine that has a UART there, and of one that has none. */
#include "loader_test.h"

#include "cpu.h"
#include "message.h"
#include "uefi.h"

#define COM1     0x3f8
#define DATA     COM1
#define LCR      (COM1 + 3)
#define LSR      (COM1 + 5)
#define LCR_DLAB 0x80
#define LSR_THRE 0x20

uint32_t mock_physical_bits;
struct cpuid mock_vendor;

/* The machine under test: a 16550, if it has one, and a console of the firmware's on a device path. */
static struct {
	bool uart;
	const void *console; /* device path of its only console, or NULL */
	uint8_t lcr;
	unsigned int writes;
	char sent[500];
	size_t sent_bytes;
} machine;

uint8_t in8(uint16_t port)
{
	if (!machine.uart)
		return 0xff; /* no device drives the bus */
	return port == LCR ? machine.lcr : port == LSR ? LSR_THRE : 0;
}

void out8(uint16_t port, uint8_t value)
{
	assert_in_range(port, COM1, COM1 + 4);
	machine.writes++;
	if (port == LCR)
		machine.lcr = value;
	else if (port == DATA && !(machine.lcr & LCR_DLAB) && machine.sent_bytes < sizeof(machine.sent) - 1)
		machine.sent[machine.sent_bytes++] = (char)value;
}

static EFI_STATUS EFIAPI handles(EFI_LOCATE_SEARCH_TYPE type, EFI_GUID *protocol, VOID *key, UINTN *count,
				 EFI_HANDLE **buffer)
{
	static EFI_HANDLE one[] = {&machine};
	(void)type;
	(void)protocol;
	(void)key;

	if (!machine.console)
		return EFI_NOT_FOUND;
	*count = 1;
	*buffer = one;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI protocol(EFI_HANDLE handle, EFI_GUID *guid, VOID **interface)
{
	(void)guid;
	assert_ptr_equal(handle, &machine);
	*interface = (void *)machine.console;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pool(VOID *memory)
{
	(void)memory;
	return EFI_SUCCESS;
}

/* The output on COM1 if the loader has to use it. */
static const char *said(bool uart, const void *console)
{
	static EFI_BOOT_SERVICES services = {
		.LocateHandleBuffer = handles, .HandleProtocol = protocol, .FreePool = free_pool};
	static EFI_SYSTEM_TABLE table;
	struct failure failure;

	memset(&machine, 0, sizeof(machine));
	machine.uart = uart;
	machine.console = console;
	boot_services = &services;
	system_table = &table;
	message_serial(COM1);
	fail(&failure, LOADER_E_CONFIG_LINES, "cloister.conf, line %u", 97u);
	say_failure(&failure);
	return machine.sent;
}

/* The order matters: a port, once taken, is kept. */
static void nobody_there(void **state)
{
	(void)state;
	message_serial(0);
	assert_string_equal(said(false, NULL), "");
	assert_in_range(machine.writes, 1, 8); /* no text was sent after that */
}

static void console_of_the_firmware(void **state)
{
	static const struct {
		ACPI_HID_DEVICE_PATH uart;
		EFI_DEVICE_PATH end;
	} __attribute__((packed)) com1 = {
		{{ACPI_DEVICE_PATH, ACPI_DP, {sizeof(ACPI_HID_DEVICE_PATH), 0}}, 0x050141d0, 0},
		{END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, {sizeof(EFI_DEVICE_PATH), 0}},
	};
	(void)state;

	assert_string_equal(said(true, &com1), "");
	assert_int_equal(machine.writes, 0);
}

static void message_reaches_a_uart(void **state)
{
	(void)state;
	assert_string_equal(said(true, NULL),
			    "cloister: error LOADER_E_CONFIG_LINES: the config has more than 96 lines\r\n"
			    "cloister:   where: cloister.conf, line 97\r\n"
			    "cloister:   next:  shorten it\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(console_of_the_firmware),
		cmocka_unit_test(message_reaches_a_uart),
	};

	return cmocka_run_group_tests_name("loader_message", tests, NULL, NULL);
}
