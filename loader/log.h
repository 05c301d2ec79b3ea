/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The launch log: docs/protocol.md, "Launch log"; pure C. */
#ifndef LOADER_LOG_H
#define LOADER_LOG_H

#include "bytes.h"
#include "tpm2.h"

/* What an event says: a label, whose terminator belongs to it, and data. */
struct log_data {
	const char *label;
	const void *data;
	size_t bytes;
};

/** Starts a log with the Spec ID event. */
void log_start(struct writer *log, const struct tpm2_banks *banks);

/** Length of an event in the log. */
size_t log_event_bytes(const struct tpm2_banks *banks, const struct log_data *data);

/** Appends one TCG_PCR_EVENT2 of type EV_IPL; sets log->full, and writes nothing, if it does not fit. */
void log_event(struct writer *log, uint32_t pcr, const struct tpm2_digests *digests, const struct log_data *data);

#endif
