# SPDX-License-Identifier: GPL-2.0-or-later
# What runs in the root guest: build/out/host/ holds cloister.ko, attestd and cloisterctl.

HOST_OUT := $(OUT)/host

all: $(OUT)/cloister.ko

# The module is built from a DKMS tree, the same one that a host would install: Kbuild writes beside its sources.
DKMS_TREE := $(OUT)/dkms/cloister-$(VERSION)
DKMS_OWN := cloister.c cloister_ioctl.h Kbuild Makefile dkms.conf include/stdint.h
DKMS_SHARED := hypercall.h statement.h
DKMS_FILES := $(DKMS_OWN) $(addprefix include/cloister/,$(DKMS_SHARED))
KERNEL_HEADERS := $(firstword $(wildcard /usr/src/linux-headers-*-cloud-amd64))

$(addprefix $(DKMS_TREE)/,$(DKMS_OWN)): $(DKMS_TREE)/%: host/module/%
	@mkdir -p $(@D)
	@cp $< $@

$(DKMS_TREE)/include/cloister/%.h: include/cloister/%.h
	@mkdir -p $(@D)
	@cp $< $@

# One version number: dkms.conf, which must stand on its own, has to agree with build.mk.
$(HOST_OUT)/cloister.ko: $(addprefix $(DKMS_TREE)/,$(DKMS_FILES)) host/host.mk
	$(call say,KBUILD,$@)
	@grep -q '^PACKAGE_VERSION="$(VERSION)"$$' host/module/dkms.conf || \
		{ echo "host/module/dkms.conf: PACKAGE_VERSION is not $(VERSION)" >&2; exit 1; }
	@mkdir -p $(@D)
	$(Q)$(MAKE) -s -C $(DKMS_TREE) KERNEL=$(KERNEL_HEADERS) KCFLAGS=-Werror
	$(Q)strip --strip-debug -o $@ $(DKMS_TREE)/cloister.ko

$(OUT)/cloister.ko: $(HOST_OUT)/cloister.ko
	@cp $< $@
