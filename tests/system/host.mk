# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that the tests of the host start inside it: static, its initramfs has few libraries.

IN_HOST := $(addprefix $(OUT)/tests/system/,device_abuse flood)

system: $(IN_HOST)

$(IN_HOST): $(OUT)/tests/system/%: tests/system/host/%.c host/module/cloister_ioctl.h $(wildcard include/cloister/*.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -Ihost/module -static -s -o $@ $<
