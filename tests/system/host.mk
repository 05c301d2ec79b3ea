# SPDX-License-Identifier: GPL-2.0-or-later
# A program that the tests of the host start inside it: static, its initramfs has few libraries.

DEVICE_ABUSE := $(OUT)/tests/system/device_abuse

system: $(DEVICE_ABUSE)

$(DEVICE_ABUSE): tests/system/host/device_abuse.c host/module/cloister_ioctl.h $(wildcard include/cloister/*.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -Ihost/module -static -s -o $@ $<
