/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message ring: formats, cut lines, wrapping around. */
#include "hv_test.h"

#include "machine/machine.h"

static char mirrored[512];
static uint32_t mirrored_length;

uint64_t machine_uptime_us(const struct machine *m)
{
	(void)m;
	return 12000345;
}

void console_mirror(uint16_t port, const char *text, uint32_t length)
{
	assert_int_equal(port, 0x3f8);
	assert_true(mirrored_length + length < sizeof(mirrored));
	memcpy(mirrored + mirrored_length, text, length);
	mirrored_length += length;
	mirrored[mirrored_length] = '\0';
}

static struct machine *fresh_machine(void)
{
	static struct machine m;

	memset(&m.console, 0, sizeof(m.console));
	m.console.serial_port = 0x3f8;
	mirrored_length = 0;
	return &m;
}

static void console_line_formats_text_and_numbers(void **state)
{
	(void)state;
	console_line(fresh_machine(), "%s %u %x %lx %lu %u.", "text", 4294967295u, 0xbeefu, 0xfedcba9876543210ul,
		     18446744073709551615ul, 0u);
	assert_string_equal(mirrored,
			    "hv: [12.000345] text 4294967295 beef fedcba9876543210 18446744073709551615 0.\n");
}

static void cuts_long_lines(void **state)
{
	struct machine *const m = fresh_machine();
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	console_line(m, "%s", text);
	assert_int_equal(mirrored_length, strlen("hv: [12.000345] ") + LINE_BYTES);
	assert_int_equal(mirrored[mirrored_length - 1], '\n');
}

static void ring_keeps_the_last(void **state)
{
	struct machine *const m = fresh_machine();

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		mirrored_length = 0;
		console_line(m, "line %u", i);
	}
	assert_int_equal(console_length(&m->console), CONSOLE_BYTES);
	for (uint32_t i = 0; i < mirrored_length; i++)
		assert_int_equal(console_byte(&m->console, CONSOLE_BYTES - mirrored_length + i), mirrored[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(console_line_formats_text_and_numbers),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(ring_keeps_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
