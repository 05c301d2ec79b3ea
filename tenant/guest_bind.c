/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister guest bind': a copy of guest-shim that starts one kernel, initrd and command line only. */
#include <getopt.h>
#include <stdio.h>

#include "policy/encoding.h"
#include "tenant/commands.h"
#include "tenant/guest_files.h"

static int usage(void)
{
	fprintf(stderr, "usage: cloister guest bind --firmware FILE --kernel FILE [--initrd FILE] [--append TEXT]\n"
			"                           --output FILE\n");
	return EXIT_USAGE;
}

static bool can_be_bound(const char *path, enum shim_image kind)
{
	if (kind == SHIM_IMAGE_UNBOUND)
		return true;
	fprintf(stderr, "cloister: %s: %s\n", path,
		kind == SHIM_IMAGE_BOUND ? "is bound already: take the image as it was built"
					 : "is not guest-shim, so nothing can be bound into it");
	return false;
}

/* Binds the image; what is bound counts only if it is measured. */
static bool fill(const char *path, struct guest_image *image, const struct shim_binding *binding)
{
	struct tdvf_measure measure;

	memcpy(image->file.data + image->binding_at, binding, sizeof(*binding));
	if (!guest_image_measure(path, file_bytes(&image->file), &measure))
		return false;
	if (memcmp(measure.mrtd, image->measure.mrtd, MRTD_BYTES) == 0) {
		fprintf(stderr, "cloister: %s: its binding lies in no page that is measured: build the image again\n",
			path);
		return false;
	}
	image->measure = measure;
	return true;
}

static bool bind_image(const char *firmware, const struct shim_binding *binding, const char *output)
{
	char mrtd[2 * MRTD_BYTES + 1];
	struct guest_image image;

	if (!guest_image_read(firmware, &image))
		return false;
	const bool ok = can_be_bound(firmware, image.kind) && fill(firmware, &image, binding) &&
			file_write(output, file_bytes(&image.file));
	file_free(&image.file);
	hex_encode(image.measure.mrtd, MRTD_BYTES, mrtd);
	if (ok)
		printf("%-14s %s\n", "mrtd", mrtd);
	return ok;
}

int command_guest_bind(int argc, char **argv)
{
	static const struct option known[] = {
		{"firmware", required_argument, NULL, 'f'}, {"kernel", required_argument, NULL, 'k'},
		{"initrd", required_argument, NULL, 'i'},   {"append", required_argument, NULL, 'a'},
		{"output", required_argument, NULL, 'o'},   {NULL, 0, NULL, 0}};
	const char *firmware = NULL, *kernel = NULL, *initrd = "", *append = "", *output = NULL;
	struct shim_binding binding;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'f')
			firmware = optarg;
		else if (option == 'k')
			kernel = optarg;
		else if (option == 'i')
			initrd = optarg;
		else if (option == 'a')
			append = optarg;
		else if (option == 'o')
			output = optarg;
		else
			return usage();
	}
	if (!firmware || !kernel || !output || optind < argc)
		return usage();
	return guest_files_hash(kernel, initrd, append, &binding) && bind_image(firmware, &binding, output)
		       ? 0
		       : EXIT_USAGE;
}
