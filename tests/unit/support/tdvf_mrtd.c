/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a domain of a TDVF image by the host's hypercalls, in the order in which QEMU does it, and
 * prints its MRTD.
 *
 *     tdvf_mrtd IMAGE < SECTIONS
 *
 * A line for each section: offset in the file, bytes of the file, guest-physical address, bytes of
 * memory, 1 to measure contents.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/shared/promise.h"
#include "domain_host.h"

#define PAGES  4096u
#define DOMAIN 8u /* the pages before it are records */
#define VCPU   10u

static uint32_t next_page = VCPU + DOMAIN_VCPU_PAGES;

static void must(int64_t result)
{
	if (result >= 0)
		return;
	fprintf(stderr, "a hypercall answers %" PRId64 "\n", result);
	exit(1);
}

/* The tables for @address that are missing. */
static void add_tables(struct host *host, uint64_t address)
{
	for (uint64_t level = DOMAIN_LEVEL_1GIB + 1; level-- != 0;) {
		const uint64_t span = 4096ull << (9 * (level + 1));
		const int64_t result =
			host_call(host, 0, HC_TABLE_ADD, DOMAIN, (address - address % span) | level, next_page, 0);

		if (result == HC_E_MAPPING)
			continue;
		must(result);
		next_page++;
	}
}

static void add_section(struct host *host, FILE *image, const uint64_t section[5])
{
	for (uint64_t at = 0; at < section[3]; at += PAGE_BYTES) {
		memset(host->ram, 0, PAGE_BYTES);
		if (at < section[1] && (fseek(image, (long)(section[0] + at), SEEK_SET) != 0 ||
					fread(host->ram, 1, PAGE_BYTES, image) != PAGE_BYTES))
			exit(1);
		add_tables(host, section[2] + at);
		must(host_call(host, 0, HC_PAGE_ADD, DOMAIN, (section[2] + at) | section[4], next_page++,
			       host_ram(host, 0)));
	}
}

int main(int argc, char **argv)
{
	static struct host host;
	struct domain_params params = host_params();
	union domain_object read;
	uint64_t section[5];
	FILE *const image = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (!image) {
		perror(argc == 2 ? argv[1] : "usage: tdvf_mrtd IMAGE < SECTIONS");
		return 1;
	}
	host_start(&host, PAGES);
	must(host_create(&host, &params, DOMAIN, DOMAIN + 1));
	while (scanf("%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64, &section[0], &section[1], &section[2],
		     &section[3], &section[4]) == 5)
		add_section(&host, image, section);
	must(host_call(&host, 0, HC_VCPU_CREATE, DOMAIN, VCPU, 0, 0));
	must(host_call(&host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0));
	must(domain_read(&host.cpu[0], HV_OBJECT_DOMAIN | (uint64_t)DOMAIN << 32, &read) - (int64_t)sizeof(read.info));
	for (unsigned i = 0; i < sizeof(read.info.mrtd); i++)
		printf("%02x", read.info.mrtd[i]);
	printf("\n");
	return 0;
}
