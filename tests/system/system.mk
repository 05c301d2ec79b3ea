# SPDX-License-Identifier: GPL-2.0-or-later
# Whole machines: 'make system' tests them, 'make run' gives one to the user, 'make demo' shows their purpose.

# IMAGES comes from a fragment that is read later.
BOOTED = $(OUT)/loader.efi $(OUT)/hv-svm.elf $(QEMU_MEND) $(IMAGES)

# Files that the other test bed boots.
BOOTED_BOCHS = $(OUT)/loader.efi $(OUT)/hv-vmx.elf $(BOCHS_MEND) $(IMAGES)

SYSTEM_NEEDS = reference system-images $(OUT)/host/cloister.ko $(OUT)/cloister $(OUT)/guest-shim.fd \
	$(OUT)/tdx-guest.fd $(OUT)/hv-svm-debug.elf $(BOOTED) $(BOOTED_BOCHS) $(SYSTEM_PARTS) $(BENCH_PARTS) $(BENCH_DOMAINS) \
	$(IN_HOST) $(FORGER) $(ROGUE) $(WRONG_STATE) $(DMA_ATTACK) $(DEBIAN_MODULE)

# What is fetched, and made of packages; the longest wait of a first run.
.PHONY: system-images
system-images: debian-disk host-disk kernel-headers

# $(1): name of the results, $(2): pytest's arguments, $(3): its files, if not all
define system_tests
@mkdir -p $(OUT)/log
@rm -f $(OUT)/log/$(1).tap
$(Q)CLOISTER_TAP=$(OUT)/log/$(1).tap python3 -m pytest -q --durations=25 -p no:cacheprovider $(2) $(or $(PYTEST),$(3),tests/system) \
	>$(OUT)/log/$(1).log 2>&1 || { status=$$?; tail -n 40 $(OUT)/log/$(1).log; \
	[ $$status -eq 1 ] || echo "not ok - pytest exited with $$status" >>$(OUT)/log/$(1).tap; }
@tests/summary $(1) $(OUT)/log/$(1).tap
endef

system: $$(SYSTEM_NEEDS)
	$(call system_tests,system,-m 'not slow')

# Its two halves, which can run at the same time: hosts, and their guests.
SYSTEM_GUESTS := $(wildcard tests/system/test_guest*.py tests/system/test_tdx_guest.py)
.PHONY: system-hosts system-guests
system-hosts: $$(SYSTEM_NEEDS)
	$(call system_tests,system-hosts,-m 'not slow' $(SYSTEM_GUESTS:%=--ignore=%))
system-guests: $$(SYSTEM_NEEDS)
	$(call system_tests,system-guests,-m 'not slow',$(SYSTEM_GUESTS))

# Kernels of other suites, the installer: fetched once.
.PHONY: systems-fetched
systems-fetched:
	@tools/images/systems build/systems

# Tests that take minutes each: not part of 'make test'.
.PHONY: systems
systems: systems-fetched guest-disks debug-kernel $$(SYSTEM_NEEDS) guests-long
	$(call system_tests,systems,-m slow)

# Boots both ways, and the firmware's runtime memory compared.
.PHONY: runtime-boots
runtime-boots: $(OUT)/hv-svm-debug.elf $$(BOOTED)
	@python3 tests/system/runtime_boots.py $(or $(BOOTS),20)

# EFI programs that the user has fetched and built, bare and under Cloister.
.PHONY: kvm-unit-tests
kvm-unit-tests: $$(BOOTED)
	@[ -n '$(DIR)' ] || { echo "kvm-unit-tests: DIR=... names its folder x86, built with --enable-efi" >&2; exit 2; }
	@python3 tests/system/kvm_unit_tests.py '$(DIR)' $(ONLY)

run: $$(BOOTED)
	@python3 tests/system/run.py

demo: demo-$(BED)

.PHONY: demo-qemu demo-bochs demo-guest
demo-qemu: reference $(OUT)/cloister $$(BOOTED)
	@python3 tests/system/demo.py

demo-bochs: $$(BOOTED_BOCHS)
	@python3 tests/system/demo_bochs.py

demo-guest: host-disk reference $(OUT)/cloister $(OUT)/guest-shim.fd $(HYPERCALLS) $(OUT)/host/cloister.ko $$(BOOTED)
	@python3 tests/system/demo_guest.py
