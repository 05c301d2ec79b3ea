/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister guest': a guest's policy is made, looked at, compared; guest_measure.c and guest_bind.c have the rest. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/encoding.h"
#include "tenant/commands.h"
#include "tenant/guest_draft.h"
#include "tenant/guest_policy_load.h"
#include "tenant/json_diff.h"
#include "tenant/json_file.h"

#define DIFFERENT 1 /* as of diff(1) */
#define OPEN      3 /* a policy that trusts on conditions, or allows what a guest need not */

static int usage(void)
{
	fprintf(stderr,
		"usage: cloister guest policy new --name NAME --mrtd HEX --rtmr0 HEX --rtmr1 HEX --rtmr2 HEX\n"
		"                                 --max-vcpus N --output FILE [--rtmr3 HEX] [--mrconfigid HEX]\n"
		"                                 [--mrowner HEX] [--mrownerconfig HEX] [--cpuid-sha384 HEX]\n"
		"                                 [--xfam HEX] [--allow-debug] [--allow-lazy-acceptance]\n"
		"                                 [--allow-removed-pages]\n"
		"       cloister guest policy show FILE\n"
		"       cloister guest policy check FILE\n"
		"       cloister guest policy diff A B\n"
		"       cloister guest measure ...\n"
		"       cloister guest bind ...\n");
	return EXIT_USAGE;
}

/* Values of options, by which their members are set. */
enum kind { KIND_OUTPUT = 1, KIND_NAME, KIND_LIST, KIND_NUMBER, KIND_FLAG };

static const struct option NEW_OPTIONS[] = {{"output", required_argument, NULL, KIND_OUTPUT},
					    {"name", required_argument, NULL, KIND_NAME},
					    {"mrtd", required_argument, NULL, KIND_LIST},
					    {"rtmr0", required_argument, NULL, KIND_LIST},
					    {"rtmr1", required_argument, NULL, KIND_LIST},
					    {"rtmr2", required_argument, NULL, KIND_LIST},
					    {"rtmr3", required_argument, NULL, KIND_LIST},
					    {"mrconfigid", required_argument, NULL, KIND_LIST},
					    {"mrowner", required_argument, NULL, KIND_LIST},
					    {"mrownerconfig", required_argument, NULL, KIND_LIST},
					    {"cpuid-sha384", required_argument, NULL, KIND_LIST},
					    {"xfam", required_argument, NULL, KIND_LIST},
					    {"max-vcpus", required_argument, NULL, KIND_NUMBER},
					    {"allow-debug", no_argument, NULL, KIND_FLAG},
					    {"allow-lazy-acceptance", no_argument, NULL, KIND_FLAG},
					    {"allow-removed-pages", no_argument, NULL, KIND_FLAG},
					    {NULL, 0, NULL, 0}};

/* The member that an option sets. */
static void member_of(const char *option, char member[32])
{
	snprintf(member, 32, "%s", option);
	for (char *c = member; *c; c++)
		if (*c == '-')
			*c = '_';
}

static bool set_option(struct guest_draft *draft, const struct option *option)
{
	char member[32];

	member_of(option->name, member);
	switch (option->val) {
	case KIND_NAME:
		return guest_draft_set(draft, member, json_string(optarg));
	case KIND_LIST:
		return guest_draft_value(draft, member, optarg);
	case KIND_NUMBER:
		return guest_draft_number(draft, member, optarg);
	case KIND_FLAG:
		return guest_draft_set(draft, member, json_true());
	default:
		return true;
	}
}

static int make_new(int argc, char **argv)
{
	struct guest_draft draft;
	const char *output = NULL;
	int option, which;
	bool ok = guest_draft_open(&draft);

	while (ok && (option = getopt_long(argc, argv, "", NEW_OPTIONS, &which)) != -1) {
		if (option == KIND_OUTPUT)
			output = optarg;
		ok = option != '?' && set_option(&draft, &NEW_OPTIONS[which]);
	}
	const bool used = ok && optind == argc && output;
	const bool written = used && guest_draft_write(&draft, output);
	guest_draft_close(&draft);
	if (!used)
		return usage();
	return written ? 0 : EXIT_USAGE;
}

/* What a policy leaves open, or allows. */
static unsigned int print_open(const struct guest_policy *p)
{
	const struct {
		bool open;
		const char *text;
	} items[] = {
		{p->allow_debug, "allow_debug: the host may read the guest"},
		{p->allow_lazy_acceptance, "allow_lazy_acceptance: new pages need no acceptance"},
		{p->allow_removed_pages, "allow_removed_pages: the host may have taken pages away"},
	};
	unsigned int count = 0;

	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++) {
		if (!guest_policy_unchecked(p, field))
			continue;
		printf("open: %s is \"unchecked\": no guest is more than conditionally trusted (3)\n",
		       guest_hash_name(field));
		count++;
	}
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (items[i].open)
			printf("open: %s\n", items[i].text);
		count += items[i].open;
	}
	return count;
}

/* Need not be said: the hypervisor, whose image the policy of hosts names, has one CPUID table, and checks XFAM. */
static void print_any(const struct guest_policy *p)
{
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++)
		if (p->hashes[field].count == 0 && !guest_policy_unchecked(p, field))
			printf("any: %s\n", guest_hash_name(field));
	if (p->xfam.count == 0)
		printf("any: xfam\n");
}

static int check(const char *path)
{
	static struct guest_policy policy;

	if (!guest_policy_load(path, NULL, &policy))
		return EXIT_USAGE;
	print_any(&policy);
	if (print_open(&policy) > 0)
		return OPEN;
	printf("complete: nothing is open\n");
	return 0;
}

static void print_hashes(const char *name, const struct guest_hashes *hashes)
{
	char text[2 * REPORT_HASH_BYTES + 1];

	for (size_t i = 0; i < hashes->count; i++) {
		hex_encode(hashes->values[i].bytes, REPORT_HASH_BYTES, text);
		printf("%-14s %s\n", i == 0 ? name : "or", text);
	}
	if (hashes->count == 0)
		printf("%-14s any\n", name);
}

static void print_xfam(const struct guest_numbers *xfam)
{
	for (size_t i = 0; i < xfam->count; i++)
		printf("%-14s %016" PRIx64 "\n", i == 0 ? "xfam" : "or", xfam->values[i]);
	if (xfam->count == 0)
		printf("%-14s any\n", "xfam");
}

static int show(const char *path)
{
	static struct guest_policy p;

	if (!guest_policy_load(path, NULL, &p))
		return EXIT_USAGE;
	printf("%-14s %s\n", "name", p.name);
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++)
		print_hashes(guest_hash_name(field), &p.hashes[field]);
	print_xfam(&p.xfam);
	printf("%-14s %016" PRIx64 "\n", "attributes", p.attributes);
	printf("%-14s 1 to %u\n", "vCPUs", p.max_vcpus);
	printf("%-14s %u to %u\n", "vectors", p.first_vector, p.last_vector);
	print_open(&p);
	return 0;
}

static int diff(const char *first, const char *second)
{
	static struct guest_policy policy;

	if (!guest_policy_load(first, NULL, &policy) || !guest_policy_load(second, NULL, &policy))
		return EXIT_USAGE;
	json_t *a = json_file_read(first), *b = json_file_read(second);
	const bool differ = json_diff(a, b);
	json_decref(a);
	json_decref(b);
	return differ ? DIFFERENT : 0;
}

int command_guest(int argc, char **argv)
{
	const char *what = argc > 2 && strcmp(argv[1], "policy") == 0 ? argv[2] : "";
	const bool one = argc == 4 && argv[3][0] != '-';

	if (argc > 1 && strcmp(argv[1], "measure") == 0)
		return command_guest_measure(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "bind") == 0)
		return command_guest_bind(argc - 1, argv + 1);
	if (strcmp(what, "new") == 0)
		return make_new(argc - 2, argv + 2);
	if (strcmp(what, "check") == 0 && one)
		return check(argv[3]);
	if (strcmp(what, "show") == 0 && one)
		return show(argv[3]);
	if (strcmp(what, "diff") == 0 && argc == 5)
		return diff(argv[3], argv[4]);
	return usage();
}
