# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that the tests of the host start inside it: static, its initramfs has few libraries.

IN_HOST := $(patsubst tests/system/host/%.c,$(OUT)/tests/system/%,$(wildcard tests/system/host/*.c))

system systems: $(IN_HOST)

$(IN_HOST): $(OUT)/tests/system/%: tests/system/host/%.c host/module/cloister_ioctl.h $(wildcard include/cloister/*.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -Ihost/module -static -s -o $@ $<
