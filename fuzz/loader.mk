# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the loader's parsers: 'make fuzz-loader [FUZZ_SECONDS=N]', N for each harness.

FUZZ_LOADER := config acpi elf
FUZZ_LOADER_OUT := $(OUT)/fuzz/loader
FUZZ_LOADER_SOURCES := fuzz/policy/main.c loader/failure.c loader/text.c

.PHONY: fuzz-loader
fuzz: fuzz-loader
.SECONDARY: $(FUZZ_LOADER:%=$(FUZZ_LOADER_OUT)/%)
fuzz-loader: $(FUZZ_LOADER:%=fuzz-loader-%)

$(FUZZ_LOADER_OUT)/%: fuzz/loader/%.c loader/%.c fuzz/promise.h fuzz/policy/harness.h $(FUZZ_LOADER_SOURCES) $(wildcard loader/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -iquote loader -o $@ $< loader/$*.c $(FUZZ_LOADER_SOURCES)

# A crash or a hang ends it with an error and stays under build/out/fuzz/loader.
fuzz-loader-%: $(FUZZ_LOADER_OUT)/%
	$(call say,FUZZ,$* for $(FUZZ_SECONDS) s)
	$(Q)rm -rf $(FUZZ_LOADER_OUT)/found-$*
	$(Q)fuzz/loader/seeds $(FUZZ_LOADER_OUT)/seeds
	$(Q)AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		afl-fuzz -V $(FUZZ_SECONDS) -t 1000 -i $(FUZZ_LOADER_OUT)/seeds/$* -o $(FUZZ_LOADER_OUT)/found-$* -- $< \
		>$(FUZZ_LOADER_OUT)/$*.log 2>&1 || { tail -n 20 $(FUZZ_LOADER_OUT)/$*.log; exit 1; }
	$(Q)sed -n 's/^\(execs_done\|edges_found\|saved_crashes\|saved_hangs\) *: */    \1 /p' \
		$(FUZZ_LOADER_OUT)/found-$*/default/fuzzer_stats
	$(Q)! grep -E '^saved_(crashes|hangs) *: [1-9]' $(FUZZ_LOADER_OUT)/found-$*/default/fuzzer_stats
