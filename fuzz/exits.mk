# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the exit handlers of both vendors. The same harness runs a fixed random sequence as a unit test.

FUZZ_EXITS_CC := gcc
# All of hv/ but the code that runs before the launch or that exits.c replaces; the linker drops the rest of
# machine/cpu.c and launch.c.
FUZZ_EXITS_SOURCES := $(addprefix fuzz/exits/,exits.c input.c fake_cpu.c) fuzz/shared/no_iommu.c \
	$(wildcard hv/vcpu/*.c hv/root/*.c) $(addprefix hv/machine/,apic.c console.c cpu.c exception.c features.c ram.c)
FUZZ_EXITS_SOURCES_svm := fuzz/exits/svm.c $(addprefix hv/svm/,exit.c vcpu.c)
FUZZ_EXITS_SOURCES_vmx := $(wildcard fuzz/exits/vmx*.c) $(wildcard hv/vmx/debug/*.c) \
	$(addprefix hv/vmx/,controls.c exit.c launch.c speculation.c vcpu.c)
# start-stop-gc: clang's tables of instrumented code keep nothing that is dropped.
FUZZ_EXITS_CFLAGS := -std=gnu17 -g -ffunction-sections -Wl,--gc-sections,-z,start-stop-gc \
	-include tests/unit/mock/x86.h -I. -Ihv -Iinclude -DHV_VERSION=1u -DHV_SVN=1u

define fuzz_exits_vendor
FUZZ_EXITS_DEPENDS_$(1) := $$(FUZZ_EXITS_SOURCES) $$(FUZZ_EXITS_SOURCES_$(1)) tests/unit/mock/x86.h tests/unit/mock/$(1).h \
	$$(wildcard fuzz/shared/*.h fuzz/exits/*.h) $$(HV_HEADERS)
FUZZ_EXITS_CFLAGS_$(1) := $$(FUZZ_EXITS_CFLAGS) -include tests/unit/mock/$(1).h -Ihv/$(1)

UNIT_TESTS += $$(OUT)/tests/unit/exits_$(1)

$$(OUT)/tests/unit/exits_$(1).bin: fuzz/exits/main.c $$(FUZZ_EXITS_DEPENDS_$(1))
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$$(FUZZ_EXITS_CC) $$(FUZZ_EXITS_CFLAGS_$(1)) $$(UNIT_SANITIZERS) $$(WARNINGS) -o $$@ $$(filter %.c,$$^)

$$(OUT)/tests/unit/exits_$(1): $$(OUT)/tests/unit/exits_$(1).bin
	$$(Q)printf '#!/bin/sh\nexec "$$$$0.bin" --random 50000\n' >$$@ && chmod 755 $$@
endef

$(foreach vendor,$(HV_VENDORS),$(eval $(call fuzz_exits_vendor,$(vendor))))

FUZZ_SOURCES_exits = fuzz/exits/afl.c $(FUZZ_EXITS_SOURCES) $(FUZZ_EXITS_SOURCES_$*)
FUZZ_CFLAGS_exits = $(FUZZ_EXITS_CFLAGS_$*) -Wno-sign-conversion
# AddressSanitizer sees the unit test.
FUZZ_ENV_exits := -u AFL_USE_ASAN

$(eval $(call fuzz_group,exits,$(HV_VENDORS)))
