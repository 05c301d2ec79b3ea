# SPDX-License-Identifier: GPL-2.0-or-later
# The module with which the root guest attacks by its own drivers, for the Debian disk's kernel; cloister.ko for it is the
# benches'.

DMA_ATTACK := $(OUT)/tests/system/dma/dma_attack.ko

$(DMA_ATTACK): $(wildcard tests/system/dma/*)
	$(call say,KBUILD,$@)
	@mkdir -p $(@D)
	@cp $^ $(@D)
	$(Q)$(MAKE) -s -C $(DEBIAN_HEADERS) M=$(abspath $(@D)) KCFLAGS=-Werror modules
