# SPDX-License-Identifier: GPL-2.0-or-later
# Release and debug image for VT-x, each with a guest state that VM entry refuses, put in around entry_check().

WRONG_STATE := $(OUT)/tests/system/wrong_state.elf $(OUT)/tests/system/wrong_state-debug.elf
WRONG_STATE_PART := $(OUT)/tests/system/wrong_state.o

$(WRONG_STATE_PART): tests/system/efi/wrong_state.c hv/hv.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(HV_CFLAGS) -Ihv/vmx -c $< -o $@

$(word 1,$(WRONG_STATE)): $(HV_OBJECTS_vmx_release)
$(word 2,$(WRONG_STATE)): $(HV_OBJECTS_vmx_debug)
$(word 2,$(WRONG_STATE)): WRONG_STATE_LDFLAGS := $(HV_LDFLAGS_debug)
$(WRONG_STATE): $(WRONG_STATE_PART) $(HV_ATTEST) hv/boot/image.ld
	$(call say,LD,$@)
	$(Q)gcc $(HV_LDFLAGS) $(WRONG_STATE_LDFLAGS) -Wl,--wrap=entry_check -o $@ $(filter %.o,$^) $(HV_ATTEST)

-include $(WRONG_STATE_PART:.o=.d)
