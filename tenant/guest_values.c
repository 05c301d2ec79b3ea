/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/guest_values.h"

#include <stdio.h>

#include "policy/ovmf_measure.h"
#include "tenant/guest_files.h"
#include "tenant/ovmf_values.h"

static const char OTHER_FIRMWARE[] =
	"not guest-shim: if it is OVMF of edk2 " OVMF_RELEASE ", say so by --ovmf " OVMF_RELEASE;

static bool fail(const char *path, const char *what)
{
	fprintf(stderr, "cloister: %s: %s\n", path, what);
	return false;
}

static bool compute_machine(const struct guest_setup *setup, struct guest_values *values)
{
	const enum shim_machine_type type = shim_machine_type(setup->machine);
	struct shim_machine machine;

	if (!type)
		values->missing[SHIM_RTMR_MACHINE] = setup->machine[0] == '\0'
							     ? "--machine q35 or microvm is missing"
							     : "guest-shim runs on q35 and microvm only";
	else if (setup->ram_bytes == 0)
		values->missing[SHIM_RTMR_MACHINE] = "--memory SIZE is missing";
	if (values->missing[SHIM_RTMR_MACHINE])
		return true;
	if (!shim_machine(type, setup->ram_bytes, &machine))
		return fail("the guest's RAM", "must be whole pages, of at most 512 GiB");
	shim_measure_machine(&machine, values->rtmr[SHIM_RTMR_MACHINE]);
	return true;
}

/* A bound image starts nothing else. */
static bool is_as_bound(const struct shim_binding *bound, const struct shim_binding *found, const char *firmware)
{
	if (memcmp(bound->kernel, found->kernel, SHIM_DIGEST_BYTES) != 0)
		return fail(firmware, "is bound to another kernel, and would not start this one");
	if (memcmp(bound->command_line, found->command_line, SHIM_DIGEST_BYTES) != 0)
		return fail(firmware, "is bound to another command line, and would not start with this one");
	if (memcmp(bound->initrd, found->initrd, SHIM_DIGEST_BYTES) != 0)
		return fail(firmware, "is bound to another initrd, and would not start with this one");
	return true;
}

static bool compute_boot(const struct guest_setup *setup, const struct guest_image *image, struct guest_values *values)
{
	struct shim_binding digests = image->binding;

	if (setup->kernel[0] == '\0' && image->kind != SHIM_IMAGE_BOUND) {
		values->missing[SHIM_RTMR_KERNEL] = values->missing[SHIM_RTMR_BOOT] = "--kernel FILE is missing";
		return true;
	}
	if (setup->kernel[0] != '\0' && !guest_files_hash(setup->kernel, setup->initrd, setup->command_line, &digests))
		return false;
	if (image->kind == SHIM_IMAGE_BOUND && !is_as_bound(&image->binding, &digests, setup->firmware))
		return false;
	shim_measure_boot(&digests, values->rtmr[SHIM_RTMR_KERNEL], values->rtmr[SHIM_RTMR_BOOT]);
	return true;
}

static bool compute_registers(const struct guest_setup *setup, const struct guest_sources *sources,
			      const struct guest_image *image, struct guest_values *values)
{
	if (image->kind != SHIM_IMAGE_OTHER && sources->ovmf)
		return fail(setup->firmware, "is guest-shim, and no OVMF: leave out --ovmf");
	if (image->kind != SHIM_IMAGE_OTHER)
		return compute_machine(setup, values) && compute_boot(setup, image, values);
	if (sources->ovmf)
		return ovmf_values_compute(setup, sources, image, values);
	for (unsigned i = 0; i < GUEST_RTMRS; i++)
		values->missing[i] = OTHER_FIRMWARE;
	return true;
}

bool guest_values_compute(const struct guest_setup *setup, const struct guest_sources *sources,
			  struct guest_values *values)
{
	struct guest_image image;

	if (!guest_image_read(setup->firmware, &image))
		return false;
	*values = (struct guest_values){.firmware = image.kind, .measure = image.measure};
	const bool ok = compute_registers(setup, sources, &image, values);

	file_free(&image.file);
	return ok;
}
