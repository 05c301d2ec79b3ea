/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister policy': a tenant's policy is made, looked at, signed and compared. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/date.h"
#include "policy/encoding.h"
#include "policy/policy_file.h"
#include "tenant/reference/sign.h"
#include "tenant/commands.h"
#include "tenant/file.h"
#include "tenant/json_diff.h"
#include "tenant/json_file.h"

#define DIFFERENT 1 /* as of diff(1) */
#define OPEN      3 /* a policy that is not filled in, or trusts on conditions */

static int usage(void)
{
	fprintf(stderr, "usage: cloister policy new --from FILE --output FILE [--serial N] [--not-before TIME]\n"
			"                           [--not-after TIME] [--firmware RULES]... [--firmware-unchecked]\n"
			"                           [--ak-name HEX]...\n"
			"       cloister policy show FILE\n"
			"       cloister policy check FILE\n"
			"       cloister policy sign FILE --key PEM\n"
			"       cloister policy diff A B\n");
	return EXIT_USAGE;
}

/* A policy that verify would take, but for its dates and its signature. */
static bool load(const char *path, struct policy *policy)
{
	struct parse_error error;
	struct file file;

	if (!file_read(path, POLICY_MAX_BYTES, &file))
		return false;
	const bool ok = policy_parse(file_bytes(&file), policy, &error);
	file_free(&file);
	if (!ok)
		fprintf(stderr, "cloister: %s: not a policy that this version can use: %s%s%s\n", path, error.where,
			error.where[0] ? " " : "", error.what);
	return ok;
}

static bool complain(const char *what, const char *value)
{
	fprintf(stderr, "cloister: %s: %s\n", value, what);
	return false;
}

static bool set_serial(json_t *root, const char *text)
{
	char *end;
	const long long serial = strtoll(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || serial == LLONG_MAX)
		return complain("a serial is a whole number", text);
	return json_object_set_new(root, "serial", json_integer(serial)) == 0;
}

static bool add_firmware(json_t *root, const char *path)
{
	json_t *rules = json_file_read(path);

	if (!rules)
		return false;
	if (!json_is_array(json_object_get(root, "firmware")))
		json_object_set_new(root, "firmware", json_array());
	return json_array_append_new(json_object_get(root, "firmware"), rules) == 0;
}

static bool add_ak_name(json_t *root, const char *text)
{
	json_t *names = json_object_get(json_object_get(root, "identity"), "ak_names");

	return json_array_append_new(names, json_string(text)) == 0 || complain("is no name of a key", text);
}

static bool set_option(json_t *root, int option, const char *value)
{
	switch (option) {
	case 's':
		return set_serial(root, value);
	case 'b':
		return json_object_set_new(root, "not_before", json_string(value)) == 0;
	case 'a':
		return json_object_set_new(root, "not_after", json_string(value)) == 0;
	case 'r':
		return add_firmware(root, value);
	case 'u':
		return json_object_set_new(root, "firmware", json_string("unchecked")) == 0;
	case 'k':
		return add_ak_name(root, value);
	default:
		return true;
	}
}

static const struct option NEW_OPTIONS[] = {{"from", required_argument, NULL, 'f'},
					    {"output", required_argument, NULL, 'o'},
					    {"serial", required_argument, NULL, 's'},
					    {"not-before", required_argument, NULL, 'b'},
					    {"not-after", required_argument, NULL, 'a'},
					    {"firmware", required_argument, NULL, 'r'},
					    {"ak-name", required_argument, NULL, 'k'},
					    {"firmware-unchecked", no_argument, NULL, 'u'},
					    {NULL, 0, NULL, 0}};

/* The files, and whether every option is known. */
static bool find_files(int argc, char **argv, const char **from, const char **output)
{
	int option;

	*from = *output = NULL;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", NEW_OPTIONS, NULL)) != -1) {
		if (option == '?')
			return false;
		if (option == 'f')
			*from = optarg;
		if (option == 'o')
			*output = optarg;
	}
	return optind == argc && *from && *output;
}

/* Nothing is written that verify would not read. */
static bool is_readable(const json_t *root, const char *output)
{
	static struct policy policy;
	struct parse_error error;
	char *text = json_dumps(root, 0);
	const bool ok = text && policy_parse((struct bytes){(const uint8_t *)text, strlen(text)}, &policy, &error);

	if (!ok)
		fprintf(stderr, "cloister: %s is not written: %s %s\n", output, text ? error.where : "",
			text ? error.what : "out of memory");
	free(text);
	policy_free(&policy);
	return ok;
}

static int make_new(int argc, char **argv)
{
	static struct policy before;
	const char *from, *output;
	int option;

	if (!find_files(argc, argv, &from, &output))
		return usage();
	if (!load(from, &before))
		return EXIT_USAGE;
	policy_free(&before);
	json_t *root = json_file_read(from);
	bool ok = root != NULL;
	optind = 1;
	while (ok && (option = getopt_long(argc, argv, "", NEW_OPTIONS, NULL)) != -1)
		ok = set_option(root, option, optarg);
	ok = ok && is_readable(root, output) && json_file_write(output, root);
	json_decref(root);
	return ok ? 0 : EXIT_USAGE;
}

/* What a policy leaves open, or lets pass on a condition. */
static unsigned int print_open(const struct policy *p)
{
	const struct {
		bool open;
		const char *text;
	} items[] = {
		{p->serial == 0, "serial is 0: number the policy, to tell it from earlier ones"},
		{!p->not_after.is_set, "not_after is null: the policy never ends"},
		{!p->firmware_unchecked && p->firmware_count == 0,
		 "firmware is empty: every host is refused (17); see cloister firmware learn"},
		{p->firmware_unchecked, "firmware is \"unchecked\": no host is more than conditionally trusted (3)"},
		{p->ak_name_count == 0, "identity.ak_names is empty: a host that is not enrolled is not trusted (23)"},
		{p->allow_debug, "allow_debug: a debug image writes what guests do to its serial port"},
		{p->allow_weak_binding, "allow_weak_binding: software could present a launch that never was"},
		{p->allow_no_tpm, "allow_no_tpm: for development only"},
		{p->allow_smt_exposed, "allow_smt_exposed: a sibling thread could read the hypervisor's key"},
		{!p->require_dma_remapping, "require_dma_remapping is false: devices may reach all memory"},
		{!p->require_floor_closed, "require_floor_closed is false: the platform's registers may be open"},
	};
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (items[i].open)
			printf("open: %s\n", items[i].text);
		count += items[i].open;
	}
	return count;
}

static bool print_dates(const struct policy *p)
{
	char text[DATE_BYTES] = "no limit";
	const enum policy_time when = policy_at(p, (int64_t)time(NULL));

	if (p->not_before.is_set)
		date_text(p->not_before.seconds, text);
	printf("in force from %s ", text);
	snprintf(text, sizeof(text), "no limit");
	if (p->not_after.is_set)
		date_text(p->not_after.seconds, text);
	printf("to %s%s\n", text,
	       when == POLICY_IN_FORCE  ? ""
	       : when == POLICY_EXPIRED ? ": EXPIRED"
					: ": NOT YET IN FORCE");
	return when == POLICY_IN_FORCE;
}

static int check(const char *path)
{
	static struct policy p;

	if (!load(path, &p))
		return EXIT_USAGE;
	const bool in_force = print_dates(&p);
	const unsigned int open = print_open(&p);
	policy_free(&p);
	if (!open && in_force)
		printf("complete: nothing is open\n");
	if (!in_force)
		return EXIT_USAGE; /* as verify would say */
	return open ? OPEN : 0;
}

static void print_digest(const char *what, const char *name, struct digest digest, const char *more)
{
	char text[2 * SHA256_BYTES + 1];

	hex_encode(digest.bytes, SHA256_BYTES, text);
	printf("%-14s %s%s\n               %s\n", what, name, more, text);
}

static void print_references(const struct policy *p)
{
	char more[64];

	for (size_t i = 0; i < p->loader_count; i++)
		print_digest("loader", p->loader[i].name, p->loader[i].authenticode, "");
	for (size_t i = 0; i < p->before_loader_count; i++)
		print_digest("before it", p->before_loader[i].name, p->before_loader[i].authenticode,
			     p->before_loader[i].role == PROGRAM_SHIM ? ", shim" : ", a program of the firmware");
	for (size_t i = 0; i < p->image_count; i++) {
		snprintf(more, sizeof(more), " %s, svn %u%s", p->image[i].version_text, p->image[i].svn,
			 p->image[i].debug ? ", debug" : "");
		print_digest("hypervisor", p->image[i].name, p->image[i].sha256, more);
	}
	for (size_t i = 0; i < p->config_count; i++)
		print_digest("config", p->config[i].name, p->config[i].sha256, "");
}

static int show(const char *path)
{
	static struct policy p;
	char name[2 * TPM_NAME_BYTES + 1];

	if (!load(path, &p))
		return EXIT_USAGE;
	printf("serial %llu, ", (unsigned long long)p.serial);
	print_dates(&p);
	print_references(&p);
	printf("%-14s %u or higher\n", "svn", p.minimum_svn);
	for (size_t i = 0; i < p.firmware_count; i++)
		printf("%-14s %s: TPM started from locality %u, %zu events of its code, %zu drivers, Secure Boot %s\n",
		       "firmware", p.firmware[i].model, p.firmware[i].startup_locality, p.firmware[i].pcr0.count,
		       p.firmware[i].pcr2.count,
		       p.firmware[i].secure_boot == SECURE_BOOT_ON    ? "on"
		       : p.firmware[i].secure_boot == SECURE_BOOT_OFF ? "off"
								      : "on or off");
	for (size_t i = 0; i < p.ak_name_count; i++) {
		hex_encode(p.ak_names[i].bytes, TPM_NAME_BYTES, name);
		printf("%-14s %s\n", "key", name);
	}
	print_open(&p);
	policy_free(&p);
	return 0;
}

static int sign(int argc, char **argv)
{
	static struct policy policy;
	uint8_t signature[SIGN_MAX_BYTES];
	char path[PATH_MAX], folder[PATH_MAX];
	struct file file;
	size_t len;

	if (argc != 4 || strcmp(argv[2], "--key") != 0 || argv[1][0] == '-')
		return usage();
	if (!load(argv[1], &policy) || !file_read(argv[1], POLICY_MAX_BYTES, &file))
		return EXIT_USAGE;
	policy_free(&policy);
	const char *wrong = sign_deterministic(argv[3], file_bytes(&file), signature, &len);
	file_free(&file);
	if (wrong)
		return complain(wrong, argv[3]) ? 0 : EXIT_USAGE;
	const char *slash = strrchr(argv[1], '/');
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - argv[1]) : 1, slash ? argv[1] : ".");
	snprintf(path, sizeof(path), "%s.sig", slash ? slash + 1 : argv[1]);
	return file_write_in(folder[0] ? folder : "/", path, (struct bytes){signature, len}) ? 0 : EXIT_USAGE;
}

static int diff(const char *first, const char *second)
{
	static struct policy p;

	if (!load(first, &p))
		return EXIT_USAGE;
	policy_free(&p);
	if (!load(second, &p))
		return EXIT_USAGE;
	policy_free(&p);
	json_t *a = json_file_read(first), *b = json_file_read(second);
	const bool differ = json_diff(a, b);
	json_decref(a);
	json_decref(b);
	return differ ? DIFFERENT : 0;
}

int command_policy(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const bool one = argc == 3 && argv[2][0] != '-';

	if (strcmp(what, "new") == 0)
		return make_new(argc - 1, argv + 1);
	if (strcmp(what, "check") == 0 && one)
		return check(argv[2]);
	if (strcmp(what, "show") == 0 && one)
		return show(argv[2]);
	if (strcmp(what, "sign") == 0)
		return sign(argc - 1, argv + 1);
	if (strcmp(what, "diff") == 0 && argc == 4)
		return diff(argv[2], argv[3]);
	return usage();
}
