# SPDX-License-Identifier: GPL-2.0-or-later
# The loader: an EFI application. The parsers are plain C, compiled again for the unit tests.

LOADER_OUT := $(OUT)/loader
LOADER_SOURCES := loader/main.c $(filter-out loader/main.c,$(sort $(wildcard loader/*.c)))
LOADER_MBEDTLS := sha256 sha512
LOADER_OBJECTS := $(LOADER_SOURCES:loader/%.c=$(LOADER_OUT)/%.o) $(LOADER_MBEDTLS:%=$(LOADER_OUT)/mbedtls/%.o)

# No SSE, no red zone: cpu_launch captures general registers, and interrupts use the firmware's stack.
LOADER_TARGET := -std=c17 -Os -ffreestanding -fpic -fvisibility=hidden -fshort-wchar -fno-strict-aliasing \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-builtin -mno-red-zone \
	-mgeneral-regs-only -DGNU_EFI_USE_MS_ABI $(REPRODUCIBLE) \
	-DMBEDTLS_CONFIG_FILE='<loader/mbedtls_config.h>' -I. -isystem $(MBEDTLS)/include
LOADER_CFLAGS := $(LOADER_TARGET) $(WARNINGS) -Iinclude -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
	-DCLOISTER_VERSION='"$(VERSION)"'
LOADER_LDFLAGS := -nostdlib -znocombreloc -shared -Bsymbolic --no-undefined --build-id=none -znoexecstack \
	-T /usr/lib/elf_x86_64_efi.lds /usr/lib/crt0-efi-x86_64.o
LOADER_SECTIONS := .text .data .rodata .dynamic .dynsym .rela .reloc

all: $(OUT)/loader.efi

$(LOADER_OUT)/%.o: loader/%.c loader/loader.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(LOADER_CFLAGS) -MMD -c -o $@ $<

$(LOADER_OUT)/mbedtls/%.o: $(MBEDTLS)/library/%.c loader/mbedtls_config.h loader/loader.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(LOADER_TARGET) -w -c -o $@ $<

$(LOADER_OUT)/loader.so: $(LOADER_OBJECTS)
	$(call say,LD,$@)
	$(Q)ld $(LOADER_LDFLAGS) -o $@ $^ /usr/lib/libgnuefi.a

# shim starts nothing without the section .sbat: what revokes an old loader by its generation (shim's document of SBAT).
# Stripped, the file's length is a multiple of 512: signing a file of an odd length changes its Authenticode digest.
$(LOADER_OUT)/sbat.csv: loader/loader.mk build.mk
	@mkdir -p $(@D)
	$(Q)printf '%s\n' 'sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md' \
		'cloister,$(SVN),Cloister,cloister,$(VERSION),cloister' >$@

$(OUT)/loader.efi: $(LOADER_OUT)/loader.so $(LOADER_OUT)/sbat.csv
	$(call say,EFI,$@)
	$(Q)SOURCE_DATE_EPOCH=0 objcopy -S $(LOADER_SECTIONS:%=-j %) -j .sbat \
		--add-section .sbat=$(LOADER_OUT)/sbat.csv --set-section-alignment .sbat=512 \
		--set-section-flags .sbat=contents,alloc,load,readonly,data \
		--change-section-address .sbat=0x40000 --target efi-app-x86_64 --subsystem 10 $< $@

-include $(wildcard $(LOADER_OUT)/*.d)
