/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs on two CPUs, and what root's CPUs get and do meanwhile. */
#ifndef TD_CPUS_H
#define TD_CPUS_H

void test_cpus(void);

#endif
