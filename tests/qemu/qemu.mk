# SPDX-License-Identifier: GPL-2.0-or-later
# The library that is preloaded into QEMU.

QEMU_MEND := $(OUT)/tests/qemu/mend.so

$(QEMU_MEND): tests/qemu/mend.c tests/qemu/qemu.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -fPIC -shared -o $@ $<

all: $(QEMU_MEND)
