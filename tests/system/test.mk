# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that CI runs. What two CPUs can build at once comes first; what of it fails is told by its own target.

test:
	-@$(MAKE) -f build.mk --keep-going -j$$(nproc) all $(UNIT_PROGRAMS)
	@tests/run-all all unit+system-images \
		system-hosts,prove-short+mutated-evidence,lint,guests,guests-bochs,guests-compare,system-guests,fuzz tcb
