# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the exit handlers: 'make fuzz-exits [FUZZ_SECONDS=N]', N for each vendor. The same harness runs a fixed random
# sequence as a unit test.

FUZZ_SECONDS ?= 10
FUZZ_EXITS := $(OUT)/fuzz/exits
# All of hv/ but what runs before the launch or what exits.c stands in for; the linker drops the rest of cpu.c and launch.c.
FUZZ_EXITS_SOURCES := $(addprefix fuzz/exits/,exits.c input.c cpu.c) \
	$(filter-out $(patsubst %,hv/%.c,boot boot_info cpu_features crash descriptors paging stage2),$(wildcard hv/*.c))
FUZZ_EXITS_SOURCES_svm := fuzz/exits/svm.c $(addprefix hv/svm/,exit.c vcpu.c)
FUZZ_EXITS_SOURCES_vmx := $(wildcard fuzz/exits/vmx*.c) $(wildcard hv/vmx/debug/*.c) \
	$(addprefix hv/vmx/,controls.c exit.c launch.c speculation.c vcpu.c)
# start-stop-gc: clang's tables of what it instruments keep nothing that is dropped.
FUZZ_EXITS_CFLAGS := -std=gnu17 -O1 -g -ffunction-sections -Wl,--gc-sections,-z,start-stop-gc -fsanitize=undefined \
	-include tests/unit/mock/x86.h -I. -Ihv -Iinclude -DHV_VERSION=1u -DHV_SVN=1u

define fuzz_exits_vendor
FUZZ_EXITS_DEPENDS_$(1) := $$(FUZZ_EXITS_SOURCES) $$(FUZZ_EXITS_SOURCES_$(1)) tests/unit/mock/x86.h tests/unit/mock/$(1).h \
	$$(wildcard fuzz/*.h fuzz/exits/*.h hv/*.h hv/$(1)/*.h hv/$(1)/debug/*.h)
FUZZ_EXITS_CFLAGS_$(1) := $$(FUZZ_EXITS_CFLAGS) -include tests/unit/mock/$(1).h -Ihv/$(1)

UNIT_TESTS += $$(OUT)/tests/unit/exits_$(1)

$$(OUT)/tests/unit/exits_$(1).bin: $$(FUZZ_EXITS_DEPENDS_$(1))
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)gcc $$(FUZZ_EXITS_CFLAGS_$(1)) -fsanitize=address -fno-sanitize-recover=all $$(WARNINGS) -o $$@ $$(filter %.c,$$^)

$$(OUT)/tests/unit/exits_$(1): $$(OUT)/tests/unit/exits_$(1).bin
	$$(Q)printf '#!/bin/sh\nexec "$$$$0.bin" --random 50000\n' >$$@ && chmod 755 $$@

$$(FUZZ_EXITS)/$(1): $$(FUZZ_EXITS_DEPENDS_$(1))
	@mkdir -p $$(@D)
	$$(call say,AFL,$$@)
	$$(Q)AFL_QUIET=1 afl-clang-fast $$(FUZZ_EXITS_CFLAGS_$(1)) -fsanitize-trap=undefined $$(WARNINGS) -Wno-gnu \
		-Wno-shorten-64-to-32 -Wno-sign-conversion -o $$@ $$(filter %.c,$$^)
endef

$(foreach vendor,$(HV_VENDORS),$(eval $(call fuzz_exits_vendor,$(vendor))))

.PHONY: fuzz-exits
fuzz: fuzz-exits
.SECONDARY: $(HV_VENDORS:%=$(FUZZ_EXITS)/%)
fuzz-exits: $(HV_VENDORS:%=fuzz-exits-%)

# A crash or a hang ends it with an error and stays under build/out/fuzz/exits.
fuzz-exits-%: $(FUZZ_EXITS)/%
	$(call say,FUZZ,exit handler of $* for $(FUZZ_SECONDS) s)
	$(Q)rm -rf $(FUZZ_EXITS)/found-$* $(FUZZ_EXITS)/seeds-$* && mkdir -p $(FUZZ_EXITS)/seeds-$*
	$(Q)head -c 200 /dev/zero >$(FUZZ_EXITS)/seeds-$*/cpuid
	$(Q)for i in 1 2 3 4 5 6 7 8; do head -c 400 $< | tail -c 200 | tr '\000-\040' "\\00$$i-\\377" \
		>$(FUZZ_EXITS)/seeds-$*/$$i; done
	$(Q)AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		afl-fuzz -V $(FUZZ_SECONDS) -t 1000 -i $(FUZZ_EXITS)/seeds-$* -o $(FUZZ_EXITS)/found-$* -- $< \
		>$(FUZZ_EXITS)/$*.log 2>&1 || { tail -n 20 $(FUZZ_EXITS)/$*.log; exit 1; }
	$(Q)sed -n 's/^\(execs_done\|edges_found\|saved_crashes\|saved_hangs\) *: */    \1 /p' $(FUZZ_EXITS)/found-$*/default/fuzzer_stats
	$(Q)! grep -E '^saved_(crashes|hangs) *: [1-9]' $(FUZZ_EXITS)/found-$*/default/fuzzer_stats
