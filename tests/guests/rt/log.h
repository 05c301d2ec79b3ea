/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's messages, as the root guest may read them. */
#ifndef RT_LOG_H
#define RT_LOG_H

#include <stdint.h>

/* Reads all messages again, for the tests that follow; returns their length. */
uint32_t log_read(void);

/* Counts a text among the messages from 'from' on. */
unsigned int log_count(uint32_t from, const char *text);

/*
 * Refused DMA in the messages from 'from' on: lines, each of one fault or of faults that a unit lost, and faults not
 * shown.
 */
struct log_shown {
	unsigned int lines, hidden;
};

struct log_shown log_shown(uint32_t from);

#endif
