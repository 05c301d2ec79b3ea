/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest with OVMF measures: RTMR 0 to 2, where QEMU starts it by -kernel (policy/ovmf_measure.h). */
#ifndef TENANT_OVMF_VALUES_H
#define TENANT_OVMF_VALUES_H

#include "tenant/guest_files.h"
#include "tenant/guest_values.h"

/** Adds the registers to 'values', or why there are none. On failure says why on standard error. */
bool ovmf_values_compute(const struct guest_setup *setup, const struct guest_sources *sources,
			 const struct guest_image *image, struct guest_values *values);

#endif
