/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guesses of what data is. Nothing is decided by them. */
#include "policy/data_words.h"

#include <stdio.h>

#include "policy/efi_variable.h"

#define SHOWN_CHARS  400u
#define SHOWN_BYTES  16u
#define TEXT_CHARS   3u /* fewer are text by chance */
#define PREFIX_CHARS 8u /* of a name before other data */

static char plain(uint8_t c)
{
	if (c == '\n' || c == '\r' || c == '\t')
		return ' ';
	return c >= 0x20 && c < 0x7f ? (char)c : '?';
}

void plain_text(struct bytes from, size_t step, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < from.len && from.data[i] != 0 && used + 1 < size; i += step)
		text[used++] = plain(from.data[i]);
	text[used] = '\0';
}

/* Is there a printable character of 'step' bytes at 'at'? */
static bool is_character(struct bytes data, size_t at, size_t step)
{
	if (data.len - at < step || (plain(data.data[at]) == '?' && data.data[at] != '?'))
		return false;
	return step == 1 || data.data[at + 1] == 0;
}

/* How many bytes of text does the data begin with? */
static size_t text_bytes(struct bytes data, size_t step)
{
	size_t len = 0;

	while (len < data.len && is_character(data, len, step))
		len += step;
	return len;
}

static bool is_zero(struct bytes data, size_t from)
{
	for (size_t i = from; i < data.len; i++)
		if (data.data[i] != 0)
			return false;
	return true;
}

static bool say_text(struct bytes data, size_t step, char *text, size_t size)
{
	const size_t len = text_bytes(data, step), chars = len / step;
	char shown[SHOWN_CHARS + 1];

	plain_text((struct bytes){data.data, len}, step, shown, sizeof(shown));
	if (chars >= TEXT_CHARS && is_zero(data, len))
		snprintf(text, size, "\"%s\"", shown);
	else if (chars >= PREFIX_CHARS && data.data[len] == 0)
		snprintf(text, size, "\"%s\" and %zu bytes", shown, data.len - len - step);
	else
		return false;
	return true;
}

static void say_hex(struct bytes data, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%zu byte%s:", data.len, data.len == 1 ? "" : "s");

	for (size_t i = 0; i < data.len && i < SHOWN_BYTES && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, " %02x", data.data[i]);
	if (data.len > SHOWN_BYTES && used < size)
		snprintf(text + used, size - used, " ...");
}

void data_words(struct bytes data, char *text, size_t size)
{
	struct reader r = reader_of(data);
	char name[GUID_TEXT];
	struct guid guid;

	if (data.len == 0) {
		snprintf(text, size, "no data");
		return;
	}
	if (say_text(data, 1, text, size) || say_text(data, 2, text, size))
		return;
	read_copy(&r, guid.bytes, GUID_BYTES);
	guid_text(&guid, name);
	if (read_done(&r) && !is_zero(data, 0))
		snprintf(text, size, "%s", name);
	else
		say_hex(data, text, size);
}
