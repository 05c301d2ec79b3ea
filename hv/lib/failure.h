/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An error on its way to the loader, with the place that it concerns. */
#ifndef CLOISTER_LIB_FAILURE_H
#define CLOISTER_LIB_FAILURE_H

#include "cloister/errors.h"

static inline struct hv_failure fails(enum hv_error error)
{
	return (struct hv_failure){.error = error, .cpu = HV_NO_CPU};
}

static inline struct hv_failure fails_at(enum hv_error error, uint64_t where)
{
	return (struct hv_failure){.error = error, .cpu = HV_NO_CPU, .where = where};
}

static inline struct hv_failure fails_on(enum hv_error error, uint32_t cpu)
{
	return (struct hv_failure){.error = error, .cpu = cpu};
}

#endif
