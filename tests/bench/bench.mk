# SPDX-License-Identifier: GPL-2.0-or-later
# Counts of instructions and exits, each against its limit.

# The module for the Debian disk's own kernel: the disk itself holds nothing of Cloister.
DEBIAN_MODULE := $(OUT)/tests/bench/cloister.ko
DEBIAN_HEADERS := $(firstword $(filter-out %-common,$(wildcard /usr/src/linux-headers-*[0-9]-amd64)))

$(DEBIAN_MODULE): $(OUT)/host/cloister.ko
	$(call say,KBUILD,$@)
	@rm -rf $(@D)/module && mkdir -p $(@D) && cp -r $(DKMS_TREE) $(@D)/module
	$(Q)$(MAKE) -s -C $(@D)/module KERNEL=$(DEBIAN_HEADERS) clean
	$(Q)$(MAKE) -s -C $(@D)/module KERNEL=$(DEBIAN_HEADERS)
	$(Q)strip --strip-debug -o $@ $(@D)/module/cloister.ko

BENCH_VERIFY := $(OUT)/tests/bench/verify

$(BENCH_VERIFY): tests/bench/verify.c $(POLICY_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)gcc $(POLICY_CFLAGS) -o $@ $< $(POLICY_LIBRARY) $(POLICY_LIBS)

# The verifier alone.
.PHONY: bench-verify
bench-verify: $(BENCH_VERIFY)
	@$(BENCH_VERIFY)

# What a guest's access to a device costs, measured in the guest.
BENCH_PORT := $(OUT)/tests/bench/port

$(BENCH_PORT): tests/bench/port.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_USER) -pie -s -o $@ $<

bench: bench-verify
bench: host-disk $(BENCH_PORT) $(OUT)/guest-shim.fd debian-disk $$(BOOTED) $$(BENCH_PARTS) $$(BENCH_DOMAINS) $(DEBIAN_MODULE)
	@python3 -m testbed.costs
