/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 7: the firmware is one that the policy knows, and nothing of anybody else's ran before the loader. */
#include "policy/steps.h"

void step_firmware(struct judgement *j)
{
	if (j->policy->firmware_unchecked) {
		verdict_on_condition(j->verdict, CONDITION_FIRMWARE);
		verdict_skip(j->verdict, STEP_FIRMWARE, "the policy says \"unchecked\"");
		return;
	}
	refuse(j, REFUSE_FIRMWARE_UNKNOWN, "a machine that the policy has firmware rules for", "no rules at all");
}
