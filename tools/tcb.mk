# SPDX-License-Identifier: GPL-2.0-or-later
# Size of the trusted computing base, against its limits.

tcb: $(OUT)/hv-svm.elf $(HV_ATTEST)
	$(Q)tools/tcb $<.map $(OUT)/hv

SCRIPTS_PYTHON += tools/tcb tests/unit/tcb_figures
