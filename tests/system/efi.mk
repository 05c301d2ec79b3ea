# SPDX-License-Identifier: GPL-2.0-or-later
# EFI programs that the system tests and benchmarks start.

TEST_EFI_CFLAGS := -std=c17 -O2 -ffreestanding -fpic -fshort-wchar -mno-red-zone -fno-stack-protector -maccumulate-outgoing-args \
	-DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -I. -Iinclude $(WARNINGS) $(REPRODUCIBLE)
# The rest of efi/ is built with parts of the product: forger.mk, wrong_state.mk.
SYSTEM_PARTS := $(patsubst %,$(OUT)/tests/system/%.efi,$(filter-out forger rogue wrong_state,\
	$(patsubst tests/system/efi/%.c,%,$(sort $(wildcard tests/system/efi/*.c)))))
BENCH_PARTS := $(OUT)/tests/bench/roundtrip.efi

$(OUT)/tests/system/%.o: tests/system/efi/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(TEST_EFI_CFLAGS) -MMD -c $< -o $@

$(OUT)/tests/bench/%.o: tests/bench/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(TEST_EFI_CFLAGS) -MMD -c $< -o $@

$(SYSTEM_PARTS) $(BENCH_PARTS): %.efi: %.o
	$(call say,LD,$@)
	$(Q)ld -shared -Bsymbolic -nostdlib -znocombreloc -T /usr/lib/elf_x86_64_efi.lds /usr/lib/crt0-efi-x86_64.o $< \
		-o $*.so -L/usr/lib -lefi -lgnuefi
	$(Q)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela -j .rel.* -j .rela.* -j .reloc \
		--target efi-app-x86_64 $*.so $@

-include $(SYSTEM_PARTS:.efi=.d) $(BENCH_PARTS:.efi=.d)
