# SPDX-License-Identifier: GPL-2.0-or-later
# 'make fuzz-coverage': which lines fuzzing and the unit tests run (fuzz/coverage). Both are built once more, in another
# folder, without sanitisers.

COVERAGE_OUT := build/coverage
# Of the loader its parsers: the rest talks to the firmware.
COVERED := $(foreach room,domain iommu root svm vcpu vmx,$(wildcard hv/$(room)/*.c)) $(wildcard policy/*.c) \
	$(addprefix loader/,$(addsuffix .c,acpi config dma_table dmar elf floor ivrs log ranges sleep text tpm2))
COVERING_TESTS = $(filter $(addprefix $(UNIT_OUT)/,hv_% loader_% policy_%),$(UNIT_PROGRAMS))
COVERING_HARNESSES = $(foreach vendor,$(HV_VENDORS),exits-$(vendor)=$(OUT)/tests/unit/exits_$(vendor).bin) \
	$(filter-out exits-%,$(FUZZ_PROGRAMS))

.PHONY: fuzz-coverage covering-programs
covering-programs: $$(COVERING_TESTS) $$(foreach harness,$$(COVERING_HARNESSES),$$(lastword $$(subst =, ,$$(harness))))

fuzz-coverage:
	@find $(COVERAGE_OUT) -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) -f build.mk -j$$(nproc) OUT=$(COVERAGE_OUT) WARNINGS= UNIT_SANITIZERS='-O0 --coverage' \
		FUZZ_EXITS_CC=fuzz/counting-gcc \
		FUZZ_CC='fuzz/counting-gcc -include fuzz/shared/without_afl.h' covering-programs
	@fuzz/coverage $(COVERAGE_OUT) $(FUZZ_OUT) '$(COVERING_TESTS:$(OUT)/%=$(COVERAGE_OUT)/%)' \
		'$(subst =$(OUT)/,=$(COVERAGE_OUT)/,$(COVERING_HARNESSES))' $(COVERED)
