# SPDX-License-Identifier: GPL-2.0-or-later
# Size of the trusted computing base, against its limits; and how it branches.

tcb: $(HV_VENDORS:%=$(OUT)/hv-%.elf) $(HV_ATTEST)
	$(Q)for vendor in $(HV_VENDORS); do tools/tcb $$vendor $(OUT)/hv-$$vendor.elf.map $(OUT)/hv || exit 1; done
	$(Q)tools/branches $(filter %.elf,$^)
