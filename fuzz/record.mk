# SPDX-License-Identifier: GPL-2.0-or-later
# 'make fuzz-seeds': boots the measured host on both test beds and records the exits and tables that are the harnesses' seeds
# (fuzz/recorded). The recorder is linked into the debug images, around the exit handler.

FUZZ_RECORD := $(OUT)/fuzz/record
FUZZ_RECORDERS := $(HV_VENDORS:%=$(FUZZ_RECORD)/hv-%.elf)

.PHONY: fuzz-seeds
fuzz-seeds: all $(FUZZ_RECORDERS)
	$(Q)fuzz/record $(FUZZ_RECORD)

define fuzz_recorder
$$(FUZZ_RECORD)/hv-$(1).elf: $$(HV_OBJECTS_$(1)_debug) $$(HV_ATTEST) hv/boot/image.ld fuzz/exits/record/record.c \
	fuzz/exits/record/$(1).c fuzz/exits/record/record.h
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)gcc $$(filter-out -MD -MP,$$(HV_CFLAGS)) -Ihv/$(1) $$(HV_LDFLAGS) $$(HV_LDFLAGS_debug) -Wl,--wrap=$(1)_exit -o $$@ $$(filter %.c,$$^) \
		$$(HV_OBJECTS_$(1)_debug) $$(HV_ATTEST)
	$$(Q)objcopy --strip-debug $$@
endef
$(foreach vendor,$(HV_VENDORS),$(eval $(call fuzz_recorder,$(vendor))))
