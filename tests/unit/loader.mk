# SPDX-License-Identifier: GPL-2.0-or-later
# The loader's parsers and formats on the host.

LOADER_UNIT := $(OUT)/tests/unit/loader
LOADER_UNIT_PROGRAMS := config units acpi floor alias crb dmar ivrs dma_coverage elf tpm2 log ranges text measure place message preboot
LOADER_UNIT_COMMON := failure text
LOADER_UNIT_CFLAGS = $(UNIT_CFLAGS) -iquote loader -fshort-wchar -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi \
	-isystem /usr/include/efi/x86_64 -MD -MP

UNIT_TESTS += $(LOADER_UNIT_PROGRAMS:%=$(OUT)/tests/unit/loader_%)

loader_unit_objects = $(sort $(patsubst %,$(LOADER_UNIT)/%.o,$(1) $(LOADER_UNIT_COMMON)))

$(OUT)/tests/unit/loader_config: $(call loader_unit_objects,loader_config config)
$(OUT)/tests/unit/loader_acpi: $(call loader_unit_objects,loader_acpi acpi sleep dmar ivrs dma_table)
$(OUT)/tests/unit/loader_floor: $(call loader_unit_objects,loader_floor floor)
$(OUT)/tests/unit/loader_dmar: $(call loader_unit_objects,loader_dmar dmar dma_table)
$(OUT)/tests/unit/loader_ivrs: $(call loader_unit_objects,loader_ivrs ivrs dma_table)
$(OUT)/tests/unit/loader_dma_coverage: $(call loader_unit_objects,loader_dma_coverage dma_coverage)
$(OUT)/tests/unit/loader_crb: $(call loader_unit_objects,loader_crb crb uefi)
$(OUT)/tests/unit/loader_alias: $(call loader_unit_objects,loader_alias alias)
$(OUT)/tests/unit/loader_units: $(call loader_unit_objects,loader_units units uefi)
$(OUT)/tests/unit/loader_elf: $(call loader_unit_objects,loader_elf elf)
$(OUT)/tests/unit/loader_tpm2: $(call loader_unit_objects,loader_tpm2 tpm2)
$(OUT)/tests/unit/loader_log: $(call loader_unit_objects,loader_log log tpm2)
$(OUT)/tests/unit/loader_ranges: $(call loader_unit_objects,loader_ranges ranges)
$(OUT)/tests/unit/loader_text: $(call loader_unit_objects,loader_text)
$(OUT)/tests/unit/loader_measure: $(call loader_unit_objects,loader_measure measure tpm tpm2 digest log uefi)
$(OUT)/tests/unit/loader_place: $(call loader_unit_objects,loader_place hypervisor memory elf ranges uefi)
$(OUT)/tests/unit/loader_preboot: $(call loader_unit_objects,loader_preboot preboot uefi)
$(OUT)/tests/unit/loader_message: $(call loader_unit_objects,loader_message message uefi)

$(LOADER_UNIT)/loader_crb.o $(LOADER_UNIT)/crb.o $(LOADER_UNIT)/loader_units.o $(LOADER_UNIT)/units.o: LOADER_UNIT_CFLAGS += -include tests/unit/mock/loader_mmio.h
# On a CPU of the test's own.
$(LOADER_UNIT)/loader_message.o $(LOADER_UNIT)/message.o $(LOADER_UNIT)/loader_place.o $(LOADER_UNIT)/hypervisor.o $(LOADER_UNIT)/memory.o \
$(LOADER_UNIT)/loader_alias.o $(LOADER_UNIT)/alias.o $(LOADER_UNIT)/loader_dma_coverage.o $(LOADER_UNIT)/dma_coverage.o: \
	LOADER_UNIT_CFLAGS += -include tests/unit/mock/loader_cpu.h

$(LOADER_UNIT_PROGRAMS:%=$(OUT)/tests/unit/loader_%):
	$(call say,LD,$@)
	$(Q)gcc $(UNIT_CFLAGS) $^ -o $@ $(UNIT_LIBS) -lmbedcrypto

define loader_unit_rule
$(LOADER_UNIT)/%.o: $(1)/%.c tests/unit/loader.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)gcc $$(LOADER_UNIT_CFLAGS) -c $$< -o $$@
endef
$(foreach folder,tests/unit loader,$(eval $(call loader_unit_rule,$(folder))))

-include $(wildcard $(LOADER_UNIT)/*.d)
