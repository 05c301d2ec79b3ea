/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device's transfers to the pages of a domain that has begun to run. */
#ifndef TD_DEVICES_H
#define TD_DEVICES_H

#include <stdbool.h>

/* @on_amdvi: the unit records nothing (attack.h). */
void test_device_attacks(bool on_amdvi);

#endif
