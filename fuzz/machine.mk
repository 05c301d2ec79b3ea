# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the root guest and two domains on three CPUs, for both vendors. The same harness runs a fixed random
# sequence as a unit test.

FUZZ_MACHINE_CC := gcc
# All of hv/ that answers exits; the linker drops the rest of launch.c and machine/cpu.c.
FUZZ_MACHINE_SOURCES := $(filter-out $(HV_VENDORS:%=fuzz/machine/%.c),$(wildcard fuzz/machine/*.c)) $(addprefix fuzz/shared/,main.c no_iommu.c) \
	$(wildcard hv/vcpu/*.c hv/root/*.c hv/domain/*.c) $(addprefix hv/domain/debug/,compare.c ghost.c) hv/attest/sha384.c hv/lib/wipe.c \
	$(addprefix hv/machine/,apic.c console.c cpu.c exception.c features.c ram.c) \
	$(addprefix tests/unit/support/,domain_choices.c ghost_compare.c)
FUZZ_MACHINE_SOURCES_svm := $(addprefix hv/svm/,exit.c guest.c guest_mov.c launch.c speculation.c vcpu.c)
FUZZ_MACHINE_SOURCES_vmx := $(addprefix hv/vmx/,controls.c exit.c guest.c launch.c mtrr.c speculation.c vcpu.c) \
	hv/vmx/release/entry_check.c
FUZZ_MACHINE_CFLAGS := $(FUZZ_EXITS_CFLAGS) -include tests/unit/mock/segments.h -fno-jump-tables
FUZZ_MACHINE_LIBS := -lmbedcrypto -Wl,--wrap=domain_hypercall

define fuzz_machine_vendor
FUZZ_MACHINE_DEPENDS_$(1) := fuzz/machine/$(1).c $$(FUZZ_MACHINE_SOURCES) $$(FUZZ_MACHINE_SOURCES_$(1))
FUZZ_MACHINE_CFLAGS_$(1) := $$(FUZZ_MACHINE_CFLAGS) -include tests/unit/mock/$(1).h -Ihv/$(1)

UNIT_TESTS += $$(OUT)/tests/unit/machine_$(1)

$$(OUT)/tests/unit/machine_$(1).bin: $$(FUZZ_MACHINE_DEPENDS_$(1)) $$(FUZZ_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$$(FUZZ_MACHINE_CC) $$(FUZZ_MACHINE_CFLAGS_$(1)) -include fuzz/shared/without_afl.h $$(UNIT_SANITIZERS) \
		$$(WARNINGS) -o $$@ $$(filter %.c,$$^) $$(FUZZ_MACHINE_LIBS)

$$(OUT)/tests/unit/machine_$(1): $$(OUT)/tests/unit/machine_$(1).bin
	$$(Q)printf '#!/bin/sh\nexec "$$$$0.bin" --random 5000\n' >$$@ && chmod 755 $$@
endef

$(foreach vendor,$(HV_VENDORS),$(eval $(call fuzz_machine_vendor,$(vendor))))

FUZZ_SOURCES_machine = $(FUZZ_MACHINE_DEPENDS_$*)
FUZZ_CFLAGS_machine = $(FUZZ_MACHINE_CFLAGS_$*) -Wno-sign-conversion
FUZZ_LIBS_machine := $(FUZZ_MACHINE_LIBS)
# AddressSanitizer sees the unit test.
FUZZ_ENV_machine := -u AFL_USE_ASAN

$(eval $(call fuzz_group,machine,$(HV_VENDORS)))
