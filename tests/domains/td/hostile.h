/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that keep the CPU, the hypervisor and the host as busy as they can. */
#ifndef TD_HOSTILE_H
#define TD_HOSTILE_H

void test_hostile(void);

#endif
