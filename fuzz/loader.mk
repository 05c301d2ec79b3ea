# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the loader's parsers.

FUZZ_LOADER := config acpi elf
FUZZ_LOADER_OUT := $(OUT)/fuzz/loader
FUZZ_LOADER_SOURCES := fuzz/policy/main.c loader/failure.c loader/text.c loader/dmar.c loader/ivrs.c loader/dma_table.c loader/sleep.c

$(eval $(call fuzz_group,loader,$(FUZZ_LOADER)))

$(FUZZ_LOADER_OUT)/%: fuzz/loader/%.c loader/%.c fuzz/promise.h fuzz/policy/harness.h $(FUZZ_LOADER_SOURCES) $(wildcard loader/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -iquote loader -o $@ $< loader/$*.c $(FUZZ_LOADER_SOURCES)
