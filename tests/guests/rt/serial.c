/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A polled 16550, and the end of the machine. */
#include "serial.h"
#include "clock.h"
#include "x86.h"

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

void serial_put(char c)
{
	wait_uart(LSR_THRE);
	outb((uint16_t)(port + UART_THR), (uint8_t)c);
}

void serial_init(void)
{
	port = uart_present(COM2) ? COM2 : COM1;
	outb((uint16_t)(port + UART_IER), 0);
	outb((uint16_t)(port + UART_LCR), 3); /* 8 data bits, no parity, 1 stop bit */
}

void let_look(void)
{
	for (const char *s = "# ready\n"; *s; s++)
		serial_put(*s);
	(void)wait_until(inb(COM1 + UART_LSR) & LSR_DR, PATIENCE_US);
	(void)inb(COM1 + UART_RBR);
}

void drain(void)
{
	wait_uart(LSR_TEMT);
}

void machine_end(bool passed)
{
	drain();
	for (const char *s = "Shutdown"; *s; s++)
		outb(BOCHS_EXIT_PORT, (uint8_t)*s);
	outb(QEMU_EXIT_PORT, passed ? EXIT_CODE_PASSED : EXIT_CODE_FAILED);
	for (;;)
		__asm__ volatile("cli; hlt");
}
