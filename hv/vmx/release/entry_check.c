/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Release image: only the CPU's own checks. */
#include "entry_check.h"

void entry_check(struct vcpu *vcpu)
{
	(void)vcpu;
}
