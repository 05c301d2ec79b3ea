# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's own checks of its interface: a TDVF image that runs in any TDX guest (docs/testing.md).

TDX_GUEST_OUT := $(OUT)/tests/tdx-guest
# The start code and the hash are guest-shim's; results, exceptions and CPUs those of the guest programs.
TDX_GUEST_RT := clock.c cpu.c entry.S tap.c text.c trap.c
TDX_GUEST_OWN := $(notdir $(wildcard tests/tdx-guest/*.c)) image.S
TDX_GUEST_OBJECTS := $(patsubst %,$(TDX_GUEST_OUT)/%.o,$(TDX_GUEST_OWN) $(TDX_GUEST_RT:%=rt/%)) \
	$(addprefix $(SHIM_OUT)/,start.o sha384.o sha512.o string.o wipe.o zeroize.o)

TDX_GUEST_CC = gcc $(SHIM_TARGET) $(WARNINGS) -Itests/guests/rt -iquote tests/tdx-guest -c $< -o $@

$(TDX_GUEST_OUT)/%.o: tests/tdx-guest/% tests/tdx-guest/tdx-guest.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(TDX_GUEST_CC)

$(TDX_GUEST_OUT)/rt/%.o: tests/guests/rt/% tests/tdx-guest/tdx-guest.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(TDX_GUEST_CC)

$(TDX_GUEST_OUT)/image.ld: tests/tdx-guest/image.ld.S tests/tdx-guest/layout.h guest-shim/layout.h
	@mkdir -p $(@D)
	$(Q)gcc -E -P -undef -x assembler-with-cpp -I. $< -o $@

$(OUT)/tdx-guest.fd: $(TDX_GUEST_OBJECTS) $(TDX_GUEST_OUT)/image.ld
	$(call say,IMAGE,$@)
	$(Q)ld -no-pie --gc-sections --build-id=none -z noexecstack --orphan-handling=error --no-warn-rwx-segments \
		-Map=$(TDX_GUEST_OUT)/tdx-guest.map -T $(TDX_GUEST_OUT)/image.ld -o $(TDX_GUEST_OUT)/tdx-guest.elf \
		$(TDX_GUEST_OBJECTS)
	$(Q)objcopy -O binary $(TDX_GUEST_OUT)/tdx-guest.elf $@ && chmod a-x $@

all: $(OUT)/tdx-guest.fd

-include $(TDX_GUEST_OBJECTS:.o=.d)
