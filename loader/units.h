/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMA remapping units that the firmware has on, and drivers that go on programming them. */
#ifndef LOADER_UNITS_H
#define LOADER_UNITS_H

#include "failure.h"

#include <cloister/boot_info.h>

/**
 * A unit that is on is taken over, and its registers are then absent. A driver of the firmware that goes on programming
 * it would silently stop the machine: refuses the launch where there is one (EDKII_IOMMU_PROTOCOL).
 * @dma: units whose registers the hypervisor has checked
 */
bool units_check_driver(const struct boot_dma *dma, struct failure *failure);

#endif
