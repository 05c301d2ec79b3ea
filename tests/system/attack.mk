# SPDX-License-Identifier: GPL-2.0-or-later
# What root attacks a protected guest with: a module for the host's kernel that makes any hypercall, as cloister.ko does.

HYPERCALLS := $(OUT)/tests/system/attack/hypercalls.ko
HYPERCALLS_PARTS := $(addprefix $(DKMS_TREE)/,hypercall.c hypercall.h)

$(HYPERCALLS): $(wildcard tests/system/attack/*.c) tests/system/attack/Kbuild $(HOST_OUT)/cloister.ko
	$(call say,KBUILD,$@)
	@mkdir -p $(@D)/include
	@cp $(filter-out %.ko,$^) $(HYPERCALLS_PARTS) $(@D)
	@cp -r $(DKMS_TREE)/include/. $(@D)/include
	$(Q)$(MAKE) -s -C $(KERNEL_HEADERS) M=$(abspath $(@D)) KCFLAGS=-Werror modules
