/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine whose remapping units report nothing. */
#include "hv/iommu/iommu.h"
#include "hv/machine/machine.h"

void iommu_poll(struct machine *m)
{
	(void)m;
}

void iommu_poll_throttled(struct machine *m)
{
	(void)m;
}

bool iommu_translates(const struct machine *m)
{
	return m->boot.cpu_count != 0;
}
