/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister hosts': what is known of them. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "policy/encoding.h"
#include "tenant/commands.h"
#include "tenant/hosts.h"

static void complain(const char *what, const char *value)
{
	fprintf(stderr, "cloister hosts: %s%s%s\ntry 'cloister --help'\n", what, value ? ": " : "", value ? value : "");
}

static bool print_line(const struct enrolled *host, void *context)
{
	(void)context;
	if (host->by_policy)
		printf("%-24s pinned by a policy, not enrolled\n", host->name);
	else
		printf("%-24s enrolled %s  %s\n", host->name, host->enrolled, host->subject);
	return true;
}

static void print_hex(const char *name, const void *data, size_t len)
{
	char text[2 * TPM_NAME_BYTES + 1];

	hex_encode(data, len, text);
	printf("%-20s%s\n", name, text);
}

static void print_memory(const struct host_memory *m)
{
	if (!m->seen) {
		printf("%-20snot yet\n", "seen");
		return;
	}
	printf("%-20sTPM resets %u, restarts %u, clock %llu ms, firmware %016llx, policy serial %llu\n", "last seen",
	       m->reset_count, m->restart_count, (unsigned long long)m->clock_ms,
	       (unsigned long long)m->firmware_version, (unsigned long long)m->policy_serial);
	print_hex("boot id", m->boot_id, sizeof(m->boot_id));
}

static void print_host(const struct enrolled *host)
{
	printf("%-20s%s\n%-20s%s\n", "host", host->name, "enrolled",
	       host->by_policy ? "no: pinned by a policy" : host->enrolled);
	if (!host->by_policy) {
		printf("%-20s%s\n%-20s%s\n%-20s%s\n", "TPM", host->subject, "certified by", host->issuer, "root",
		       host->root);
		print_hex("certificate SHA-256", host->certificate.bytes, SHA256_BYTES);
		print_hex("key SHA-256", host->key.bytes, SHA256_BYTES);
		print_hex("endorsement key", host->ek_name.bytes, TPM_NAME_BYTES);
	}
	print_hex("attestation key", host->ak_name.bytes, TPM_NAME_BYTES);
	print_memory(&host->memory);
}

static int list(const char *store)
{
	return hosts_each(store, NULL, print_line, NULL) == HOSTS_BAD ? EXIT_USAGE : 0;
}

static int show_or_forget(const char *store, const char *verb, const char *name)
{
	struct enrolled host;
	const bool show = strcmp(verb, "show") == 0;
	const enum hosts_result result = show ? hosts_read(store, name, &host) : hosts_forget(store, name);

	if (result == HOSTS_NONE)
		fprintf(stderr, "cloister: %s is not in %s\n", name, store);
	if (result == HOSTS_FOUND && show)
		print_host(&host);
	else if (result == HOSTS_FOUND)
		printf("%s is forgotten\n", name);
	return result == HOSTS_FOUND ? 0 : EXIT_USAGE;
}

int command_hosts(int argc, char **argv)
{
	static const struct option known[] = {{"store", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	static char own_name[] = "cloister hosts";
	const char *store = hosts_default_folder();
	char name[HOST_NAME_MAX_CHARS + 1];
	int option, code = EXIT_USAGE;

	argv[0] = own_name; /* for getopt_long's messages */
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option != 's')
			return EXIT_USAGE;
		store = optarg;
	}
	const char *verb = optind < argc ? argv[optind] : "";
	const int names = argc - optind - 1;
	if (!store)
		complain("there is no home folder: give --store DIR", NULL);
	else if (strcmp(verb, "list") == 0 && names == 0)
		code = list(store);
	else if ((strcmp(verb, "show") != 0 && strcmp(verb, "forget") != 0) || names != 1)
		complain("list, show HOST or forget HOST", NULL);
	else if (!host_name_take(argv[optind + 1], name))
		complain("not the name of a host", argv[optind + 1]);
	else
		code = show_or_forget(store, verb, name);
	return fflush(stdout) == 0 && !ferror(stdout) ? code : EXIT_USAGE;
}
