# SPDX-License-Identifier: GPL-2.0-or-later
# The arithmetic that mends Bochs.

UNIT_TESTS += $(OUT)/tests/unit/bochs_wide

$(OUT)/tests/unit/bochs_wide: tests/unit/bochs_wide.c tests/bochs/wide.c tests/bochs/wide.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(UNIT_CFLAGS) -o $@ $(filter %.c,$^) $(UNIT_LIBS)
