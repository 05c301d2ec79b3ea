/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug image: every message also goes to the serial port, and the statement says so. */
#include "build.h"

#include "cloister/statement.h"
#include "machine/console.h"

const uint32_t build_flags = HK_FLAG_DEBUG;

void console_mirror(uint16_t port, const char *text, uint32_t length)
{
	serial_write(port, text, length);
}
