# SPDX-License-Identifier: GPL-2.0-or-later
# What runs in the root guest: build/out/host/ holds cloister.ko, attestd and cloisterctl.

HOST_OUT := $(OUT)/host

all: $(addprefix $(HOST_OUT)/,attestd cloisterctl cloister.ko) $(OUT)/cloister.ko

# The module is built from a DKMS tree, the same one that a host would install: Kbuild writes beside its sources.
DKMS_TREE := $(OUT)/dkms/cloister-$(VERSION)
DKMS_OWN := $(notdir $(wildcard host/module/*.[ch])) Kbuild Makefile dkms.conf include/stdbool.h include/stdint.h
DKMS_SHARED := domain.h hypercall.h report.h statement.h
DKMS_FILES := $(DKMS_OWN) $(addprefix include/cloister/,$(DKMS_SHARED))
KERNEL_HEADERS := $(firstword $(wildcard /usr/src/linux-headers-*-cloud-amd64))

$(addprefix $(DKMS_TREE)/,$(DKMS_OWN)): $(DKMS_TREE)/%: host/module/%
	@mkdir -p $(@D)
	@cp $< $@

$(DKMS_TREE)/include/cloister/%.h: include/cloister/%.h
	@mkdir -p $(@D)
	@cp $< $@

# One version number: dkms.conf, which cannot include build.mk, has to agree with it.
$(HOST_OUT)/cloister.ko: $(addprefix $(DKMS_TREE)/,$(DKMS_FILES)) host/host.mk
	$(call say,KBUILD,$@)
	@grep -q '^PACKAGE_VERSION="$(VERSION)"$$' host/module/dkms.conf || \
		{ echo "host/module/dkms.conf: PACKAGE_VERSION is not $(VERSION)" >&2; exit 1; }
	@mkdir -p $(@D)
	$(Q)$(MAKE) -s -C $(DKMS_TREE) KERNEL=$(KERNEL_HEADERS) \
		KCFLAGS='-Werror -ffile-prefix-map=$(abspath $(DKMS_TREE))=.'
	$(Q)strip --strip-debug -o $@ $(DKMS_TREE)/cloister.ko

$(OUT)/cloister.ko: $(HOST_OUT)/cloister.ko
	@cp $< $@

HOST_CFLAGS := -Ihost/lib -Ihost/module -DCLOISTER_VERSION='"$(VERSION)"'
HOST_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed -s
host_objects = $(patsubst host/%.c,$(HOST_OUT)/obj/%.o,$(wildcard $(addprefix host/,$(1))))
ATTESTD_OBJECTS := $(call host_objects,attestd/*.c lib/*.c)
ATTESTD_LIBS := -lmicrohttpd -lgnutls -ljansson -lcrypto -ltss2-esys -ltss2-mu -ltss2-rc -ltss2-tctildr
CLOISTERCTL_OBJECTS := $(call host_objects,cloisterctl/*.c lib/*.c)

$(HOST_OUT)/obj/%.o: host/%.c host/host.mk build.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(CFLAGS_USER) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

$(HOST_OUT)/attestd: $(ATTESTD_OBJECTS)
	$(call say,LD,$@)
	$(Q)gcc $(HOST_LDFLAGS) -o $@ $(ATTESTD_OBJECTS) $(ATTESTD_LIBS)

$(HOST_OUT)/cloisterctl: $(CLOISTERCTL_OBJECTS)
	$(call say,LD,$@)
	$(Q)gcc $(HOST_LDFLAGS) -o $@ $(CLOISTERCTL_OBJECTS) -ljansson

-include $(wildcard $(HOST_OUT)/obj/*/*.d)

HOST_PAGES := $(wildcard host/*/*.8)

.PHONY: lint-host
lint: lint-host
lint-host:
	$(call say,LINT,host programs and manual pages)
	$(Q)mandoc -T lint -W warning $(HOST_PAGES)
	$(Q)for f in $(wildcard host/attestd/*.c host/lib/*.c host/cloisterctl/*.c); do \
		gcc $(CFLAGS_USER) $(HOST_CFLAGS) -fanalyzer -c $$f -o /dev/null || exit 1; \
	done
