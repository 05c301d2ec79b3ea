/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of bits. */
#include "policy/statement_words.h"

#include <stddef.h>
#include <stdio.h>

#define HK_DMA_NAME(name, text) [name] = text,
static const char *const PROTECTIONS[] = {HK_DMA_PROTECTIONS(HK_DMA_NAME)};
#undef HK_DMA_NAME

#define HK_FLAG_ROW(flag, name) {flag, name},
static const struct {
	uint32_t flag;
	const char *name;
} FLAGS[] = {HK_FLAGS(HK_FLAG_ROW)};
#undef HK_FLAG_ROW

/* Appends a name to a text of 'used' bytes. */
static size_t add(const char *name, char *text, size_t size, size_t used)
{
	return used + (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", name);
}

const char *hk_dma_name(enum hk_dma protection)
{
	return PROTECTIONS[protection];
}

void hk_dma_text(uint32_t protections, char text[HK_DMA_TEXT])
{
	size_t used = 0;

	snprintf(text, HK_DMA_TEXT, "nothing");
	for (enum hk_dma i = 0; i < HK_DMA_COUNT; i++)
		if (protections >> i & 1)
			used = add(PROTECTIONS[i], text, HK_DMA_TEXT, used);
}

void hk_flags_text(uint32_t flags, char text[HK_FLAGS_TEXT])
{
	size_t used = 0;

	snprintf(text, HK_FLAGS_TEXT, "nothing");
	for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++)
		if (flags & FLAGS[i].flag)
			used = add(FLAGS[i].name, text, HK_FLAGS_TEXT, used);
}
