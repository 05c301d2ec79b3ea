/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 'cloister guest measure': what a guest's files make of its measurements. No guest runs, and no machine is asked but
 * the owner's own.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "policy/encoding.h"
#include "policy/ovmf_measure.h"
#include "tenant/commands.h"
#include "tenant/guest_draft.h"
#include "tenant/guest_setup_load.h"
#include "tenant/guest_values.h"

#define HASH_CHARS (2 * SHIM_DIGEST_BYTES)

static const char *const FIRMWARE[] = {
	[SHIM_IMAGE_OTHER] = "other",
	[SHIM_IMAGE_UNBOUND] = "guest-shim",
	[SHIM_IMAGE_BOUND] = "guest-shim, bound",
};

struct arguments {
	struct guest_sources sources;
	const char *name, *max_vcpus, *output;
	bool json, qemu;
};

/* A register: its name, and its value or why it has none. */
struct row {
	const char *name, *missing;
	char hex[HASH_CHARS + 1];
};

enum { ROWS = 1 + GUEST_RTMRS + 3, GIVEN = 5 };

static const char *const GIVEN_NAMES[GIVEN] = {"image", "kernel", "initrd", "append", "machine"};

static int usage(void)
{
	fprintf(stderr,
		"usage: cloister guest measure --firmware FILE [--kernel FILE] [--initrd FILE] [--append TEXT]\n"
		"                              [--machine q35|microvm] [--memory SIZE] [--mrconfigid HEX]\n"
		"                              [--mrowner HEX] [--mrownerconfig HEX] [--ovmf RELEASE] [--json]\n"
		"                              [--name NAME --max-vcpus N --output FILE]\n"
		"       cloister guest measure --libvirt-xml FILE [the same]\n"
		"       cloister guest measure --qemu [--run-qemu] [the same] -- qemu-system-x86_64 ARGUMENT...\n");
	return EXIT_USAGE;
}

static void add_row(struct row *row, const char *name, const uint8_t *value, const char *missing)
{
	row->name = name;
	row->missing = missing;
	hex_encode(value, SHIM_DIGEST_BYTES, row->hex);
}

static void make_rows(const struct guest_setup *setup, const struct guest_values *values, struct row rows[ROWS])
{
	static const char *const names[GUEST_RTMRS] = {"rtmr0", "rtmr1", "rtmr2"};

	add_row(rows++, "mrtd", values->measure.mrtd, NULL);
	for (unsigned i = 0; i < GUEST_RTMRS; i++)
		add_row(rows++, names[i], values->rtmr[i], values->missing[i]);
	add_row(rows++, "mrconfigid", setup->mrconfigid, NULL);
	add_row(rows++, "mrowner", setup->mrowner, NULL);
	add_row(rows, "mrownerconfig", setup->mrownerconfig, NULL);
}

static const char *firmware_name(const struct guest_values *values)
{
	return values->ovmf ? "OVMF " OVMF_RELEASE : FIRMWARE[values->firmware];
}

/*
 * Text @i of what is measured, fit to be shown; empty if it was not given. Who takes a description from somebody else
 * sees what is in it.
 */
static const char *given(const struct guest_setup *setup, unsigned i, char clean[GUEST_SETUP_TEXT_BYTES])
{
	const char *const texts[GIVEN] = {setup->firmware, setup->kernel, setup->initrd, setup->command_line,
					  setup->machine};

	text_clean((struct bytes){(const uint8_t *)texts[i], strlen(texts[i])}, clean, GUEST_SETUP_TEXT_BYTES);
	return clean;
}

static void print_setup(const struct guest_setup *setup)
{
	char clean[GUEST_SETUP_TEXT_BYTES];

	for (unsigned i = 0; i < GIVEN; i++)
		if (given(setup, i, clean)[0] != '\0')
			printf("%-14s %s\n", GIVEN_NAMES[i], clean);
	if (setup->ram_bytes > 0)
		printf("%-14s %" PRIu64 " KiB\n", "memory", setup->ram_bytes >> 10);
	if (setup->vcpus > 0)
		printf("%-14s %" PRIu32 "\n", "vcpus", setup->vcpus);
}

static void print_text(const struct guest_setup *setup, const struct row rows[ROWS], const struct guest_values *values)
{
	print_setup(setup);
	printf("%-14s %s\n", "firmware", firmware_name(values));
	for (unsigned i = 0; i < ROWS; i++)
		printf("%-14s %s%s\n", rows[i].name, rows[i].missing ? "not computed: " : "",
		       rows[i].missing ? rows[i].missing : rows[i].hex);
	printf("%-14s %" PRIu64 " added, %" PRIu64 " of them measured\n", "pages", values->measure.pages_added,
	       values->measure.pages_extended);
}

/* What was not given is null. */
static json_t *setup_json(const struct guest_setup *setup)
{
	json_t *object = json_pack("{s:o, s:o}", "memory_bytes",
				   setup->ram_bytes > 0 ? json_integer((json_int_t)setup->ram_bytes) : json_null(),
				   "vcpus", setup->vcpus > 0 ? json_integer(setup->vcpus) : json_null());
	char clean[GUEST_SETUP_TEXT_BYTES];

	for (unsigned i = 0; i < GIVEN; i++)
		json_object_set_new(object, GIVEN_NAMES[i],
				    given(setup, i, clean)[0] != '\0' ? json_string(clean) : json_null());
	return object;
}

static void print_json(const struct guest_setup *setup, const struct row rows[ROWS], const struct guest_values *values)
{
	json_t *reasons = json_object();
	json_t *root = json_pack("{s:o, s:s, s:I, s:I, s:o}", "setup", setup_json(setup), "firmware",
				 firmware_name(values), "pages_added", (json_int_t)values->measure.pages_added,
				 "pages_measured", (json_int_t)values->measure.pages_extended, "not_computed", reasons);

	for (unsigned i = 0; i < ROWS; i++) {
		json_object_set_new(root, rows[i].name, rows[i].missing ? json_null() : json_string(rows[i].hex));
		if (rows[i].missing)
			json_object_set_new(reasons, rows[i].name, json_string(rows[i].missing));
	}
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(root);
}

/* Lazy acceptance is what guest-shim asks for, and OVMF does not. */
static bool fill_draft(struct guest_draft *draft, const struct arguments *arguments, const struct guest_setup *setup,
		       const struct guest_values *values, const struct row rows[ROWS])
{
	for (unsigned i = 0; i < ROWS; i++)
		if (!guest_draft_value(draft, rows[i].name, rows[i].hex))
			return false;
	return guest_draft_set(draft, "name", json_string(arguments->name)) &&
	       guest_draft_set(draft, "allow_lazy_acceptance", json_boolean(!values->ovmf)) &&
	       (arguments->max_vcpus ? guest_draft_number(draft, "max_vcpus", arguments->max_vcpus)
				     : guest_draft_set(draft, "max_vcpus", json_integer(setup->vcpus)));
}

static bool write_policy(const struct arguments *arguments, const struct guest_setup *setup,
			 const struct guest_values *values, const struct row rows[ROWS])
{
	struct guest_draft draft;

	for (unsigned i = 0; i < ROWS; i++) {
		if (!rows[i].missing)
			continue;
		fprintf(stderr, "cloister: %s is not written: %s is not computed: %s\n", arguments->output,
			rows[i].name, rows[i].missing);
		return false;
	}
	const bool ok = guest_draft_open(&draft) && fill_draft(&draft, arguments, setup, values, rows) &&
			guest_draft_write(&draft, arguments->output);
	guest_draft_close(&draft);
	return ok;
}

static bool read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option known[] = {{"firmware", required_argument, NULL, 'f'},
					      {"kernel", required_argument, NULL, 'k'},
					      {"initrd", required_argument, NULL, 'i'},
					      {"append", required_argument, NULL, 'a'},
					      {"machine", required_argument, NULL, 't'},
					      {"memory", required_argument, NULL, 'm'},
					      {"mrconfigid", required_argument, NULL, 'C'},
					      {"mrowner", required_argument, NULL, 'O'},
					      {"mrownerconfig", required_argument, NULL, 'P'},
					      {"libvirt-xml", required_argument, NULL, 'x'},
					      {"qemu", no_argument, NULL, 'q'},
					      {"run-qemu", no_argument, NULL, 'r'},
					      {"ovmf", required_argument, NULL, 'V'},
					      {"json", no_argument, NULL, 'j'},
					      {"name", required_argument, NULL, 'n'},
					      {"max-vcpus", required_argument, NULL, 'v'},
					      {"output", required_argument, NULL, 'o'},
					      {NULL, 0, NULL, 0}};
	struct guest_sources *s = &a->sources;
	int option;

	/* The places of the options that take an argument. */
	const struct {
		int option;
		const char **to;
	} places[] = {{'f', &s->firmware},      {'k', &s->kernel}, {'i', &s->initrd},      {'a', &s->append},
		      {'t', &s->machine},       {'m', &s->memory}, {'C', &s->mrconfigid},  {'O', &s->mrowner},
		      {'P', &s->mrownerconfig}, {'n', &a->name},   {'x', &s->libvirt_xml}, {'v', &a->max_vcpus},
		      {'o', &a->output},        {'V', &s->ovmf}};

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == '?')
			return false;
		a->json = a->json || option == 'j';
		a->qemu = a->qemu || option == 'q';
		s->run_qemu = s->run_qemu || option == 'r';
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (option == places[i].option)
				*places[i].to = optarg;
	}
	s->qemu = a->qemu ? (const char *const *)argv + optind : NULL;
	s->qemu_count = (size_t)(argc - optind);
	return true;
}

/* One description at most, and what a policy needs. */
static bool is_usable(const struct arguments *a)
{
	const struct guest_sources *s = &a->sources;

	return (s->firmware || s->libvirt_xml || s->qemu) && !(s->libvirt_xml && s->qemu) &&
	       (s->qemu != NULL) == (s->qemu_count > 0) && (s->qemu || !s->run_qemu) && !a->output == !a->name;
}

int command_guest_measure(int argc, char **argv)
{
	struct arguments arguments = {.json = false};
	static struct guest_setup setup;
	struct guest_values values;
	struct row rows[ROWS];

	if (!read_arguments(argc, argv, &arguments) || !is_usable(&arguments))
		return usage();
	if (!guest_setup_load(&arguments.sources, &setup) || !guest_values_compute(&setup, &arguments.sources, &values))
		return EXIT_USAGE;
	make_rows(&setup, &values, rows);
	if (arguments.json)
		print_json(&setup, rows, &values);
	else
		print_text(&setup, rows, &values);
	return !arguments.output || write_policy(&arguments, &setup, &values, rows) ? 0 : EXIT_USAGE;
}
