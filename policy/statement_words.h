/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags and protections of a statement, for people. */
#ifndef POLICY_STATEMENT_WORDS_H
#define POLICY_STATEMENT_WORDS_H

#include <cloister/statement.h>

#define HK_DMA_TEXT   80  /* room for the names of all protections, NUL included */
#define HK_FLAGS_TEXT 160 /* of all flags */

/** The name of one protection (cloister/statement.h). */
const char *hk_dma_name(enum hk_dma protection);

/** The names of 'protections', with spaces between them; "nothing" if there are none. */
void hk_dma_text(uint32_t protections, char text[HK_DMA_TEXT]);

/** The names of HK_FLAG_*, likewise. */
void hk_flags_text(uint32_t flags, char text[HK_FLAGS_TEXT]);

#endif
