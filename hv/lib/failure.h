/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An error on its way to the loader, with the place that it concerns. */
#ifndef CLOISTER_LIB_FAILURE_H
#define CLOISTER_LIB_FAILURE_H

#include "cloister/errors.h"

#define fails(e)         ((struct hv_failure){.error = (e), .cpu = HV_NO_CPU})
#define fails_at(e, at)  ((struct hv_failure){.error = (e), .cpu = HV_NO_CPU, .where = (at)})
#define fails_on(e, who) ((struct hv_failure){.error = (e), .cpu = (who)})

#endif
