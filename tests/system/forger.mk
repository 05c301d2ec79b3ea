# SPDX-License-Identifier: GPL-2.0-or-later
# A hypervisor image of the attacker's. The loader takes it as it takes the real one: same linker script, same kind of ELF.

FORGER := $(OUT)/tests/system/forger.elf
FORGER_PARTS := $(OUT)/tests/system/forger.o $(addprefix $(LOADER_OUT)/,tis.o failure.o text.o freestanding.o)

system: $(FORGER)

$(OUT)/tests/system/forger.o: tests/system/efi/forger.c tests/system/forger.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(LOADER_CFLAGS) -MMD -c $< -o $@

$(FORGER): $(FORGER_PARTS) hv/hv.ld
	$(call say,LD,$@)
	$(Q)gcc $(HV_LDFLAGS) -o $@ $(FORGER_PARTS)

-include $(OUT)/tests/system/forger.d
