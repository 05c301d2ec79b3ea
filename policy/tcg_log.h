/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCG crypto-agile event log (TCG PC Client Platform Firmware Profile, section 10), read in place without any
 * allocation: a log is checked once from end to end, then walked as often as needed.
 *
 * Nothing in a log but the digests is measured. A type or a description is shown to people, never believed.
 */
#ifndef POLICY_TCG_LOG_H
#define POLICY_TCG_LOG_H

#include "policy/tpm_parse.h"

/* PFP 10.4.1, table of events: those that this verifier names or makes. */
#define EV_POST_CODE 0x00000001u
#define EV_NO_ACTION 0x00000003u
#define EV_SEPARATOR 0x00000004u
#define EV_IPL       0x0000000du

#define TCG_LOG_MAX_BANKS       8u
#define TCG_LOG_MAX_EVENT_BYTES (1u << 20) /* a large 'dbx' is 32 KiB */
#define TCG_LOG_NO_EVENT        UINT32_MAX

/* X(enumerator, what is wrong): all but the first make the whole log unusable. */
#define TCG_LOG_RESULTS(X)                                                                                  \
	X(TCG_LOG_OK, "well-formed")                                                                        \
	X(TCG_LOG_HEADER, "the first event is not a well-formed Spec ID event, version 2.0")                \
	X(TCG_LOG_ALGORITHM, "a digest's algorithm is unknown, repeated or not in the Spec ID event")       \
	X(TCG_LOG_SHA1, "the log has SHA-1 digests only: switch the TPM's SHA-256 bank on in the firmware") \
	X(TCG_LOG_NO_SHA256, "the log has no SHA-256 digests")                                              \
	X(TCG_LOG_DIGEST_COUNT, "an event has not one digest for each bank of the Spec ID event")           \
	X(TCG_LOG_PCR, "an event extends a PCR above 23")                                                   \
	X(TCG_LOG_OVERSIZE, "an event's data is longer than 1 MiB")                                         \
	X(TCG_LOG_TRUNCATED, "the log ends in the middle of an event")                                      \
	X(TCG_LOG_TAIL, "the log ends in filling bytes that are not an event")                              \
	X(TCG_LOG_LOCALITY, "a StartupLocality event is malformed, repeated, or comes after PCR 0's first event")

#define TCG_LOG_ENUM(name, text) name,
enum tcg_log_result { TCG_LOG_RESULTS(TCG_LOG_ENUM) };
#undef TCG_LOG_ENUM

struct tcg_bank {
	uint16_t algorithm;
	uint16_t bytes;
};

struct tcg_event {
	uint32_t index; /* in the log; the Spec ID event is number 0 */
	uint32_t pcr;   /* above 23 only if it extends nothing */
	uint32_t type;
	struct digest sha256;
	struct bytes data;
};

/* A checked log. */
struct tcg_log {
	struct bytes raw;
	size_t first; /* offset of the first event after the Spec ID event */
	uint32_t bank_count;
	struct tcg_bank banks[TCG_LOG_MAX_BANKS];
	uint32_t event_count;     /* with the Spec ID event */
	uint8_t startup_locality; /* what PCR 0's last byte starts with (PFP 10.4.5.3) */
};

struct tcg_cursor {
	const struct tcg_log *log;
	struct reader reader;
	uint32_t index;
};

/**
 * Checks a whole log.
 * @where: number of the event that is wrong
 */
enum tcg_log_result tcg_log_open(struct bytes raw, struct tcg_log *log, uint32_t *where);

/** What is wrong, in words. */
const char *tcg_log_result_text(enum tcg_log_result result);

struct tcg_cursor tcg_log_events(const struct tcg_log *log);

/** The next event of a checked log; false at its end. */
bool tcg_log_next(struct tcg_cursor *cursor, struct tcg_event *event);

/** The next event that extends 'pcr'. */
bool tcg_log_next_of(struct tcg_cursor *cursor, uint32_t pcr, struct tcg_event *event);

/** An event's name for people, with its program or action: "EV_EFI_ACTION Exit Boot ...". */
void tcg_event_name(const struct tcg_event *event, char *text, size_t size);

/** The name of an event type, or NULL. */
const char *tcg_event_type_name(uint32_t type);

/** The event type of a name; false if none has it. */
bool tcg_event_type_number(const char *name, uint32_t *type);

#endif
