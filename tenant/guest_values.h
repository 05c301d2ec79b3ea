/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest measures, computed from its files; with OVMF also from the ACPI tables that the owner's QEMU makes. */
#ifndef TENANT_GUEST_VALUES_H
#define TENANT_GUEST_VALUES_H

#include "policy/guest_setup.h"
#include "policy/shim_measure.h"
#include "policy/tdvf.h"
#include "tenant/guest_setup_load.h"

#define GUEST_RTMRS 3u

struct guest_values {
	enum shim_image firmware;
	bool ovmf; /* the firmware is none of these, and the owner says that it is OVMF */
	struct tdvf_measure measure;
	uint8_t rtmr[GUEST_RTMRS][SHIM_DIGEST_BYTES];
	const char *missing[GUEST_RTMRS]; /* why a register is not computed; NULL: it is */
};

/** Reads the guest's files. On failure says why on standard error. */
bool guest_values_compute(const struct guest_setup *setup, const struct guest_sources *sources,
			  struct guest_values *values);

#endif
