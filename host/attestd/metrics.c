/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of the service and of the hypervisor, as Prometheus text (exposition format 0.0.4). */
#include "metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "connections.h"

static atomic_ullong counters[COUNTER_COUNT];

#define COUNTER_TEXT(name, text, help) [name] = {text, help},
static const struct {
	const char *name, *help;
} counter_text[COUNTER_COUNT] = {COUNTERS(COUNTER_TEXT)};

#define EXIT_TEXT(name, text) [name] = (text),
static const char *const exit_text[HV_EXIT_KINDS] = {HV_EXITS(EXIT_TEXT)};

void count(enum counter counter)
{
	atomic_fetch_add_explicit(&counters[counter], 1, memory_order_relaxed);
}

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "gauge", help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void service_metrics(FILE *out)
{
	const struct connections_state state = connections_now();

	gauge(out, "attestd_connections", "Open connections", state.open);
	gauge(out, "attestd_connections_limit", "Open connections at which others are shut down", CONNECTIONS_OPEN);
	gauge(out, "attestd_waiting", "Requests that wait for the TPM", state.waiting);
	gauge(out, "attestd_answers", "Answers with logs in memory", state.answers);
	gauge(out, "attestd_answers_limit", "Answers with logs that may be in memory", ANSWERS_MAX);
}

static void hypervisor_metrics(FILE *out, const struct hv_stats *stats)
{
	gauge(out, "cloister_cpus_in_control", "CPUs that run under the hypervisor", stats->cpus_in_control);
	gauge(out, "cloister_cpus_parked", "CPUs stopped by a crash record", stats->cpus_parked);
	gauge(out, "cloister_region_bytes", "Memory that the hypervisor takes", stats->region_bytes);
	gauge(out, "cloister_pool_bytes", "Memory set aside for protected guests", stats->pool_bytes);
	gauge(out, "cloister_iommu_units", "DMA remapping units under the hypervisor", stats->iommu_units);
	family(out, "cloister_refused_dma_total", "counter", "Accesses of devices that were refused and recorded");
	fprintf(out, "cloister_refused_dma_total %" PRIu64 "\n", stats->refused_dma);
	family(out, "cloister_lost_dma_total", "counter", "Times that more was refused than could be recorded");
	fprintf(out, "cloister_lost_dma_total %" PRIu32 "\n", stats->lost_dma);
	family(out, "cloister_uptime_seconds", "gauge", "Time since the launch");
	fprintf(out, "cloister_uptime_seconds %" PRIu64 ".%06" PRIu64 "\n", stats->uptime_us / 1000000,
		stats->uptime_us % 1000000);
	family(out, "cloister_exits_total", "counter", "Exits of the root guest since the launch");
	for (size_t i = 0; i < HV_EXIT_KINDS; i++)
		fprintf(out, "cloister_exits_total{reason=\"%s\"} %" PRIu64 "\n", exit_text[i], stats->exits[i]);
}

char *metrics_text(const struct hv_stats *stats, size_t *bytes)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, bytes);

	if (!out)
		return NULL;
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		family(out, counter_text[i].name, "counter", counter_text[i].help);
		fprintf(out, "%s %llu\n", counter_text[i].name, atomic_load(&counters[i]));
	}
	service_metrics(out);
	gauge(out, "cloister_up", "1 under the hypervisor, 0 without", stats != NULL);
	if (stats)
		hypervisor_metrics(out, stats);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
