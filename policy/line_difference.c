/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first difference between two config files, for people. */
#include "policy/encoding.h"
#include "policy/steps.h"

/* Takes the line at the reader, without its LF; false at the end of the text. */
static bool next_line(struct reader *text, struct bytes *line)
{
	size_t len = 0;

	if (text->left == 0)
		return false;
	while (len < text->left && text->at[len] != '\n')
		len++;
	*line = read_bytes(text, len);
	if (text->left > 0)
		read_u8(text);
	return true;
}

static void show_line(bool there, struct bytes line, char *text, size_t size)
{
	if (there)
		text_clean(line, text, size);
	else
		snprintf(text, size, "(the file ends)");
}

struct line_difference first_difference(struct bytes expected, struct bytes found)
{
	struct line_difference d = {.line = 0};
	struct reader a = reader_of(expected);
	struct reader b = reader_of(found);
	struct bytes a_line, b_line;
	bool in_a, in_b;

	do {
		d.line++;
		in_a = next_line(&a, &a_line);
		in_b = next_line(&b, &b_line);
	} while (in_a && in_b && bytes_equal(a_line, b_line.data, b_line.len));
	show_line(in_a, a_line, d.expected, sizeof(d.expected));
	show_line(in_b, b_line, d.found, sizeof(d.found));
	return d;
}
