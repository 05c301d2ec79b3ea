# SPDX-License-Identifier: GPL-2.0-or-later
# Disks and files that machines boot from. Debian's disks outlive 'make clean': they depend on nothing that is built here.

IMAGES := $(OUT)/esp/cloister.conf $(OUT)/images/initrd.img
INITRD_PARTS := $(addprefix $(OUT)/host/,attestd cloisterctl cloister.ko)

.PHONY: debian-disk host-disk guest-disks

$(OUT)/esp/cloister.conf: tools/images/cloister.conf
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(OUT)/images/initrd.img: $(INITRD_PARTS) $(wildcard tools/images/*.py) tools/images/init
	$(call say,CPIO,$@)
	@mkdir -p $(@D)
	$(Q)python3 tools/images/initramfs.py $@ $(INITRD_PARTS)

debian-disk:
	@tools/images/debian-disk build/images debian

# A host of protected guests.
host-disk:
	@tools/images/debian-disk build/images host

# And what such a guest boots.
guest-disks: host-disk
	@tools/images/debian-disk build/images guest

# Headers of the kernels of other Debian suites, fetched once.
.PHONY: kernel-headers
kernel-headers:
	@tools/images/kernel-headers build/kernels

# A kernel with KASAN, UBSAN and lockdep, built once.
.PHONY: debug-kernel
debug-kernel:
	@tools/images/debug-kernel build/kernels
