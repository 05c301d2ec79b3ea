# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of the attacker's that reach the TPM's locality 2 with the loader's driver of it.

FORGER := $(OUT)/tests/system/forger.elf
FORGER_PARTS := $(OUT)/tests/system/forger.o $(addprefix $(LOADER_OUT)/,tis.o failure.o text.o freestanding.o)
ROGUE := $(OUT)/tests/system/rogue.efi
ROGUE_PARTS = $(OUT)/tests/system/rogue.o $(filter-out $(LOADER_OUT)/main.o,$(LOADER_OBJECTS))

$(OUT)/tests/system/forger.o $(OUT)/tests/system/rogue.o: $(OUT)/tests/system/%.o: tests/system/efi/%.c tests/system/forger.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(LOADER_CFLAGS) -MMD -c $< -o $@

# A hypervisor image: the loader takes it as it takes the real one, same linker script, same kind of ELF.
$(FORGER): $(FORGER_PARTS) hv/boot/image.ld
	$(call say,LD,$@)
	$(Q)gcc $(HV_LDFLAGS) -o $@ $(FORGER_PARTS)

# A boot-service driver.
$(ROGUE): $$(ROGUE_PARTS)
	$(call say,LD,$@)
	$(Q)ld $(LOADER_LDFLAGS) -o $@.so $^ /usr/lib/libgnuefi.a
	$(Q)objcopy $(LOADER_SECTIONS:%=-j %) --target efi-bsdrv-x86_64 --subsystem 11 $@.so $@

-include $(OUT)/tests/system/forger.d $(OUT)/tests/system/rogue.d
