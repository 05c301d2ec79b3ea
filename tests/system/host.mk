# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that the tests of the host start inside it: static, its initramfs has few libraries.

IN_HOST := $(patsubst tests/system/host/%.c,$(OUT)/tests/system/%,$(wildcard tests/system/host/*.c))

# A program is its file and the folder of its name; kvm has the small guest of tests/guests/rt, and a fw_cfg, too.
IN_HOST_HEADERS := $(wildcard host/module/*.h include/cloister/*.h tests/system/host/*/*.h tests/guests/rt/domain_*.h \
	guest-shim/*.h tests/unit/support/fw_cfg_device.h)

$(OUT)/tests/system/kvm: tests/guests/rt/domain_guest.S tests/unit/support/fw_cfg_device.c
$(IN_HOST): $(OUT)/tests/system/%: tests/system/host/%.c $$(wildcard tests/system/host/$$*/*.c) $(IN_HOST_HEADERS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -I. -Ihost/module -Itests/guests/rt -static -s -o $@ $(filter %.c %.S,$^)
