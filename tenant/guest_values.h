/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest measures, computed from its files. Nothing is run, and no machine is asked. */
#ifndef TENANT_GUEST_VALUES_H
#define TENANT_GUEST_VALUES_H

#include "policy/guest_setup.h"
#include "policy/shim_measure.h"
#include "policy/tdvf.h"

#define GUEST_RTMRS 3u

struct guest_values {
	enum shim_image firmware;
	struct tdvf_measure measure;
	uint8_t rtmr[GUEST_RTMRS][SHIM_DIGEST_BYTES];
	const char *missing[GUEST_RTMRS]; /* why a register is not computed; NULL: it is */
};

/** Reads the guest's files. On failure says why on standard error. */
bool guest_values_compute(const struct guest_setup *setup, struct guest_values *values);

#endif
