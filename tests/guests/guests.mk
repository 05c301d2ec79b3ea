# SPDX-License-Identifier: GPL-2.0-or-later
# EFI programs that attack the hypervisor from the root guest, and those that build domains (tests/domains). Each is rt/
# and one folder-level source, with a folder of its name if there is one.

GUESTS := $(basename $(notdir $(wildcard tests/guests/*.c tests/domains/*.c)))
GUEST_RT := $(wildcard tests/guests/rt/*.c tests/guests/rt/*.S)
GUEST_OUT := $(OUT)/tests/guests
GUEST_EFI := $(GUESTS:%=$(GUEST_OUT)/%.efi)
GUEST_RT_OBJECTS := $(patsubst tests/guests/%,$(GUEST_OUT)/%.o,$(GUEST_RT))

# No vector registers: the tests are not about a trap handler's use of them.
GUEST_CFLAGS := -std=gnu17 -O2 -ffreestanding -fpic -fvisibility=hidden -fshort-wchar -fno-stack-protector -fcf-protection=none \
	-fno-strict-aliasing -mno-red-zone -mgeneral-regs-only -DGNU_EFI_USE_MS_ABI $(WARNINGS) $(REPRODUCIBLE) -Iinclude -I. -Itests/guests/rt \
	-isystem /usr/include/efi -isystem /usr/include/efi/x86_64
GUEST_LDFLAGS := -nostdlib -shared -Bsymbolic -znocombreloc --no-undefined --build-id=none --defsym=_entry=efi_main -T /usr/lib/elf_x86_64_efi.lds
GUEST_SECTIONS := .text .sdata .data .rodata .dynamic .dynsym .rel .rela .reloc

define GUEST_CC
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(GUEST_CFLAGS) -MMD -MP -c $< -o $@
endef

$(GUEST_OUT)/%.c.o: tests/guests/%.c tests/guests/guests.mk
	$(GUEST_CC)

$(GUEST_OUT)/%.c.o: tests/domains/%.c tests/guests/guests.mk
	$(GUEST_CC)

$(GUEST_OUT)/%.S.o: tests/guests/%.S tests/guests/guests.mk
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)gcc $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

# The parts of one program, by its name.
GUEST_PARTS = $(patsubst %,$(GUEST_OUT)/$1/%.o,$(notdir $(wildcard $(addsuffix /$1/*.c,tests/guests tests/domains))))

$(GUEST_OUT)/%.so: $(GUEST_OUT)/%.c.o $$(call GUEST_PARTS,$$*) $(GUEST_RT_OBJECTS)
	$(call say,LD,$@)
	$(Q)ld $(GUEST_LDFLAGS) /usr/lib/crt0-efi-x86_64.o $^ /usr/lib/libgnuefi.a -o $@

$(GUEST_EFI): %.efi: %.so
	$(call say,EFI,$@)
	$(Q)objcopy $(addprefix -j ,$(GUEST_SECTIONS)) --target efi-app-x86_64 --subsystem=10 $< $@

# What domains cost needs the same parts.
BENCH_DOMAINS := $(OUT)/tests/bench/domains.efi

$(BENCH_DOMAINS:.efi=.c.o): tests/bench/domains.c tests/guests/guests.mk
	$(GUEST_CC)

$(BENCH_DOMAINS): $(BENCH_DOMAINS:.efi=.c.o) $(GUEST_RT_OBJECTS)
	$(call say,EFI,$@)
	$(Q)ld $(GUEST_LDFLAGS) /usr/lib/crt0-efi-x86_64.o $^ /usr/lib/libgnuefi.a -o $(@:.efi=.so)
	$(Q)objcopy $(addprefix -j ,$(GUEST_SECTIONS)) --target efi-app-x86_64 --subsystem=10 $(@:.efi=.so) $@

.SECONDARY: $(GUEST_RT_OBJECTS) $(GUEST_EFI:.efi=.so) $(GUEST_EFI:.efi=.c.o)

-include $(shell find $(GUEST_OUT) -name '*.d' 2>/dev/null)

all: $(GUEST_EFI) $(OUT)/tests/system/fadt.efi $(OUT)/tests/system/mchbar.efi

# Needs the loader and the hypervisor's image in $(OUT).
guests: guests-$(BED)

.PHONY: guests-qemu guests-bochs
guests-qemu guests-bochs: guests-%: all
	@rm -rf $(OUT)/log/$@
	@mkdir -p $(OUT)/log/$@
	$(Q)tests/guests/run --bed $* --programs $(GUEST_OUT) --log $(OUT)/log/$@
	@tests/summary guests $(OUT)/log/$@/*.tap

# Ten minutes of random values to the platform's floor (tests/guests/floor/random.h).
RANDOM_SECONDS := 600
.PHONY: guests-random
guests-random: all
	$(Q)tests/guests/run --programs $(GUEST_OUT) --log $(OUT)/log/$@ floor-random-$(RANDOM_SECONDS)
	@tests/summary guests $(OUT)/log/$@/*.tap

# 10,000 domains that are made, run and ended, on both beds; part of 'make systems'.
.PHONY: guests-long
guests-long: all
	$(Q)for bed in qemu bochs; do \
		tests/guests/run --bed $$bed --programs $(GUEST_OUT) --log $(OUT)/log/$@-$$bed td-cycles || exit 1; done
	@tests/summary guests $(OUT)/log/$@-*/*.tap

# After both of them.
.PHONY: guests-compare
guests-compare:
	@tests/guests/compare --log $(OUT)/log >$(OUT)/log/guests-compare.tap
	@tests/summary compare $(OUT)/log/guests-compare.tap
