/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hexadecimal and base64. */
#include "policy/encoding.h"

void hex_encode(const void *data, size_t len, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * len] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(const char *text, void *data, size_t len)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		const int high = hex_digit(text[2 * i]);
		const int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return text[2 * len] == '\0';
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Four characters, of which the last 'padding' are '='. */
static bool decode_group(const char text[4], size_t padding, uint8_t data[3])
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		const int digit = i < 4 - padding ? base64_digit(text[i]) : 0;

		if (digit < 0 || (i >= 4 - padding && text[i] != '='))
			return false;
		bits = bits << 6 | (uint32_t)digit;
	}
	data[0] = (uint8_t)(bits >> 16);
	if (padding < 2)
		data[1] = (uint8_t)(bits >> 8);
	if (padding < 1)
		data[2] = (uint8_t)bits;
	return padding == 0 || (bits & (padding == 1 ? 0xffu : 0xffffu)) == 0;
}

bool base64_decode(const char *text, size_t chars, uint8_t *data, size_t *len)
{
	*len = 0;
	if (chars % 4 != 0)
		return false;
	for (size_t at = 0; at < chars; at += 4) {
		size_t padding = 0;

		if (at + 4 == chars && text[at + 3] == '=')
			padding = text[at + 2] == '=' ? 2 : 1;
		if (!decode_group(text + at, padding, data + *len))
			return false;
		*len += 3 - padding;
	}
	return true;
}

void text_clean(struct bytes from, char *text, size_t size)
{
	const size_t len = from.len < size - 1 ? from.len : size - 1;

	for (size_t i = 0; i < len; i++)
		text[i] = from.data[i] >= 0x20 && from.data[i] < 0x7f ? (char)from.data[i] : '?';
	text[len] = '\0';
}
