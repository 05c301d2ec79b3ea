# SPDX-License-Identifier: GPL-2.0-or-later
# What is preloaded into QEMU in a host, to find out which parts of /dev/kvm it needs.

ABI_DENY := $(OUT)/tests/system/abi/deny.so

systems: $(ABI_DENY)

$(ABI_DENY): tests/system/abi/deny.c host/module/tdx_uapi.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(filter-out -fPIE,$(CFLAGS_USER)) -fPIC -shared -Ihost/module -o $@ $<
