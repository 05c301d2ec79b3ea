/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of the service and of the hypervisor, as Prometheus text. */
#ifndef ATTESTD_METRICS_H
#define ATTESTD_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "cloister/hypercall.h"
#include "domains.h"

/* X(enumerator, name, help) */
#define COUNTERS(X)                                                                                    \
	X(COUNT_REQUESTS, "attestd_requests_total", "HTTP requests that were answered")                \
	X(COUNT_EVIDENCE, "attestd_evidence_total", "Evidence handed out")                             \
	X(COUNT_REFUSED, "attestd_refused_total", "Requests refused for what they were (4xx)")         \
	X(COUNT_UNAVAILABLE, "attestd_unavailable_total", "Requests turned away for now (503)")        \
	X(COUNT_DISPLACED, "attestd_displaced_total", "Connections shut down to make room for others") \
	X(COUNT_EXPIRED, "attestd_expired_total", "Connections shut down because they took too long")  \
	X(COUNT_CUT, "attestd_cut_total", "Connections that ended before their answer was sent")       \
	X(COUNT_TPM_RETRIES, "attestd_tpm_retries_total", "TPM commands repeated because it was busy") \
	X(COUNT_TPM_ERRORS, "attestd_tpm_errors_total", "TPM commands that failed")

#define COUNTER_ENUM(name, text, help) name,
enum counter { COUNTERS(COUNTER_ENUM) COUNTER_COUNT };
#undef COUNTER_ENUM

/** Adds one to a counter. Any thread. */
void count(enum counter counter);

/** Adds a quote, which took @us microseconds with the TPM, its PCRs and waiting included. Any thread. */
void count_quote(int64_t us);

/**
 * All counters as Prometheus text.
 * @stats: the hypervisor's, or NULL without a hypervisor
 * @domains: the hypervisor's, or NULL where they could not be read
 * Returns allocated memory and its length, or NULL without memory.
 */
char *metrics_text(const struct hv_stats *stats, const struct domains *domains, size_t *bytes);

#endif
