# SPDX-License-Identifier: GPL-2.0-or-later
# Planted faults: does a layer of tests find each? (README.md)
# 'make mutants' is not in 'make test': it takes about an hour.
.PHONY: mutants mutants-apply unit-programs

# The compiled unit tests, and the programs that the scripts among them start.
unit-programs: $$(filter $(OUT)/%,$$(UNIT_TESTS)) $$(UNIT_HELPERS)

mutants: all unit-programs
	$(Q)UNIT_TESTS='$(UNIT_TESTS)' PROOFS='$(PROOFS)' tests/mutants/run $(PLANT)
	$(Q)tests/mutants/run --table

lint: mutants-apply
mutants-apply:
	$(call say,LINT,planted faults)
	$(Q)tests/mutants/run --apply
