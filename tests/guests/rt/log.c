/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the hypervisor's messages and finds words in them. */
#include "log.h"

#include "hyper.h"

#include <stdbool.h>

#define LOG_BYTES 40960u /* more than the hypervisor keeps */

static char log_text[LOG_BYTES];

uint32_t log_read(void)
{
	static uint8_t part[256] __attribute__((aligned(256)));
	uint32_t length = 0;

	for (;;) {
		const struct hypercall call = {HC_READ, HV_OBJECT_CONSOLE, length, (uint64_t)part, sizeof(part)};
		const int64_t got = hypercall(&call);

		if (got <= 0 || length + (uint64_t)got >= LOG_BYTES)
			break;
		for (int64_t i = 0; i < got; i++)
			log_text[length++] = (char)part[i];
	}
	log_text[length] = '\0';
	return length;
}

/* Does a text begin with a word? */
static bool begins(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return !*word;
}

unsigned int log_count(uint32_t from, const char *text)
{
	unsigned int count = 0;

	for (const char *at = log_text + from; *at; at++)
		count += begins(at, text);
	return count;
}

/* The number at the end of a text that goes on at 'end'. */
static unsigned int number_before(const char *end)
{
	unsigned int value = 0, place = 1;

	for (; *--end >= '0' && *end <= '9'; place *= 10)
		value += (unsigned int)(*end - '0') * place;
	return value;
}

struct log_shown log_shown(uint32_t from)
{
	struct log_shown s = {.lines = log_count(from, "dma: device ") + log_count(from, "dma: unit ")};

	for (const char *at = log_text + from; *at; at++) {
		if (begins(at, " more faults, not shown"))
			s.hidden += number_before(at);
	}
	return s;
}
