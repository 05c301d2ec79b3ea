/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor needs of any CPU. */
#ifndef HV_CPU_FEATURES_H
#define HV_CPU_FEATURES_H

#include "cloister/errors.h"

/* x2APIC, 1 GiB pages, NX, SMEP, SMAP, XSAVE. Returns HV_OK or the error that names what is missing. */
enum hv_error cpu_features_check(void);

#endif
