/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister guest measure': what a guest's files make of its measurements. Nothing is run, and no machine is asked. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/encoding.h"
#include "policy/tdvf.h"
#include "tenant/commands.h"
#include "tenant/file.h"

#define FIRMWARE_MAX_BYTES (256u << 20)

static int usage(void)
{
	fprintf(stderr, "usage: cloister guest measure --firmware FILE [--json]\n");
	return EXIT_USAGE;
}

static void print_text(const char *mrtd, const struct tdvf_measure *measure)
{
	printf("%-8s%s\n", "MRTD", mrtd);
	printf("%-8s%" PRIu64 " added, %" PRIu64 " of them measured\n", "pages", measure->pages_added,
	       measure->pages_extended);
}

static void print_json(const char *mrtd, const struct tdvf_measure *measure)
{
	json_t *root = json_pack("{s:s, s:I, s:I}", "mrtd", mrtd, "pages_added", (json_int_t)measure->pages_added,
				 "pages_measured", (json_int_t)measure->pages_extended);

	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

static bool measure_file(const char *path, struct tdvf_measure *measure)
{
	struct file file;
	uint32_t section;

	if (!file_read(path, FIRMWARE_MAX_BYTES, &file))
		return false;
	const enum tdvf_result result = tdvf_measure(file_bytes(&file), measure, &section);

	file_free(&file);
	if (result == TDVF_BAD_SECTION)
		fprintf(stderr, "cloister: %s: section %" PRIu32 ": %s\n", path, section, tdvf_result_text(result));
	else if (result != TDVF_OK)
		fprintf(stderr, "cloister: %s: %s\n", path, tdvf_result_text(result));
	return result == TDVF_OK;
}

int command_guest_measure(int argc, char **argv)
{
	static const struct option known[] = {
		{"firmware", required_argument, NULL, 'f'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *firmware = NULL;
	struct tdvf_measure measure;
	char mrtd[2 * MRTD_BYTES + 1];
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'f')
			firmware = optarg;
		else if (option == 'j')
			json = true;
		else
			return usage();
	}
	if (!firmware || optind < argc)
		return usage();
	if (!measure_file(firmware, &measure))
		return EXIT_USAGE;
	hex_encode(measure.mrtd, sizeof(measure.mrtd), mrtd);
	(json ? print_json : print_text)(mrtd, &measure);
	return 0;
}
