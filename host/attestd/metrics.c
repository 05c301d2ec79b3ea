/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of the service and of the hypervisor, as Prometheus text (exposition format 0.0.4). */
#include "metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "connections.h"

static atomic_ullong counters[COUNTER_COUNT];
static atomic_ullong quotes, quotes_us;

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

void count_quote(int64_t us)
{
	atomic_fetch_add_explicit(&quotes, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&quotes_us, (unsigned long long)us, memory_order_relaxed);
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

static void quote_metrics(FILE *out)
{
	const unsigned long long us = atomic_load(&quotes_us);

	family(out, "attestd_quote_seconds", "summary", "Quotes, and the TPM's time for them");
	fprintf(out, "attestd_quote_seconds_sum %llu.%06llu\n", us / 1000000, us % 1000000);
	fprintf(out, "attestd_quote_seconds_count %llu\n", atomic_load(&quotes));
}

static void service_metrics(FILE *out)
{
	const struct connections_state state = connections_now();

	quote_metrics(out);
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

#define DOMAIN "{domain=\"%" PRIu32 "\""

static void domain_vcpus(FILE *out, const char *name, const struct domain_info *info)
{
	fprintf(out, "%s" DOMAIN "} %" PRIu32 "\n", name, info->domain, info->vcpus);
}

static void domain_answered(FILE *out, const char *name, const struct domain_info *info)
{
	fprintf(out, "%s" DOMAIN "} %" PRIu64 "\n", name, info->domain, info->answered);
}

static void domain_exits(FILE *out, const char *name, const struct domain_info *info)
{
	for (unsigned kind = 0; kind < DOMAIN_EXIT_KINDS; kind++)
		fprintf(out, "%s" DOMAIN ",kind=\"%s\"} %" PRIu64 "\n", name, info->domain, domains_exit_name(kind),
			info->exits[kind]);
}

static void domain_memory(FILE *out, const char *name, const struct domain_info *info)
{
	const struct {
		const char *state;
		uint64_t pages;
	} parts[] = {{"private", info->private_pages - info->pending_pages},
		     {"pending", info->pending_pages},
		     {"tables", info->tables},
		     {"shared", info->shared_pages}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		fprintf(out, "%s" DOMAIN ",state=\"%s\"} %" PRIu64 "\n", name, info->domain, parts[i].state,
			parts[i].pages * 4096);
}

static void domain_seconds(FILE *out, const char *name, const struct domain_info *info, uint64_t us)
{
	fprintf(out, "%s" DOMAIN "} %" PRIu64 ".%06" PRIu64 "\n", name, info->domain, us / 1000000, us % 1000000);
}

static void domain_cpu(FILE *out, const char *name, const struct domain_info *info)
{
	domain_seconds(out, name, info, domains_run_us(info));
}

static void domain_started(FILE *out, const char *name, const struct domain_info *info)
{
	domain_seconds(out, name, info, info->started_us);
}

/* By their numbers: anybody may read this, and a name would tell whose guest it is. */
static void domain_metrics(FILE *out, const struct domains *domains)
{
	static const struct {
		const char *name, *type, *help;
		void (*print)(FILE *out, const char *name, const struct domain_info *info);
	} families[] = {
		{"cloister_domain_vcpus", "gauge", "vCPUs of a protected guest", domain_vcpus},
		{"cloister_domain_started_seconds", "gauge", "Time of its creation since the launch", domain_started},
		{"cloister_domain_cpu_seconds_total", "counter", "Time that its vCPUs ran, together", domain_cpu},
		{"cloister_domain_memory_bytes", "gauge", "Its memory, by state; shared: the host's", domain_memory},
		{"cloister_domain_exits_total", "counter", "Its exits to the host", domain_exits},
		{"cloister_domain_answered_exits_total", "counter", "Its exits that the hypervisor answered itself",
		 domain_answered},
	};

	gauge(out, "cloister_domains", "Protected guests", domains->count);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		family(out, families[i].name, families[i].type, families[i].help);
		for (size_t k = 0; k < domains->count; k++)
			families[i].print(out, families[i].name, &domains->domain[k].info);
	}
}

char *metrics_text(const struct hv_stats *stats, const struct domains *domains, size_t *bytes)
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
	if (domains)
		domain_metrics(out, domains);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
