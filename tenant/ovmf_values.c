/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/ovmf_values.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/ovmf_measure.h"
#include "tenant/ovmf_platform.h"

#define KERNEL_MAX_BYTES (256u << 20)

static const char NO_KERNEL[] = "--kernel FILE is missing: a disk's boot loader and partition table are not modelled";

/* Why RTMR 0 is not asked for, or NULL. */
static const char *machine_missing(const struct guest_setup *setup, const struct guest_sources *sources)
{
	if (setup->kernel[0] == '\0')
		return NO_KERNEL;
	if (shim_machine_type(setup->machine) != SHIM_Q35)
		return setup->machine[0] == '\0' ? "--machine q35 is missing" : "OVMF is modelled on q35 only";
	if (setup->ram_bytes == 0)
		return "--memory SIZE is missing";
	return sources->run_qemu ? NULL : "--qemu --run-qemu is missing: QEMU makes the ACPI tables that OVMF measures";
}

/* Files of the owner's QEMU, to be freed. */
struct files {
	uint8_t *loader, *rsdp, *tables;
	struct ovmf_acpi acpi;
};

static void free_files(struct files *files)
{
	free(files->loader);
	free(files->rsdp);
	free(files->tables);
}

static uint8_t *take_file(struct own_qemu *qemu, const char *name, struct bytes *bytes)
{
	uint8_t *data = own_qemu_file(qemu, name, &bytes->len);

	bytes->data = data;
	return data;
}

static const char *take_files(struct own_qemu *qemu, struct files *files)
{
	const char *wrong = ovmf_platform_set_up(qemu);

	if (wrong)
		return wrong;
	/* The first one that is read has QEMU make all of them. */
	files->loader = take_file(qemu, "etc/table-loader", &files->acpi.loader);
	files->rsdp = take_file(qemu, "etc/acpi/rsdp", &files->acpi.rsdp);
	files->tables = take_file(qemu, "etc/acpi/tables", &files->acpi.tables);
	return files->loader && files->rsdp && files->tables ? NULL : "QEMU makes no ACPI tables";
}

static bool start_qemu(const struct guest_setup *setup, const struct guest_sources *sources, struct own_qemu *qemu)
{
	struct own_qemu_words words;
	struct parse_error error;

	if (!own_qemu_words_make(sources->qemu_count, sources->qemu, setup->firmware, &words, &error)) {
		fprintf(stderr, "cloister: QEMU's command line: %s: %s\n", error.where, error.what);
		return false;
	}
	const bool started = own_qemu_start(qemu, &words);

	own_qemu_words_free(&words);
	return started;
}

static bool compute_machine(const struct guest_setup *setup, const struct guest_sources *sources, struct bytes image,
			    struct guest_values *values)
{
	const char **missing = &values->missing[SHIM_RTMR_MACHINE];
	struct files files = {.loader = NULL};
	struct shim_machine machine;
	struct own_qemu qemu;

	*missing = machine_missing(setup, sources);
	if (*missing)
		return true;
	if (!shim_machine(SHIM_Q35, setup->ram_bytes, &machine)) {
		*missing = "the guest's RAM must be whole pages, of at most 512 GiB";
		return true;
	}
	if (!start_qemu(setup, sources, &qemu))
		return false;
	*missing = take_files(&qemu, &files);
	own_qemu_stop(&qemu);
	if (!*missing)
		*missing = ovmf_measure_machine(image, &machine, &files.acpi, values->rtmr[SHIM_RTMR_MACHINE]);
	free_files(&files);
	return !qemu.failed;
}

static bool compute_kernel(const struct guest_setup *setup, struct guest_values *values)
{
	struct file kernel;

	if (!file_read(setup->kernel, KERNEL_MAX_BYTES, &kernel))
		return false;
	values->missing[SHIM_RTMR_KERNEL] = ovmf_measure_kernel(file_bytes(&kernel), values->rtmr[SHIM_RTMR_KERNEL]);
	file_free(&kernel);
	return true;
}

static bool compute_boot(const struct guest_setup *setup, struct guest_values *values)
{
	const bool has_initrd = setup->initrd[0] != '\0';
	uint8_t initrd[SHA384_BYTES];

	if (has_initrd && !file_sha384(setup->initrd, initrd))
		return false;
	values->missing[SHIM_RTMR_BOOT] =
		ovmf_measure_boot(setup->command_line, has_initrd ? initrd : NULL, values->rtmr[SHIM_RTMR_BOOT]);
	return true;
}

bool ovmf_values_compute(const struct guest_setup *setup, const struct guest_sources *sources,
			 const struct guest_image *image, struct guest_values *values)
{
	values->ovmf = true;
	if (!compute_machine(setup, sources, file_bytes(&image->file), values))
		return false;
	if (setup->kernel[0] != '\0')
		return compute_kernel(setup, values) && compute_boot(setup, values);
	values->missing[SHIM_RTMR_KERNEL] = values->missing[SHIM_RTMR_BOOT] = NO_KERNEL;
	return true;
}
