# SPDX-License-Identifier: GPL-2.0-or-later
# The loader's parsers and formats on the host.

LOADER_UNIT := $(OUT)/tests/unit/loader
LOADER_UNIT_PROGRAMS := config acpi elf tpm2 log ranges text
LOADER_UNIT_COMMON := failure text
LOADER_UNIT_CFLAGS = $(UNIT_CFLAGS) -iquote loader -MD -MP

UNIT_TESTS += $(LOADER_UNIT_PROGRAMS:%=$(OUT)/tests/unit/loader_%)

loader_unit_objects = $(sort $(patsubst %,$(LOADER_UNIT)/%.o,$(1) $(LOADER_UNIT_COMMON)))

$(OUT)/tests/unit/loader_config: $(call loader_unit_objects,loader_config config)
$(OUT)/tests/unit/loader_acpi: $(call loader_unit_objects,loader_acpi acpi)
$(OUT)/tests/unit/loader_elf: $(call loader_unit_objects,loader_elf elf)
$(OUT)/tests/unit/loader_tpm2: $(call loader_unit_objects,loader_tpm2 tpm2)
$(OUT)/tests/unit/loader_log: $(call loader_unit_objects,loader_log log tpm2)
$(OUT)/tests/unit/loader_ranges: $(call loader_unit_objects,loader_ranges ranges)
$(OUT)/tests/unit/loader_text: $(call loader_unit_objects,loader_text)

$(LOADER_UNIT_PROGRAMS:%=$(OUT)/tests/unit/loader_%):
	$(call say,LD,$@)
	$(Q)gcc $(UNIT_CFLAGS) $^ -o $@ $(UNIT_LIBS)

define loader_unit_rule
$(LOADER_UNIT)/%.o: $(1)/%.c tests/unit/loader.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)gcc $$(LOADER_UNIT_CFLAGS) -c $$< -o $$@
endef
$(foreach folder,tests/unit loader,$(eval $(call loader_unit_rule,$(folder))))

-include $(wildcard $(LOADER_UNIT)/*.d)
