/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAP on a polled 16550, a printf that is just enough for it, and the end of the machine. */
#include "tap.h"
#include "clock.h"
#include "text.h"
#include "x86.h"

#include <stdarg.h>

/* 16550 UART: register offsets and LSR bits (PC16550D data sheet, section 8). */
enum { UART_RBR = 0, UART_THR = 0, UART_IER = 1, UART_LCR = 3, UART_LSR = 5, UART_SCR = 7 };
#define LSR_DR   0x01
#define LSR_THRE 0x20
#define LSR_TEMT 0x40
#define COM1     0x3f8
#define COM2     0x2f8

/* QEMU's isa-debug-exit, and Bochs's shutdown port (bochs: iodev/unmapped.cc). */
#define QEMU_EXIT_PORT   0xf4
#define BOCHS_EXIT_PORT  0x8900
#define UART_POLLS       100000u
#define EXIT_CODE_PASSED 0
#define EXIT_CODE_FAILED 1

static uint16_t port = COM1;
static unsigned int results, failures;

static bool uart_present(uint16_t base)
{
	outb((uint16_t)(base + UART_SCR), 0x5a);
	return inb((uint16_t)(base + UART_SCR)) == 0x5a;
}

static void wait_uart(uint8_t status)
{
	for (unsigned int i = 0; i < UART_POLLS && !(inb((uint16_t)(port + UART_LSR)) & status); i++)
		cpu_relax();
}

static void put_char(char c)
{
	wait_uart(LSR_THRE);
	outb((uint16_t)(port + UART_THR), (uint8_t)c);
}

static void put_string(const char *s)
{
	while (*s)
		put_char(*s++);
}

static void put_number(uint64_t value, unsigned int base)
{
	char text[NUMBER_BYTES + 1];

	*append_number(text, value, base) = '\0';
	put_string(text);
}

static void put_signed(int value)
{
	if (value < 0)
		put_char('-');
	put_number(value < 0 ? -(uint64_t)(int64_t)value : (uint64_t)value, 10);
}

/* One conversion, after its '%'; returns the format's rest. */
static const char *put_conversion(const char *format, va_list *arguments)
{
	const bool wide = *format == 'l';

	switch (*(format += wide)) {
	case 's':
		put_string(va_arg(*arguments, const char *));
		break;
	case 'c':
		put_char((char)va_arg(*arguments, int));
		break;
	case 'd':
		put_signed(va_arg(*arguments, int));
		break;
	default:
		put_number(wide ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned int),
			   *format == 'x' ? 16 : 10);
	}
	return format + 1;
}

static void put_format(const char *format, va_list *arguments)
{
	while (*format) {
		if (*format == '%')
			format = put_conversion(format + 1, arguments);
		else
			put_char(*format++);
	}
}

void serial_init(void)
{
	port = uart_present(COM2) ? COM2 : COM1;
	outb((uint16_t)(port + UART_IER), 0);
	outb((uint16_t)(port + UART_LCR), 3); /* 8 data bits, no parity, 1 stop bit */
	put_string("\nTAP version 14\n");     /* a separate line, after the firmware's messages */
}

bool ok(bool passed, const char *format, ...)
{
	va_list arguments;

	failures += !passed;
	put_string(passed ? "ok " : "not ok ");
	put_number(++results, 10);
	put_string(" - ");
	va_start(arguments, format);
	put_format(format, &arguments);
	va_end(arguments);
	put_char('\n');
	return passed;
}

void skip(const char *name, const char *reason)
{
	ok(true, "%s # SKIP %s", name, reason);
}

void diag(const char *format, ...)
{
	va_list arguments;

	put_string("#   ");
	va_start(arguments, format);
	put_format(format, &arguments);
	va_end(arguments);
	put_char('\n');
}

void data(const char *name, const void *bytes, uint32_t len)
{
	const uint8_t *byte = bytes;

	put_string("# data ");
	put_string(name);
	put_char(' ');
	for (uint32_t i = 0; i < len; i++) {
		put_char("0123456789abcdef"[byte[i] >> 4]);
		put_char("0123456789abcdef"[byte[i] & 15]);
	}
	put_char('\n');
}

static void put_line(const char *prefix, const char *text)
{
	put_string(prefix);
	put_string(text);
	put_char('\n');
}

void let_look(void)
{
	put_line("# ", "ready");
	(void)wait_until(inb(COM1 + UART_LSR) & LSR_DR, PATIENCE_US);
	(void)inb(COM1 + UART_RBR);
}

void begin(const char *name)
{
	put_line("# begin ", name);
}

void drain(void)
{
	wait_uart(LSR_TEMT);
}

static _Noreturn void end_machine(uint8_t code)
{
	drain();
	for (const char *s = "Shutdown"; *s; s++)
		outb(BOCHS_EXIT_PORT, (uint8_t)*s);
	outb(QEMU_EXIT_PORT, code);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void bail_out(const char *format, ...)
{
	va_list arguments;

	put_string("Bail out! ");
	va_start(arguments, format);
	put_format(format, &arguments);
	va_end(arguments);
	put_char('\n');
	end_machine(EXIT_CODE_FAILED);
}

void finish(void)
{
	put_string("1..");
	put_number(results, 10);
	put_char('\n');
	end_machine(failures ? EXIT_CODE_FAILED : EXIT_CODE_PASSED);
}
