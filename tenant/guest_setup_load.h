/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a guest is to be started: by the VMM's own description, by options, or both. */
#ifndef TENANT_GUEST_SETUP_LOAD_H
#define TENANT_GUEST_SETUP_LOAD_H

#include "policy/guest_setup.h"

/* What is NULL was not given. */
struct guest_sources {
	const char *libvirt_xml; /* a file */
	const char *const *qemu; /* QEMU and its arguments */
	size_t qemu_count;       /* of them */
	const char *ovmf;        /* its release, where the firmware is OVMF */
	bool run_qemu;           /* have QEMU make its tables */
	const char *firmware, *kernel, *initrd, *append, *memory, *machine, *mrconfigid, *mrowner, *mrownerconfig;
};

/** Options take the place of what the description says. On failure says why on standard error. */
bool guest_setup_load(const struct guest_sources *sources, struct guest_setup *setup);

#endif
