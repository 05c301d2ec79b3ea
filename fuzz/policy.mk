# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on everything that the verifier reads: 'make fuzz-policy [FUZZ_SECONDS=N]', N for each harness.

FUZZ_SECONDS ?= 10
FUZZ_POLICY := log tpm hypervisor evidence policy authenticode
FUZZ_POLICY_OUT := $(OUT)/fuzz/policy
FUZZ_POLICY_SOURCES := fuzz/policy/main.c policy/reference/authenticode.c $(POLICY_SOURCES)
# Of every harness of a parser. That of the exit handler is run with AddressSanitizer as a unit test (exits.mk).
FUZZ_CC := AFL_QUIET=1 AFL_USE_ASAN=1 afl-clang-fast
# Undefined behaviour traps; the libraries' reads past an input, which ASan does not see, hit a guard page (main.c).
# -Wno-shorten-64-to-32: a macro of AFL++ itself.
FUZZ_POLICY_CFLAGS := -std=gnu17 -O1 -g -D_GNU_SOURCE -fsanitize=undefined -fsanitize-trap=undefined $(WARNINGS) \
	-Wno-gnu -Wno-shorten-64-to-32 -Iinclude -I.

.PHONY: fuzz-policy
fuzz: fuzz-policy
.SECONDARY: $(FUZZ_POLICY:%=$(FUZZ_POLICY_OUT)/%)
fuzz-policy: $(FUZZ_POLICY:%=fuzz-policy-%)

$(FUZZ_POLICY_OUT)/%: fuzz/policy/%.c fuzz/promise.h fuzz/policy/harness.h $(FUZZ_POLICY_SOURCES) $(wildcard policy/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -o $@ $< $(FUZZ_POLICY_SOURCES) \
		$(POLICY_LIBS)

# A crash or a hang ends it with an error and stays under build/out/fuzz/policy.
fuzz-policy-%: $(FUZZ_POLICY_OUT)/%
	$(call say,FUZZ,$* for $(FUZZ_SECONDS) s)
	$(Q)rm -rf $(FUZZ_POLICY_OUT)/found-$*
	$(Q)fuzz/policy/seeds $(FUZZ_POLICY_OUT)/seeds
	$(Q)AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		afl-fuzz -V $(FUZZ_SECONDS) -t 1000 -i $(FUZZ_POLICY_OUT)/seeds/$* -o $(FUZZ_POLICY_OUT)/found-$* -- $< \
		>$(FUZZ_POLICY_OUT)/$*.log 2>&1 || { tail -n 20 $(FUZZ_POLICY_OUT)/$*.log; exit 1; }
	$(Q)sed -n 's/^\(execs_done\|edges_found\|saved_crashes\|saved_hangs\) *: */    \1 /p' \
		$(FUZZ_POLICY_OUT)/found-$*/default/fuzzer_stats
	$(Q)! grep -E '^saved_(crashes|hangs) *: [1-9]' $(FUZZ_POLICY_OUT)/found-$*/default/fuzzer_stats
