# SPDX-License-Identifier: GPL-2.0-or-later
# The library that is preloaded into Bochs.

BOCHS_MEND := $(OUT)/tests/bochs/mend.so

$(BOCHS_MEND): $(wildcard tests/bochs/*.c tests/bochs/*.h) tests/bochs/bochs.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -fPIC -shared -o $@ $(filter %.c,$^)

all: $(BOCHS_MEND)
