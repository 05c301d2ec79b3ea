# SPDX-License-Identifier: GPL-2.0-or-later
# The first code of a protected guest: a TDVF image of 64 KiB (docs/guests.md).

SHIM_OUT := $(OUT)/guest-shim
SHIM_OBJECTS := $(addprefix $(SHIM_OUT)/,$(patsubst %.c,%.o,$(notdir $(wildcard guest-shim/*.c))) start.o image.o \
	tables.o sha384.o zeroize.o string.o wipe.o sha512.o)
# Tables of each machine, and the MADT, which is the same for both.
SHIM_TABLES := $(foreach machine,q35 microvm,$(patsubst %,$(SHIM_OUT)/$(machine)/%.aml,rsdp xsdt facp dsdt facs apic))

# SHA-384 and nothing else: what mbedTLS's configuration would define is here, and the file that it wants is another.
SHIM_MBEDTLS := -DMBEDTLS_CONFIG_FILE='<stddef.h>' -DMBEDTLS_SHA512_C -DMBEDTLS_SHA384_C -DMBEDTLS_PLATFORM_ZEROIZE_ALT

# Position-independent code: the image lies above what the small model can address.
SHIM_TARGET := -std=gnu17 -O2 -ffreestanding -fPIE -fvisibility=hidden -mgeneral-regs-only -mno-red-zone \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none \
	-ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns -fno-jump-tables -MD -MP $(REPRODUCIBLE) \
	-I. -Ihv -Iinclude -Ihv/lib/include -isystem $(MBEDTLS)/include $(SHIM_MBEDTLS)

# mbedTLS reads each word of a message by memcpy: an instruction with -fbuiltin, and a call without.
shim_cc = gcc $(SHIM_TARGET) $(if $(filter $(MBEDTLS)/%,$<),-w -fbuiltin,$(WARNINGS)) -c $< -o $@

define shim_objects
$$(SHIM_OUT)/%.o: $(1)/%.c guest-shim/guest-shim.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$$(shim_cc)
endef
$(foreach folder,guest-shim hv/attest hv/lib $(MBEDTLS)/library,$(eval $(call shim_objects,$(folder))))

# iasl's language of tables has no macros, so that the preprocessor fills in what differs between the machines.
$(SHIM_TABLES): $(wildcard guest-shim/acpi/*) guest-shim/guest-shim.mk
	@mkdir -p $(@D)
	$(call say,IASL,$@)
	$(Q)gcc -E -P -undef -x assembler-with-cpp -include guest-shim/acpi/$(notdir $(@D)).h \
		$(firstword $(wildcard guest-shim/acpi/$(basename $(@F)).asl guest-shim/acpi/$(basename $(@F))_$(notdir $(@D)).asl)) \
		-o $(@:.aml=.asl)
	$(Q)iasl -we -p $(@:.aml=) $(@:.aml=.asl) >$(@:.aml=.log) 2>&1 || { cat $(@:.aml=.log); exit 1; }

define shim_assembly
$$(SHIM_OUT)/%.o: $(1)/%.S guest-shim/guest-shim.mk guest-shim/layout.h
	@mkdir -p $$(@D)
	$$(call say,AS,$$@)
	$$(Q)gcc -I. -Wa,--noexecstack,-I$$(SHIM_OUT) -c $$< -o $$@
endef
$(foreach folder,guest-shim guest-shim/acpi,$(eval $(call shim_assembly,$(folder))))
$(SHIM_OUT)/tables.o: $(SHIM_TABLES)

$(SHIM_OUT)/image.ld: guest-shim/image.ld.S guest-shim/layout.h
	@mkdir -p $(@D)
	$(Q)gcc -E -P -undef -x assembler-with-cpp $< -o $@

$(SHIM_OUT)/guest-shim.elf: $(SHIM_OBJECTS) $(SHIM_OUT)/image.ld
	$(call say,LD,$@)
	$(Q)ld -no-pie --gc-sections --build-id=none -z noexecstack --orphan-handling=error --no-warn-rwx-segments -Map=$@.map \
		-T $(SHIM_OUT)/image.ld -o $@ $(SHIM_OBJECTS)

$(OUT)/guest-shim.fd: $(SHIM_OUT)/guest-shim.elf
	$(call say,IMAGE,$@)
	$(Q)objcopy -O binary $< $@ && chmod a-x $@

all: $(OUT)/guest-shim.fd

-include $(SHIM_OBJECTS:.o=.d)
