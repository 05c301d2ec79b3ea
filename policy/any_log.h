/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any TCG event log, for people who look at one: crypto-agile or of the old format with SHA-1 only, whole or cut. What
 * decides about a host is read by tcg_log.h, which is strict.
 */
#ifndef POLICY_ANY_LOG_H
#define POLICY_ANY_LOG_H

#include "policy/tcg_log.h"

#define ANY_LOG_MAX_BANKS 16u

struct any_digest {
	uint16_t algorithm;
	struct bytes bytes;
};

struct any_event {
	uint32_t index, pcr, type;
	uint32_t digest_count;
	struct any_digest digests[ANY_LOG_MAX_BANKS];
	struct bytes data;
};

struct any_log {
	struct reader reader;
	bool agile; /* false: TCG_PCClientPCREvent with a SHA-1 digest each */
	uint32_t next;
	size_t filling;    /* bytes of erased memory after the last event */
	const char *wrong; /* why the last event is not read, or NULL */
};

struct any_log any_log_open(struct bytes raw);

/** The next event, from number 0 on; false at the end, or where 'wrong' says why the rest cannot be read. */
bool any_log_next(struct any_log *log, struct any_event *event);

/** "SHA-256", or NULL; *bytes is 0 where the size is not known. */
const char *any_log_algorithm(uint16_t algorithm, size_t *bytes);

#endif
