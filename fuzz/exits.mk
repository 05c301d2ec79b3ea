# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the exit handler: 'make fuzz-exits [FUZZ_SECONDS=N]'. The same harness runs a fixed random sequence as a unit test.

FUZZ_SECONDS ?= 10
FUZZ_EXITS := $(OUT)/fuzz/exits
# All of hv/ but what runs before the launch or what exits.c stands in for.
FUZZ_EXITS_SOURCES := fuzz/exits/exits.c fuzz/exits/cpu.c hv/svm/exit.c hv/svm/vcpu.c \
	$(filter-out $(patsubst %,hv/%.c,boot boot_info cpu cpu_features crash descriptors paging stage2),$(wildcard hv/*.c))
FUZZ_EXITS_DEPENDS := $(FUZZ_EXITS_SOURCES) $(wildcard fuzz/*.h fuzz/exits/*.h hv/*.h hv/svm/*.h)
FUZZ_EXITS_CFLAGS := -std=gnu17 -O1 -g -ffunction-sections -Wl,--gc-sections -fsanitize=undefined -include fuzz/exits/cpu.h -I. -Ihv -Ihv/svm -Iinclude -DHV_VERSION=1u -DHV_SVN=1u

UNIT_TESTS += $(OUT)/tests/unit/exits_random

$(OUT)/tests/unit/exits_random.bin: $(FUZZ_EXITS_DEPENDS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(FUZZ_EXITS_CFLAGS) -fsanitize=address -fno-sanitize-recover=all $(WARNINGS) -o $@ $(FUZZ_EXITS_SOURCES)

$(OUT)/tests/unit/exits_random: $(OUT)/tests/unit/exits_random.bin
	$(Q)printf '#!/bin/sh\nexec "$$0.bin" --random 50000\n' >$@ && chmod 755 $@

$(FUZZ_EXITS)/exits: $(FUZZ_EXITS_DEPENDS)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)AFL_QUIET=1 afl-clang-fast $(FUZZ_EXITS_CFLAGS) -fsanitize-trap=undefined $(WARNINGS) -Wno-gnu \
		-Wno-shorten-64-to-32 -Wno-sign-conversion -o $@ $(FUZZ_EXITS_SOURCES)

.PHONY: fuzz-exits
fuzz: fuzz-exits
fuzz-exits: $(FUZZ_EXITS)/exits
	$(call say,FUZZ,exit handler for $(FUZZ_SECONDS) s)
	$(Q)rm -rf $(FUZZ_EXITS)/found $(FUZZ_EXITS)/seeds && mkdir -p $(FUZZ_EXITS)/seeds
	$(Q)head -c 200 /dev/zero >$(FUZZ_EXITS)/seeds/cpuid
	$(Q)for i in 1 2 3 4 5 6 7 8; do head -c 400 $< | tail -c 200 | tr '\000-\040' "\\00$$i-\\377" \
		>$(FUZZ_EXITS)/seeds/$$i; done
	$(Q)AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		afl-fuzz -V $(FUZZ_SECONDS) -t 1000 -i $(FUZZ_EXITS)/seeds -o $(FUZZ_EXITS)/found -- $< \
		>$(FUZZ_EXITS)/log 2>&1 || { tail -n 20 $(FUZZ_EXITS)/log; exit 1; }
	$(Q)sed -n 's/^\(execs_done\|edges_found\|saved_crashes\|saved_hangs\) *: */    \1 /p' $(FUZZ_EXITS)/found/default/fuzzer_stats
	$(Q)! grep -E '^saved_(crashes|hangs) *: [1-9]' $(FUZZ_EXITS)/found/default/fuzzer_stats
