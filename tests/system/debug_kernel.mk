# SPDX-License-Identifier: GPL-2.0-or-later
# The module for the kernel that looks for faults in it (tools/images/debug-kernel), with what its reports need.

DEBUG_KERNEL := build/kernels/debug
DEBUG_MODULE := $(OUT)/tests/system/debug/cloister.ko
DEBUG_KERNEL_NEEDS = $(DEBUG_MODULE) $(OUT)/tests/system/kvm $(OUT)/host/cloisterctl $(BOOTED)

systems: $(DEBUG_MODULE)

# The kernel is made by a phony target; only another kernel than the last one has the module built again.
$(DEBUG_KERNEL)/vmlinuz: debug-kernel ;

$(DEBUG_MODULE): $(OUT)/host/cloister.ko $(DEBUG_KERNEL)/vmlinuz tools/images/debug-kernel.config
	$(call say,KBUILD,$@)
	@rm -rf $(@D)/module && mkdir -p $(@D) && cp -r $(DKMS_TREE) $(@D)/module
	$(Q)$(MAKE) -s -C $(@D)/module KERNEL=$(abspath $(DEBUG_KERNEL))/headers clean
	$(Q)$(MAKE) -s -C $(@D)/module KERNEL=$(abspath $(DEBUG_KERNEL))/headers
	@cp $(@D)/module/cloister.ko $@
