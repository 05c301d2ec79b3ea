/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest: what all of its vCPUs share. */
#ifndef CLOISTER_VCPU_DOMAIN_H
#define CLOISTER_VCPU_DOMAIN_H

#include "memory/stage2.h"

struct domain {
	struct stage2 stage2;
	paddr_t io_map, msr_map; /* which ports and registers exit: vcpu_build_maps() */
};

#endif
