# SPDX-License-Identifier: GPL-2.0-or-later
# Mutated evidence: policy/ as what the second verifier (tests/system/opinion.py) is compared with.
# A few of them in 'make unit', 100,000 in 'make mutated-evidence'.
UNIT_TESTS += tests/unit/second_opinion
unit: $(OUT)/tests/unit/judge

.PHONY: mutated-evidence
mutated-evidence: $(OUT)/tests/unit/judge
	@mkdir -p $(OUT)/log
	$(Q)tests/unit/second_opinion 100000 >$(OUT)/log/mutated-evidence.tap 2>$(OUT)/log/mutated-evidence.log || \
		echo "not ok - second_opinion exited with $$?" >>$(OUT)/log/mutated-evidence.tap
	@tests/summary mutated-evidence $(OUT)/log/mutated-evidence.tap

SECOND_OBJECTS := $(POLICY_SOURCES:policy/%.c=$(OUT)/tests/unit/policy/%.o)

$(OUT)/tests/unit/judge: tests/unit/judge.c $(SECOND_OBJECTS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(UNIT_CFLAGS) -I. -MMD -MP -MF $@.d -o $@ $< $(SECOND_OBJECTS) $(POLICY_LIBS)

-include $(OUT)/tests/unit/judge.d
