/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloisterctl domains: a table of the protected guests, as JSON, or again and again. */
#include "cloisterctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "domains.h"

#define PAGE_KIB      4u
#define WATCH_SECONDS 2
#define CLEAR         "\033[H\033[2J"

/* All domains at one time, and those of the look before, where there was one. */
struct look {
	uint64_t uptime_us;
	struct domains domains;
};

static void print_size(uint64_t pages)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	uint64_t size = pages * PAGE_KIB;
	unsigned unit = 0;

	for (; size > 9999 && unit < 3; unit++)
		size /= 1024;
	printf(" %4" PRIu64 " %s", size, units[unit]);
}

static void print_row(const struct known_domain *domain, uint64_t uptime_us)
{
	const struct domain_info *const info = &domain->info;
	const uint64_t run = domains_run_us(info) / 10000, seconds = (uptime_us - info->started_us) / 1000000;

	printf("%-12s %6" PRIu32 " %7d %-8s %5" PRIu32, domain->name[0] != '\0' ? domain->name : "-", info->domain,
	       (int)domain->vmm, domains_state_name(info->state), info->vcpus);
	print_size(info->private_pages);
	print_size(info->pending_pages);
	print_size(info->shared_pages);
	print_size(info->tables);
	printf(" %6" PRIu64 ".%02" PRIu64 " s %3" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "\n", run / 100, run % 100,
	       seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* Those there were since @before, which has zeros for all of them; for a second where @interval_us is not 0. */
static void print_exits(const struct domain_info *info, const struct domain_info *before, uint64_t interval_us)
{
	const uint64_t scale = interval_us != 0 ? 1000000 : 1, per = interval_us != 0 ? interval_us : 1;

	printf("  exits%s: answered %" PRIu64, interval_us != 0 ? " a second" : "",
	       (info->answered - before->answered) * scale / per);
	for (unsigned kind = 0; kind < DOMAIN_EXIT_KINDS; kind++) {
		const uint64_t count = info->exits[kind] - before->exits[kind];

		if (count != 0)
			printf(", %s %" PRIu64, domains_exit_name(kind), count * scale / per);
	}
	if (interval_us != 0)
		printf("; CPU %" PRIu64 " %%", (domains_run_us(info) - domains_run_us(before)) * 100 / interval_us);
	putchar('\n');
}

/* The same domain, and no other that has got its number; null: it is new. */
static const struct domain_info *find_before(const struct look *before, const struct domain_info *info)
{
	for (size_t i = 0; i < before->domains.count; i++) {
		const struct domain_info *const old = &before->domains.domain[i].info;

		if (old->domain == info->domain && old->started_us == info->started_us)
			return old;
	}
	return NULL;
}

static void print_table(const struct look *look, const struct look *before)
{
	static const struct domain_info none;

	if (look->domains.count == 0)
		puts("no domains");
	else
		printf("%-12s %6s %7s %-8s %5s %8s %8s %8s %8s %11s %9s\n", "NAME", "DOMAIN", "PID", "STATE", "VCPUS",
		       "PRIVATE", "PENDING", "SHARED", "TABLES", "CPU TIME", "UPTIME");
	for (size_t i = 0; i < look->domains.count; i++) {
		const struct known_domain *const domain = &look->domains.domain[i];
		const struct domain_info *const old = find_before(before, &domain->info);

		print_row(domain, look->uptime_us);
		print_exits(&domain->info, old ? old : &none, old ? look->uptime_us - before->uptime_us : 0);
	}
}

static json_t *json_bytes(uint64_t pages)
{
	return json_number(pages * PAGE_KIB * 1024);
}

static json_t *json_mrtd(const struct domain_info *info)
{
	char hex[2 * sizeof(info->mrtd) + 1];

	for (size_t i = 0; i < sizeof(info->mrtd); i++)
		snprintf(hex + 2 * i, 3, "%02x", info->mrtd[i]);
	return json_string(hex);
}

static json_t *json_domain(const struct known_domain *domain, uint64_t uptime_us)
{
	const struct domain_info *const info = &domain->info;
	json_t *const exits = json_object();

	for (unsigned kind = 0; kind < DOMAIN_EXIT_KINDS; kind++)
		json_object_set_new(exits, domains_exit_name(kind), json_number(info->exits[kind]));
	return json_pack("{s:o, s:s?, s:o?, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "domain", json_number(info->domain), "name", domain->name[0] != '\0' ? domain->name : NULL,
			 "pid", domain->vmm != 0 ? json_number((uint64_t)domain->vmm) : NULL, "state",
			 domains_state_name(info->state), "vcpus", json_number(info->vcpus), "max_vcpus",
			 json_number(info->params.max_vcpus), "pool_bytes", json_bytes(info->pages), "private_bytes",
			 json_bytes(info->private_pages), "pending_bytes", json_bytes(info->pending_pages),
			 "shared_bytes", json_bytes(info->shared_pages), "tables_bytes", json_bytes(info->tables),
			 "started_us", json_number(info->started_us), "uptime_us",
			 json_number(uptime_us - info->started_us), "run_us", json_number(domains_run_us(info)),
			 "exits", exits, "answered", json_number(info->answered), "mrtd", json_mrtd(info));
}

static enum exit_code print_as_json(const struct look *look)
{
	json_t *const root = json_array();

	for (size_t i = 0; i < look->domains.count; i++)
		json_array_append_new(root, json_domain(&look->domains.domain[i], look->uptime_us));
	return print_json(root);
}

/* @look: its domains are to be freed */
static enum exit_code take_look(int device, struct look *look)
{
	struct hv_stats stats;
	int error = domains_read(device, &look->domains);

	if (!error)
		error = device_stats(device, &stats); /* after it, so that each domain started before */
	if (error)
		return failed("domains", error);
	domains_find_vmms(device, &look->domains);
	look->uptime_us = stats.uptime_us;
	if (stats.pool_bytes != 0)
		return EXIT_DONE;
	fputs("cloisterctl: domains: the hypervisor has no pool for them: set pool_mib in cloister.conf\n", stderr);
	return EXIT_FAILED;
}

/* Until a signal, or an error. Nobody watches a file: there it is one look. */
static enum exit_code watch(int device)
{
	const struct timespec pause = {.tv_sec = WATCH_SECONDS};
	struct look look = {0}, before = {0};
	enum exit_code code;

	while ((code = take_look(device, &look)) == EXIT_DONE) {
		if (isatty(STDOUT_FILENO))
			fputs(CLEAR, stdout);
		print_table(&look, &before);
		if (!isatty(STDOUT_FILENO) || fflush(stdout) != 0)
			break;
		domains_free(&before.domains);
		before = look;
		nanosleep(&pause, NULL);
	}
	domains_free(&look.domains);
	domains_free(&before.domains);
	return code;
}

enum exit_code run_domains(int device, const struct arguments *arguments)
{
	struct look look = {0};
	enum exit_code code;

	if (arguments->watch)
		return watch(device);
	code = take_look(device, &look);
	if (code == EXIT_DONE && arguments->json)
		code = print_as_json(&look);
	else if (code == EXIT_DONE)
		print_table(&look, &(struct look){0});
	domains_free(&look.domains);
	return code;
}
