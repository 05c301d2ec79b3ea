# SPDX-License-Identifier: GPL-2.0-or-later
# Whole machines: 'make system' tests them, 'make run' gives one to the user, 'make demo' shows what they are for.

# IMAGES comes from a fragment that is read later.
BOOTED = $(OUT)/loader.efi $(OUT)/hv-svm.elf $(IMAGES)
# Python's compiled files stay out of the tree.
PYTHON := PYTHONDONTWRITEBYTECODE=1 python3

# What the other test bed boots.
BOOTED_BOCHS = $(OUT)/loader.efi $(OUT)/hv-vmx.elf $(BOCHS_MEND) $(IMAGES)

system: reference debian-disk kernel-headers $(OUT)/host/cloister.ko $(OUT)/cloister $(OUT)/hv-svm-debug.elf $$(BOOTED) $$(BOOTED_BOCHS) $$(SYSTEM_PARTS) $$(BENCH_PARTS)
	@mkdir -p $(OUT)/log
	@rm -f $(OUT)/log/system.tap
	$(Q)CLOISTER_TAP=$(OUT)/log/system.tap $(PYTHON) -m pytest -q -p no:cacheprovider $(or $(PYTEST),tests/system) \
		>$(OUT)/log/system.log 2>&1 || { status=$$?; tail -n 40 $(OUT)/log/system.log; \
		[ $$status -eq 1 ] || echo "not ok - pytest exited with $$status" >>$(OUT)/log/system.tap; }
	@tests/summary system $(OUT)/log/system.tap

run: $$(BOOTED)
	@$(PYTHON) tests/system/run.py

demo: demo-$(BED)

.PHONY: demo-qemu demo-bochs
demo-qemu: reference $(OUT)/cloister $$(BOOTED)
	@$(PYTHON) tests/system/demo.py

demo-bochs: $$(BOOTED_BOCHS)
	@$(PYTHON) tests/system/demo_bochs.py
