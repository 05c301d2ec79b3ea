/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages on the firmware's console and on a 16550. */
#include "message.h"

#include "cpu.h"
#include "text.h"
#include "uefi.h"

#define LINE_BYTES 400u

static uint16_t serial_port;

/* 16550 registers, as offsets from the port. */
enum uart {
	UART_DATA = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
};
#define UART_LCR_8N1  0x03u
#define UART_LCR_DLAB 0x80u
#define UART_LSR_THRE 0x20u /* transmit holding register empty */

static void serial_put(char c)
{
	for (unsigned int polls = 0; polls < 100000; polls++) {
		if (in8(serial_port + UART_LSR) & UART_LSR_THRE) {
			out8(serial_port + UART_DATA, (uint8_t)c);
			return;
		}
	}
}

/* 115200 baud, 8N1, no interrupts. Returns whether a UART is there: it keeps what was set, others read as all ones. */
static bool serial_init(uint16_t port)
{
	out8(port + UART_IER, 0);
	out8(port + UART_LCR, UART_LCR_DLAB | UART_LCR_8N1);
	out8(port + UART_DATA, 1); /* divisor */
	out8(port + UART_IER, 0);
	out8(port + UART_LCR, UART_LCR_8N1);
	out8(port + UART_FCR, 0x07); /* FIFOs on and empty */
	out8(port + UART_MCR, 0x03); /* DTR, RTS */
	return in8(port + UART_LCR) == UART_LCR_8N1;
}

/* Port of a UART's ACPI node: PNP0501, whose UID counts COM1 to COM4. */
static uint16_t uart_port(const ACPI_HID_DEVICE_PATH *node)
{
	static const uint16_t ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
	const uint32_t pnp0501 = 0x050141d0; /* compressed EISA type ID */

	if (node->Header.Type != ACPI_DEVICE_PATH || node->Header.SubType != ACPI_DP || node->HID != pnp0501 ||
	    node->UID >= sizeof(ports) / sizeof(ports[0]))
		return 0;
	return ports[node->UID];
}

static bool path_has_port(EFI_DEVICE_PATH *path, uint16_t port)
{
	for (; path && !IsDevicePathEnd(path) && DevicePathNodeLength(path) >= 4; path = NextDevicePathNode(path)) {
		if (DevicePathNodeLength(path) >= (int)sizeof(ACPI_HID_DEVICE_PATH) &&
		    uart_port((const ACPI_HID_DEVICE_PATH *)path) == port)
			return true;
	}
	return false;
}

/* Is one of the active consoles this port? EDK II marks them with this GUID (gEfiConsoleOutDeviceGuid). */
static bool console_has_port(uint16_t port)
{
	static const EFI_GUID console_out = {
		0xd3b36f2c, 0xd551, 0x11d4, {0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};
	static const EFI_GUID device_path = EFI_DEVICE_PATH_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	bool found = false;

	for (UINTN i = uefi_handles(&console_out, &handles); i-- && !found;)
		found = path_has_port(uefi_protocol(handles[i], &device_path), port);
	uefi_free(handles);
	return found;
}

void message_serial(uint16_t port)
{
	if (port && !console_has_port(port) && serial_init(port))
		serial_port = port;
}

static void print(const char *text)
{
	CHAR16 wide[LINE_BYTES + 1];
	size_t i = 0;

	for (; text[i] && i < LINE_BYTES; i++) {
		wide[i] = (CHAR16)text[i];
		if (serial_port)
			serial_put(text[i]);
	}
	wide[i] = 0;
	if (system_table->ConOut)
		system_table->ConOut->OutputString(system_table->ConOut, wide);
}

void say(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	text_vformat(line, sizeof(line), format, arguments);
	va_end(arguments);
	print("cloister: ");
	print(line);
	print("\r\n");
}

void say_failure(const struct failure *failure)
{
	say("error %s: %s", failure->name, failure->what);
	say("  where: %s", failure->where);
	say("  next:  %s", failure->next);
}
