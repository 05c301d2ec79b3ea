# SPDX-License-Identifier: GPL-2.0-or-later
# Random calls of the module's /dev/kvm, on the kernel that looks for faults: 'make fuzz-ioctls HOURS=N', N CPU-hours of
# the emulator. The figures are added to those of 'make fuzz-long'.

.PHONY: fuzz-ioctls
fuzz-ioctls: debug-kernel $$(DEBUG_KERNEL_NEEDS)
	@mkdir -p $(FUZZ_LONG)
	@status=0; fuzz/ioctls $$(($(HOURS) * 3600)) $(FUZZ_LONG)/figures || status=$$?; \
		fuzz/figures $(FUZZ_LONG)/figures && exit $$status
